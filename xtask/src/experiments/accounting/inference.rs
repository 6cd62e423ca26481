//! The published gain of inference, about 1e7 (arXiv 2604.14332), recomputed from counted acts, one assumption after the
//! other put right.

use overdamped_accounting::{
    Assumption, Baseline, Bill, Bits, Counts, Crossover, Digital, HardwareModel, Pair, Place, Use,
    Work, bounds, signal,
};
use overdamped_digital::NetworkWork;

use super::published::{Device, Inference};
use super::systems::as_published;
use super::{billed, figures};
use crate::experiments::Context;
use crate::report::{Block, Comparison, Section, Table};
use crate::results::Entry;

const NAME: &str = "accounting.inference";
/// Images of the run.
const IMAGES: u64 = 64;
/// The published gain.
const PUBLISHED: f64 = 1e7;
/// The published cosine of one reading.
const COSINE: f64 = 0.9906;

/// A way to reckon.
struct Reckoning {
    id: &'static str,
    title: &'static str,
    model: HardwareModel,
    counts: Counts,
    baseline: Baseline,
    /// What an independent recomputation from the papers' settings gave.
    by_hand: Option<f64>,
    /// Whether it is offered as a gain of the whole, as the published one is.
    whole: bool,
}

/// Counts, bills, shows.
///
/// # Errors
/// An interrupt, dynamics that fail, or a folder that cannot be written.
pub fn run(context: &mut Context) -> anyhow::Result<Section> {
    context.interrupt.check()?;
    let pair = Pair::PUBLISHED;
    let measured = Device::new(pair, context.seed)?.inference(IMAGES)?;
    let counts = as_published(&pair.inference()?, &measured.run);
    billed::keep(context, NAME, &counts)?;
    let bill = billed::record(context, NAME, &counts, |_, gain| gain)?;
    let mut gains = Table::new(
        "How much less energy an image takes. Each row puts one assumption right, or asks a fairer question.",
    );
    for reckoning in reckonings(&counts)? {
        let id = format!("{NAME}.gain.{}", reckoning.id);
        let bill = Bill::new(&reckoning.counts, &reckoning.model)?;
        let mut entry = Entry::new(&id, bill.gain(reckoning.baseline)?)
            .unit("times less energy")
            .higher()
            .baseline("break-even", 1.0);
        if let Some(by_hand) = reckoning.by_hand {
            entry = entry.reference("recomputed by hand", by_hand);
        }
        if reckoning.whole {
            entry = entry.published(PUBLISHED);
        }
        context.recorder.record(entry)?;
        gains = gains.row(reckoning.title, &id);
    }
    for baseline in Baseline::ALL {
        billed::at_all_prices(context, NAME, &counts, baseline)?;
    }
    let known = |id: &str| context.recorder.results().get(id).is_some();
    let prices = figures::at_all_prices(NAME, known);
    let limits = limits(context, &counts, &measured)?;
    let shares = encoder(context)?;
    let model = billed::shown()?;
    let middle = Crossover {
        pair,
        model: model.clone(),
        what: Use::Inference,
        baseline: Baseline::SameFunction,
    };
    let table = Comparison::new(
        "The bill on typical hardware beside four baselines on an A100: gains in energy and in time.",
        &["energy", "time"],
    );
    let known = |id: &str| context.recorder.results().get(id).is_some();
    let sides = figures::beside(table, NAME, known);
    let mut blocks = vec![
        Block::Table(gains),
        Block::Comparison(sides),
        Block::Comparison(prices),
        Block::Waterfall(figures::waterfall("One image on typical hardware", &bill)),
        Block::Tornado(figures::tornado(
            "What moves the gain over the same function",
            &counts,
            &model,
            Baseline::SameFunction,
        )?),
    ];
    blocks.extend(figures::maps(&middle)?);
    blocks.extend([Block::Table(limits), Block::Table(shares)]);
    Ok(Section {
        title: "Ten million times less energy for an image?".to_owned(),
        intro: figures::INFERENCE.to_owned(),
        blocks,
    })
}

fn reckonings(counts: &Counts) -> anyhow::Result<Vec<Reckoning>> {
    let preset = HardwareModel::preset;
    let free = |model: HardwareModel| model.with(Assumption::InterfaceEnergy, 0.0);
    let mut upstream = counts.clone();
    let share = NetworkWork::published_unet().share_up_to("middle");
    let network = overdamped_accounting::PUBLISHED_NETWORK;
    upstream.digital.push(Digital {
        name: "the U-Net's encoder and bottleneck".to_owned(),
        place: Place::Processor,
        work: Work::Joules(share * network * counts.results as f64),
    });
    let row = |id, title, model, baseline, by_hand| Reckoning {
        id,
        title,
        model,
        counts: counts.clone(),
        baseline,
        by_hand,
        whole: true,
    };
    let whole = Baseline::WholeNetwork;
    // What the pair that was run computes: its modules have no couplings of their own.
    let mut structured = counts.clone();
    let sparse = Pair {
        dense_modules: false,
        ..Pair::PUBLISHED
    };
    structured.baselines = sparse.inference()?.baselines;
    Ok(vec![
        Reckoning {
            whole: false,
            ..row(
                "kt_only",
                "kT for each unit and step, nothing else",
                preset("ideal")?,
                whole,
                Some(3.8e13),
            )
        },
        Reckoning {
            whole: false,
            ..row(
                "record_converters",
                "and converters of record efficiency",
                free(preset("record")?)?,
                whole,
                Some(1e8),
            )
        },
        row(
            "int8_interface",
            "and the interface in 8-bit integers",
            preset("record")?,
            whole,
            Some(1.1e7),
        ),
        row(
            "typical",
            "with common converters, the interface on a GPU",
            preset("typical")?,
            whole,
            Some(3.6e5),
        ),
        Reckoning {
            counts: upstream,
            ..row(
                "with_upstream_encoder",
                "and the part of the network that the interface needs first",
                preset("typical")?,
                whole,
                Some(3.1),
            )
        },
        row(
            "matched_function",
            "against the same 128 x 128 function on the GPU",
            preset("typical")?,
            Baseline::SameFunction,
            Some(6.2),
        ),
        Reckoning {
            counts: structured,
            ..row(
                "matched_structure",
                "against the function of this pair, whose modules are not dense",
                preset("typical")?,
                Baseline::SameFunction,
                None,
            )
        },
    ])
}

/// What cannot be beaten, what the run dissipated, and what the published cosine would ask for.
fn limits(context: &mut Context, counts: &Counts, measured: &Inference) -> anyhow::Result<Table> {
    let model = billed::shown()?;
    let kt = model.thermal_energy();
    let noise = signal::noise_to_signal(COSINE)?;
    let stored = signal::stored_energy(COSINE)?;
    let read = Bits(Pair::PUBLISHED.width as f64 * model.value(Assumption::AdcBits));
    let transport = bounds::transport(measured.squared_distance, 1.0, 1.0, Pair::PUBLISHED.time)?;
    let heat = measured.run.seen.heat / measured.run.results as f64;
    let signalling = HardwareModel::preset("ideal")?.with(Assumption::SignalEnergy, stored)?;
    let gain = Bill::new(counts, &signalling)?.gain(Baseline::WholeNetwork)?;
    let images = counts.results as usize;
    let unit = "kT for each image";
    let id = |what: &str| format!("{NAME}.{what}");
    let entries = [
        (
            "heat that the run gave to its bath, over the least for a mean state that moves as far in the same time",
            Entry::new(&id("bound.transport"), heat / transport)
                .unit("times the bound")
                .n(images)
                .best("optimal transport", 1.0)
                .reference("bound, in kT", transport)
                .reference("bound, in J", (kt * transport).0),
        ),
        (
            "Landauer: to erase one reading of the decoder",
            Entry::new(&id("bound.landauer"), bounds::landauer(read)?)
                .unit(unit)
                .reference("heat of the run", heat),
        ),
        (
            "uncertainty relation: a current that is known as well as the published cosine says",
            Entry::new(
                &id("bound.uncertainty"),
                bounds::thermodynamic_uncertainty(noise.sqrt())?,
            )
            .unit("kT for each current")
            .reference(
                "heat of the run, for each unit",
                heat / Pair::PUBLISHED.units() as f64,
            ),
        ),
        (
            "signal energy of a unit for the published cosine in one reading",
            Entry::new(&id("signal.energy"), stored)
                .unit("kT for each unit")
                .reference(
                    "of a signal of one kT, readings needed",
                    signal::readings(COSINE, 1.0)?,
                ),
        ),
        (
            "gain where units store that much, kT otherwise",
            Entry::new(&id("gain.with_signal"), gain)
                .unit("times less energy")
                .higher()
                .baseline("break-even", 1.0),
        ),
    ];
    let mut table = Table::new(
        "Bounds, and what was measured. Heat and work are those of the simulated run, in a bath of one kT.",
    )
    .row("heat, measured", &id("heat"))
    .row("heat, measured, at 300 K", &id("heat_joules"));
    for (label, entry) in entries {
        table = table.row(label, &entry.id);
        context.recorder.record(entry)?;
    }
    Ok(table)
}

/// How much of the published network comes before the interface.
fn encoder(context: &mut Context) -> anyhow::Result<Table> {
    let work = NetworkWork::published_unet();
    let mut table = Table::new(
        "The published U-Net, counted from its shapes: what share of its multiply-accumulates comes before what. The \
         interface starts from activations of the outer encoder e1; the skip, as soon as the decoder is to see \
         what its U-Net saw, needs all up to the bottleneck.",
    );
    let total = format!("{NAME}.network.multiply_accumulates");
    let entry = Entry::new(&total, work.total() as f64).unit("MAC");
    context.recorder.record(entry)?;
    table = table.row("all of it", &total);
    for (stage, title) in [
        ("e1", "up to the outer encoder"),
        ("e2", "up to the inner encoder"),
        ("middle", "up to the bottleneck"),
    ] {
        let id = format!("{NAME}.network.share_{stage}");
        let share = work.share_up_to(stage);
        let entry = Entry::new(&id, share).unit("of the network");
        let entry = entry.reference("gain at most (Amdahl)", 1.0 / share);
        context.recorder.record(entry)?;
        table = table.row(title, &id);
    }
    Ok(table)
}

//! The bills of all four systems side by side.

use overdamped_accounting::Baseline;

use super::systems::{self, Billed};
use super::{billed, figures};
use crate::experiments::Context;
use crate::progress::Progress;
use crate::report::{Block, Comparison, Section};

const NAME: &str = "accounting.systems";
/// Uses that there are.
const USES: u64 = 9;

/// Runs, counts, bills, shows.
///
/// # Errors
/// An interrupt, a run that fails, or a folder that cannot be written.
pub fn run(context: &mut Context) -> anyhow::Result<Section> {
    let progress = Progress::new("metered runs", USES);
    let seen = |_: &str| progress.step();
    let all = systems::all(context.seed, &context.interrupt, seen)?;
    progress.finish();
    let (mut pictures, mut prices) = (Vec::new(), Vec::new());
    for use_of in &all {
        let prefix = format!("{NAME}.{}", use_of.id);
        billed::keep(context, &prefix, &use_of.counts)?;
        let bill = billed::record(context, &prefix, &use_of.counts, |_, gain| gain)?;
        let same = Baseline::SameFunction;
        billed::at_all_prices(context, &prefix, &use_of.counts, same)?;
        prices.push((use_of.title, prefix, same));
        let waterfall = figures::waterfall(use_of.title, &bill);
        let title = format!("{}: what moves its energy", use_of.title);
        let tornado = figures::energies(&title, &use_of.counts, &billed::shown()?)?;
        pictures.push(Block::Row(vec![
            Block::Waterfall(waterfall),
            Block::Tornado(tornado),
        ]));
    }
    let known = |id: &str| context.recorder.results().get(id).is_some();
    let mut blocks = vec![
        gains(
            &all,
            "gain",
            "Gains in energy on typical hardware over a processor, an A100. Below one, the processor wins.",
            &known,
        ),
        gains(
            &all,
            "speed_up",
            "The same for time. The device is one, and makes chain after chain; the processor is as busy as for its energy.",
            &known,
        ),
        Block::Comparison(figures::prices(
            "Gains in energy over the same function, at other prices.",
            &prices,
            known,
        )),
        Block::Comparison(amounts(&all, &known)),
        Block::Text(figures::baselines(&all)),
    ];
    blocks.extend(pictures);
    Ok(Section {
        title: "All four systems, billed".to_owned(),
        intro: figures::SYSTEMS.to_owned(),
        blocks,
    })
}

/// One row for each use, one column for each baseline.
fn gains(all: &[Billed], what: &str, caption: &str, known: &dyn Fn(&str) -> bool) -> Block {
    let columns = Baseline::ALL.map(Baseline::title);
    let mut table = Comparison::new(caption, &columns);
    for use_of in all {
        let ids = Baseline::ALL.map(|baseline| {
            let id = format!("{NAME}.{}.{what}.{}", use_of.id, baseline.id());
            if known(&id) { id } else { String::new() }
        });
        table = table.row(use_of.title, &ids);
    }
    Block::Comparison(table)
}

/// Energy, time, power and heat of each use.
fn amounts(all: &[Billed], known: &dyn Fn(&str) -> bool) -> Comparison {
    let columns = [
        ("energy, J", "energy"),
        ("time, s", "time"),
        ("power, W", "power"),
        ("heat of the simulated run, kT", "heat"),
        ("heat, J at 300 K", "heat_joules"),
    ];
    let names = columns.map(|column| column.0);
    let mut table = Comparison::new(
        "What one result takes on typical hardware, and the heat that its simulated run gave to the bath. Networks that run in a \
         cold bath have no kT of their own: their heat is in the unit of their energy, of which kT must be a small part. Heat is negative \
         where chains that were prepared all alike draw from the bath more than their drives put in.",
        &names,
    );
    for use_of in all {
        let ids = columns.map(|(_, what)| {
            let id = format!("{NAME}.{}.{what}", use_of.id);
            if known(&id) { id } else { String::new() }
        });
        table = table.row(use_of.title, &ids);
    }
    table
}

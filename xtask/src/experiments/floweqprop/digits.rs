//! The experiment of the paper: a 64-128-128 network learns all 1,797 embedded digits.

use std::sync::Arc;
use std::time::Instant;

use overdamped_learn::{Examples, FlowBatch};

use super::course::{self, Trained};
use super::drawing::{Artist, Way};
use super::judged::{self, Bench, Row, SEEDS};
use super::network::{Network, initial};
use super::recipe::Recipe;
use super::{figures, gradient, loss, pace, relaxation};
use crate::data::{ImageSet, embedded};
use crate::experiments::{self, Context};
use crate::export::npy;
use crate::report::{Block, Section, png, terminal};
use crate::results::{Entry, Preset};

const NAME: &str = "floweqprop";
/// Units of each of the two hidden layers.
pub const HIDDEN: usize = 128;
/// Updates of the paper preset: a minute or so on two cores.
pub const UPDATES: u64 = 5000;
/// The loss that the paper ends with.
const PUBLISHED_LOSS: f64 = 0.32;
/// Updates of the published recipe.
const PUBLISHED_UPDATES: f64 = 2000.0;

/// Trains, studies, draws, judges.
///
/// # Errors
/// An interrupt, a run that fails, or a folder that cannot be written.
pub fn run(context: &mut Context) -> anyhow::Result<Section> {
    let images = embedded::native()?;
    let network = Network::free(images.units(), HIDDEN)?;
    let examples = network.examples(&images)?;
    let quick = context.preset == Preset::Quick;
    let recipe = match context.recipe {
        experiments::Recipe::Own => Recipe::own(if quick { 600 } else { UPDATES }),
        experiments::Recipe::Published => Recipe::published(images.len()),
    };
    let trained = course::train(context, NAME, &network, &examples, &recipe)?;
    let folder = context.recorder.folder().to_owned();
    network.write(
        &trained.parameters,
        &folder.join(format!("models/{NAME}.safetensors")),
    )?;

    let mut blocks = learning(context, &network, &examples, &trained)?;
    context.interrupt.check()?;
    let (energy, parameters) = (&network.energy, &trained.parameters[..]);
    let start: Vec<f32> = initial(energy, context.seed);
    let before = gradient::study(context, energy, &start, &examples, NAME, "before training")?;
    let trained_name = format!("{NAME}.trained");
    let stage = "after training";
    let after = gradient::study(context, energy, parameters, &examples, &trained_name, stage)?;
    blocks.push(Block::Text(before.note));
    blocks.push(Block::Row(vec![
        Block::Lines(before.figure),
        Block::Lines(after.figure),
    ]));
    blocks.push(Block::Table(before.table));
    blocks.push(Block::Table(after.table));
    blocks.extend(relaxation::study(
        context, energy, parameters, &examples, NAME,
    )?);
    context.interrupt.check()?;
    let samples = drawing(context, &network, &images, &trained)?;
    // What a person wants to see comes first.
    let blocks = samples.into_iter().chain(blocks).collect();
    Ok(Section {
        title: "Ten classes of digits from a spring and a nudge".to_owned(),
        intro: figures::INTRO.to_owned(),
        blocks,
    })
}

/// The figures of training: losses between floors, time, and what the published recipe would take.
fn learning(
    context: &mut Context,
    network: &Network,
    examples: &Arc<Examples<f32>>,
    trained: &Trained,
) -> anyhow::Result<Vec<Block>> {
    let pairs = loss::fresh(examples, context.seed)?;
    let floors = loss::floors(network.wiring.visible.len(), &pairs)?;
    let start: Vec<f32> = initial(&network.energy, context.seed);
    let (first, _) = loss::loss(network, &start, &pairs)?;
    let (last, residuals) = loss::loss(network, &trained.parameters, &pairs)?;
    let mut curve = vec![(0.0, first)];
    for look in &trained.looks {
        curve.push((
            look.seconds,
            loss::loss(network, &look.parameters, &pairs)?.0,
        ));
    }
    let chains = pairs.places.ncols();
    let parameters = network.parameters() as f64;
    let entry = Entry::new(&format!("{NAME}.parameters"), parameters);
    context
        .recorder
        .record(entry.unit("parameters").published(24_896.0))?;
    let of_loss = |what: &str, value: f64| {
        Entry::new(&format!("{NAME}.loss.{what}"), value)
            .unit("squared velocity per pixel")
            .n(chains)
    };
    for entry in [
        of_loss("initial", first).published(2.75),
        of_loss("constant", floors.constant),
        of_loss("linear", floors.linear),
        of_loss("final", last)
            .lower()
            .published(PUBLISHED_LOSS)
            .baseline("best linear function", floors.linear)
            .baseline("constant", floors.constant)
            .reference("residual, 99 % quantile", residuals.high),
    ] {
        context.recorder.record(entry)?;
    }
    if let Some(seconds) = trained.seconds {
        let entry = Entry::new(&format!("{NAME}.train_seconds"), seconds);
        context
            .recorder
            .record(entry.unit("s").lower().published(3600.0))?;
    }
    for (what, count, unit) in trained.counts() {
        let entry = Entry::new(&format!("{NAME}.training.{what}"), count).unit(unit);
        context.recorder.record(entry)?;
    }
    let update = pace::published_update(network, examples, 3, context.seed)?;
    let whole = update * PUBLISHED_UPDATES;
    let entry = Entry::new(&format!("{NAME}.published_recipe_seconds"), whole)
        .unit("s on this machine, computed from 3 updates")
        .n(3);
    context.recorder.record(entry)?;
    let fast = to_published_loss(context, network, examples, &pairs)?;
    if let Some(seconds) = fast {
        let id = format!("{NAME}.speed_vs_published_recipe");
        let entry = Entry::new(&id, whole / seconds)
            .unit("times, to the published loss")
            .higher()
            .reference("seconds to that loss here", seconds);
        context.recorder.record(entry)?;
    }
    Ok(vec![
        Block::Table(figures::training_table(
            NAME,
            trained.seconds.is_some(),
            fast.is_some(),
        )),
        Block::Row(vec![
            Block::Lines(figures::loss_curve(curve, &floors, PUBLISHED_LOSS)),
            Block::Lines(figures::residuals(&trained.history)),
        ]),
    ])
}

/// Seconds of a shorter training that ends at the published loss or below it; none where that is not
/// reached, not known, or not asked for.
fn to_published_loss(
    context: &mut Context,
    network: &Network,
    examples: &Arc<Examples<f32>>,
    pairs: &FlowBatch<f32>,
) -> anyhow::Result<Option<f64>> {
    /// A fall of the rate to zero within fewer updates costs little of the loss.
    const UPDATES: u64 = 2000;
    let own = context.recipe == experiments::Recipe::Own;
    if context.preset == Preset::Quick || !own {
        return Ok(None);
    }
    let id = format!("{NAME}.short");
    let trained = course::train(context, &id, network, examples, &Recipe::own(UPDATES))?;
    let (reached, _) = loss::loss(network, &trained.parameters, pairs)?;
    let entry = Entry::new(&format!("{id}.loss"), reached);
    let entry = entry.unit("squared velocity per pixel").lower();
    context.recorder.record(entry.published(PUBLISHED_LOSS))?;
    Ok(trained.seconds.filter(|_| reached <= PUBLISHED_LOSS))
}

/// Digits against the horizon, and other ways to draw them.
fn drawing(
    context: &mut Context,
    network: &Network,
    images: &ImageSet,
    trained: &Trained,
) -> anyhow::Result<Vec<Block>> {
    let artist = Artist {
        network,
        parameters: &trained.parameters,
    };
    let quick = context.preset == Preset::Quick;
    let horizons: &[f64] = if quick {
        &[1.0, 1.2, 1.4]
    } else {
        &[1.0, 1.1, 1.2, 1.3, 1.4, 1.6, 1.8, 2.0]
    };
    let count = images.len();
    eprintln!("{NAME}: judging {count} digits at a time");
    let bench = Bench::new(images, images, count, context.seed)?;
    let mut rows = bench.baselines;
    let (mut grids, mut sweep) = (
        vec![figures::grid(&images.pixels, "real digits", images.side)],
        Vec::new(),
    );
    let ways: Vec<(String, String, Way, &[f64])> = figures::ways(quick, horizons);
    for (id, title, way, horizons) in ways {
        context.interrupt.check()?;
        let started = Instant::now();
        let mut cards = vec![Vec::new(); horizons.len()];
        for sample in 0..SEEDS {
            let seed = context.seed.wrapping_mul(1000) + sample;
            let (drawn, _) = artist.draw(way, &images.labels, horizons, seed)?;
            for ((at, drawn), horizon) in drawn.iter().enumerate().zip(horizons) {
                cards[at].push(bench.judging.score(drawn.as_ref())?);
                if sample == 0 && way == Way::Spring {
                    grids.push(figures::grid(drawn, &format!("T = {horizon}"), images.side));
                    save(context, drawn, images.side, &figures::horizon_id(*horizon))?;
                }
            }
        }
        let seconds = started.elapsed().as_secs_f64();
        for (cards, &horizon) in cards.iter().zip(horizons) {
            let (id, title) = match way {
                Way::Spring => (
                    format!("samples.{}", figures::horizon_id(horizon)),
                    format!("{title}, T = {horizon}"),
                ),
                _ => (id.clone(), title.clone()),
            };
            let row = Row::of(&id, &title, cards, count, seconds)?;
            if way == Way::Spring {
                sweep.push((horizon, row.mean));
            }
            rows.push(row);
        }
    }
    judged::record(context, NAME, &rows)?;
    let mut blocks = vec![Block::Row(grids.into_iter().map(Block::Digits).collect())];
    blocks.push(Block::Comparison(figures::comparison(NAME, &rows)));
    blocks.push(Block::Lines(figures::horizon_plot(&sweep)));
    Ok(blocks)
}

/// Samples as numbers and as a picture, and a few of them on the terminal.
fn save(context: &Context, images: &faer::Mat<f32>, side: usize, id: &str) -> anyhow::Result<()> {
    let folder = context.recorder.folder();
    let name = format!("{NAME}.{id}");
    npy::write_images(
        &folder.join("samples").join(format!("{name}.npy")),
        images.as_ref(),
        side,
    )?;
    let layout = png::Layout {
        rows: 5,
        cols: 16,
        side,
        scale: 5,
    };
    png::write_grid(
        &folder.join("images").join(format!("{name}.png")),
        images.as_ref(),
        layout,
    )?;
    if id == "t1_2" {
        eprintln!("{name}:");
        terminal::show_digits(images.as_ref(), side, 10);
    }
    Ok(())
}

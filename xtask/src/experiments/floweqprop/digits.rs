//! The experiment of the paper: a 64-128-128 network learns all 1,797 embedded digits.

use std::sync::Arc;

use overdamped_learn::{Examples, FlowBatch};

use super::course::{self, Look};
use super::drawing::Artist;
use super::network::{Network, initial};
use super::recipe::Recipe;
use super::{figures, gallery, gradient, loss, pace, relaxation};
use crate::data::{ImageSet, embedded};
use crate::experiments::judged::{self, Bench};
use crate::experiments::trained::Trained;
use crate::experiments::{self, Context};
use crate::report::{Block, Section};
use crate::results::{Entry, Preset};

const NAME: &str = "floweqprop";
/// Units of each of the two hidden layers.
pub const HIDDEN: usize = 128;
/// Updates of the paper preset: a minute or so on two cores.
pub const UPDATES: u64 = 5000;
/// Updates of the quick preset.
pub const QUICK_UPDATES: u64 = 600;
/// Draws of all images to which the linear floor is fitted.
pub const FLOOR_DRAWS: u64 = 4;
/// The loss that the paper ends with.
const PUBLISHED_LOSS: f64 = 0.32;
/// Updates of the published recipe, and of a training by this project's that is compared with it.
pub const PUBLISHED_UPDATES: u64 = 2000;
/// Updates of it that are timed.
const TIMED_UPDATES: u64 = 3;

/// Trains, draws, judges, studies.
///
/// # Errors
/// An interrupt, a run that fails, or a folder that cannot be written.
pub fn run(context: &mut Context) -> anyhow::Result<Section> {
    let images = embedded::native()?;
    let network = Network::free(images.units(), HIDDEN)?;
    let examples = network.examples(&images)?;
    let quick = context.preset == Preset::Quick;
    let recipe = match context.recipe {
        experiments::Recipe::Own => Recipe::own(if quick { QUICK_UPDATES } else { UPDATES }),
        experiments::Recipe::Published => Recipe::published(images.len()),
    };
    let (trained, looks) = course::train(context, NAME, &network, &examples, &recipe)?;
    let folder = context.recorder.folder().to_owned();
    let file = folder.join(format!("models/{NAME}.safetensors"));
    network.write(&trained.parameters, &file)?;
    let learning = learning(context, &network, &examples, &trained, &looks)?;
    // What a person wants to see comes first.
    let mut blocks = drawing(context, &network, &images, &trained)?;
    blocks.extend(learning);
    blocks.extend(studies(context, &network, &examples, &trained)?);
    Ok(Section {
        title: "Ten classes of digits from a spring and a nudge".to_owned(),
        intro: figures::INTRO.to_owned(),
        blocks,
    })
}

/// The figures of training: losses between floors, time, acts, and what the published recipe would take.
fn learning(
    context: &mut Context,
    network: &Network,
    examples: &Arc<Examples<f32>>,
    trained: &Trained,
    looks: &[Look],
) -> anyhow::Result<Vec<Block>> {
    let pairs = loss::fresh(examples, context.seed, 0)?;
    let known = (1..=FLOOR_DRAWS).map(|draw| loss::fresh(examples, context.seed, draw));
    let known = known.collect::<Result<Vec<_>, _>>()?;
    let floors = loss::floors(network.wiring.visible.len(), &known, &pairs)?;
    let start: Vec<f32> = initial(&network.energy, context.seed);
    let (first, _) = loss::loss(network, &start, &pairs)?;
    let (last, residuals) = loss::loss(network, &trained.parameters, &pairs)?;
    let mut curve = vec![(0.0, first)];
    for look in looks {
        let (loss, _) = loss::loss(network, &look.parameters, &pairs)?;
        curve.push((look.updates as f64, loss));
    }
    let chains = pairs.places.ncols();
    let parameters = network.parameters() as f64;
    let entry = Entry::new(&format!("{NAME}.parameters"), parameters);
    let entry = entry.unit("parameters").published(24_896.0);
    context.recorder.record(entry)?;
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
            .baseline("constant", floors.constant),
        Entry::new(&format!("{NAME}.loss.residual"), residuals.high)
            .unit("largest force of a chain, 99 % quantile")
            .n(chains),
    ] {
        context.recorder.record(entry)?;
    }
    if let Some(seconds) = trained.seconds {
        let entry = Entry::new(&format!("{NAME}.train_seconds"), seconds);
        let entry = entry.unit("s").lower().published(3600.0);
        context.recorder.record(entry)?;
    }
    for (what, count, unit) in trained.counts() {
        let entry = Entry::new(&format!("{NAME}.training.{what}"), count).unit(unit);
        context.recorder.record(entry)?;
    }
    let update = pace::published_update(network, examples, TIMED_UPDATES, context.seed)?;
    let whole = update * PUBLISHED_UPDATES as f64;
    let entry = Entry::new(&format!("{NAME}.published_recipe_seconds"), whole)
        .unit("s, computed from the fastest of 3 updates")
        .n(TIMED_UPDATES as usize);
    context.recorder.record(entry)?;
    to_published_loss(context, network, examples, &pairs, whole)?;
    let results = context.recorder.results();
    let table = figures::training_table(NAME, |id| results.get(id).is_some());
    Ok(vec![
        Block::Table(table),
        Block::Lines(figures::loss_curve(curve, &floors, PUBLISHED_LOSS)),
        Block::Lines(figures::residuals(&trained.history)),
    ])
}

/// A shorter training that ends at the published loss or below it, and how much faster it is than the
/// published recipe, which takes `whole` seconds.
fn to_published_loss(
    context: &mut Context,
    network: &Network,
    examples: &Arc<Examples<f32>>,
    pairs: &FlowBatch<f32>,
    whole: f64,
) -> anyhow::Result<()> {
    let own = context.recipe == experiments::Recipe::Own;
    if context.preset == Preset::Quick || !own {
        return Ok(());
    }
    let id = format!("{NAME}.short");
    // The rate falls to zero within these updates, which costs little of the loss.
    let recipe = Recipe::own(PUBLISHED_UPDATES);
    let (trained, _) = course::train(context, &id, network, examples, &recipe)?;
    let (reached, _) = loss::loss(network, &trained.parameters, pairs)?;
    let entry = Entry::new(&format!("{id}.loss"), reached);
    let entry = entry.unit("squared velocity per pixel").lower();
    context.recorder.record(entry.published(PUBLISHED_LOSS))?;
    if let Some(seconds) = trained.seconds {
        let entry = Entry::new(&format!("{id}.train_seconds"), seconds);
        context.recorder.record(entry.unit("s").lower())?;
        if reached <= PUBLISHED_LOSS {
            let id = format!("{NAME}.speed_vs_published_recipe");
            let entry = Entry::new(&id, whole / seconds);
            let entry = entry.unit("times, to the published loss").higher();
            context.recorder.record(entry)?;
        } else {
            eprintln!("{id}: ended at {reached:.4}, above the published loss: no speed to compare");
        }
    }
    Ok(())
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
    let ways = figures::ways(context.preset == Preset::Quick);
    eprintln!("{NAME}: judging {} digits at a time", images.len());
    let bench = Bench::new(images, images, None, images.len(), context.seed)?;
    let gallery = gallery::make(context, NAME, &artist, bench, &images.labels, &ways)?;
    judged::record(context, NAME, &gallery.rows)?;
    let grids = gallery.grids.into_iter().map(Block::Digits).collect();
    let against = "the images that the network learned from";
    Ok(vec![
        Block::Row(grids),
        Block::Comparison(judged::comparison(NAME, against, &gallery.rows)),
        Block::Lines(figures::horizon_plot(&gallery.sweep)),
    ])
}

/// Bias and relaxation of the gradient. A study that a trained network does not lend itself to says so.
fn studies(
    context: &mut Context,
    network: &Network,
    examples: &Arc<Examples<f32>>,
    trained: &Trained,
) -> anyhow::Result<Vec<Block>> {
    let (energy, parameters) = (&network.energy, &trained.parameters[..]);
    let start: Vec<f32> = initial(energy, context.seed);
    let before = gradient::study(context, energy, &start, examples, NAME, "before training")?;
    let mut blocks = vec![
        Block::Text(before.note),
        Block::Lines(before.figure),
        Block::Table(before.table),
    ];
    let name = format!("{NAME}.trained");
    match gradient::study(
        context,
        energy,
        parameters,
        examples,
        &name,
        "after training",
    ) {
        Ok(after) => blocks.extend([Block::Lines(after.figure), Block::Table(after.table)]),
        Err(error) => blocks.push(failed(context, "bias after training", &error)?),
    }
    match relaxation::study(context, energy, parameters, examples, NAME) {
        Ok(study) => blocks.extend(study),
        Err(error) => blocks.push(failed(context, "relaxation", &error)?),
    }
    Ok(blocks)
}

/// What is shown in place of a study.
fn failed(context: &Context, study: &str, error: &anyhow::Error) -> anyhow::Result<Block> {
    context.interrupt.check()?;
    eprintln!("{NAME}: no study of {study}: {error:#}");
    Ok(Block::Text(format!(
        "The study of {study} could not be made: {error:#}"
    )))
}

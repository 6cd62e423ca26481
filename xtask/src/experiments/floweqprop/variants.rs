//! The same rule on other data: images held back, labels given, MNIST at full size.

use std::time::Instant;

use super::course;
use super::digits::{HIDDEN, UPDATES};
use super::drawing::{Artist, Way};
use super::judged::{self, Bench, Row, SEEDS};
use super::network::Network;
use super::recipe::Recipe;
use super::{figures, loss};
use faer::Mat;

use crate::data::{self, ImageSet, embedded};
use crate::experiments::{self, Context};
use crate::export::npy;
use crate::progress::human;
use crate::report::{Block, Section, Table, png, terminal};
use crate::results::Entry;

/// One of them.
struct Variant {
    name: &'static str,
    title: &'static str,
    intro: &'static str,
    network: Network,
    learned: ImageSet,
    /// What samples are held against.
    reference: ImageSet,
    /// Images whose velocities no update has seen.
    unseen: Option<ImageSet>,
    recipe: Recipe,
    horizons: &'static [f64],
    /// Images in each judged sample.
    count: usize,
}

/// A fifth of the 1,797 digits is held back; loss and samples are held against it.
///
/// # Errors
/// As [`run`].
pub fn heldout(context: &mut Context) -> anyhow::Result<Section> {
    let split = embedded::native_split(context.seed)?;
    let variant = Variant {
        name: "floweqprop.heldout",
        title: "Digits held back",
        intro: "The paper trains and judges on the same 1,797 images. Here the network learns from \
                four fifths of them, and loss and samples are held against the rest.",
        network: Network::free(split.train.units(), HIDDEN)?,
        recipe: recipe(context, Recipe::own(UPDATES), split.train.len()),
        count: split.train.len(),
        learned: split.train,
        reference: split.test.clone(),
        unseen: Some(split.test),
        horizons: &[1.0, 1.2, 1.4],
    };
    run(context, &variant)
}

/// Ten label units above the second hidden layer are held at the digit to draw.
///
/// # Errors
/// As [`run`].
pub fn conditional(context: &mut Context) -> anyhow::Result<Section> {
    let images = embedded::native()?;
    let variant = Variant {
        name: "floweqprop.conditional",
        title: "Digits on request",
        intro: "Ten label units, clamped, are coupled to the second hidden layer. Noise is \
                transported to images of the same class only, since it does not know the class when \
                digits are drawn.",
        network: Network::with_labels(images.units(), HIDDEN)?,
        recipe: recipe(context, Recipe::own(UPDATES), images.len()),
        count: images.len(),
        learned: images.clone(),
        reference: images,
        unseen: None,
        horizons: &[1.0, 1.2, 1.4],
    };
    run(context, &variant)
}

/// MNIST: 784-512-512 and labels.
///
/// # Errors
/// As [`run`], or missing files.
pub fn mnist28(context: &mut Context) -> anyhow::Result<Section> {
    const HIDDEN: usize = 512;
    /// What fits into a quarter of an hour on two cores.
    const UPDATES: u64 = 6000;
    /// Test images that samples are held against.
    const REFERENCE: usize = 2000;
    let all = data::mnist::load(&context.data)?.at_28x28();
    let first: Vec<usize> = (0..REFERENCE.min(all.test.len())).collect();
    let variant = Variant {
        name: "floweqprop.mnist28",
        title: "All ten MNIST digits, 28 x 28, on request",
        intro: "784 pixels, twice 512 hidden units and ten labels learn from 60,000 images and are \
                held against test images.",
        network: Network::with_labels(all.train.units(), HIDDEN)?,
        recipe: recipe(context, Recipe::wide(UPDATES), all.train.len()),
        count: REFERENCE,
        reference: all.test.select(&first),
        unseen: None,
        learned: all.train,
        horizons: &[1.0, 1.2, 1.4],
    };
    run(context, &variant)
}

/// This project's recipe or the published one, whichever was asked for.
fn recipe(context: &Context, own: Recipe, images: usize) -> Recipe {
    match context.recipe {
        experiments::Recipe::Own => own,
        experiments::Recipe::Published => Recipe::published(images),
    }
}

/// Trains, draws, judges.
///
/// # Errors
/// An interrupt, a run that fails, or a folder that cannot be written.
fn run(context: &mut Context, variant: &Variant) -> anyhow::Result<Section> {
    let name = variant.name;
    let network = &variant.network;
    let examples = network.examples(&variant.learned)?;
    let trained = course::train(context, name, network, &examples, &variant.recipe)?;
    let folder = context.recorder.folder().to_owned();
    network.write(
        &trained.parameters,
        &folder.join(format!("models/{name}.safetensors")),
    )?;
    let mut table = Table::new("Training and what came of it.")
        .row("parameters", &format!("{name}.parameters"));
    let count = network.parameters() as f64;
    let entry = Entry::new(&format!("{name}.parameters"), count).unit("parameters");
    context.recorder.record(entry)?;
    if let Some(seconds) = trained.seconds {
        let id = format!("{name}.train_seconds");
        context
            .recorder
            .record(Entry::new(&id, seconds).unit("s").lower())?;
        table = table.row("seconds of training", &id);
    }
    let sets = [
        ("final", Some(&variant.learned)),
        ("unseen", variant.unseen.as_ref()),
    ];
    for (what, images) in sets {
        let Some(images) = images else { continue };
        let shown = sample(images, 4 * variant.recipe.batch);
        let pairs = loss::fresh(&network.examples(&shown)?, context.seed)?;
        let floors = loss::floors(network.wiring.visible.len(), &pairs)?;
        let (value, _) = loss::loss(network, &trained.parameters, &pairs)?;
        let id = format!("{name}.loss.{what}");
        let entry = Entry::new(&id, value)
            .unit("squared velocity per pixel")
            .n(pairs.places.ncols())
            .lower()
            .baseline("best linear function", floors.linear)
            .baseline("constant", floors.constant);
        context.recorder.record(entry)?;
        table = table.row(
            if what == "final" {
                "loss on fresh pairs"
            } else {
                "the same, images held back"
            },
            &id,
        );
    }
    let mut blocks = drawing(context, variant, &trained.parameters, &mut table)?;
    blocks.push(Block::Table(table));
    blocks.push(Block::Lines(figures::residuals(&trained.history)));
    Ok(Section {
        title: variant.title.to_owned(),
        intro: variant.intro.to_owned(),
        blocks,
    })
}

fn drawing(
    context: &mut Context,
    variant: &Variant,
    parameters: &[f32],
    table: &mut Table,
) -> anyhow::Result<Vec<Block>> {
    let (name, network) = (variant.name, &variant.network);
    let artist = Artist {
        network,
        parameters,
    };
    // Classes in the data's proportions.
    let labels = sample(&variant.learned, variant.count).labels;
    eprintln!("{name}: judging {} digits at a time", labels.len());
    let learned = sample(&variant.learned, 10_000);
    let bench = Bench::new(&learned, &variant.reference, labels.len(), context.seed)?;
    let judge = &bench.judge;
    let mut rows = bench.baselines;
    let mut cards = vec![Vec::new(); variant.horizons.len()];
    let mut accuracy = vec![0.0; variant.horizons.len()];
    let side = variant.learned.side;
    let mut grids = vec![figures::grid(
        &variant.reference.pixels,
        "real digits",
        side,
    )];
    let started = Instant::now();
    for draw in 0..SEEDS {
        context.interrupt.check()?;
        let seed = context.seed.wrapping_mul(1000) + draw;
        let (drawn, _) = artist.draw(Way::Spring, &labels, variant.horizons, seed)?;
        for (at, images) in drawn.iter().enumerate() {
            cards[at].push(bench.judging.score(images.as_ref())?);
            let clipped = Mat::from_fn(images.nrows(), images.ncols(), |pixel, image| {
                images[(pixel, image)].clamp(-1.0, 1.0)
            });
            accuracy[at] += judge.accuracy(clipped.as_ref(), &labels)? / SEEDS as f64;
        }
        if draw == 0 {
            for (images, horizon) in drawn.iter().zip(variant.horizons) {
                grids.push(figures::grid(images, &format!("T = {horizon}"), side));
            }
            let shown = &drawn[1.min(drawn.len() - 1)];
            let folder = context.recorder.folder();
            npy::write_images(
                &folder.join(format!("samples/{name}.npy")),
                shown.as_ref(),
                side,
            )?;
            let layout = png::Layout {
                rows: 5,
                cols: 16,
                side,
                scale: if side > 16 { 2 } else { 5 },
            };
            png::write_grid(
                &folder.join(format!("images/{name}.png")),
                shown.as_ref(),
                layout,
            )?;
            terminal::show_digits(shown.as_ref(), side, 10);
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    for ((cards, horizon), accuracy) in cards.iter().zip(variant.horizons).zip(accuracy) {
        let id = format!("samples.{}", figures::horizon_id(*horizon));
        let title = format!("T = {horizon}");
        rows.push(Row::of(&id, &title, cards, labels.len(), seconds)?);
        if network.wiring.clamped.is_empty() {
            continue;
        }
        let id = format!("{name}.{id}.accuracy");
        let entry = Entry::new(&id, accuracy)
            .unit("1")
            .higher()
            .n(labels.len())
            .baseline("chance", 0.1)
            .best(
                "real digits",
                judge.accuracy(variant.reference.pixels.as_ref(), &variant.reference.labels)?,
            );
        context.recorder.record(entry)?;
        *table = std::mem::take(table).row(&format!("read as the digit asked for, {title}"), &id);
    }
    eprintln!("{name}: drawn and judged in {}", human(seconds));
    judged::record(context, name, &rows)?;
    Ok(vec![
        Block::Row(grids.into_iter().map(Block::Digits).collect()),
        Block::Comparison(figures::comparison(name, &rows)),
    ])
}

/// Images spread evenly over the set, `count` at most.
fn sample(images: &ImageSet, count: usize) -> ImageSet {
    let count = count.min(images.len());
    let chosen: Vec<usize> = (0..count)
        .map(|index| index * images.len() / count)
        .collect();
    images.select(&chosen)
}

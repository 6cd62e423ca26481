//! The same rule on other data: images held back, labels given, MNIST at full size.

use super::course;
use super::digits::{FLOOR_DRAWS, HIDDEN, QUICK_UPDATES, UPDATES};
use super::drawing::{Artist, Shown};
use super::network::Network;
use super::recipe::Recipe;
use super::{figures, gallery, loss};
use crate::data::{self, ImageSet, embedded};
use crate::experiments::judged::{self, Bench};
use crate::experiments::{self, Context};
use crate::judging::{ClassJudging, Judge};
use crate::report::{Block, Section, Table};
use crate::results::{Entry, Preset};

/// Images that Gaussians and floors are fitted to, at most.
const FITTED: usize = 10_000;

/// One of them.
struct Variant {
    name: &'static str,
    title: &'static str,
    intro: &'static str,
    network: Network,
    learned: ImageSet,
    /// What no update has seen, and samples are held against; else against what was learned from.
    unseen: Option<ImageSet>,
    recipe: Recipe,
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
        recipe: recipe(
            context,
            Recipe::own(updates(context, UPDATES)),
            split.train.len(),
        ),
        count: split.train.len(),
        learned: split.train,
        unseen: Some(split.test),
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
        recipe: recipe(
            context,
            Recipe::own(updates(context, UPDATES)),
            images.len(),
        ),
        count: images.len(),
        learned: images,
        unseen: None,
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
    const UPDATES: u64 = 4000;
    /// Test images that samples are held against.
    const UNSEEN: usize = 2000;
    let all = data::mnist::load(&context.data)?.at_28x28();
    let variant = Variant {
        name: "floweqprop.mnist28",
        title: "All ten MNIST digits, 28 x 28, on request",
        intro: "784 pixels, twice 512 hidden units and ten labels learn from 60,000 images and are \
                held against 2,000 test images.",
        network: Network::with_labels(all.train.units(), HIDDEN)?,
        recipe: Recipe::wide(updates(context, UPDATES)),
        count: UNSEEN,
        unseen: Some(spread(&all.test, UNSEEN)),
        learned: all.train,
    };
    run(context, &variant)
}

/// Updates of the paper preset, or those of the quick one.
fn updates(context: &Context, paper: u64) -> u64 {
    match context.preset {
        Preset::Quick => QUICK_UPDATES,
        Preset::Paper => paper,
    }
}

/// This project's recipe or the paper's settings, whichever was asked for.
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
    let (name, network) = (variant.name, &variant.network);
    let examples = network.examples(&variant.learned)?;
    let (trained, _) = course::train(context, name, network, &examples, &variant.recipe)?;
    let folder = context.recorder.folder().to_owned();
    let file = folder.join(format!("models/{name}.safetensors"));
    network.write(&trained.parameters, &file)?;
    let mut table = Table::new(
        "Training and what came of it. Floors are fitted to other pairs than they are measured on.",
    );
    let parameters = network.parameters() as f64;
    let entry = Entry::new(&format!("{name}.parameters"), parameters).unit("parameters");
    context.recorder.record(entry)?;
    table = table.row("parameters", &format!("{name}.parameters"));
    if let Some(seconds) = trained.seconds {
        let id = format!("{name}.train_seconds");
        let entry = Entry::new(&id, seconds).unit("s").lower();
        context.recorder.record(entry)?;
        table = table.row("seconds of training", &id);
    }
    table = losses(context, variant, &trained.parameters, table)?;
    let mut blocks = drawing(context, variant, &trained.parameters, &mut table)?;
    blocks.push(Block::Table(table));
    blocks.push(Block::Lines(figures::residuals(&trained.history)));
    Ok(Section {
        title: variant.title.to_owned(),
        intro: variant.intro.to_owned(),
        blocks,
    })
}

/// Losses on fresh pairs, of images learned from and of others.
fn losses(
    context: &mut Context,
    variant: &Variant,
    parameters: &[f32],
    mut table: Table,
) -> anyhow::Result<Table> {
    /// Images among which noise is transported.
    const GROUP: usize = 2000;
    let (name, network) = (variant.name, &variant.network);
    let fitted = network.examples(&spread(&variant.learned, GROUP))?;
    let known = (1..=2 * FLOOR_DRAWS).map(|draw| loss::fresh(&fitted, context.seed, draw));
    let known = known.collect::<Result<Vec<_>, _>>()?;
    for (what, label, images) in [
        ("final", "loss on fresh pairs", Some(&variant.learned)),
        (
            "unseen",
            "the same, images held back",
            variant.unseen.as_ref(),
        ),
    ] {
        let Some(images) = images else { continue };
        let pairs = loss::fresh(&network.examples(&spread(images, GROUP))?, context.seed, 0)?;
        let floors = loss::floors(network.wiring.visible.len(), &known, &pairs)?;
        let (value, _) = loss::loss(network, parameters, &pairs)?;
        let id = format!("{name}.loss.{what}");
        let entry = Entry::new(&id, value)
            .unit("squared velocity per pixel")
            .n(pairs.places.ncols())
            .lower()
            .baseline("best linear function", floors.linear)
            .baseline("constant", floors.constant);
        context.recorder.record(entry)?;
        table = table.row(label, &id);
    }
    Ok(table)
}

/// Digits at three flow times.
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
    let labels = spread(&variant.learned, variant.count).labels;
    eprintln!("{name}: judging {} digits at a time", labels.len());
    let fitted = spread(&variant.learned, FITTED);
    let unseen = variant.unseen.as_ref();
    let bench = Bench::new(
        &variant.learned,
        &fitted,
        unseen,
        labels.len(),
        context.seed,
    )?;
    let ways = [Shown::spring(&[1.0, 1.2, 1.4])];
    let gallery = gallery::make(context, name, &artist, bench, &labels, &ways)?;
    judged::record(context, name, &gallery.rows)?;
    for (id, title) in &gallery.accuracies {
        *table = std::mem::take(table).row(&format!("read as the digit asked for, {title}"), id);
    }
    if let Some(unseen) = unseen {
        let id = copies(context, variant, &artist, &labels, unseen)?;
        *table =
            std::mem::take(table).row("distance to the nearest image learned from, T = 1.2", &id);
    }
    let against = match unseen {
        Some(_) => "images that no update has seen",
        None => "the images that the network learned from",
    };
    let grids = gallery.grids.into_iter().map(Block::Digits).collect();
    Ok(vec![
        Block::Row(grids),
        Block::Comparison(judged::comparison(name, against, &gallery.rows)),
    ])
}

/// How near samples come to images learned from, beside how near unseen images do: copies would be nearer.
fn copies(
    context: &mut Context,
    variant: &Variant,
    artist: &Artist<'_>,
    labels: &[u8],
    unseen: &ImageSet,
) -> anyhow::Result<String> {
    let learned = spread(&variant.learned, FITTED);
    let pixels = learned.pixels.as_ref();
    let judge = Judge::train(pixels, &learned.labels)?;
    let judging = ClassJudging::new(pixels, &learned.labels, judge)?;
    let way = Shown::spring(&[1.2]);
    let seed = context.seed.wrapping_mul(1000);
    let (drawn, _) = artist.draw(way.way, labels, &way.horizons, seed)?;
    let id = format!("{}.samples.t1_2.nearest_learned", variant.name);
    let entry = Entry::new(&id, judging.score(drawn[0].as_ref())?.nearest)
        .unit("distance")
        .n(labels.len())
        .best(
            "unseen real digits",
            judging.score(unseen.pixels.as_ref())?.nearest,
        );
    context.recorder.record(entry)?;
    Ok(id)
}

/// Images spread evenly over the set, `count` at most.
fn spread(images: &ImageSet, count: usize) -> ImageSet {
    let count = count.min(images.len());
    let chosen: Vec<usize> = (0..count)
        .map(|index| index * images.len() / count)
        .collect();
    images.select(&chosen)
}

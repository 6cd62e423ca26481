//! The closed loop: one substrate learns by nudges at a ladder of noise levels, and samples digits by its
//! own relaxation down that ladder.

use std::time::Instant;

use super::course::{self, Course};
use super::drawing::{Drawn, Way, draw};
use super::figures;
use super::network::{Network, Shape};
use super::recipe::Recipe;
use super::wiener::{Wiener, mean_squared_error};
use crate::data::{ImageSet, embedded};
use crate::experiments::exhibit::{self, Piece};
use crate::experiments::judged::{self, Bench, Row, SEEDS};
use crate::experiments::trained::{Trained, counts};
use crate::experiments::{Context, Interrupt};
use crate::report::{Block, Section};
use crate::results::{Entry, Preset};

const NAME: &str = "eqprop.loop";
/// Rungs of the ladder, from the widest noise to one that the eye does not see.
pub const RUNGS: usize = 12;
const NOISIEST: f64 = 2.0;
const CLEANEST: f64 = 0.08;
/// Pixels, and buses between output and hidden units.
const PIXELS: usize = 64;
/// Hidden units.
const HIDDEN: usize = 256;
/// How the figures of the experiment are drawn.
pub const WAY: Way = Way {
    mobility: 0.1,
    time: 50.0,
};

/// Updates of the paper preset.
pub const UPDATES: u64 = 5000;

/// Updates of training.
const fn updates(preset: Preset) -> u64 {
    match preset {
        Preset::Quick => 400,
        Preset::Paper => UPDATES,
    }
}

/// The ladder of noise levels, geometric, the noisiest first.
fn levels() -> Vec<f64> {
    let share = |rung: usize| rung as f64 / (RUNGS as f64 - 1.0);
    let level = |rung| NOISIEST * (CLEANEST / NOISIEST).powf(share(rung));
    (0..RUNGS).map(level).collect()
}

/// The network at all rungs.
///
/// # Errors
/// None for the shape that it has.
pub fn network() -> anyhow::Result<Network> {
    let shape = Shape {
        pixels: PIXELS,
        hidden: HIDDEN,
        rank: PIXELS,
        quartic: 1.0,
        labels: true,
    };
    Network::new(shape, &levels())
}

/// What an error counts at each level: as a share of that of a filter there.
pub fn weights(network: &Network, wiener: &Wiener) -> Vec<f64> {
    let errors = network.levels.iter().map(|&level| wiener.error(level));
    errors.map(|error| 1.0 / error).collect()
}

/// Trains, draws, judges.
///
/// # Errors
/// An interrupt, a run that fails, or a folder that cannot be written.
pub fn run(context: &mut Context) -> anyhow::Result<Section> {
    let images = embedded::native()?;
    let network = network()?;
    let wiener = Wiener::fit(images.pixels.as_ref())?;
    let weights = weights(&network, &wiener);
    let recipe = Recipe::ladder(RUNGS, updates(context.preset));
    let examples = network.examples(&images)?;
    let course = Course {
        id: NAME,
        network: &network,
        weights: &weights,
        recipe: &recipe,
        seed: context.seed,
    };
    let trained = course.train(context, examples, |_, _| ())?;
    let folder = context.recorder.folder().to_owned();
    let file = folder.join(format!("models/{NAME}.safetensors"));
    network.write(&trained.parameters, &file)?;
    let learned = learning(context, &network, &images, &wiener, &trained)?;
    let mut blocks = gallery(context, &network, &images, &trained)?;
    blocks.extend(learned);
    let results = context.recorder.results();
    blocks.push(Block::Table(figures::acts(NAME, |id| {
        results.get(id).is_some()
    })));
    Ok(Section {
        title: "The closed loop: digits from a substrate that was taught by nudges".to_owned(),
        intro: figures::LOOP.to_owned(),
        blocks,
    })
}

/// What training took, and how well each level denoises.
fn learning(
    context: &mut Context,
    network: &Network,
    images: &ImageSet,
    wiener: &Wiener,
    trained: &Trained,
) -> anyhow::Result<Vec<Block>> {
    let record = |context: &mut Context, what: &str, value: f64, unit: &str| {
        let entry = Entry::new(&format!("{NAME}.{what}"), value).unit(unit);
        context.recorder.record(entry)
    };
    record(
        context,
        "parameters",
        network.parameters() as f64,
        "parameters",
    )?;
    if let Some(seconds) = trained.seconds {
        let entry = Entry::new(&format!("{NAME}.train_seconds"), seconds).unit("s");
        context.recorder.record(entry.lower())?;
    }
    for (what, count, unit) in trained.counts() {
        record(context, &format!("training.{what}"), count, unit)?;
    }
    let mut curve = Vec::new();
    for (level, &deviation) in network.levels.iter().enumerate() {
        context.interrupt.check()?;
        let clean = images.pixels.as_ref();
        let noisy = course::noised(clean, deviation, context.seed, level as u64);
        let rows = network.rows(noisy.as_ref(), &images.labels);
        let output = course::denoise(network, &trained.parameters, level, rows.as_ref())?;
        let error = mean_squared_error(output.as_ref(), clean);
        let linear = wiener.denoise(noisy.as_ref(), deviation);
        let linear = mean_squared_error(linear.as_ref(), clean);
        let entry = Entry::new(&format!("{NAME}.level_{level}.mse"), error)
            .unit("squared error per pixel, images learned from")
            .lower()
            .n(images.len())
            .baseline("Wiener filter, which is not told the digit", linear)
            .reference("noise level", deviation);
        context.recorder.record(entry)?;
        curve.push((deviation, error / linear));
    }
    Ok(vec![
        Block::Lines(figures::levels(curve)),
        Block::Lines(figures::learning(&trained.history)),
    ])
}

/// Digits, judged.
fn gallery(
    context: &mut Context,
    network: &Network,
    images: &ImageSet,
    trained: &Trained,
) -> anyhow::Result<Vec<Block>> {
    let labels = &images.labels;
    eprintln!("{NAME}: judging {} digits at a time", images.len());
    let bench = Bench::new(images, images, None, images.len(), context.seed)?;
    let side = images.side;
    let mut grids = vec![exhibit::grid(&bench.shown, "real digits", side)];
    let mut rows = Vec::new();
    let mut strip = None;
    for (id, title, way) in ways(context.preset) {
        let (mut cards, mut right) = (Vec::new(), Vec::new());
        let mut seconds = 0.0;
        for sample in 0..SEEDS {
            let seed = context.seed.wrapping_mul(1000) + sample;
            let interrupt: &Interrupt = &context.interrupt;
            let started = Instant::now();
            let drawn = draw(network, &trained.parameters, labels, way, seed, interrupt)?;
            seconds += started.elapsed().as_secs_f64() / SEEDS as f64;
            cards.push(bench.judging.score(drawn.images.as_ref())?);
            right.push(bench.accuracy(&drawn.images, labels)?);
            if sample > 0 {
                continue;
            }
            let piece = Piece {
                id: if id.is_empty() { "samples" } else { &id },
                title: &title,
                images: &drawn.images,
                side,
            };
            exhibit::keep(context, NAME, &piece)?;
            grids.push(exhibit::grid(&drawn.images, &title, side));
            if id.is_empty() {
                exhibit::show(NAME, &piece);
                acts_of_sampling(context, &drawn, labels.len())?;
                strip = Some(figures::descent(&drawn.moments, side));
            }
        }
        let row = Row::of(&id, &title, &cards, labels.len(), seconds)?;
        let accuracy = bench.as_entry(&row.figure_id(NAME, "accuracy"), &right, labels.len());
        context.recorder.record(accuracy)?;
        rows.push(row);
    }
    rows.splice(0..0, bench.baselines);
    judged::record(context, NAME, &rows)?;
    let against = "the images that the substrate learned from";
    let mut blocks = vec![Block::Row(grids.into_iter().map(Block::Digits).collect())];
    blocks.extend(strip.map(Block::Strip));
    blocks.push(Block::Comparison(judged::comparison(NAME, against, &rows)));
    Ok(blocks)
}

/// Ways to draw, as (id, title, way): the main one, and others that show what haste costs.
fn ways(preset: Preset) -> Vec<(String, String, Way)> {
    let main = match preset {
        Preset::Quick => Way { time: 20.0, ..WAY },
        Preset::Paper => WAY,
    };
    let mut ways = vec![(
        String::new(),
        "Langevin relaxation down the ladder".to_owned(),
        main,
    )];
    if preset == Preset::Paper {
        for (mobility, time) in [(0.1, 20.0), (0.1, 100.0), (0.05, 50.0), (0.2, 50.0)] {
            let id = format!("mobility_{mobility}_time_{time}").replace('.', "_");
            let title = format!("the same, mobility {mobility}, time {time} on each rung");
            ways.push((id, title, Way { mobility, time }));
        }
    }
    ways
}

/// What one sampled digit asks of the substrate.
fn acts_of_sampling(context: &mut Context, drawn: &Drawn, count: usize) -> anyhow::Result<()> {
    for (what, total, unit) in counts(&drawn.acts) {
        // Parameters are written once for all chains.
        let shared = what == "parameters_written";
        let value = if shared { total } else { total / count as f64 };
        let id = format!("{NAME}.sampling.{what}");
        let entry = Entry::new(&id, value).unit(unit).n(count);
        context.recorder.record(entry)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::kept;
    use super::*;
    use crate::experiments::testing::quantised;

    /// Digits drawn by the network that the paper preset trained, kept in docs/results, as quantised text: a
    /// change of energy, ladder or engine shows here, and a person can see whether it matters.
    #[test]
    fn the_kept_network_draws_these_digits() {
        let (network, parameters) = kept::network().unwrap();
        let labels: Vec<u8> = (0..10).collect();
        let way = Way { time: 20.0, ..WAY };
        let never = Interrupt::default();
        let drawn = draw(&network, &parameters, &labels, way, 3, &never).unwrap();
        insta::assert_snapshot!(quantised(&drawn.images, 8));
        insta::assert_json_snapshot!(drawn.acts);
    }

    #[test]
    fn the_ladder_is_geometric_and_ends_where_the_eye_does() {
        let levels = levels();
        assert!((levels[0] - NOISIEST).abs() < 1e-12);
        assert!((levels[RUNGS - 1] - CLEANEST).abs() < 1e-12);
        let ratio = levels[1] / levels[0];
        assert!(
            levels
                .windows(2)
                .all(|pair| (pair[1] / pair[0] - ratio).abs() < 1e-12)
        );
    }
}

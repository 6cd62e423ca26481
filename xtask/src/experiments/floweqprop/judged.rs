//! Sets of drawn images, judged and written down.

use faer::Mat;

use crate::data::ImageSet;
use crate::experiments::Context;
use crate::judging::{Better, ClassJudging, ClassScorecard, Judge, baselines, real_halves};
use crate::results::Entry;

/// Sampling seeds that every figure is averaged over.
pub const SEEDS: u64 = 3;

const REAL: &str = "samples.real";
const GAUSSIAN: &str = "samples.gaussian";
const GAUSSIAN_PER_CLASS: &str = "samples.gaussian_per_class";

/// One judged way of making images.
pub struct Row {
    /// Segments of its ids below the experiment's name.
    pub id: String,
    /// What people read.
    pub title: String,
    /// Mean over sampling seeds.
    pub mean: ClassScorecard,
    /// Standard deviation over sampling seeds.
    pub deviation: ClassScorecard,
    /// Images in each judged sample.
    pub count: usize,
    /// Wall time of drawing them.
    pub seconds: f64,
}

impl Row {
    /// A row from one scorecard for each seed.
    ///
    /// # Errors
    /// Fewer than two scorecards.
    pub fn of(
        id: &str,
        title: &str,
        cards: &[ClassScorecard],
        count: usize,
        seconds: f64,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            id: id.to_owned(),
            title: title.to_owned(),
            mean: ClassScorecard::mean(cards)?,
            deviation: ClassScorecard::standard_deviation(cards)?,
            count,
            seconds,
        })
    }
}

/// What samples are held against: images, and a judge that was trained on real ones.
pub struct Bench {
    /// Reads digits; it has seen what the network learns from.
    pub judge: Judge,
    /// Scores samples against `images`.
    pub judging: ClassJudging,
    /// Rows of real images and of Gaussians.
    pub baselines: Vec<Row>,
}

impl Bench {
    /// Judges against `images`; Gaussians are fitted to `learned`, what the network learns from.
    ///
    /// # Errors
    /// Too few images of a class.
    pub fn new(
        learned: &ImageSet,
        images: &ImageSet,
        count: usize,
        seed: u64,
    ) -> anyhow::Result<Self> {
        let judge = Judge::train(learned.pixels.as_ref(), &learned.labels)?;
        let (pixels, labels) = (images.pixels.as_ref(), &images.labels);
        let judging = ClassJudging::new(pixels, labels, judge.clone())?;
        let train = learned.pixels.as_ref();
        let draws = |id: &str, title: &str, draw: &dyn Fn(u64) -> anyhow::Result<Mat<f32>>| {
            let started = std::time::Instant::now();
            let cards = (0..SEEDS).map(|sample| -> anyhow::Result<_> {
                Ok(judging.score(draw(seed.wrapping_mul(1000) + sample)?.as_ref())?)
            });
            let cards = cards.collect::<Result<Vec<_>, _>>()?;
            Row::of(id, title, &cards, count, started.elapsed().as_secs_f64())
        };
        let started = std::time::Instant::now();
        let halves = (0..SEEDS).map(|sample| {
            let seed = seed.wrapping_mul(1000) + sample;
            real_halves(pixels, labels, seed)
        });
        let halves = halves.collect::<Result<Vec<_>, _>>()?;
        let seconds = started.elapsed().as_secs_f64();
        let title = "real digits, half against half (best possible)";
        let baselines = vec![
            Row::of(REAL, title, &halves, images.len() / 2, seconds)?,
            draws(GAUSSIAN, "one Gaussian", &|s| {
                Ok(baselines::gaussian(train, count, s)?)
            })?,
            draws(GAUSSIAN_PER_CLASS, "one Gaussian for each class", &|s| {
                Ok(baselines::gaussian_per_class(
                    train,
                    &learned.labels,
                    count,
                    s,
                )?)
            })?,
        ];
        Ok(Self {
            judge,
            judging,
            baselines,
        })
    }
}

/// Writes every figure of every row beside real images and Gaussians, which come first in `rows`.
///
/// # Errors
/// If a figure is not finite.
pub fn record(context: &mut Context, name: &str, rows: &[Row]) -> anyhow::Result<()> {
    let value = |id: &str, index: usize| {
        let row = rows.iter().find(|row| row.id == id)?;
        row.mean.figures().nth(index).map(|figure| figure.value)
    };
    for row in rows {
        let spread: Vec<_> = row.deviation.figures().map(|figure| figure.value).collect();
        for (index, figure) in row.mean.figures().enumerate() {
            let mut entry = Entry::new(&format!("{name}.{}.{}", row.id, figure.name), figure.value)
                .unit(match figure.name {
                    "fd" => "squared distance",
                    "nearest" => "distance",
                    _ => "1",
                })
                .n(row.count)
                .seconds(row.seconds)
                .reference("standard deviation over seeds", spread[index]);
            entry = match (figure.name, figure.better) {
                // Nearer than real images are to each other is a copy, not an improvement.
                ("nearest", _) => entry,
                (_, Better::Lower) => entry.lower(),
                (_, Better::Higher) => entry.higher(),
            };
            for (title, id) in [
                ("one Gaussian", GAUSSIAN),
                ("one Gaussian for each class", GAUSSIAN_PER_CLASS),
            ] {
                if let Some(value) = value(id, index).filter(|_| row.id != id) {
                    entry = entry.baseline(title, value);
                }
            }
            if let Some(value) = value(REAL, index).filter(|_| row.id != REAL) {
                entry = entry.best("real digits", value);
            }
            context.recorder.record(entry)?;
        }
    }
    Ok(())
}

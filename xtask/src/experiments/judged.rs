//! What drawn images are held against, and how a judged set of them is written down.

use faer::Mat;

use crate::data::ImageSet;
use crate::experiments::Context;
use crate::judging::{Better, ClassJudging, ClassScorecard, Judge, baselines, real_halves};
use crate::report::Comparison;
use crate::results::Entry;

/// Sampling seeds that every figure is averaged over.
pub const SEEDS: u64 = 3;

const REAL: &str = "samples.real";
const GAUSSIAN: &str = "samples.gaussian";
const GAUSSIAN_PER_CLASS: &str = "samples.gaussian_per_class";

/// One judged way of making images.
pub struct Row {
    /// Segments of its ids below the experiment's name; none for the experiment's main row.
    pub id: String,
    /// What people read.
    pub title: String,
    /// Mean over sampling seeds.
    pub mean: ClassScorecard,
    /// Standard deviation over sampling seeds.
    pub deviation: ClassScorecard,
    /// Images in each judged sample.
    pub count: usize,
    /// Wall time of drawing one sample of them; zero if another row's sample was made on the way.
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

    /// The id of one of its figures.
    pub fn figure_id(&self, name: &str, figure: &str) -> String {
        if self.id.is_empty() {
            format!("{name}.{figure}")
        } else {
            format!("{name}.{}.{figure}", self.id)
        }
    }
}

/// What samples are held against: images, and a judge that was trained on real ones.
pub struct Bench {
    /// Scores samples.
    pub judging: ClassJudging,
    /// Rows of real images and of Gaussians.
    pub baselines: Vec<Row>,
    /// Some real images, to be shown.
    pub shown: Mat<f32>,
    /// Pixels along one edge.
    pub side: usize,
    judge: Judge,
    /// How often a judge reads real digits right that it has not seen.
    reads_real: f64,
}

impl Bench {
    /// Judges samples of `count` images against `unseen`, or else against the images that the network
    /// learned from. Gaussians are fitted to `fitted`, all of the latter or enough of them.
    ///
    /// # Errors
    /// Too few images of a class.
    pub fn new(
        learned: &ImageSet,
        fitted: &ImageSet,
        unseen: Option<&ImageSet>,
        count: usize,
        seed: u64,
    ) -> anyhow::Result<Self> {
        let judge = Judge::train(learned.pixels.as_ref(), &learned.labels)?;
        let against = unseen.unwrap_or(learned);
        let (pixels, labels) = (against.pixels.as_ref(), &against.labels);
        let judging = ClassJudging::new(pixels, labels, judge.clone())?;
        let train = fitted.pixels.as_ref();
        let seeds = move || (0..SEEDS).map(move |sample| seed.wrapping_mul(1000) + sample);
        let row = |id: &str, title: &str, draw: &dyn Fn(u64) -> anyhow::Result<Mat<f32>>| {
            let cards = seeds().map(|seed| anyhow::Ok(judging.score(draw(seed)?.as_ref())?));
            let cards = cards.collect::<Result<Vec<_>, _>>()?;
            Row::of(id, title, &cards, count, 0.0)
        };
        let real = match unseen {
            Some(_) => row(
                REAL,
                "real digits of the training set (best possible)",
                &|s| Ok(baselines::real(train, count.min(fitted.len()), s)?),
            )?,
            None => {
                let halves = seeds().map(|seed| real_halves(pixels, labels, seed));
                let halves = halves.collect::<Result<Vec<_>, _>>()?;
                let title = "real digits, half against half (best possible)";
                Row::of(REAL, title, &halves, learned.len() / 2, 0.0)?
            }
        };
        let baselines = vec![
            real,
            row(GAUSSIAN, "one Gaussian", &|s| {
                Ok(baselines::gaussian(train, count, s)?)
            })?,
            row(GAUSSIAN_PER_CLASS, "one Gaussian for each class", &|s| {
                let labels = &fitted.labels;
                Ok(baselines::gaussian_per_class(train, labels, count, s)?)
            })?,
        ];
        Ok(Self {
            reads_real: match unseen {
                Some(unseen) => judge.accuracy(unseen.pixels.as_ref(), &unseen.labels)?,
                None => reads_real(learned, seed)?,
            },
            shown: pixels.subcols(0, against.len().min(40)).to_owned(),
            side: against.side,
            judge,
            judging,
            baselines,
        })
    }

    /// Share of images that the judge reads as the digit asked for.
    ///
    /// # Errors
    /// A pixel that is not finite.
    pub fn accuracy(&self, images: &Mat<f32>, asked: &[u8]) -> anyhow::Result<f64> {
        Ok(self.judge.accuracy(clipped(images).as_ref(), asked)?)
    }

    /// The digit that the judge reads in each image.
    ///
    /// # Errors
    /// A pixel that is not finite.
    pub fn read(&self, images: &Mat<f32>) -> anyhow::Result<Vec<u8>> {
        let verdicts = self.judge.classify(clipped(images).as_ref())?;
        Ok(verdicts.into_iter().map(|(digit, _)| digit).collect())
    }

    /// Mean of `accuracies`, one for each sampling seed, beside chance and real digits.
    pub fn as_entry(&self, id: &str, accuracies: &[f64], count: usize) -> Entry {
        let n = accuracies.len() as f64;
        let mean = accuracies.iter().sum::<f64>() / n;
        let squares = accuracies.iter().map(|value| (value - mean).powi(2));
        let deviation = (squares.sum::<f64>() / (n - 1.0)).sqrt();
        Entry::new(id, mean)
            .unit("1")
            .higher()
            .n(count)
            .baseline("chance", 0.1)
            .best("real digits that the judge has not seen", self.reads_real)
            .reference("standard deviation over seeds", deviation)
    }
}

/// The images as a display would show them.
fn clipped(images: &Mat<f32>) -> Mat<f32> {
    Mat::from_fn(images.nrows(), images.ncols(), |pixel, image| {
        images[(pixel, image)].clamp(-1.0, 1.0)
    })
}

/// How well a judge reads real digits that it has not seen: on each half, after training on the other.
///
/// # Errors
/// Too few images.
fn reads_real(images: &ImageSet, seed: u64) -> anyhow::Result<f64> {
    let [one, other] = baselines::halves(images.pixels.as_ref(), &images.labels, seed)?;
    let mut sum = 0.0;
    for (learned, fresh) in [(&one, &other), (&other, &one)] {
        let judge = Judge::train(learned.images.as_ref(), &learned.labels)?;
        sum += judge.accuracy(fresh.images.as_ref(), &fresh.labels)?;
    }
    Ok(sum / 2.0)
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
            let id = row.figure_id(name, figure.name);
            let mut entry = Entry::new(&id, figure.value)
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

/// All rows judged by all metrics.
///
/// `against` says which images samples are compared with.
pub fn comparison(name: &str, against: &str, rows: &[Row]) -> Comparison {
    let metrics: Vec<&str> = rows.first().map_or_else(Vec::new, |row| {
        row.mean.figures().map(|figure| figure.name).collect()
    });
    let count = rows.last().map_or(0, |row| row.count);
    let real = rows.first().map_or(0, |row| row.count);
    let caption = format!(
        "{count} images ({real} real ones) held against {against}; mean of {} sampling seeds. The judge \
         was trained on real digits. Agreement: share of images that it and the vote of the nearest \
         real digits read alike; nearest: distance to the nearest of them; neighbours (k = 5) are \
         looked for among pixels.",
        SEEDS
    );
    rows.iter()
        .fold(Comparison::new(&caption, &metrics), |table, row| {
            let ids: Vec<_> = metrics
                .iter()
                .map(|metric| row.figure_id(name, metric))
                .collect();
            table.row(&row.title, &ids)
        })
}

//! Generation: the whole reverse process with the substrate in the decoder's place.
//!
//! | file | what |
//! |---|---|
//! | `sampler` | the ladder of noise levels, and the way down it |
//! | `contender` | what is put in the decoder's place |
//! | `figures` | what is shown |

mod contender;
mod figures;
mod sampler;

use std::time::Instant;

use anyhow::Context as _;
use faer::Mat;
use overdamped_substrate::stream;
use rand_distr::{Distribution as _, StandardNormal};

use self::contender::{Contender, contenders};
use self::sampler::{Ladder, Moment, descend};
use super::source::Source;
use crate::data::ImageSet;
use crate::experiments::exhibit::{self, Piece};
use crate::experiments::judged::{self, Bench, Row, SEEDS};
use crate::experiments::wiener::mean_squared_error;
use crate::experiments::{Context, Interrupt};
use crate::judging::{ClassScorecard, baselines};
use crate::progress::Progress;
use crate::report::{Block, Section};
use crate::results::{Entry, Preset};

const NAME: &str = "inference.generation";
/// Segments of ids: of the substrate none, since it is what the experiment is about.
const SUBSTRATE: &str = "";
const UNET: &str = "unet";
/// Stream of the seed for where images start.
const START: u64 = 0;
/// Images that pass the network together, between two signs of life.
const TOGETHER: usize = 64;

/// How much work to put in.
#[derive(Debug, Clone, Copy)]
struct Effort {
    /// Noise levels.
    rungs: usize,
    /// Training images that a level is fitted to.
    fitted: usize,
    /// Images in each judged sample.
    count: usize,
}

/// Noise levels of the paper preset: evaluations of a network for a digit out of noise.
pub const RUNGS: usize = 18;

const fn effort(preset: Preset) -> Effort {
    match preset {
        Preset::Quick => Effort {
            rungs: 8,
            fitted: 100,
            count: 40,
        },
        Preset::Paper => Effort {
            rungs: RUNGS,
            fitted: 400,
            count: 200,
        },
    }
}

/// From the greatest noise that the U-Net was trained at down to the least.
const fn ladder(rungs: usize) -> Ladder {
    Ladder {
        noisiest: 2.0,
        cleanest: 0.05,
        rungs,
        exponent: 7.0,
    }
}

/// What a contender made of the noise.
struct Drawn {
    contender: Contender,
    /// The images (256 x all).
    images: Mat<f32>,
    /// Their ways, level by level.
    moments: Vec<Moment>,
    /// Wall time of one judged sample.
    seconds: f64,
}

/// Programs every level, draws, judges.
///
/// # Errors
/// An interrupt, a fit that fails, or a folder that cannot be written.
pub fn run(context: &mut Context) -> anyhow::Result<Section> {
    let source = Source::open()?;
    let Effort {
        rungs,
        fitted,
        count,
    } = effort(context.preset);
    let levels = ladder(rungs).levels();
    let seed = context.seed;
    let contenders = contenders(&source, &levels, fitted, seed, &context.interrupt)?;
    let start = start(
        &source.images.train,
        count * SEEDS as usize,
        levels[0],
        seed,
    )?;
    let mut drawn = Vec::new();
    for contender in contenders {
        let begun = Instant::now();
        let moments = draw(&source, &contender, &levels, &start, &context.interrupt)?;
        let last = moments.last().context("the ladder has no level")?;
        drawn.push(Drawn {
            contender,
            images: last.clean.clone(),
            moments,
            seconds: begun.elapsed().as_secs_f64() / SEEDS as f64,
        });
    }
    let [train, test] = [&source.images.train, &source.images.test];
    let bench = Bench::new(train, train, Some(test), count, seed)?;
    let side = bench.side;
    let nearness = compare(context, &bench, &drawn)?;
    let mut blocks = judge(context, bench, &drawn, count)?;
    blocks.extend(figures::ways(context, NAME, &drawn, side)?);
    blocks.extend(nearness);
    Ok(Section {
        title: "Generation: digits with a substrate in the decoder's place".to_owned(),
        intro: figures::INTRO.to_owned(),
        blocks,
    })
}

/// Noised images to start from (256 x count): the Gaussian with the mean and covariance of the data, and noise on top.
///
/// Noise alone would not do: strokes vary by more than the greatest noise that the U-Net knows. What the Gaussian
/// amounts to by itself is the row of "one Gaussian".
fn start(images: &ImageSet, count: usize, sigma: f64, seed: u64) -> anyhow::Result<Mat<f32>> {
    let family = stream::derive(seed, START);
    let mut start = baselines::gaussian(images.pixels.as_ref(), count, family)?;
    for image in 0..count {
        let mut draws = stream::of(family, image as u64);
        for pixel in start.col_as_slice_mut(image) {
            let normal: f64 = StandardNormal.sample(&mut draws);
            *pixel += (sigma * normal) as f32;
        }
    }
    Ok(start)
}

/// Takes all images down the ladder.
fn draw(
    source: &Source,
    contender: &Contender,
    levels: &[f64],
    start: &Mat<f32>,
    interrupt: &Interrupt,
) -> anyhow::Result<Vec<Moment>> {
    let count = start.ncols();
    let progress = Progress::new(&contender.title, (levels.len() * count) as u64);
    let moments = descend(levels, start.clone(), |place, noisy| {
        let mut clean = Mat::zeros(noisy.nrows(), count);
        for first in (0..count).step_by(TOGETHER) {
            interrupt.check()?;
            let some = TOGETHER.min(count - first);
            let noisy = noisy.subcols(first, some);
            let decoding = &contender.decodings[place];
            let guess = decoding.denoise(&source.network, noisy, levels[place])?;
            clean.as_mut().subcols_mut(first, some).copy_from(&guess);
            progress.advance(some as u64);
        }
        Ok(clean)
    })?;
    progress.finish();
    Ok(moments)
}

/// How far from the U-Net's images each contender's are that started from the same noise.
fn compare(context: &mut Context, bench: &Bench, drawn: &[Drawn]) -> anyhow::Result<Vec<Block>> {
    let own = drawn
        .iter()
        .find(|drawn| drawn.contender.id == UNET)
        .context("the U-Net itself has drawn nothing")?;
    let count = own.images.ncols();
    let others = Mat::from_fn(own.images.nrows(), count, |pixel, image| {
        own.images[(pixel, (image + 1) % count)]
    });
    let read = bench.read(&own.images)?;
    let alike = |images: &Mat<f32>| {
        let pairs = bench.read(images)?.into_iter().zip(&read);
        let same = pairs.filter(|(one, other)| one == *other).count();
        anyhow::Ok(same as f64 / count as f64)
    };
    let apart = |one: &Mat<f32>, other: &Mat<f32>| mean_squared_error(one.as_ref(), other.as_ref());
    let elsewhere = "images of the U-Net from other noise";
    let (apart_elsewhere, alike_elsewhere) = (apart(&others, &own.images), alike(&others)?);
    let mut curve = Vec::new();
    for drawn in drawn.iter().filter(|drawn| drawn.contender.id != UNET) {
        let id = |figure| figures::id(NAME, drawn.contender.id, figure);
        let difference = Entry::new(&id("difference"), apart(&drawn.images, &own.images))
            .unit("squared error per pixel")
            .lower()
            .n(count)
            .baseline(elsewhere, apart_elsewhere);
        context.recorder.record(difference)?;
        let same = Entry::new(&id("same_digit"), alike(&drawn.images)?)
            .unit("1")
            .higher()
            .n(count)
            .baseline(elsewhere, alike_elsewhere);
        context.recorder.record(same)?;
        if drawn.contender.id != SUBSTRATE {
            continue;
        }
        for (level, (moment, own)) in drawn.moments.iter().zip(&own.moments).enumerate() {
            let value = apart(&moment.clean, &own.clean);
            let entry = Entry::new(&format!("{NAME}.level_{level}.difference"), value)
                .unit("squared error per pixel")
                .lower()
                .n(count)
                .reference("noise level", moment.sigma);
            context.recorder.record(entry)?;
            curve.push((moment.sigma, value));
        }
    }
    Ok(vec![
        Block::Lines(figures::apart(curve, apart_elsewhere)),
        Block::Table(figures::differences(NAME, drawn)),
    ])
}

/// Judges, keeps and shows what was drawn.
fn judge(
    context: &mut Context,
    bench: Bench,
    drawn: &[Drawn],
    count: usize,
) -> anyhow::Result<Vec<Block>> {
    let side = bench.side;
    let mut grids = vec![exhibit::grid(&bench.shown, "real digits", side)];
    let mut rows = Vec::new();
    for one in drawn {
        let Contender { id, title, .. } = &one.contender;
        let samples = (0..SEEDS as usize).map(|sample| one.images.subcols(sample * count, count));
        let cards: Vec<ClassScorecard> = samples
            .map(|images| bench.judging.score(images))
            .collect::<Result<_, _>>()?;
        rows.push(Row::of(id, title, &cards, count, one.seconds)?);
        let piece = Piece {
            id: if *id == SUBSTRATE { "samples" } else { id },
            title,
            images: &one.images,
            side,
        };
        exhibit::keep(context, NAME, &piece)?;
        exhibit::show(NAME, &piece);
        grids.push(exhibit::grid(&one.images, title, side));
    }
    rows.splice(0..0, bench.baselines);
    judged::record(context, NAME, &rows)?;
    let against = "images that nothing was fitted to";
    let comparison = judged::comparison(NAME, against, &rows);
    Ok(vec![
        Block::Row(grids.into_iter().map(Block::Digits).collect()),
        Block::Comparison(comparison),
    ])
}

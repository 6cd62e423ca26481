//! The digit experiments: make the networks, draw, judge, and show.

use std::collections::BTreeMap;

use faer::Mat;

use super::recipes::{Artist, Couplings, Efforts, Kitchen, Recipe};
use super::{exact, local};
use crate::data::{self, Split};
use crate::experiments::Context;
use crate::export::npy;
use crate::judging::{Better, Judge, Judging, Scorecard, baselines};
use crate::progress::human;
use crate::report::{
    Axis, Block, Comparison, DigitGrid, Frame, LinePlot, Section, Series, Strip, png, terminal,
};
use crate::results::{Entry, Preset};

/// Sampling seeds that every figure is averaged over.
const SEEDS: u64 = 3;
const CLASSES01: [u8; 2] = [0, 1];
/// Parameters of a slice of the 12 x 12 network in arXiv 2506.19136.
const PUBLISHED_PARAMETERS: f64 = 19_854.0;

/// One digit experiment.
struct Study {
    name: &'static str,
    title: &'static str,
    intro: String,
    split: Split,
    /// All ten classes, for the judge.
    judge_on: Split,
    classes: Vec<u8>,
    recipes: Vec<Recipe>,
    couplings: Couplings,
    efforts: Efforts,
    /// Images in each judged sample.
    count: usize,
}

const PAPER: Efforts = Efforts {
    fine: (32, 0.002),
    coarse: (16, 0.003),
    rich: exact::Effort {
        draws: 8000,
        iterations: 30,
    },
    matching: local::Effort {
        updates: 6000,
        batch: 64,
        rate: 3e-3,
    },
    hidden: local::Effort {
        updates: 12_000,
        batch: 128,
        rate: 3e-3,
    },
    hidden_units: 256,
};

const QUICK: Efforts = Efforts {
    fine: (20, 0.003),
    coarse: (16, 0.003),
    rich: exact::Effort {
        draws: 4000,
        iterations: 30,
    },
    matching: local::Effort {
        updates: 1500,
        batch: 64,
        rate: 3e-3,
    },
    hidden: local::Effort {
        updates: 2500,
        batch: 64,
        rate: 3e-3,
    },
    hidden_units: 64,
};

/// Zeros and ones of the embedded digits.
///
/// # Errors
/// As [`run`].
pub fn digits01(context: &mut Context) -> anyhow::Result<Section> {
    let all = data::embedded::digits(context.seed)?;
    let study = Study {
        name: "sgm.digits01",
        title: "Zeros and ones from a small data set",
        intro:
            "144 oscillators, one for each pixel, are driven from thermal noise to a digit. The \
                training set is small (237 images of 8 x 8 pixels, enlarged), so that this runs \
                anywhere in minutes; MNIST has the figures to quote."
                .to_owned(),
        split: all.of_classes(&CLASSES01),
        judge_on: all,
        classes: CLASSES01.to_vec(),
        recipes: vec![
            Recipe::Plain,
            Recipe::ForceMatching,
            Recipe::Hidden,
            Recipe::PerClass,
        ],
        couplings: Couplings::AllToAllBilinear,
        efforts: QUICK,
        count: 500,
    };
    run(context, &study)
}

/// MNIST zeros and ones at 12 x 12.
///
/// # Errors
/// As [`run`].
pub fn mnist01(context: &mut Context) -> anyhow::Result<Section> {
    let all = data::mnist::load(&context.data)?.at_12x12();
    let study = Study {
        name: "sgm.mnist01",
        title: "MNIST zeros and ones, 12 x 12",
        intro:
            "144 oscillators, one for each pixel, are driven from thermal noise to a digit by a \
                protocol that was learned from forces. Springs between pixels cannot choose \
                between the classes; fast hidden oscillators, a label oscillator or one protocol \
                for each class can."
                .to_owned(),
        split: all.of_classes(&CLASSES01),
        judge_on: all,
        classes: CLASSES01.to_vec(),
        recipes: vec![
            Recipe::Plain,
            Recipe::ForceMatching,
            Recipe::Rich,
            Recipe::Label,
            Recipe::Hidden,
            Recipe::Best,
            Recipe::PerClass,
        ],
        couplings: Couplings::AllToAll,
        efforts: efforts(context.preset),
        count: 1000,
    };
    run(context, &study)
}

/// All ten MNIST digits, one protocol for each.
///
/// # Errors
/// As [`run`].
pub fn mnist10(context: &mut Context) -> anyhow::Result<Section> {
    let all = data::mnist::load(&context.data)?.at_12x12();
    let study = Study {
        name: "sgm.mnist10",
        title: "All ten MNIST digits, 12 x 12",
        intro: "One protocol of wells and bilinear springs for each digit.".to_owned(),
        split: all.clone(),
        judge_on: all,
        classes: (0..data::CLASSES).collect(),
        recipes: vec![Recipe::PerClass],
        couplings: Couplings::AllToAllBilinear,
        efforts: Efforts {
            fine: (24, 0.003),
            ..efforts(context.preset)
        },
        count: 1000,
    };
    run(context, &study)
}

/// MNIST zeros and ones at full size with local springs.
///
/// # Errors
/// As [`run`].
pub fn mnist28(context: &mut Context) -> anyhow::Result<Section> {
    let all = data::mnist::load(&context.data)?.at_28x28();
    let study = Study {
        name: "sgm.mnist28",
        title: "MNIST zeros and ones, 28 x 28",
        intro: "784 oscillators with springs to their neighbours only, one protocol for each \
                class. The memory that learning needs grows with parameters and states, never \
                with their product."
            .to_owned(),
        split: all.of_classes(&CLASSES01),
        judge_on: all,
        classes: CLASSES01.to_vec(),
        recipes: vec![Recipe::PerClass],
        couplings: Couplings::Shells(4),
        efforts: Efforts {
            fine: (16, 0.003),
            ..efforts(context.preset)
        },
        count: 1000,
    };
    run(context, &study)
}

const fn efforts(preset: Preset) -> Efforts {
    match preset {
        Preset::Quick => QUICK,
        Preset::Paper => PAPER,
    }
}

/// One judged way of making images.
struct Row {
    id: String,
    title: String,
    mean: Scorecard,
    deviation: Scorecard,
    seconds: f64,
}

/// Baselines, then every recipe: make, draw, judge, record.
///
/// # Errors
/// Missing data, an interrupt, a failed fit or an unwritable folder.
fn run(context: &mut Context, study: &Study) -> anyhow::Result<Section> {
    eprintln!("{}: training the judge on real digits", study.name);
    let judge = Judge::train(
        study.judge_on.train.pixels.as_ref(),
        &study.judge_on.train.labels,
    )?;
    let (train, test) = (&study.split.train, &study.split.test);
    let judging = Judging::new(
        train.pixels.as_ref(),
        test.pixels.as_ref(),
        judge,
        &study.classes,
    )?;
    let folder = context.recorder.folder().to_owned();
    let kitchen = Kitchen {
        name: study.name,
        train,
        classes: &study.classes,
        couplings: study.couplings,
        efforts: study.efforts,
        seed: context.seed,
        checkpoints: folder.join("checkpoints"),
        interrupt: context.interrupt.clone(),
    };
    let mut rows = baseline_rows(study, &judging, context.seed)?;
    let mut blocks = Vec::new();
    let mut grids = vec![DigitGrid {
        caption: "real digits".to_owned(),
        images: test.pixels.subcols(0, test.len().min(40)).to_owned(),
        rows: 4,
        cols: 10,
        side: train.side,
        scale: 4,
    }];
    let mut artists: BTreeMap<&str, Artist> = BTreeMap::new();
    for &recipe in &study.recipes {
        context.interrupt.check()?;
        let artist = kitchen.make(recipe, artists.get(Recipe::Hidden.id()))?;
        let id = variant_id(study, recipe);
        let mut cards = Vec::new();
        for seed in 0..SEEDS {
            let drawing = artist.draw(study.count, context.seed.wrapping_mul(1000) + seed)?;
            cards.push(judging.score(drawing.images.as_ref())?);
            if seed == 0 {
                let name = format!("{}.{id}", study.name);
                npy::write_images(
                    &folder.join("samples").join(format!("{name}.npy")),
                    drawing.images.as_ref(),
                    train.side,
                )?;
                let layout = png::Layout {
                    rows: 4,
                    cols: 12,
                    side: train.side,
                    scale: 4,
                };
                let picture = folder.join("images").join(format!("{name}.png"));
                png::write_grid(&picture, drawing.images.as_ref(), layout)?;
                record_drawing(context, study, id, &artist, &drawing, &judging)?;
                eprintln!("{name}, made in {}:", human(artist.seconds));
                terminal::show_digits(drawing.images.as_ref(), train.side, 10);
                grids.push(grid(&drawing.images, recipe.title(), train.side));
            }
        }
        for (index, generator) in artist.generators.iter().enumerate() {
            let suffix = if artist.generators.len() > 1 {
                format!("{id}.{}", study.classes[index])
            } else {
                id.to_owned()
            };
            let path = folder
                .join("models")
                .join(format!("{}.{suffix}.safetensors", study.name));
            generator.write(&path)?;
        }
        rows.push(Row {
            id: id.to_owned(),
            title: recipe.title().to_owned(),
            mean: Scorecard::mean(&cards)?,
            deviation: Scorecard::standard_deviation(&cards)?,
            seconds: artist.seconds,
        });
        artists.insert(recipe.id(), artist);
    }
    record_rows(context, study, &rows)?;
    blocks.push(Block::Comparison(comparison(study, &rows)));
    blocks.push(Block::Row(grids.into_iter().map(Block::Digits).collect()));
    if let Some(artist) = study.recipes.iter().rev().find_map(|recipe| {
        let artist = artists.get(recipe.id())?;
        (artist.generators.len() == 1).then_some(artist)
    }) {
        blocks.push(film(artist, context.seed, train.side)?);
    }
    for (id, artist) in artists
        .iter()
        .filter(|(_, artist)| !artist.curves.is_empty())
    {
        blocks.push(Block::Lines(curves(id, artist)));
    }
    blocks.extend(excess(context, study, &artists, &kitchen)?);
    Ok(Section {
        title: study.title.to_owned(),
        intro: study.intro.clone(),
        blocks,
    })
}

/// The full-size network is known by its springs.
const fn variant_id(study: &Study, recipe: Recipe) -> &'static str {
    match study.couplings {
        Couplings::Shells(_) => "local",
        _ => recipe.id(),
    }
}

/// What real images score, and what Gaussians do: the ceiling and the trivial baselines.
fn baseline_rows(study: &Study, judging: &Judging, seed: u64) -> anyhow::Result<Vec<Row>> {
    let train = study.split.train.pixels.as_ref();
    let labels = &study.split.train.labels;
    let count = study.count.min(study.split.train.len());
    type Draw<'a> = Box<dyn Fn(u64) -> Result<Mat<f32>, crate::judging::JudgingError> + 'a>;
    let sources: [(&str, &str, Draw<'_>); 3] = [
        (
            "real",
            "real digits (best possible)",
            Box::new(|s| baselines::real(train, count, s)),
        ),
        (
            "gaussian",
            "one Gaussian",
            Box::new(|s| baselines::gaussian(train, study.count, s)),
        ),
        (
            "gaussian_per_class",
            "one Gaussian for each class",
            Box::new(|s| baselines::gaussian_per_class(train, labels, study.count, s)),
        ),
    ];
    let mut rows = Vec::new();
    for (id, title, draw) in sources {
        let started = std::time::Instant::now();
        let mut cards = Vec::new();
        for sample in 0..SEEDS {
            cards.push(judging.score(draw(seed.wrapping_mul(1000) + sample)?.as_ref())?);
        }
        rows.push(Row {
            id: id.to_owned(),
            title: title.to_owned(),
            mean: Scorecard::mean(&cards)?,
            deviation: Scorecard::standard_deviation(&cards)?,
            seconds: started.elapsed().as_secs_f64(),
        });
    }
    Ok(rows)
}

/// The metric's name in ids.
fn metric_id(name: &str) -> &str {
    match name {
        "in_classes" => "in01",
        "confident" => "hi",
        other => other,
    }
}

fn record_rows(context: &mut Context, study: &Study, rows: &[Row]) -> anyhow::Result<()> {
    let value = |id: &str, index: usize| {
        let row = rows.iter().find(|row| row.id == id)?;
        row.mean.figures().nth(index).map(|figure| figure.value)
    };
    for row in rows {
        let spread: Vec<_> = row.deviation.figures().map(|figure| figure.value).collect();
        for (index, figure) in row.mean.figures().enumerate() {
            let id = format!("{}.{}.{}", study.name, row.id, metric_id(figure.name));
            let mut entry = Entry::new(&id, figure.value)
                .unit(if figure.name.starts_with("fd") {
                    "squared distance"
                } else {
                    "1"
                })
                .n(study.count)
                .seed(context.seed.wrapping_mul(1000))
                .seconds(row.seconds)
                .reference("standard deviation over seeds", spread[index]);
            entry = match figure.better {
                Better::Lower => entry.lower(),
                Better::Higher => entry.higher(),
            };
            for (name, baseline) in [
                ("one Gaussian", "gaussian"),
                ("one Gaussian for each class", "gaussian_per_class"),
            ] {
                if let Some(value) = value(baseline, index).filter(|_| row.id != baseline) {
                    entry = entry.baseline(name, value);
                }
            }
            if let Some(value) = value("real", index).filter(|_| row.id != "real") {
                entry = entry.best("real digits", value);
            }
            context.recorder.record(entry)?;
        }
    }
    Ok(())
}

/// Figures of one recipe besides the scorecard.
fn record_drawing(
    context: &mut Context,
    study: &Study,
    id: &str,
    artist: &Artist,
    drawing: &super::recipes::Drawing,
    judging: &Judging,
) -> anyhow::Result<()> {
    let name = format!("{}.{id}", study.name);
    let samples = drawing.images.ncols();
    let time: f64 = drawing
        .acts
        .iter()
        .flat_map(|acts| &acts.relaxation)
        .map(|entry| entry.unit_seconds)
        .sum();
    let parameters = artist.generators[0].parameters[0].len();
    for (metric, value, unit) in [
        ("train_seconds", artist.seconds, "s"),
        ("parameters_per_slice", parameters as f64, "parameters"),
        (
            "unit_time_per_sample",
            time / samples as f64,
            "units x time / (mu k0)",
        ),
    ] {
        let entry = Entry::new(&format!("{name}.{metric}"), value)
            .unit(unit)
            .n(samples);
        context.recorder.record(entry)?;
    }
    if let (Couplings::Shells(_), Some(peak)) = (study.couplings, peak_memory_mib()) {
        let entry = Entry::new(&format!("{name}.peak_memory_mib"), peak)
            .unit("MiB")
            .lower();
        context.recorder.record(entry)?;
    }
    let Some(asked) = &drawing.asked else {
        return Ok(());
    };
    let clipped = clipped(&drawing.images);
    let wanted: Vec<u8> = asked.iter().map(|&class| study.classes[class]).collect();
    let judge = judging.judge();
    let test = &study.split.test;
    let entry = Entry::new(
        &format!("{name}.accuracy"),
        judge.accuracy(clipped.as_ref(), &wanted)?,
    )
    .unit("1")
    .higher()
    .n(samples)
    .best(
        "real digits",
        judge.accuracy(test.pixels.as_ref(), &test.labels)?,
    )
    .baseline("chance", 1.0 / study.classes.len() as f64);
    context.recorder.record(entry)?;
    Ok(())
}

/// Excess loss of the learned plain network over its exact optimum, slice by slice.
fn excess(
    context: &mut Context,
    study: &Study,
    artists: &BTreeMap<&str, Artist>,
    kitchen: &Kitchen<'_>,
) -> anyhow::Result<Vec<Block>> {
    let Some(learned) = artists.get(Recipe::ForceMatching.id()) else {
        return Ok(Vec::new());
    };
    let losses = kitchen.excess(&learned.generators[0])?;
    let relative = losses.iter().map(|(_, best, found)| found / best - 1.0);
    let mean = relative.sum::<f64>() / losses.len() as f64;
    let entry = Entry::new(&format!("{}.force_matching.excess_loss", study.name), mean)
        .unit("relative")
        .lower()
        .n(losses.len())
        .best("exact optimum", 0.0);
    context.recorder.record(entry)?;
    let note = format!(
        "Learned from measured forces, the plain network ends {:.2} % above the exact optimum of its \
         denoiser error, on average over {} slices.",
        100.0 * mean,
        losses.len()
    );
    Ok(vec![
        Block::Text(note),
        Block::Lines(LinePlot {
            title: "Denoiser error of each slice".to_owned(),
            x: Axis::log("noising time s"),
            y: Axis::log("mean squared error per pixel"),
            series: vec![
                Series::line("exact optimum", losses.iter().map(|l| (l.0, l.1)).collect()).dashed(),
                Series::line(
                    "learned from forces",
                    losses.iter().map(|l| (l.0, l.2)).collect(),
                )
                .marked(),
            ],
        }),
    ])
}

fn grid(images: &Mat<f32>, title: &str, side: usize) -> DigitGrid {
    DigitGrid {
        caption: title.to_owned(),
        images: images.subcols(0, images.ncols().min(40)).to_owned(),
        rows: 4,
        cols: 10,
        side,
        scale: 4,
    }
}

fn film(artist: &Artist, seed: u64, side: usize) -> anyhow::Result<Block> {
    let schedule = &artist.generators[0].schedule;
    let slices = schedule.len();
    let stops: Vec<usize> = (1..=6)
        .map(|frame| slices * frame / 6 + frame / 6)
        .collect();
    let frames = artist.film(8, seed, &stops)?;
    let label = |stop: Option<&usize>| match stop {
        None => "noise".to_owned(),
        Some(&stop) if stop > slices => "cooled".to_owned(),
        Some(&stop) => format!("s = {:.3}", schedule[stop - 1].clean),
    };
    let labels = std::iter::once(label(None)).chain(stops.iter().map(|stop| label(Some(stop))));
    let frames = labels
        .zip(frames)
        .map(|(label, images)| Frame { label, images });
    Ok(Block::Strip(Strip {
        caption: "Eight samples being drawn: time runs from noise to digit.".to_owned(),
        frames: frames.collect(),
        side,
        scale: 4,
    }))
}

fn curves(id: &str, artist: &Artist) -> LinePlot {
    LinePlot {
        title: format!("Learning curves of some slices ({})", id.replace('_', " ")),
        x: Axis::linear("updates"),
        y: Axis::log("mean squared error per pixel"),
        series: artist
            .curves
            .iter()
            .map(|(label, points)| Series::line(label, points.clone()))
            .collect(),
    }
}

fn comparison(study: &Study, rows: &[Row]) -> Comparison {
    let metrics: Vec<&str> = rows.first().map_or_else(Vec::new, |row| {
        row.mean
            .figures()
            .map(|figure| metric_id(figure.name))
            .collect()
    });
    let caption = format!(
        "Judged on {} images, mean of {SEEDS} sampling seeds. in01: share that a ten-class judge \
         takes for a wanted digit; hi: the same with p > .9; fd: Frechet distance to the test \
         images.",
        study.count
    );
    rows.iter()
        .fold(Comparison::new(&caption, &metrics), |table, row| {
            let ids: Vec<_> = metrics
                .iter()
                .map(|metric| format!("{}.{}.{metric}", study.name, row.id))
                .collect();
            table.row(&row.title, &ids)
        })
}

fn clipped(images: &Mat<f32>) -> Mat<f32> {
    Mat::from_fn(images.nrows(), images.ncols(), |unit, image| {
        images[(unit, image)].clamp(-1.0, 1.0)
    })
}

/// Largest resident memory of this process so far, where the system tells (Linux).
fn peak_memory_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024.0)
}

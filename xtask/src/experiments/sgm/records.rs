//! What a digit experiment writes into `results.json`.

use std::collections::BTreeMap;

use faer::Mat;

use super::artist::{Artist, Drawing};
use super::recipes::{Couplings, Kitchen, Recipe};
use super::study::{Row, Study};
use crate::experiments::Context;
use crate::judging::{Better, Judging};
use crate::report::{Axis, Block, LinePlot, Series};
use crate::results::Entry;

/// Parameters of a slice of the 12 x 12 network in arXiv 2506.19136.
const PUBLISHED_PARAMETERS: f64 = 19_854.0;

/// The metric's name in ids.
pub fn metric_id(name: &str) -> &str {
    match name {
        "in_classes" => "in01",
        "confident" => "hi",
        other => other,
    }
}

/// The scorecard of every row, each figure beside the baselines and the ceiling.
///
/// # Errors
/// If a figure is not finite.
pub fn rows(context: &mut Context, study: &Study, rows: &[Row]) -> anyhow::Result<()> {
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
                .n(row.count)
                .seed(context.seed)
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
///
/// # Errors
/// If a figure is not finite.
pub fn drawing(
    context: &mut Context,
    study: &Study,
    id: &str,
    artist: &Artist,
    drawing: &Drawing,
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
        let mut entry = Entry::new(&format!("{name}.{metric}"), value)
            .unit(unit)
            .n(samples);
        if metric == "parameters_per_slice" && id == Recipe::Rich.id() {
            entry = entry.published(PUBLISHED_PARAMETERS);
        }
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
///
/// # Errors
/// If the learned network is not the plain one.
pub fn excess(
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

//! What a digit experiment shows in the report.

use faer::Mat;

use super::artist::Artist;
use super::recipes::Recipe;
use super::records::metric_id;
use super::study::{Row, SEEDS, Study};
use crate::report::{Axis, Block, Comparison, DigitGrid, Frame, LinePlot, Series, Strip, Table};

/// The first forty images.
pub fn grid(images: &Mat<f32>, title: &str, side: usize) -> DigitGrid {
    DigitGrid {
        caption: title.to_owned(),
        images: images.subcols(0, images.ncols().min(40)).to_owned(),
        rows: 4,
        cols: 10,
        side,
        scale: 4,
    }
}

/// Eight samples from noise to digit.
///
/// # Errors
/// If the dynamics fail.
pub fn film(artist: &Artist, seed: u64, side: usize) -> anyhow::Result<Block> {
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
        caption: "Eight samples drawn by the hidden oscillators: time runs from noise to digit."
            .to_owned(),
        frames: frames.collect(),
        side,
        scale: 4,
    }))
}

/// Learning curves of a locally trained network.
pub fn curves(id: &str, artist: &Artist) -> LinePlot {
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

/// All rows judged by all metrics.
pub fn comparison(study: &Study, rows: &[Row]) -> Comparison {
    let metrics: Vec<&str> = rows.first().map_or_else(Vec::new, |row| {
        row.mean
            .figures()
            .map(|figure| metric_id(figure.name))
            .collect()
    });
    let caption = format!(
        "Judged on {} images, mean of {SEEDS} sampling seeds. in01: share that a ten-class judge \
         takes for a wanted digit; hi: the same with p > .9; fd: squared Frechet distance to the \
         test images.",
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

/// One network beside the trivial baselines, the best possible and, where there is one, the
/// published figure.
pub fn headline(study: &Study, recipe: Recipe, variant: &str) -> Table {
    let id = |metric: &str| format!("{}.{variant}.{metric}", study.name);
    Table::new(&format!("In detail: {}.", recipe.title()))
        .row("taken for a wanted digit", &id("in01"))
        .row("the same with p > .9", &id("hi"))
        .row("Frechet distance, pixels", &id("fd_pixels"))
        .row("coverage", &id("coverage"))
        .row("parameters of a slice", &id("parameters_per_slice"))
        .row("seconds to make it", &id("train_seconds"))
}

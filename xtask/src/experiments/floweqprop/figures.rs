//! What the experiments of this system show in the report.

use faer::Mat;
use overdamped_learn::Milestone;

use super::drawing::Way;
use super::judged::Row;
use super::loss::Floors;
use crate::judging::ClassScorecard;
use crate::report::{Axis, Comparison, DigitGrid, LinePlot, Series, Table};

/// What the first section says.
pub const INTRO: &str = "64 pixels on springs, coupled to twice 128 hidden units, learn the velocity that turns noise \
     into digits: anchored at a place, the network pulls its pixels away, and the displacement is \
     the velocity. Training needs the network at rest, nudged a little to either side, and the \
     product of what each pair of neighbours passes on. No error is carried back by a computer.\n\n\
     Beyond T = 1, where training ends, walking on sharpens the digits and then empties the rarer \
     shapes: precision rises, recall falls. The Gaussian rows say what is already had without any \
     network.";

/// The ways to draw beside the plain one, as (id, title, way, flow times).
pub fn ways(quick: bool, horizons: &[f64]) -> Vec<(String, String, Way, &[f64])> {
    const SHORT: &[f64] = &[1.2];
    const LONG: &[f64] = &[1.4];
    let mut ways = vec![(
        String::new(),
        "by the spring".to_owned(),
        Way::Spring,
        horizons,
    )];
    // The quick preset has time for one of them.
    let anchors: &[usize] = if quick { &[12] } else { &[36, 12, 6] };
    for &anchors in anchors {
        let title = format!("{anchors} anchors, no integrator, T = 1.2");
        ways.push((
            format!("reanchor.{anchors}"),
            title,
            Way::Reanchored(anchors),
            SHORT,
        ));
    }
    if !quick {
        let title = "by the slope of the energy, T = 1.2".to_owned();
        ways.push(("energy_mode".to_owned(), title, Way::Energy, SHORT));
        for (id, temperature) in [("kt_0_03", 0.03), ("kt_0_1", 0.1)] {
            let title = format!("T = 1.4, in a bath of kT = {temperature} from 1 to 1.3");
            ways.push((
                format!("thermal.{id}"),
                title,
                Way::Thermal(temperature),
                LONG,
            ));
        }
    }
    ways
}

/// 1.2 becomes `t1_2`.
pub fn horizon_id(horizon: f64) -> String {
    format!("t{horizon:.1}").replace('.', "_")
}

/// The first forty images.
pub fn grid(images: &Mat<f32>, title: &str, side: usize) -> DigitGrid {
    DigitGrid {
        caption: title.to_owned(),
        images: images.subcols(0, images.ncols().min(40)).to_owned(),
        rows: 4,
        cols: 10,
        side,
        scale: if side > 16 { 2 } else { 5 },
    }
}

/// Losses and times.
pub fn training_table(name: &str, timed: bool, reached: bool) -> Table {
    let id = |what: &str| format!("{name}.{what}");
    let mut table = Table::new(
        "Training: the loss is the mean squared error of the velocity per pixel, on fresh pairs.",
    )
    .row("parameters", &id("parameters"))
    .row("loss before training", &id("loss.initial"))
    .row("loss after training", &id("loss.final"));
    if timed {
        table = table.row("seconds of training", &id("train_seconds"));
    }
    table = table.row(
        "seconds of the published recipe, here",
        &id("published_recipe_seconds"),
    );
    if timed && reached {
        table = table.row(
            "faster to the published loss",
            &id("speed_vs_published_recipe"),
        );
    }
    table
}

/// Loss against time, between its floors.
pub fn loss_curve(curve: Vec<(f64, f64)>, floors: &Floors, published: f64) -> LinePlot {
    let end = curve.last().map_or(1.0, |point| point.0);
    let level =
        |label: &str, value: f64| Series::line(label, vec![(0.0, value), (end, value)]).dashed();
    LinePlot {
        title: "Loss on fresh pairs".to_owned(),
        x: Axis::linear("seconds of training"),
        y: Axis::log("mean squared error per pixel"),
        series: vec![
            Series::line("here", curve).marked(),
            level("constant velocity", floors.constant),
            level("best linear function", floors.linear),
            level("paper, after an hour on a GPU", published),
        ],
    }
}

/// How far from rest free phases were left.
pub fn residuals(history: &[Milestone]) -> LinePlot {
    let points = history
        .iter()
        .filter_map(|milestone| Some((milestone.update as f64, milestone.residual?.max(1e-9))));
    LinePlot {
        title: "Residual force of the free phase during training".to_owned(),
        x: Axis::linear("updates"),
        y: Axis::log("largest force of a chain, 99 % quantile"),
        series: vec![Series::line("worst batch of a round", points.collect()).marked()],
    }
}

/// All rows judged by all metrics.
pub fn comparison(name: &str, rows: &[Row]) -> Comparison {
    let metrics: Vec<&str> = rows.first().map_or_else(Vec::new, |row| {
        row.mean.figures().map(|figure| figure.name).collect()
    });
    let count = rows.last().map_or(0, |row| row.count);
    let caption = format!(
        "{count} images, mean of {} sampling seeds. Agreement: share of images that two classifiers \
         read alike; nearest: distance to the nearest real image; neighbours are looked for among \
         pixels (k = 5).",
        super::judged::SEEDS
    );
    rows.iter()
        .fold(Comparison::new(&caption, &metrics), |table, row| {
            let ids: Vec<_> = metrics
                .iter()
                .map(|metric| format!("{name}.{}.{metric}", row.id))
                .collect();
            table.row(&row.title, &ids)
        })
}

/// What a longer walk gains and loses.
pub fn horizon_plot(sweep: &[(f64, ClassScorecard)]) -> LinePlot {
    let series = |label: &str, value: fn(&ClassScorecard) -> f64| {
        let points = sweep.iter().map(|(horizon, card)| (*horizon, value(card)));
        Series::line(label, points.collect()).marked()
    };
    LinePlot {
        title: "Beyond the horizon of training".to_owned(),
        x: Axis::linear("flow time T"),
        y: Axis::linear("share"),
        series: vec![
            series("precision", |card| card.precision),
            series("recall", |card| card.recall),
            series("coverage", |card| card.coverage),
            series("agreement", |card| card.agreement),
        ],
    }
}

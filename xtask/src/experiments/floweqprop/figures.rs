//! What the experiments of this system show in the report.

use overdamped_learn::Milestone;

use super::drawing::Shown;
use super::loss::Floors;
use crate::judging::ClassScorecard;
use crate::report::{Axis, LinePlot, Series, Table};

/// What the first section says.
pub const INTRO: &str = "64 pixels on springs, coupled to twice 128 hidden units, learn the velocity that turns noise \
     into digits: anchored at a place, the network pulls its pixels away, and the displacement is \
     the velocity. Training needs the network at rest, nudged a little to either side, and the \
     product of what each pair of neighbours passes on. No error is carried back by a computer.\n\n\
     Training ends at T = 1, and the walk may go on. Does it sharpen the digits, and what does it \
     cost? The Gaussian rows say what is had without any network.";

/// The ways to draw of the main experiment.
pub fn ways(quick: bool) -> Vec<Shown> {
    if quick {
        return vec![Shown::spring(&[1.0, 1.2, 1.4]), Shown::reanchored(12)];
    }
    let horizons = [1.0, 1.1, 1.2, 1.3, 1.4, 1.6, 1.8, 2.0];
    let mut ways = vec![Shown::spring(&horizons)];
    ways.extend([36, 12, 6].map(Shown::reanchored));
    ways.push(Shown::energy());
    ways.extend([0.03, 0.1].map(Shown::thermal));
    ways
}

/// Losses and times, as far as they were recorded.
pub fn training_table(name: &str, has: impl Fn(&str) -> bool) -> Table {
    let caption = "Training: the loss is the mean squared error of the velocity per pixel, on fresh \
                   pairs. The seconds of the published recipe are computed from three of its updates; \
                   that it would reach its published loss is the paper's word.";
    let rows = [
        ("parameters", "parameters"),
        ("loss before training", "loss.initial"),
        ("loss after training", "loss.final"),
        ("seconds of training", "train_seconds"),
        (
            "seconds of the published recipe, here",
            "published_recipe_seconds",
        ),
        ("loss after a shorter training", "short.loss"),
        ("seconds of it", "short.train_seconds"),
        ("faster to the published loss", "speed_vs_published_recipe"),
    ];
    let rows = rows.map(|(label, what)| (label, format!("{name}.{what}")));
    let known = rows.iter().filter(|(_, id)| has(id));
    known.fold(Table::new(caption), |table, (label, id)| {
        table.row(label, id)
    })
}

/// Loss against updates, between its floors.
pub fn loss_curve(curve: Vec<(f64, f64)>, floors: &Floors, published: f64) -> LinePlot {
    let end = curve.last().map_or(1.0, |point| point.0);
    let level =
        |label: &str, value: f64| Series::line(label, vec![(0.0, value), (end, value)]).dashed();
    LinePlot {
        title: "Loss on fresh pairs".to_owned(),
        x: Axis::linear("updates"),
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

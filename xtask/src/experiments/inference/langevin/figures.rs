//! What the experiment shows.

use super::averaging::{Law, Sampling, Tally};
use crate::report::{Axis, LinePlot, Series};

/// What the section says.
pub const INTRO: &str = "A linear solve is not a substrate. Here the encoder is held, and the engine lets the decoder shake in its bath: \
     a reading is a sample of N(K^-1 b, kT K^-1), and the state at rest, which is what a solve would give, is its mean. Is the sampled law the one \
     that it should be? How many samples does a good mean take, or how cold must the bath be for one to do? And how long must one wait?";

/// What is said of the equilibrium.
pub const EQUILIBRIUM: &str = "Sampled states against the law, in its own modes: the means alone would not show a wrong temperature, a \
     missing coupling or noise that is not normal.";

/// What is said of averages.
pub const SAMPLES: &str = "The mean of n samples is off by a squared error of kT tr K^-1 / n in the mean, with the trace over the units that are read, so \
     that 1 / cos^2 - 1 = kT tr K^-1 / (n |y|^2): only kT / n counts, and what is gained by a colder bath (or by stiffness and couplings \
     that are stronger by one factor) need not be gained by samples. Cosines are raw, against the state at rest; R^2 is about the training mean.";

/// What is said of time.
pub const TIME: &str = "The slowest mode sets the pace, twice: it is the last to come to rest, and the last to forget a \
     sample.";

/// Cosine and R^2 against n. R^2 far below zero says nothing more than that; it is shown from zero on.
pub fn against_samples(curve: &[(Sampling, Tally, Law)]) -> LinePlot {
    let points = |of: &dyn Fn(&Tally, &Law) -> f64| -> Vec<(f64, f64)> {
        let all = curve
            .iter()
            .map(|(sampling, tally, law)| (sampling.samples() as f64, of(tally, law)));
        all.filter(|point| point.1 >= 0.0).collect()
    };
    let series = [
        Series::line("raw cosine", points(&|tally, _| tally.cosine())).marked(),
        Series::line("law of the cosine", points(&|_, law| law.cosine)).dashed(),
        Series::line("R^2", points(&|tally, _| tally.r2())).marked(),
        Series::line("law of R^2", points(&|_, law| law.r2)).dashed(),
    ];
    let shown = series
        .into_iter()
        .filter(|series| !series.points.is_empty());
    LinePlot {
        title: "The mean of n samples against the state at rest, kT = 1".to_owned(),
        x: Axis::log("samples n"),
        y: Axis::linear("raw cosine, R^2"),
        series: shown.collect(),
    }
}

/// The cosine of one sample against kT, from (kT, measured, law).
pub fn against_temperature(points: &[(f64, f64, f64)]) -> LinePlot {
    let each = |of: &dyn Fn(&(f64, f64, f64)) -> f64| {
        points.iter().map(|point| (point.0, of(point))).collect()
    };
    LinePlot {
        title: "One sample against the state at rest".to_owned(),
        x: Axis::log("kT, in units of stiffness x activation^2"),
        y: Axis::linear("raw cosine"),
        series: vec![
            Series::line("one sample of each patch", each(&|point| point.1)).marked(),
            Series::line("law", each(&|point| point.2)).dashed(),
        ],
    }
}

/// Distance from rest against time, as measured, in closed form, and as the slowest mode alone would have it.
pub fn decay(points: &[(f64, f64)], exact: Vec<(f64, f64)>, gap: f64) -> LinePlot {
    let alone = points.iter().map(|&(time, _)| (time, (-gap * time).exp()));
    LinePlot {
        title: "The mean of the ensemble on its way to rest".to_owned(),
        x: Axis::linear("time, in 1 / (mobility x stiffness)"),
        y: Axis::log("distance from rest, over that at the start"),
        series: vec![
            Series::line("measured", points.to_vec()),
            Series::line("closed form, all modes", exact).dashed(),
            Series::line("exp(-gap t)", alone.collect()).dashed(),
        ],
    }
}

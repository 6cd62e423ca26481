//! What the experiments of training and sampling show in the report.

use overdamped_learn::Milestone;

use super::drawing::Moment;
use crate::report::{Axis, Frame, LinePlot, Series, Strip, Table};

/// What the section of the closed loop says.
pub const LOOP: &str = "A noisy image is held in the data module; the output module, tied to it by springs, and 256 hidden \
     units in quartic wells come to rest. Two nudges to either side of the error, and the products of \
     neighbouring states teach the couplings. Then the data module is let go into a bath: the spring \
     pulls at it with the score, the bath shakes it, level after level is cooled, and what comes to rest \
     in the output module is a digit of the kind that the clamped label asks for. Training and sampling are \
     relaxations of one network, and counted alike. (In training a sweep of Newton steps stands for a time of \
     one; in sampling every step is made.)";

/// What the sections of denoising say.
pub const DENOISING: &str = "How much of what a nonlinear network can do is there to be learned from nudges? All contenders learn from \
     the same images at sigma = .5, and are judged on the same noisy images of others that none has seen. The \
     Wiener filter is the best linear denoiser, and all that a network without quartic wells can become. A \
     perceptron of the same size, trained by a library with several times as many updates, says what the size \
     allows for.";

/// One way of a contest.
pub struct Line {
    /// What people read.
    pub title: String,
    /// Error after each round, if it was trained here.
    pub curve: Option<Vec<(f64, f64)>>,
    /// Error at the end.
    pub error: f64,
}

/// Errors on images held back, against updates; ways without a course are levels.
pub fn denoising(lines: Vec<Line>) -> LinePlot {
    let ends = lines.iter().filter_map(|line| line.curve.as_ref()?.last());
    let end = ends.map(|point| point.0).fold(1.0, f64::max);
    let series = lines.into_iter().map(|line| match line.curve {
        Some(curve) => Series::line(&line.title, curve),
        None => {
            let level = vec![(0.0, line.error), (end, line.error)];
            Series::line(&line.title, level).dashed()
        }
    });
    LinePlot {
        title: "Denoising images held back".to_owned(),
        x: Axis::linear("updates"),
        y: Axis::log("mean squared error per pixel"),
        series: series.collect(),
    }
}

/// Errors at the end.
pub fn errors(name: &str, rows: &[(String, String)]) -> Table {
    let starved = if name.ends_with("starved") {
        " Free phases of two sweeps and nudged ones of four: no phase comes to rest while the network learns. \
         The errors are those of its state at rest."
    } else {
        ""
    };
    let caption = format!(
        "Mean squared error per pixel on images held back, in the mean over seeds where there are several.{starved}"
    );
    rows.iter()
        .fold(Table::new(&caption), |table, (label, id)| {
            table.row(label, id)
        })
}

/// Errors at each level, as shares of the linear optimum's.
pub fn levels(curve: Vec<(f64, f64)>) -> LinePlot {
    let ends: Vec<f64> = curve.iter().map(|point| point.0).collect();
    let level = ends.iter().map(|&deviation| (deviation, 1.0)).collect();
    LinePlot {
        title: "Denoising at each level of the ladder, on the images learned from".to_owned(),
        x: Axis::log("noise level sigma"),
        y: Axis::linear("mean squared error, over that of the Wiener filter"),
        series: vec![
            Series::line("substrate, told the digit", curve).marked(),
            Series::line("Wiener filter", level).dashed(),
        ],
    }
}

/// Loss against updates.
pub fn learning(history: &[Milestone]) -> LinePlot {
    let points = history
        .iter()
        .filter_map(|milestone| Some((milestone.update as f64, milestone.loss?)));
    LinePlot {
        title: "Training".to_owned(),
        x: Axis::linear("updates"),
        y: Axis::log("weighted squared error of a round"),
        series: vec![Series::line("loss", points.collect()).marked()],
    }
}

/// Data and output modules on their way down.
pub fn descent(moments: &[Moment], side: usize) -> Strip {
    let label = |moment: &Moment| match moment.level {
        None => "start".to_owned(),
        Some(level) => format!("{level:.2}"),
    };
    Strip {
        caption: "Five samples on their way down the ladder, after each rung: the data module, shaken by its \
                  bath, and below it the output module, cold."
            .to_owned(),
        frames: moments
            .iter()
            .map(|moment| Frame {
                label: label(moment),
                images: interleaved(moment),
            })
            .collect(),
        side,
        scale: 4,
    }
}

/// Data and output of five samples in turn.
fn interleaved(moment: &Moment) -> faer::Mat<f32> {
    let samples = moment.data.ncols().min(5);
    faer::Mat::from_fn(moment.data.nrows(), 2 * samples, |pixel, image| {
        let module = if image % 2 == 0 {
            &moment.data
        } else {
            &moment.output
        };
        module[(pixel, image / 2)].clamp(-1.0, 1.0)
    })
}

/// What training and sampling ask of the substrate, as far as that was recorded.
pub fn acts(name: &str, has: impl Fn(&str) -> bool) -> Table {
    let caption = "Acts of the substrate, for the whole training and for one sampled digit (parameters: for all). States are those of single \
                   units; time is the sum over units and chains, cold and warm.";
    let rows = [
        ("read as the digit asked for", "accuracy"),
        ("parameters", "parameters"),
        ("seconds of training", "train_seconds"),
        ("training: units x time", "training.unit_time"),
        ("training: states written", "training.states_written"),
        ("training: states read", "training.states_read"),
        ("training: drives written", "training.drives_written"),
        (
            "training: parameters written",
            "training.parameters_written",
        ),
        ("one digit: units x time", "sampling.unit_time"),
        ("one digit: states written", "sampling.states_written"),
        ("one digit: states read", "sampling.states_read"),
        (
            "all digits: parameters written",
            "sampling.parameters_written",
        ),
    ];
    let rows = rows.map(|(label, what)| (label, format!("{name}.{what}")));
    let known = rows.iter().filter(|(_, id)| has(id));
    known.fold(Table::new(caption), |table, (label, id)| {
        table.row(label, id)
    })
}

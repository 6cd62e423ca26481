//! What the report shows of the audit.

use overdamped_conditioning::Definition;

use super::judged::Judged;
use super::records::{Inputs, over_controls};
use super::system::RANK;
use super::ways::{CONTROLS, Findings};
use super::{NAME, PUBLISHED};
use crate::report::{Axis, Block, Comparison, LinePlot, Series, Table};

/// The ways as rows, numbered as in the plot.
pub fn comparison(inputs: Inputs, found: &Findings, images: usize) -> Comparison {
    let shown = match inputs {
        Inputs::Digits => "images held back",
        Inputs::Noise => "images of nothing but noise",
    };
    let caption = format!(
        "Pooled activations of {images} {shown}. Raw: of the vectors as they are. Normalised: one mean over all units \
         and images taken off, as the published code does. Centred: each unit's training mean taken off. R^2: share of the \
         squared deviation from the training mean that is predicted. The random skip is the mean of {CONTROLS}."
    );
    let columns = ["raw cosine", "normalised", "centred", "R^2"];
    let rows = found.ways.iter().enumerate();
    rows.fold(Comparison::new(&caption, &columns), |table, (at, way)| {
        let ids = way.judged.figures();
        let ids = ids.map(|(what, _)| inputs.id(way.id, what));
        table.row(&format!("{}: {}", at + 1, way.title), &ids)
    })
}

/// Three cosines of every way.
pub fn plot(found: &Findings) -> LinePlot {
    let series = |label: &str, of: fn(&Judged) -> f64| {
        let ways = found.ways.iter().enumerate();
        let points = ways.map(|(at, way)| ((at + 1) as f64, of(&way.judged)));
        Series::line(label, points.collect()).marked()
    };
    LinePlot {
        title: "Three cosines of the same predictions".to_owned(),
        x: Axis::linear("row of the table"),
        y: Axis::linear("cosine with the U-Net's activations"),
        series: vec![
            series("raw", |judged| judged.raw),
            series("normalised as published", |judged| judged.normalised),
            series("centred unit by unit", |judged| judged.centred),
        ],
    }
}

/// Skip, interface and barrier.
pub fn tables() -> Vec<Block> {
    let id = |what: &str| format!("{NAME}.{what}");
    let parts = Table::new("What the skip moves, and what the interface takes.")
        .row("shift |dy| / |d| by the skip", &id("published.shift"))
        .row(
            "share of the squared error that it removes",
            &id("published.shift_gain"),
        )
        .row(
            "cosine of its shift with what is missing",
            &id("published.shift_alignment"),
        )
        .row(
            "smallest eigenvalue of the system",
            &id("published.smallest_eigenvalue"),
        )
        .row("weights of the interface", &id("interface.parameters"))
        .row("its multiply-accumulates", &id("interface.macs"));
    let barriers = Comparison::new(
        "The conditioning barrier by every definition, for digits and for images of nothing but noise. Skip: J = J_skip, b = B d. \
         Within: J = J_e, b = A x. rms and std are over all units and images, std_n between images.",
        &["skip", "within", "skip, noise", "within, noise"],
    );
    let barriers = Definition::ALL.iter().fold(barriers, |table, definition| {
        let name = definition.name();
        let ids = [Inputs::Digits, Inputs::Noise].map(|inputs| {
            let within = format!("within.{name}");
            [inputs.barrier(name), inputs.barrier(&within)]
        });
        let ids = ids.concat();
        table.row(&format!("{name}: {}", definition.formula()), &ids)
    });
    let [digits, noise] = [Inputs::Digits, Inputs::Noise].map(|inputs| inputs.barrier("thermal"));
    let thermal = [digits, String::new(), noise, String::new()];
    let barriers = barriers.row("thermal noise / signal of one sample", &thermal);
    vec![Block::Table(parts), Block::Comparison(barriers)]
}

/// What the figures mean, in words that follow from them.
pub fn text(digits: &Findings, noise: &Findings, fitted: usize, sigma: f32) -> String {
    let of = |found: &Findings, id| found.way(id).copied().unwrap_or_default();
    let [mean, full, coded, ridge] = WAYS.map(|id| of(digits, id));
    let [flat, on_noise, coded_on_noise, _] = WAYS.map(|id| of(noise, id));
    let cosines = format!(
        "Pooling leaves one number for each channel and image, and part of it is the same for every image. The mean of {fitted} \
         training images, which looks at no image at all, has a raw cosine of {:.4} with the activations of noised digits held \
         back (sigma = {sigma}), {} the published {PUBLISHED}; the published pipeline has {:.4} here, and {:.4} with the biases \
         and the training of its code. That code shows the network nothing but normal noise, and there the mean has {:.4}, \
         {} the published figure, and the pipeline {:.4} and {:.4}. The normalisation of the code takes one mean off all units \
         together and leaves what tells units apart: the mean then scores {:.4} on digits and {:.4} on noise. Once each unit's \
         training mean is taken off, the mean has nothing left. The pipeline then has a cosine of {:.3} on digits ({:.3} as \
         coded) and an R^2 of {:.3} ({:.3}), where zero is what the mean has; linear regression of d on x has {:.3} and {:.3}.",
        mean.raw,
        beside_published(mean.raw),
        full.raw,
        coded.raw,
        flat.raw,
        beside_published(flat.raw),
        on_noise.raw,
        coded_on_noise.raw,
        mean.normalised,
        flat.normalised,
        full.centred,
        coded.centred,
        full.r2,
        coded.r2,
        ridge.centred,
        ridge.r2,
    );
    let (random, _) = over_controls(&digits.random);
    let [least, _] = digits.extremes;
    let solved = if least > 0.0 {
        "is positive definite: a substrate does rest at the solution"
    } else {
        "is indefinite: the solution is a saddle, at which no substrate rests"
    };
    let skip = format!(
        "The skip of rank {RANK} is made of weights alone, and which sign goes with which pair of eigenvectors is a matter of \
         convention. Under the drives A x and B d the decoder would be exact without a skip, so that the published measure of its \
         effect, a shift of {:.1} % of the state, measures an error; random skips of the same singular values shift by {:.1} %. \
         The oracle that is exact is M (x, d), which knows of the skip. Behind the learned interface the published skip {}, \
         a random one, in the mean, {}. The system of both modules {solved} (smallest eigenvalue {least:.3}).",
        100.0 * digits.shift.relative,
        100.0 * random[0],
        changes(digits.shift.gain),
        changes(random[1]),
    );
    format!(
        "{cosines}\n\n{skip}\n\nThe couplings inside a module tie units of pooled activations by weights that are numbered by \
         input and tap, and the skip enters the system with a plus sign; both are kept. What differs from the published setting: \
         the U-Net has 64 channels in its outer blocks, where 64 of 128 are taken; it is told the noise; and it was trained on \
         digits of 16 x 16 pixels at all noise levels, which in the published code is an option, for one level."
    )
}

/// The ways that the words are about.
const WAYS: [&str; 4] = [
    "mean",
    "published",
    "published.as_coded",
    "published.beside.ridge",
];

/// Where a cosine lies.
fn beside_published(cosine: f64) -> &'static str {
    match cosine - PUBLISHED {
        above if above >= 0.0 => "above",
        near if near >= -0.01 => "within .01 of",
        _ => "more than .01 below",
    }
}

/// What a skip of this gain does to the error.
fn changes(gain: f64) -> String {
    if gain < 0.0 {
        format!("multiplies the squared error by {:.2}", 1.0 - gain)
    } else {
        format!("removes {:.1} % of the squared error", 100.0 * gain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_follow_figures() {
        assert_eq!(beside_published(0.998), "above");
        assert_eq!(beside_published(0.981), "within .01 of");
        assert_eq!(beside_published(0.980), "more than .01 below");
        assert_eq!(changes(-3.5), "multiplies the squared error by 4.50");
        assert_eq!(changes(0.25), "removes 25.0 % of the squared error");
    }
}

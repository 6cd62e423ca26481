//! Claims 27 and 29: the digits that a flow draws, and how they change past its horizon.

use crate::claims::figures::{Cited, Missing};
use crate::claims::finding::{Finding, Verdict, percent, show};

/// Share of the way from one Gaussian to real digits from which digits are recognisable.
const RECOGNISABLE: f64 = 0.5;
/// Share of the real digits' smallest class from which no class is lost.
const NOT_LOST: f64 = 0.5;

const GAUSSIAN: &str = "one Gaussian";
const PER_CLASS: &str = "one Gaussian for each class";

const PARAMETERS: &str = "floweqprop.parameters";
const AGREEMENT: &str = "floweqprop.samples.t1_2.agreement";
const PRECISION: &str = "floweqprop.samples.t1_2.precision";
const COVERAGE: &str = "floweqprop.samples.t1_2.coverage";
const DISTANCE: &str = "floweqprop.samples.t1_2.fd";
const SMALLEST: &str = "floweqprop.samples.t1_2.smallest_class";
const NEAREST: &str = "floweqprop.samples.t1_2.nearest";
/// Ids of claim 27.
pub const DIGITS: &[&str] = &[
    PARAMETERS, AGREEMENT, PRECISION, COVERAGE, DISTANCE, SMALLEST, NEAREST,
];

/// Claim 27: recognisable digits of all classes. A Gaussian for each class is recognisable too, so that the network
/// must also cover what is real, and stay within it, better than that.
pub fn digits(cited: &Cited<'_>) -> Result<Finding, Missing> {
    let parameters = cited.value(PARAMETERS)?;
    let agreement = cited.value(AGREEMENT)?;
    let smallest = cited.value(SMALLEST)?;
    let over = |id: &str| -> Result<f64, Missing> {
        Ok(cited.value(id)? - cited.reference(id, PER_CLASS)?)
    };
    let holds = parameters == cited.published(PARAMETERS)?
        && cited.way(AGREEMENT, GAUSSIAN)? >= RECOGNISABLE
        && smallest >= NOT_LOST * cited.best(SMALLEST)?
        && over(PRECISION)? > 0.0
        && over(COVERAGE)? > 0.0;
    let metrics = [
        ("agreement", over(AGREEMENT)?),
        ("precision", over(PRECISION)?),
        ("coverage", over(COVERAGE)?),
        ("Fréchet distance", -over(DISTANCE)?),
    ];
    let list = |ahead: bool| {
        let chosen = metrics.iter().filter(|(_, over)| (*over > 0.0) == ahead);
        let names: Vec<&str> = chosen.map(|(name, _)| *name).collect();
        match names.as_slice() {
            [] => "nothing".to_owned(),
            names => names.join(" and "),
        }
    };
    let note = format!(
        "{} parameters. At T = 1.2 two readers agree on {} of samples, and the rarest class has {} of them; precision \
         is {}, coverage {}, Fréchet distance {}. One Gaussian for each class, without any network, has agreement {}, \
         precision {}, coverage {} and distance {}: the network is ahead in {}, behind in {}. Samples lie {} from \
         the nearest training image, real digits {}.",
        show(parameters),
        percent(agreement),
        percent(smallest),
        show(cited.value(PRECISION)?),
        show(cited.value(COVERAGE)?),
        show(cited.value(DISTANCE)?),
        show(cited.reference(AGREEMENT, PER_CLASS)?),
        show(cited.reference(PRECISION, PER_CLASS)?),
        show(cited.reference(COVERAGE, PER_CLASS)?),
        show(cited.reference(DISTANCE, PER_CLASS)?),
        list(true),
        list(false),
        show(cited.value(NEAREST)?),
        show(cited.best(NEAREST)?),
    );
    Ok(Finding::decided(holds, note)
        .here(agreement, "agreement of two readers")
        .here(cited.value(COVERAGE)?, "coverage")
        .floor(cited.reference(AGREEMENT, GAUSSIAN)?, GAUSSIAN)
        .floor(cited.reference(COVERAGE, GAUSSIAN)?, "its coverage")
        .floor(cited.reference(AGREEMENT, PER_CLASS)?, PER_CLASS)
        .floor(cited.reference(COVERAGE, PER_CLASS)?, "its coverage")
        .ceiling(cited.best(AGREEMENT)?, "real digits")
        .ceiling(cited.best(COVERAGE)?, "their coverage"))
}

/// Horizons of the sweep, in time and in ids.
pub const HORIZONS: &[(f64, &str)] = &[
    (1.0, "t1_0"),
    (1.1, "t1_1"),
    (1.2, "t1_2"),
    (1.3, "t1_3"),
    (1.4, "t1_4"),
    (1.6, "t1_6"),
    (1.8, "t1_8"),
    (2.0, "t2_0"),
];
/// Those of the quick preset.
pub const SHORT_HORIZONS: &[(f64, &str)] = &[(1.0, "t1_0"), (1.2, "t1_2"), (1.4, "t1_4")];
/// Ids of the sweep.
pub const SWEEP: &[&str] = &[
    "floweqprop.samples.t1_0.precision",
    "floweqprop.samples.t1_0.recall",
    "floweqprop.samples.t1_0.fd",
    "floweqprop.samples.t1_1.precision",
    "floweqprop.samples.t1_1.recall",
    "floweqprop.samples.t1_1.fd",
    "floweqprop.samples.t1_2.precision",
    "floweqprop.samples.t1_2.recall",
    "floweqprop.samples.t1_2.fd",
    "floweqprop.samples.t1_3.precision",
    "floweqprop.samples.t1_3.recall",
    "floweqprop.samples.t1_3.fd",
    "floweqprop.samples.t1_4.precision",
    "floweqprop.samples.t1_4.recall",
    "floweqprop.samples.t1_4.fd",
    "floweqprop.samples.t1_6.precision",
    "floweqprop.samples.t1_6.recall",
    "floweqprop.samples.t1_6.fd",
    "floweqprop.samples.t1_8.precision",
    "floweqprop.samples.t1_8.recall",
    "floweqprop.samples.t1_8.fd",
    "floweqprop.samples.t2_0.precision",
    "floweqprop.samples.t2_0.recall",
    "floweqprop.samples.t2_0.fd",
];
/// Those of the quick preset.
pub const SHORT_SWEEP: &[&str] = &[
    "floweqprop.samples.t1_0.precision",
    "floweqprop.samples.t1_0.recall",
    "floweqprop.samples.t1_0.fd",
    "floweqprop.samples.t1_2.precision",
    "floweqprop.samples.t1_2.recall",
    "floweqprop.samples.t1_2.fd",
    "floweqprop.samples.t1_4.precision",
    "floweqprop.samples.t1_4.recall",
    "floweqprop.samples.t1_4.fd",
];

/// Claim 29: sharper (precision) and better (distance) past the horizon, which is the first of `horizons`.
pub fn horizon(cited: &Cited<'_>, horizons: &[(f64, &str)]) -> Result<Finding, Missing> {
    let of = |metric: &str| -> Result<Vec<f64>, Missing> {
        let value =
            |(_, id): &(f64, &str)| cited.value(&format!("floweqprop.samples.{id}.{metric}"));
        horizons.iter().map(value).collect()
    };
    let (precision, recall, distance) = (of("precision")?, of("recall")?, of("fd")?);
    let last = horizons.len() - 1;
    let nearest = (0..=last).fold(0, |best, at| {
        if distance[at] < distance[best] {
            at
        } else {
            best
        }
    });
    let sharpest = (0..=last).fold(0, |best, at| {
        if precision[at] > precision[best] {
            at
        } else {
            best
        }
    });
    let time = |at: usize| horizons[at].0;
    let verdict = if precision[1..].iter().any(|later| *later <= precision[0]) {
        Verdict::NotReproduced
    } else if nearest == last {
        Verdict::Reproduced
    } else {
        let stop = if nearest == 0 {
            String::new()
        } else {
            format!(
                ", or relaxation stops soon after the horizon, here at about T = {}",
                time(nearest)
            )
        };
        Verdict::OnlyIf(format!(
            "'better' means sharper alone, and not nearer in distribution{stop}: precision is highest at T = {} ({}; \
             {} at T = {}), the Fréchet distance least at T = {}",
            time(sharpest),
            show(precision[sharpest]),
            show(precision[0]),
            time(0),
            time(nearest),
        ))
    };
    let at = |at: usize| {
        format!(
            "T = {}: {}, {}, {}",
            time(at),
            show(precision[at]),
            show(recall[at]),
            show(distance[at]),
        )
    };
    let mut shown = vec![0, nearest, sharpest, last];
    shown.sort_unstable();
    shown.dedup();
    let shown: Vec<String> = shown.into_iter().map(at).collect();
    let note = format!(
        "Precision, recall and Fréchet distance: {}.",
        shown.join("; ")
    );
    let id = format!("floweqprop.samples.{}.fd", horizons[nearest].1);
    Ok(Finding::new(verdict, note)
        .here(distance[nearest], "Fréchet distance, the best T")
        .here(distance[0], "T = 1")
        .here(distance[last], "the longest")
        .floor(cited.reference(&id, GAUSSIAN)?, GAUSSIAN)
        .floor(cited.reference(&id, PER_CLASS)?, PER_CLASS)
        .ceiling(cited.best(&id)?, "real digits"))
}

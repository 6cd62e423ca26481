//! How wrong a finite nudge is at rest: bias against its strength, measured on the substrate.
//!
//! | estimator | bias for q = 0 | for q > 0 |
//! |---|---|---|
//! | one-sided, drift-compensated | O(beta) | O(beta) |
//! | symmetric | O(beta^2) | O(beta^2) |
//! | constant force | none | O(beta^2) |
//!
//! The leading terms are those of [`overdamped_learn::theory`], without a fit.

use overdamped_learn::theory::QuadraticSystem;
use overdamped_learn::{NudgeForce, Nudging, Sides, Visited};
use overdamped_substrate::stream;
use rayon::prelude::*;

use super::PREFIX;
use super::closed_form::{self, Modules};
use super::estimate::Estimate;
use super::fit::{difference, exponent, norm, relative_error};
use super::probe::{COUPLINGS, Couplings, Digits, Network, Probe};
use crate::experiments::Context;
use crate::progress::Progress;
use crate::report::{Axis, Block, LinePlot, Series, Table};
use crate::results::Entry;

/// Chains of the batch.
const CHAINS: usize = 32;
/// Least stiffness .5, so that a symmetric nudge must stay below about .5.
const STRENGTHS: Couplings = Couplings {
    inner: 0.5,
    outer: 0.5,
    quartic: 0.0,
};
/// q of the hidden units where it is not zero.
const QUARTIC: f64 = 0.5;
/// Weakest nudge, and how many there are, each twice the one before.
const WEAKEST: f64 = 1e-4;
const NUDGES: i32 = 12;
/// Exponents are fitted to so many of the weakest, up to 6.4e-3: beyond, the next order shows.
const FITTED: usize = 7;
/// Where a bias is compared with its leading term; the caption says so.
const WEAK: f64 = 1e-3;
/// Where a constant force has to be exact.
const STRONG: f64 = 1.0;
/// Where the term of second order is looked at.
const CROSSED: f64 = 0.1;

/// Those whose bias is compared with the leading term.
const BIASED: [Estimate; 3] = [
    Estimate::OneSided,
    Estimate::Symmetric,
    Estimate::DriftCompensated,
];

/// A network at rest with its exact gradient.
struct Case {
    probe: Probe,
    rest: Visited<f64>,
    exact: Vec<f64>,
}

impl Case {
    fn new(digits: &Digits, quartic: f64, seed: u64) -> anyhow::Result<Self> {
        let couplings = Couplings {
            quartic,
            ..STRENGTHS
        };
        let probe = Probe {
            network: Network::random(couplings, stream::derive(seed, 0))?,
            batch: digits.draw(CHAINS, &mut stream::of(seed, 1)),
        };
        let rest = probe.rest()?;
        let exact = probe.exact(&rest)?;
        Ok(Self { probe, rest, exact })
    }

    /// The bias of an estimate, a gradient of the couplings.
    fn bias(&self, nudging: Nudging) -> anyhow::Result<Vec<f64>> {
        let found = self.probe.at_rest(nudging, &self.rest)?;
        Ok(difference(&found, &self.exact))
    }

    /// Its length, relative to that of the exact gradient.
    fn relative_bias(&self, nudging: Nudging) -> anyhow::Result<f64> {
        Ok(norm(&self.bias(nudging)?) / norm(&self.exact))
    }
}

/// A curve of the figure.
struct Curve {
    estimate: Estimate,
    quartic: bool,
    /// Nudge and relative bias.
    points: Vec<(f64, f64)>,
}

impl Curve {
    fn label(&self) -> String {
        let energy = if self.quartic { "quartic" } else { "quadratic" };
        format!("{}, {energy}", self.estimate.label())
    }

    /// Below the name of the experiment.
    fn id(&self) -> String {
        let quartic = if self.quartic { "quartic." } else { "" };
        format!("{PREFIX}.slope.{quartic}{}", self.estimate.id())
    }
}

/// Measures biases on the substrate, and records their exponents and how far they are from theory.
///
/// # Errors
/// An interrupt, or whatever rule and substrate report.
pub fn study(context: &mut Context, digits: &Digits) -> anyhow::Result<Vec<Block>> {
    let seed = stream::derive(context.seed, 51);
    let quadratic = Case::new(digits, 0.0, seed)?;
    let quartic = Case::new(digits, QUARTIC, seed)?;
    let curves = curves(context, &quadratic, &quartic)?;
    let mut slopes = Table::new(
        "Exponents of the bias in the nudge, from seven strengths up to .0064; what is left where theory leaves \
         nothing; and how far the bias at beta = .001 is from the closed form of its leading term.",
    );
    for curve in &curves {
        let found = exponent(&curve.points[..FITTED]);
        let order = curve.estimate.order();
        let entry = Entry::new(&curve.id(), found)
            .n(FITTED)
            .best("theory", order);
        context.recorder.record(entry)?;
        slopes = slopes.row(&format!("exponent, {}", curve.label()), &curve.id());
    }
    let id = format!("{PREFIX}.constant_force.relative_error");
    let left = quadratic.relative_bias(Nudging::constant_force(STRONG))?;
    let entry = Entry::new(&id, left)
        .unit("|g - exact| / |exact|")
        .lower()
        .n(CHAINS)
        .best("theory", 0.0);
    context.recorder.record(entry)?;
    slopes = slopes.row("relative error of a constant force at beta = 1", &id);

    let systems: anyhow::Result<Vec<QuadraticSystem>> = (0..CHAINS)
        .into_par_iter()
        .map(|chain| closed_form::system(&quadratic.probe, chain, Modules::All))
        .collect();
    let systems = systems?;
    let (slopes, predicted) = leading_terms(context, &quadratic, &systems, slopes)?;
    let crossing = crossing(context, &quadratic, &systems)?;
    Ok(vec![
        Block::Lines(figure(&curves, &predicted)),
        Block::Table(slopes),
        Block::Text(
            "Does the term of second order vanish for couplings? Of the energy, yes: a coupling is linear in either \
             module, so that no second derivative within a module and no third one enters. Of the states, only \
             if one of the two modules is clamped: a constant force to one side isolates what is left, \
             beta times the product of the two responses. It is nothing but rounding for both couplings to the data, and for \
             the coupling of two modules that move it is what theory says."
                .to_owned(),
        ),
        Block::Table(crossing),
    ])
}

/// Bias against strength.
fn curves(context: &Context, quadratic: &Case, quartic: &Case) -> anyhow::Result<Vec<Curve>> {
    let nudges: Vec<f64> = (0..NUDGES).map(|k| WEAKEST * 2.0_f64.powi(k)).collect();
    let wanted: Vec<(bool, Estimate)> = BIASED
        .map(|estimate| (false, estimate))
        .into_iter()
        .chain(Estimate::ALL.map(|estimate| (true, estimate)))
        .collect();
    let progress = Progress::new("bias of nudges", (wanted.len() * nudges.len()) as u64);
    let point = |curved: bool, estimate: Estimate, strength: f64| {
        context.interrupt.check()?;
        let case = if curved { quartic } else { quadratic };
        let bias = case.relative_bias(estimate.nudging(strength))?;
        progress.step();
        anyhow::Ok((strength, bias))
    };
    let curve = |&(curved, estimate): &(bool, Estimate)| {
        let points = nudges.par_iter();
        let points: anyhow::Result<Vec<_>> = points
            .map(|&strength| point(curved, estimate, strength))
            .collect();
        anyhow::Ok(Curve {
            estimate,
            quartic: curved,
            points: points?,
        })
    };
    let curves = wanted.iter().map(curve).collect();
    progress.finish();
    curves
}

/// Length of the leading term of an estimator at beta = 1, relative to the gradient.
type Predicted = Vec<(Estimate, f64)>;

/// Records how far measured biases are from their leading terms.
fn leading_terms(
    context: &mut Context,
    case: &Case,
    systems: &[QuadraticSystem],
    mut table: Table,
) -> anyhow::Result<(Table, Predicted)> {
    let mut predicted = Vec::new();
    for estimate in BIASED {
        let term = |system: &QuadraticSystem| -> anyhow::Result<faer::Mat<f64>> {
            Ok(system.leading_bias(estimate.in_theory(), WEAK)?)
        };
        let leading = closed_form::of_couplings(&case.probe, systems, term)?.concat();
        let measured = case.bias(estimate.nudging(WEAK))?;
        let id = format!("{PREFIX}.bias.{}.relative_error", estimate.id());
        let entry = Entry::new(&id, relative_error(&measured, &leading))
            .unit("|bias - leading| / |leading|")
            .lower()
            .n(CHAINS)
            .best("theory, to this order", 0.0);
        context.recorder.record(entry)?;
        let label = format!("bias against its leading term, {}", estimate.label());
        table = table.row(&label, &id);
        let size = norm(&leading) / norm(&case.exact) / WEAK.powf(estimate.order());
        predicted.push((estimate, size));
    }
    Ok((table, predicted))
}

/// Records what a constant force to one side is off by, coupling by coupling.
fn crossing(
    context: &mut Context,
    case: &Case,
    systems: &[QuadraticSystem],
) -> anyhow::Result<Table> {
    let nudging = Nudging {
        force: NudgeForce::Linear,
        sides: Sides::One,
        strength: CROSSED,
    };
    let found = case.bias(nudging)?;
    let second = closed_form::of_couplings(&case.probe, systems, |system| {
        let response = system.response();
        Ok(faer::Scale(-CROSSED) * (response * response.transpose()))
    })?;
    let mut table = Table::new(&format!(
        "Relative error of a constant force to one side at beta = {CROSSED}."
    ));
    let mut start = 0;
    for ((name, _), second) in COUPLINGS.iter().zip(&second) {
        let own = start..start + second.len();
        start = own.end;
        let exact = norm(&case.exact[own.clone()]);
        let id = format!("{PREFIX}.cross_term.{name}.relative_error");
        let entry = Entry::new(&id, norm(&found[own]) / exact)
            .unit("|g - exact| / |exact|")
            .n(CHAINS)
            .best("theory", norm(second) / exact);
        context.recorder.record(entry)?;
        table = table.row(&name.replace('_', " and "), &id);
    }
    Ok(table)
}

fn figure(curves: &[Curve], predicted: &Predicted) -> LinePlot {
    // At rest, drift compensation compensates for nothing: the one-sided curve again. So do weak quartic terms to
    // springs.
    let shown = |estimate| estimate != Estimate::DriftCompensated;
    let telling = |curve: &&Curve| {
        shown(curve.estimate) && curve.quartic == (curve.estimate == Estimate::ConstantForce)
    };
    let measured = curves
        .iter()
        .filter(telling)
        .map(|curve| Series::line(&curve.label(), curve.points.clone()).marked());
    let expected = predicted
        .iter()
        .filter(|(estimate, _)| shown(*estimate))
        .map(|&(estimate, size)| {
            let at = |strength: f64| (strength, size * strength.powf(estimate.order()));
            let strongest = WEAKEST * 2.0_f64.powi(NUDGES - 1);
            let label = format!("leading term, {}", estimate.label());
            Series::line(&label, vec![at(WEAKEST), at(strongest)]).dashed()
        });
    LinePlot {
        title: "Bias of nudged gradients at rest".to_owned(),
        x: Axis::log("nudge strength beta"),
        y: Axis::log("relative error of the coupling gradient"),
        series: measured.chain(expected).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(quartic: f64) -> Case {
        Case::new(&Digits::new().unwrap(), quartic, 5).unwrap()
    }

    /// The substrate against the theory, without any expansion: exact gradient, and bias at a strong nudge. Catches
    /// a coupling block taken for its transpose, a clamped module that responds, a wrong mean over chains.
    #[test]
    fn the_network_is_the_system_of_the_theory() {
        let Case { probe, rest, exact } = case(0.0);
        let systems: Vec<_> = (0..CHAINS)
            .map(|chain| closed_form::system(&probe, chain, Modules::All).unwrap())
            .collect();
        let of = |matrix: &dyn Fn(&QuadraticSystem) -> faer::Mat<f64>| {
            closed_form::of_couplings(&probe, &systems, |system| Ok(matrix(system)))
                .unwrap()
                .concat()
        };
        let expected = of(&|system| system.exact_gradient());
        assert!(relative_error(&exact, &expected) < 1e-12);
        for estimate in Estimate::ALL {
            let expected = of(&|system| system.estimate(estimate.in_theory(), 0.3).unwrap());
            let found = probe.at_rest(estimate.nudging(0.3), &rest).unwrap();
            let off = relative_error(&found, &expected);
            assert!(off < 1e-11, "{estimate:?}: {off:e}");
        }
    }

    /// With quartic sites a constant force is no longer exact: twice the nudge, four times the error.
    #[test]
    fn quartic_sites_bend_the_way_of_a_constant_force() {
        let case = case(QUARTIC);
        let [weak, strong] = [0.01, 0.02].map(|strength| {
            case.relative_bias(Nudging::constant_force(strength))
                .unwrap()
        });
        assert!((strong / weak - 4.0).abs() < 0.01, "{weak:e} {strong:e}");
    }
}

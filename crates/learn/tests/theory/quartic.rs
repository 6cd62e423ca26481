//! The third derivative of quartic sites: its share of the bound, and that it does reach the couplings.

use faer::linalg::solvers::Solve;
use faer::{Col, Mat, Scale};
use overdamped_learn::theory::QuadraticSystem;
use overdamped_learn::theory::{BiasBound, Estimator, Typical};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

/// The energy of a quadratic system with sites q z^4 / 4 on top.
struct Quartic<'a> {
    system: &'a QuadraticSystem,
    stiffness: f64,
}

impl Quartic<'_> {
    fn hessian(&self, state: &Col<f64>) -> Mat<f64> {
        let mut hessian = self.system.stiffness().to_owned();
        for unit in 0..state.nrows() {
            hessian[(unit, unit)] += 3.0 * self.stiffness * state[unit] * state[unit];
        }
        hessian
    }

    fn cost_gradient(&self, state: &Col<f64>) -> Col<f64> {
        Col::from_fn(state.nrows(), |unit| {
            let seen = f64::from(u8::from(self.system.seen()[unit]));
            seen * (state[unit] - self.system.target()[unit])
        })
    }

    /// Rest under an extra force and beta L, by Newton's method with shortened steps.
    fn rest(&self, force: &Col<f64>, strength: f64) -> Col<f64> {
        let mut state = Col::zeros(self.system.units());
        let gradient = |state: &Col<f64>| {
            let linear = self.system.stiffness() * state - self.system.drive() - force;
            let nudge = self.cost_gradient(state) * Scale(strength);
            let site = Col::from_fn(state.nrows(), |unit| self.stiffness * state[unit].powi(3));
            linear + nudge + site
        };
        for _ in 0..200 {
            let slope = gradient(&state);
            if slope.norm_l2() < 1e-13 {
                break;
            }
            let mut hessian = self.hessian(&state);
            for unit in 0..state.nrows() {
                hessian[(unit, unit)] += strength * f64::from(u8::from(self.system.seen()[unit]));
            }
            let step = hessian.partial_piv_lu().solve(&slope);
            let mut share = 1.0;
            while share > 1e-3
                && gradient(&(&state - &step * Scale(share))).norm_l2() > slope.norm_l2()
            {
                share *= 0.5;
            }
            state -= step * Scale(share);
        }
        assert!(gradient(&state).norm_l2() < 1e-10);
        state
    }
}

fn outer(a: &Col<f64>) -> Mat<f64> {
    a * a.transpose()
}

/// 1e3 systems; lambda is that of K alone, which sites only stiffen.
#[test]
fn bias_with_quartic_sites_stays_below_its_bound() {
    let mut generator = Pcg64Mcg::seed_from_u64(29);
    let mut tightest = 0.0f64;
    for seed in 0..1_000 {
        let units = generator.random_range(2..=5);
        let typical = Typical {
            units,
            seen: generator.random_range(1..=units),
            rest: generator.random_range(0.1..1.0),
            miss: generator.random_range(0.1..2.0),
            ..Typical::default()
        };
        let system = typical.system(seed).unwrap();
        let energy = Quartic {
            system: &system,
            stiffness: 10f64.powf(generator.random_range(-2.0..0.5)),
        };
        let none = Col::zeros(units);
        let rest = energy.rest(&none, 0.0);
        let slope = energy.cost_gradient(&rest);
        let response = -energy.hessian(&rest).partial_piv_lu().solve(&slope);
        let exact = -(&rest * response.transpose() + &response * rest.transpose());
        let lambda = system.smallest_stiffness();
        let strength = generator.random_range(0.001..0.9) * lambda;
        for estimator in [
            Estimator::OneSided,
            Estimator::Symmetric,
            Estimator::ConstantForce,
        ] {
            let nudged = |sign: f64| match estimator {
                Estimator::ConstantForce => energy.rest(&(&slope * Scale(-sign * strength)), 0.0),
                _ => energy.rest(&none, sign * strength),
            };
            let plus = nudged(1.0);
            let minus = nudged(-1.0);
            let (lower, width) = match estimator {
                Estimator::OneSided => (&rest, strength),
                _ => (&minus, 2.0 * strength),
            };
            let estimate = Scale(1.0 / width) * (outer(lower) - outer(&plus));
            let largest = rest.norm_max().max(plus.norm_max()).max(minus.norm_max());
            let bound = BiasBound {
                stiffness: lambda,
                rest: rest.norm_l2(),
                cost_gradient: slope.norm_l2(),
                cost_curvature: 1.0,
                third_derivative: 6.0 * energy.stiffness * largest,
            };
            let allowed = bound.of_estimate(estimator, strength).unwrap();
            let share = (estimate - &exact).norm_l2() / allowed;
            assert!(share <= 1.0, "{typical:?} {estimator}: {share}");
            tightest = tightest.max(share);
        }
    }
    assert!(tightest > 0.5, "{tightest}");
}

/// No parameter derivative of third order, but x bends: beta x_l (H^-1 E'''[v, v])^T / 2 of a constant force,
/// even beside a clamped module.
#[test]
fn third_derivatives_of_the_energy_reach_the_couplings() {
    let typical = Typical {
        units: 4,
        ..Typical::default()
    };
    let system = typical.system(3).unwrap();
    let energy = Quartic {
        system: &system,
        stiffness: 0.5,
    };
    let rest = energy.rest(&Col::zeros(4), 0.0);
    let slope = energy.cost_gradient(&rest);
    let inverse = energy.hessian(&rest).partial_piv_lu();
    let response = -inverse.solve(&slope);
    let strength = 1e-3;
    let nudged = energy.rest(&(&slope * Scale(-strength)), 0.0);
    let off = (nudged - &rest) * Scale(1.0 / strength) - &response;
    let third = Col::from_fn(4, |unit| 6.0 * 0.5 * rest[unit] * response[unit].powi(2));
    let bent = inverse.solve(&third) * Scale(-0.5 * strength);
    assert!((&off - &bent).norm_l2() < 0.01 * bent.norm_l2());
    assert!(bent.norm_l2() > 1e-5);
}

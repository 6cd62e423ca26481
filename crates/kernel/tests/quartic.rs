//! Descent in quartic wells: near the plain formulas, never uphill, and with the same bits on every path
//! and at every place in a slice.

use overdamped_kernel::quartic::{STEPS, Wells, descend};
use overdamped_kernel::{Path, Real};

/// States, and what holds each: pulls, stiffness, quartic coefficients, mobility.
#[derive(Clone)]
struct Units<T> {
    states: Vec<T>,
    held: [Vec<T>; 4],
    least_curvature: f64,
}

impl<T: Real> Units<T> {
    /// Weak and strong pulls, linear and quartic wells; every seventh unit is clamped.
    fn mixed(count: u32, least_curvature: f64) -> Self {
        let each = |value: &dyn Fn(f64) -> f64| {
            let values = (0..count).map(|i| T::nearest(value(f64::from(i))));
            values.collect::<Vec<_>>()
        };
        let states = each(&|i| 4.0 * (0.37 * i + 0.2).sin());
        let pulls = each(&|i| (3.0 * (1.3 * i).sin()).exp() * (1.91 * i + 0.2).sin());
        let stiffness = each(&|i| (2.0 * (0.71 * i).sin()).exp());
        let quartic = each(&|i| f64::from(i % 5.0 != 0.0) * (4.0 * (0.53 * i).sin()).exp());
        let mobile = each(&|i| f64::from(i % 7.0 != 0.0));
        Self {
            states,
            held: [pulls, stiffness, quartic, mobile],
            least_curvature,
        }
    }

    fn part(&self, start: usize, end: usize) -> Self {
        Self {
            states: self.states[start..end].to_vec(),
            held: self.held.each_ref().map(|all| all[start..end].to_vec()),
            ..*self
        }
    }

    fn moved(&self, path: Path, walls: T) -> Vec<T> {
        let mut states = self.states.clone();
        let [pulls, stiffness, quartic, mobile] = &self.held;
        let wells = Wells {
            pulls,
            stiffness,
            quartic,
            mobile,
            least_curvature: T::nearest(self.least_curvature),
            walls,
        };
        descend(path, &mut states, &wells);
        states
    }

    /// u, a, q and mobility of a unit.
    fn well(&self, unit: usize) -> [f64; 4] {
        self.held.each_ref().map(|all| all[unit].to_f64())
    }
}

fn energy(z: f64, [u, a, q, _]: [f64; 4]) -> f64 {
    z * (z * (0.5 * a + 0.25 * q * z * z) - u)
}

/// The plain formulas in double precision.
fn expected(z: f64, [u, a, q, mobile]: [f64; 4], least: f64) -> f64 {
    let force = |z: f64| u - a * z - q * z.powi(3);
    let curvature = |z: f64| (a + 3.0 * q * z * z).max(least);
    let first = (force(z).abs() + 0.5 * q) / (a + 0.75 * q).max(least);
    let mut d = (force(z) / curvature(z)).clamp(-first, first);
    for _ in 1..STEPS {
        d += force(z + d) / curvature(z + d);
    }
    let mean = 0.5 * a + q * (1.5 * z * z + z * d + 0.25 * d * d);
    let bound = force(z).abs() / mean.max(0.5 * least);
    z + mobile * d.clamp(-bound, bound)
}

fn check_formula<T: Real>(tolerance: f64, infinity: T) {
    for least in [1e-3, 2.0] {
        let units = Units::<T>::mixed(20_000, least);
        let free = units.moved(Path::best(), infinity);
        let walled = units.moved(Path::best(), T::nearest(1.5));
        for (unit, found) in free.iter().map(|z| z.to_f64()).enumerate() {
            let (z, well) = (units.states[unit].to_f64(), units.well(unit));
            let expected = expected(z, well, least);
            // Sizes of the terms: a force has errors as large as its terms, over the curvature.
            let scale = 1.0 + z.abs() + expected.abs() + well[0].abs() / well[1].max(least);
            let off = (found - expected).abs() / scale;
            assert!(off < tolerance, "at {z}, {well:?}: {found} for {expected}");
            if well[3] == 0.0 {
                assert_eq!(
                    [found, walled[unit].to_f64()],
                    [z; 2],
                    "a clamped unit moved"
                );
            } else {
                assert_eq!(walled[unit].to_f64(), found.clamp(-1.5, 1.5));
            }
        }
    }
}

#[test]
fn steps_are_those_of_the_plain_formula() {
    check_formula(2e-6, f32::INFINITY);
    check_formula(4e-15, f64::INFINITY);
}

/// A bare Newton iteration of as many steps ends higher than it began in some of these wells: the bound is needed.
#[test]
fn energies_never_rise_and_the_bottom_is_reached() {
    let mut units = Units::<f64>::mixed(20_000, 1e-3);
    let mut bare = 0;
    for unit in 0..20_000 {
        let (mut z, well) = (units.states[unit], units.well(unit));
        let before = energy(z, well);
        for _ in 0..STEPS {
            let [u, a, q, _] = well;
            z += (u - a * z - q * z * z * z) / (a + 3.0 * q * z * z);
        }
        bare += u32::from(energy(z, well) > before + 1e-9);
    }
    assert!(bare > 100, "{bare}");
    // Found: 40 calls for the strongest wells; all but a hundred units need eight.
    for _ in 0..60 {
        let moved = units.moved(Path::best(), f64::INFINITY);
        for (unit, (&before, &after)) in units.states.iter().zip(&moved).enumerate() {
            let well = units.well(unit);
            let [before, after] = [before, after].map(|z| energy(z, well));
            let rounding = 1e-14 * (1.0 + before.abs() + well[0] * well[0] / well[1]);
            assert!(after <= before + rounding, "{well:?}: {before} to {after}");
        }
        units.states = moved;
    }
    for (unit, z) in units.states.iter().enumerate() {
        let [u, a, q, mobile] = units.well(unit);
        let force = u - a * z - q * z * z * z;
        assert!(
            mobile * force.abs() < 1e-12 * (1.0 + u.abs()),
            "unit {unit}: {force:e}"
        );
    }
}

/// A linear unit needs one call, and no more.
#[test]
fn linear_units_are_at_rest_at_once() {
    let units = Units::<f64>::mixed(5_000, 1e-3);
    let moved = units.moved(Path::best(), f64::INFINITY);
    for unit in (0..5_000).step_by(5).filter(|unit| unit % 7 != 0) {
        let [u, a, ..] = units.well(unit);
        assert!((moved[unit] - u / a).abs() < 1e-14 * (1.0 + u / a).abs() + 1e-14);
    }
}

/// Bits, a NaN with any payload.
fn bits<T: Real>(numbers: &[T]) -> Vec<u64> {
    let wide = numbers.iter().map(|x| x.to_f64());
    wide.map(|x| if x.is_nan() { 0 } else { x.to_bits() })
        .collect()
}

fn check_bits<T: Real>(infinity: T) {
    // Seventeen chunks and a rest; two units that are lost, the first clamped, and a clamped one without a well.
    let mut units = Units::<T>::mixed(280, 0.3);
    let nan = T::from_f32(f32::NAN);
    units.states[77] = nan;
    units.states[78] = nan;
    units.held[0][7] = nan;
    units.held[1][14] = infinity;
    for walls in [infinity, T::nearest(1.5)] {
        let whole = units.moved(Path::PORTABLE, walls);
        let lost = whole
            .iter()
            .enumerate()
            .filter(|(_, z)| z.to_f64().is_nan());
        assert_eq!(lost.map(|(unit, _)| unit).collect::<Vec<_>>(), [77, 78]);
        let whole = bits(&whole);
        for path in Path::available() {
            for (start, end) in (0..=280).map(|end| (end / 3, end)).chain([(0, 280)]) {
                let part = units.part(start, end).moved(path, walls);
                assert_eq!(bits(&part), whole[start..end], "{path}, {start}..{end}");
            }
        }
    }
}

#[test]
fn every_path_and_place_gives_the_same_bits() {
    check_bits(f32::INFINITY);
    check_bits(f64::INFINITY);
}

#[test]
#[should_panic(expected = "one value for each state")]
fn each_state_needs_its_well() {
    let mut units = Units::<f32>::mixed(17, 0.3);
    units.held[1].pop();
    units.moved(Path::best(), 1.0);
}

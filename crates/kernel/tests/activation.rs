//! Activation functions: near the textbook formulas, whose slopes are those of their values; the
//! same bits on every path and at every place in a slice. Newton steps along them likewise.

use overdamped_kernel::activation::Held;
use overdamped_kernel::{Activation, Path, Real};

const SOFT: Activation = Activation::SoftSilu { bound: 10.0 };
const PLAIN: [Activation; 3] = [Activation::Identity, Activation::Tanh, Activation::Sigmoid];
const BOUNDS: [f64; 6] = [0.5, 1.0, 3.0, 10.0, 30.0, 100.0];

fn all() -> impl Iterator<Item = Activation> {
    let soft = BOUNDS.map(|bound| Activation::SoftSilu { bound });
    PLAIN.into_iter().chain(soft)
}

/// s, s' and s'' of each input; what two functions give must agree.
fn derivatives<T: Real>(activation: Activation, path: Path, inputs: &[T]) -> [Vec<f64>; 3] {
    let mut made = [(); 5].map(|()| vec![T::from_f32(f32::NAN); inputs.len()]);
    let [values, again, slopes, slopes_again, curvatures] = &mut made;
    activation.values(path, inputs, values);
    activation.values_and_slopes(path, inputs, again, slopes);
    activation.slopes_and_curvatures(path, inputs, slopes_again, curvatures);
    let wide = |numbers: &Vec<T>| numbers.iter().map(|x| x.to_f64()).collect::<Vec<_>>();
    let [values, again, slopes, slopes_again, curvatures] = made.each_ref().map(wide);
    assert_eq!(bits(&values), bits(&again), "{activation:?} on {path}");
    assert_eq!(
        bits(&slopes),
        bits(&slopes_again),
        "{activation:?} on {path}"
    );
    [values, slopes, curvatures]
}

/// A NaN may carry any payload.
fn bits(numbers: &[f64]) -> Vec<u64> {
    let bits = |x: &f64| if x.is_nan() { 0 } else { x.to_bits() };
    numbers.iter().map(bits).collect()
}

/// Densely from -50 to 50, and in powers beyond, on both sides.
fn grid<T: Real>() -> Vec<T> {
    let near = (-400_000..=400_000).map(|i| T::nearest(f64::from(i) * 1.25e-4));
    let powers = (-400..=380).map(|i| 10.0_f64.powf(f64::from(i) * 0.1));
    near.chain(powers.flat_map(|x| [T::nearest(x), T::nearest(-x)]))
        .collect()
}

/// What the documentation of the module promises of s and of its derivatives, in epsilons.
fn stated(activation: Activation, single: bool) -> [f64; 2] {
    match (activation, single) {
        (Activation::Identity, _) => [0.0, 0.0],
        (Activation::Sigmoid, true) => [1.0, 3.0],
        (Activation::Sigmoid, false) => [2.0, 6.0],
        (Activation::Tanh, true) => [1.0, 2.0],
        (Activation::Tanh, false) => [2.0, 4.0],
        (Activation::SoftSilu { bound }, true) => [4.0 + 1.2 * bound, 4.0],
        (Activation::SoftSilu { bound }, false) => [16.0 + 2.0 * bound, 20.0],
    }
}

fn check_errors<T: Real>(epsilon: f64, single: bool) {
    let inputs = grid::<T>();
    for activation in all() {
        let [value, derivative] = stated(activation, single);
        let found = derivatives(activation, Path::best(), &inputs);
        for (index, h) in inputs.iter().enumerate() {
            let exact = activation.at(h.to_f64());
            for (order, stated) in [value, derivative, derivative].into_iter().enumerate() {
                let error = (found[order][index] - exact[order]).abs() / epsilon;
                let what = format_args!("{activation:?} of {h:?}, order {order}");
                assert!(error <= stated, "{what}: {error} epsilons");
            }
        }
    }
}

#[test]
fn errors_stay_below_what_is_stated() {
    check_errors::<f32>(f64::from(f32::EPSILON), true);
    check_errors::<f64>(f64::EPSILON, false);
}

// A wrong sign or factor in a derivative would be off by the size of one of its terms.
#[test]
fn slopes_and_curvatures_are_central_differences() {
    const STEP: f64 = 1e-5;
    for activation in all() {
        for i in -2000..2000 {
            let h = f64::from(i) * 0.01 + 0.005;
            let [[below, slope_below, _], [above, slope_above, _]] =
                [h - STEP, h + STEP].map(|h| activation.at(h));
            let [_, slope, curvature] = activation.at(h);
            let difference = (above - below) / (2.0 * STEP);
            // Found: 2e-10; rounding makes 1e-15 / STEP, the third derivative STEP^2.
            assert!((slope - difference).abs() < 2e-9, "{activation:?} at {h}");
            let difference = (slope_above - slope_below) / (2.0 * STEP);
            assert!(
                (curvature - difference).abs() < 2e-9,
                "{activation:?} at {h}"
            );
        }
    }
}

// The differences would hold for any smooth s.
#[test]
fn values_are_those_of_the_definitions() {
    // sigma(1) = e / (1 + e) = 0.731058578630005 to either side.
    let silu = [0.731_058_578_630_005, 0.731_058_578_630_005 - 1.0];
    for (h, silu) in [1.0, -1.0].into_iter().zip(silu) {
        let expected = 10.0 * (silu / 10.0_f64).tanh();
        assert!((SOFT.at(h)[0] - expected).abs() < 1e-14, "{h}");
    }
    assert_eq!(Activation::Tanh.at(0.5)[0], 0.5_f64.tanh());
    assert_eq!(Activation::Sigmoid.at(0.5), [0.5, 1.0, 0.0]);
    // 1 / (1 + e^2) = 0.119202922022118 at zero, one less that at one.
    let sigmoid = [0.119_202_922_022_118, 1.0 - 0.119_202_922_022_118];
    for (h, expected) in [0.0, 1.0].into_iter().zip(sigmoid) {
        assert!((Activation::Sigmoid.at(h)[0] - expected).abs() < 1e-14);
    }
}

fn check_paths<T: Real>(inputs: &[T]) {
    for activation in all() {
        let portable = derivatives(activation, Path::PORTABLE, inputs);
        for path in Path::available() {
            let found = derivatives(activation, path, inputs);
            for (found, portable) in found.iter().zip(&portable) {
                assert!(bits(found) == bits(portable), "{activation:?} on {path}");
            }
        }
    }
}

#[test]
fn every_path_gives_the_same_bits() {
    // All kinds of numbers: every exponent, subnormal and not finite ones too.
    let single = (0..1 << 13).map(|i: u32| f32::from_bits(i.wrapping_mul(0x0008_0421)));
    let double = (0..1 << 12).map(|i: u64| f64::from_bits(i.wrapping_mul(0x0010_0842_1084_2109)));
    let near = (-8000..8000).map(|i| f64::from(i) * 0.003);
    let single: Vec<f32> = single.chain(near.clone().map(f32::nearest)).collect();
    let double: Vec<f64> = double.chain(near).collect();
    check_paths(&single);
    check_paths(&double);
}

fn check_places<T: Real>(path: Path) {
    // Two blocks of eight chunks, a chunk, and a rest.
    let inputs: Vec<T> = (0..280)
        .map(|i| T::nearest(f64::from(i) * 0.07 - 9.0))
        .collect();
    for activation in PLAIN.into_iter().chain([SOFT]) {
        let alone = inputs.iter().map(|&h| derivatives(activation, path, &[h]));
        let alone: Vec<_> = alone.collect();
        for (start, end) in (0..=280).map(|end| (end / 3, end)).chain([(0, 280)]) {
            let together = derivatives(activation, path, &inputs[start..end]);
            for (order, together) in together.iter().enumerate() {
                let alone = alone[start..end].iter().flat_map(|made| &made[order]);
                let alone: Vec<f64> = alone.copied().collect();
                assert_eq!(
                    bits(together),
                    bits(&alone),
                    "{activation:?}, {start}..{end}"
                );
            }
        }
    }
}

#[test]
fn neither_place_nor_length_matters() {
    for path in Path::available() {
        check_places::<f32>(path);
        check_places::<f64>(path);
    }
}

fn check_special<T: Real>() {
    let number = T::from_f32;
    let inputs = [f32::INFINITY, f32::NEG_INFINITY, f32::NAN].map(number);
    let infinity = f64::INFINITY;
    let limits = [
        (
            Activation::Identity,
            [[infinity, 1.0, 0.0], [-infinity, 1.0, 0.0]],
        ),
        (Activation::Tanh, [[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0]]),
        (Activation::Sigmoid, [[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]),
        (SOFT, [[10.0, 0.0, 0.0], [0.0, 0.0, 0.0]]),
    ];
    for (activation, [above, below]) in limits {
        assert_eq!(activation.at(infinity), above);
        assert_eq!(activation.at(-infinity), below);
        assert!(activation.at(f64::NAN).iter().all(|x| x.is_nan()));
        for path in Path::available() {
            let found = derivatives(activation, path, &inputs);
            assert_eq!(found.each_ref().map(|all| all[0]), above, "{path}");
            assert_eq!(found.each_ref().map(|all| all[1]), below, "{path}");
            assert!(
                found.iter().all(|all| all[2].is_nan()),
                "{activation:?} on {path}"
            );
        }
    }
}

#[test]
fn infinity_has_its_limits_and_nan_stays() {
    check_special::<f32>();
    check_special::<f64>();
}

#[test]
fn extreme_bounds_that_are_valid_give_numbers() {
    for bound in [1e-30, 1e30] {
        let activation = Activation::SoftSilu { bound };
        let inputs = grid::<f32>();
        let found = derivatives(activation, Path::best(), &inputs);
        assert!(found.iter().flatten().all(|x| x.is_finite()), "{bound}");
        let last = derivatives(activation, Path::best(), &[f64::INFINITY]);
        assert_eq!(last, [vec![bound], vec![0.0], vec![0.0]]);
    }
}

#[test]
fn a_bound_must_be_a_positive_number_that_single_precision_has() {
    assert!(all().all(Activation::is_valid));
    let infinite = [f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
    for bound in infinite.into_iter().chain([0.0, -10.0, 1e-31, 1e31]) {
        assert!(!Activation::SoftSilu { bound }.is_valid(), "{bound}");
    }
}

#[test]
#[should_panic(expected = "one output for each input")]
fn too_few_outputs_are_refused() {
    SOFT.values(Path::best(), &[0.0_f32; 17], &mut [0.0; 16]);
}

#[test]
#[should_panic(expected = "one output for each input")]
fn too_many_outputs_are_refused() {
    let (slopes, curvatures) = (&mut [0.0; 16], &mut [0.0; 32]);
    SOFT.slopes_and_curvatures(Path::best(), &[0.0_f64; 16], slopes, curvatures);
}

const LEAST: f64 = 0.5;

/// States, and what holds each: drives, pulls, stiffness, mobility.
#[derive(Clone)]
struct Units<T> {
    states: Vec<T>,
    held: [Vec<T>; 4],
}

impl<T: Real> Units<T> {
    /// Of all sizes up to some ten; every seventh unit is clamped.
    fn mixed(count: u32) -> Self {
        let wave = |frequency: f64, size: f64| {
            let value = move |i| T::nearest(size * (frequency * f64::from(i) + 0.2).sin());
            (0..count).map(value).collect::<Vec<_>>()
        };
        let each = |value: fn(u32) -> f64| (0..count).map(|i| T::nearest(value(i))).collect();
        let stiffness = each(|i| f64::from(i % 5) * 3.0);
        let mobile = each(|i| f64::from(u8::from(i % 7 != 0)));
        Self {
            states: wave(0.37, 9.0),
            held: [wave(1.91, 5.0), wave(2.83, 2.0), stiffness, mobile],
        }
    }

    fn part(&self, start: usize, end: usize) -> Self {
        Self {
            states: self.states[start..end].to_vec(),
            held: self.held.each_ref().map(|all| all[start..end].to_vec()),
        }
    }

    fn stepped(&self, activation: Activation, path: Path, walls: T) -> Vec<f64> {
        let mut states = self.states.clone();
        let [drives, pulls, stiffness, mobile] = &self.held;
        let held = Held {
            drives,
            pulls,
            stiffness,
            mobile,
            least_curvature: T::nearest(LEAST),
            walls,
        };
        activation.newton_step(path, &mut states, &held);
        states.iter().map(|x| x.to_f64()).collect()
    }
}

/// h + F / max(K, c) of one unit, by the plain formulas, and the error that rounding in s' and s'' may make
/// of it: both have `stated` epsilons.
fn newton(activation: Activation, h: f64, held: [f64; 4], stated: f64) -> (f64, f64) {
    let [drive, pull, stiffness, mobile] = held;
    let [_, slope, curvature] = activation.at(h);
    let force = slope * drive - h + pull - stiffness * h;
    let curvature = (1.0 - curvature * drive + stiffness).max(LEAST);
    // Sizes of the terms in force and curvature, in epsilons.
    let force_error =
        (stated + 2.0) * drive.abs() + 4.0 * (h.abs() * (1.0 + stiffness) + pull.abs());
    let curvature_error = (stated + 2.0) * drive.abs() + 2.0 * (1.0 + stiffness);
    let error = (force_error + force.abs() / curvature * curvature_error) / curvature;
    let moved = h + mobile * force / curvature;
    (moved, mobile * (error + moved.abs()) + 1.0)
}

fn check_newton<T: Real>(epsilon: f64, single: bool, infinity: T) {
    let units = Units::<T>::mixed(20_000);
    for activation in all() {
        let [_, stated] = stated(activation, single);
        let free = units.stepped(activation, Path::best(), infinity);
        let walled = units.stepped(activation, Path::best(), T::nearest(3.0));
        for (index, found) in free.iter().enumerate() {
            let h = units.states[index].to_f64();
            let held = units.held.each_ref().map(|all| all[index].to_f64());
            let (expected, error) = newton(activation, h, held, stated);
            let off = (found - expected).abs() / epsilon;
            assert!(
                off <= error,
                "{activation:?} at {h}, {held:?}: {off} epsilons, not {error}"
            );
            if held[3] == 0.0 {
                // Walls hold what moves, even where they stand inside of what does not.
                assert_eq!(*found, h, "{activation:?}: a clamped unit moved");
                assert_eq!(walled[index], h, "{activation:?}: the walls moved it");
            } else {
                assert_eq!(walled[index], found.clamp(-3.0, 3.0));
            }
        }
    }
}

/// A lost term, a sign or an unbounded curvature would be off by millions of epsilons.
#[test]
fn newton_steps_are_those_of_the_plain_formula() {
    check_newton::<f32>(f64::from(f32::EPSILON), true, f32::INFINITY);
    check_newton::<f64>(f64::EPSILON, false, f64::INFINITY);
    // The bound of the curvature is at work in some of them, and not in all.
    let units = Units::<f64>::mixed(20_000);
    let [drives, _, stiffness, _] = &units.held;
    let bounded = (0..20_000)
        .filter(|&i| 1.0 - SOFT.at(units.states[i])[2] * drives[i] + stiffness[i] < LEAST);
    assert!((100..10_000).contains(&bounded.count()));
}

fn check_newton_bits<T: Real>(infinity: T) {
    // Two blocks of eight chunks, a chunk, and a rest; two units that are lost, the first clamped.
    let mut units = Units::<T>::mixed(280);
    units.states[77] = T::from_f32(f32::NAN);
    units.states[78] = T::from_f32(f32::NAN);
    for activation in all() {
        for walls in [infinity, T::nearest(3.0)] {
            let whole = units.stepped(activation, Path::PORTABLE, walls);
            let lost = whole.iter().enumerate().filter(|(_, x)| x.is_nan());
            assert_eq!(lost.map(|(unit, _)| unit).collect::<Vec<_>>(), [77, 78]);
            for path in Path::available() {
                for (start, end) in (0..=280).map(|end| (end / 3, end)).chain([(0, 280)]) {
                    let part = units.part(start, end).stepped(activation, path, walls);
                    assert_eq!(
                        bits(&part),
                        bits(&whole[start..end]),
                        "{activation:?} on {path}, {start}..{end}"
                    );
                }
            }
        }
    }
}

#[test]
fn newton_steps_have_the_same_bits_on_every_path_and_at_every_place() {
    check_newton_bits(f32::INFINITY);
    check_newton_bits(f64::INFINITY);
}

fn check_clamped<T: Real>(infinity: T) {
    // Every seventh unit is clamped, the last one, of the rest, among them.
    let mut units = Units::<T>::mixed(281);
    let [drives, pulls, ..] = &mut units.held;
    for unit in (0..281).step_by(7) {
        drives[unit] = infinity;
        pulls[unit] = T::from_f32(f32::NAN);
    }
    for activation in all() {
        for path in Path::available() {
            let found = units.stepped(activation, path, T::nearest(3.0));
            for (unit, found) in found.into_iter().enumerate() {
                if unit % 7 == 0 {
                    let before = units.states[unit].to_f64();
                    assert_eq!(found, before, "{activation:?} on {path}, unit {unit}");
                } else {
                    assert!(found.abs() <= 3.0, "{activation:?} on {path}, unit {unit}");
                }
            }
        }
    }
}

#[test]
fn no_force_moves_a_clamped_unit_however_large() {
    check_clamped(f32::INFINITY);
    check_clamped(f64::INFINITY);
}

#[test]
#[should_panic(expected = "one value for each state")]
fn a_newton_step_needs_a_value_for_each_state() {
    let mut units = Units::<f32>::mixed(17);
    units.held[2].pop();
    units.stepped(SOFT, Path::best(), 1.0);
}

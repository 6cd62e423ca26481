//! Units in quartic wells, each moved towards the bottom of its own.
//!
//! A unit has the energy e(z) = a z^2 / 2 + q z^4 / 4 - u z, in which u holds what its neighbours pass
//! on. Its force is F = u - (a + q z^2) z, its curvature K = a + 3 q z^2. [`descend`] makes [`STEPS`] Newton steps,
//!
//! d_(n+1) = d_n + F(z + d_n) / max(K(z + d_n), c),
//!
//! from d_0 = 0, and then shortens d to
//!
//! |d| <= 4/3 |F(z)| / max(K(z), S(d), c), S(d) = a + q (3 z^2 + 3 z d + d^2),
//!
//! which leaves alone any d near the bottom. Without that bound the first step overshoots wherever the quartic
//! term is weak at z and strong at the bottom, and may end higher than it began.
//!
//! Why it then never does, for a > 0 and q >= 0: S is the slope of the secant of F, so that the bottom is at
//! d* = F / S(d*). If d is beyond d*, then F / max(K, S(d)) is not: either S(d*) <= K, or S(d*) > K = S(0), which
//! puts d* where the parabola S rises, and then S(d) >= S(d*). And a step of t d* with t <= 4/3 ends
//! lower than it began: with y = z / d* its gain is no less than t d*^4 q times
//! 3 y^2 (1 - t / 2) + y (3 - t^2) + 1 - t^3 / 4, a parabola without zeros there.
//!
//! A linear unit, q = 0, is at the bottom after the first step.

use crate::simd::{Chunk, Kernel, LANES, Lanes, Lanes32, Path, Real};

/// Newton steps: near the bottom each doubles the digits, and far out takes a third off the way.
pub const STEPS: usize = 3;

/// What holds the units, one value for each of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wells<'a, T> {
    /// Constant force, u.
    pub pulls: &'a [T],
    /// a, with that of springs.
    pub stiffness: &'a [T],
    /// q.
    pub quartic: &'a [T],
    /// One for units that move, zero for those that are clamped.
    pub mobile: &'a [T],
    /// Lower bound c of the curvature.
    pub least_curvature: T,
    /// States that move are kept in [-walls, walls]; infinite for none.
    pub walls: T,
}

/// Moves each state towards the bottom of its well. What is made of a state has the same bits on every path,
/// wherever it stands in a slice of whatever length.
///
/// ```
/// use overdamped_kernel::Path;
/// use overdamped_kernel::quartic::{Wells, descend};
///
/// // z^2 / 2 + z^4 / 4 - 2 z has its bottom at 1; z^2 / 2 - 2 z at 2.
/// let wells = Wells {
///     pulls: &[2.0; 2],
///     stiffness: &[1.0; 2],
///     quartic: &[1.0, 0.0],
///     mobile: &[1.0; 2],
///     least_curvature: 1e-3,
///     walls: f64::INFINITY,
/// };
/// let mut states = [0.5, 0.5];
/// descend(Path::best(), &mut states, &wells);
/// assert!((states[0] - 1.0).abs() < 1e-3 && states[1] == 2.0);
/// ```
///
/// # Panics
/// "one value for each state" if the lengths differ.
pub fn descend<T: Real>(path: Path, states: &mut [T], wells: &Wells<'_, T>) {
    T::descend(path, Descent { states, wells });
}

/// States and what holds them.
#[doc(hidden)]
pub struct Descent<'a, 'b, T> {
    states: &'a mut [T],
    wells: &'a Wells<'b, T>,
}

impl<T: Real> Kernel for Descent<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn run<N: Lanes32>(self) {
        self.with::<T::Lanes<N>>();
    }
}

impl<T: Real> Descent<'_, '_, T> {
    #[inline(always)]
    fn with<L: Lanes<Scalar = T>>(self) {
        let wells = self.wells;
        let inputs = [wells.pulls, wells.stiffness, wells.quartic];
        for input in inputs.iter().chain([&wells.mobile]) {
            assert_eq!(input.len(), self.states.len(), "one value for each state");
        }
        let bounds = [L::splat(wells.least_curvature), L::splat(wells.walls)];
        let inputs = inputs.map(|input| input.as_chunks::<LANES>());
        let (mobile, mobile_last) = wells.mobile.as_chunks::<LANES>();
        let (states, last) = self.states.as_chunks_mut::<LANES>();
        for (at, state) in states.iter_mut().enumerate() {
            let given = inputs.map(|(input, _)| L::load(&Chunk(input[at])));
            let moved = lower(L::load(&Chunk(*state)), given, bounds);
            settle(state, moved, &mobile[at]);
        }
        if !last.is_empty() {
            let z = padded::<L>(last);
            let given = inputs.map(|(_, input)| padded::<L>(input));
            settle(last, lower(z, given, bounds), mobile_last);
        }
    }
}

#[inline(always)]
fn padded<L: Lanes>(values: &[L::Scalar]) -> L {
    let mut chunk = Chunk::default();
    chunk.0[..values.len()].copy_from_slice(values);
    L::load(&chunk)
}

/// Sixteen units that share bounds.
#[derive(Clone, Copy)]
struct Well<L> {
    pull: L,
    stiffness: L,
    quartic: L,
    least: L,
}

impl<L: Lanes> Well<L> {
    /// F(z).
    #[inline(always)]
    fn force(self, z: L) -> L {
        let rise = self.quartic.mul(z).mul(z);
        self.pull.sub(self.stiffness.add(rise).mul(z))
    }

    /// max(K(z), c).
    #[inline(always)]
    fn curvature(self, z: L) -> L {
        self.bent(number::<L>(3.0).mul(z).mul(z))
    }

    /// max(S(d), c) at z.
    #[inline(always)]
    fn secant(self, z: L, d: L) -> L {
        let chord = number::<L>(3.0).mul(z).mul(z.add(d));
        self.bent(chord.add(d.mul(d)))
    }

    /// max(a + q `square`, c).
    #[inline(always)]
    fn bent(self, square: L) -> L {
        self.stiffness.add(self.quartic.mul(square)).max(self.least)
    }
}

/// z + d, between the walls.
#[inline(always)]
fn lower<L: Lanes>(z: L, [pull, stiffness, quartic]: [L; 3], [least, walls]: [L; 2]) -> L {
    let well = Well {
        pull,
        stiffness,
        quartic,
        least,
    };
    let (force, curvature) = (well.force(z), well.curvature(z));
    let mut d = force.div(curvature);
    for _ in 1..STEPS {
        let ahead = z.add(d);
        d = d.add(well.force(ahead).div(well.curvature(ahead)));
    }
    let size = force.max(number::<L>(0.0).sub(force));
    let bound = number::<L>(4.0 / 3.0).mul(size);
    let bound = bound.div(curvature.max(well.secant(z, d)));
    z.add(d.clamp_magnitude(bound)).clamp_magnitude(walls)
}

#[inline(always)]
fn number<L: Lanes>(value: f32) -> L {
    L::splat(L::Scalar::from_f32(value))
}

/// Takes the moved states where units are mobile, and no product with the mobility: a clamped unit keeps its
/// bits, even where its well is no number.
#[inline(always)]
fn settle<L: Lanes>(states: &mut [L::Scalar], moved: L, mobile: &[L::Scalar]) {
    let mut chunk = Chunk::default();
    moved.store(&mut chunk);
    for ((state, &moved), &mobile) in states.iter_mut().zip(&chunk.0).zip(mobile) {
        if mobile != L::Scalar::default() {
            *state = moved;
        }
    }
}

//! Units in quartic wells, each moved towards the bottom of its own.
//!
//! A unit has the energy e(z) = a z^2 / 2 + q z^4 / 4 - u z, in which u holds what its neighbours pass
//! on. Its force is F = u - (a + q z^2) z, its curvature K = a + 3 q z^2. [`descend`] makes [`STEPS`] Newton steps from
//! d = 0,
//!
//! d += F(z + d) / max(K(z + d), c), the first one no longer than (|F| + q / 2) / max(a + 3/4 q, c),
//!
//! and then shortens d to
//!
//! |d| <= |F(z)| / max(M(d), c / 2), M(d) = a / 2 + q (3 z^2 / 2 + z d + d^2 / 4).
//!
//! The energy changes by d (d M(d) - F): a d that lowers it is left alone. Without the bounds, the first step
//! overshoots wherever the quartic term is weak at z and strong at the bottom, and may end higher than it began.
//!
//! Why no call ends higher, for a > 0 and q >= 0: a d too long is beyond the point d' where the energy is as at the start,
//! d' M(d') = F, and d is made F / M(d) = d' M(d') / M(d), which is no further than d' as M rises from d' to
//! d. For if F leads away from zero, M rises all the way; if not, Newton steps pass the bottom
//! only where it lies beyond zero, and then d' is beyond -2 z, where M is least.
//!
//! The bound of the first step is never below the way d* to the bottom: F = d* S with S = a + q (3 z^2 + 3 z d* + d*^2),
//! S >= a + q d*^2 / 4, and d^3 >= 3 d - 2. It is close for bottoms at a distance of order one, and loose for
//! others.
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
/// for _ in 0..4 {
///     descend(Path::best(), &mut states, &wells);
/// }
/// assert!((states[0] - 1.0).abs() < 1e-6 && (states[1] - 2.0).abs() < 1e-12);
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
        // No closures here: they cannot be inlined for certain.
        let (pulls, last_pulls) = wells.pulls.as_chunks::<LANES>();
        let (stiffness, last_stiffness) = wells.stiffness.as_chunks::<LANES>();
        let (quartic, last_quartic) = wells.quartic.as_chunks::<LANES>();
        let (mobile, last_mobile) = wells.mobile.as_chunks::<LANES>();
        let (states, last) = self.states.as_chunks_mut::<LANES>();
        for (at, state) in states.iter_mut().enumerate() {
            let given = [&pulls[at], &stiffness[at], &quartic[at]];
            *state = moved::<L>(state, given, &mobile[at], bounds);
        }
        if !last.is_empty() {
            let given = [
                &padded(last_pulls),
                &padded(last_stiffness),
                &padded(last_quartic),
            ];
            let after = moved::<L>(&padded(last), given, &padded(last_mobile), bounds);
            last.copy_from_slice(&after[..last.len()]);
        }
    }
}

#[inline(always)]
fn padded<T: Real>(values: &[T]) -> [T; LANES] {
    let mut chunk = [T::default(); LANES];
    chunk[..values.len()].copy_from_slice(values);
    chunk
}

/// Sixteen states after the descent of those that are mobile. A choice, and no product with the mobility: a clamped
/// unit keeps its bits, even where its well is no number.
#[inline(always)]
fn moved<L: Lanes>(
    states: &[L::Scalar; LANES],
    [pulls, stiffness, quartic]: [&[L::Scalar; LANES]; 3],
    mobile: &[L::Scalar; LANES],
    bounds: [L; 2],
) -> [L::Scalar; LANES] {
    let given = [
        L::load(&Chunk(*pulls)),
        L::load(&Chunk(*stiffness)),
        L::load(&Chunk(*quartic)),
    ];
    let mut after = Chunk::default();
    lower(L::load(&Chunk(*states)), given, bounds).store(&mut after);
    let held = states.iter().zip(mobile);
    for (after, (&before, &mobile)) in after.0.iter_mut().zip(held) {
        *after = if mobile == L::Scalar::default() {
            before
        } else {
            *after
        };
    }
    after.0
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

    /// max(2 M(d), c) at z.
    #[inline(always)]
    fn twice_mean(self, z: L, d: L) -> L {
        let own = number::<L>(3.0).mul(z).mul(z);
        let half = d.mul(number(0.5));
        self.bent(own.add(d.mul(z.add(z).add(half))))
    }

    /// No less than the way to the bottom, from a force of this size.
    #[inline(always)]
    fn reach(self, size: L) -> L {
        let most = size.add(self.quartic.mul(number(0.5)));
        most.div(self.bent(number(0.75)))
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
    let force = well.force(z);
    let size = force.max(number::<L>(0.0).sub(force));
    let first = force.div(well.curvature(z));
    let mut d = first.clamp_magnitude(well.reach(size));
    for _ in 1..STEPS {
        let ahead = z.add(d);
        d = d.add(well.force(ahead).div(well.curvature(ahead)));
    }
    let bound = size.add(size).div(well.twice_mean(z, d));
    z.add(d.clamp_magnitude(bound)).clamp_magnitude(walls)
}

#[inline(always)]
fn number<L: Lanes>(value: f32) -> L {
    L::splat(L::Scalar::from_f32(value))
}

//! One Newton step of units whose neighbours are held: slopes, force, curvature and move in one
//! pass over the states.
//!
//! A unit with energy h^2 / 2 - s(h) a + kappa h^2 / 2 - f h, where a is what its neighbours pass on, moves by
//!
//! h += F / max(K, c) with F = s'(h) a - h + f - kappa h and K = 1 - s''(h) a + kappa,
//!
//! unless it is clamped. The bound c > 0 makes every step go in a direction of descent, though a long
//! one may end higher.

use super::{Activation, BLOCK, Function, Identity, Sigmoid, SoftSilu, Tanh, number, stored};
use crate::simd::{Chunk, Kernel, LANES, Lanes, Lanes32, Path, Real};

/// What holds the units of a step, one value for each of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Held<'a, T> {
    /// What the neighbours pass on, a.
    pub drives: &'a [T],
    /// Constant force, f.
    pub pulls: &'a [T],
    /// Stiffness of springs, kappa.
    pub stiffness: &'a [T],
    /// One for units that move, zero for those that are clamped.
    pub mobile: &'a [T],
    /// c.
    pub least_curvature: T,
    /// States that move are kept in [-walls, walls]; infinite for none.
    pub walls: T,
}

impl Activation {
    /// Moves each state by one Newton step, the others of its slice and its neighbours held.
    ///
    /// # Panics
    /// "one value for each state" if the lengths differ.
    pub fn newton_step<T: Real>(self, path: Path, states: &mut [T], held: &Held<'_, T>) {
        T::newton(
            path,
            Newton {
                activation: self,
                states,
                held,
            },
        );
    }
}

/// States and what holds them.
#[doc(hidden)]
pub struct Newton<'a, 'b, T> {
    activation: Activation,
    states: &'a mut [T],
    held: &'a Held<'b, T>,
}

impl<T: Real> Kernel for Newton<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn run<N: Lanes32>(self) {
        match self.activation {
            Activation::Identity => self.with::<T::Lanes<N>>(Identity),
            Activation::Tanh => self.with::<T::Lanes<N>>(Tanh),
            Activation::Sigmoid => self.with::<T::Lanes<N>>(Sigmoid),
            Activation::SoftSilu { bound } => self.with::<T::Lanes<N>>(SoftSilu { bound }),
        }
    }
}

impl<T: Real> Newton<'_, '_, T> {
    #[inline(always)]
    fn with<L: Lanes<Scalar = T>>(self, function: impl Function) {
        let held = self.held;
        let inputs = [held.drives, held.pulls, held.stiffness];
        for input in inputs.iter().chain([&held.mobile]) {
            assert_eq!(input.len(), self.states.len(), "one value for each state");
        }
        let bounds = [L::splat(held.least_curvature), L::splat(held.walls)];
        let inputs = inputs.map(|input| input.as_chunks::<LANES>());
        let (mobile, mobile_last) = held.mobile.as_chunks::<LANES>();
        let (states, last) = self.states.as_chunks_mut::<LANES>();
        let mut at = 0;
        for states in states.chunks_mut(BLOCK) {
            let mut first = [number::<L>(0.0); BLOCK];
            for (first, &mut state) in first.iter_mut().zip(&mut *states) {
                *first = function.first_stage(L::load(&Chunk(state)));
            }
            for (&first, state) in first.iter().zip(states) {
                let h = L::load(&Chunk(*state));
                let given = inputs.map(|(input, _)| L::load(&Chunk(input[at])));
                let moved = moved(h, function.derivatives(h, first), given, bounds);
                settle(state, &stored(moved), &mobile[at]);
                at += 1;
            }
        }
        if !last.is_empty() {
            let padded = |values: &[T]| {
                let mut chunk = Chunk::default();
                chunk.0[..values.len()].copy_from_slice(values);
                L::load(&chunk)
            };
            let h = padded(last);
            let made = function.derivatives(h, function.first_stage(h));
            let given = inputs.map(|(_, input)| padded(input));
            let moved = moved(h, made, given, bounds);
            settle(last, &stored(moved), mobile_last);
        }
    }
}

/// h + F / max(K, c), between the walls.
#[inline(always)]
fn moved<L: Lanes>(
    h: L,
    [_, slope, curvature]: [L; 3],
    [drive, pull, stiffness]: [L; 3],
    [least, walls]: [L; 2],
) -> L {
    let one = number::<L>(1.0);
    let force = slope.mul(drive).sub(h).add(pull.sub(stiffness.mul(h)));
    let curvature = one.sub(curvature.mul(drive)).add(stiffness).max(least);
    h.add(force.div(curvature)).clamp_magnitude(walls)
}

/// Takes the moved states where units are mobile. A choice and not a product: a clamped unit keeps its
/// bits beyond the walls too, and under a force that is no number.
#[inline(always)]
fn settle<T: Real>(states: &mut [T], moved: &Chunk<T>, mobile: &[T]) {
    for ((state, &moved), &mobile) in states.iter_mut().zip(&moved.0).zip(mobile) {
        *state = if mobile == T::default() {
            *state
        } else {
            moved
        };
    }
}

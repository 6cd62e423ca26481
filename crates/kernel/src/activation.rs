//! What the units of a layered energy pass on: activation functions s(h), with their slopes s'
//! and curvatures s'' for relaxation by Newton steps.
//!
//! | activation | s(h) | s'(h) | s''(h) |
//! |---|---|---|---|
//! | identity | h | 1 | 0 |
//! | tanh | tanh h | 1 - s^2 | -2 s s' |
//! | sigmoid | (1 + t) / 2, t = tanh(2 h - 1) | 1 - t^2 | -4 t s' |
//! | soft SiLU | c tanh(u / c) | (1 - tau^2) u' | (1 - tau^2)(u'' - (2 / c) tau u'^2) |
//!
//! The sigmoid is the smooth form of the hard one of Scellier and Bengio (2017), h clamped to \[0, 1\]:
//! it too is one half, with slope one, at h = 1/2. The hard one is not offered: its energy has
//! kinks, at which units come to rest with a force that no slope tells, and beyond which none moves.
//!
//! The soft SiLU is that of arXiv 2604.08150, whose bound c = 10 keeps the energy from falling without
//! end. There tau = tanh(u / c), and u is
//! the SiLU, h sigma(h), which takes no more than t = tanh(h / 2):
//!
//! sigma = (1 + t) / 2, u = h sigma, u' = sigma (1 + h (1 - t) / 2), u'' = sigma (1 - t)(1 - h t / 2)
//!
//! Largest absolute error, in rounding epsilons (1.2e-7 in `f32`, 2.2e-16 in `f64`), over the grid of
//! the tests, 1e-40 to 1e38; for soft SiLU with bounds from 1/2 to 100. Tails that cancellation leaves,
//! such as u(h) for h far below zero, are as good as this and no better:
//!
//! | activation | s, `f32` | s', s'' | s, `f64` | s', s'' |
//! |---|---|---|---|---|
//! | identity | 0 | 0 | 0 | 0 |
//! | tanh | 1 | 2 | 2 | 4 |
//! | sigmoid | 1 | 3 | 2 | 6 |
//! | soft SiLU | 4 + 1.2 c | 4 | 16 + 2 c | 20 |
//!
//! Infinite h has the limits of s, s' and s''; NaN gives NaN in all three.

mod newton;

use serde::{Deserialize, Serialize};

pub use self::newton::{Held, Newton};

use crate::simd::{Chunk, Kernel, LANES, Lanes, Lanes32, Path, Real};

/// What a unit passes on of its state h.
///
/// What is made of an h has the same bits on every path, wherever it stands in a slice of
/// whatever length.
///
/// ```
/// use overdamped_kernel::{Activation, Path};
/// let activation = Activation::SoftSilu { bound: 10.0 };
/// let states = [-1.0, 0.0, 1.0, 1e9];
/// let (mut values, mut slopes) = ([0.0; 4], [0.0; 4]);
/// activation.values_and_slopes(Path::best(), &states, &mut values, &mut slopes);
/// assert_eq!([values[1], slopes[1]], [0.0, 0.5]);
/// assert_eq!([values[3], slopes[3]], [10.0, 0.0]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Activation {
    /// s(h) = h.
    Identity,
    /// s(h) = tanh h.
    Tanh,
    /// s(h) = (1 + tanh(2 h - 1)) / 2, from 0 to 1.
    Sigmoid,
    /// The SiLU h / (1 + exp(-h)) with a soft bound: s(h) = c tanh(SiLU(h) / c).
    SoftSilu {
        /// c, which s does not exceed; see [`Activation::is_valid`].
        bound: f64,
    },
}

impl Activation {
    /// Whether its parameters have a meaning: a soft bound must lie between 1e-30 and 1e30, so
    /// that it and its inverse exist in single precision too. What an activation that is not valid
    /// gives has no meaning.
    #[must_use]
    pub fn is_valid(self) -> bool {
        match self {
            Self::Identity | Self::Tanh | Self::Sigmoid => true,
            Self::SoftSilu { bound } => (1e-30..=1e30).contains(&bound),
        }
    }

    /// s(h) of each input.
    ///
    /// # Panics
    /// "one output for each input" if the lengths differ.
    pub fn values<T: Real>(self, path: Path, inputs: &[T], values: &mut [T]) {
        self.evaluate(path, inputs, Wanted::Values([values]));
    }

    /// s(h) and s'(h) of each input.
    ///
    /// # Panics
    /// "one output for each input" if the lengths differ.
    pub fn values_and_slopes<T: Real>(
        self,
        path: Path,
        inputs: &[T],
        values: &mut [T],
        slopes: &mut [T],
    ) {
        self.evaluate(path, inputs, Wanted::ValuesAndSlopes([values, slopes]));
    }

    /// s'(h) and s''(h) of each input.
    ///
    /// # Panics
    /// "one output for each input" if the lengths differ.
    pub fn slopes_and_curvatures<T: Real>(
        self,
        path: Path,
        inputs: &[T],
        slopes: &mut [T],
        curvatures: &mut [T],
    ) {
        let wanted = Wanted::SlopesAndCurvatures([slopes, curvatures]);
        self.evaluate(path, inputs, wanted);
    }

    fn evaluate<T: Real>(self, path: Path, inputs: &[T], wanted: Wanted<'_, T>) {
        let elementwise = Elementwise {
            activation: self,
            inputs,
            wanted,
        };
        T::activate(path, elementwise);
    }

    /// s, s' and s'' of one h, by the textbook formulas and the standard library's functions: what the
    /// vectorised ones are compared with.
    #[must_use]
    pub fn at(self, h: f64) -> [f64; 3] {
        if h.is_nan() {
            return [h; 3];
        }
        match self {
            Self::Identity => [h, 1.0, 0.0],
            Self::Tanh => {
                let s = h.tanh();
                let slope = 1.0 - s * s;
                [s, slope, -2.0 * s * slope]
            }
            Self::Sigmoid => {
                let t = (2.0 * h - 1.0).tanh();
                let slope = 1.0 - t * t;
                [0.5 * (1.0 + t), slope, -4.0 * t * slope]
            }
            Self::SoftSilu { bound } => {
                // Infinity times a sigma of zero would be no number.
                let h = h.clamp(f64::MIN, f64::MAX);
                let sigma = 1.0 / (1.0 + (-h).exp());
                let silu = h * sigma;
                let slope = sigma + silu * (1.0 - sigma);
                let curvature = sigma * (1.0 - sigma) * (2.0 + h * (1.0 - 2.0 * sigma));
                let tau = (silu / bound).tanh();
                let rest = 1.0 - tau * tau;
                [
                    bound * tau,
                    rest * slope,
                    rest * (curvature - 2.0 / bound * tau * slope * slope),
                ]
            }
        }
    }
}

/// Inputs, and what is wanted of them.
#[doc(hidden)]
pub struct Elementwise<'a, T> {
    activation: Activation,
    inputs: &'a [T],
    wanted: Wanted<'a, T>,
}

enum Wanted<'a, T> {
    Values([&'a mut [T]; 1]),
    ValuesAndSlopes([&'a mut [T]; 2]),
    SlopesAndCurvatures([&'a mut [T]; 2]),
}

impl<T: Real> Kernel for Elementwise<'_, T> {
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

impl<T: Real> Elementwise<'_, T> {
    #[inline(always)]
    fn with<L: Lanes<Scalar = T>>(self, function: impl Function) {
        match self.wanted {
            Wanted::Values(to) => each::<L, _, 0, 1>(function, self.inputs, to),
            Wanted::ValuesAndSlopes(to) => each::<L, _, 0, 2>(function, self.inputs, to),
            Wanted::SlopesAndCurvatures(to) => each::<L, _, 1, 2>(function, self.inputs, to),
        }
    }
}

/// Chunks that go through each stage together. Chunk by chunk, the two tanh of soft SiLU wait for
/// each other: s' and s'' took 1.3 ns instead of 0.8 for each h (AVX-512, Zen 5).
const BLOCK: usize = 8;

/// Derivatives of order `FIRST` and above, as many as there are outputs; the compiler drops what
/// the others would take.
#[inline(always)]
fn each<L: Lanes, F: Function, const FIRST: usize, const COUNT: usize>(
    function: F,
    inputs: &[L::Scalar],
    outputs: [&mut [L::Scalar]; COUNT],
) {
    for output in &outputs {
        assert_eq!(output.len(), inputs.len(), "one output for each input");
    }
    let (inputs, last) = inputs.as_chunks::<LANES>();
    let mut outputs = outputs.map(|output| output.as_chunks_mut::<LANES>());
    let mut at = 0;
    for inputs in inputs.chunks(BLOCK) {
        let mut first = [L::splat(L::Scalar::default()); BLOCK];
        for (first, &input) in first.iter_mut().zip(inputs) {
            *first = function.first_stage(L::load(&Chunk(input)));
        }
        for (&first, &input) in first.iter().zip(inputs) {
            let made = function.derivatives(L::load(&Chunk(input)), first);
            for (made, (output, _)) in made[FIRST..].iter().zip(&mut outputs) {
                output[at] = stored(*made).0;
            }
            at += 1;
        }
    }
    // Apart from the loop: a copy of any length is a call, for which registers must be emptied.
    if !last.is_empty() {
        let mut padded = Chunk::default();
        padded.0[..last.len()].copy_from_slice(last);
        let h = L::load(&padded);
        let made = function.derivatives(h, function.first_stage(h));
        for (made, (_, output)) in made[FIRST..].iter().zip(&mut outputs) {
            output.copy_from_slice(&stored(*made).0[..last.len()]);
        }
    }
}

#[inline(always)]
fn stored<L: Lanes>(lanes: L) -> Chunk<L::Scalar> {
    let mut chunk = Chunk::default();
    lanes.store(&mut chunk);
    chunk
}

/// s, s' and s'' of sixteen states, in two stages. A trait, as closures cannot be inlined for certain.
trait Function: Copy {
    /// What is made of all states of a block first: the inner of two tanh, where there are two.
    #[inline(always)]
    fn first_stage<L: Lanes>(self, h: L) -> L {
        h
    }

    /// From h and what the first stage made of it.
    fn derivatives<L: Lanes>(self, h: L, first: L) -> [L; 3];
}

#[derive(Clone, Copy)]
struct Identity;

#[derive(Clone, Copy)]
struct Tanh;

#[derive(Clone, Copy)]
struct Sigmoid;

#[derive(Clone, Copy)]
struct SoftSilu {
    bound: f64,
}

impl Function for Identity {
    #[inline(always)]
    fn derivatives<L: Lanes>(self, h: L, _: L) -> [L; 3] {
        let zero = zero_or_nan(finite(h));
        [h, number::<L>(1.0).add(zero), zero]
    }
}

impl Function for Tanh {
    #[inline(always)]
    fn derivatives<L: Lanes>(self, h: L, _: L) -> [L; 3] {
        let s = h.tanh();
        let slope = one_minus_square(s);
        [s, slope, number::<L>(-2.0).mul(s).mul(slope)]
    }
}

impl Function for Sigmoid {
    #[inline(always)]
    fn derivatives<L: Lanes>(self, h: L, _: L) -> [L; 3] {
        let t = h.mul_add(number(2.0), number(-1.0)).tanh();
        let slope = one_minus_square(t);
        [
            number::<L>(1.0).add(t).mul(number(0.5)),
            slope,
            number::<L>(-4.0).mul(t).mul(slope),
        ]
    }
}

impl Function for SoftSilu {
    #[inline(always)]
    fn first_stage<L: Lanes>(self, h: L) -> L {
        h.mul(number(0.5)).tanh()
    }

    #[inline(always)]
    fn derivatives<L: Lanes>(self, h: L, t: L) -> [L; 3] {
        let (half, one) = (number::<L>(0.5), number::<L>(1.0));
        let bound = L::splat(L::Scalar::nearest(self.bound));
        let inverse = L::splat(L::Scalar::nearest(1.0 / self.bound));
        let h = finite(h);
        let half_h = h.mul(half);
        let sigma = one.add(t).mul(half);
        let fall = one.sub(t);
        let silu = h.mul(sigma);
        let slope = sigma.mul(one.add(half_h.mul(fall)));
        let curvature = sigma.mul(fall).mul(one.sub(half_h.mul(t)));
        let tau = silu.mul(inverse).tanh();
        let rest = one_minus_square(tau);
        let bend = inverse.add(inverse).mul(tau).mul(slope).mul(slope);
        [
            bound.mul(tau),
            rest.mul(slope),
            rest.mul(curvature.sub(bend)),
        ]
    }
}

#[inline(always)]
fn number<L: Lanes>(value: f32) -> L {
    L::splat(L::Scalar::from_f32(value))
}

/// The largest number of single precision in place of infinity: every slope has reached its limit
/// there, and its product with zero is zero.
#[inline(always)]
fn finite<L: Lanes>(h: L) -> L {
    h.clamp_magnitude(number(f32::MAX))
}

/// Zero for finite numbers, NaN for NaN: a state that is lost must not look at rest.
#[inline(always)]
fn zero_or_nan<L: Lanes>(x: L) -> L {
    let zero = number::<L>(0.0);
    zero.add(x.mul(zero))
}

/// 1 - x^2, whose factors lose nothing where x is close to one.
#[inline(always)]
fn one_minus_square<L: Lanes>(x: L) -> L {
    let one = number::<L>(1.0);
    one.sub(x).mul(one.add(x))
}

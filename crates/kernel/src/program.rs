//! What the engine can fuse: forces in closed form.
//!
//! F_i(x) = sum_p c_ip x_i^p + sum over products x_i^a sum_j M_ij x_j^b
//!        + sum over layers sum_m U_im g_m phi(sum_j V_mj x_j + a_m)
//!
//! Products cover every polynomial of two units up to the quartic energy; a layer is a low-rank
//! coupling (phi the identity) or fast hidden units (phi = tanh).

use crate::matrix::{Matrix, Start};
use crate::simd::{Chunk, LANES, Lanes, Real};

/// The force on every unit of a network.
#[derive(Debug, Clone, PartialEq)]
pub struct Program<T> {
    units: usize,
    /// Coefficients of 1, x, x^2, x^3 and x^5.
    polynomial: Vec<[T; 5]>,
    products: Vec<Product<T>>,
    layers: Vec<Layer<T>>,
}

/// x_i^own sum_j M_ij x_j^other.
#[derive(Debug, Clone, PartialEq)]
pub struct Product<T> {
    /// Power of the unit itself: 0, 1 or 2.
    pub own: u8,
    /// Power of the other units: 1, 2 or 3.
    pub other: u8,
    /// units x units.
    pub matrix: Matrix<T>,
}

/// sum_m U_im g_m phi(sum_j V_mj x_j + a_m).
#[derive(Debug, Clone, PartialEq)]
pub struct Layer<T> {
    /// V, width x units.
    pub inward: Matrix<T>,
    /// a, width.
    pub bias: Vec<T>,
    /// Whether phi is the hyperbolic tangent (else the identity).
    pub saturates: bool,
    /// g, width.
    pub gain: Vec<T>,
    /// U, units x width.
    pub outward: Matrix<T>,
}

impl<T: Real> Program<T> {
    /// The force of this polynomial (coefficients of 1, x, x^2, x^3 and x^5 for each unit),
    /// these products and these layers.
    ///
    /// # Panics
    /// If a power is not one of those listed at [`Product`], or a matrix has another shape
    /// than is listed at [`Product`] and [`Layer`].
    #[must_use]
    pub fn new(polynomial: Vec<[T; 5]>, products: Vec<Product<T>>, layers: Vec<Layer<T>>) -> Self {
        let units = polynomial.len();
        for product in &products {
            assert!(product.own <= 2 && (1..=3).contains(&product.other));
            assert_eq!(product.matrix.shape(), (units, units));
        }
        for layer in &layers {
            assert_eq!(layer.inward.shape(), (layer.bias.len(), units));
            assert_eq!(layer.outward.shape(), (units, layer.bias.len()));
            assert_eq!(layer.gain.len(), layer.bias.len());
        }
        let wide = |layer: &Layer<T>| !layer.bias.is_empty();
        Self {
            units,
            polynomial,
            products,
            layers: layers.into_iter().filter(wide).collect(),
        }
    }

    /// Number of units.
    #[must_use]
    pub const fn units(&self) -> usize {
        self.units
    }

    /// Coefficients of 1, x, x^2, x^3 and x^5 of each unit.
    pub(crate) fn polynomial(&self) -> &[[T; 5]] {
        &self.polynomial
    }

    /// Whether the polynomial goes beyond the linear term anywhere.
    pub(crate) fn bends(&self) -> bool {
        let flat = |c: &[T; 5]| c[2..].iter().all(|&c| c == T::default());
        !self.polynomial.iter().all(flat)
    }

    /// Writes all but the polynomial's force on each unit (units x W) to `scratch.force`.
    #[inline(always)]
    pub(crate) fn couple<L: Lanes<Scalar = T>, const W: usize>(
        &self,
        states: &[Chunk<T>],
        scratch: &mut Scratch<T>,
    ) {
        scratch.powers.raise::<L>(states);
        // The first term that only adds overwrites what the last step left.
        let mut start = Start::Zero;
        for product in self.products.iter().filter(|product| product.own == 0) {
            let input = scratch.powers.get(product.other).unwrap_or(states);
            product
                .matrix
                .multiply::<L::Noise, W>(input, &mut scratch.force, start);
            start = Start::Output;
        }
        if start == Start::Zero {
            for force in &mut scratch.force {
                L::splat(T::default()).store(force);
            }
        }
        for product in self.products.iter().filter(|product| product.own > 0) {
            let input = scratch.powers.get(product.other).unwrap_or(states);
            product
                .matrix
                .multiply::<L::Noise, W>(input, &mut scratch.inner, Start::Zero);
            let slots = scratch.force.iter_mut().zip(&scratch.inner);
            for ((force, inner), x) in slots.zip(states) {
                let (x, inner) = (L::load(x), L::load(inner));
                let factor = if product.own == 2 { x.mul(x) } else { x };
                factor.mul_add(inner, L::load(force)).store(force);
            }
        }
        for layer in &self.layers {
            layer.add_force::<L, W>(states, scratch);
        }
    }
}

impl<T: Real> Layer<T> {
    #[inline(always)]
    fn add_force<L: Lanes<Scalar = T>, const W: usize>(
        &self,
        states: &[Chunk<T>],
        scratch: &mut Scratch<T>,
    ) {
        let hidden = &mut scratch.hidden;
        for (slots, &bias) in hidden.chunks_exact_mut(W).zip(&self.bias) {
            for slot in slots {
                L::splat(bias).store(slot);
            }
        }
        self.inward
            .multiply::<L::Noise, W>(states, hidden, Start::Output);
        for (slots, &gain) in hidden.chunks_exact_mut(W).zip(&self.gain) {
            for slot in slots {
                let inner = L::load(slot);
                let activity = if self.saturates { inner.tanh() } else { inner };
                L::splat(gain).mul(activity).store(slot);
            }
        }
        let active = &hidden[..self.bias.len() * W];
        self.outward
            .multiply::<L::Noise, W>(active, &mut scratch.force, Start::Output);
    }
}

/// Working memory of one thread, for blocks of W chunks.
#[derive(Debug, Default)]
pub struct Scratch<T> {
    pub(crate) force: Vec<Chunk<T>>,
    powers: Powers<T>,
    inner: Vec<Chunk<T>>,
    hidden: Vec<Chunk<T>>,
}

impl<T: Real> Scratch<T> {
    /// Makes room for a program on W chunks.
    pub(crate) fn fit(&mut self, program: &Program<T>, w: usize) {
        let (products, layers) = (&program.products, &program.layers);
        let highest = |sizes: &mut dyn Iterator<Item = usize>| sizes.max().unwrap_or(0);
        let outputs = products.iter().map(|product| product.matrix.padded_rows());
        let outputs = outputs.chain(layers.iter().map(|layer| layer.outward.padded_rows()));
        let rows = highest(&mut outputs.chain([program.units]));
        let curved = products.iter().filter(|product| product.own > 0);
        let inner = highest(&mut curved.map(|product| product.matrix.padded_rows()));
        let hidden = highest(&mut layers.iter().map(|layer| layer.inward.padded_rows()));
        let power = highest(&mut products.iter().map(|product| usize::from(product.other)));
        let size = |buffer: &mut Vec<Chunk<T>>, rows: usize| {
            buffer.resize(rows * w, Chunk([T::default(); LANES]));
        };
        size(&mut self.force, rows);
        size(
            &mut self.powers.square,
            if power > 1 { program.units } else { 0 },
        );
        size(
            &mut self.powers.cube,
            if power > 2 { program.units } else { 0 },
        );
        size(&mut self.inner, inner);
        size(&mut self.hidden, hidden);
    }
}

/// Squares and cubes of the states, where some product needs them.
#[derive(Debug, Default)]
struct Powers<T> {
    square: Vec<Chunk<T>>,
    cube: Vec<Chunk<T>>,
}

impl<T: Real> Powers<T> {
    /// The squares or cubes; none for the states themselves.
    #[inline(always)]
    fn get(&self, power: u8) -> Option<&[Chunk<T>]> {
        match power {
            2 => Some(&self.square),
            3 => Some(&self.cube),
            _ => None,
        }
    }

    #[inline(always)]
    fn raise<L: Lanes<Scalar = T>>(&mut self, states: &[Chunk<T>]) {
        for (x, square) in states.iter().zip(&mut self.square) {
            let x = L::load(x);
            x.mul(x).store(square);
        }
        for ((x, square), cube) in states.iter().zip(&self.square).zip(&mut self.cube) {
            L::load(square).mul(L::load(x)).store(cube);
        }
    }
}

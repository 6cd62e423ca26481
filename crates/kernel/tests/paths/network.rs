//! Networks as plain numbers: a program for the engine, and the same force written out.

use overdamped_kernel::{Layer, Matrix, Product, Program, Real};

/// Parameters from a small generator of their own; all are `f32`, so that both precisions run the
/// same network.
pub struct Parameters(u64);

impl Parameters {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number between -1 and 1.
    pub fn next(&mut self) -> f32 {
        // Knuth's MMIX constants; the upper bits are good enough for coefficients.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / 8_388_608.0 - 1.0
    }
}

/// A matrix, and how the engine shall hold it.
#[derive(Clone)]
pub struct Coupling {
    rows: usize,
    columns: usize,
    entries: Vec<(usize, usize, f32)>,
    dense: bool,
}

impl Coupling {
    /// Every entry, of a size that keeps a row's sum near one.
    pub fn dense(rows: usize, columns: usize, parameters: &mut Parameters) -> Self {
        let places = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
        let scale = (columns as f32).sqrt().recip();
        let entries = places.map(|(row, column)| (row, column, parameters.next() * scale));
        Self {
            rows,
            columns,
            entries: entries.collect(),
            dense: true,
        }
    }

    /// Two entries to a row, out of order, and one place named twice.
    pub fn sparse(rows: usize, columns: usize, parameters: &mut Parameters) -> Self {
        let places = (0..rows).rev().flat_map(|row| {
            let far = (7 * row + 3) % columns;
            [(row, far), (row, (far + columns / 2) % columns)]
        });
        let places = places.chain([(0, 0), (0, 0)]);
        Self {
            rows,
            columns,
            entries: places
                .map(|(row, column)| (row, column, 0.5 * parameters.next()))
                .collect(),
            dense: false,
        }
    }

    fn matrix<T: Real>(&self) -> Matrix<T> {
        let entries = self.entries.iter();
        let entries = entries.map(|&(row, column, value)| (row, column, T::from_f32(value)));
        let entries: Vec<_> = entries.collect();
        if self.dense {
            Matrix::of_entries(self.rows, self.columns, &entries)
        } else {
            Matrix::sparse(self.rows, self.columns, &entries)
        }
    }

    fn times(&self, input: &[f64]) -> Vec<f64> {
        let mut output = vec![0.0; self.rows];
        for &(row, column, value) in &self.entries {
            output[row] += f64::from(value) * input[column];
        }
        output
    }
}

/// sum_m U_im g_m phi(sum_j V_mj x_j + a_m).
#[derive(Clone)]
pub struct Hidden {
    pub inward: Coupling,
    pub bias: Vec<f32>,
    pub saturates: bool,
    pub gain: Vec<f32>,
    pub outward: Coupling,
}

/// The force on every unit.
#[derive(Clone)]
pub struct Network {
    pub polynomial: Vec<[f32; 5]>,
    pub products: Vec<(u8, u8, Coupling)>,
    pub layers: Vec<Hidden>,
}

impl Network {
    /// Unit by unit a polynomial, and nothing else.
    pub fn uncoupled(units: usize, parameters: &mut Parameters) -> Self {
        let polynomial = (0..units).map(|_| {
            let [c0, c1, c2, c3, c5] = std::array::from_fn(|_| parameters.next());
            // Confining: the force at infinity points inwards.
            [c0, c1, c2, c3, -0.2 - 0.1 * c5]
        });
        Self {
            polynomial: polynomial.collect(),
            products: Vec::new(),
            layers: Vec::new(),
        }
    }

    /// With a dense x_i^own sum_j M_ij x_j^other.
    pub fn with_dense(mut self, own: u8, other: u8, parameters: &mut Parameters) -> Self {
        let units = self.polynomial.len();
        let coupling = Coupling::dense(units, units, parameters);
        self.products.push((own, other, coupling));
        self
    }

    /// With a sparse one.
    pub fn with_sparse(mut self, own: u8, other: u8, parameters: &mut Parameters) -> Self {
        let units = self.polynomial.len();
        let coupling = Coupling::sparse(units, units, parameters);
        self.products.push((own, other, coupling));
        self
    }

    /// With a layer.
    pub fn with_layer(
        mut self,
        width: usize,
        saturates: bool,
        parameters: &mut Parameters,
    ) -> Self {
        let units = self.polynomial.len();
        self.layers.push(Hidden {
            inward: Coupling::dense(width, units, parameters),
            bias: (0..width).map(|_| parameters.next()).collect(),
            saturates,
            gain: (0..width).map(|_| parameters.next()).collect(),
            outward: Coupling::dense(units, width, parameters),
        });
        self
    }

    /// With every kind of term at once.
    pub fn with_all(mut self, parameters: &mut Parameters) -> Self {
        for (own, other) in [(0, 1), (1, 2), (0, 3), (2, 1)] {
            self = self.with_dense(own, other, parameters);
        }
        for (own, other) in [(0, 2), (1, 1), (2, 3)] {
            self = self.with_sparse(own, other, parameters);
        }
        let width = self.polynomial.len() / 2 + 1;
        self.with_layer(width, true, parameters)
            .with_layer(3, false, parameters)
    }

    /// For the engine.
    pub fn program<T: Real>(&self) -> Program<T> {
        let wide = |numbers: &[f32]| numbers.iter().map(|&c| T::from_f32(c)).collect::<Vec<T>>();
        let products = self.products.iter();
        let products = products.map(|(own, other, coupling)| Product {
            own: *own,
            other: *other,
            matrix: coupling.matrix(),
        });
        let layers = self.layers.iter().map(|layer| Layer {
            inward: layer.inward.matrix(),
            bias: wide(&layer.bias),
            saturates: layer.saturates,
            gain: wide(&layer.gain),
            outward: layer.outward.matrix(),
        });
        Program::new(
            self.polynomial.iter().map(|c| c.map(T::from_f32)).collect(),
            products.collect(),
            layers.collect(),
        )
    }

    /// Written out, in double precision and with the standard library.
    pub fn force(&self, x: &[f64]) -> Vec<f64> {
        let own = self.polynomial.iter().zip(x).map(|(c, &x)| {
            let [c0, c1, c2, c3, c5] = c.map(f64::from);
            c0 + c1 * x + c2 * x.powi(2) + c3 * x.powi(3) + c5 * x.powi(5)
        });
        let mut force: Vec<f64> = own.collect();
        for (own, other, coupling) in &self.products {
            let powers: Vec<f64> = x.iter().map(|x| x.powi(i32::from(*other))).collect();
            for ((force, x), sum) in force.iter_mut().zip(x).zip(coupling.times(&powers)) {
                *force += x.powi(i32::from(*own)) * sum;
            }
        }
        for layer in &self.layers {
            let mut hidden = layer.inward.times(x);
            for ((h, &bias), &gain) in hidden.iter_mut().zip(&layer.bias).zip(&layer.gain) {
                let inner = *h + f64::from(bias);
                let activity = if layer.saturates { inner.tanh() } else { inner };
                *h = f64::from(gain) * activity;
            }
            for (force, sum) in force.iter_mut().zip(layer.outward.times(&hidden)) {
                *force += sum;
            }
        }
        force
    }
}

//! Means and spreads of each unit over the samples, gathered block by block.

use faer::MatRef;

/// Below this share of the root mean square a spread is rounding: products in double precision of
/// equal samples may differ in their last digits, depending on the column.
const ROUNDING: f64 = 1e-12;

/// What a matrix of units x samples amounts to.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Spread {
    samples: usize,
    means: Vec<f64>,
    /// Sum of squares about the mean, for each unit.
    squares: Vec<f64>,
    /// Sum of magnitudes over everything.
    magnitude: f64,
}

impl Spread {
    pub fn new(units: usize) -> Self {
        Self {
            samples: 0,
            means: vec![0.0; units],
            squares: vec![0.0; units],
            magnitude: 0.0,
        }
    }

    /// Takes in a block of samples: its own means and squares, joined to those before it (Chan, Golub
    /// and LeVeque 1983), so that a large mean costs no digits of the spread.
    pub fn add(&mut self, block: MatRef<'_, f64>) {
        let (before, width) = (self.samples as f64, block.ncols() as f64);
        let after = before + width;
        for unit in 0..block.nrows() {
            let row = block.row(unit);
            let mean = row.iter().sum::<f64>() / width;
            let squares: f64 = row.iter().map(|value| (value - mean).powi(2)).sum();
            let shift = mean - self.means[unit];
            self.squares[unit] += squares + shift.powi(2) * before * width / after;
            self.means[unit] += shift * width / after;
            self.magnitude += row.iter().map(|value| value.abs()).sum::<f64>();
        }
        self.samples += block.ncols();
    }

    /// Number of units.
    pub fn units(&self) -> usize {
        self.means.len()
    }

    fn entries(&self) -> f64 {
        (self.means.len() * self.samples) as f64
    }

    /// Root of the mean square of all entries.
    pub fn root_mean_square(&self) -> f64 {
        let squares: f64 = self.squares.iter().sum();
        let means: f64 = self.means.iter().map(|mean| mean.powi(2)).sum();
        (squares / self.entries() + means / self.means.len() as f64).sqrt()
    }

    /// Mean magnitude of all entries.
    pub fn mean_magnitude(&self) -> f64 {
        self.magnitude / self.entries()
    }

    /// Standard deviation of all entries about their one mean.
    pub fn standard_deviation(&self) -> f64 {
        let units = self.means.len() as f64;
        let mean = self.means.iter().sum::<f64>() / units;
        let between_units: f64 = self.means.iter().map(|own| (own - mean).powi(2)).sum();
        let squares: f64 = self.squares.iter().sum();
        self.cleared((squares / self.entries() + between_units / units).sqrt())
    }

    /// Standard deviation between samples: each unit about its own mean, root mean square over units.
    pub fn between_samples(&self) -> f64 {
        self.cleared((self.squares.iter().sum::<f64>() / self.entries()).sqrt())
    }

    /// The same of one unit.
    pub fn of_unit(&self, unit: usize) -> f64 {
        self.cleared((self.squares[unit] / self.samples as f64).sqrt())
    }

    /// Zero, where it is nothing but rounding.
    fn cleared(&self, spread: f64) -> f64 {
        if spread > ROUNDING * self.root_mean_square() {
            spread
        } else {
            0.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use faer::{Mat, mat};

    #[test]
    fn blocks_join_to_the_statistics_of_the_whole() {
        let whole = mat![[1.0, 2.0, 4.0, 9.0], [-1.0, -1.0, 3.0, -1.0]];
        let mut spread = Spread::new(2);
        spread.add(whole.as_ref().subcols(0, 1));
        spread.add(whole.as_ref().subcols(1, 3));
        // By hand: means 4 and 0, squares 38 and 12, all entries: mean 2, squares 114.
        assert!((spread.of_unit(0).powi(2) - 38.0 / 4.0).abs() < 1e-14);
        assert!((spread.of_unit(1).powi(2) - 12.0 / 4.0).abs() < 1e-14);
        assert!((spread.between_samples().powi(2) - 50.0 / 8.0).abs() < 1e-14);
        assert!((spread.root_mean_square().powi(2) - 114.0 / 8.0).abs() < 1e-14);
        assert!((spread.standard_deviation().powi(2) - (114.0 / 8.0 - 4.0)).abs() < 1e-14);
        assert!((spread.mean_magnitude() - 22.0 / 8.0).abs() < 1e-14);
    }

    #[test]
    fn a_large_mean_costs_no_digits() {
        let mut spread = Spread::new(1);
        for block in 0..50 {
            spread.add(Mat::from_fn(1, 20, |_, k| 1e8 + f64::from((k + block) as u8 % 2)).as_ref());
        }
        assert!((spread.of_unit(0) - 0.5).abs() < 1e-9);
    }
}

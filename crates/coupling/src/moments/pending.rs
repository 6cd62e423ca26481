//! The block of samples that is being filled, and its deviations from its own mean.

use faer::{Mat, MatRef};

use super::BLOCK;

/// Samples that wait for their block to fill up.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    /// Units of both sides x samples; columns from `count` on are not meant.
    samples: Mat<f32>,
    count: usize,
}

impl Pending {
    pub(super) fn new(units: usize) -> Self {
        Self {
            samples: Mat::zeros(units, BLOCK),
            count: 0,
        }
    }

    /// Samples that still fit in.
    pub(super) fn room(&self) -> usize {
        BLOCK - self.count
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    pub(super) fn samples(&self) -> MatRef<'_, f32> {
        self.samples.subcols(0, self.count)
    }

    /// Appends samples, no more than there is room for.
    pub(super) fn push(&mut self, x: MatRef<'_, f32>, y: MatRef<'_, f32>) {
        let own = self.samples.subcols_mut(self.count, x.ncols());
        let (mut above, mut below) = own.split_at_row_mut(x.nrows());
        above.copy_from(x);
        below.copy_from(y);
        self.count += x.ncols();
    }

    pub(super) fn clear(&mut self) {
        self.count = 0;
    }
}

/// What a block adds for a run of units.
pub(super) struct Deviations {
    /// Mean of all samples, those before the block and those of it.
    pub(super) mean: Vec<f64>,
    /// Units x (samples + 1): z - c, and sqrt(n m / (n + m)) (c - a). No columns if there are no samples.
    pub(super) values: Mat<f64>,
}

/// Deviations of `samples` (units x samples) that come after `before` others of mean `mean`.
///
/// The block's mean is measured from its first sample: of a unit that does not vary all deviations are then zero,
/// not merely small, and so is its variance.
pub(super) fn deviations(samples: MatRef<'_, f32>, mean: &[f64], before: usize) -> Deviations {
    let (units, count) = samples.shape();
    if count == 0 {
        return Deviations {
            mean: mean.to_vec(),
            values: Mat::zeros(units, 0),
        };
    }
    let (n, m) = (before as f64, count as f64);
    let origin: Vec<f64> = samples.col(0).iter().map(|&z| f64::from(z)).collect();
    let mut values = Mat::zeros(units, count + 1);
    let mut shift = vec![0.0; units];
    for sample in 0..count {
        let slots = values.col_as_slice_mut(sample).iter_mut();
        let states = samples.col(sample).iter().zip(&origin);
        for ((slot, shift), (&z, origin)) in slots.zip(&mut shift).zip(states) {
            *slot = f64::from(z) - origin;
            *shift += *slot;
        }
    }
    for shift in &mut shift {
        *shift /= m;
    }
    for sample in 0..count {
        let slots = values.col_as_slice_mut(sample).iter_mut();
        for (slot, shift) in slots.zip(&shift) {
            *slot -= shift;
        }
    }
    let weight = (n * m / (n + m)).sqrt();
    let drift = values.col_as_slice_mut(count);
    let mut joined = mean.to_vec();
    for (unit, (joined, drift)) in joined.iter_mut().zip(drift).enumerate() {
        let own = origin[unit] + shift[unit];
        if before == 0 {
            *joined = own;
        } else {
            *drift = weight * (own - *joined);
            *joined += (own - *joined) * (m / (n + m));
        }
    }
    Deviations {
        mean: joined,
        values,
    }
}

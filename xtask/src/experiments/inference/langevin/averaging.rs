//! The mean of n samples beside the state at rest, and the law that it follows.
//!
//! n chains, read m times each at equal intervals, have the mean y + e with e normal and of covariance
//!
//! S(n, m) = (kT / n) sum over modes of v v^T f(m) / rate,    f(m) = (1 / m) (1 + 2 sum_(j < m) (1 - j / m) rho_j),
//!
//! where rho_j is the mode's correlation over j intervals; f(1) = 1. So the mean squared error is tr S, and with sums over patches
//!
//! 1 / c^2 - 1 = tr S / |y|^2   for the pooled cosine   c = sum y . (y + e) / sqrt(sum |y|^2  sum |y + e|^2)
//!
//! at every n, as c tends to its ratio of means. The mean over patches of single cosines, which is what the paper quotes, has no closed form; its law
//! here takes |e|^2 for its mean in each patch, which is off by a share of order one over the units.
//!
//! Correlations are those of the integrator: with a = 1 - h rate, rho = (1 - h rate / 2) a^(k - 1) over k steps
//! (Leimkuhler and Matthews share each draw between two steps).

use faer::{Mat, MatRef};

use super::bench::{Bath, Bench, Device, Ensemble};

/// What n samples are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sampling {
    /// Independent chains.
    pub chains: usize,
    /// Readings of each, in succession.
    pub readings: usize,
}

impl Sampling {
    /// n.
    pub const fn samples(self) -> usize {
        self.chains * self.readings
    }
}

/// Sums over all means of so many samples.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tally {
    means: usize,
    /// |mean - y|^2.
    error: f64,
    /// mean . y.
    inner: f64,
    /// |mean|^2.
    length: f64,
    /// |y|^2.
    own: f64,
    /// |y - training mean|^2.
    spread: f64,
    cosines: f64,
}

impl Tally {
    /// Adds means (units x patches times any number, those of a patch together), given as sums over `samples`.
    fn add(&mut self, target: &Target, sums: MatRef<'_, f64>, samples: usize) {
        let of_patch = sums.ncols() / target.rest.ncols();
        for (column, sum) in sums.col_iter().enumerate() {
            let patch = column / of_patch;
            let (mut error, mut inner, mut length) = (0.0, 0.0, 0.0);
            for (sum, y) in sum.iter().zip(target.rest.col(patch).iter()) {
                let mean = sum / samples as f64;
                error += (mean - y) * (mean - y);
                inner += mean * y;
                length += mean * mean;
            }
            self.means += 1;
            self.error += error;
            self.inner += inner;
            self.length += length;
            self.own += target.own[patch];
            self.spread += target.spread[patch];
            self.cosines += inner / (length * target.own[patch]).sqrt();
        }
    }

    /// Number of means.
    pub const fn means(&self) -> usize {
        self.means
    }

    /// Mean cosine.
    pub fn cosine(&self) -> f64 {
        self.cosines / self.means as f64
    }

    /// 1 / c^2 - 1 of the pooled cosine.
    pub fn excess(&self) -> f64 {
        self.own * self.length / (self.inner * self.inner) - 1.0
    }

    /// Mean of |e|^2.
    pub fn error(&self) -> f64 {
        self.error / self.means as f64
    }

    /// 1 - sum |e|^2 / sum |y - training mean|^2.
    pub fn r2(&self) -> f64 {
        1.0 - self.error / self.spread
    }
}

/// What the means tend to.
pub struct Target {
    /// States at rest of the units that are read (units x patches).
    pub rest: Mat<f64>,
    /// |y|^2 of each patch.
    own: Vec<f64>,
    /// |y - training mean|^2 of each patch.
    spread: Vec<f64>,
}

impl Target {
    /// The first `patches` of a bench.
    pub fn new(bench: &Bench<'_>, patches: usize) -> Self {
        let rest = bench.readout().subcols(0, patches).to_owned();
        let each = |of: &dyn Fn(usize, f64) -> f64| {
            let sum = |column: faer::ColRef<'_, f64>| {
                let terms = column.iter().enumerate();
                terms.map(|(unit, &y)| of(unit, y).powi(2)).sum()
            };
            rest.col_iter().map(sum).collect()
        };
        let own = each(&|_, y| y);
        let spread = each(&|unit, y| y - bench.mean[unit]);
        Self { rest, own, spread }
    }

    /// Mean cosine of means that are off by |e|^2 = `error`, across y, in every patch.
    pub fn cosine(&self, error: f64) -> f64 {
        let each = self.own.iter().map(|own| (1.0 + error / own).powf(-0.5));
        each.sum::<f64>() / self.own.len() as f64
    }

    /// The `error` that leaves this mean cosine, which must lie between zero and one.
    pub fn error_for(&self, cosine: f64) -> f64 {
        // Each cosine is at least what the shortest y has, and at most what the longest has.
        let ends = |pick: fn(f64, f64) -> f64| self.own.iter().copied().reduce(pick);
        let excess = cosine.powi(-2) - 1.0;
        let end = |pick| ends(pick).unwrap_or(0.0) * excess;
        let (mut low, mut high) = (end(f64::min), end(f64::max));
        for _ in 0..100 {
            let middle = 0.5 * (low + high);
            if self.cosine(middle) > cosine {
                low = middle;
            } else {
                high = middle;
            }
        }
        0.5 * (low + high)
    }
}

/// What theory says of means of so many samples.
#[derive(Debug, Clone, Copy)]
pub struct Law {
    /// Mean of |e|^2: tr S.
    pub error: f64,
    /// 1 / c^2 - 1 of the pooled cosine.
    pub excess: f64,
    /// R^2.
    pub r2: f64,
    /// Mean cosine, with |e|^2 taken for its mean.
    pub cosine: f64,
    /// Standard deviation, as a share of itself, of the measured 1 / c^2 - 1 over one mean of each patch.
    chance: f64,
    /// Those means.
    patches: usize,
}

impl Law {
    /// The same over so many means, independent of each other.
    pub fn chance_over(&self, means: usize) -> f64 {
        self.chance * (self.patches as f64 / means as f64).sqrt()
    }
}

/// Readings at equal intervals in a bath.
#[derive(Debug, Clone, Copy)]
pub struct Series {
    pub bath: Bath,
    /// Steps from one to the next.
    pub interval: u64,
}

impl Series {
    /// f(m): the variance of the mean of `readings` of a mode, in units of that of one.
    pub fn factor(&self, readings: usize, rate: f64) -> f64 {
        let slow = 1.0 - self.bath.step * rate;
        let first = 1.0 - 0.5 * self.bath.step * rate;
        let count = readings as f64;
        let later = (1..readings).map(|j| {
            let steps = j as f64 * self.interval as f64;
            (1.0 - j as f64 / count) * first * slow.powf(steps - 1.0)
        });
        (1.0 + 2.0 * later.sum::<f64>()) / count
    }

    /// Integrated autocorrelation time of a mode, in readings: f(m) tends to this over m.
    pub fn time(&self, rate: f64) -> f64 {
        let slow = 1.0 - self.bath.step * rate;
        let first = 1.0 - 0.5 * self.bath.step * rate;
        let steps = self.interval as f64;
        1.0 + 2.0 * first * slow.powf(steps - 1.0) / (1.0 - slow.powf(steps))
    }

    /// The law of a sampling.
    pub fn law(&self, bench: &Bench<'_>, target: &Target, sampling: Sampling) -> Law {
        let share = self.bath.temperature / sampling.chains as f64;
        let covariance = bench.covariance(|rate| share * self.factor(sampling.readings, rate));
        let error: f64 = (0..covariance.nrows())
            .map(|unit| covariance[(unit, unit)])
            .sum();
        let patches = target.own.len() as f64;
        let (own, spread) = (
            target.own.iter().sum::<f64>(),
            target.spread.iter().sum::<f64>(),
        );
        // 1 / c^2 - 1 = |e|^2 |y|^2 / (y . (y + e))^2, less the part of e along y: to first order its variance is that of
        // |e|^2, and four times that of y . e / |y|^2.
        let of_error = 2.0 * covariance.squared_norm_l2() / (error * error * patches);
        let along = &covariance * &target.rest;
        let along: f64 = (0..along.ncols())
            .map(|patch| along.col(patch).transpose() * target.rest.col(patch))
            .sum();
        Law {
            error,
            excess: patches * error / own,
            r2: 1.0 - patches * error / spread,
            cosine: target.cosine(error),
            chance: (of_error + 4.0 * along / (own * own)).sqrt(),
            patches: target.own.len(),
        }
    }
}

/// The tally of means of one sampling, from sums over its samples of all units that move (units x means, those of a patch together).
pub fn tally(bench: &Bench<'_>, target: &Target, sums: &Mat<f64>, sampling: Sampling) -> Tally {
    let mut tally = Tally::default();
    tally.add(target, read_out(bench, sums).as_ref(), sampling.samples());
    tally
}

/// The rows of units that are read out.
fn read_out(bench: &Bench<'_>, states: &Mat<f64>) -> Mat<f64> {
    Mat::from_fn(bench.read.len(), states.ncols(), |row, chain| {
        states[(bench.read[row], chain)]
    })
}

/// Reads `readings` times, each after what `before` does with the number of the reading, and tallies means of 1, 2, 4, ... samples:
/// of so many chains as far as the copies go, which must be a power of two, and of all copies and successive readings
/// beyond.
///
/// # Errors
/// Those of `before` and of the substrate.
pub fn measure(
    device: &mut Device,
    (bench, target): (&Bench<'_>, &Target),
    ensemble: Ensemble,
    readings: usize,
    before: impl Fn(&mut Device, usize) -> anyhow::Result<()>,
) -> anyhow::Result<Vec<(Sampling, Tally)>> {
    let mut tallies: Vec<(Sampling, Tally)> = Vec::new();
    let mut add = |sampling: Sampling, sums: &Mat<f64>| {
        let known = tallies.iter().position(|(known, _)| *known == sampling);
        let at = known.unwrap_or_else(|| {
            tallies.push((sampling, Tally::default()));
            tallies.len() - 1
        });
        tallies[at].1.add(target, sums.as_ref(), sampling.samples());
    };
    // Sums over all copies and 1, 2, 4, ... readings that wait for their like.
    let mut waiting: Vec<Option<Mat<f64>>> = Vec::new();
    for reading in 0..readings {
        before(device, reading)?;
        let mut sums = read_out(bench, &device.read()?);
        let mut sampling = Sampling {
            chains: 1,
            readings: 1,
        };
        add(sampling, &sums);
        while sampling.chains < ensemble.copies {
            sums = Mat::from_fn(sums.nrows(), sums.ncols() / 2, |unit, pair| {
                sums[(unit, 2 * pair)] + sums[(unit, 2 * pair + 1)]
            });
            sampling.chains *= 2;
            add(sampling, &sums);
        }
        for level in 0.. {
            if level == waiting.len() {
                waiting.push(None);
            }
            let Some(like) = waiting[level].take() else {
                waiting[level] = Some(sums);
                break;
            };
            sums += &like;
            sampling.readings *= 2;
            add(sampling, &sums);
        }
    }
    tallies.sort_by_key(|(sampling, _)| sampling.samples());
    Ok(tallies)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_and_cosines_invert_each_other() {
        let target = Target {
            rest: Mat::zeros(1, 3),
            own: vec![0.5, 2.0, 8.0],
            spread: vec![1.0; 3],
        };
        for cosine in [0.2, 0.9, 0.99, 0.9999] {
            let error = target.error_for(cosine);
            assert!((target.cosine(error) - cosine).abs() < 1e-12);
        }
        assert_eq!(target.cosine(0.0), 1.0);
    }

    #[test]
    fn tallies_of_known_means() {
        // Two patches; the first has means (2, 0) and (0, 2) of one sample each, the second the truth.
        let target = Target {
            rest: faer::mat![[1.0, 3.0], [1.0, 4.0]],
            own: vec![2.0, 25.0],
            spread: vec![1.0, 3.0],
        };
        let mut tally = Tally::default();
        let sums = faer::mat![[2.0, 0.0, 3.0, 3.0], [0.0, 2.0, 4.0, 4.0]];
        tally.add(&target, sums.as_ref(), 1);
        assert_eq!((tally.means(), tally.error()), (4, 1.0));
        assert_eq!(tally.r2(), 0.5);
        assert!((tally.cosine() - 0.5 * (1.0 + 0.5_f64.sqrt())).abs() < 1e-12);
        // sum y . mean = 54, sum |y|^2 = 54, sum |mean|^2 = 58.
        assert!((tally.excess() - 4.0 / 54.0).abs() < 1e-12);
    }
}

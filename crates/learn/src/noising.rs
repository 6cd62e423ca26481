//! The forward process that turns data into noise, and the form in which its reversal is learned.
//!
//! Forward: overdamped relaxation in a harmonic trap, F = -k0 x, exact at every time,
//!
//! x_s = a x_0 + sigma eps, a = exp(-mu k0 s), sigma^2 = (kT / k0) (1 - a^2).
//!
//! Generation runs s backwards under F*(x, s) = k0 x + 2 kT grad log p_s(x), which by
//! Tweedie's formula is
//!
//! F*(x, s) = k0 x - (2 kT / sigma^2) (x - a E[x_0 | x]).
//!
//! **Denoiser form.** A network energy E'(x; theta') whose force plays the denoiser
//! E[x_0 | x] has parameters of order one at every noise level; the physical energy is
//! E = (2 kT / sigma^2 - k0) |x|^2 / 2 + (2 kT a / sigma^2) E'. (arXiv 2506.19136; Tweedie's
//! formula: Efron 2011.)
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | s | noising time | 1 / (mu k0) |
//! | k0 | stiffness of the noising trap | kT / x^2 |
//! | a | signal that is left | 1 |
//! | sigma | noise that has come | x |

use overdamped_energy::{EnergyError, Layout, Scalar};
use serde::{Deserialize, Serialize};

use crate::LearnError;
use crate::error::positive;

/// The noising trap and its bath.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Noising {
    /// Stiffness k0 of the trap. Default 1.
    pub stiffness: f64,
    /// Bath temperature kT. Default 1.
    pub temperature: f64,
    /// Mobility mu. Default 1.
    pub mobility: f64,
}

impl Default for Noising {
    fn default() -> Self {
        Self {
            stiffness: 1.0,
            temperature: 1.0,
            mobility: 1.0,
        }
    }
}

/// Signal and noise at one noising time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Level {
    /// The noising time s.
    pub time: f64,
    /// Signal a.
    pub signal: f64,
    /// Noise sigma.
    pub noise: f64,
}

impl Noising {
    /// The settings, if each is positive and finite.
    ///
    /// # Errors
    /// [`LearnError::Setting`].
    pub fn validated(self) -> Result<Self, LearnError> {
        positive("the stiffness of the noising trap", self.stiffness)?;
        positive("the temperature of the noising bath", self.temperature)?;
        positive("the mobility of the noising process", self.mobility)?;
        Ok(self)
    }

    /// Signal and noise at noising time `time` >= 0.
    #[must_use]
    pub fn level(&self, time: f64) -> Level {
        let rate = self.mobility * self.stiffness;
        let variance = self.temperature / self.stiffness * -(-2.0 * rate * time).exp_m1();
        Level {
            time,
            signal: (-rate * time).exp(),
            noise: variance.max(0.0).sqrt(),
        }
    }

    /// Standard deviation sqrt(kT / k0) of fully noised data: where generation starts.
    #[must_use]
    pub fn prior_deviation(&self) -> f64 {
        (self.temperature / self.stiffness).sqrt()
    }

    /// The noising time at which sigma / a has this value.
    fn time_at(&self, ratio: f64) -> f64 {
        let rate = self.mobility * self.stiffness;
        let scaled = self.stiffness / self.temperature * ratio * ratio;
        scaled.ln_1p() / (2.0 * rate)
    }

    /// Divides noising times [`earliest`, `latest`] into `slices` intervals with edges
    /// geometric in sigma / a, noisiest first: the order of generation.
    ///
    /// # Errors
    /// [`LearnError::Setting`] unless 0 < earliest < latest and there is a slice.
    pub fn schedule(
        &self,
        earliest: f64,
        latest: f64,
        slices: usize,
    ) -> Result<Vec<Interval>, LearnError> {
        self.validated()?;
        positive("the earliest noising time", earliest)?;
        positive("the span of noising times", latest - earliest)?;
        positive("the number of slices", slices as f64)?;
        let ratio = |time: f64| {
            let level = self.level(time);
            (level.noise / level.signal).ln()
        };
        let (low, high) = (ratio(earliest), ratio(latest));
        let at = |share: f64| self.time_at((high + share * (low - high)).exp());
        let interval = |slice: usize| {
            let start = slice as f64 / slices as f64;
            let end = (slice as f64 + 1.0) / slices as f64;
            Interval {
                noisy: at(start),
                clean: at(end),
                middle: self.level(at(0.5 * (start + end))),
            }
        };
        let schedule: Vec<_> = (0..slices).map(interval).collect();
        let finite = |interval: &Interval| interval.noisy.is_finite() && interval.clean.is_finite();
        if !schedule.iter().all(finite) {
            return Err(LearnError::Setting {
                setting: "the latest noising time",
                value: latest,
                bound: "so early that some signal is left: below about 350 / (mobility x stiffness)",
            });
        }
        Ok(schedule)
    }

    /// The denoiser form at one level.
    #[must_use]
    pub fn denoiser(&self, level: Level) -> Denoiser {
        Denoiser {
            noising: *self,
            level,
        }
    }
}

/// One slice of noising time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Its later, noisier end, where generation enters it.
    pub noisy: f64,
    /// Its earlier, cleaner end.
    pub clean: f64,
    /// The level of its geometric middle, where its parameters are fitted.
    pub middle: Level,
}

impl Interval {
    /// Duration of the slice when generation runs through it.
    #[must_use]
    pub fn duration(&self) -> f64 {
        self.noisy - self.clean
    }
}

/// Translates between denoiser-form parameters theta' and physical ones, at one level.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Denoiser {
    noising: Noising,
    level: Level,
}

impl Denoiser {
    /// The noise level.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.level
    }

    /// The noising process.
    #[must_use]
    pub const fn noising(&self) -> Noising {
        self.noising
    }

    /// 2 kT a / sigma^2: force error for a denoiser error of one.
    #[must_use]
    pub fn force_scale(&self) -> f64 {
        2.0 * self.noising.temperature * self.level.signal / self.level.noise.powi(2)
    }

    /// Stiffness 2 kT / sigma^2 - k0 that the driving energy has besides the network's.
    #[must_use]
    pub fn base_stiffness(&self) -> f64 {
        2.0 * self.noising.temperature / self.level.noise.powi(2) - self.noising.stiffness
    }

    /// Parameters of the *driving* energy U_gen whose force is F*, from theta'.
    ///
    /// `visible` marks the units that carry data; others (a label oscillator) get no trap.
    ///
    /// # Errors
    /// [`LearnError::Energy`] unless the layout has a `sites.stiffness` block.
    pub fn driving<T: Scalar>(
        &self,
        layout: &Layout,
        parameters: &[T],
        visible: &[bool],
    ) -> Result<Vec<T>, LearnError> {
        self.physical(
            layout,
            parameters,
            visible,
            self.force_scale(),
            self.base_stiffness(),
        )
    }

    /// Parameters of the *equilibrium* energy U_eq = -kT log p_s, from theta'; it is
    /// related to the driving one by U_gen = 2 U_eq - k0 |x|^2 / 2.
    ///
    /// # Errors
    /// As [`Denoiser::driving`].
    pub fn equilibrium<T: Scalar>(
        &self,
        layout: &Layout,
        parameters: &[T],
        visible: &[bool],
    ) -> Result<Vec<T>, LearnError> {
        let trap = self.noising.temperature / self.level.noise.powi(2);
        self.physical(layout, parameters, visible, 0.5 * self.force_scale(), trap)
    }

    fn physical<T: Scalar>(
        &self,
        layout: &Layout,
        parameters: &[T],
        visible: &[bool],
        scale: f64,
        trap: f64,
    ) -> Result<Vec<T>, LearnError> {
        layout.check(parameters)?;
        let stiffness = layout.range("sites.stiffness")?;
        if visible.len() != stiffness.len() {
            return Err(EnergyError::Length {
                what: "the mask of visible units".to_owned(),
                expected: stiffness.len(),
                found: visible.len(),
            }
            .into());
        }
        let mut physical = parameters.to_vec();
        layout.scale_energy(&mut physical, T::of(scale));
        for (slot, _) in physical[stiffness]
            .iter_mut()
            .zip(visible)
            .filter(|(_, visible)| **visible)
        {
            *slot += T::of(trap);
        }
        Ok(physical)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use overdamped_energy::{Energy, SiteTerm, Sites};

    #[test]
    fn levels_follow_the_trap() {
        let noising = Noising {
            stiffness: 2.0,
            temperature: 0.5,
            mobility: 1.5,
        };
        let level = noising.level(0.3);
        assert!((level.signal - (-0.9_f64).exp()).abs() < 1e-15);
        let variance = 0.25 * (1.0 - level.signal.powi(2));
        assert!((level.noise.powi(2) - variance).abs() < 1e-15);
        assert!((noising.time_at(level.noise / level.signal) - 0.3).abs() < 1e-13);
    }

    #[test]
    fn schedules_tile_the_span_from_noisy_to_clean() {
        let schedule = Noising::default().schedule(0.002, 4.0, 24).unwrap();
        assert!((schedule[0].noisy - 4.0).abs() < 1e-10);
        assert!((schedule[23].clean - 0.002).abs() < 1e-12);
        for pair in schedule.windows(2) {
            assert!((pair[0].clean - pair[1].noisy).abs() < 1e-12);
            assert!(pair[0].duration() > pair[1].duration());
        }
        assert!(Noising::default().schedule(0.01, 800.0, 2).is_err());
        assert!(Noising::default().schedule(4.0, 0.002, 24).is_err());
        assert!(Noising::default().schedule(0.1, 4.0, 0).is_err());
    }

    /// A Gaussian data set has a linear denoiser, and F* = k0 x + 2 kT grad log p in closed form.
    #[test]
    fn the_driving_energy_of_a_gaussian_is_its_closed_form() {
        let noising = Noising {
            stiffness: 1.3,
            temperature: 0.7,
            mobility: 1.0,
        };
        let (mean, deviation) = (0.4, 0.6);
        let denoiser = noising.denoiser(noising.level(0.5));
        let Level { signal, noise, .. } = denoiser.level();
        let variance = (signal * deviation).powi(2) + noise.powi(2);
        let gain = signal * deviation.powi(2) / variance;
        let energy = Sites::new(1, &[SiteTerm::Bias, SiteTerm::Stiffness]);
        let layout = Energy::<f64>::layout(&energy);
        // E[x0 | x] = mean + gain (x - a mean).
        let theta = [mean - gain * signal * mean, -gain];
        let driving = denoiser.driving(&layout, &theta, &[true]).unwrap();
        let x = 0.37;
        let force = energy
            .bind(&driving)
            .unwrap()
            .force(faer::mat![[x]].as_ref())[(0, 0)];
        let expected = 1.3 * x - 2.0 * 0.7 * (x - signal * mean) / variance;
        assert!(
            (force - expected).abs() < 1e-12,
            "{force} against {expected}"
        );
        // U_gen = 2 U_eq - k0 x^2 / 2.
        let equilibrium = denoiser.equilibrium(&layout, &theta, &[true]).unwrap();
        assert!((driving[1] - (2.0 * equilibrium[1] - 1.3)).abs() < 1e-12);
        assert!((driving[0] - 2.0 * equilibrium[0]).abs() < 1e-12);
    }
}

//! Whether two implementations sample the same law: without that, their times say nothing.

use faer::MatRef;
use serde::Deserialize;

use super::work::TIME_STEP;

/// Combined standard errors beyond which implementations disagree. Four averages of thirty
/// implementations stray so far by chance once in ten thousand runs.
pub const BOUND: f64 = 5.0;

/// Averages over chains and units of x, x^2, x^4 and the energy per unit; or their standard errors.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
pub struct Figures {
    /// Of x.
    pub mean: f64,
    /// Of x^2.
    pub second: f64,
    /// Of x^4.
    pub fourth: f64,
    /// Of E / units.
    pub energy: f64,
}

impl Figures {
    fn named(&self) -> [(&'static str, f64); 4] {
        [
            ("mean", self.mean),
            ("second moment", self.second),
            ("fourth moment", self.fourth),
            ("energy per unit", self.energy),
        ]
    }
}

/// Averages with their standard errors, from the spread of the means of single chains.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
pub struct Averages {
    /// The averages.
    pub statistics: Figures,
    /// Their standard errors.
    pub standard_errors: Figures,
}

impl Averages {
    /// Of states (units x chains) and the energy of each chain.
    pub fn of(states: MatRef<'_, f32>, energies: &[f64]) -> Self {
        let units = states.nrows() as f64;
        let power = |n: i32| {
            let chains = states.col_iter();
            average(chains.map(|chain| {
                let sum: f64 = chain.iter().map(|&x| f64::from(x).powi(n)).sum();
                sum / units
            }))
        };
        let (mean, second, fourth) = (power(1), power(2), power(4));
        let energy = average(energies.iter().map(|energy| energy / units));
        let pick = |part: fn((f64, f64)) -> f64| Figures {
            mean: part(mean),
            second: part(second),
            fourth: part(fourth),
            energy: part(energy),
        };
        Self {
            statistics: pick(|(value, _)| value),
            standard_errors: pick(|(_, error)| error),
        }
    }
}

/// Mean and standard error of independent values.
fn average(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let values: Vec<f64> = values.collect();
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, (squares / (count - 1.0) / count).sqrt())
}

/// What a sampler draws from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Law {
    /// The Euler-Maruyama chain, as here.
    EulerMaruyama,
    /// The process in continuous time; differs by O(h).
    Exact,
}

impl Law {
    /// What the time step alone may change a figure by.
    fn margin(self, value: f64) -> f64 {
        match self {
            Self::EulerMaruyama => 0.0,
            // The variance of a mode of stiffness k is off by the share h k / 2, its fourth moment by
            // twice that, and no mode here is stiffer than 4.
            Self::Exact => 4.0 * TIME_STEP * value.abs(),
        }
    }
}

/// The largest distance of two sets of averages in combined standard errors, and whose it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Distance {
    /// Which average.
    pub figure: &'static str,
    /// The first value.
    pub ours: f64,
    /// The second value.
    pub theirs: f64,
    /// Combined standard errors between them, beyond what the law allows.
    pub errors: f64,
}

impl Distance {
    /// Between our averages and those of another implementation.
    pub fn between(ours: &Averages, theirs: &Averages, law: Law) -> Self {
        let values = ours
            .statistics
            .named()
            .into_iter()
            .zip(theirs.statistics.named());
        let (a, b) = (ours.standard_errors.named(), theirs.standard_errors.named());
        let errors = a.into_iter().zip(b).map(|((_, a), (_, b))| a.hypot(b));
        let distance = |(((figure, ours), (_, theirs)), error): (((_, f64), (_, f64)), f64)| {
            let beyond = (ours - theirs).abs() - law.margin(theirs);
            // A figure that is not a number agrees with nothing.
            let errors = match beyond / error {
                share if share.is_nan() => f64::MAX,
                share => share.clamp(0.0, f64::MAX),
            };
            Self {
                figure,
                ours,
                theirs,
                errors,
            }
        };
        let none = Self {
            figure: "nothing",
            ours: 0.0,
            theirs: 0.0,
            errors: 0.0,
        };
        values.zip(errors).map(distance).fold(none, |far, next| {
            if next.errors > far.errors { next } else { far }
        })
    }

    /// Whether both may sample the same law.
    pub fn agrees(&self) -> bool {
        self.errors <= BOUND
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn averages(second: f64) -> Averages {
        let one = |value| Figures {
            mean: 0.0,
            second: value,
            fourth: 1.0,
            energy: 0.5,
        };
        Averages {
            statistics: one(second),
            standard_errors: Figures {
                mean: 0.01,
                second: 0.003,
                fourth: 0.01,
                energy: 0.01,
            },
        }
    }

    #[test]
    fn standard_errors_come_from_the_spread_of_chains() {
        // Two units, three chains: means 0, 1, 2, of spread 1.
        let states = faer::mat![[0.0_f32, 1.0, 3.0], [0.0, 1.0, 1.0]];
        let averages = Averages::of(states.as_ref(), &[0.0, 2.0, 4.0]);
        assert_eq!(averages.statistics.mean, 1.0);
        assert!((averages.standard_errors.mean - 1.0 / 3.0_f64.sqrt()).abs() < 1e-12);
        assert_eq!(averages.statistics.energy, 1.0);
        assert!((averages.statistics.fourth - 14.0).abs() < 1e-12);
    }

    #[test]
    fn disagreement_names_the_figure() {
        let distance = Distance::between(&averages(1.0), &averages(1.02), Law::EulerMaruyama);
        assert!(distance.agrees(), "{distance:?}"); // 4.7 combined errors
        let distance = Distance::between(&averages(1.0), &averages(1.03), Law::EulerMaruyama);
        assert_eq!(distance.figure, "second moment");
        assert!(!distance.agrees(), "{distance:?}");
        // An exact sampler may be off by the error of the step.
        assert!(Distance::between(&averages(1.0), &averages(1.03), Law::Exact).agrees());
        let broken = Distance::between(&averages(1.0), &averages(f64::NAN), Law::Exact);
        assert!(!broken.agrees() && broken.errors.is_finite());
    }
}

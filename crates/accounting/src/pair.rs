//! The published system in closed form: two modules joined by one coupling, driven, read and trained.
//!
//! Two modules of D units, joined by a coupling of rank k, relax for a time under 2 D drives; the D units of one are read
//! (arXiv 2604.14332). An interface of a bottleneck D - 4 - D and a transfer network D - 16 - D makes the drives: 40 D
//! weights, 2,560 at D = 64. A step of training relaxes freely and nudged to either side, reads all units after each nudge and
//! writes the 2 D k wires of the coupling anew (arXiv 2604.23806).
//!
//! | what | multiply-accumulates on a processor |
//! |---|---|
//! | rest under a drive, dense modules | (2 D)^2: a product with the inverse |
//! | the same, modules without inner couplings | 4 D k + 2 D: the inverse is diagonal but for a part of rank 2 k |
//! | a step of relaxation | the same number |
//! | a step of training | three times that: forwards, and twice as much backwards |
//! | a step of relaxation in training | 4 D k: both ways through the coupling alone, as the published figure counts; the least |
//!
//! The counts are those that a metered substrate of this size returns, which tests hold them to.

use overdamped_substrate::{Acts, UnitTime};

use crate::AccountingError;
use crate::counts::{Baselines, Counts, Digital, Place, Task, Work};
use crate::error::positive;

/// Width of the published bottleneck, and of its transfer network.
const INTERFACE: [usize; 2] = [4, 16];
/// Energy of one evaluation of the published U-Net on an A100, in joules (arXiv 2604.14332).
pub const PUBLISHED_NETWORK: f64 = 8e-3;
/// Work of a step of training over that of an evaluation: forwards once, backwards twice.
const BACKWARDS: f64 = 3.0;
/// More units than any module has, and few enough for products of them to be counted.
const WIDEST: usize = 1_000_000;
/// Phases of a step of training: free, and nudged to either side.
const PHASES: f64 = 3.0;

/// Two coupled modules, and how they are used.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// D: units of each module.
    pub width: usize,
    /// k: rank of the coupling between them.
    pub rank: usize,
    /// Whether the units of a module are coupled with each other, as published.
    pub dense_modules: bool,
    /// Time of a relaxation, in units of simulated time.
    pub time: f64,
    /// Step in which a processor simulates it.
    pub step: f64,
    /// Readings whose mean is one result, each after a relaxation of its own.
    pub readings: u64,
}

impl Pair {
    /// As published: D = 64, k = 16, 400 steps in a relaxation, one reading. The size of a step is not published; .01
    /// is the default of simulated substrates, and presets price it at one kT for each unit.
    pub const PUBLISHED: Self = Self {
        width: 64,
        rank: 16,
        dense_modules: true,
        time: 4.0,
        step: 0.01,
        readings: 1,
    };

    /// Units of both modules.
    #[must_use]
    pub const fn units(&self) -> usize {
        2 * self.width
    }

    /// Wires of the coupling.
    #[must_use]
    pub const fn wires(&self) -> usize {
        2 * self.width * self.rank
    }

    /// Weights of the interface, which are its multiply-accumulates too.
    #[must_use]
    pub fn interface(&self) -> usize {
        INTERFACE.iter().map(|hidden| 2 * self.width * hidden).sum()
    }

    /// Steps in which a processor simulates one relaxation.
    #[must_use]
    pub fn steps(&self) -> f64 {
        // The tolerance keeps 4 / .01 at 400 steps.
        (self.time / self.step * (1.0 - 1e-12)).ceil()
    }

    /// Multiply-accumulates by which a processor takes drives to states at rest.
    fn product(&self) -> f64 {
        let units = self.units() as f64;
        if self.dense_modules {
            units * units
        } else {
            2.0 * self.wires() as f64 + units
        }
    }

    /// Counts of one inference, with its baselines.
    ///
    /// # Errors
    /// [`AccountingError::Setting`] for a size or a time that is not above zero, or a rank above the width.
    pub fn inference(&self) -> Result<Counts, AccountingError> {
        self.check()?;
        let readings = self.readings as f64;
        let units = self.units() as u64;
        let acts = Acts {
            relaxation: vec![UnitTime {
                temperature: 1.0,
                unit_seconds: units as f64 * self.time * readings,
            }],
            drives_written: units,
            states_read: self.width as u64 * self.readings,
            ..Acts::default()
        };
        let steps = self.steps() * readings;
        Ok(Counts {
            digital: vec![Digital {
                name: "the interface makes the drives".to_owned(),
                place: Place::Interface,
                work: Work::Macs(self.interface() as f64),
            }],
            baselines: Baselines {
                same_function: task(
                    format!("the product that takes {units} drives to {units} states at rest"),
                    Work::Macs(self.product()),
                ),
                simulating_relaxation: task(
                    format!("{steps} Euler steps of the relaxation"),
                    Work::Macs(steps * self.product()),
                ),
                whole_network: task(
                    "one evaluation of the published U-Net on an A100, as the paper states it"
                        .to_owned(),
                    Work::Joules(PUBLISHED_NETWORK),
                ),
            },
            ..Counts::new("two modules, inference", "image", 1, units, acts)
        })
    }

    /// Counts of one step of training on one example, with its baselines.
    ///
    /// # Errors
    /// As [`Pair::inference`].
    pub fn training(&self) -> Result<Counts, AccountingError> {
        self.check()?;
        let units = self.units() as u64;
        let wires = self.wires() as f64;
        let acts = Acts {
            relaxation: vec![UnitTime {
                temperature: 1.0,
                unit_seconds: PHASES * units as f64 * self.time,
            }],
            parameters_written: self.wires() as u64,
            states_read: 2 * units,
            ..Acts::default()
        };
        let steps = PHASES * self.steps();
        Ok(Counts {
            digital: vec![Digital {
                name: "the wires are updated".to_owned(),
                place: Place::Optimiser,
                // A product of two states, and its addition to the wire.
                work: Work::Macs(2.0 * wires),
            }],
            baselines: Baselines {
                same_function: task(
                    "forwards and backwards through the same two modules and their coupling"
                        .to_owned(),
                    Work::Macs(BACKWARDS * self.product()),
                ),
                simulating_relaxation: task(
                    format!("{steps} Euler steps, each both ways through the coupling"),
                    Work::Macs(steps * 2.0 * wires),
                ),
                whole_network: task(
                    "forwards and backwards through the published U-Net on an A100".to_owned(),
                    Work::Joules(BACKWARDS * PUBLISHED_NETWORK),
                ),
            },
            ..Counts::new("two modules, training", "training step", 1, units, acts)
        })
    }

    fn check(&self) -> Result<(), AccountingError> {
        positive("the width", self.width as f64)?;
        if self.width > WIDEST {
            return Err(AccountingError::Setting {
                what: "the width",
                value: self.width as f64,
                bound: "at most a million",
            });
        }
        positive("the rank", self.rank as f64)?;
        positive("the relaxation time", self.time)?;
        positive("the step", self.step)?;
        positive("the number of readings", self.readings as f64)?;
        if self.rank > self.width {
            return Err(AccountingError::Setting {
                what: "the rank",
                value: self.rank as f64,
                bound: "at most the width",
            });
        }
        Ok(())
    }
}

fn task(about: String, work: Work) -> Option<Task> {
    Some(Task { about, work })
}

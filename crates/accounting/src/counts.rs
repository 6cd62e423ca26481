//! What a bill is made from: counted acts, digital work, and what the same would be on a processor.

use overdamped_substrate::{Acts, UnitTime};
use serde::{Deserialize, Serialize};

use crate::AccountingError;

/// Version of the layout of [`Counts`]; a reader refuses any other.
pub const SCHEMA: u32 = 1;

/// Everything that was done for a number of results, such as samples or steps of training.
///
/// ```
/// use overdamped_accounting::Counts;
/// let counts = Counts::from_toml(
///     r#"
///     schema = 1
///     name = "a decoder"
///     per = "image"
///     results = 10
///     units = 128
///     acts = { states_read = 640, drives_written = 1280 }
///     "#,
/// )?;
/// assert_eq!(counts.acts.states_written, 0);
/// # Ok::<(), overdamped_accounting::AccountingError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Layout, [`SCHEMA`].
    pub schema: u32,
    /// What was counted.
    pub name: String,
    /// What one result is, such as `sample` or `training step`.
    pub per: String,
    /// Results that acts and digital work were counted over.
    pub results: u64,
    /// Mobile units of a chain, which relax side by side: unit-seconds over units are a duration.
    #[serde(default)]
    pub units: u64,
    /// Chains for each result that a device runs side by side, such as a batch on as many copies. Default 1.
    #[serde(default = "one")]
    pub chains_at_once: u64,
    /// Results among which the parameters that were written are divided. Default all of them, as for steps of
    /// training; 1 if a device that makes one result after the other has to write them all for each, as for samples
    /// that were simulated side by side under one protocol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters_shared_by: Option<u64>,
    /// Physical acts, of all results together.
    pub acts: Acts,
    /// Digital work, of all results together.
    #[serde(default)]
    pub digital: Vec<Digital>,
    /// The same result by other means.
    #[serde(default)]
    pub baselines: Baselines,
    /// What the simulated run gave to the bath, of all results together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dissipation: Option<Dissipation>,
}

const fn one() -> u64 {
    1
}

/// A piece of digital work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Digital {
    /// What it is.
    pub name: String,
    /// Where it is done.
    pub place: Place,
    /// How much.
    pub work: Work,
}

/// Where digital work is done, and so at whose price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// Beside the substrate: encoders, transfer networks.
    Interface,
    /// Beside the substrate: updates of parameters.
    Optimiser,
    /// On the processor that is compared with: what the substrate leaves to it.
    Processor,
}

/// An amount of digital work.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Work {
    /// Multiply-accumulates, of two operations each.
    Macs(f64),
    /// Floating-point operations.
    Flop(f64),
    /// An energy that somebody else states, in joules.
    Joules(f64),
}

impl Work {
    /// So many times as much.
    #[must_use]
    pub fn times(self, factor: f64) -> Self {
        match self {
            Self::Macs(macs) => Self::Macs(macs * factor),
            Self::Flop(flop) => Self::Flop(flop * factor),
            Self::Joules(joules) => Self::Joules(joules * factor),
        }
    }

    /// The number, whatever its unit.
    pub(crate) const fn amount(self) -> f64 {
        match self {
            Self::Macs(amount) | Self::Flop(amount) | Self::Joules(amount) => amount,
        }
    }
}

/// The same result by other means, each for one result.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Baselines {
    /// The same function of the same inputs, computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_function: Option<Task>,
    /// The relaxation of the substrate, simulated step by step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub simulating_relaxation: Option<Task>,
    /// The whole network that the substrate stands for, or for a part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whole_network: Option<Task>,
}

/// A task of the processor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// What is computed.
    pub about: String,
    /// How much work it is, for one result.
    pub work: Work,
}

/// What a simulated run exchanged with its bath: in kT if it had one ([`Counts::has_bath`]), else in the unit of its
/// energy.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dissipation {
    /// Heat given to the bath.
    pub heat: f64,
    /// Work done on the chains by switching.
    pub work: f64,
}

impl Counts {
    /// Counts of acts alone; fields that are left at their defaults can be set afterwards.
    #[must_use]
    pub fn new(name: &str, per: &str, results: u64, units: u64, acts: Acts) -> Self {
        Self {
            schema: SCHEMA,
            name: name.to_owned(),
            per: per.to_owned(),
            results,
            units,
            chains_at_once: 1,
            parameters_shared_by: None,
            acts,
            digital: Vec::new(),
            baselines: Baselines::default(),
            dissipation: None,
        }
    }

    /// Reads JSON.
    ///
    /// # Errors
    /// [`AccountingError::Schema`], [`AccountingError::Malformed`], or those of [`Counts::check`].
    pub fn from_json(text: &str) -> Result<Self, AccountingError> {
        // The version comes first: another layout may have other fields.
        let version: Version = serde_json::from_str(text).map_err(malformed)?;
        version.check()?;
        let counts: Self = serde_json::from_str(text).map_err(malformed)?;
        counts.check()?;
        Ok(counts)
    }

    /// Reads TOML.
    ///
    /// # Errors
    /// As [`Counts::from_json`].
    pub fn from_toml(text: &str) -> Result<Self, AccountingError> {
        let version: Version = toml::from_str(text).map_err(malformed)?;
        version.check()?;
        let counts: Self = toml::from_str(text).map_err(malformed)?;
        counts.check()?;
        Ok(counts)
    }

    /// As JSON, which [`Counts::from_json`] reads.
    ///
    /// # Errors
    /// [`AccountingError::Malformed`] if a number is not finite.
    pub fn to_json(&self) -> Result<String, AccountingError> {
        serde_json::to_string_pretty(self).map_err(malformed)
    }

    /// Whether a bill can be made of these counts.
    ///
    /// # Errors
    /// [`AccountingError::Schema`], [`AccountingError::Count`] or [`AccountingError::NoWork`].
    pub fn check(&self) -> Result<(), AccountingError> {
        Version {
            schema: u64::from(self.schema),
        }
        .check()?;
        let least = |what: &str, value: u64| match value {
            0 => Err(refused(what, 0.0, "at least 1")),
            _ => Ok(()),
        };
        least("`results`", self.results)?;
        least("`chains_at_once`", self.chains_at_once)?;
        least(
            "`parameters_shared_by`",
            self.parameters_shared_by.unwrap_or(1),
        )?;
        let relaxes = self.acts.relaxation.iter().any(|at| at.unit_seconds > 0.0);
        if relaxes {
            least("`units`, with time spent relaxing,", self.units)?;
        }
        for at in &self.acts.relaxation {
            amount("`temperature` of a relaxation", at.temperature)?;
            amount("`unit_seconds` of a relaxation", at.unit_seconds)?;
        }
        for piece in &self.digital {
            amount(
                &format!("the work of `{}`", piece.name),
                piece.work.amount(),
            )?;
        }
        let tasks = [
            ("same_function", &self.baselines.same_function),
            (
                "simulating_relaxation",
                &self.baselines.simulating_relaxation,
            ),
            ("whole_network", &self.baselines.whole_network),
        ];
        for (name, task) in tasks {
            if let Some(task) = task {
                let what = format!("the work of the baseline `{name}`");
                amount(&what, task.work.amount())?;
                if task.work.amount() == 0.0 {
                    return Err(refused(
                        &what,
                        0.0,
                        "above 0; leave the baseline out if there is none",
                    ));
                }
            }
        }
        if let Some(dissipation) = self.dissipation {
            for (what, value) in [("heat", dissipation.heat), ("work", dissipation.work)] {
                if !value.is_finite() {
                    let what = format!("`{what}` of the dissipation");
                    return Err(refused(&what, value, "finite"));
                }
            }
        }
        let acts = &self.acts;
        let counted = acts.chains_prepared
            | acts.states_written
            | acts.parameters_written
            | acts.drives_written
            | acts.states_read
            | acts.forces_read;
        let digital = self.digital.iter().any(|piece| piece.work.amount() > 0.0);
        if counted == 0 && !relaxes && !digital {
            return Err(AccountingError::NoWork);
        }
        Ok(())
    }

    /// Whether any unit relaxed above zero temperature, so that heat and work are in kT. At zero temperature an
    /// energy has a unit of its own, of which nobody has said how many kT it is.
    #[must_use]
    pub fn has_bath(&self) -> bool {
        let warm = |at: &UnitTime| at.unit_seconds > 0.0 && at.temperature > 0.0;
        self.acts.relaxation.iter().any(warm)
    }

    /// Unit-seconds of all temperatures, for one result.
    #[must_use]
    pub fn unit_time(&self) -> f64 {
        let total: f64 = self.acts.relaxation.iter().map(|at| at.unit_seconds).sum();
        total / self.results as f64
    }
}

#[derive(Deserialize)]
struct Version {
    schema: u64,
}

impl Version {
    fn check(&self) -> Result<(), AccountingError> {
        if self.schema == u64::from(SCHEMA) {
            return Ok(());
        }
        Err(AccountingError::Schema {
            found: self.schema,
            known: SCHEMA,
        })
    }
}

fn malformed(error: impl std::fmt::Display) -> AccountingError {
    AccountingError::Malformed {
        what: "the counts",
        reason: error.to_string(),
    }
}

fn refused(what: &str, value: f64, bound: &'static str) -> AccountingError {
    AccountingError::Count {
        what: what.to_owned(),
        value,
        bound,
    }
}

fn amount(what: &str, value: f64) -> Result<(), AccountingError> {
    if value.is_finite() && value >= 0.0 {
        return Ok(());
    }
    Err(refused(what, value, "finite and not negative"))
}

//! Hardware models: what each act costs, as data with a source for every number.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::assumption::Assumption;
use crate::dimension::Misread;
use crate::error::near;
use crate::{AccountingError, Joules, Kelvin, Watts};

/// A constant, and why it has this value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Constant {
    /// The number, in the unit of its [`Assumption`].
    pub value: f64,
    /// Who says so, or by what reasoning.
    pub source: String,
    /// Whether it is a choice, not a measurement or a data sheet.
    #[serde(default)]
    pub assumed: bool,
}

/// What each act costs: a substrate with its converters and digital parts, and the processor that it is compared with.
///
/// ```
/// use overdamped_accounting::{Assumption, HardwareModel};
/// let mut model = HardwareModel::preset("typical")?;
/// model.set("adc.femtojoule_per_step", "0.01 pJ")?;
/// assert!((model.value(Assumption::AdcStepEnergy) - 10.0).abs() < 1e-12);
/// assert_eq!(model.constant(Assumption::AdcStepEnergy).source, "set by the user");
/// # Ok::<(), overdamped_accounting::AccountingError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HardwareModel {
    /// Name of the substrate's side.
    pub name: String,
    /// One line on it.
    pub about: String,
    /// The processor.
    pub processor: String,
    constants: BTreeMap<Assumption, Constant>,
}

/// A file of a model: constants in groups, as `[adc] bits = { value = 8, source = "..." }`.
struct File {
    name: String,
    about: String,
    based_on: Option<String>,
    groups: BTreeMap<String, BTreeMap<String, Constant>>,
}

const PRESETS: [(&str, &str); 5] = [
    ("ideal", include_str!("../presets/ideal.toml")),
    ("record", include_str!("../presets/record.toml")),
    ("typical", include_str!("../presets/typical.toml")),
    ("cmos", include_str!("../presets/cmos.toml")),
    ("oscillator", include_str!("../presets/oscillator.toml")),
];
const PROCESSORS: [(&str, &str); 4] = [
    ("a100", include_str!("../presets/a100.toml")),
    ("h100", include_str!("../presets/h100.toml")),
    ("h200", include_str!("../presets/h200.toml")),
    ("cpu", include_str!("../presets/cpu.toml")),
];
/// The processor of the published comparison.
const PUBLISHED_PROCESSOR: &str = "a100";

impl HardwareModel {
    /// Names of the presets for a substrate.
    #[must_use]
    pub fn presets() -> Vec<&'static str> {
        PRESETS.iter().map(|(name, _)| *name).collect()
    }

    /// Names of the presets for the processor.
    #[must_use]
    pub fn processors() -> Vec<&'static str> {
        PROCESSORS.iter().map(|(name, _)| *name).collect()
    }

    /// A preset, compared with an A100 as in the papers.
    ///
    /// # Errors
    /// [`AccountingError::UnknownPreset`].
    pub fn preset(name: &str) -> Result<Self, AccountingError> {
        Self::from_toml(text("hardware", name, &PRESETS)?)
    }

    /// A model from a TOML text: `name`, `about`, perhaps `based_on` a preset, and constants in groups. A processor that
    /// is not given is an A100.
    ///
    /// # Errors
    /// [`AccountingError::Malformed`], [`AccountingError::UnknownKey`], [`AccountingError::UnknownPreset`],
    /// [`AccountingError::Constant`] or [`AccountingError::Incomplete`].
    pub fn from_toml(text: &str) -> Result<Self, AccountingError> {
        let file = File::read(text)?;
        let mut model = match &file.based_on {
            Some(base) => Self::preset(base)?,
            None => Self {
                name: String::new(),
                about: String::new(),
                processor: String::new(),
                constants: BTreeMap::new(),
            }
            .with_processor(PUBLISHED_PROCESSOR)?,
        };
        model.take(&file)?;
        if let Some(constants) = file.groups.get("processor") {
            let whole = ["teraflop_per_second", "watt"];
            model.processor = if whole.iter().all(|name| constants.contains_key(*name)) {
                file.name.clone()
            } else {
                format!("{} (changed)", model.processor)
            };
        }
        model.name = file.name;
        model.about = file.about;
        let missing: Vec<_> = Assumption::ALL
            .into_iter()
            .filter(|assumption| !model.constants.contains_key(assumption))
            .map(Assumption::key)
            .collect();
        if !missing.is_empty() {
            return Err(AccountingError::Incomplete {
                name: model.name,
                missing: missing.join(", "),
            });
        }
        Ok(model)
    }

    /// The same substrate beside another processor.
    ///
    /// # Errors
    /// [`AccountingError::UnknownPreset`].
    pub fn with_processor(mut self, name: &str) -> Result<Self, AccountingError> {
        let file = File::read(text("processor", name, &PROCESSORS)?)?;
        self.take(&file)?;
        self.processor = file.name;
        Ok(self)
    }

    /// The same model with another value.
    ///
    /// # Errors
    /// [`AccountingError::Constant`] if it is out of range.
    pub fn with(mut self, assumption: Assumption, value: f64) -> Result<Self, AccountingError> {
        self.put(assumption, by_hand(value))?;
        Ok(self)
    }

    /// Sets a constant by name from what a person typed: a number in the unit of the name, or with a unit that converts
    /// to it.
    ///
    /// # Errors
    /// [`AccountingError::UnknownKey`], [`AccountingError::NotANumber`], [`AccountingError::Unit`] or
    /// [`AccountingError::Constant`]. The model is then unchanged.
    pub fn set(&mut self, key: &str, text: &str) -> Result<(), AccountingError> {
        let assumption = Assumption::from_key(key)?;
        let (key, text) = (assumption.key(), text.trim().to_owned());
        let unit = assumption.unit();
        let value = unit.parse(&text).map_err(|misread| match misread {
            Misread::Number => AccountingError::NotANumber { key, text },
            Misread::Unit => AccountingError::Unit {
                key,
                text,
                unit: match unit.symbol {
                    "" => "no unit",
                    symbol => symbol,
                },
            },
        })?;
        self.put(assumption, by_hand(value))
    }

    /// A constant with its source.
    #[must_use]
    pub fn constant(&self, assumption: Assumption) -> &Constant {
        // Every way to a model ends with all of them in place.
        &self.constants[&assumption]
    }

    /// A constant's value, in the unit of its name.
    #[must_use]
    pub fn value(&self, assumption: Assumption) -> f64 {
        self.constant(assumption).value
    }

    /// All constants with their sources, in the order of tables.
    pub fn constants(&self) -> impl Iterator<Item = (Assumption, &Constant)> {
        self.constants
            .iter()
            .map(|(assumption, constant)| (*assumption, constant))
    }

    /// A constant's value in SI units.
    pub(crate) fn si(&self, assumption: Assumption) -> f64 {
        assumption.unit().to_si(self.value(assumption))
    }

    /// kT of the bath.
    #[must_use]
    pub fn thermal_energy(&self) -> Joules {
        Kelvin(self.si(Assumption::BathTemperature)).thermal_energy()
    }

    /// Energy of one reading: figure of merit x 2^bits.
    #[must_use]
    pub fn reading(&self) -> Joules {
        let steps = self.value(Assumption::AdcBits).exp2();
        Joules(self.si(Assumption::AdcStepEnergy) * steps)
    }

    /// Energy of one writing: the share of what a reading of its resolution would take.
    #[must_use]
    pub fn writing(&self) -> Joules {
        let steps = self.value(Assumption::DacBits).exp2();
        Joules(self.si(Assumption::AdcStepEnergy) * steps) * self.value(Assumption::DacShare)
    }

    /// Energy C V^2 of charging a node.
    #[must_use]
    pub fn charging(&self) -> Joules {
        let volt = self.si(Assumption::NodeVoltage);
        Joules(self.si(Assumption::NodeCapacitance) * volt * volt)
    }

    /// Power of the processor.
    #[must_use]
    pub fn processor_power(&self) -> Watts {
        Watts(self.si(Assumption::ProcessorPower))
    }

    /// Operations a second that the processor reaches at the usual share of its peak.
    #[must_use]
    pub fn processor_speed(&self) -> f64 {
        self.si(Assumption::ProcessorPeak) * self.value(Assumption::ProcessorUtilisation)
    }

    fn take(&mut self, file: &File) -> Result<(), AccountingError> {
        for (group, constants) in &file.groups {
            for (name, constant) in constants {
                let assumption = Assumption::from_key(&format!("{group}.{name}"))?;
                self.put(assumption, constant.clone())?;
            }
        }
        Ok(())
    }

    fn put(&mut self, assumption: Assumption, constant: Constant) -> Result<(), AccountingError> {
        let bounds = assumption.bounds();
        if !bounds.hold(constant.value) {
            return Err(AccountingError::Constant {
                key: assumption.key(),
                value: constant.value,
                bound: bounds.words(),
            });
        }
        self.constants.insert(assumption, constant);
        Ok(())
    }
}

impl File {
    fn read(text: &str) -> Result<Self, AccountingError> {
        let malformed = |reason: String| AccountingError::Malformed {
            what: "the hardware model",
            reason,
        };
        let mut table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            // With the line and column that the library knows.
            malformed(error.to_string())
        })?;
        let mut word = |name: &str| match table.remove(name) {
            Some(toml::Value::String(word)) => Ok(Some(word)),
            Some(other) => Err(malformed(format!(
                "`{name}` is of the type {}; it must be a text in quotes",
                other.type_str()
            ))),
            None => Ok(None),
        };
        let required = |name: &str, word: Option<String>| {
            word.ok_or_else(|| malformed(format!("`{name}` is missing; give it a line of its own")))
        };
        let (name, about, based_on) = (word("name")?, word("about")?, word("based_on")?);
        let mut groups = BTreeMap::new();
        for (key, value) in table {
            if !value.is_table() {
                let near = near(&key, &["name", "about", "based_on"]);
                return Err(malformed(format!(
                    "`{key}` is no group of constants; {near}"
                )));
            }
            let constants: BTreeMap<String, Constant> = value
                .try_into()
                .map_err(|error: toml::de::Error| malformed(format!("in `[{key}]`: {error}")))?;
            groups.insert(key, constants);
        }
        Ok(Self {
            name: required("name", name)?,
            about: required("about", about)?,
            based_on,
            groups,
        })
    }
}

/// A constant that somebody chose.
fn by_hand(value: f64) -> Constant {
    Constant {
        value,
        source: "set by the user".to_owned(),
        assumed: true,
    }
}

fn text(
    kind: &'static str,
    name: &str,
    presets: &[(&'static str, &'static str)],
) -> Result<&'static str, AccountingError> {
    let found = presets.iter().find(|(known, _)| *known == name);
    found
        .map(|(_, text)| *text)
        .ok_or_else(|| AccountingError::UnknownPreset {
            kind,
            name: name.to_owned(),
            near: near(
                name,
                &presets.iter().map(|(known, _)| *known).collect::<Vec<_>>(),
            ),
        })
}

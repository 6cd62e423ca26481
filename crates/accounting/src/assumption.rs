//! The constants of a hardware model, one by one: each is an assumption that a reader may doubt and change.

use serde::{Deserialize, Serialize};

use crate::AccountingError;
use crate::dimension::{Dimension, Unit};
use crate::error::near;

/// One constant of a [`HardwareModel`](crate::HardwareModel).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "&'static str", try_from = "String")]
pub enum Assumption {
    /// Temperature of the bath; kT follows from it.
    BathTemperature,
    /// Physical duration of one unit of simulated time, 1 / (mobility x stiffness).
    RelaxationTime,
    /// Energy that a mobile unit dissipates in one unit of simulated time, whatever the temperature there.
    RelaxationDissipation,
    /// Power that holds a mobile unit at its working point, while it relaxes and while states and drives are converted.
    BiasPower,
    /// Capacitance of the node that holds a state.
    NodeCapacitance,
    /// Voltage that the node is charged to: each state or drive written costs C V^2.
    NodeVoltage,
    /// Energy that the signal must store in each unit that is read ([`signal`](crate::signal)).
    SignalEnergy,
    /// Energy of a converter for each of its 2^bits conversion steps (Walden's figure of merit).
    AdcStepEnergy,
    /// Resolution at which states and forces are read.
    AdcBits,
    /// Duration of one reading.
    AdcTime,
    /// Energy of a writing converter over that of a reading one of the same resolution.
    DacShare,
    /// Resolution at which states, drives and parameters are written.
    DacBits,
    /// Duration of one writing.
    DacTime,
    /// Converters that work at the same time.
    ParallelConverters,
    /// Energy of a multiply-accumulate of the digital interface.
    InterfaceEnergy,
    /// Speed of the digital interface.
    InterfaceRate,
    /// Energy of a multiply-accumulate of the optimiser.
    OptimiserEnergy,
    /// Speed of the optimiser.
    OptimiserRate,
    /// Peak speed of the processor that is compared with, and that does what the substrate leaves to it.
    ProcessorPeak,
    /// Power of that processor.
    ProcessorPower,
    /// Share of its peak speed that it reaches.
    ProcessorUtilisation,
    /// Share that it reaches at small, serial work: the fourth baseline.
    LowUtilisation,
}

/// What is known of an assumption besides its value.
struct Facts {
    key: &'static str,
    unit: Unit,
    about: &'static str,
    bounds: Bounds,
}

/// Values that make sense.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Bounds {
    /// Zero or more; far beyond anything physical there is an end, so that sums stay finite.
    NotNegative,
    /// More than zero.
    Positive,
    /// More than zero, one at most.
    Share,
    /// One or more.
    AtLeastOne,
    /// 1 to 64.
    Resolution,
}

/// The largest value of a constant, in its own unit.
const LARGEST: f64 = 1e30;

impl Bounds {
    pub(crate) fn hold(self, value: f64) -> bool {
        value <= LARGEST
            && match self {
                Self::NotNegative => value >= 0.0,
                Self::Positive => value > 0.0,
                Self::Share => value > 0.0 && value <= 1.0,
                Self::AtLeastOne => value >= 1.0,
                Self::Resolution => (1.0..=64.0).contains(&value),
            }
    }

    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::NotNegative => "not negative, and at most 1e30",
            Self::Positive => "more than 0, and at most 1e30",
            Self::Share => "more than 0 and at most 1",
            Self::AtLeastOne => "at least 1, and at most 1e30",
            Self::Resolution => "from 1 to 64",
        }
    }

    /// The nearest value that is allowed to one that may be too large or too small.
    pub(crate) fn nearest(self, value: f64) -> f64 {
        let value = value.min(LARGEST);
        match self {
            Self::NotNegative | Self::Positive => value,
            Self::Share => value.min(1.0),
            Self::AtLeastOne => value.max(1.0),
            Self::Resolution => value.clamp(1.0, 64.0),
        }
    }
}

const fn unit(dimension: Dimension, symbol: &'static str, power: i32) -> Unit {
    Unit {
        dimension,
        symbol,
        power,
    }
}

const NUMBER: Unit = unit(Dimension::Number, "", 0);
const KT: Unit = unit(Dimension::Thermal, "kT", 0);
const NANOSECOND: Unit = unit(Dimension::Time, "ns", -9);
const PICOJOULE: Unit = unit(Dimension::Energy, "pJ", -12);
const BIT: Unit = unit(Dimension::Information, "bit", 0);
const GIGAMAC: Unit = unit(Dimension::Accumulates, "GMAC/s", 9);

impl Assumption {
    /// All of them, in the order of tables.
    pub const ALL: [Self; 22] = [
        Self::BathTemperature,
        Self::RelaxationTime,
        Self::RelaxationDissipation,
        Self::BiasPower,
        Self::NodeCapacitance,
        Self::NodeVoltage,
        Self::SignalEnergy,
        Self::AdcStepEnergy,
        Self::AdcBits,
        Self::AdcTime,
        Self::DacShare,
        Self::DacBits,
        Self::DacTime,
        Self::ParallelConverters,
        Self::InterfaceEnergy,
        Self::InterfaceRate,
        Self::OptimiserEnergy,
        Self::OptimiserRate,
        Self::ProcessorPeak,
        Self::ProcessorPower,
        Self::ProcessorUtilisation,
        Self::LowUtilisation,
    ];

    const fn facts(self) -> Facts {
        use Bounds::{AtLeastOne, NotNegative, Positive, Resolution, Share};
        let (key, unit, bounds, about) = match self {
            Self::BathTemperature => (
                "bath.kelvin",
                unit(Dimension::Temperature, "K", 0),
                Positive,
                "temperature of the bath",
            ),
            Self::RelaxationTime => (
                "relaxation.nanosecond_per_time",
                NANOSECOND,
                Positive,
                "duration of one unit of simulated time",
            ),
            Self::RelaxationDissipation => (
                "relaxation.kt_per_unit_time",
                KT,
                NotNegative,
                "dissipated by each mobile unit in one unit of simulated time",
            ),
            Self::BiasPower => (
                "relaxation.nanowatt_per_unit",
                unit(Dimension::Power, "nW", -9),
                NotNegative,
                "power that holds a mobile unit at its working point",
            ),
            Self::NodeCapacitance => (
                "node.femtofarad",
                unit(Dimension::Capacitance, "fF", -15),
                NotNegative,
                "capacitance of a node; each state or drive written costs C V^2",
            ),
            Self::NodeVoltage => (
                "node.volt",
                unit(Dimension::Voltage, "V", 0),
                NotNegative,
                "voltage that a node is charged to",
            ),
            Self::SignalEnergy => (
                "signal.kt_per_state",
                KT,
                NotNegative,
                "energy of the signal stored in each unit that is read",
            ),
            Self::AdcStepEnergy => (
                "adc.femtojoule_per_step",
                unit(Dimension::Energy, "fJ", -15),
                NotNegative,
                "energy of a reading for each of its 2^bits steps",
            ),
            Self::AdcBits => ("adc.bits", BIT, Resolution, "resolution of readings"),
            Self::AdcTime => (
                "adc.nanosecond_per_conversion",
                NANOSECOND,
                NotNegative,
                "duration of a reading",
            ),
            Self::DacShare => (
                "dac.share_of_adc",
                NUMBER,
                NotNegative,
                "energy of a writing over that of a reading of the same resolution",
            ),
            Self::DacBits => ("dac.bits", BIT, Resolution, "resolution of writings"),
            Self::DacTime => (
                "dac.nanosecond_per_conversion",
                NANOSECOND,
                NotNegative,
                "duration of a writing",
            ),
            Self::ParallelConverters => (
                "converters.parallel",
                NUMBER,
                AtLeastOne,
                "converters that work at the same time",
            ),
            Self::InterfaceEnergy => (
                "interface.picojoule_per_mac",
                PICOJOULE,
                NotNegative,
                "energy of a multiply-accumulate of the interface",
            ),
            Self::InterfaceRate => (
                "interface.gigamac_per_second",
                GIGAMAC,
                Positive,
                "speed of the interface",
            ),
            Self::OptimiserEnergy => (
                "optimiser.picojoule_per_mac",
                PICOJOULE,
                NotNegative,
                "energy of a multiply-accumulate of the optimiser",
            ),
            Self::OptimiserRate => (
                "optimiser.gigamac_per_second",
                GIGAMAC,
                Positive,
                "speed of the optimiser",
            ),
            Self::ProcessorPeak => (
                "processor.teraflop_per_second",
                unit(Dimension::Operations, "TFLOP/s", 12),
                Positive,
                "peak speed of the processor that is compared with",
            ),
            Self::ProcessorPower => (
                "processor.watt",
                unit(Dimension::Power, "W", 0),
                Positive,
                "power of that processor",
            ),
            Self::ProcessorUtilisation => (
                "processor.utilisation",
                NUMBER,
                Share,
                "share of its peak speed that it reaches",
            ),
            Self::LowUtilisation => (
                "processor.low_utilisation",
                NUMBER,
                Share,
                "share that it reaches at small, serial work",
            ),
        };
        Facts {
            key,
            unit,
            about,
            bounds,
        }
    }

    /// Its dotted name, which ends in its unit, such as `adc.femtojoule_per_step`.
    #[must_use]
    pub const fn key(self) -> &'static str {
        self.facts().key
    }

    /// The unit of its value.
    #[must_use]
    pub const fn unit(self) -> Unit {
        self.facts().unit
    }

    /// One line on what it is.
    #[must_use]
    pub const fn about(self) -> &'static str {
        self.facts().about
    }

    pub(crate) const fn bounds(self) -> Bounds {
        self.facts().bounds
    }

    /// Whether it describes the processor, not the substrate.
    #[must_use]
    pub const fn is_of_processor(self) -> bool {
        matches!(
            self,
            Self::ProcessorPeak
                | Self::ProcessorPower
                | Self::ProcessorUtilisation
                | Self::LowUtilisation
        )
    }

    /// The assumption of that name.
    ///
    /// # Errors
    /// [`AccountingError::UnknownKey`] with the names that come near.
    pub fn from_key(key: &str) -> Result<Self, AccountingError> {
        let keys = Self::ALL.map(Self::key);
        let found = Self::ALL.into_iter().find(|known| known.key() == key);
        found.ok_or_else(|| AccountingError::UnknownKey {
            key: key.to_owned(),
            near: near(key, &keys),
        })
    }
}

impl From<Assumption> for &'static str {
    fn from(assumption: Assumption) -> Self {
        assumption.key()
    }
}

impl TryFrom<String> for Assumption {
    type Error = AccountingError;

    fn try_from(key: String) -> Result<Self, AccountingError> {
        Self::from_key(&key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_distinct_and_found_again() {
        for assumption in Assumption::ALL {
            assert_eq!(Assumption::from_key(assumption.key()), Ok(assumption));
        }
    }

    #[test]
    fn a_misspelt_key_is_told_its_neighbours() {
        let message = Assumption::from_key("adc.femtojoules_per_step")
            .unwrap_err()
            .to_string();
        assert!(message.contains("adc.femtojoule_per_step"), "{message}");
        assert!(!message.contains("bath.kelvin"), "{message}");
    }
}

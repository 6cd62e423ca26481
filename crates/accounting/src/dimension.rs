//! Units of constants, and numbers that people write with them.

use crate::units::PREFIXES;

/// What a constant measures. Numbers convert within a dimension, never across.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dimension {
    /// Joules.
    Energy,
    /// Multiples of kT: an energy relative to the bath, which does not convert to joules without it.
    Thermal,
    /// Seconds.
    Time,
    /// Watts.
    Power,
    /// Kelvin.
    Temperature,
    /// Farads.
    Capacitance,
    /// Volts.
    Voltage,
    /// Bits.
    Information,
    /// Floating-point operations per second.
    Operations,
    /// Multiply-accumulates per second.
    Accumulates,
    /// A share or a count.
    Number,
}

impl Dimension {
    /// Symbol of its unit without a prefix.
    const fn symbol(self) -> &'static str {
        match self {
            Self::Energy => "J",
            Self::Thermal => "kT",
            Self::Time => "s",
            Self::Power => "W",
            Self::Temperature => "K",
            Self::Capacitance => "F",
            Self::Voltage => "V",
            Self::Information => "bit",
            Self::Operations => "FLOP/s",
            Self::Accumulates => "MAC/s",
            Self::Number => "",
        }
    }
}

/// The unit in which a constant is stated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unit {
    /// What it measures.
    pub dimension: Dimension,
    /// Its symbol, such as `fJ`; empty for a pure number.
    pub symbol: &'static str,
    /// Power of ten to the unit without a prefix.
    pub power: i32,
}

impl Unit {
    /// A number in this unit, in the unit without a prefix.
    pub(crate) fn to_si(self, value: f64) -> f64 {
        value * 10.0_f64.powi(self.power)
    }

    /// Reads a number: in this unit if it stands alone, else converted from the unit after it.
    pub(crate) fn parse(self, text: &str) -> Result<f64, Misread> {
        let text = text.trim();
        // The longest start that is a number: `2e-3 pJ` has one of four characters.
        let split = (1..=text.len())
            .rev()
            .filter(|&end| text.is_char_boundary(end))
            .find(|&end| text[..end].parse::<f64>().is_ok())
            .ok_or(Misread::Number)?;
        let value: f64 = text[..split].parse().map_err(|_| Misread::Number)?;
        let given = text[split..].trim();
        if given.is_empty() || given == self.symbol {
            return Ok(value);
        }
        let prefix = given
            .strip_suffix(self.dimension.symbol())
            .filter(|_| self.dimension != Dimension::Number)
            .ok_or(Misread::Unit)?;
        // A micro sign is hard to type, and there are two that look alike.
        let prefix = if matches!(prefix, "u" | "\u{3bc}") {
            "µ"
        } else {
            prefix
        };
        let known = PREFIXES.iter().find(|(known, _)| *known == prefix);
        let (_, power) = known.ok_or(Misread::Unit)?;
        Ok(value * 10.0_f64.powi(power - self.power))
    }
}

/// Why a number cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Misread {
    /// It does not start with one.
    Number,
    /// The unit after it measures something else, or nothing known.
    Unit,
}

#[cfg(test)]
mod tests {
    use super::*;

    const FEMTOJOULE: Unit = Unit {
        dimension: Dimension::Energy,
        symbol: "fJ",
        power: -15,
    };

    #[test]
    fn numbers_convert_within_a_dimension() {
        assert_eq!(FEMTOJOULE.parse("20"), Ok(20.0));
        assert_eq!(FEMTOJOULE.parse(" 20 fJ "), Ok(20.0));
        let converted = FEMTOJOULE.parse("0.02pJ").unwrap();
        assert!((converted - 20.0).abs() < 1e-12);
        let converted = FEMTOJOULE.parse("2e-14 J").unwrap();
        assert!((converted - 20.0).abs() < 1e-12);
        assert_eq!(FEMTOJOULE.to_si(2.0), 2.0 * 1e-15);
    }

    #[test]
    fn other_units_and_words_are_refused() {
        for text in ["20 ns", "20 kT", "20 J/s", "20 xJ", "20 fJ per step"] {
            assert_eq!(FEMTOJOULE.parse(text), Err(Misread::Unit), "{text}");
        }
        for text in ["", "fJ", "twenty", "µ"] {
            assert_eq!(FEMTOJOULE.parse(text), Err(Misread::Number), "{text}");
        }
        let share = Unit {
            dimension: Dimension::Number,
            symbol: "",
            power: 0,
        };
        assert_eq!(share.parse("0.5"), Ok(0.5));
        assert_eq!(share.parse("50 %"), Err(Misread::Unit));
    }
}

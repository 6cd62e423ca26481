//! Quantities with their SI unit in the type, and how they are written.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Div, Mul, Sub};

use serde::{Deserialize, Serialize};

/// Boltzmann's constant, in joules per kelvin (exact since the SI of 2019).
pub const BOLTZMANN: f64 = 1.380_649e-23;

macro_rules! quantity {
    ($name:ident, $symbol:literal, $about:literal) => {
        #[doc = $about]
        #[derive(Debug, Clone, Copy, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(
            /// The number, in the SI unit.
            pub f64,
        );

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&si(self.0, $symbol))
            }
        }

        impl Add for $name {
            type Output = Self;

            fn add(self, other: Self) -> Self {
                Self(self.0 + other.0)
            }
        }

        impl Sub for $name {
            type Output = Self;

            fn sub(self, other: Self) -> Self {
                Self(self.0 - other.0)
            }
        }

        impl Mul<f64> for $name {
            type Output = Self;

            fn mul(self, factor: f64) -> Self {
                Self(self.0 * factor)
            }
        }

        impl Div<f64> for $name {
            type Output = Self;

            fn div(self, factor: f64) -> Self {
                Self(self.0 / factor)
            }
        }

        impl Div for $name {
            type Output = f64;

            fn div(self, other: Self) -> f64 {
                self.0 / other.0
            }
        }

        impl Sum for $name {
            fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
                Self(items.map(|item| item.0).sum())
            }
        }
    };
}

quantity!(Joules, "J", "An energy, in joules.");
quantity!(Watts, "W", "A power, in watts.");
quantity!(Seconds, "s", "A duration, in seconds.");
quantity!(Kelvin, "K", "A temperature, in kelvin.");
quantity!(Hertz, "Hz", "A rate, in events per second.");
quantity!(Bits, "bit", "An amount of information, in bits.");

impl Kelvin {
    /// The thermal energy kT at this temperature: 4.14e-21 J at 300 K.
    #[must_use]
    pub fn thermal_energy(self) -> Joules {
        Joules(BOLTZMANN * self.0)
    }
}

impl Div<Seconds> for Joules {
    type Output = Watts;

    fn div(self, time: Seconds) -> Watts {
        Watts(self.0 / time.0)
    }
}

impl Mul<Seconds> for Watts {
    type Output = Joules;

    fn mul(self, time: Seconds) -> Joules {
        Joules(self.0 * time.0)
    }
}

impl Seconds {
    /// How often in a second something of this duration fits.
    #[must_use]
    pub fn rate(self) -> Hertz {
        Hertz(1.0 / self.0)
    }
}

/// SI prefixes by power of a thousand, from quecto to quetta.
pub(crate) const PREFIXES: [(&str, i32); 21] = [
    ("q", -30),
    ("r", -27),
    ("y", -24),
    ("z", -21),
    ("a", -18),
    ("f", -15),
    ("p", -12),
    ("n", -9),
    ("µ", -6),
    ("m", -3),
    ("", 0),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
    ("P", 15),
    ("E", 18),
    ("Z", 21),
    ("Y", 24),
    ("R", 27),
    ("Q", 30),
];

/// A number with three significant digits, an SI prefix and a unit: `4.14 zJ`.
///
/// ```
/// use overdamped_accounting::si;
/// assert_eq!(si(4.142e-21, "J"), "4.14 zJ");
/// assert_eq!(si(999.7, "s"), "1.00 ks");
/// assert_eq!(si(0.0, "J"), "0 J");
/// ```
#[must_use]
pub fn si(value: f64, unit: &str) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value} {unit}");
    }
    // Rounded first, so that 999.7 becomes 1.00 k and not 1000.
    let rounded: f64 = format!("{value:.2e}").parse().unwrap_or(value);
    let power = rounded.abs().log10().floor() as i32;
    let power = (power.div_euclid(3) * 3).clamp(-30, 30);
    let shown = rounded / 10.0_f64.powi(power);
    let decimals = match shown.abs() {
        size if size < 9.995 => 2,
        size if size < 99.95 => 1,
        _ => 0,
    };
    let prefix = PREFIXES.iter().find(|(_, of)| *of == power);
    let prefix = prefix.map_or("", |(prefix, _)| prefix);
    format!("{shown:.decimals$} {prefix}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_written_with_prefixes() {
        assert_eq!(Joules(8e-3).to_string(), "8.00 mJ");
        assert_eq!(Watts(400.0).to_string(), "400 W");
        assert_eq!(Seconds(-1.5e-6).to_string(), "-1.50 µs");
        assert_eq!(Joules(1e-33).to_string(), "0.00 qJ");
        assert_eq!(si(12.34, "x"), "12.3 x");
        assert_eq!(si(99.96, "x"), "100 x");
        assert_eq!(format!("{:>9}|", Joules(1.0)), "   1.00 J|");
    }

    #[test]
    fn thermal_energy_is_that_of_the_si() {
        let energy = Kelvin(300.0).thermal_energy();
        assert!((energy.0 / 4.141_947e-21 - 1.0).abs() < 1e-12);
        assert_eq!((Joules(6.0) / Seconds(2.0)) * Seconds(4.0), Joules(12.0));
        assert_eq!(Seconds(0.25).rate(), Hertz(4.0));
    }
}

//! Which assumption moves a bill the most: each a tenth of itself, and ten times itself, one at a time.

use serde::Serialize;

use crate::{AccountingError, Assumption, Bill, Counts, HardwareModel};

/// What a bill becomes when one assumption is another.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Sensitivity {
    /// The assumption.
    pub assumption: Assumption,
    /// Its values: the smaller, and the larger, in the unit of its name.
    pub values: [f64; 2],
    /// The measure at the smaller value.
    pub low: f64,
    /// The measure as it is.
    pub base: f64,
    /// The measure at the larger value.
    pub high: f64,
}

impl Sensitivity {
    /// By which factor the measure moves between the two ends: one or more.
    #[must_use]
    pub fn swing(&self) -> f64 {
        let ratio = self.high / self.low;
        ratio.max(1.0 / ratio)
    }
}

/// A measure of a bill, such as its energy or a gain, with each assumption at a tenth and at ten times its value.
///
/// A resolution of b bits moves such that 2^b does so: by 3.3 bits. Ranges are kept: a utilisation stops at one.
/// Assumptions that are zero, and those that do not move the measure, are left out; the one that moves it
/// most comes first.
///
/// # Errors
/// Those of [`Bill::new`], of `measure`, or [`AccountingError::NoRatio`] if the measure is not above zero.
///
/// ```
/// use overdamped_accounting::{Assumption, Counts, HardwareModel, sensitivities};
/// let counts = Counts::from_toml(
///     "schema = 1\nname = 'x'\nper = 'sample'\nresults = 1\nacts = { states_read = 5, states_written = 1 }",
/// )?;
/// let model = HardwareModel::preset("record")?;
/// let study = sensitivities(&counts, &model, |bill| Ok(bill.energy().0))?;
/// assert_eq!(study[0].assumption, Assumption::AdcStepEnergy);
/// # Ok::<(), overdamped_accounting::AccountingError>(())
/// ```
pub fn sensitivities(
    counts: &Counts,
    model: &HardwareModel,
    measure: impl Fn(&Bill) -> Result<f64, AccountingError>,
) -> Result<Vec<Sensitivity>, AccountingError> {
    let at = |model: &HardwareModel| {
        let value = measure(&Bill::new(counts, model)?)?;
        if value.is_finite() && value > 0.0 {
            return Ok(value);
        }
        Err(AccountingError::NoRatio {
            what: "the measure",
            value,
        })
    };
    let base = at(model)?;
    let mut study = Vec::new();
    for assumption in Assumption::ALL {
        let value = model.value(assumption);
        if value <= 0.0 {
            continue;
        }
        let values = [0.1, 10.0].map(|factor| scaled(assumption, value, factor));
        let [low, high] = values.map(|value| at(&model.clone().with(assumption, value)?));
        let entry = Sensitivity {
            assumption,
            values,
            low: low?,
            base,
            high: high?,
        };
        // A change in the last digits is one of rounding.
        if entry.swing() > 1.0 + 1e-9 {
            study.push(entry);
        }
    }
    study.sort_by(|a, b| b.swing().total_cmp(&a.swing()));
    Ok(study)
}

fn scaled(assumption: Assumption, value: f64, factor: f64) -> f64 {
    let moved = match assumption {
        Assumption::AdcBits | Assumption::DacBits => value + f64::log2(factor),
        _ => value * factor,
    };
    assumption.bounds().nearest(moved)
}

//! Where a substrate starts to pay: the gain of a [`Pair`] over two of its settings.

use serde::Serialize;

use crate::{AccountingError, Assumption, Baseline, Bill, HardwareModel, Pair};

/// A setting that is swept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Knob {
    /// D, units of each module.
    Width,
    /// k, rank of the coupling.
    Rank,
    /// Time of a relaxation, with the step held.
    RelaxationTime,
    /// Resolution of readings.
    ReadoutBits,
}

impl Knob {
    /// Its name for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Width => "units of a module",
            Self::Rank => "rank of the coupling",
            Self::RelaxationTime => "relaxation time",
            Self::ReadoutBits => "bits of a reading",
        }
    }
}

/// Which use of the pair is billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Use {
    /// One inference.
    Inference,
    /// One step of training.
    Training,
}

/// A pair on a hardware model, as the middle of a sweep.
#[derive(Debug, Clone, PartialEq)]
pub struct Crossover {
    /// The pair.
    pub pair: Pair,
    /// The prices.
    pub model: HardwareModel,
    /// What is billed.
    pub what: Use,
    /// What it is compared with.
    pub baseline: Baseline,
}

impl Crossover {
    /// The gain with some settings changed; a rank above the width is taken for full rank.
    ///
    /// # Errors
    /// Those of the counts, the model and the bill.
    pub fn gain(&self, settings: &[(Knob, f64)]) -> Result<f64, AccountingError> {
        let (mut pair, mut model) = (self.pair, self.model.clone());
        for &(knob, value) in settings {
            match knob {
                Knob::Width => pair.width = value.round() as usize,
                Knob::Rank => pair.rank = value.round() as usize,
                Knob::RelaxationTime => pair.time = value,
                Knob::ReadoutBits => model = model.with(Assumption::AdcBits, value)?,
            }
        }
        pair.rank = pair.rank.min(pair.width);
        let counts = match self.what {
            Use::Inference => pair.inference()?,
            Use::Training => pair.training()?,
        };
        Bill::new(&counts, &model)?.gain(self.baseline)
    }

    /// The gain over a grid: one row for each value of `y`, one column for each of `x`.
    ///
    /// # Errors
    /// As [`Crossover::gain`].
    pub fn map(
        &self,
        x: (Knob, &[f64]),
        y: (Knob, &[f64]),
    ) -> Result<Vec<Vec<f64>>, AccountingError> {
        let row = |&at: &f64| {
            let columns = x.1.iter();
            let gain = |&value: &f64| self.gain(&[(x.0, value), (y.0, at)]);
            columns.map(gain).collect::<Result<Vec<_>, _>>()
        };
        y.1.iter().map(row).collect()
    }

    /// The value of a setting between two others at which the gain is one, to a thousandth; none if it is above
    /// or below one at both ends. Settings that are whole numbers are rounded by [`Crossover::gain`].
    ///
    /// # Errors
    /// As [`Crossover::gain`], or [`AccountingError::Setting`] for ends that are not above zero.
    pub fn break_even(
        &self,
        knob: Knob,
        (mut low, mut high): (f64, f64),
    ) -> Result<Option<f64>, AccountingError> {
        crate::error::positive("the lower end", low)?;
        crate::error::positive("the upper end", high)?;
        if low >= high {
            return Err(AccountingError::Setting {
                what: "the lower end",
                value: low,
                bound: "below the upper end",
            });
        }
        let pays = |value: f64| Ok::<_, AccountingError>(self.gain(&[(knob, value)])? >= 1.0);
        let at_low = pays(low)?;
        if at_low == pays(high)? {
            return Ok(None);
        }
        while high / low > 1.001 {
            let middle = (low * high).sqrt();
            if pays(middle)? == at_low {
                low = middle;
            } else {
                high = middle;
            }
        }
        Ok(Some((low * high).sqrt()))
    }
}

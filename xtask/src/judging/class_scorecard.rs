//! The eight figures by which a generator of all ten classes is judged against its reference set.

use serde::Serialize;

use super::columns::{self, Better, Columns, Figure};
use super::error::JudgingError;

/// How samples of all ten classes compare with the reference images.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ClassScorecard {
    /// Share of samples on which the judge and the vote of the nearest reference images agree.
    pub agreement: f64,
    /// Share of samples near reference images, in pixels.
    pub precision: f64,
    /// Share of reference images near samples, in pixels.
    pub recall: f64,
    /// Share of reference images whose neighbourhood holds a sample, in pixels.
    pub coverage: f64,
    /// Squared Fréchet distance to the reference images in pixels (squared data units).
    pub fd: f64,
    /// Mean distance from a sample to the nearest reference image in pixels (data units).
    ///
    /// Lower is better down to the value of real images; below it, samples are copies of the reference.
    pub nearest: f64,
    /// Entropy of the class shares in units of its maximum ln 10, in 0..=1; the judge reads the classes.
    pub class_entropy: f64,
    /// Share of the rarest of the ten classes, .1 at best.
    pub smallest_class: f64,
}

impl ClassScorecard {
    /// The figures in the order of the fields, with their names and directions.
    pub fn figures(&self) -> impl Iterator<Item = Figure> + use<> {
        columns::figures(self)
    }

    /// Mean of each figure over scorecards, one per seed.
    ///
    /// # Errors
    /// No scorecard.
    pub fn mean(cards: &[Self]) -> Result<Self, JudgingError> {
        columns::mean(cards)
    }

    /// Standard deviation of each figure over scorecards, one per seed (divisor n - 1).
    ///
    /// # Errors
    /// Fewer than two scorecards: one seed says nothing of the spread.
    pub fn standard_deviation(cards: &[Self]) -> Result<Self, JudgingError> {
        columns::standard_deviation(cards)
    }
}

impl Columns<8> for ClassScorecard {
    const COLUMNS: [(&'static str, Better); 8] = [
        ("agreement", Better::Higher),
        ("precision", Better::Higher),
        ("recall", Better::Higher),
        ("coverage", Better::Higher),
        ("fd", Better::Lower),
        ("nearest", Better::Lower),
        ("class_entropy", Better::Higher),
        ("smallest_class", Better::Higher),
    ];

    fn values(&self) -> [f64; 8] {
        // Destructured, so that a new field cannot be left out of the table.
        let Self {
            agreement,
            precision,
            recall,
            coverage,
            fd,
            nearest,
            class_entropy,
            smallest_class,
        } = *self;
        [
            agreement,
            precision,
            recall,
            coverage,
            fd,
            nearest,
            class_entropy,
            smallest_class,
        ]
    }

    fn from_values(
        [
            agreement,
            precision,
            recall,
            coverage,
            fd,
            nearest,
            class_entropy,
            smallest_class,
        ]: [f64; 8],
    ) -> Self {
        Self {
            agreement,
            precision,
            recall,
            coverage,
            fd,
            nearest,
            class_entropy,
            smallest_class,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Catches a table whose names and values are not in the same order (serde names the fields on its own), and a
    /// distance that counts as a gain.
    #[test]
    fn figures_are_named_as_the_fields() {
        let card = ClassScorecard::from_values(std::array::from_fn(|column| column as f64));
        let fields = serde_json::to_value(card).unwrap();
        assert_eq!(fields.as_object().unwrap().len(), card.figures().count());
        for figure in card.figures() {
            assert_eq!(fields[figure.name], figure.value, "{}", figure.name);
            let distance = ["fd", "nearest"].contains(&figure.name);
            assert_eq!(distance, figure.better == Better::Lower, "{}", figure.name);
        }
    }

    /// Every column of the mean lies half-way between two cards, and their spread is sqrt(2) / 2 times the step.
    #[test]
    fn mean_and_spread_are_taken_by_column() {
        let card = |offset: f64| {
            ClassScorecard::from_values(std::array::from_fn(|column| column as f64 + offset))
        };
        let cards = [card(0.0), card(2.0)];
        assert_eq!(ClassScorecard::mean(&cards).unwrap(), card(1.0));
        let spread = ClassScorecard::standard_deviation(&cards).unwrap();
        assert!(
            spread
                .figures()
                .all(|figure| (figure.value - 2.0_f64.sqrt()).abs() < 1e-12)
        );
    }
}

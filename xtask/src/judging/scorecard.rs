//! The eight figures by which samples of wanted digits are judged.

use serde::Serialize;

use super::columns::{self, Better, Columns, Figure};
use super::error::JudgingError;

/// How a set of samples compares with real images.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Scorecard {
    /// Share of samples that the judge reads as a wanted digit.
    pub in_classes: f64,
    /// Share that it reads as a wanted digit with probability above 0.9.
    pub confident: f64,
    /// Squared Fréchet distance to the test images in pixels (squared data units).
    pub fd_pixels: f64,
    /// Squared Fréchet distance to the test images in principal components (squared data units).
    pub fd_pca: f64,
    /// Share of samples near real images, in principal components.
    pub precision: f64,
    /// Share of real images near samples, in principal components.
    pub recall: f64,
    /// Share of real images whose neighbourhood holds a sample, in principal components.
    pub coverage: f64,
    /// Unbiased energy distance to the test images in pixels (data units); about zero, either sign, at best.
    pub energy_distance: f64,
}

impl Scorecard {
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

impl Columns<8> for Scorecard {
    const COLUMNS: [(&'static str, Better); 8] = [
        ("in_classes", Better::Higher),
        ("confident", Better::Higher),
        ("fd_pixels", Better::Lower),
        ("fd_pca", Better::Lower),
        ("precision", Better::Higher),
        ("recall", Better::Higher),
        ("coverage", Better::Higher),
        ("energy_distance", Better::Lower),
    ];

    fn values(&self) -> [f64; 8] {
        // Destructured, so that a new field cannot be left out of the table.
        let Self {
            in_classes,
            confident,
            fd_pixels,
            fd_pca,
            precision,
            recall,
            coverage,
            energy_distance,
        } = *self;
        [
            in_classes,
            confident,
            fd_pixels,
            fd_pca,
            precision,
            recall,
            coverage,
            energy_distance,
        ]
    }

    fn from_values(
        [
            in_classes,
            confident,
            fd_pixels,
            fd_pca,
            precision,
            recall,
            coverage,
            energy_distance,
        ]: [f64; 8],
    ) -> Self {
        Self {
            in_classes,
            confident,
            fd_pixels,
            fd_pca,
            precision,
            recall,
            coverage,
            energy_distance,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(offset: f64) -> Scorecard {
        Scorecard::from_values(std::array::from_fn(|column| column as f64 + offset))
    }

    /// Catches a table whose names and values are not in the same order: serde names the fields on its own.
    #[test]
    fn figures_are_named_as_the_fields() {
        let card = card(0.5);
        let fields = serde_json::to_value(card).unwrap();
        assert_eq!(fields.as_object().unwrap().len(), card.figures().count());
        for figure in card.figures() {
            assert_eq!(fields[figure.name], figure.value, "{}", figure.name);
            let distance = figure.name.starts_with("fd_") || figure.name.ends_with("distance");
            assert_eq!(distance, figure.better == Better::Lower, "{}", figure.name);
        }
    }
}

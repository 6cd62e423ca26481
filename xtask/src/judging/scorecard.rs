//! The eight figures by which a set of samples is judged, and their mean and spread over seeds.

use serde::Serialize;

use super::error::JudgingError;

/// Which way a figure improves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Better {
    /// Smaller is better.
    Lower,
    /// Larger is better.
    Higher,
}

/// One figure of a scorecard, ready for a table.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Figure {
    /// Last part of the result's id, e.g. `fd_pixels`.
    pub name: &'static str,
    /// The value, in the unit that [`Scorecard`] states.
    pub value: f64,
    /// Which way it improves.
    pub better: Better,
}

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

const COLUMNS: [(&str, Better); 8] = [
    ("in_classes", Better::Higher),
    ("confident", Better::Higher),
    ("fd_pixels", Better::Lower),
    ("fd_pca", Better::Lower),
    ("precision", Better::Higher),
    ("recall", Better::Higher),
    ("coverage", Better::Higher),
    ("energy_distance", Better::Lower),
];

impl Scorecard {
    /// The figures in the order of the fields, with their names and directions.
    pub fn figures(&self) -> impl Iterator<Item = Figure> + use<> {
        COLUMNS
            .into_iter()
            .zip(self.values())
            .map(|((name, better), value)| Figure {
                name,
                value,
                better,
            })
    }

    /// Mean of each figure over scorecards, one per seed.
    ///
    /// # Errors
    /// No scorecard.
    pub fn mean(cards: &[Self]) -> Result<Self, JudgingError> {
        if cards.is_empty() {
            return Err(JudgingError::EmptySet { set: "scorecard" });
        }
        Ok(Self::from_values(std::array::from_fn(|column| {
            let sum: f64 = cards.iter().map(|card| card.values()[column]).sum();
            sum / cards.len() as f64
        })))
    }

    /// Standard deviation of each figure over scorecards, one per seed (divisor n - 1).
    ///
    /// # Errors
    /// Fewer than two scorecards: one seed says nothing of the spread.
    pub fn standard_deviation(cards: &[Self]) -> Result<Self, JudgingError> {
        if cards.len() < 2 {
            return Err(JudgingError::TooFewSamples {
                set: "scorecard",
                metric: "a standard deviation",
                found: cards.len(),
                needed: 2,
            });
        }
        let mean = Self::mean(cards)?.values();
        Ok(Self::from_values(std::array::from_fn(|column| {
            let squares: f64 = cards
                .iter()
                .map(|card| (card.values()[column] - mean[column]).powi(2))
                .sum();
            (squares / (cards.len() - 1) as f64).sqrt()
        })))
    }

    fn values(&self) -> [f64; COLUMNS.len()] {
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
        ]: [f64; COLUMNS.len()],
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

    /// Offsets 0, 1 and 5: mean 2, standard deviation sqrt((4 + 1 + 9) / 2) in every column.
    #[test]
    fn mean_and_spread_over_seeds() {
        let cards = [card(0.0), card(1.0), card(5.0)];
        assert_eq!(Scorecard::mean(&cards).unwrap(), card(2.0));
        for figure in Scorecard::standard_deviation(&cards).unwrap().figures() {
            assert!((figure.value - 7.0_f64.sqrt()).abs() < 1e-12);
        }
        assert!(Scorecard::mean(&[]).is_err());
        assert!(Scorecard::standard_deviation(&cards[..1]).is_err());
    }
}

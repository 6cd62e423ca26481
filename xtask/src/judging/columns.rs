//! What every scorecard is: a row of named figures, with a mean and a spread over seeds.

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
    /// The value, in the unit that the field of the scorecard states.
    pub value: f64,
    /// Which way it improves.
    pub better: Better,
}

/// A scorecard as a row of `N` numbers.
pub(super) trait Columns<const N: usize>: Sized {
    /// Name and direction of each figure.
    const COLUMNS: [(&'static str, Better); N];

    /// The figures in the order of [`COLUMNS`](Self::COLUMNS).
    fn values(&self) -> [f64; N];

    /// The scorecard with these figures.
    fn from_values(values: [f64; N]) -> Self;
}

/// The figures of one scorecard with their names and directions.
pub(super) fn figures<C: Columns<N>, const N: usize>(
    card: &C,
) -> impl Iterator<Item = Figure> + use<C, N> {
    C::COLUMNS
        .into_iter()
        .zip(card.values())
        .map(|((name, better), value)| Figure {
            name,
            value,
            better,
        })
}

/// Mean of each figure.
///
/// # Errors
/// No scorecard.
pub(super) fn mean<C: Columns<N>, const N: usize>(cards: &[C]) -> Result<C, JudgingError> {
    if cards.is_empty() {
        return Err(JudgingError::EmptySet { set: "scorecard" });
    }
    Ok(C::from_values(std::array::from_fn(|column| {
        let sum: f64 = cards.iter().map(|card| card.values()[column]).sum();
        sum / cards.len() as f64
    })))
}

/// Standard deviation of each figure (divisor n - 1).
///
/// # Errors
/// Fewer than two scorecards.
pub(super) fn standard_deviation<C: Columns<N>, const N: usize>(
    cards: &[C],
) -> Result<C, JudgingError> {
    if cards.len() < 2 {
        return Err(JudgingError::TooFewSamples {
            set: "scorecard",
            metric: "a standard deviation",
            found: cards.len(),
            needed: 2,
        });
    }
    let mean = mean(cards)?.values();
    Ok(C::from_values(std::array::from_fn(|column| {
        let squares: f64 = cards
            .iter()
            .map(|card| (card.values()[column] - mean[column]).powi(2))
            .sum();
        (squares / (cards.len() - 1) as f64).sqrt()
    })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, Copy, PartialEq)]
    struct Pair([f64; 2]);

    impl Columns<2> for Pair {
        const COLUMNS: [(&'static str, Better); 2] =
            [("gain", Better::Higher), ("loss", Better::Lower)];

        fn values(&self) -> [f64; 2] {
            self.0
        }

        fn from_values(values: [f64; 2]) -> Self {
            Self(values)
        }
    }

    /// Offsets 0, 1 and 5: mean 2, standard deviation sqrt((4 + 1 + 9) / 2) in every column.
    #[test]
    fn mean_and_spread_over_seeds() {
        let cards = [0.0, 1.0, 5.0].map(|offset| Pair([offset, offset + 10.0]));
        assert_eq!(mean(&cards).unwrap(), Pair([2.0, 12.0]));
        for figure in figures(&standard_deviation(&cards).unwrap()) {
            assert!((figure.value - 7.0_f64.sqrt()).abs() < 1e-12);
        }
        assert!(mean::<Pair, 2>(&[]).is_err());
        assert!(standard_deviation(&cards[..1]).is_err());
    }

    #[test]
    fn figures_keep_the_order_of_the_columns() {
        let [gain, loss] = [("gain", 3.0, Better::Higher), ("loss", 4.0, Better::Lower)].map(
            |(name, value, better)| Figure {
                name,
                value,
                better,
            },
        );
        assert!(figures(&Pair([3.0, 4.0])).eq([gain, loss]));
    }
}

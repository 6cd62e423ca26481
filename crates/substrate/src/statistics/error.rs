//! What can be wrong with a series of samples.

/// Error of the statistics of samples.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StatisticsError {
    /// The series holds too few samples for the statistic.
    #[error("the series has {length} samples, at least {required} are needed: run longer")]
    TooShort {
        /// Number of samples.
        length: usize,
        /// Smallest number for which the statistic is defined.
        required: usize,
    },
    /// A sample is infinite or not a number.
    #[error("sample {index} is {value}, expected a finite number: drop diverged chains first")]
    NonFinite {
        /// Position of the first such sample in its series.
        index: usize,
        /// The sample.
        value: f64,
    },
    /// All samples are equal, so that a correlation is undefined.
    #[error("every sample is {value}, expected some variance: observe something that fluctuates")]
    NoVariance {
        /// The common value.
        value: f64,
    },
    /// No chain was given.
    #[error("no chain was given, at least 1 is needed")]
    NoChains,
    /// Chains differ in length.
    #[error(
        "chain {chain} has {length} samples, expected {expected} as in chain 0: truncate to the shortest"
    )]
    UnequalChains {
        /// Index of the first chain that differs.
        chain: usize,
        /// Its number of samples.
        length: usize,
        /// Number of samples in chain 0.
        expected: usize,
    },
    /// A quantile was asked for outside [0, 1].
    #[error("probability is {probability}, expected a number from 0 to 1: the median is 0.5")]
    InvalidProbability {
        /// The probability.
        probability: f64,
    },
}

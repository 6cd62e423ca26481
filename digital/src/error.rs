//! What can go wrong with a network trained by backpropagation.

/// A network could not be trained or applied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DigitalError {
    /// A setting is outside its range.
    #[error("{setting} is {value}; it must be {bound}")]
    Setting {
        /// Which setting.
        setting: &'static str,
        /// Its value.
        value: f64,
        /// What it must be.
        bound: &'static str,
    },
    /// There is nothing to learn from.
    #[error("the data set has {units} units and {examples} examples; give at least one of each")]
    NoData {
        /// Rows given.
        units: usize,
        /// Columns given.
        examples: usize,
    },
    /// A value is NaN or infinite.
    #[error("sample {sample} has {value} at unit {unit}; every value must be finite")]
    NonFinite {
        /// Unit.
        unit: usize,
        /// Sample.
        sample: usize,
        /// The value.
        value: f32,
    },
    /// What is to be denoised has another number of units than what was learnt.
    #[error("samples of {found} units were given to a network of {expected}; give {expected} rows")]
    Units {
        /// Units of the network.
        expected: usize,
        /// Rows given.
        found: usize,
    },
    /// The loss left the finite numbers.
    #[error("training diverged: the loss of update {update} is {loss}; lower the rate of {rate}")]
    Diverged {
        /// Update, counted from 0.
        update: u64,
        /// Its loss.
        loss: f64,
        /// Rate at the start.
        rate: f64,
    },
    /// The build has no library to train networks with.
    #[error(
        "this build trains no network by backpropagation; build with the feature `burn` of \
         overdamped-digital (`digital` of xtask)"
    )]
    NotBuilt,
    /// The library could not compute or hand over a result.
    #[error("the network library failed: {reason}")]
    Library {
        /// Its own words.
        reason: String,
    },
}

#[cfg(feature = "burn")]
impl DigitalError {
    /// Carries an error of the library without its type.
    pub(crate) fn library(error: impl std::fmt::Display) -> Self {
        Self::Library {
            reason: error.to_string(),
        }
    }
}

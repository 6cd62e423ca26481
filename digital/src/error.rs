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
    /// Columns are not those of whole images.
    #[error(
        "{columns} columns are no whole number of images of {pixels} pixels; give one column for each pixel"
    )]
    Images {
        /// Columns given.
        columns: usize,
        /// Columns of one image.
        pixels: usize,
    },
    /// The noise of some samples is unknown.
    #[error(
        "{found} noise levels were given for {samples} samples; give one for all or one for each"
    )]
    Levels {
        /// Levels given.
        found: usize,
        /// Samples given.
        samples: usize,
    },
    /// Bytes that were given as weights are not.
    #[error(transparent)]
    UNetFile(#[from] crate::UNetFileError),
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

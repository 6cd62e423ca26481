//! The arithmetic of an update of parameters: what stays digital in training.

use overdamped_accounting::{Digital, Place, Work};

use crate::experiments::metering::Run;

/// Multiply-accumulates of the contrast for each learned parameter and example.
const CONTRAST: u64 = 2;
/// Multiply-accumulates of Adam for each parameter: two moments (four products, two of them added to), a root and a
/// quotient.
const ADAM: u64 = 6;

/// An update.
#[derive(Clone, Copy)]
pub struct Update {
    /// Parameters that an example has a say in.
    pub contrasted: u64,
    /// Parameters that are updated.
    pub learned: u64,
    /// Examples.
    pub batch: u64,
}

impl Update {
    const fn contrast(self) -> u64 {
        CONTRAST * self.contrasted * self.batch
    }

    /// Multiply-accumulates of the optimiser.
    pub const fn optimiser(self) -> u64 {
        ADAM * self.learned
    }

    /// Those of both.
    pub const fn total(self) -> u64 {
        self.contrast() + self.optimiser()
    }

    /// Its pieces, for all updates of a run.
    pub fn digital(self, run: &Run) -> Vec<Digital> {
        let piece = |name: &str, macs: u64| Digital {
            name: name.to_owned(),
            place: Place::Optimiser,
            work: Work::Macs((macs * run.results) as f64),
        };
        vec![
            piece("local gradients are contrasted", self.contrast()),
            piece("parameters are updated", self.optimiser()),
        ]
    }
}

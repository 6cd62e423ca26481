//! How a flat parameter vector is divided into named blocks.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::{EnergyError, Scalar};

/// How the energy depends on the parameters of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// The energy is proportional to them: scaling every amplitude scales the energy.
    Amplitude,
    /// They shape a nonlinear term and keep their value when the energy is scaled.
    Shape,
}

/// One named run of parameters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Dotted name, such as `sites.stiffness`.
    pub name: String,
    /// Number of parameters.
    pub len: usize,
    /// How the energy depends on them.
    pub role: Role,
}

/// The blocks of a parameter vector, in order and without gaps.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Layout {
    blocks: Vec<Block>,
}

/// Blocks as they come from a file.
#[derive(Deserialize)]
struct Unchecked {
    blocks: Vec<Block>,
}

impl TryFrom<Unchecked> for Layout {
    type Error = EnergyError;

    /// Refuses lengths whose sum no memory can hold, so that no position overflows.
    fn try_from(file: Unchecked) -> Result<Self, EnergyError> {
        let lengths = file.blocks.iter().map(|block| block.len);
        if !addressable(lengths) {
            return Err(EnergyError::TooLarge {
                what: "the parameters of all blocks",
            });
        }
        Ok(Self {
            blocks: file.blocks,
        })
    }
}

/// Whether so many values, all together, can have addresses: what a file describes is measured before anything is
/// added up or allocated.
pub(crate) fn addressable(counts: impl IntoIterator<Item = usize>) -> bool {
    let sum = |total: usize, count| total.checked_add(count);
    counts
        .into_iter()
        .try_fold(0, sum)
        .is_some_and(|total| total <= MOST)
}

/// Most values that are described: sixteen bytes each still fit into the address space.
const MOST: usize = isize::MAX as usize / 16;

impl Layout {
    /// An empty layout.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The layout with one more block at its end.
    #[must_use]
    pub fn with(mut self, name: &str, len: usize, role: Role) -> Self {
        self.blocks.push(Block {
            name: name.to_owned(),
            len,
            role,
        });
        self
    }

    /// Number of parameters; those beyond all addresses are not counted.
    #[must_use]
    pub fn len(&self) -> usize {
        let sizes = self.blocks.iter().map(|block| block.len);
        sizes.fold(0, usize::saturating_add)
    }

    /// Whether there is no parameter.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The blocks with their positions in the parameter vector.
    pub fn blocks(&self) -> impl Iterator<Item = (&Block, Range<usize>)> {
        self.blocks.iter().scan(0, |start, block| {
            let range = *start..usize::saturating_add(*start, block.len);
            *start = range.end;
            Some((block, range))
        })
    }

    /// The position of a block in the parameter vector.
    ///
    /// # Errors
    /// [`EnergyError::UnknownBlock`] if no block has this name.
    pub fn range(&self, name: &str) -> Result<Range<usize>, EnergyError> {
        self.blocks()
            .find_map(|(block, range)| (block.name == name).then_some(range))
            .ok_or_else(|| EnergyError::UnknownBlock {
                name: name.to_owned(),
                known: self
                    .blocks
                    .iter()
                    .map(|block| block.name.as_str())
                    .collect::<Vec<_>>()
                    .join(", "),
            })
    }

    /// Checks that `parameters` has the layout's length and that every value is finite.
    ///
    /// # Errors
    /// [`EnergyError::Length`] or [`EnergyError::NonFinite`].
    pub fn check<T: Scalar>(&self, parameters: &[T]) -> Result<(), EnergyError> {
        if parameters.len() != self.len() {
            return Err(EnergyError::Length {
                what: "the parameter vector".to_owned(),
                expected: self.len(),
                found: parameters.len(),
            });
        }
        for (block, range) in self.blocks() {
            check_finite(&block.name, &parameters[range])?;
        }
        Ok(())
    }

    /// Multiplies every [`Role::Amplitude`] parameter by `factor`, which multiplies
    /// the energy by `factor`.
    ///
    /// # Panics
    /// If there are fewer parameters than the layout has.
    pub fn scale_energy<T: Scalar>(&self, parameters: &mut [T], factor: T) {
        for (block, range) in self.blocks() {
            if block.role == Role::Amplitude {
                for value in &mut parameters[range] {
                    *value *= factor;
                }
            }
        }
    }

    pub(crate) fn join(self, other: Self) -> Result<Self, EnergyError> {
        let mut joined = self;
        for block in other.blocks {
            if joined.blocks.iter().any(|known| known.name == block.name) {
                return Err(EnergyError::DuplicateBlock { name: block.name });
            }
            joined.blocks.push(block);
        }
        Ok(joined)
    }
}

/// Refuses NaN and infinite values.
pub(crate) fn check_finite<T: Scalar>(what: &str, values: &[T]) -> Result<(), EnergyError> {
    match values.iter().position(|value| !value.finite()) {
        None => Ok(()),
        Some(index) => Err(EnergyError::NonFinite {
            what: what.to_owned(),
            index,
            value: values[index].wide(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout() -> Layout {
        Layout::new()
            .with("sites.bias", 2, Role::Amplitude)
            .with("hidden.weights", 3, Role::Shape)
    }

    #[test]
    fn blocks_tile_the_vector_and_are_found_by_name() {
        assert_eq!(layout().len(), 5);
        assert_eq!(layout().range("hidden.weights").unwrap(), 2..5);
        let message = layout().range("sites.bais").unwrap_err().to_string();
        assert!(message.contains("sites.bias, hidden.weights"), "{message}");
    }

    #[test]
    fn bad_vectors_are_named_by_block_and_index() {
        assert!(layout().check(&[0.0_f64; 4]).is_err());
        let message = layout()
            .check(&[0.0, 0.0, 0.0, f64::NAN, 0.0])
            .unwrap_err()
            .to_string();
        assert_eq!(
            message,
            "hidden.weights[1] is NaN; every value must be finite"
        );
    }

    #[test]
    fn scaling_leaves_shapes_alone() {
        let mut parameters = [1.0_f64; 5];
        layout().scale_energy(&mut parameters, 2.0);
        assert_eq!(parameters, [2.0, 2.0, 1.0, 1.0, 1.0]);
    }
}

//! Layered networks with activations: each layer couples to its neighbours through what its
//! units pass on (arXiv 2604.08150, the energy of the model).
//!
//! E = sum_l [ |h_l|^2 / 2 - b_l . s_l(h_l) ] - sum_l s_(l+1)(h_(l+1)) . W_l s_l(h_l)
//!
//! | symbol | block | meaning | unit |
//! |---|---|---|---|
//! | h_l | | states of layer l; layer 0 is the visible one, as a rule | data units |
//! | s_l | | [`Activation`] of layer l, elementwise | data units |
//! | b_l | `bias.l` | bias of layer l | kT / s |
//! | W_l | `weights.l`, column by column | couplings of layer l + 1 (rows) to layer l (columns) | kT / s^2 |
//!
//! Its force is F_l = -h_l + s_l'(h_l) * a_l with the drive a_l = b_l + W_(l-1) s_(l-1) + W_l^T
//! s_(l+1). The coupling is symmetric by construction: the same weights carry signals up and down.
//!
//! The stiffness of one at every unit is fixed, so the energy cannot be scaled by its parameters:
//! all blocks have the role [`Role::Shape`].

mod bound;

use faer::Mat;
use overdamped_kernel::Activation;
use serde::{Deserialize, Serialize};

use self::bound::BoundLayered;
use crate::layout::addressable;
use crate::{Energy, EnergyError, Layout, Potential, Role, Scalar};

/// Units of one kind, coupled to the layers above and below only.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct UnitLayer {
    /// Number of units.
    pub units: usize,
    /// What each passes on of its state.
    pub activation: Activation,
}

/// A chain of layers, of any depth.
///
/// ```
/// use overdamped_energy::{Activation, Energy, Layered, UnitLayer};
///
/// // The network of arXiv 2604.08150: 64 linear pixels, twice 128 units with a bounded SiLU.
/// let silu = Activation::SoftSilu { bound: 10.0 };
/// let layer = |units, activation| UnitLayer { units, activation };
/// let network = Layered::new(vec![
///     layer(64, Activation::Identity),
///     layer(128, silu),
///     layer(128, silu),
/// ])?;
/// assert_eq!(Energy::<f32>::layout(&network).len(), 24_896);
/// # Ok::<(), overdamped_energy::EnergyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Layered {
    layers: Vec<UnitLayer>,
}

/// Layers as they come from a file.
#[derive(Deserialize)]
struct Unchecked {
    layers: Vec<UnitLayer>,
}

impl TryFrom<Unchecked> for Layered {
    type Error = EnergyError;

    fn try_from(file: Unchecked) -> Result<Self, EnergyError> {
        Self::new(file.layers)
    }
}

impl Layered {
    /// A network of these layers, from the visible one up.
    ///
    /// # Errors
    /// [`EnergyError::Layer`] for no layer at all, a layer without units, or an activation out of
    /// its range; [`EnergyError::TooLarge`].
    pub fn new(layers: Vec<UnitLayer>) -> Result<Self, EnergyError> {
        let refuse = |layer, reason: &str| {
            let reason = reason.to_owned();
            Err(EnergyError::Layer { layer, reason })
        };
        if layers.is_empty() {
            return refuse(0, "is missing; a network needs at least one layer");
        }
        for (index, layer) in layers.iter().enumerate() {
            if layer.units == 0 {
                return refuse(index, "has no units; give it at least one");
            }
            if !layer.activation.is_valid() {
                let activation = layer.activation;
                let reason =
                    format!("has {activation:?}; its bound must lie between 1e-30 and 1e30");
                return refuse(index, &reason);
            }
        }
        let (units, pairs) = (layers.iter(), layers.windows(2));
        let weights = pairs.map(|pair| pair[0].units.saturating_mul(pair[1].units));
        if !addressable(units.map(|layer| layer.units).chain(weights)) {
            let what = "the parameters of all layers";
            return Err(EnergyError::TooLarge { what });
        }
        Ok(Self { layers })
    }

    /// The layers.
    #[must_use]
    pub fn layers(&self) -> &[UnitLayer] {
        &self.layers
    }

    /// The units of a layer, in the order of the states.
    ///
    /// # Panics
    /// If there is no such layer.
    #[must_use]
    pub fn rows(&self, layer: usize) -> std::ops::Range<usize> {
        let start = self.layers[..layer].iter().map(|layer| layer.units).sum();
        start..start + self.layers[layer].units
    }
}

impl<T: Scalar> Energy<T> for Layered {
    fn units(&self) -> usize {
        let units = self.layers.iter().map(|layer| layer.units);
        units.fold(0, usize::saturating_add)
    }

    fn layout(&self) -> Layout {
        let biases = self.layers.iter().enumerate();
        let layout = biases.fold(Layout::new(), |layout, (l, layer)| {
            layout.with(&format!("bias.{l}"), layer.units, Role::Shape)
        });
        let pairs = self.layers.windows(2).enumerate();
        pairs.fold(layout, |layout, (l, pair)| {
            let couplings = pair[0].units.saturating_mul(pair[1].units);
            layout.with(&format!("weights.{l}"), couplings, Role::Shape)
        })
    }

    fn bind(&self, parameters: &[T]) -> Result<Box<dyn Potential<T>>, EnergyError> {
        Energy::<T>::layout(self).check(parameters)?;
        let mut rest = parameters;
        let mut next = |count: usize| {
            let (own, others) = rest.split_at(count);
            rest = others;
            own
        };
        let bias = self.layers.iter().map(|l| next(l.units).to_vec()).collect();
        let weights = self.layers.windows(2).map(|pair| {
            let (below, above) = (pair[0].units, pair[1].units);
            let values = next(below * above);
            Mat::from_fn(above, below, |i, j| values[j * above + i])
        });
        let weights = weights.collect();
        Ok(Box::new(BoundLayered::new(self, bias, weights)))
    }
}

#[cfg(test)]
mod tests {
    use serde::de::value::{Error, MapDeserializer};

    use super::*;

    fn refusal(units: usize, activation: Activation) -> Option<String> {
        let network = Layered::new(vec![UnitLayer { units, activation }]);
        network.err().map(|error| error.to_string())
    }

    #[test]
    fn a_refusal_names_the_value_and_its_range() {
        assert_eq!(
            refusal(2, Activation::SoftSilu { bound: -3.5 }).as_deref(),
            Some("layer 0 has SoftSilu { bound: -3.5 }; its bound must lie between 1e-30 and 1e30")
        );
        assert_eq!(refusal(2, Activation::SoftSilu { bound: 3.5 }), None);
        let units = "layer 0 has no units; give it at least one";
        assert_eq!(refusal(0, Activation::Tanh).as_deref(), Some(units));
    }

    #[test]
    fn sizes_that_no_memory_holds_are_refused_before_they_are_added_up() {
        for units in [vec![usize::MAX, 2], vec![1 << 33, 1 << 33], vec![1 << 60]] {
            let activation = Activation::Tanh;
            let layers = units
                .into_iter()
                .map(|units| UnitLayer { units, activation });
            let refused = Layered::new(layers.collect());
            assert!(
                matches!(refused, Err(EnergyError::TooLarge { .. })),
                "{refused:?}"
            );
        }
    }

    // A file is the only other way to a network.
    #[test]
    fn a_file_is_checked_as_a_list_is() {
        let file = MapDeserializer::<_, Error>::new([("layers", Vec::<u8>::new())].into_iter());
        let refused = Layered::deserialize(file).err().map(|e| e.to_string());
        let expected = "layer 0 is missing; a network needs at least one layer";
        assert_eq!(refused.as_deref(), Some(expected));
    }
}

//! The layered network of arXiv 2604.08150, with or without labels.

use std::sync::Arc;

use anyhow::Context as _;
use faer::{Mat, MatRef};
use overdamped_energy::{Activation, Energy, Layered, Scalar, UnitLayer};
use overdamped_learn::{Examples, Wiring};
use overdamped_substrate::{PerUnit, Relaxer, Settings, TimeStep, stream};
use rand::RngExt;
use rand_distr::StandardNormal;

use crate::data::{CLASSES, ImageSet};
use crate::export::model::Model;

/// What hidden units pass on stays below it (the paper's value).
const SOFT_BOUND: f64 = 10.0;
/// Gain of the initial couplings.
const GAIN: f64 = 0.5;
/// A label unit that stands for its class; the others are zero.
const LABEL: f32 = 1.0;

/// Pixels, twice as many hidden units each, and label units at the far end if there are any.
#[derive(Debug, Clone)]
pub struct Network {
    /// The energy.
    pub energy: Arc<Layered>,
    /// Where pixels and labels are.
    pub wiring: Wiring,
}

impl Network {
    /// Pixels - hidden - hidden, without labels.
    ///
    /// # Errors
    /// Layers without units.
    pub fn free(pixels: usize, hidden: usize) -> anyhow::Result<Self> {
        Ok(Self {
            energy: Arc::new(Layered::new(layers(pixels, hidden))?),
            wiring: Wiring::visible(pixels),
        })
    }

    /// The same with ten label units, clamped, above the second hidden layer.
    ///
    /// # Errors
    /// Layers without units.
    pub fn with_labels(pixels: usize, hidden: usize) -> anyhow::Result<Self> {
        let mut layers = layers(pixels, hidden);
        layers.push(UnitLayer {
            units: usize::from(CLASSES),
            activation: Activation::Identity,
        });
        let first = pixels + 2 * hidden;
        Ok(Self {
            energy: Arc::new(Layered::new(layers)?),
            wiring: Wiring {
                visible: 0..pixels,
                clamped: first..first + usize::from(CLASSES),
            },
        })
    }

    /// Number of units.
    pub fn units(&self) -> usize {
        Energy::<f32>::units(self.energy.as_ref())
    }

    /// Number of parameters.
    pub fn parameters(&self) -> usize {
        Energy::<f32>::layout(self.energy.as_ref()).len()
    }

    /// Which units move: all but the labels.
    pub fn mobile(&self) -> Vec<bool> {
        let clamped = &self.wiring.clamped;
        (0..self.units())
            .map(|unit| !clamped.contains(&unit))
            .collect()
    }

    /// A cold bath that comes to rest by `relaxer`, in steps of .1 where there are any.
    pub fn cold(&self, relaxer: Relaxer) -> Settings {
        let mobility = self
            .mobile()
            .into_iter()
            .map(|mobile| f64::from(u8::from(mobile)));
        Settings {
            temperature: PerUnit::Uniform(0.0),
            mobility: PerUnit::Each(mobility.collect()),
            time_step: TimeStep::AtMost(0.1),
            relaxer,
            ..Settings::default()
        }
    }

    /// What it learns from: pixels, and below them a one-hot label where it has labels.
    ///
    /// # Errors
    /// No image, or a pixel that is not finite.
    pub fn examples(&self, images: &ImageSet) -> anyhow::Result<Arc<Examples<f32>>> {
        let rows = self.rows(images.pixels.as_ref(), &images.labels);
        let visible = (0..self.wiring.rows())
            .map(|row| row < images.units())
            .collect();
        let examples = Examples::with_visible(rows, visible);
        Ok(Arc::new(
            examples.context("the images cannot be learned from")?,
        ))
    }

    /// Pixels above one-hot labels (rows x chains); labels are dropped where it has none.
    pub fn rows(&self, pixels: MatRef<'_, f32>, labels: &[u8]) -> Mat<f32> {
        let visible = self.wiring.visible.len();
        Mat::from_fn(self.wiring.rows(), pixels.ncols(), |row, chain| {
            if row < visible {
                pixels[(row, chain)]
            } else if row - visible == usize::from(labels[chain]) {
                LABEL
            } else {
                0.0
            }
        })
    }

    /// Parameters as a file.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, parameters: &[f32], path: &std::path::Path) -> anyhow::Result<()> {
        let sizes = self
            .energy
            .layers()
            .iter()
            .map(|layer| layer.units.to_string());
        let sizes: Vec<_> = sizes.collect();
        let mut model = Model::new(&format!("layered, {}", sizes.join("-")))
            .describe(
                "activation",
                format!("hidden layers: {SOFT_BOUND} tanh(SiLU(h) / {SOFT_BOUND})"),
            )
            .describe(
                "order",
                "weights.l: column by column, units of layer l + 1 x units of layer l",
            );
        for (block, range) in Energy::<f32>::layout(self.energy.as_ref()).blocks() {
            model = model.f32(&block.name, &[block.len], parameters[range].to_vec())?;
        }
        model.write(path)?;
        Ok(())
    }
}

fn layers(pixels: usize, hidden: usize) -> Vec<UnitLayer> {
    let silu = Activation::SoftSilu { bound: SOFT_BOUND };
    let layer = |units, activation| UnitLayer { units, activation };
    vec![
        layer(pixels, Activation::Identity),
        layer(hidden, silu),
        layer(hidden, silu),
    ]
}

/// Where training starts (the paper's scheme): couplings Xavier-normal with a gain of one half, hidden
/// biases uniform within 1 / sqrt(fan-in), no bias on pixels and labels.
pub fn initial<T: Scalar>(energy: &Layered, seed: u64) -> Vec<T> {
    let layout = Energy::<T>::layout(energy);
    let layers = energy.layers();
    let mut random = stream::of(stream::derive(seed, 2), 0);
    let mut parameters = vec![T::ZERO; layout.len()];
    for (block, range) in layout.blocks() {
        let (kind, layer) = block.name.split_once('.').unwrap_or(("", ""));
        let layer: usize = layer.parse().unwrap_or(0);
        match kind {
            "weights" => {
                let fans = layers[layer].units + layers[layer + 1].units;
                let scale = GAIN * (2.0 / fans as f64).sqrt();
                for slot in &mut parameters[range] {
                    let normal: f64 = random.sample(StandardNormal);
                    *slot = T::of(scale * normal);
                }
            }
            _ if layers[layer].activation != Activation::Identity => {
                let bound = 1.0 / (layers[layer - 1].units as f64).sqrt();
                for slot in &mut parameters[range] {
                    *slot = T::of(random.random_range(-bound..bound));
                }
            }
            _ => {}
        }
    }
    parameters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_network_has_its_parameters() {
        let network = Network::free(64, 128).unwrap();
        assert_eq!(network.parameters(), 24_896);
        let labelled = Network::with_labels(64, 128).unwrap();
        assert_eq!(labelled.parameters(), 24_896 + 10 + 128 * 10);
        assert_eq!(
            labelled.mobile().iter().filter(|mobile| !**mobile).count(),
            10
        );
    }

    #[test]
    fn a_written_network_is_read_back_to_the_bit() {
        let network = Network::with_labels(4, 3).unwrap();
        let start: Vec<f32> = initial(&network.energy, 5);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("network.safetensors");
        network.write(&start, &file).unwrap();
        let layout = Energy::<f32>::layout(network.energy.as_ref());
        let read = Model::read(&file).unwrap();
        assert_eq!(read.parameters(&layout).unwrap(), start);
        let other = Network::free(4, 3).unwrap();
        let layout = Energy::<f32>::layout(other.energy.as_ref());
        assert!(read.parameters(&layout).is_ok(), "labels come last");
        let other = Network::free(4, 2).unwrap();
        let layout = Energy::<f32>::layout(other.energy.as_ref());
        let message = read.parameters(&layout).unwrap_err().to_string();
        assert!(
            message.contains("bias.1") || message.contains("weights.0"),
            "{message}"
        );
    }

    /// 8,192 couplings: their standard deviation is known to .8 %, four of which give a false alarm of 6e-5.
    #[test]
    fn couplings_start_with_the_scale_of_both_fans() {
        let network = Network::free(64, 128).unwrap();
        let start: Vec<f64> = initial(&network.energy, 3);
        let layout = Energy::<f64>::layout(network.energy.as_ref());
        let weights = &start[layout.range("weights.0").unwrap()];
        let square = weights.iter().map(|w| w * w).sum::<f64>() / weights.len() as f64;
        let expected = 0.5 * (2.0_f64 / 192.0).sqrt();
        assert!((square.sqrt() / expected - 1.0).abs() < 0.032);
        let biases = &start[layout.range("bias.1").unwrap()];
        assert!(biases.iter().all(|bias| bias.abs() < 0.125 && *bias != 0.0));
        assert!(
            start[layout.range("bias.0").unwrap()]
                .iter()
                .all(|&b| b == 0.0)
        );
    }
}

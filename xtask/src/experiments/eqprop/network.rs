//! The network: four modules, and what noise levels share of it.
//!
//! ```text
//!  data  ---- spring, unit by unit ---- output ==== U diag(s) V^T ==== hidden ==== label
//!  noisy y                              x, linear                      h, quartic  one-hot, clamped
//! ```
//!
//! All levels share the directions U and V of the couplings. Each has its own strength s of every bus, and
//! its own bias and stiffness of every output and hidden unit.

use std::path::Path;
use std::sync::Arc;

use faer::{Mat, MatRef};
use overdamped_energy::{Coupling, Energy, Modular, Module, Wires};
use overdamped_learn::{Conditioned, Examples, ScoreModules};
use overdamped_substrate::{PerUnit, Relaxer, Settings, TimeStep, stream};
use rand::RngExt;
use rand_distr::StandardNormal;

use crate::data::{CLASSES, ImageSet};
use crate::export::model::Model;

/// Modules, in the order of the states.
const OUTPUT: usize = 0;
const HIDDEN: usize = 1;
const DATA: usize = 2;
const LABEL: usize = 3;
/// What the stiffness of output units starts with above that of the spring, which is 1.
const STIFFNESS: f64 = 3.0;
/// Variance of the data along a typical direction: couplings start weaker at levels of more noise than that.
const VARIANCE: f64 = 0.5;

/// Sizes of the modules.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Data units, and output units.
    pub pixels: usize,
    /// Hidden units.
    pub hidden: usize,
    /// Buses between output and hidden units.
    pub rank: usize,
    /// Coefficient q of hidden units, which is not learned. Without quartic wells, at zero, the network is linear.
    pub quartic: f32,
    /// Whether it is told which digit it sees.
    pub labels: bool,
}

/// The network and its noise levels.
pub struct Network {
    /// The energy.
    pub energy: Arc<Modular>,
    /// Which module does what.
    pub modules: ScoreModules,
    /// What the levels share.
    pub conditioned: Conditioned<f32>,
    /// Standard deviation of the noise at each level, the noisiest first.
    pub levels: Vec<f64>,
    shape: Shape,
}

impl Network {
    /// A network for these noise levels.
    ///
    /// # Errors
    /// A module without units, or more buses than units.
    pub fn new(shape: Shape, levels: &[f64]) -> anyhow::Result<Self> {
        let module = |units, quartic| Module { units, quartic };
        let mut modules = vec![
            module(shape.pixels, false),
            module(shape.hidden, shape.quartic > 0.0),
            module(shape.pixels, false),
        ];
        let coupling = |modules, wires| Coupling { modules, wires };
        let buses = |rank| Wires::LowRank { rank };
        let mut couplings = vec![
            coupling((OUTPUT, DATA), Wires::OneToOne),
            coupling((OUTPUT, HIDDEN), buses(shape.rank)),
        ];
        if shape.labels {
            let classes = usize::from(CLASSES);
            modules.push(module(classes, false));
            couplings.push(coupling((HIDDEN, LABEL), buses(classes.min(shape.hidden))));
        }
        let energy = Modular::new(modules, couplings)?;
        let mut own = vec![
            "bias.0",
            "stiffness.0",
            "bias.1",
            "stiffness.1",
            "strength.1",
        ];
        // The spring of stiffness one between data and output, and units that nothing is learned of.
        let ones = vec![1.0; shape.pixels];
        let mut fixed = vec![
            ("bias.2", vec![0.0; shape.pixels]),
            ("stiffness.2", ones.clone()),
            ("strength.0", ones),
        ];
        if shape.quartic > 0.0 {
            fixed.push(("quartic.1", vec![shape.quartic; shape.hidden]));
        }
        if shape.labels {
            let classes = usize::from(CLASSES);
            own.push("strength.2");
            fixed.push(("bias.3", vec![0.0; classes]));
            fixed.push(("stiffness.3", vec![1.0; classes]));
        }
        let layout = Energy::<f32>::layout(&energy);
        Ok(Self {
            conditioned: Conditioned::new(&layout, levels.len(), &own, &fixed)?,
            modules: ScoreModules {
                output: OUTPUT,
                data: DATA,
                label: shape.labels.then_some(LABEL),
            },
            energy: Arc::new(energy),
            levels: levels.to_vec(),
            shape,
        })
    }

    /// Numbers that are learned.
    pub fn parameters(&self) -> usize {
        self.conditioned.layout().len()
    }

    /// Where training starts: random orthonormal directions, no biases, and couplings that soften the
    /// output the more the less noise there is.
    ///
    /// # Errors
    /// A layout that lacks a block.
    pub fn start(&self, seed: u64) -> anyhow::Result<Vec<f32>> {
        let layout = Energy::<f32>::layout(self.energy.as_ref());
        let mut parameters = vec![0.0; layout.len()];
        for (index, (block, range)) in layout.blocks().enumerate() {
            let (kind, of) = block.name.split_once('.').unwrap_or(("", ""));
            let slots = &mut parameters[range];
            match (kind, of) {
                ("stiffness", "0") => slots.fill(1.0 + STIFFNESS as f32),
                ("stiffness" | "strength", _) => slots.fill(1.0),
                ("left" | "right", coupling) => {
                    let strength = layout.range(&format!("strength.{coupling}"))?;
                    let directions = orthonormal(block.len, strength.len(), seed, index as u64);
                    slots.copy_from_slice(&directions);
                }
                _ => {}
            }
        }
        let strength = layout.range("strength.1")?;
        Ok(self.conditioned.start(|level| {
            let variance = self.levels[level] * self.levels[level];
            let softened = (STIFFNESS / (1.0 + variance / VARIANCE)).sqrt();
            let mut own = parameters.clone();
            own[strength.clone()].fill(softened as f32);
            own
        })?)
    }

    /// A cold bath in which data and labels are held.
    pub fn held(&self, relaxer: Relaxer) -> Settings {
        Settings {
            temperature: PerUnit::Uniform(0.0),
            mobility: PerUnit::Each(self.modules.mobility(&self.energy, 0.0)),
            time_step: TimeStep::AtMost(0.1),
            relaxer,
            ..Settings::default()
        }
    }

    /// The same with data units that move, with this mobility.
    pub fn released(&self, mobility: f64) -> Settings {
        Settings {
            mobility: PerUnit::Each(self.modules.mobility(&self.energy, mobility)),
            ..self.held(Relaxer::GradientFlow)
        }
    }

    /// What it learns from.
    ///
    /// # Errors
    /// No image, or a pixel that is not finite.
    pub fn examples(&self, images: &ImageSet) -> anyhow::Result<Examples<f32>> {
        let rows = self.rows(images.pixels.as_ref(), &images.labels);
        let visible = (0..rows.nrows()).map(|row| row < self.shape.pixels);
        Ok(Examples::with_visible(rows.to_owned(), visible.collect())?)
    }

    /// Pixels above one-hot labels (rows x chains); labels are dropped where it has none.
    pub fn rows(&self, pixels: MatRef<'_, f32>, labels: &[u8]) -> Mat<f32> {
        let count = self.shape.pixels;
        let classes = if self.shape.labels {
            usize::from(CLASSES)
        } else {
            0
        };
        Mat::from_fn(count + classes, pixels.ncols(), |row, chain| {
            if row < count {
                pixels[(row, chain)]
            } else {
                f32::from(u8::from(row - count == usize::from(labels[chain])))
            }
        })
    }

    /// The units of a module, of all `states` (units x chains).
    pub fn module<'a>(&self, module: usize, states: MatRef<'a, f32>) -> MatRef<'a, f32> {
        let rows = self.energy.rows(module);
        states.subrows(rows.start, rows.len())
    }

    /// Learned parameters as a file.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, parameters: &[f32], path: &Path) -> anyhow::Result<()> {
        let Shape {
            pixels,
            hidden,
            rank,
            quartic,
            labels,
        } = self.shape;
        let levels: Vec<_> = self
            .levels
            .iter()
            .map(|level| format!("{level:.4}"))
            .collect();
        let mut model = Model::new(&format!(
            "modular: {pixels} output, {hidden} hidden (quartic coefficient {quartic}), {pixels} data{}; \
             spring output - data, {rank} buses output - hidden",
            if labels { ", 10 label" } else { "" }
        ))
        .describe("noise levels", levels.join(", "))
        .describe(
            "order",
            "blocks of one level after another where there is one for each level; left.c, right.c: column by \
             column",
        );
        for (block, range) in self.conditioned.layout().blocks() {
            model = model.f32(&block.name, &[block.len], parameters[range].to_vec())?;
        }
        model.write(path)?;
        Ok(())
    }
}

/// `width` orthonormal columns, one after another, of `len` numbers in all.
fn orthonormal(len: usize, width: usize, seed: u64, index: u64) -> Vec<f32> {
    let mut random = stream::of(stream::derive(seed, 2), index);
    let normals = Mat::<f64>::from_fn(len / width, width, |_, _| random.sample(StandardNormal));
    let directions = normals.qr().compute_thin_Q();
    let columns = directions.col_iter();
    columns
        .flat_map(|column| column.iter().map(|&v| v as f32).collect::<Vec<_>>())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network() -> Network {
        let shape = Shape {
            pixels: 4,
            hidden: 5,
            rank: 3,
            quartic: 1.0,
            labels: true,
        };
        Network::new(shape, &[1.0, 0.1]).unwrap()
    }

    #[test]
    fn levels_share_directions_and_nothing_else() {
        let network = network();
        // Directions: (4 + 5) x 3 and (5 + 10) x 5; of each level two biases and stiffnesses of 4 + 5 units, 3 + 5 strengths.
        assert_eq!(network.parameters(), 27 + 75 + 2 * (18 + 8));
    }

    /// At every level the spring is as it should be, and the network at rest has one state.
    #[test]
    fn it_starts_definite_at_every_level() {
        let network = network();
        let start = network.start(3).unwrap();
        for level in 0..2 {
            let full = network.conditioned.at(&start, level).unwrap();
            let moving = overdamped_energy::Moving::except(&network.energy, &[DATA, LABEL]);
            network.energy.check_definite(&full, &moving).unwrap();
            let layout = Energy::<f32>::layout(network.energy.as_ref());
            for block in ["strength.0", "stiffness.2"] {
                assert!(full[layout.range(block).unwrap()].iter().all(|&v| v == 1.0));
            }
        }
    }

    #[test]
    fn a_written_network_is_read_back_to_the_bit() {
        let network = network();
        let start = network.start(5).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("network.safetensors");
        network.write(&start, &file).unwrap();
        let read = Model::read(&file).unwrap();
        assert_eq!(
            read.parameters(network.conditioned.layout()).unwrap(),
            start
        );
    }

    #[test]
    fn labels_follow_pixels() {
        let rows = network().rows(Mat::full(4, 1, 0.5).as_ref(), &[7]);
        let column: Vec<_> = (0..14).map(|row| rows[(row, 0)]).collect();
        assert_eq!(column[..4], [0.5; 4]);
        assert_eq!(column[4..].iter().position(|&v| v == 1.0), Some(7));
    }
}

//! The decoder of the U-Net as one bilinear energy, fitted module by module.
//!
//! ```text
//! middle --------\
//!                 d2 ----- d1.0 ... d1.3      d2 and the four d1 move, all else is clamped
//! e2 ------------/          |        |
//!                          e1.0 ... e1.3      interface.0 ... interface.3 push at the d1
//! ```
//!
//! Every line is a coupling of low rank. They are fitted in the order in which they depend on each other:
//! 1. d1 from (e1, d2) by reduced-rank regression; its part from d2 couples the modules that move, both ways;
//! 2. what that leaves of the pull that holds d1 where the U-Net has it, from e1; what is still missing, by the
//!    conditioning interface from e1;
//! 3. what it leaves of the pull that holds d2, which d1 pulls back at, from (e2, middle).
//!
//! The state at rest, K z = b + J^T x, is then the substrate's guess of (d2, d1).

use faer::{Mat, MatRef};
use overdamped_conditioning::{
    Centring, EncoderSettings, FittedOn, Interface, InterfaceSettings, TransferSettings,
};
use overdamped_coupling::{
    Assembled, Fit, FitSettings, Hierarchy, LowRankMap, Method, ModuleId, Moments,
};
use overdamped_digital::{Activations, Block};

use super::patches::{self, OUTER, PER_IMAGE, gathered};
use super::scores::means;
use super::source::{View, stacked};

/// What the decoder is made of.
#[derive(Debug, Clone, Copy)]
pub struct Recipe {
    /// Rank of every coupling into d1.
    pub outer: usize,
    /// Rank of every coupling into d2.
    pub inner: usize,
    /// Stiffness of d2, in units of that of d1.
    pub stiffness: f64,
    /// Whether the conditioning interface adds its drive.
    pub interface: bool,
    /// Seed of the interface's training.
    pub seed: u64,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            outer: 16,
            inner: 32,
            stiffness: 16.0,
            interface: true,
            seed: 1,
        }
    }
}

/// Least stiffness that couplings must leave to any direction, as a share.
const MARGIN: f64 = 0.05;

/// A substrate in the place of the U-Net's decoder.
pub struct Decoder {
    /// The network of one patch.
    pub network: Assembled,
    /// The digital interface, where there is one.
    pub interface: Option<Interface>,
    /// Physical connections of one patch.
    pub wires: usize,
    /// Those that dense couplings of the same modules would take.
    pub dense_wires: usize,
    modules: Modules,
}

/// The modules of a patch.
#[derive(Debug, Clone, Copy)]
struct Modules {
    e2: ModuleId,
    middle: ModuleId,
    e1: [ModuleId; OUTER],
    interface: [ModuleId; OUTER],
    d2: ModuleId,
    d1: [ModuleId; OUTER],
}

impl Modules {
    fn add(hierarchy: &mut Hierarchy, recipe: &Recipe) -> anyhow::Result<Self> {
        let mut one = |name: &str, block: Block, stiffness| {
            hierarchy.module(name, block.channels(), stiffness)
        };
        let e2 = one("e2", Block::E2, 1.0)?;
        let middle = one("middle", Block::Middle, 1.0)?;
        let d2 = one("d2", Block::D2, recipe.stiffness)?;
        let mut four = |name: &str| {
            let mut ids = [e2; OUTER];
            for (child, id) in ids.iter_mut().enumerate() {
                *id = one(&format!("{name}.{child}"), Block::D1, 1.0)?;
            }
            anyhow::Ok(ids)
        };
        Ok(Self {
            e2,
            middle,
            e1: four("e1")?,
            interface: four("interface")?,
            d2,
            d1: four("d1")?,
        })
    }

    fn clamped(&self) -> Vec<ModuleId> {
        let single = [self.e2, self.middle];
        [&single[..], &self.e1, &self.interface].concat()
    }
}

impl Decoder {
    /// Fits all couplings to the activations of a view.
    ///
    /// # Errors
    /// Fewer samples than ranks, or activations that no fit can be made of.
    pub fn fit(view: &View, recipe: &Recipe) -> anyhow::Result<Self> {
        let activations = &view.activations;
        let patches = view.len() * PER_IMAGE;
        let mut hierarchy = Hierarchy::new();
        let modules = Modules::add(&mut hierarchy, recipe)?;

        let units = Block::E1.channels();
        let surroundings = view.surroundings()?;
        let whole = reduced_rank(surroundings.as_ref(), view.decoder(), recipe.outer)?;
        let from_below = whole.part(units..whole.encoder_units())?;
        for d1 in modules.d1 {
            hierarchy.couple(modules.d2, d1, &from_below)?;
        }
        let inner = means(activations.d2.as_ref());
        hierarchy.centre(modules.d2, &inner)?;
        hierarchy.weaken(&modules.clamped(), MARGIN)?;

        let of_child = |of: &Mat<f32>, child| {
            gathered(of.as_ref(), patches, |patch| patches::outer(patch, child))
        };
        let outer: Vec<Mat<f32>> = (0..OUTER)
            .map(|child| of_child(&activations.d1, child))
            .collect();
        let mut states = vec![(modules.d2, activations.d2.as_ref())];
        states.extend(modules.d1.into_iter().zip(outer.iter().map(Mat::as_ref)));

        let mut pulls = Mat::zeros(units, patches * OUTER);
        let mut skips = Mat::zeros(units, patches * OUTER);
        for (child, &d1) in modules.d1.iter().enumerate() {
            let pull = hierarchy.missing_pull(d1, &states)?;
            let columns = pulls.as_mut().subcols_mut(child * patches, patches);
            { columns }.copy_from(&pull);
            let columns = skips.as_mut().subcols_mut(child * patches, patches);
            { columns }.copy_from(&of_child(&activations.e1, child));
        }
        let skip = reduced_rank(skips.as_ref(), pulls.as_ref(), recipe.outer)?;
        let pull = hierarchy.missing_pull(modules.d2, &states)?;
        let above = gathered(activations.middle.as_ref(), patches, patches::middle);
        let above = stacked(activations.e2.as_ref(), above.as_ref());
        let inner = reduced_rank(above.as_ref(), pull.as_ref(), recipe.inner)?;
        let split = Block::E2.channels();

        for (e1, d1) in modules.e1.into_iter().zip(modules.d1) {
            hierarchy.wire(e1, d1, &skip)?;
        }
        hierarchy.wire(modules.e2, modules.d2, &inner.part(0..split)?)?;
        let rest = inner.part(split..inner.encoder_units())?;
        hierarchy.wire(modules.middle, modules.d2, &rest)?;

        let direct = identity(units)?;
        for (interface, d1) in modules.interface.into_iter().zip(modules.d1) {
            hierarchy.wire(interface, d1, &direct)?;
        }
        let interface = if recipe.interface {
            let told = skip.predict(skips.as_ref())?;
            Some(interface(
                skips.as_ref(),
                (&pulls - &told).as_ref(),
                recipe.seed,
            )?)
        } else {
            None
        };
        let couplings = [&from_below, &skip].map(|map| (OUTER, map.wires(), map.dense_wires()));
        let couplings = couplings
            .into_iter()
            .chain([(1, inner.wires(), inner.dense_wires())]);
        let (wires, dense_wires) = couplings.fold((0, 0), |sum, (copies, wires, dense)| {
            (sum.0 + copies * wires, sum.1 + copies * dense)
        });
        Ok(Self {
            network: hierarchy.assemble(&modules.clamped(), MARGIN)?,
            interface,
            wires,
            dense_wires,
            modules,
        })
    }

    /// States of all modules (units x patches): what is clamped is what the U-Net computed; what moves is zero.
    ///
    /// # Errors
    /// Activations that are not those of whole images.
    pub fn states(&self, activations: &Activations) -> anyhow::Result<Mat<f64>> {
        let patches = activations.e2.ncols();
        let drive = match &self.interface {
            Some(interface) => Some(interface.drive(activations.e1.as_ref())?),
            None => None,
        };
        let energy = &self.network.energy;
        let units = energy.modules().iter().map(|module| module.units).sum();
        let mut states = Mat::zeros(units, patches);
        let mut put = |module: ModuleId, from: MatRef<'_, f32>, column: &dyn Fn(usize) -> usize| {
            let rows = energy.rows(module.index());
            for patch in 0..patches {
                let values = from.col(column(patch));
                for (row, &value) in rows.clone().zip(values.iter()) {
                    states[(row, patch)] = f64::from(value);
                }
            }
        };
        put(self.modules.e2, activations.e2.as_ref(), &|patch| patch);
        put(
            self.modules.middle,
            activations.middle.as_ref(),
            &patches::middle,
        );
        for child in 0..OUTER {
            let column = |patch| patches::outer(patch, child);
            put(self.modules.e1[child], activations.e1.as_ref(), &column);
            if let Some(drive) = &drive {
                put(self.modules.interface[child], drive.as_ref(), &column);
            }
        }
        Ok(states)
    }

    /// The units of the outer decoder as rows of the states, pixel by pixel.
    pub fn outer_rows(&self) -> Vec<usize> {
        let rows = |module: &ModuleId| self.network.energy.rows(module.index());
        self.modules.d1.iter().flat_map(rows).collect()
    }

    /// The outer decoder's activations (64 x pixels of all images) in states of all modules.
    pub fn outer(&self, states: MatRef<'_, f64>) -> Mat<f32> {
        let patches = states.ncols();
        let mut activations = Mat::zeros(Block::D1.channels(), OUTER * patches);
        for (child, d1) in self.modules.d1.iter().enumerate() {
            let rows = self.network.energy.rows(d1.index());
            for patch in 0..patches {
                let column = activations.col_as_slice_mut(patches::outer(patch, child));
                for (value, row) in column.iter_mut().zip(rows.clone()) {
                    *value = states[(row, patch)] as f32;
                }
            }
        }
        activations
    }

    /// The outer decoder at rest, where the encoder and the bottleneck are held at these activations.
    ///
    /// # Errors
    /// As [`states`](Self::states).
    pub fn decode(&self, activations: &Activations) -> anyhow::Result<Mat<f32>> {
        let rest = self.network.rest(self.states(activations)?.as_ref())?;
        Ok(self.outer(rest.as_ref()))
    }
}

/// Reduced-rank regression of y on x.
fn reduced_rank(x: MatRef<'_, f32>, y: MatRef<'_, f32>, rank: usize) -> anyhow::Result<LowRankMap> {
    let mut moments = Moments::new(x.nrows(), y.nrows())?;
    moments.add(x, y)?;
    let fit = Fit::new(&moments, Method::ReducedRank, FitSettings::default())?;
    Ok(fit.rank(rank.min(fit.full_rank()))?)
}

/// The published interface, fitted to what the couplings leave of a pull.
fn interface(x: MatRef<'_, f32>, missing: MatRef<'_, f32>, seed: u64) -> anyhow::Result<Interface> {
    let transfer = TransferSettings {
        seed,
        ..TransferSettings::default()
    };
    let settings = InterfaceSettings {
        encoder: EncoderSettings::default(),
        transfer,
        centring: Centring::Both,
        fitted_on: FittedOn::Encoded,
    };
    Ok(Interface::fit(x, x, missing, &settings)?.0)
}

/// One wire from each unit to its partner.
fn identity(units: usize) -> anyhow::Result<LowRankMap> {
    let one = Mat::identity(units, units);
    let zero = vec![0.0; units];
    Ok(LowRankMap::new(
        one.as_ref(),
        one.as_ref(),
        zero.clone(),
        zero,
    )?)
}

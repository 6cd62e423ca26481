//! The decoder of the U-Net as one bilinear energy.
//!
//! ```text
//! middle ---------\
//!                  d2 ------ d1.0 ... d1.3    d2 and the four d1 move, all else is clamped
//! e2, 3 x 3 ------/   \         |       |
//!                      \---- e1.0 ... e1.3 (3 x 3)    interface.0 ... interface.3 push at the d1
//! ```
//!
//! Every line is a coupling of low rank. Two regressions say what they have to do: d2 from the window of e2 and the
//! bottleneck above it, d2 = G u; and d1 from the window of e1 and that estimate of d2, d1 = B x + C d2. A coupling
//! pulls at both ends, so that d1 would drag d2 away; but what it does there is known beforehand:
//!
//! a2 d2 = (a2 - 4 C^T C) G u + sum over the four d1 of C^T d1 - sum over the four pixels of C^T (B x + h)
//!
//! holds exactly where d1 = B x + C d2 + h, with the interface's drive h. So the couplings into d2 carry the first term
//! and the last, the equilibrium of the symmetric network is that of the one-way cascade, and no stiffness has to be
//! large. It is the only one if
//! a2 > 4 |C|^2; a2 is twice that.

use std::ops::Range;

use faer::{Mat, MatRef, Scale};
use overdamped_conditioning::{Transfer, TransferSettings};
use overdamped_coupling::{
    Assembled, Fit, FitSettings, Hierarchy, LowRankMap, Method, ModuleId, Moments,
};
use overdamped_digital::{Activations, Block, enlarged};

use super::patches::{self, OUTER, PER_IMAGE, WINDOW, gathered, windows};
use super::scores::means;
use super::source::{View, shifted, stacked};

/// What the decoder is made of.
#[derive(Debug, Clone, Copy)]
pub struct Recipe {
    /// Rank of every coupling into d1.
    pub outer: usize,
    /// Rank of the couplings from the clamped modules into d2.
    pub inner: usize,
    /// Whether the conditioning interface adds its drive.
    pub interface: bool,
    /// Seed of the interface's training.
    pub seed: u64,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            outer: 32,
            inner: 48,
            interface: true,
            seed: 1,
        }
    }
}

/// Hidden units of the interface: with 64 inputs and outputs, the published number of weights, 2,560.
const HIDDEN: usize = 20;
/// Stiffness of d2 over the least that leaves one state at rest.
const SPARE: f64 = 2.0;
/// Least stiffness that couplings must leave to any direction, as a share.
const MARGIN: f64 = 0.05;
/// Images whose windows are held at once.
const TOGETHER: usize = 8;

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

/// A small network from e1 at a pixel to a drive on d1, between deviations from means.
pub struct Interface {
    transfer: Transfer,
    mean: Vec<f64>,
}

impl Interface {
    /// Number of weights; the means are 64 numbers more.
    pub fn parameters(&self) -> usize {
        self.transfer.parameters()
    }

    fn drive(&self, e1: MatRef<'_, f32>) -> anyhow::Result<Mat<f32>> {
        Ok(self
            .transfer
            .apply(shifted(e1, &self.mean, -1.0).as_ref())?)
    }
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
    fn add(hierarchy: &mut Hierarchy, stiffness: f64) -> anyhow::Result<Self> {
        let [outer, inner] = [Block::E1, Block::E2].map(Block::channels);
        let e2 = hierarchy.module("e2", WINDOW * inner, 1.0)?;
        let middle = hierarchy.module("middle", Block::Middle.channels(), 1.0)?;
        let d2 = hierarchy.module("d2", inner, stiffness)?;
        let mut four = |name: &str, units| {
            let mut ids = [e2; OUTER];
            for (child, id) in ids.iter_mut().enumerate() {
                *id = hierarchy.module(&format!("{name}.{child}"), units, 1.0)?;
            }
            anyhow::Ok(ids)
        };
        Ok(Self {
            e2,
            middle,
            e1: four("e1", WINDOW * outer)?,
            interface: four("interface", outer)?,
            d2,
            d1: four("d1", outer)?,
        })
    }

    fn clamped(&self) -> Vec<ModuleId> {
        let single = [self.e2, self.middle];
        [&single[..], &self.e1, &self.interface].concat()
    }
}

/// What the couplings have to do.
struct Regressions {
    /// G.
    inner: LowRankMap,
    /// B and C, one above the other.
    outer: LowRankMap,
}

impl Decoder {
    /// Fits all couplings to the activations of a view.
    ///
    /// # Errors
    /// Fewer samples than ranks, or activations that no fit can be made of.
    pub fn fit(view: &View, recipe: &Recipe) -> anyhow::Result<Self> {
        let activations = &view.activations;
        let regressions = Regressions::fit(activations, recipe)?;
        let Regressions { inner, outer } = &regressions;
        let split = WINDOW * Block::E1.channels();
        let skip = outer.part(0..split)?;
        let below = outer.part(split..outer.encoder_units())?;
        let strongest = below.strength().first().copied().unwrap_or(0.0);
        let stiffness = (SPARE * OUTER as f64 * strongest * strongest).max(1.0);

        let mut hierarchy = Hierarchy::new();
        let modules = Modules::add(&mut hierarchy, stiffness)?;
        hierarchy.centre(modules.d2, inner.mean_decoder())?;
        for (e1, d1) in modules.e1.into_iter().zip(modules.d1) {
            hierarchy.couple(modules.d2, d1, &below)?;
            hierarchy.couple(e1, d1, &skip)?;
        }
        let coupling = below.matrix();
        let back = -(&coupling * skip.right());
        let back = with_right(&skip, back.as_ref())?;
        for e1 in modules.e1 {
            hierarchy.wire(e1, modules.d2, &back)?;
        }
        let pulled = &coupling * coupling.transpose();
        let held = Mat::<f64>::identity(pulled.nrows(), pulled.ncols()) * Scale(stiffness);
        let right = (held - pulled * Scale(OUTER as f64)) * inner.right();
        let from_above = with_right(inner, right.as_ref())?;
        let split = WINDOW * Block::E2.channels();
        let parts = [0..split, split..inner.encoder_units()];
        for (module, units) in [modules.e2, modules.middle].into_iter().zip(parts) {
            hierarchy.wire(module, modules.d2, &from_above.part(units)?)?;
        }
        let direct = identity(Block::D1.channels())?;
        let away = reversed(&below)?;
        for (interface, d1) in modules.interface.into_iter().zip(modules.d1) {
            hierarchy.wire(interface, d1, &direct)?;
            hierarchy.wire(interface, modules.d2, &away)?;
        }
        let interface = match recipe.interface {
            true => Some(regressions.interface(activations, recipe.seed)?),
            false => None,
        };
        let maps = [
            (OUTER, &skip),
            (OUTER, &below),
            (OUTER, &back),
            (OUTER * usize::from(recipe.interface), &away),
            (1, inner),
        ];
        let sum = |of: fn(&LowRankMap) -> usize| {
            maps.iter()
                .map(|(copies, map)| copies * of(map))
                .sum::<usize>()
        };
        // One wire leads from each output of the interface to its unit.
        let direct = usize::from(recipe.interface) * OUTER * Block::D1.channels();
        let network = hierarchy.assemble(&modules.clamped(), MARGIN)?;
        if let Some(weakened) = &network.weakened {
            eprintln!("couplings of the decoder: {weakened}");
        }
        Ok(Self {
            network,
            interface,
            wires: sum(LowRankMap::wires) + direct,
            dense_wires: sum(LowRankMap::dense_wires) + direct,
            modules,
        })
    }

    /// States of all modules (units x patches): what is clamped is what the U-Net computed; what moves is zero.
    ///
    /// # Errors
    /// Activations that are not those of whole images.
    pub fn states(&self, activations: &Activations) -> anyhow::Result<Mat<f64>> {
        self.states_of(activations, 0..activations.image.ncols())
    }

    fn states_of(
        &self,
        activations: &Activations,
        images: Range<usize>,
    ) -> anyhow::Result<Mat<f64>> {
        let patches = images.len() * PER_IMAGE;
        let energy = &self.network.energy;
        let units = energy.modules().iter().map(|module| module.units).sum();
        let mut states = Mat::zeros(units, patches);
        let mut put = |module: ModuleId, from: MatRef<'_, f32>, column: &dyn Fn(usize) -> usize| {
            let rows = energy.rows(module.index());
            for patch in 0..patches {
                let values = from.col(column(patch));
                let into = &mut states.col_as_slice_mut(patch)[rows.clone()];
                for (state, &value) in into.iter_mut().zip(values.iter()) {
                    *state = f64::from(value);
                }
            }
        };
        let inner = windows(activations.e2.as_ref(), Block::E2.side(), images.clone());
        put(self.modules.e2, inner.as_ref(), &|patch| patch);
        let first = images.start * PER_IMAGE;
        let middle = |patch| patches::middle(first + patch);
        put(self.modules.middle, activations.middle.as_ref(), &middle);
        let outer = windows(activations.e1.as_ref(), Block::E1.side(), images.clone());
        let e1 = of_images(activations.e1.as_ref(), Block::E1, images);
        let drive = match &self.interface {
            Some(interface) => Some(interface.drive(e1)?),
            None => None,
        };
        for child in 0..OUTER {
            let column = |patch| patches::outer(patch, child);
            put(self.modules.e1[child], outer.as_ref(), &column);
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

    /// The outer decoder at rest (64 x pixels of all images), where the encoder and the bottleneck are held at these
    /// activations.
    ///
    /// # Errors
    /// As [`states`](Self::states).
    pub fn decode(&self, activations: &Activations) -> anyhow::Result<Mat<f32>> {
        let images = activations.image.ncols();
        let mut decoded = Mat::zeros(Block::D1.channels(), images * Block::D1.pixels());
        for range in ranges(images) {
            let first = range.start * PER_IMAGE;
            let states = self.states_of(activations, range)?;
            let rest = self.network.rest(states.as_ref())?;
            for (child, d1) in self.modules.d1.iter().enumerate() {
                let rows = self.network.energy.rows(d1.index());
                for patch in 0..rest.ncols() {
                    let column = decoded.col_as_slice_mut(patches::outer(first + patch, child));
                    for (value, state) in column
                        .iter_mut()
                        .zip(&rest.col_as_slice(patch)[rows.clone()])
                    {
                        *value = *state as f32;
                    }
                }
            }
        }
        Ok(decoded)
    }
}

impl Regressions {
    fn fit(activations: &Activations, recipe: &Recipe) -> anyhow::Result<Self> {
        let images = activations.image.ncols();
        let units = WINDOW * Block::E2.channels() + Block::Middle.channels();
        let mut moments = Moments::new(units, Block::D2.channels())?;
        for range in ranges(images) {
            let y = of_images(activations.d2.as_ref(), Block::D2, range.clone());
            moments.add(above(activations, range).as_ref(), y)?;
        }
        let inner = reduced_rank(&moments, recipe.inner)?;
        let units = WINDOW * Block::E1.channels() + Block::D2.channels();
        let mut moments = Moments::new(units, Block::D1.channels())?;
        for range in ranges(images) {
            let y = of_images(activations.d1.as_ref(), Block::D1, range.clone());
            moments.add(around(activations, &inner, range)?.as_ref(), y)?;
        }
        let outer = reduced_rank(&moments, recipe.outer)?;
        Ok(Self { inner, outer })
    }

    /// The interface, trained on what the regressions leave of d1.
    fn interface(&self, activations: &Activations, seed: u64) -> anyhow::Result<Interface> {
        let mut left = activations.d1.clone();
        for range in ranges(activations.image.ncols()) {
            let told = around(activations, &self.inner, range.clone())?;
            let predicted = self.outer.predict(told.as_ref())?;
            let pixels = Block::D1.pixels();
            let mut columns = left
                .as_mut()
                .subcols_mut(range.start * pixels, range.len() * pixels);
            columns -= &predicted;
        }
        let e1 = activations.e1.as_ref();
        let mean = means(e1);
        let settings = TransferSettings {
            hidden: HIDDEN,
            seed,
            ..TransferSettings::default()
        };
        let (transfer, _) =
            Transfer::fit(shifted(e1, &mean, -1.0).as_ref(), left.as_ref(), &settings)?;
        Ok(Interface { transfer, mean })
    }
}

/// What d2 is predicted from, for all patches of some images: the window of e2 above the bottleneck.
fn above(activations: &Activations, images: Range<usize>) -> Mat<f32> {
    let first = images.start * PER_IMAGE;
    let middle = gathered(
        activations.middle.as_ref(),
        images.len() * PER_IMAGE,
        |patch| patches::middle(first + patch),
    );
    let e2 = windows(activations.e2.as_ref(), Block::E2.side(), images);
    stacked(e2.as_ref(), middle.as_ref())
}

/// What d1 is predicted from, for all pixels of some images: the window of e1 above the estimate of d2.
fn around(
    activations: &Activations,
    inner: &LowRankMap,
    images: Range<usize>,
) -> anyhow::Result<Mat<f32>> {
    let d2 = inner.predict(above(activations, images.clone()).as_ref())?;
    let d2 = enlarged(d2.as_ref(), Block::D2.side())?;
    let e1 = windows(activations.e1.as_ref(), Block::E1.side(), images);
    Ok(stacked(e1.as_ref(), d2.as_ref()))
}

/// The columns of some images.
fn of_images(activations: MatRef<'_, f32>, block: Block, images: Range<usize>) -> MatRef<'_, f32> {
    activations.subcols(images.start * block.pixels(), images.len() * block.pixels())
}

/// All images, a few at a time.
fn ranges(images: usize) -> impl Iterator<Item = Range<usize>> {
    (0..images)
        .step_by(TOGETHER)
        .map(move |first| first..images.min(first + TOGETHER))
}

/// Reduced-rank regression.
fn reduced_rank(moments: &Moments, rank: usize) -> anyhow::Result<LowRankMap> {
    let fit = Fit::new(moments, Method::ReducedRank, FitSettings::default())?;
    Ok(fit.rank(rank.min(fit.full_rank()))?)
}

/// The map with another right factor in the place of V, from the same encoder.
fn with_right(map: &LowRankMap, right: MatRef<'_, f64>) -> anyhow::Result<LowRankMap> {
    let left = Mat::from_fn(map.encoder_units(), map.rank(), |unit, mode| {
        map.left()[(unit, mode)] * map.strength()[mode]
    });
    let none = vec![0.0; right.nrows()];
    Ok(LowRankMap::new(
        left.as_ref(),
        right,
        map.mean_encoder().to_vec(),
        none,
    )?)
}

/// The map -M^T, from what is the decoder of `map` to its encoder.
fn reversed(map: &LowRankMap) -> anyhow::Result<LowRankMap> {
    let right = Mat::from_fn(map.encoder_units(), map.rank(), |unit, mode| {
        -map.left()[(unit, mode)] * map.strength()[mode]
    });
    let none = |units| vec![0.0; units];
    let means = (none(map.decoder_units()), none(map.encoder_units()));
    Ok(LowRankMap::new(
        map.right(),
        right.as_ref(),
        means.0,
        means.1,
    )?)
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

#[cfg(test)]
mod tests {
    use super::super::source::{Part, Source};
    use super::*;

    /// The symmetric network at rest is the one-way cascade. Catches a compensation with a wrong sign, a
    /// missing module, means that do not cancel, and patches that mix pixels.
    #[test]
    fn rest_is_the_cascade() {
        let source = Source::open().unwrap();
        let view = source.view(Part::Train, 24, 0.5, 1).unwrap();
        let recipe = Recipe {
            outer: 8,
            inner: 12,
            ..Recipe::default()
        };
        let decoder = Decoder::fit(&view, &recipe).unwrap();
        assert!(decoder.network.weakened.is_none());
        let decoded = decoder.decode(&view.activations).unwrap();
        let Regressions { inner, outer } = Regressions::fit(&view.activations, &recipe).unwrap();
        let told = around(&view.activations, &inner, 0..24).unwrap();
        let mut cascade = outer.predict(told.as_ref()).unwrap();
        let interface = decoder.interface.as_ref().unwrap();
        let drive = interface.drive(view.encoder()).unwrap();
        assert!(drive.norm_l2() > 0.01 * cascade.norm_l2());
        cascade += drive;
        let error = (&decoded - &cascade).norm_l2() / cascade.norm_l2();
        assert!(error < 1e-5, "{error}");
    }
}

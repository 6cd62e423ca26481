//! Modules and the maps between them as one bilinear energy: levels, skips and a bottleneck.
//!
//! Every module m has a stiffness a and a centre c (zero if none is known), every coupling from l to m a matrix J
//! and the mean x of its map's encoder:
//!
//! E(z) = sum_m (a_m / 2) |z_m - c_m|^2 - sum_(l -> m) (z_l - x_l)^T J (z_m - c_m),
//!
//! of which the constant is left out. Where all modules are at their means, so is the rest state, and couplings
//! carry deviations alone.
//!
//! A coupling pulls at both ends. Into a module whose neighbours are clamped, J = a M makes the map M exactly;
//! the rest state is then y = c + M^T (x - mean). Between two modules that move, the lower one pulls back: their
//! states solve one linear system, not one after another. There are two ways to deal with that. A stiffer upper
//! module gives way less, and the system tends to the cascade as a_lower / a_upper vanishes. Or the pull is
//! reckoned with: [`Hierarchy::missing_pull`] is the force that the couplings so far leave to others, and a map
//! that is fitted to *it* enters as it is, by [`Hierarchy::wire`]. The rest state is then K^-1 times the predicted
//! pulls; if all come at full rank from one clamped module, it is the least-squares prediction of everything that
//! moves.
//!
//! Couplings among modules that move must not outweigh their stiffness. Where they would, [`Hierarchy::assemble`]
//! weakens them and says so; [`Hierarchy::weaken`] does it beforehand, so that missing pulls are those of the
//! network that will be.

mod assembled;

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};

pub use self::assembled::{Assembled, Weakened};
use crate::map::{check_finite, check_sizes};
use crate::{CouplingError, LowRankMap};

/// A module of a [`Hierarchy`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ModuleId(usize);

impl ModuleId {
    /// Its place among the modules of the energy.
    #[must_use]
    pub fn index(self) -> usize {
        self.0
    }
}

/// Modules and couplings, to be assembled.
///
/// ```
/// use overdamped_coupling::{Hierarchy, LowRankMap};
///
/// // One encoder unit drives two decoder units: y = 3 + 2 (x - 1) and y = -(x - 1).
/// let (left, right) = (faer::mat![[1.0]], faer::mat![[2.0], [-1.0]]);
/// let map = LowRankMap::new(left.as_ref(), right.as_ref(), vec![1.0], vec![3.0, 0.0])?;
///
/// let mut hierarchy = Hierarchy::new();
/// let encoder = hierarchy.module("encoder", 1, 1.0)?;
/// let decoder = hierarchy.module("decoder", 2, 5.0)?;
/// hierarchy.couple(encoder, decoder, &map)?;
/// let network = hierarchy.assemble(&[encoder], 0.05)?;
/// let rest = network.rest(faer::mat![[2.0], [0.0], [0.0]].as_ref())?;
/// assert!((rest[(1, 0)] - 5.0).abs() < 1e-12 && (rest[(2, 0)] + 1.0).abs() < 1e-12);
/// # Ok::<(), overdamped_coupling::CouplingError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Hierarchy {
    modules: Vec<Part>,
    couplings: Vec<Joint>,
}

#[derive(Debug, Clone)]
struct Part {
    name: String,
    units: usize,
    stiffness: f64,
    centre: Option<Vec<f64>>,
    /// In addition to what follows from centres.
    bias: Vec<f64>,
}

/// J from one module to another, with the means of its map.
#[derive(Debug, Clone)]
struct Joint {
    from: usize,
    to: usize,
    coupling: LowRankMap,
}

impl Hierarchy {
    /// Without modules.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a module of so many `units`, each of this `stiffness` (kT / z^2).
    ///
    /// # Errors
    /// [`CouplingError::Module`] for a name that is empty or taken, or no units; [`CouplingError::Setting`] for a
    /// stiffness that is not finite and above zero.
    pub fn module(
        &mut self,
        name: &str,
        units: usize,
        stiffness: f64,
    ) -> Result<ModuleId, CouplingError> {
        let taken = self.modules.iter().any(|module| module.name == name);
        let faults = [
            (name.is_empty(), "has no name; give it one"),
            (taken, "exists already; choose another name"),
            (units == 0, "has no units; give it at least one"),
        ];
        if let Some((_, reason)) = faults.into_iter().find(|(found, _)| *found) {
            let (name, reason) = (name.to_owned(), reason.to_owned());
            return Err(CouplingError::Module { name, reason });
        }
        if !(stiffness > 0.0 && stiffness.is_finite()) {
            return Err(CouplingError::Setting {
                setting: "the stiffness of a module",
                value: stiffness,
                bound: "finite and above 0",
            });
        }
        self.modules.push(Part {
            name: name.to_owned(),
            units,
            stiffness,
            centre: None,
            bias: vec![0.0; units],
        });
        Ok(ModuleId(self.modules.len() - 1))
    }

    /// Sets where a module rests if its neighbours are at their means (length: its units), in place of the mean
    /// of the first map that leads to it.
    ///
    /// # Errors
    /// [`CouplingError::Module`], [`CouplingError::Shape`] or [`CouplingError::NonFiniteValue`].
    pub fn centre(&mut self, module: ModuleId, centre: &[f64]) -> Result<(), CouplingError> {
        self.check_values(module, "a centre", centre)?;
        self.modules[module.0].centre = Some(centre.to_vec());
        Ok(())
    }

    /// Adds a bias to each unit of a module (length: its units; kT / z), beside the one that its centre and
    /// couplings make.
    ///
    /// # Errors
    /// As [`centre`](Self::centre).
    pub fn bias(&mut self, module: ModuleId, bias: &[f64]) -> Result<(), CouplingError> {
        self.check_values(module, "a bias", bias)?;
        for (sum, bias) in self.modules[module.0].bias.iter_mut().zip(bias) {
            *sum += bias;
        }
        Ok(())
    }

    /// Couples two modules so that `to` follows `from` by `map`: J = a M, with a the stiffness of `to`. A module
    /// that has no centre yet takes the map's mean of the decoder.
    ///
    /// # Errors
    /// [`CouplingError::Module`]; [`CouplingError::Coupling`] for a module with itself, or two that are joined
    /// already; [`CouplingError::Shape`] for a map between other numbers of units.
    pub fn couple(
        &mut self,
        from: ModuleId,
        to: ModuleId,
        map: &LowRankMap,
    ) -> Result<(), CouplingError> {
        let stiffness = self.part(to)?.stiffness;
        self.wire(from, to, &map.clone().scaled(stiffness)?)?;
        let centre = &mut self.modules[to.0].centre;
        centre.get_or_insert_with(|| map.mean_decoder().to_vec());
        Ok(())
    }

    /// Couples two modules by the matrix of `coupling` as it is, J = M (kT / z^2): a map onto a pull, as fitted to
    /// [`missing_pull`](Self::missing_pull). The means of such a map's decoder are those of the pull, and are not
    /// used; give `to` a [`centre`](Self::centre).
    ///
    /// # Errors
    /// As [`couple`](Self::couple).
    pub fn wire(
        &mut self,
        from: ModuleId,
        to: ModuleId,
        coupling: &LowRankMap,
    ) -> Result<(), CouplingError> {
        let (upper, lower) = (self.part(from)?, self.part(to)?);
        check_sizes([
            (
                "encoder units of a map for a coupling",
                upper.units,
                coupling.encoder_units(),
            ),
            (
                "decoder units of a map for a coupling",
                lower.units,
                coupling.decoder_units(),
            ),
        ])?;
        let pair = (from.0, to.0);
        let joined =
            |joint: &Joint| (joint.from, joint.to) == pair || (joint.to, joint.from) == pair;
        let faults = [
            (
                from == to,
                "joins a module with itself; split it into two modules",
            ),
            (
                self.couplings.iter().any(joined),
                "joins modules that are joined already; fit one map of higher rank to both purposes",
            ),
        ];
        if let Some((_, reason)) = faults.into_iter().find(|(found, _)| *found) {
            return Err(CouplingError::Coupling {
                from: upper.name.clone(),
                to: lower.name.clone(),
                reason: reason.to_owned(),
            });
        }
        self.couplings.push(Joint {
            from: from.0,
            to: to.0,
            coupling: coupling.clone(),
        });
        Ok(())
    }

    /// The pull that would hold a module at its states, less what its couplings so far pull there: a z - sum of J
    /// z over its neighbours, without means (units x samples; kT / z). `states` has the states of the module and
    /// of all its neighbours, each units x samples.
    ///
    /// A clamped module that is to supply the rest is fitted to this, not to the states: what other modules do
    /// and take back is then accounted for. [`weaken`](Self::weaken) the couplings first.
    ///
    /// # Errors
    /// [`CouplingError::Module`] for a module that does not exist or whose states are missing,
    /// [`CouplingError::Shape`] for states of other shapes.
    pub fn missing_pull(
        &self,
        module: ModuleId,
        states: &[(ModuleId, MatRef<'_, f32>)],
    ) -> Result<Mat<f32>, CouplingError> {
        let own = self.states(module, states)?;
        let stiffness = self.part(module)?.stiffness;
        let mut pull = Mat::from_fn(own.nrows(), own.ncols(), |i, n| {
            stiffness * f64::from(own[(i, n)])
        });
        for joint in &self.couplings {
            let (partner, near, far) = match module.0 {
                end if end == joint.to => {
                    (joint.from, joint.coupling.right(), joint.coupling.left())
                }
                end if end == joint.from => {
                    (joint.to, joint.coupling.left(), joint.coupling.right())
                }
                _ => continue,
            };
            let other = self.states(ModuleId(partner), states)?;
            check_sizes([("samples of a neighbour", own.ncols(), other.ncols())])?;
            let wide = Mat::from_fn(other.nrows(), other.ncols(), |i, n| {
                f64::from(other[(i, n)])
            });
            let mut buses = far.transpose() * wide;
            for n in 0..buses.ncols() {
                let slots = buses.col_as_slice_mut(n).iter_mut();
                for (bus, strength) in slots.zip(joint.coupling.strength()) {
                    *bus *= strength;
                }
            }
            matmul(&mut pull, Accum::Add, near, &buses, -1.0, Par::Seq);
        }
        Ok(Mat::from_fn(pull.nrows(), pull.ncols(), |i, n| {
            pull[(i, n)] as f32
        }))
    }

    fn states<'a>(
        &self,
        module: ModuleId,
        states: &[(ModuleId, MatRef<'a, f32>)],
    ) -> Result<MatRef<'a, f32>, CouplingError> {
        let part = self.part(module)?;
        let Some((_, own)) = states.iter().find(|(of, _)| *of == module) else {
            return Err(CouplingError::Module {
                name: part.name.clone(),
                reason:
                    "has no states; give those of the module and of all that it is coupled with"
                        .to_owned(),
            });
        };
        check_sizes([("units of states of a module", part.units, own.nrows())])?;
        Ok(*own)
    }

    fn part(&self, module: ModuleId) -> Result<&Part, CouplingError> {
        self.modules
            .get(module.0)
            .ok_or_else(|| CouplingError::Module {
                name: format!("number {}", module.0),
                reason: format!("is not of this hierarchy, which has {}", self.modules.len()),
            })
    }

    fn check_values(
        &self,
        module: ModuleId,
        what: &'static str,
        values: &[f64],
    ) -> Result<(), CouplingError> {
        check_sizes([(what, self.part(module)?.units, values.len())])?;
        check_finite(what, values)
    }
}

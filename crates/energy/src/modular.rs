//! Modules of units on any graph, joined by bilinear couplings of low rank: the energy on which
//! equilibrium propagation is local (arXiv 2604.23806).
//!
//! E(z) = sum_m sum_i [ a_i z_i^2 / 2 + q_i z_i^4 / 4 - b_i z_i ] - sum_c z_l^T J_c z_m
//!
//! with J_c = U diag(s) V^T between the modules l and m of coupling c.
//!
//! | symbol | block | role | unit (kT = 1, z in data units) |
//! |---|---|---|---|
//! | b | `bias.m` | amplitude | kT / z |
//! | a | `stiffness.m` | amplitude | kT / z^2 |
//! | q | `quartic.m`, for modules that have it | amplitude | kT / z^4 |
//! | s | `strength.c` | amplitude | kT / z^2 |
//! | U | `left.c`, units of l x rank, column by column | shape | 1 |
//! | V | `right.c`, units of m x rank, column by column | shape | 1 |
//!
//! The paper gives each module one stiffness and one quartic coefficient; here every unit has its
//! own, of which the paper's are the case of equal values.
//!
//! U, s and V are not unique: [`Modular::canonical`] chooses one of the many that make the same J.
//! The states at rest are unique, and a descent finds them, if
//!
//! K = diag(a) - W is positive definite and q >= 0,
//!
//! where W has J_c and its transpose in the blocks (l, m) and (m, l). [`Modular::check_definite`]
//! tests the first, and [`Modular::project`] keeps training inside.

mod blocks;
mod bound;
mod definite;
mod descent;
mod gauge;
mod graph;
mod moving;
mod project;
mod relative;
mod wires;

use std::ops::Range;

use serde::{Deserialize, Serialize};

use self::blocks::Blocks;
use self::bound::BoundModular;
pub use self::moving::Moving;
use crate::layout::addressable;
use crate::{Energy, EnergyError, Layout, Potential, Role, Scalar};

/// Units that no coupling joins with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Module {
    /// Number of units.
    pub units: usize,
    /// Whether its units have quartic terms; without, they are linear.
    pub quartic: bool,
}

/// How two modules are wired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wires {
    /// Each unit to its partner in the other module, of the same size: -sum_i s_i x_i y_i.
    /// With stiffness s_i more at both partners this is a spring, s_i (x_i - y_i)^2 / 2.
    OneToOne,
    /// J = U diag(s) V^T, by `rank` buses.
    LowRank {
        /// Columns of U and V.
        rank: usize,
    },
}

/// A coupling between two modules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coupling {
    /// The module l of the rows of J, and the module m of its columns.
    pub modules: (usize, usize),
    /// What J is made of.
    pub wires: Wires,
}

/// Modules and the couplings between them.
///
/// ```
/// use overdamped_energy::{Coupling, Energy, Modular, Module, Wires};
///
/// // 64 pixels with noise, 128 quartic hidden units, and the 64 pixels that the network makes of them.
/// let pixels = Module { units: 64, quartic: false };
/// let hidden = Module { units: 128, quartic: true };
/// let wires = Wires::LowRank { rank: 32 };
/// let network = Modular::new(
///     vec![pixels, hidden, pixels],
///     vec![
///         Coupling { modules: (0, 1), wires },
///         Coupling { modules: (1, 2), wires },
///         Coupling { modules: (0, 2), wires: Wires::OneToOne },
///     ],
/// )?;
/// assert_eq!(Energy::<f32>::units(&network), 256);
/// assert_eq!(Energy::<f32>::layout(&network).range("strength.2")?.len(), 64);
/// # Ok::<(), overdamped_energy::EnergyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Modular {
    modules: Vec<Module>,
    couplings: Vec<Coupling>,
}

/// Modules and couplings as they come from a file.
#[derive(Deserialize)]
struct Unchecked {
    modules: Vec<Module>,
    couplings: Vec<Coupling>,
}

impl TryFrom<Unchecked> for Modular {
    type Error = EnergyError;

    fn try_from(file: Unchecked) -> Result<Self, EnergyError> {
        Self::new(file.modules, file.couplings)
    }
}

impl Modular {
    /// These modules with these couplings.
    ///
    /// # Errors
    /// [`EnergyError::Module`] for no module at all, or one without units; [`EnergyError::Coupling`] for
    /// one that names a module that does not exist, joins a module with itself or two that are
    /// joined already, has rank zero or more than the smaller module has units, or joins
    /// modules of different sizes one to one; [`EnergyError::TooLarge`].
    pub fn new(modules: Vec<Module>, couplings: Vec<Coupling>) -> Result<Self, EnergyError> {
        let empty = modules.iter().position(|module| module.units == 0);
        let reason = match empty {
            Some(_) => "has no units; give it at least one",
            None => "is missing; a network needs at least one module",
        };
        if let Some(module) = empty.or(modules.is_empty().then_some(0)) {
            let reason = reason.to_owned();
            return Err(EnergyError::Module { module, reason });
        }
        for (index, coupling) in couplings.iter().enumerate() {
            if let Some(reason) = fault(&modules, &couplings[..index], coupling) {
                let coupling = index;
                return Err(EnergyError::Coupling { coupling, reason });
            }
        }
        let sites = modules.iter().map(|module| module.units.saturating_mul(3));
        let wires = couplings.iter().flat_map(|coupling| {
            let (l, m) = coupling.modules;
            let (left, right) = (modules[l].units, modules[m].units);
            match coupling.wires {
                Wires::OneToOne => [left, 0, 0],
                Wires::LowRank { rank } => [1, left, right].map(|units| units.saturating_mul(rank)),
            }
        });
        if !addressable(sites.chain(wires)) {
            let what = "the parameters of all modules and couplings";
            return Err(EnergyError::TooLarge { what });
        }
        Ok(Self { modules, couplings })
    }

    /// The modules.
    #[must_use]
    pub fn modules(&self) -> &[Module] {
        &self.modules
    }

    /// The couplings.
    #[must_use]
    pub fn couplings(&self) -> &[Coupling] {
        &self.couplings
    }

    /// The units of a module, in the order of the states.
    ///
    /// # Panics
    /// If there is no such module.
    #[must_use]
    pub fn rows(&self, module: usize) -> Range<usize> {
        let start = self.modules[..module].iter().map(|m| m.units).sum();
        start..start + self.modules[module].units
    }

    /// Number of units of all modules.
    fn size(&self) -> usize {
        self.modules.iter().map(|module| module.units).sum()
    }
}

/// Why a coupling cannot join those before it, if it cannot.
fn fault(modules: &[Module], before: &[Coupling], coupling: &Coupling) -> Option<String> {
    let (l, m) = coupling.modules;
    let units = |module: usize| modules.get(module).map(|module| module.units);
    let (Some(left), Some(right)) = (units(l), units(m)) else {
        let count = modules.len();
        return Some(format!(
            "joins modules {l} and {m}, but they are numbered from 0 below {count}"
        ));
    };
    if l == m {
        return Some(format!(
            "joins module {l} with itself; split it into two modules"
        ));
    }
    if let Some(known) = before
        .iter()
        .position(|known| known.modules == (l, m) || known.modules == (m, l))
    {
        return Some(format!(
            "joins modules {l} and {m}, as coupling {known} does; keep one of them, of higher rank"
        ));
    }
    match coupling.wires {
        Wires::OneToOne if left != right => Some(format!(
            "is one to one between {left} and {right} units; use the same number, or low-rank wires"
        )),
        Wires::LowRank { rank } if !(1..=left.min(right)).contains(&rank) => Some(format!(
            "has rank {rank}; between {left} and {right} units it must lie between 1 and {}",
            left.min(right)
        )),
        _ => None,
    }
}

impl<T: Scalar> Energy<T> for Modular {
    fn units(&self) -> usize {
        self.size()
    }

    fn layout(&self) -> Layout {
        let blocks = Blocks::of(self);
        let mut layout = Layout::new();
        for (m, site) in blocks.sites.iter().enumerate() {
            let named = [("bias", &site.bias), ("stiffness", &site.stiffness)];
            for (name, range) in named
                .into_iter()
                .chain(site.quartic.iter().map(|q| ("quartic", q)))
            {
                layout = layout.with(&format!("{name}.{m}"), range.len(), Role::Amplitude);
            }
        }
        for (c, wires) in blocks.wires.iter().enumerate() {
            let strengths = wires.strength.len();
            layout = layout.with(&format!("strength.{c}"), strengths, Role::Amplitude);
            if let Some((left, right)) = &wires.factors {
                layout = layout
                    .with(&format!("left.{c}"), left.len(), Role::Shape)
                    .with(&format!("right.{c}"), right.len(), Role::Shape);
            }
        }
        layout
    }

    fn bind(&self, parameters: &[T]) -> Result<Box<dyn Potential<T>>, EnergyError> {
        Energy::<T>::layout(self).check(parameters)?;
        Ok(Box::new(BoundModular::new(self, parameters)))
    }
}

#[cfg(test)]
mod tests;

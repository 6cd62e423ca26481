//! Which loops move the chains, and how an energy gets into them.

use overdamped_energy::{ClosedForm, Potential, Scalar};
use overdamped_kernel::{Layer, Matrix, Path, Product, Program};
use serde::{Deserialize, Serialize};

use crate::SubstrateError;

/// The loops that move the chains.
///
/// All of them take the same noise. The fused ones give the same bits; the reference differs from
/// them by rounding, and its bits are those of one kind of machine. An energy without a [`ClosedForm`] runs on the reference whatever is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// The fastest of this machine, or the one named by the environment variable
    /// `OVERDAMPED_ENGINE`: `best`, `avx512`, `avx2`, `portable` or `reference`.
    #[default]
    Best,
    /// Fused steps with AVX-512.
    Avx512,
    /// Fused steps with AVX2 and FMA.
    Avx2,
    /// Fused steps without intrinsics: NEON on AArch64; on x86-64 exact but slow.
    Portable,
    /// Plain loops over [`Potential::add_force`], for comparison.
    Reference,
}

impl Engine {
    /// The instructions to use, or none for the reference.
    pub(crate) fn path(self) -> Result<Option<Path>, SubstrateError> {
        let path = match self {
            Self::Best => match std::env::var("OVERDAMPED_ENGINE") {
                Ok(name) if name == "reference" => return Ok(None),
                Ok(name) if name == "best" || name.is_empty() => Path::best(),
                Ok(name) => Path::named(&name)?,
                Err(_) => Path::best(),
            },
            Self::Avx512 => Path::named("avx512")?,
            Self::Avx2 => Path::named("avx2")?,
            Self::Portable => Path::PORTABLE,
            Self::Reference => return Ok(None),
        };
        Ok(Some(path))
    }
}

/// The force of a potential, packed for the fused loops, if it has a closed form.
pub(crate) fn compile<T: Scalar>(potential: &dyn Potential<T>) -> Option<Program<T>> {
    let form = ClosedForm::of(potential)?;
    let units = potential.units();
    let products = form.products().iter().map(|product| Product {
        own: product.own,
        other: product.other,
        matrix: Matrix::of_entries(units, units, &product.entries),
    });
    let layers = form.layers().iter().map(|layer| {
        let width = layer.bias.len();
        let weight = |unit: usize, m: usize| layer.weights[m * units + unit];
        Layer {
            inward: Matrix::dense(width, units, |m, unit| weight(unit, m)),
            bias: layer.bias.clone(),
            saturates: layer.saturates,
            gain: layer.gain.clone(),
            outward: Matrix::dense(units, width, weight),
        }
    });
    let polynomial = form.polynomial().to_vec();
    Some(Program::new(
        polynomial,
        products.collect(),
        layers.collect(),
    ))
}

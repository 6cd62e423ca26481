//! How strong a spring may be before the state that it pushes away runs off.

use faer::{Mat, MatRef};
use overdamped_energy::{Potential, Scalar};

use super::{FreeState, QuadraticCost};
use crate::LearnError;

/// Refuses a spring that is certainly too strong for its opposite. Along d = x(beta) - x(0) the energy
/// E - |beta| C curves by d.Hd - |beta| kappa |d_visible|^2, with H of energy and drive at the free state; the least
/// strength at which that is not positive, for half of the first chains, is the bound. A few others are let
/// pass, as quartic wells catch what runs.
///
/// It is never below the true one, so that whatever is refused does run away, as far as E is quadratic. Hidden
/// units count: they follow the visible ones, and what they give way by lowers the curvature. A state that was pushed
/// away and is running moves along the softest direction, so that its own way tells best.
///
/// Where half of the chains have no minimum at all along d, a network at rest is refused as well; the mean of a thermal one
/// may well lie on a hill.
pub(super) fn check_bound<T: Scalar>(
    strength: f64,
    free: &FreeState<'_, T>,
    cost: &QuadraticCost<T>,
    nudged: MatRef<'_, T>,
    cold: bool,
) -> Result<(), LearnError> {
    /// Chains that speak for all.
    const CHAINS: usize = 32;
    let chains = CHAINS.min(nudged.ncols());
    let mean = free.visited.mean();
    let states = mean.as_ref().as_ref().subcols(0, chains);
    let along = Mat::from_fn(nudged.nrows(), chains, |unit, chain| {
        nudged[(unit, chain)] - states[(unit, chain)]
    });
    let mut products = Mat::zeros(nudged.nrows(), chains);
    free.potential
        .add_curvature_product(states, along.as_ref(), products.as_mut());
    if let Some(base) = free.base {
        base.add_curvature_product(states, along.as_ref(), products.as_mut());
    }
    let (mut hills, mut bounds) = (Vec::new(), Vec::new());
    for chain in 0..chains {
        let way = along.col_as_slice(chain);
        let curvature = dot(way, products.col_as_slice(chain));
        let length = dot(way, way);
        if length > 0.0 && curvature <= 0.0 {
            hills.push((chain, curvature / length));
            continue;
        }
        let seen = &way[cost.wiring().visible.clone()];
        // A chain that did not move says nothing: NaN, or infinite.
        bounds.push(curvature / (cost.curvature() * dot(seen, seen)));
    }
    // A few chains on a saddle or near a bifurcation are not the network's fault; half of them are.
    let many = chains.div_ceil(2).max(1);
    if cold
        && hills.len() >= many
        && let Some(&(chain, smallest)) = hills.first()
    {
        return Err(LearnError::NotConvex { chain, smallest });
    }
    bounds.retain(|&bound| strength >= bound);
    if bounds.len() >= many {
        bounds.sort_unstable_by(f64::total_cmp);
        let bound = bounds[many - 1];
        return Err(LearnError::NudgeTooStrong { strength, bound });
    }
    Ok(())
}

/// The inner product of two directions.
fn dot<T: Scalar>(a: &[T], b: &[T]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a.wide() * b.wide()).sum()
}

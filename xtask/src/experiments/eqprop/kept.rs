//! The network that the paper preset trained, as it is kept in `docs/results`: for studies that need a trained one and
//! not its training.

use std::path::Path;

use super::closed_loop;
use super::network::Network;
use crate::export::model::Model;

const FILE: &str = "docs/results/eqprop-paper.safetensors";
const BYTES: &[u8] = include_bytes!("../../../../docs/results/eqprop-paper.safetensors");

/// The network and its parameters.
///
/// # Errors
/// If the file in the source tree is of another network.
pub fn network() -> anyhow::Result<(Network, Vec<f32>)> {
    let network = closed_loop::network()?;
    let model = Model::from_bytes(BYTES, Path::new(FILE))?;
    let parameters = model.parameters(network.conditioned.layout())?;
    Ok((network, parameters))
}

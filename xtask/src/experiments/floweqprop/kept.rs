//! The network that the paper preset trained, as it is kept in `docs/results`: for studies that need a trained one and
//! not its training.

use std::path::Path;

use overdamped_energy::Energy;

use super::digits::HIDDEN;
use super::network::Network;
use crate::export::model::Model;

const FILE: &str = "docs/results/floweqprop-paper.safetensors";
const BYTES: &[u8] = include_bytes!("../../../../docs/results/floweqprop-paper.safetensors");

/// The network and its parameters.
///
/// # Errors
/// If the file in the source tree is of another network.
pub fn network() -> anyhow::Result<(Network, Vec<f32>)> {
    let network = Network::free(64, HIDDEN)?;
    let model = Model::from_bytes(BYTES, Path::new(FILE))?;
    let parameters = model.parameters(&Energy::<f32>::layout(network.energy.as_ref()))?;
    Ok((network, parameters))
}

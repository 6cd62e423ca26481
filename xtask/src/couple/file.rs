//! What is written: the coupling of the chosen rank, with where it came from.

use faer::MatRef;

use super::Study;
use crate::export::{Error, model::Model};

/// The chosen coupling as a model of the project.
///
/// # Errors
/// Tensors that are not finite, which a fitted map does not have.
pub fn model(study: &Study) -> Result<Model, Error> {
    let (map, source) = (&study.map, &study.source);
    let (encoder, decoder, rank) = (map.encoder_units(), map.decoder_units(), map.rank());
    let (height, width) = source.map;
    let topology =
        format!("coupling of rank {rank} from {encoder} encoder to {decoder} decoder units");
    let mut model = Model::new(&topology)
        .describe(
            "prediction",
            "mean.decoder + V diag(s) U^T (x - mean.encoder); J = a U diag(s) V^T for decoder units of stiffness a",
        )
        .describe("made by", concat!("cargo xtask couple ", env!("CARGO_PKG_VERSION")))
        .describe("method", study.method.name())
        .describe("ridge", study.settings.ridge)
        .describe("file", &source.file)
        .describe("encoder tensor", &source.names.0)
        .describe("decoder tensor", &source.names.1)
        .describe("images", source.images)
        .describe("map", format!("{height} x {width}"))
        .describe("held-out share", study.split.share())
        .describe("samples fitted", study.samples.0)
        .describe("samples held out", study.samples.1);
    if let Some(pair) = &source.pair {
        model = model.describe("pair", pair);
    }
    if let Some(row) = study.chosen() {
        model = model.describe("R^2 fitted", row.fitted.r2);
        if let Some(scores) = row.held_out {
            model = model.describe("R^2 held out", scores.r2);
        }
    }
    model
        .f64("coupling.left", &[encoder, rank], rows(map.left()))?
        .f64("coupling.strength", &[rank], map.strength().to_vec())?
        .f64("coupling.right", &[decoder, rank], rows(map.right()))?
        .f64("mean.encoder", &[encoder], map.mean_encoder().to_vec())?
        .f64("mean.decoder", &[decoder], map.mean_decoder().to_vec())
}

/// The entries in C order.
fn rows(matrix: MatRef<'_, f64>) -> Vec<f64> {
    let rows = matrix.row_iter();
    rows.flat_map(|row| row.iter().copied()).collect()
}

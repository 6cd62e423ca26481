//! A map as it stands in files, and what is checked when it comes back.

use faer::{Mat, MatRef};
use serde::{Deserialize, Serialize};

use super::{LowRankMap, check_finite, check_rank, check_sizes};
use crate::{CouplingError, gauge};

/// How far from orthonormal factors may be: they are, to rounding, when they are written in double precision.
const TOLERANCE: f64 = 1e-9;

/// Factors column by column.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MapFile {
    strength: Vec<f64>,
    left: Vec<f64>,
    right: Vec<f64>,
    mean_encoder: Vec<f64>,
    mean_decoder: Vec<f64>,
}

impl From<LowRankMap> for MapFile {
    fn from(map: LowRankMap) -> Self {
        let columns = |factor: &Mat<f64>| {
            let columns = (0..factor.ncols()).map(|k| factor.col_as_slice(k).to_vec());
            columns.flatten().collect()
        };
        Self {
            left: columns(&map.left),
            right: columns(&map.right),
            strength: map.strength,
            mean_encoder: map.mean_encoder,
            mean_decoder: map.mean_decoder,
        }
    }
}

impl TryFrom<MapFile> for LowRankMap {
    type Error = CouplingError;

    fn try_from(file: MapFile) -> Result<Self, CouplingError> {
        let rank = file.strength.len();
        let (encoder, decoder) = (file.mean_encoder.len(), file.mean_decoder.len());
        check_rank(rank, encoder, decoder)?;
        check_sizes([
            (
                "entries of the left factor",
                encoder * rank,
                file.left.len(),
            ),
            (
                "entries of the right factor",
                decoder * rank,
                file.right.len(),
            ),
        ])?;
        for (what, values) in [
            ("the left factor", &file.left),
            ("the strength", &file.strength),
            ("the right factor", &file.right),
            ("the mean of the encoder", &file.mean_encoder),
            ("the mean of the decoder", &file.mean_decoder),
        ] {
            check_finite(what, values)?;
        }
        let left = MatRef::from_column_major_slice(&file.left, encoder, rank);
        let right = MatRef::from_column_major_slice(&file.right, decoder, rank);
        let descending = file.strength.is_sorted_by(|one, next| one >= next);
        let turned = file.left.chunks(encoder).any(|u| gauge::largest(u) < 0.0);
        let faults = [
            (
                !descending || file.strength[rank - 1] < 0.0,
                "strengths must descend to zero at least",
            ),
            (!orthonormal(left), "the left factor must be orthonormal"),
            (!orthonormal(right), "the right factor must be orthonormal"),
            (
                turned,
                "the largest entry of each column of the left factor must be positive",
            ),
        ];
        if let Some((_, reason)) = faults.into_iter().find(|(found, _)| *found) {
            return Err(CouplingError::NotCanonical { reason });
        }
        Ok(Self {
            left: left.to_owned(),
            right: right.to_owned(),
            strength: file.strength,
            mean_encoder: file.mean_encoder,
            mean_decoder: file.mean_decoder,
        })
    }
}

fn orthonormal(factor: MatRef<'_, f64>) -> bool {
    let gram = factor.transpose() * factor;
    let rank = gram.ncols();
    let entries = (0..rank).flat_map(|j| (0..rank).map(move |i| (i, j)));
    entries
        .map(|(i, j)| gram[(i, j)] - f64::from(u8::from(i == j)))
        .all(|error| error.abs() <= TOLERANCE)
}

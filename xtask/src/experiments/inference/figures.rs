//! What the experiments of this system show in the report.

use std::path::Path;

use faer::Mat;

use super::study::Entrant;
use crate::report::{Block, Comparison, Frame, Strip, Table, png};

/// What the section of the study says.
pub const STUDY: &str = "A U-Net denoises digits of 16 x 16 pixels. Its outer decoder d1 is to be the equilibrium of a substrate: \
     units in a heat bath, coupled to the clamped encoder and bottleneck by buses. Everything is fitted on images that the \
     U-Net learned from and judged on images that neither has seen, pixel by pixel.\n\n\
     A cosine between raw activations is high for whatever has the right mean. So beside it stand the cosine of \
     deviations from the mean of the training images, the share of their variance that is predicted (R^2), and the error \
     of the image that the U-Net reads out of the prediction.";

/// Id of the U-Net's error over that of the filter.
pub fn unet_id(name: &str, sigma: f32) -> String {
    format!("{name}.unet.mse_over_wiener.{}", segment(sigma))
}

/// Id of a measure of a contender at one noise level.
pub fn pixel_id(name: &str, sigma: f32, contender: &str, measure: &str) -> String {
    format!("{name}.pixel.{}.{contender}.{measure}", segment(sigma))
}

/// `sigma_0_5` for .5.
fn segment(sigma: f32) -> String {
    format!("sigma_{}", format!("{sigma}").replace('.', "_"))
}

/// The U-Net at each noise level.
pub fn unet(name: &str, sigmas: &[f32]) -> Block {
    let table = Table::new(
        "The source of activations: its squared error over that of the best linear filter.",
    );
    Block::Table(sigmas.iter().fold(table, |table, &sigma| {
        table.row(&format!("sigma = {sigma}"), &unet_id(name, sigma))
    }))
}

/// All contenders at one noise level.
pub fn contenders(name: &str, sigma: f32, outcomes: &[Entrant]) -> Block {
    let columns = [
        "raw cosine",
        "centred cosine",
        "R^2",
        "image error",
        "weights or wires",
    ];
    let caption = format!(
        "Predictions of d1 at sigma = {sigma}, on held-out pixels. The wires of the substrate are those of a patch of \
         four pixels, with the weights of its interface."
    );
    let measures = [
        "raw_cosine",
        "centred_cosine",
        "r2",
        "downstream",
        "parameters",
    ];
    let table = Comparison::new(&caption, &columns);
    Block::Comparison(outcomes.iter().fold(table, |table, (outcome, _)| {
        let ids = measures.map(|measure| pixel_id(name, sigma, outcome.id, measure));
        table.row(&outcome.title, &ids)
    }))
}

/// Held-out images, one row each, as contenders denoise them.
pub fn strip(columns: Vec<(String, Mat<f32>)>) -> Strip {
    Strip {
        caption: "Held-out images at sigma = .5: what is read out of each prediction of d1."
            .to_owned(),
        frames: columns
            .into_iter()
            .map(|(label, images)| Frame { label, images })
            .collect(),
        side: 16,
        scale: 4,
    }
}

/// Writes a strip as a picture: one row for each image, one column for each frame.
///
/// # Errors
/// A folder that cannot be written.
pub fn keep(strip: &Strip, path: &Path) -> anyhow::Result<()> {
    let (cols, side) = (strip.frames.len(), strip.side);
    let rows = strip.frames.first().map_or(0, |frame| frame.images.ncols());
    let images = Mat::from_fn(side * side, rows * cols, |pixel, place| {
        strip.frames[place % cols].images[(pixel, place / cols)]
    });
    let scale = strip.scale;
    Ok(png::write_grid(
        path,
        images.as_ref(),
        png::Layout {
            rows,
            cols,
            side,
            scale,
        },
    )?)
}

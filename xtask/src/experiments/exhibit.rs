//! A sample of digits on its way to people: as numbers, as a picture, in the report, in the terminal.

use faer::Mat;

use super::Context;
use crate::export::npy;
use crate::report::{DigitGrid, png, terminal};

/// One sample of digits.
pub struct Piece<'a> {
    /// Segments of its ids below the experiment's name.
    pub id: &'a str,
    /// What people read.
    pub title: &'a str,
    /// The images (pixels x count).
    pub images: &'a Mat<f32>,
    /// Pixels along one edge.
    pub side: usize,
}

/// Keeps a sample as numbers and as a picture.
///
/// # Errors
/// A folder that cannot be written.
pub fn keep(context: &Context, name: &str, piece: &Piece<'_>) -> anyhow::Result<()> {
    let folder = context.recorder.folder();
    let (id, images, side) = (piece.id, piece.images.as_ref(), piece.side);
    let file = format!("{name}.{id}");
    npy::write_images(&folder.join(format!("samples/{file}.npy")), images, side)?;
    let layout = png::Layout {
        rows: 5,
        cols: 16,
        side,
        scale: if side > 16 { 2 } else { 5 },
    };
    png::write_grid(&folder.join(format!("images/{file}.png")), images, layout)?;
    Ok(())
}

/// A few digits in the terminal.
pub fn show(name: &str, piece: &Piece<'_>) {
    eprintln!("{name}, {}:", piece.title);
    terminal::show_digits(piece.images.as_ref(), piece.side, 10);
}

/// The first forty images.
pub fn grid(images: &Mat<f32>, title: &str, side: usize) -> DigitGrid {
    DigitGrid {
        caption: title.to_owned(),
        images: images.subcols(0, images.ncols().min(40)).to_owned(),
        rows: 4,
        cols: 10,
        side,
        scale: if side > 16 { 2 } else { 5 },
    }
}

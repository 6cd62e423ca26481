//! Samples as NumPy arrays (`.npy` version 1, little-endian f32, C order).
//!
//! In memory a batch of states is `units x chains` with one chain per column;
//! on disk NumPy's habit rules, so that `numpy.load("samples/x.npy")[3]` is
//! sample 3, ready for `imshow` when it is an image.

use std::path::Path;

use faer::MatRef;
use npyz::WriterBuilder as _;

use super::{Error, atomic};

/// Writes states (`units x chains`) as an array of shape `(chain, unit)`.
///
/// # Errors
/// [`Error::NotFinite`] for a diverged chain, [`Error::Write`] when the file
/// system refuses.
pub fn write_states(path: &Path, states: MatRef<'_, f32>) -> Result<(), Error> {
    write_array(
        path,
        states,
        &[states.ncols() as u64, states.nrows() as u64],
    )
}

/// Writes square images (`side * side` pixels `x` images, row-major inside a
/// column) as an array of shape `(chain, row, column)`.
///
/// # Errors
/// [`Error::ImageSize`] when the units are not `side * side`, and as
/// [`write_states`].
pub fn write_images(path: &Path, images: MatRef<'_, f32>, side: usize) -> Result<(), Error> {
    if images.nrows() != side * side {
        return Err(Error::ImageSize {
            units: images.nrows(),
            side,
        });
    }
    write_array(
        path,
        images,
        &[images.ncols() as u64, side as u64, side as u64],
    )
}

fn write_array(path: &Path, states: MatRef<'_, f32>, shape: &[u64]) -> Result<(), Error> {
    for (chain, column) in states.col_iter().enumerate() {
        for (unit, &value) in column.iter().enumerate() {
            if !value.is_finite() {
                return Err(Error::NotFinite { unit, chain, value });
            }
        }
    }
    atomic::write(path, |out| {
        let mut array = npyz::WriteOptions::<f32>::new()
            .default_dtype()
            .shape(shape)
            .writer(out)
            .begin_nd()?;
        for column in states.col_iter() {
            array.extend(column.iter().copied())?;
        }
        array.finish()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use faer::Mat;

    fn read(path: &Path) -> (Vec<u64>, npyz::Order, Vec<f32>) {
        let bytes = std::fs::read(path).unwrap();
        let file = npyz::NpyFile::new(&bytes[..]).unwrap();
        let (shape, order) = (file.shape().to_vec(), file.order());
        (shape, order, file.into_vec::<f32>().unwrap())
    }

    #[test]
    fn states_are_stored_one_chain_after_the_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("samples/mixture.npy");
        let states = Mat::<f32>::from_fn(2, 3, |unit, chain| (10 * chain + unit) as f32);
        write_states(&path, states.as_ref()).unwrap();
        let (shape, order, values) = read(&path);
        assert_eq!(shape, [3, 2]);
        assert_eq!(order, npyz::Order::C);
        assert_eq!(values, [0.0, 1.0, 10.0, 11.0, 20.0, 21.0]);
    }

    #[test]
    fn images_are_stored_as_chain_row_column() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("digits.npy");
        let images = Mat::<f32>::from_fn(4, 2, |pixel, image| (10 * image + pixel) as f32);
        write_images(&path, images.as_ref(), 2).unwrap();
        let (shape, order, values) = read(&path);
        assert_eq!(shape, [2, 2, 2]);
        assert_eq!(order, npyz::Order::C);
        assert_eq!(values, [0.0, 1.0, 2.0, 3.0, 10.0, 11.0, 12.0, 13.0]);
    }

    #[test]
    fn wrong_sides_and_diverged_chains_are_refused_before_anything_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("digits.npy");
        let mut images = Mat::<f32>::zeros(4, 2);
        assert!(matches!(
            write_images(&path, images.as_ref(), 3),
            Err(Error::ImageSize { units: 4, side: 3 })
        ));
        images[(3, 1)] = f32::NAN;
        assert!(matches!(
            write_images(&path, images.as_ref(), 2),
            Err(Error::NotFinite {
                unit: 3,
                chain: 1,
                ..
            })
        ));
        assert!(!path.exists());
    }
}

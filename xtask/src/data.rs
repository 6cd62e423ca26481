//! Handwritten digits as matrices: what the experiments train on and are judged against.
//!
//! An image is one column of a `units x images` matrix: its pixels in row-major order, `side * side`
//! of them, with -1 for the background and +1 for full ink. Unit `r * side + c` of a substrate is
//! therefore pixel (r, c), and a column can be clamped onto a chain as it stands.
//!
//! | source | module | images | native side |
//! |---|---|---|---|
//! | MNIST (LeCun, Cortes, Burges) | [`mnist`] | 60,000 + 10,000 | 28 |
//! | UCI optical recognition of digits | [`embedded`] | 1,797 | 8 |
//!
//! MNIST has to be fetched once (`cargo xtask fetch`); the small UCI set is compiled in, so that a
//! first run works offline. Nothing here draws a random number except the split of [`embedded`],
//! whose seed is an argument.

pub mod embedded;
mod error;
mod file;
pub(crate) mod idx;
pub mod mnist;
mod resample;
#[cfg(test)]
pub(crate) mod testing;

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use faer::Mat;

pub use error::DataError;
pub use file::{Contents, DataFile, Sha256Sum};

/// How many classes of digits every source has: labels are 0 to 9.
pub const CLASSES: u8 = 10;

/// Environment variable that names the folder of the MNIST files.
pub const DATA_VARIABLE: &str = "OVERDAMPED_DATA";

/// Labelled square images.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageSet {
    /// Pixels, `units x images` with `units = side * side`, row-major inside a column, in [-1, 1].
    pub pixels: Mat<f32>,
    /// The digit that each column shows, 0 to 9; as many as there are columns.
    pub labels: Vec<u8>,
    /// Pixels along one edge of an image.
    pub side: usize,
}

impl ImageSet {
    /// Builds the set from its labels (one per image) and `ink(pixel, image)`, a value in [-1, 1]
    /// for pixel `row * side + column`.
    pub fn from_fn(side: usize, labels: Vec<u8>, ink: impl FnMut(usize, usize) -> f32) -> Self {
        let pixels = Mat::from_fn(side * side, labels.len(), ink);
        Self {
            pixels,
            labels,
            side,
        }
    }

    /// Number of images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Pixels of one image, `side * side`: the number of visible units that it drives.
    pub fn units(&self) -> usize {
        self.side * self.side
    }

    /// The images whose label is among `classes`, in their order here.
    pub fn of_classes(&self, classes: &[u8]) -> Self {
        let kept: Vec<usize> = (0..self.len())
            .filter(|&image| classes.contains(&self.labels[image]))
            .collect();
        self.select(&kept)
    }

    /// A copy of the images at `indices`, in that order; an index may repeat (a bootstrap).
    ///
    /// # Panics
    /// Panics where an index is not below [`len`](Self::len), as slice indexing does.
    pub fn select(&self, indices: &[usize]) -> Self {
        let labels = indices.iter().map(|&image| self.labels[image]).collect();
        Self::from_fn(self.side, labels, |pixel, column| {
            self.pixels[(pixel, indices[column])]
        })
    }
}

/// Images to learn from, and images that no rule has seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    /// What the rules learn from.
    pub train: ImageSet,
    /// What the samples are judged against.
    pub test: ImageSet,
}

impl Split {
    /// Both halves, reduced to the images whose label is among `classes`.
    pub fn of_classes(&self, classes: &[u8]) -> Self {
        Self {
            train: self.train.of_classes(classes),
            test: self.test.of_classes(classes),
        }
    }
}

/// The folder of the MNIST files: `explicit` (a command's `--data` or `--to`), else the environment
/// variable `OVERDAMPED_DATA` unless it is empty, else `data/mnist` of the workspace.
///
/// The folder need not exist: whoever reads from it reports what is missing.
pub fn locate(explicit: Option<&Path>) -> PathBuf {
    first_named(explicit, env::var_os(DATA_VARIABLE), &workspace_root())
}

/// The resolution order of [`locate`], apart from the environment.
fn first_named(explicit: Option<&Path>, variable: Option<OsString>, root: &Path) -> PathBuf {
    explicit
        .map(Path::to_path_buf)
        .or_else(|| variable.filter(|v| !v.is_empty()).map(PathBuf::from))
        .unwrap_or_else(|| root.join("data").join("mnist"))
}

/// The workspace's root. Cargo's runtime variable comes first: a checkout that was moved after the
/// build then still finds its own data folder.
fn workspace_root() -> PathBuf {
    let xtask = env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    xtask.parent().map_or(xtask.clone(), Path::to_path_buf)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Image j holds j + pixel / 10 and the label j % 3.
    fn ramp(images: usize) -> ImageSet {
        let labels = (0..images).map(|image| (image % 3) as u8).collect();
        ImageSet::from_fn(2, labels, |pixel, image| image as f32 + pixel as f32 / 10.0)
    }

    #[test]
    fn choosing_classes_keeps_order_and_pairs_each_label_with_its_pixels() {
        let chosen = ramp(7).of_classes(&[2, 0]);
        assert_eq!(chosen.labels, [0, 2, 0, 2, 0]);
        let firsts: Vec<f32> = (0..chosen.len()).map(|j| chosen.pixels[(0, j)]).collect();
        assert_eq!(firsts, [0.0, 2.0, 3.0, 5.0, 6.0]);
        assert_eq!(chosen.pixels[(3, 1)], 2.3);
        assert_eq!((chosen.side, chosen.units()), (2, 4));
    }

    #[test]
    fn an_absent_class_gives_an_empty_set_of_the_same_shape() {
        let none = ramp(4).of_classes(&[9]);
        assert_eq!(none.len(), 0);
        assert_eq!((none.pixels.nrows(), none.pixels.ncols()), (4, 0));
    }

    #[test]
    fn selection_may_repeat_and_reorder() {
        let picked = ramp(5).select(&[4, 1, 4]);
        assert_eq!(picked.labels, [1, 1, 1]);
        assert_eq!(picked.pixels[(2, 0)], 4.2);
        assert_eq!(picked.pixels[(2, 1)], 1.2);
        assert_eq!(picked.pixels[(2, 2)], 4.2);
    }

    #[test]
    fn the_folder_is_the_first_one_named() {
        let root = Path::new("root");
        let variable = || Some(OsString::from("from-variable"));
        let named = first_named(Some(Path::new("explicit")), variable(), root);
        assert_eq!(named, Path::new("explicit"));
        assert_eq!(
            first_named(None, variable(), root),
            Path::new("from-variable")
        );
        let default = root.join("data").join("mnist");
        assert_eq!(first_named(None, Some(OsString::new()), root), default);
        assert_eq!(first_named(None, None, root), default);
    }

    #[test]
    fn the_workspace_root_holds_the_lock_file() {
        assert!(workspace_root().join("Cargo.lock").is_file());
    }
}

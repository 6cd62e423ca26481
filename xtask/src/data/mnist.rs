//! MNIST: 60,000 + 10,000 handwritten digits of 28 x 28 pixels (Y. LeCun, C. Cortes, C. Burges).
//!
//! The four idx files are read from a folder, packed or not, and each is held against the sha256 of
//! its published content: a result computed from them is a result on MNIST, not on a look-alike.

use std::path::{Path, PathBuf};

use super::file::{DataFile, Sha256Sum};
use super::{DataError, ImageSet, Split, idx, resample};

/// Pixels along one edge of an image as published.
const SIDE: usize = 28;
/// Border that is empty in nearly every image and is cropped before the images are made smaller.
const MARGIN: usize = 2;

/// The published files: images then labels to learn from, images then labels to test with.
pub const FILES: [DataFile; 4] = [
    DataFile {
        name: "train-images-idx3-ubyte",
        sha256: Sha256Sum::from_hex(
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        ),
        bytes: 47_040_016,
    },
    DataFile {
        name: "train-labels-idx1-ubyte",
        sha256: Sha256Sum::from_hex(
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        ),
        bytes: 60_008,
    },
    DataFile {
        name: "t10k-images-idx3-ubyte",
        sha256: Sha256Sum::from_hex(
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        ),
        bytes: 7_840_016,
    },
    DataFile {
        name: "t10k-labels-idx1-ubyte",
        sha256: Sha256Sum::from_hex(
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
        bytes: 10_008,
    },
];

/// The verified bytes of the four files, before any choice of grid.
#[derive(Debug)]
pub struct RawMnist {
    train: RawSet,
    test: RawSet,
}

/// Images and labels of one half, bytes as published: 0 is paper, 255 is ink.
#[derive(Debug)]
struct RawSet {
    /// `images * 28 * 28` bytes.
    pixels: Vec<u8>,
    labels: Vec<u8>,
}

/// Reads and verifies the four files of `dir`; `locate` says which folder that is by default.
///
/// # Errors
/// Every [`DataError`] but [`DataError::Embedded`]. A file is checked for its form first and for its
/// digest last, so that a cut or swapped file is named as such.
pub fn load(dir: &Path) -> Result<RawMnist, DataError> {
    load_files(dir, &FILES)
}

/// [`load`] with the table of files as an argument.
fn load_files(dir: &Path, files: &[DataFile; 4]) -> Result<RawMnist, DataError> {
    let found = files.each_ref().map(|file| file.find(dir));
    let missing: Vec<&'static str> = files
        .iter()
        .zip(&found)
        .filter(|(_, path)| path.is_none())
        .map(|(file, _)| file.name)
        .collect();
    let [
        Some(train_images),
        Some(train_labels),
        Some(test_images),
        Some(test_labels),
    ] = found
    else {
        return Err(DataError::MissingFiles {
            dir: dir.to_path_buf(),
            missing,
        });
    };
    Ok(RawMnist {
        train: RawSet::load([&files[0], &files[1]], [train_images, train_labels])?,
        test: RawSet::load([&files[2], &files[3]], [test_images, test_labels])?,
    })
}

impl RawMnist {
    /// The images on the grid of the published model: 2 pixels cropped from each edge, then the mean
    /// of each 2 x 2 block; a grey level v in [0, 255] becomes v / 127.5 - 1. All ten classes:
    /// 12,665 training and 2,115 test images are a 0 or a 1.
    pub fn at_12x12(&self) -> Split {
        let side = (SIDE - 2 * MARGIN) / 2;
        // 510 is 4 pixels of 127.5.
        self.split(side, |image, pixel| {
            f32::from(resample::block_sum(image, SIDE, MARGIN, pixel)) / 510.0 - 1.0
        })
    }

    /// The images as published, a grey level v in [0, 255] as v / 127.5 - 1. All ten classes.
    pub fn at_28x28(&self) -> Split {
        self.split(SIDE, |image, pixel| f32::from(image[pixel]) / 127.5 - 1.0)
    }

    /// Both halves on a grid of `side x side`, whose pixels `ink(bytes of the image, pixel)` gives.
    fn split(&self, side: usize, ink: impl Fn(&[u8], usize) -> f32) -> Split {
        let set = |raw: &RawSet| {
            ImageSet::from_fn(side, raw.labels.clone(), |pixel, image| {
                ink(&raw.pixels[image * SIDE * SIDE..][..SIDE * SIDE], pixel)
            })
        };
        Split {
            train: set(&self.train),
            test: set(&self.test),
        }
    }
}

impl RawSet {
    /// Reads a file of images and the file of their labels, both given as (row of the table, path).
    fn load(files: [&DataFile; 2], paths: [PathBuf; 2]) -> Result<Self, DataError> {
        let [images_file, labels_file] = paths;

        let bytes = files[0].read(&images_file)?.bytes;
        let pixels = idx::images(&images_file, &bytes, SIDE as u32)?.to_vec();
        files[0].verify(&images_file, &bytes)?;

        let bytes = files[1].read(&labels_file)?.bytes;
        let labels = idx::labels(&labels_file, &bytes)?.to_vec();
        files[1].verify(&labels_file, &bytes)?;

        let images = pixels.len() / (SIDE * SIDE);
        if images == labels.len() {
            Ok(Self { pixels, labels })
        } else {
            Err(DataError::CountMismatch {
                images_file,
                images,
                labels_file,
                labels: labels.len(),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{data_file, gzip, idx_images, idx_labels};
    use super::*;
    use std::fs;

    /// The names are all that becomes part of a path or a URL.
    #[test]
    fn names_of_files_are_plain() {
        for file in FILES {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            assert!(file.name.bytes().all(plain), "{}", file.name);
        }
    }

    /// Names and contents of a small data set of the same form.
    type Contents = [Vec<u8>; 4];

    /// Grey level of a pixel of the small data set.
    fn grey(image: usize, pixel: usize) -> u8 {
        ((image * 97 + pixel * 31) % 256) as u8
    }

    /// Three images to learn from and two to test with, of 28 x 28 pixels.
    fn small() -> Contents {
        let images = |count: usize| {
            let body: Vec<u8> = (0..count)
                .flat_map(|image| (0..SIDE * SIDE).map(move |pixel| grey(image, pixel)))
                .collect();
            idx_images(count as u32, SIDE as u32, SIDE as u32, &body)
        };
        [
            images(3),
            idx_labels(3, &[0, 7, 1]),
            images(2),
            idx_labels(2, &[1, 9]),
        ]
    }

    /// Loads a folder that holds `stored`, where the published contents are `genuine`.
    fn load_stored(genuine: &Contents, stored: &Contents) -> Result<RawMnist, DataError> {
        let dir = tempfile::tempdir().unwrap();
        for (file, bytes) in FILES.iter().zip(stored) {
            fs::write(dir.path().join(file.archive_name()), gzip(bytes)).unwrap();
        }
        load_files(dir.path(), &table(genuine))
    }

    fn table(genuine: &Contents) -> [DataFile; 4] {
        std::array::from_fn(|i| data_file(FILES[i].name, &genuine[i]))
    }

    /// Loads the small set with one file replaced by bytes of which it is *told* that they are
    /// genuine, so that only their form can give them away.
    fn load_malformed(file: usize, bytes: Vec<u8>) -> DataError {
        let mut contents = small();
        contents[file] = bytes;
        load_stored(&contents, &contents).unwrap_err()
    }

    #[test]
    fn pixels_run_from_minus_one_to_one_in_row_major_order() {
        let split = load_stored(&small(), &small()).unwrap().at_28x28();
        assert_eq!((split.train.len(), split.test.len()), (3, 2));
        assert_eq!(split.train.labels, [0, 7, 1]);
        assert_eq!((split.train.side, split.train.pixels.nrows()), (28, 784));
        for (image, pixel) in [(0, 0), (2, 29), (1, 783)] {
            let expected = f32::from(grey(image, pixel)) / 127.5 - 1.0;
            assert_eq!(split.train.pixels[(pixel, image)], expected);
        }
    }

    #[test]
    fn the_coarse_grid_is_the_mean_of_blocks_inside_the_margin() {
        let split = load_stored(&small(), &small()).unwrap().at_12x12();
        assert_eq!((split.test.side, split.test.pixels.nrows()), (12, 144));
        // Pixel (row 3, column 5) averages rows 8, 9 and columns 12, 13 of the original.
        let block = [(8, 12), (8, 13), (9, 12), (9, 13)].map(|(r, c)| grey(1, r * 28 + c));
        let mean = block.iter().map(|&v| f32::from(v)).sum::<f32>() / 4.0;
        let found = split.test.pixels[(3 * 12 + 5, 1)];
        assert!((found - (mean / 127.5 - 1.0)).abs() < 1e-6, "{found}");
    }

    #[test]
    fn unpacked_files_do_as_well() {
        let dir = tempfile::tempdir().unwrap();
        for (file, bytes) in FILES.iter().zip(small()) {
            fs::write(dir.path().join(file.name), bytes).unwrap();
        }
        let raw = load_files(dir.path(), &table(&small())).unwrap();
        assert_eq!(raw.at_28x28().test.labels, [1, 9]);
    }

    #[test]
    fn a_wrong_folder_lists_what_it_lacks() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(FILES[0].name), b"").unwrap();
        let error = load(dir.path()).unwrap_err();
        let DataError::MissingFiles { missing, .. } = error else {
            panic!("{error}")
        };
        assert_eq!(
            missing,
            [FILES[1].name, FILES[2].name, FILES[3].name].to_vec()
        );

        let error = load(&dir.path().join("nowhere")).unwrap_err();
        let DataError::MissingFiles { missing, .. } = error else {
            panic!("{error}")
        };
        assert_eq!(missing.len(), 4);
    }

    #[test]
    fn each_file_is_held_against_its_digest() {
        for file in 0..4 {
            let mut stored = small();
            // The last byte is a pixel or a label: the form stays right.
            *stored[file].last_mut().unwrap() ^= 1;
            let error = load_stored(&small(), &stored).unwrap_err();
            let DataError::Checksum { file: path, .. } = &error else {
                panic!("{error}")
            };
            assert!(path.ends_with(FILES[file].archive_name()), "{error}");
        }
    }

    #[test]
    fn malformed_files_are_named_for_what_they_are() {
        let contents = small();
        let swapped = load_malformed(0, contents[1].clone());
        assert!(matches!(swapped, DataError::BadMagic { .. }), "{swapped}");

        let small_images = load_malformed(2, idx_images(1, 14, 14, &[0; 196]));
        assert!(
            matches!(small_images, DataError::WrongDimensions { .. }),
            "{small_images}"
        );

        let cut = load_malformed(0, contents[0][..contents[0].len() - 1].to_vec());
        assert!(matches!(cut, DataError::Truncated { .. }), "{cut}");

        let tail = load_malformed(3, [contents[3].as_slice(), &[0]].concat());
        assert!(matches!(tail, DataError::TrailingBytes { .. }), "{tail}");

        let letter = load_malformed(1, idx_labels(3, &[0, 1, 10]));
        assert!(
            matches!(letter, DataError::LabelOutOfRange { index: 2, .. }),
            "{letter}"
        );

        let fewer = load_malformed(1, idx_labels(2, &[0, 1]));
        assert!(
            matches!(
                fewer,
                DataError::CountMismatch {
                    images: 3,
                    labels: 2,
                    ..
                }
            ),
            "{fewer}"
        );
    }

    #[test]
    fn a_damaged_archive_and_an_unreadable_path_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        for (file, bytes) in FILES.iter().zip(small()) {
            fs::write(dir.path().join(file.archive_name()), gzip(&bytes)).unwrap();
        }
        let first = dir.path().join(FILES[0].archive_name());
        let packed = fs::read(&first).unwrap();
        fs::write(&first, &packed[..packed.len() / 2]).unwrap();
        let error = load_files(dir.path(), &table(&small())).unwrap_err();
        assert!(matches!(error, DataError::CorruptGzip { .. }), "{error}");

        // A folder of that name is no file.
        fs::remove_file(&first).unwrap();
        fs::create_dir(&first).unwrap();
        let error = load_files(dir.path(), &table(&small())).unwrap_err();
        assert!(matches!(error, DataError::MissingFiles { .. }), "{error}");
    }

    #[test]
    #[ignore = "needs the four MNIST files (`cargo xtask fetch`, or set OVERDAMPED_DATA): `cargo test --release -p xtask -- --ignored`"]
    fn the_published_files_hold_the_known_numbers_of_zeros_and_ones() {
        let split = load(&super::super::locate(None)).unwrap().at_12x12();
        assert_eq!((split.train.len(), split.test.len()), (60_000, 10_000));
        let binary = split.of_classes(&[0, 1]);
        assert_eq!((binary.train.len(), binary.test.len()), (12_665, 2_115));
        let range = |set: &ImageSet| (set.pixels.as_ref().min(), set.pixels.as_ref().max());
        assert_eq!(range(&split.train), (Some(-1.0), Some(1.0)));
    }
}

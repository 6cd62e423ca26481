//! 1,797 handwritten digits of 8 x 8 pixels that are compiled in, for runs without a network.
//!
//! They are the test part of the UCI set "Optical recognition of handwritten digits" (E. Alpaydin,
//! C. Kaynak, 1998), by way of the crate `smartcore`. Levels run from 0 (paper) to 16 (ink).
//!
//! On the native grid ([`native`], [`native_split`]) they are the data of arXiv 2604.08150 (GradEP and
//! FlowEqProp). On the 12 x 12 grid ([`digits`]) they are a fixture for first runs, not a benchmark:
//! with 237 zeros and ones to learn from, a model is limited by its data, and figures meant for
//! comparison come from [`mnist`](super::mnist).

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_pcg::Pcg64Mcg;
use smartcore::dataset::digits::load_dataset;

use super::{CLASSES, DataError, ImageSet, Split, resample};

/// Number of images.
const IMAGES: usize = 1797;
/// Pixels along one edge of an image as published.
const NATIVE_SIDE: usize = 8;
/// Pixels along one edge of the grid of the published model.
const MODEL_SIDE: usize = 12;
/// Pixels along one edge of the grid of the U-Net.
const ENLARGED_SIDE: usize = 16;
/// Level of a pixel that is half ink: the zero of the model's units.
const HALF_INK: f32 = 8.0;
/// Per cent of each class, rounded down, that rules learn from on the model's grid: close to two
/// thirds. The other third is what samples are judged against.
const TRAIN_PER_CENT: usize = 66;
/// The same on the native grid, where all ten classes are learnt: 1,396 images. The other 401 suffice
/// to tell whether a generator has learnt the digits or its training images.
const NATIVE_TRAIN_PER_CENT: usize = 78;

/// The digits on a 12 x 12 grid, all ten classes: a level v becomes v / 8 - 1, and the grid is
/// refined by bilinear interpolation with pixels at the centres of their cells and repeated edges.
///
/// `seed` draws, class by class, which 66 % of the images (rounded down) train. For the classes 0
/// and 1 those are 237, with 123 to test. Both parts keep the order of the source.
///
/// # Errors
/// [`DataError::Embedded`] where the compiled-in set is not the one described above.
pub fn digits(seed: u64) -> Result<Split, DataError> {
    Ok(split(&all(MODEL_SIDE)?, TRAIN_PER_CENT, seed))
}

/// All 1,797 digits as published, on the 8 x 8 grid and in the order of the source: a level v becomes
/// v / 8 - 1.
///
/// # Errors
/// [`DataError::Embedded`] where the compiled-in set is not the one described above.
pub fn native() -> Result<ImageSet, DataError> {
    all(NATIVE_SIDE)
}

/// The digits of [`native`], of which `seed` draws, class by class, 78 % (rounded down) to train:
/// 1,396 images, with 401 to test. Both parts keep the order of the source.
///
/// # Errors
/// As for [`native`].
pub fn native_split(seed: u64) -> Result<Split, DataError> {
    Ok(split(&native()?, NATIVE_TRAIN_PER_CENT, seed))
}

/// The split of [`native_split`] on a 16 x 16 grid, refined as [`digits`] describes: the images of the
/// U-Net, whose two halvings of the grid need a multiple of four.
///
/// # Errors
/// As for [`native`].
pub fn enlarged_split(seed: u64) -> Result<Split, DataError> {
    Ok(split(&all(ENLARGED_SIDE)?, NATIVE_TRAIN_PER_CENT, seed))
}

/// All images on a grid of `side x side`, in the order of the source.
fn all(side: usize) -> Result<ImageSet, DataError> {
    let source = load_dataset();
    let native = NATIVE_SIDE * NATIVE_SIDE;
    expect("images", IMAGES, source.target.len())?;
    expect("pixels in all", IMAGES * native, source.data.len())?;
    let (labels, values) = (&source.target, &source.data);
    let digits = count(labels, |v| v.fract() == 0.0 && (0.0..10.0).contains(&v));
    expect("labels from 0 to 9", IMAGES, digits)?;
    let levels = count(values, |v| (0.0..=2.0 * HALF_INK).contains(&v));
    expect("levels from 0 to 16", IMAGES * native, levels)?;

    let images: Vec<Vec<f32>> = values
        .chunks_exact(native)
        .map(|levels| {
            let ink: Vec<f32> = levels.iter().map(|level| level / HALF_INK - 1.0).collect();
            resample::bilinear(&ink, NATIVE_SIDE, side)
        })
        .collect();
    let labels = labels.iter().map(|&label| label as u8).collect();
    Ok(ImageSet::from_fn(side, labels, |pixel, image| {
        images[image][pixel]
    }))
}

/// How many of the values have a property.
fn count(values: &[f32], property: impl Fn(f32) -> bool) -> usize {
    values.iter().filter(|&&value| property(value)).count()
}

/// The error of a set that has `found` of something instead of `expected`.
fn expect(what: &'static str, expected: usize, found: usize) -> Result<(), DataError> {
    if expected == found {
        Ok(())
    } else {
        Err(DataError::Embedded {
            what,
            expected,
            found,
        })
    }
}

/// A stratified split: every class gives `train_per_cent` of its images, rounded down, to train.
fn split(set: &ImageSet, train_per_cent: usize, seed: u64) -> Split {
    let mut rng = Pcg64Mcg::seed_from_u64(seed);
    let (mut train, mut test) = (Vec::new(), Vec::new());
    for class in 0..CLASSES {
        let mut members: Vec<usize> = (0..set.len())
            .filter(|&image| set.labels[image] == class)
            .collect();
        members.shuffle(&mut rng);
        let (learn, judge) = members.split_at(members.len() * train_per_cent / 100);
        train.extend_from_slice(learn);
        test.extend_from_slice(judge);
    }
    // The source mixes the classes; in its order, the first n images are a fair sample of them.
    train.sort_unstable();
    test.sort_unstable();
    Split {
        train: set.select(&train),
        test: set.select(&test),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The image as text, in five levels of ink.
    fn as_text(set: &ImageSet, image: usize) -> String {
        let ramp = [" ", ".", "+", "#", "@"];
        (0..set.side)
            .map(|row| {
                let line: String = (0..set.side)
                    .map(|column| {
                        let value = set.pixels[(row * set.side + column, image)];
                        ramp[((value + 1.0) * 2.0).round() as usize]
                    })
                    .collect();
                format!("|{line}|\n")
            })
            .collect()
    }

    #[test]
    fn the_first_image_is_a_zero_on_both_grids() {
        // Catches a transposed, mirrored or inverted image, and a shifted interpolation.
        let native = all(NATIVE_SIDE).unwrap();
        assert_eq!(native.labels[..3], [0, 1, 2]);
        insta::assert_snapshot!(as_text(&native, 0), @"
        |  .#+   |
        |  #@#@. |
        | .@. #+ |
        | .#  ++ |
        | .+  ++ |
        | .#  #+ |
        | .@.##  |
        |  +##   |
        ");
        insta::assert_snapshot!(as_text(&all(MODEL_SIDE).unwrap(), 0), @"
        |   .+#+.    |
        |   +###++.  |
        |  .###+##+. |
        |  .#+..+#+. |
        |  .#+  .++. |
        | ..#.  .++. |
        | ..+.  .++. |
        | ..+.  .#+. |
        |  .#+ .+#+. |
        |  .#+.+##.  |
        |  .+++++.   |
        |   .+##.    |
        ");
    }

    #[test]
    fn two_thirds_of_every_class_train() {
        let split = digits(7).unwrap();
        assert_eq!(split.train.len() + split.test.len(), IMAGES);
        for class in 0..CLASSES {
            let both = split.of_classes(&[class]);
            let share = both.train.len() as f64 / (both.train.len() + both.test.len()) as f64;
            assert!((0.65..=0.66).contains(&share), "class {class}: {share}");
        }
        let binary = split.of_classes(&[0, 1]);
        assert_eq!((binary.train.len(), binary.test.len()), (237, 123));
    }

    /// A resampling that is not the identity on its own grid would leave values between the levels.
    #[test]
    fn the_native_grid_holds_the_levels_of_the_source() {
        let native = native().unwrap();
        assert_eq!((native.len(), native.units()), (IMAGES, 64));
        let source = load_dataset();
        for (image, levels) in source.data.chunks_exact(64).enumerate() {
            for (pixel, level) in levels.iter().enumerate() {
                assert_eq!(native.pixels[(pixel, image)], level / 16.0 * 2.0 - 1.0);
            }
            assert_eq!(f32::from(native.labels[image]), source.target[image]);
        }
    }

    /// 78 % of 174 to 183 images per class, rounded down.
    #[test]
    fn the_native_split_holds_back_a_fifth_of_every_class() {
        let split = native_split(7).unwrap();
        assert_eq!((split.train.len(), split.test.len()), (1396, 401));
        for class in 0..CLASSES {
            let both = split.of_classes(&[class]);
            let share = both.train.len() as f64 / (both.train.len() + both.test.len()) as f64;
            assert!((0.77..=0.78).contains(&share), "class {class}: {share}");
        }
        assert_eq!(split, native_split(7).unwrap());
        assert_ne!(split.test, native_split(8).unwrap().test);
    }

    #[test]
    fn the_split_is_a_partition_that_only_the_seed_decides() {
        let (once, again) = (digits(3).unwrap(), digits(3).unwrap());
        assert_eq!(once, again);
        assert_ne!(once.train, digits(4).unwrap().train);

        // Train and test together hold each image of the source exactly once.
        let columns = |set: &ImageSet| -> Vec<Vec<u32>> {
            let image = |j| (0..set.units()).map(move |i| set.pixels[(i, j)].to_bits());
            (0..set.len()).map(|j| image(j).collect()).collect()
        };
        let mut parts = [columns(&once.train), columns(&once.test)].concat();
        let mut whole = columns(&all(MODEL_SIDE).unwrap());
        parts.sort_unstable();
        whole.sort_unstable();
        assert_eq!(parts, whole);
    }

    #[test]
    fn both_grids_share_one_split_and_the_range_of_ink() {
        let fine = digits(5).unwrap();
        let native = split(&all(NATIVE_SIDE).unwrap(), TRAIN_PER_CENT, 5);
        assert_eq!(fine.train.labels, native.train.labels);
        assert_eq!(fine.test.labels, native.test.labels);
        assert_eq!((fine.train.units(), native.train.units()), (144, 64));
        for set in [&fine.train, &fine.test, &native.train, &native.test] {
            assert_eq!(
                (set.pixels.as_ref().min(), set.pixels.as_ref().max()),
                (Some(-1.0), Some(1.0))
            );
        }
    }

    #[test]
    fn a_set_of_another_shape_is_refused() {
        let error = expect("images", 1797, 1796).unwrap_err();
        insta::assert_snapshot!(error, @"the embedded digits have 1796 images, expected 1797; fix: pin `smartcore` to the version of Cargo.lock");
    }
}

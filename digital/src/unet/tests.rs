//! The network against arithmetic by hand, and refusals; what training does where there is a library.

use super::*;

/// A network with initial weights.
pub(super) fn untrained(seed: u64) -> UNet {
    UNet::new(Parameters::initial(&mut stream::of(seed, WEIGHTS))).unwrap()
}

/// Noised images of nothing in particular.
pub(super) fn noised(images: usize) -> Mat<f32> {
    let settings = UNetSettings {
        batch: images,
        ..UNetSettings::default()
    };
    let flat = Mat::from_fn(UNet::PIXELS, 3, |pixel, image| {
        ((pixel * (image + 3)) % 17) as f32 / 8.0 - 1.0
    });
    let batch = Batch::draw(flat.as_ref(), &settings, &mut stream::of(9, 9));
    Mat::from_fn(UNet::PIXELS, images, |pixel, image| {
        batch.noisy[image * UNet::PIXELS + pixel]
    })
}

pub(super) fn bits(matrix: &Mat<f32>) -> Vec<u32> {
    let values = matrix.col_iter().flat_map(faer::ColRef::iter);
    values.map(|value| value.to_bits()).collect()
}

#[test]
fn the_parts_have_the_shapes_that_are_promised() {
    let network = untrained(1);
    let all = network
        .activations(noised(3).as_ref(), &[0.1, 0.5, 1.0])
        .unwrap();
    assert_eq!(all.image.shape(), (256, 3));
    assert_eq!(all.e1.shape(), (64, 3 * 256));
    assert_eq!(all.e2.shape(), (96, 3 * 64));
    assert_eq!(all.middle.shape(), (128, 3 * 16));
    assert_eq!(all.d2.shape(), (96, 3 * 64));
    assert_eq!(all.d1.shape(), (64, 3 * 256));
    assert_eq!(network.first_kernel(Block::E1).shape(), (64, 9 * 64));
    assert_eq!(network.first_kernel(Block::D1).shape(), (64, 9 * 160));
    assert_eq!(network.second_kernel(Block::Middle).shape(), (128, 9 * 128));
    assert_eq!(network.parameters(), 965_249);
}

/// Catches a result that depends on an image's neighbours in a batch, on the threads, on the room
/// that an earlier image left, or on which of several noises is whose.
#[test]
fn an_image_has_the_same_bits_alone_among_others_and_on_any_number_of_threads() {
    let network = untrained(2);
    let noisy = noised(70);
    let noise: Vec<f32> = (0..70).map(|image| 0.05 + 0.02 * image as f32).collect();
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.unwrap()
            .install(|| network.denoise(noisy.as_ref(), &noise).unwrap())
    };
    let together = on(1);
    assert_eq!(bits(&together), bits(&on(3)));
    for image in [0, 1, 64, 69] {
        let one = noisy.as_ref().subcols(image, 1);
        let alone = network.activations(one, &noise[image..=image]).unwrap();
        let among = together.as_ref().subcols(image, 1).to_owned();
        assert_eq!(bits(&alone.image), bits(&among));
    }
}

#[test]
fn the_image_is_read_out_of_the_outer_decoder_alone() {
    let network = untrained(3);
    let all = network.activations(noised(2).as_ref(), &[0.5]).unwrap();
    let image = network.read_out(all.d1.as_ref()).unwrap();
    assert_eq!(bits(&image), bits(&all.image));
}

#[test]
fn the_noise_matters_and_one_value_serves_all_images() {
    let network = untrained(4);
    let noisy = noised(2);
    let one = network.denoise(noisy.as_ref(), &[0.5]).unwrap();
    let two = network.denoise(noisy.as_ref(), &[0.5, 0.5]).unwrap();
    let other = network.denoise(noisy.as_ref(), &[0.5, 0.6]).unwrap();
    assert_eq!(bits(&one), bits(&two));
    let image = |m: &Mat<f32>, j| bits(&m.as_ref().subcols(j, 1).to_owned());
    assert_eq!(image(&one, 0), image(&other, 0));
    assert_ne!(image(&one, 1), image(&other, 1));
}

/// One pixel of the second of two images of 2 x 2 pixels goes to a block of 2 x 2 of its own.
#[test]
fn enlarging_keeps_images_apart() {
    let coarse = Mat::from_fn(1, 8, |_, column| column as f32);
    let fine = enlarged(coarse.as_ref(), 2).unwrap();
    let second: Vec<f32> = (16..32).map(|column| fine[(0, column)]).collect();
    let rows = [
        [4.0, 4.0, 5.0, 5.0],
        [4.0, 4.0, 5.0, 5.0],
        [6.0, 6.0, 7.0, 7.0],
        [6.0, 6.0, 7.0, 7.0],
    ];
    assert_eq!(second, rows.concat());
}

#[test]
fn bad_input_is_refused_with_its_place() {
    let network = untrained(1);
    let refusal = |noisy: &Mat<f32>, noise: &[f32]| {
        let error = network.denoise(noisy.as_ref(), noise).unwrap_err();
        error.to_string()
    };
    let good = noised(2);
    let expected = "samples of 64 units were given to a network of 256; give 256 rows";
    assert_eq!(refusal(&Mat::zeros(64, 1), &[0.5]), expected);
    let expected = "3 noise levels were given for 2 samples; give one for all or one for each";
    assert_eq!(refusal(&good, &[0.5; 3]), expected);
    for level in [0.0, -1.0, f32::INFINITY, f32::NAN] {
        let expected = format!("the noise is {level}; it must be positive and finite");
        assert_eq!(refusal(&good, &[0.5, level]), expected);
    }
    let mut holed = good.clone();
    holed[(7, 1)] = f32::NEG_INFINITY;
    let expected = "sample 1 has -inf at unit 7; every value must be finite";
    assert_eq!(refusal(&holed, &[0.5]), expected);
    let expected = "300 columns are no whole number of images of 256 pixels; \
                    give one column for each pixel";
    let error = network.read_out(Mat::zeros(64, 300).as_ref()).unwrap_err();
    assert_eq!(error.to_string(), expected);
    let error = enlarged(Mat::zeros(2, 4).as_ref(), 0).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the side of a grid is 0; it must be at least 1"
    );
}

#[test]
fn no_images_are_no_error() {
    let none = untrained(1)
        .activations(Mat::zeros(256, 0).as_ref(), &[])
        .unwrap();
    assert_eq!((none.image.shape(), none.d1.shape()), ((256, 0), (64, 0)));
}

/// The message of a training run that has to be refused before it begins.
fn refusal(examples: &Mat<f32>, change: fn(&mut UNetSettings)) -> String {
    let mut settings = UNetSettings::default();
    change(&mut settings);
    let error = UNet::train(examples.as_ref(), &settings, |_, _| {}).unwrap_err();
    error.to_string()
}

#[test]
fn bad_settings_and_data_are_refused_before_training() {
    let images = noised(2);
    let expected = "the number of updates is 0; it must be at least 1";
    assert_eq!(refusal(&images, |s| s.updates = 0), expected);
    let expected = "the greatest noise is 0.01; it must be at least the least noise";
    assert_eq!(refusal(&images, |s| s.greatest_noise = 0.01), expected);
    let expected = "the share of updates of the warm-up is 1; it must be at least 0 and below 1";
    assert_eq!(refusal(&images, |s| s.warm_up = 1.0), expected);
    let expected = "the learning rate is NaN; it must be positive and finite";
    assert_eq!(refusal(&images, |s| s.rate = f64::NAN), expected);
    let expected = "the data set has 256 units and 0 examples; give at least one of each";
    assert_eq!(refusal(&Mat::zeros(256, 0), |_| {}), expected);
    let expected = "samples of 64 units were given to a network of 256; give 256 rows";
    assert_eq!(refusal(&Mat::zeros(64, 1), |_| {}), expected);
}

#[cfg(not(feature = "burn"))]
#[test]
fn a_build_without_the_library_says_how_to_get_one() {
    let message = refusal(&noised(2), |_| {});
    assert!(message.contains("feature `burn`"), "{message}");
}

//! Training, where there is a library to train with.

use burn::tensor::{Device, Tensor, TensorData};

use super::network::Network as Differentiable;
use super::tests::noised;
use super::*;

/// Two images: an upper and a lower half of ink.
fn halves() -> Mat<f32> {
    Mat::from_fn(UNet::PIXELS, 2, |pixel, image| {
        if (pixel < UNet::PIXELS / 2) == (image == 0) {
            1.0
        } else {
            -1.0
        }
    })
}

fn brief(updates: u64) -> UNetSettings {
    UNetSettings {
        updates,
        batch: 4,
        warm_up: 0.25,
        ..UNetSettings::default()
    }
}

/// Catches a transposed kernel, a shifted enlargement, channels joined in the other order, and a noise
/// that enters otherwise: each would show in the first digit.
#[test]
fn the_forward_pass_is_that_of_the_library() {
    let parameters = Parameters::initial(&mut stream::of(6, WEIGHTS));
    let network = UNet::new(parameters).unwrap();
    let noisy = noised(3);
    let noise = [0.07_f32, 0.5, 1.7];
    let own = network.denoise(noisy.as_ref(), &noise).unwrap();

    let device = Device::flex();
    let library = Differentiable::new(&network.parameters, &device);
    let pixels: Vec<f32> = noisy
        .col_iter()
        .flat_map(|column| column.iter().copied())
        .collect();
    let images = Tensor::from_data(TensorData::new(pixels, [3, 1, SIDE, SIDE]), &device);
    let levels = Tensor::from_data(TensorData::new(noise.to_vec(), [3, 1]), &device);
    let theirs: Vec<f32> = library.forward(images, levels).try_into_vec_as().unwrap();
    for (at, theirs) in theirs.iter().enumerate() {
        let own = own[(at % UNet::PIXELS, at / UNet::PIXELS)];
        assert!((own - theirs).abs() < 1e-5, "{at}: {own} and {theirs}");
    }
}

/// 60 updates on two images divide the loss by ten; without gradients it stays.
#[test]
fn training_learns() {
    let mut losses = Vec::new();
    let settings = UNetSettings {
        averaging: 0.9,
        ..brief(60)
    };
    let network = UNet::train(halves().as_ref(), &settings, |made, loss| {
        assert_eq!(made, losses.len() as u64 + 1);
        losses.push(loss);
    })
    .unwrap();
    let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
    let (first, last) = (mean(&losses[..5]), mean(&losses[55..]));
    assert!(last < 0.1 * first, "{first} to {last}");
    // The average of the weights learnt too, as did the rounded ones.
    let clean = network.denoise(halves().as_ref(), &[0.1]).unwrap();
    let error = (&clean - &halves()).squared_norm_l2() / 512.0;
    assert!(error < 0.1, "{error}");
}

#[test]
fn the_seed_decides_every_bit_on_any_number_of_threads() {
    let run = |seed, threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.unwrap().install(|| {
            let settings = UNetSettings { seed, ..brief(3) };
            let network = UNet::train(halves().as_ref(), &settings, |_, _| {}).unwrap();
            network.parameters
        })
    };
    let once = run(3, 1);
    assert_eq!(once, run(3, 2));
    assert_eq!(once, run(3, 3));
    assert_ne!(once, run(4, 1));
}

#[test]
fn a_rate_beyond_reason_is_reported_as_divergence() {
    let settings = UNetSettings {
        rate: 1e30,
        ..brief(10)
    };
    let error = UNet::train(halves().as_ref(), &settings, |_, _| {}).unwrap_err();
    assert!(matches!(error, DigitalError::Diverged { .. }), "{error}");
}

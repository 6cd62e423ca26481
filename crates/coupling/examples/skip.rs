//! What a skip connection carries: six ways to couple an encoder with a decoder, and a small hierarchy at rest.
//!
//! `cargo run --release -p overdamped-coupling --example skip`

use std::error::Error;

use faer::Mat;
use overdamped_coupling::{Fit, FitSettings, Hierarchy, Method, Moments};
use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;
use rand_pcg::Pcg64Mcg;

const UNITS: usize = 32;
const SAMPLES: usize = 4000;
/// Causes that encoder and decoder share.
const SHARED: usize = 6;

fn normal(rows: usize, columns: usize, stream: &mut Pcg64Mcg) -> Mat<f32> {
    Mat::from_fn(rows, columns, |_, _| stream.sample(StandardNormal))
}

/// How the activations of a made-up network depend on causes.
struct Network {
    encoder: Mat<f32>,
    /// Causes that only the encoder sees, and louder: what is large need not matter.
    aside: Mat<f32>,
    upper: Mat<f32>,
    lower: Mat<f32>,
}

impl Network {
    /// Encoder, upper and lower decoder (units x samples each).
    fn activations(&self, seed: u64) -> [Mat<f32>; 3] {
        let mut stream = Pcg64Mcg::seed_from_u64(seed);
        let shared = normal(SHARED, SAMPLES, &mut stream);
        let aside = normal(SHARED, SAMPLES, &mut stream);
        let mut noise = |size| normal(UNITS, SAMPLES, &mut stream) * faer::Scale(size);
        let encoder = &self.encoder * &shared + &self.aside * aside + noise(0.5);
        let upper = &self.upper * &shared + noise(0.5);
        // The lower decoder sees what the encoder saw, and what the upper one makes of it.
        let lower = &self.lower * &shared + &upper * faer::Scale(0.3) + noise(0.5);
        [encoder, upper, lower]
    }
}

fn moments(x: &Mat<f32>, y: &Mat<f32>) -> Result<Moments, Box<dyn Error>> {
    let mut moments = Moments::new(x.nrows(), y.nrows())?;
    moments.add(x.as_ref(), y.as_ref())?;
    Ok(moments)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut stream = Pcg64Mcg::seed_from_u64(1);
    let mut loadings = |size: f32| normal(UNITS, SHARED, &mut stream) * faer::Scale(size);
    let network = Network {
        encoder: loadings(1.0),
        aside: loadings(2.0),
        upper: loadings(0.7),
        lower: loadings(1.0),
    };
    let [e, d2, d1] = network.activations(2);
    let [held_e, held_d2, held_d1] = network.activations(3);

    // One skip, from the encoder to the lower decoder: R^2 on held-out samples.
    let (training, held_out) = (moments(&e, &d1)?, moments(&held_e, &held_d1)?);
    let weights = Mat::from_fn(UNITS, 2 * SHARED, |i, k| match k.checked_sub(SHARED) {
        None => network.encoder[(i, k)],
        Some(k) => network.aside[(i, k)],
    });
    println!("R^2 at rank       1      2      4      8     16");
    for method in Method::ALL {
        // The published way looks at weights: here, how each side depends on all causes.
        let fit = match method {
            Method::WeightGram => Fit::of_weights(weights.as_ref(), network.lower.as_ref(), 1.0)?,
            _ => Fit::new(&training, method, FitSettings::default())?,
        };
        print!("{:<16}", method.name());
        for rank in [1, 2, 4, 8, 16] {
            let mut map = fit.rank(rank)?;
            if !method.predicts() {
                map = map.calibrated(&training)?;
            }
            print!(" {:6.3}", map.coefficient_of_determination(&held_out)?);
        }
        println!();
    }
    let map = Fit::new(&training, Method::ReducedRank, FitSettings::default())?.rank(SHARED)?;
    let control = map.random_control(1).calibrated(&training)?;
    let carried = control.coefficient_of_determination(&held_out)?;
    println!("a random coupling of rank {SHARED} carries {carried:.3}");
    println!("{} wires in place of {}\n", map.wires(), map.dense_wires());

    // Both decoders free, coupled with each other; the encoder supplies the pull that this leaves open.
    let mut hierarchy = Hierarchy::new();
    let encoder = hierarchy.module("encoder", UNITS, 1.0)?;
    let upper = hierarchy.module("upper decoder", UNITS, 4.0)?;
    let lower = hierarchy.module("lower decoder", UNITS, 1.0)?;
    let fitted = |x: &Mat<f32>, y: &Mat<f32>, rank| -> Result<_, Box<dyn Error>> {
        let moments = moments(x, y)?;
        Ok(Fit::new(&moments, Method::ReducedRank, FitSettings::default())?.rank(rank)?)
    };
    let level = fitted(&d2, &d1, SHARED)?;
    hierarchy.couple(upper, lower, &level)?;
    hierarchy.centre(upper, level.mean_encoder())?;
    match hierarchy.weaken(&[encoder], 0.05)? {
        Some(weakened) => println!("{weakened}"),
        None => println!("the decoders' coupling leaves them definite"),
    }
    for module in [upper, lower] {
        let states = [(upper, d2.as_ref()), (lower, d1.as_ref())];
        let pull = hierarchy.missing_pull(module, &states)?;
        hierarchy.wire(encoder, module, &fitted(&e, &pull, SHARED)?)?;
    }
    let assembled = hierarchy.assemble(&[encoder], 0.05)?;
    let given = Mat::from_fn(3 * UNITS, SAMPLES, |i, n| {
        if i < UNITS {
            f64::from(held_e[(i, n)])
        } else {
            0.0
        }
    });
    let rest = assembled.rest(given.as_ref())?;
    for (name, start, truth) in [("upper", UNITS, &held_d2), ("lower", 2 * UNITS, &held_d1)] {
        let squares = |of: &dyn Fn(usize, usize) -> f64| -> f64 {
            (0..SAMPLES)
                .map(|n| (0..UNITS).map(|i| of(i, n).powi(2)).sum::<f64>())
                .sum()
        };
        let total = squares(&|i, n| f64::from(truth[(i, n)]));
        let left = squares(&|i, n| f64::from(truth[(i, n)]) - rest[(start + i, n)]);
        println!("{name} decoder at rest: R^2 {:.3}", 1.0 - left / total);
    }
    Ok(())
}

//! Train a generative network on a density of your own: here, a ring in the plane.
//!
//! `cargo run --release -p overdamped-learn --example your_own_density`
//!
//! To learn something else, change `data`; everything below it stays.

use std::error::Error;
use std::f64::consts::TAU;
use std::sync::Arc;
use std::time::Instant;

use faer::Mat;
use overdamped_energy::{Edges, Energy, FastHidden, PairTerm, Pairs, SiteTerm, Sites, Sum};
use overdamped_learn::{AdamSettings, Examples, ForceMatching, Model, Noising, Verdict, train};
use overdamped_substrate::{
    Protocol, Settings, SimulatedSubstrate, Slice, Substrate, TimeStep, stream,
};
use rand::RngExt;
use rand_distr::StandardNormal;

const SAMPLES: usize = 2000;
const SLICES: usize = 16;
const HIDDEN: usize = 12;

/// The density: a ring of radius 1.2, a tenth wide, with a gap of a quarter turn on the right.
fn data(seed: u64) -> Mat<f32> {
    let mut stream = stream::of(seed, 0);
    let mut points = Mat::zeros(2, SAMPLES);
    for sample in 0..SAMPLES {
        let angle = TAU * (0.125 + 0.75 * stream.random::<f64>());
        let radius = 1.2 + 0.1 * stream.sample::<f64, _>(StandardNormal);
        points[(0, sample)] = (radius * angle.cos()) as f32;
        points[(1, sample)] = (radius * angle.sin()) as f32;
    }
    points
}

/// The network: two visible units with every term x^a y^b up to the quartic, and a few fast
/// hidden units that bend the landscape where a quartic cannot.
fn network() -> Result<Arc<dyn Energy<f32>>, Box<dyn Error>> {
    use SiteTerm::{Bias, Cubic, Quartic, Stiffness};
    let bond = Pairs::new(Edges::list(2, vec![(0, 1)])?, &PairTerm::COMPLETE_QUARTIC);
    let visible = Sum::of(Sites::new(2, &[Bias, Stiffness, Cubic, Quartic]))?.and(bond)?;
    Ok(Arc::new(visible.and(FastHidden::new(2, HIDDEN))?))
}

fn main() -> Result<(), Box<dyn Error>> {
    let started = Instant::now();
    let training = data(1);
    let energy = network()?;
    let layout = energy.layout();

    // Noise turns the data into a Gaussian; the network learns to turn it back, slice by slice.
    let noising = Noising::default();
    let schedule = noising.schedule(0.005, 3.0, SLICES)?;

    // The substrate: 64 steps for each slice, hard walls where data never go.
    let settings = Settings {
        time_step: TimeStep::PerSlice(64),
        walls: Some(4.0),
        ..Settings::default()
    };

    // One force-matching rule and one model for each slice.
    let examples = Arc::new(Examples::new(training.clone())?);
    let mut rules = Vec::new();
    let mut models = Vec::new();
    for (index, interval) in schedule.iter().enumerate() {
        let substrate = SimulatedSubstrate::new(energy.clone(), settings.clone())?;
        let denoiser = noising.denoiser(interval.middle);
        rules.push(ForceMatching::new(
            energy.clone(),
            substrate,
            examples.clone(),
            denoiser,
            128,
        )?);
        models.push(Model::new(start(&layout)?, 7, index as u64));
    }
    let optimiser = AdamSettings {
        rate: 0.02,
        updates: 1500,
        // Quartic wells must hold what they catch.
        floors: vec![("sites.quartic".to_owned(), 0.0)],
        ..AdamSettings::default()
    };
    println!(
        "Training {} parameters in each of {SLICES} slices of noising time.",
        layout.len()
    );
    println!("   updates   loss when noisy   in the middle   when clean");
    train(&mut rules, &mut models, &optimiser, 300, |models| {
        let loss = |slice: usize| {
            let last = models[slice].history.last();
            last.and_then(|last| last.loss).unwrap_or(f64::NAN)
        };
        println!(
            "   {:7} {:17.4} {:15.4} {:12.4}",
            models[0].updates(),
            loss(0),
            loss(SLICES / 2),
            loss(SLICES - 1)
        );
        Ok(Verdict::Continue)
    })?;

    // Generation is a protocol: the learned forces, from the noisiest slice to the cleanest.
    let mut slices = Vec::new();
    for (interval, model) in schedule.iter().zip(&models) {
        let denoiser = noising.denoiser(interval.middle);
        let physical = denoiser.driving(&layout, &model.parameters, &[true, true])?;
        slices.push(Slice::new(interval.duration(), physical));
    }
    let mut substrate = SimulatedSubstrate::new(energy, settings)?;
    substrate.prepare(noise(noising.prior_deviation(), 3).as_ref(), 4)?;
    substrate.run(&Protocol::new(slices)?)?;
    let generated = substrate.read()?;

    let unseen = data(2);
    let simple = one_gaussian(&training, 5);
    println!("\n{:42}Samples of the network", "Data");
    for (left, right) in plot(&unseen).iter().zip(plot(&generated)) {
        println!("{left}  {}", right.trim_end());
    }
    println!("\nSliced W1 distance to {SAMPLES} unseen points (smaller is better):");
    println!(
        "   other data (the floor)   {:.3}",
        distance(&data(3), &unseen)
    );
    println!(
        "   the network              {:.3}",
        distance(&generated, &unseen)
    );
    println!(
        "   one Gaussian             {:.3}",
        distance(&simple, &unseen)
    );
    println!("\n{:.1} s in all.", started.elapsed().as_secs_f64());
    Ok(())
}

/// Parameters to start from: all zero, but for the hidden units, which must differ to learn
/// different things.
fn start(layout: &overdamped_energy::Layout) -> Result<Vec<f32>, Box<dyn Error>> {
    let mut parameters = vec![0.0; layout.len()];
    let mut stream = stream::of(6, 0);
    parameters[layout.range("hidden.amplitude")?].fill(0.1);
    for block in ["hidden.bias", "hidden.weights"] {
        for value in &mut parameters[layout.range(block)?] {
            *value = 1.5 * stream.sample::<f32, _>(StandardNormal);
        }
    }
    Ok(parameters)
}

/// Fully noised data: independent Gaussians of this deviation.
fn noise(deviation: f64, seed: u64) -> Mat<f32> {
    let mut stream = stream::of(seed, 0);
    Mat::from_fn(2, SAMPLES, |_, _| {
        (deviation * stream.sample::<f64, _>(StandardNormal)) as f32
    })
}

/// Draws from the one Gaussian with the mean and covariance of `points`.
fn one_gaussian(points: &Mat<f32>, seed: u64) -> Mat<f32> {
    let count = points.ncols() as f32;
    let mean = |i: usize| points.row(i).iter().sum::<f32>() / count;
    let centre = [mean(0), mean(1)];
    let covariance = |i: usize, j: usize| {
        let products = points
            .col_iter()
            .map(|p| (p[i] - centre[i]) * (p[j] - centre[j]));
        products.sum::<f32>() / count
    };
    // Cholesky factor of the 2 x 2 covariance.
    let first = covariance(0, 0).sqrt();
    let slope = covariance(0, 1) / first;
    let second = (covariance(1, 1) - slope * slope).sqrt();
    let white = noise(1.0, seed);
    Mat::from_fn(2, SAMPLES, |i, c| {
        let (a, b) = (white[(0, c)], white[(1, c)]);
        centre[i]
            + if i == 0 {
                first * a
            } else {
                slope * a + second * b
            }
    })
}

/// Mean over 64 directions of the distance between sorted projections.
fn distance(a: &Mat<f32>, b: &Mat<f32>) -> f64 {
    let directions = 64;
    let along = |points: &Mat<f32>, angle: f64| -> Vec<f64> {
        let (sine, cosine) = angle.sin_cos();
        let points = points.col_iter();
        let mut places: Vec<f64> = points
            .map(|p| cosine * f64::from(p[0]) + sine * f64::from(p[1]))
            .collect();
        places.sort_by(f64::total_cmp);
        places
    };
    let total: f64 = (0..directions)
        .map(|k| {
            let angle = 0.5 * TAU * f64::from(k) / f64::from(directions);
            let pairs = along(a, angle).into_iter().zip(along(b, angle));
            pairs.map(|(a, b)| (a - b).abs()).sum::<f64>() / SAMPLES as f64
        })
        .sum();
    total / f64::from(directions)
}

/// Density of points in [-2, 2] x [-2, 2] as lines of text.
fn plot(points: &Mat<f32>) -> Vec<String> {
    let (width, height) = (40, 20);
    let mut counts = vec![vec![0_usize; width]; height];
    for point in points.col_iter() {
        let column = (point[0] + 2.0) / 4.0 * width as f32;
        let row = (2.0 - point[1]) / 4.0 * height as f32;
        if column >= 0.0 && row >= 0.0 && (column as usize) < width && (row as usize) < height {
            counts[row as usize][column as usize] += 1;
        }
    }
    let shade = |count: usize| match count {
        0 => ' ',
        1..3 => '.',
        3..6 => ':',
        6..12 => '+',
        12..24 => '*',
        _ => '#',
    };
    let line = |row: &Vec<usize>| row.iter().map(|&count| shade(count)).collect();
    counts.iter().map(line).collect()
}

//! The normals that drive everything, taken from the streams of sixteen chains at a time.

use overdamped_kernel::{Chunk, Path, Streams};

use crate::statistics::chi_square_deviation;
use crate::{Finding, Lab, Mutant, ValidationError};

const N: usize = 100_000_000;
const LANES: usize = 16;
const UNITS: usize = 512;

/// Calls `see` with the normals of one step after the other, `units x chains`, with the lab's fault in them.
fn steps(lab: &Lab, mut see: impl FnMut(&[Chunk<f32>])) {
    let mut streams = Streams::new(lab.seed, 0);
    let mut noise = vec![Chunk::<f32>::default(); UNITS];
    for _ in 0..N / (UNITS * LANES) {
        streams.fill(Path::best(), &mut noise);
        let mut before = [0.0_f32; LANES];
        for unit in &mut noise {
            if lab.has(Mutant::SharedNoise) {
                unit.0 = [unit.0[0]; LANES];
            }
            for (z, before) in unit.0.iter_mut().zip(&mut before) {
                match lab.mutant {
                    Some(Mutant::WideNormals) => *z *= 1.001,
                    Some(Mutant::CutTails) => *z = z.clamp(-4.0, 4.0),
                    Some(Mutant::LinkedNormals) => *z += 1e-3 * *before,
                    Some(Mutant::CoarseNormals) => *z = (*z * 64.0).round() / 64.0,
                    _ => {}
                }
                *before = *z;
            }
        }
        see(&noise);
    }
}

/// Moments one to six (of which the variance of the m-th is the 2m-th less its square), and shares beyond 3, 4, 5.
pub fn moments(lab: &Lab) -> Result<Finding, ValidationError> {
    /// Probability beyond 3, 4, 5 on both sides.
    const TAILS: [(f32, f64); 3] = [
        (3.0, 2.699_796_063_260_19e-3),
        (4.0, 6.334_248_366_623_98e-5),
        (5.0, 5.733_031_437_583_89e-7),
    ];
    let mut sums = [0.0_f64; 6];
    let mut beyond = [0_u64; 3];
    let mut n = 0.0;
    steps(lab, |noise| {
        let mut local = [0.0_f64; 6];
        for &z in noise.iter().flat_map(|unit| &unit.0) {
            let (value, mut power) = (f64::from(z), 1.0);
            for sum in &mut local {
                power *= value;
                *sum += power;
            }
            for (count, (edge, _)) in beyond.iter_mut().zip(TAILS) {
                *count += u64::from(z.abs() > edge);
            }
        }
        sums.iter_mut()
            .zip(local)
            .for_each(|(sum, part)| *sum += part);
        n += (UNITS * LANES) as f64;
    });
    // E z^m: 0 for odd m, (m - 1)!! for even m.
    let moment = |m: usize| match m % 2 {
        0 => (1..m).step_by(2).map(|odd| odd as f64).product(),
        _ => 0.0,
    };
    let mut finding = Finding::statistical(N);
    for (index, sum) in sums.iter().enumerate() {
        let m = index + 1;
        let variance: f64 = moment(2 * m) - moment(m) * moment(m);
        finding.compare(sum / n, moment(m), (variance / n).sqrt());
    }
    for (count, (_, share)) in beyond.iter().zip(TAILS) {
        let expected: f64 = share * n;
        finding.compare(*count as f64, expected, expected.sqrt());
    }
    Ok(finding)
}

/// Products of neighbours, in time and across chains, and of their squares.
pub fn independence(lab: &Lab) -> Result<Finding, ValidationError> {
    // In time, across chains; of normals and of their squares less one.
    let mut sums = [[0.0_f64; 2]; 2];
    let mut counts = [0.0_f64; 2];
    steps(lab, |noise| {
        let square = |z: f64| z * z - 1.0;
        for pair in noise.windows(2) {
            for (&a, &b) in pair[0].0.iter().zip(&pair[1].0) {
                let (a, b) = (f64::from(a), f64::from(b));
                sums[0][0] += a * b;
                sums[0][1] += square(a) * square(b);
            }
        }
        for unit in noise {
            for pair in unit.0.windows(2) {
                let (a, b) = (f64::from(pair[0]), f64::from(pair[1]));
                sums[1][0] += a * b;
                sums[1][1] += square(a) * square(b);
            }
        }
        counts[0] += ((UNITS - 1) * LANES) as f64;
        counts[1] += (UNITS * (LANES - 1)) as f64;
    });
    let mut finding = Finding::statistical(N);
    for (sums, n) in sums.iter().zip(counts) {
        // E (ab)^2 = 1, and E (a^2 - 1)^2 (b^2 - 1)^2 = 4.
        finding.compare(sums[0] / n, 0.0, (1.0 / n).sqrt());
        finding.compare(sums[1] / n, 0.0, (4.0 / n).sqrt());
    }
    Ok(finding)
}

/// Chi-square of 64 cells that are equally likely.
pub fn histogram(lab: &Lab) -> Result<Finding, ValidationError> {
    const CELLS: usize = 64;
    let edges: Vec<f32> = (1..CELLS)
        .map(|cell| normal_quantile(cell as f64 / CELLS as f64) as f32)
        .collect();
    let mut counts = [0_u64; CELLS];
    steps(lab, |noise| {
        for z in noise.iter().flat_map(|unit| &unit.0) {
            counts[edges.partition_point(|edge| edge <= z)] += 1;
        }
    });
    let n: u64 = counts.iter().sum();
    let expected = n as f64 / CELLS as f64;
    let squares = counts
        .iter()
        .map(|&count| (count as f64 - expected).powi(2));
    let chi_square = squares.sum::<f64>() / expected;
    let mut finding = Finding::statistical(N);
    finding.deviates(chi_square_deviation(chi_square, CELLS - 1));
    Ok(finding)
}

/// The z below which a standard normal is with this probability: Newton's steps on an integral of the density.
fn normal_quantile(probability: f64) -> f64 {
    let density = |z: f64| (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt();
    // Simpson's rule on steps of at most 1/200 from zero: exact to 1e-13.
    let below = |z: f64| {
        let pieces = 1000;
        let h = z / f64::from(2 * pieces);
        let sum: f64 = (0..pieces)
            .map(|piece| {
                let a = f64::from(2 * piece) * h;
                density(a) + 4.0 * density(a + h) + density(a + 2.0 * h)
            })
            .sum();
        0.5 + sum * h / 3.0
    };
    (0..60).fold(0.0, |z, _| z - (below(z) - probability) / density(z))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_agree_with_tables() {
        for (probability, z) in [
            (0.5, 0.0),
            (0.975, 1.959_963_984_540_054),
            (1.0 / 64.0, -2.153_874_694_061_456),
        ] {
            assert!(
                (normal_quantile(probability) - z).abs() < 1e-9,
                "{probability}: {}",
                normal_quantile(probability)
            );
        }
    }
}

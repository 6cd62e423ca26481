//! Images of several channels and what is done to them: convolution, pooling, enlargement.
//!
//! An image is a matrix of `channels x pixels`, pixels row-major, so that the channels of one pixel lie
//! side by side in memory. A 3 x 3 convolution is then one product of matrices: its kernel
//! (`outputs x 9 inputs`, tap by tap) with the neighbourhoods of all pixels (`9 inputs x pixels`).

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par};

use super::architecture::{GROUPS, LEAST_VARIANCE, TAPS};

/// Room for the neighbourhoods of one image, kept between convolutions.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    neighbourhoods: Vec<f32>,
}

/// The 3 x 3 convolution of a square image (`inputs x side^2`), zero beyond its edges, with a kernel
/// of `outputs x 9 inputs`: `outputs x side^2`, each begun at its channel's `bias`, or at zero.
///
/// One thread computes it, in an order that the shapes alone decide.
pub(super) fn convolve(
    image: MatRef<'_, f32>,
    side: usize,
    kernel: MatRef<'_, f32>,
    bias: Option<&[f32]>,
    scratch: &mut Scratch,
) -> Mat<f32> {
    let (inputs, pixels) = image.shape();
    let rows = TAPS * inputs;
    // Every entry is written below: what an earlier convolution left need not be cleared.
    if scratch.neighbourhoods.len() < rows * pixels {
        scratch.neighbourhoods.resize(rows * pixels, 0.0);
    }
    let room = &mut scratch.neighbourhoods[..rows * pixels];
    let mut columns = MatMut::from_column_major_slice_mut(room, rows, pixels);
    gather(image, side, columns.as_mut());
    let mut out = Mat::from_fn(kernel.nrows(), pixels, |channel, _| {
        bias.map_or(0.0, |bias| bias[channel])
    });
    matmul(
        out.as_mut(),
        Accum::Add,
        kernel,
        columns.as_ref(),
        1.0,
        Par::Seq,
    );
    out
}

/// Writes the nine neighbours of each pixel one below the other, tap by tap in row-major order.
fn gather(image: MatRef<'_, f32>, side: usize, mut columns: MatMut<'_, f32>) {
    let inputs = image.nrows();
    for pixel in 0..side * side {
        let (row, column) = (pixel / side, pixel % side);
        let mut neighbours = columns.as_mut().col_mut(pixel);
        for tap in 0..TAPS {
            let mut into = neighbours.as_mut().subrows_mut(tap * inputs, inputs);
            let inside =
                |at: usize, step: usize| (at + step).checked_sub(1).filter(|&at| at < side);
            match (inside(row, tap / 3), inside(column, tap % 3)) {
                (Some(row), Some(column)) => into.copy_from(image.col(row * side + column)),
                _ => into.fill(0.0),
            }
        }
    }
}

/// Means of the 2 x 2 blocks of an image of `side x side` pixels: half the side.
pub(super) fn pool(image: MatRef<'_, f32>, side: usize) -> Mat<f32> {
    let half = side / 2;
    Mat::from_fn(image.nrows(), half * half, |channel, pixel| {
        let first = 2 * (pixel / half) * side + 2 * (pixel % half);
        let block = [first, first + 1, first + side, first + side + 1];
        0.25 * block.iter().map(|&at| image[(channel, at)]).sum::<f32>()
    })
}

/// Where pixel `pixel` of an image of twice the side takes its values from: its nearest neighbour on
/// `side x side` pixels.
pub(super) fn source(pixel: usize, side: usize) -> usize {
    let (row, column) = (pixel / (2 * side), pixel % (2 * side));
    row / 2 * side + column / 2
}

/// One image enlarged to twice its `side`, and below it the channels of another of that size.
pub(super) fn join(below: MatRef<'_, f32>, side: usize, skip: MatRef<'_, f32>) -> Mat<f32> {
    let channels = below.nrows();
    let mut joined = Mat::zeros(channels + skip.nrows(), skip.ncols());
    for pixel in 0..skip.ncols() {
        let (enlarged, kept) = joined.col_mut(pixel).split_at_row_mut(channels);
        { enlarged }.copy_from(below.col(source(pixel, side)));
        { kept }.copy_from(skip.col(pixel));
    }
    joined
}

/// Brings each group of channels of an image to mean zero and variance one, over its pixels; then multiplies each
/// channel by its `scale` and adds its `bias`.
pub(super) fn normalise(image: &mut Mat<f32>, scale: &[f32], bias: &[f32]) {
    let (channels, pixels) = image.shape();
    let width = channels / GROUPS;
    let count = (width * pixels) as f32;
    for group in 0..GROUPS {
        let rows = group * width..(group + 1) * width;
        let mut sums = [0.0_f32; 2];
        for pixel in 0..pixels {
            sums[0] += image.col_as_slice(pixel)[rows.clone()].iter().sum::<f32>();
        }
        let mean = sums[0] / count;
        for pixel in 0..pixels {
            let deviations = image.col_as_slice(pixel)[rows.clone()].iter();
            sums[1] += deviations.map(|value| (value - mean).powi(2)).sum::<f32>();
        }
        let share = (sums[1] / count + LEAST_VARIANCE).sqrt().recip();
        for pixel in 0..pixels {
            for (value, channel) in image.col_as_slice_mut(pixel)[rows.clone()]
                .iter_mut()
                .zip(rows.clone())
            {
                *value = (*value - mean) * share * scale[channel] + bias[channel];
            }
        }
    }
}

/// SiLU in place, x / (1 + e^-x).
pub(super) fn activate(image: &mut Mat<f32>) {
    for column in image.col_iter_mut() {
        column.iter_mut().for_each(|value| *value = silu(*value));
    }
}

/// x / (1 + e^-x).
pub(super) fn silu(value: f32) -> f32 {
    value / (1.0 + (-value).exp())
}

#[cfg(test)]
mod tests {
    use overdamped_substrate::stream;
    use rand::RngExt;

    use super::*;

    /// Values within 1 of zero, rounded to 1/64 so that sums are exact in any order.
    fn random(rows: usize, columns: usize, index: u64) -> Mat<f32> {
        let mut stream = stream::of(11, index);
        Mat::from_fn(rows, columns, |_, _| {
            stream.random_range(-64_i32..=64) as f32 / 64.0
        })
    }

    /// Catches taps in another order, a kernel turned or mirrored, edges that wrap or repeat, and
    /// room that another image has left.
    #[test]
    fn convolution_is_the_sum_over_neighbours() {
        let mut scratch = Scratch::default();
        for (inputs, outputs, side) in [(5, 7, 8), (1, 3, 4), (3, 2, 1)] {
            let image = random(inputs, side * side, 0);
            let kernel = random(outputs, TAPS * inputs, 1);
            let bias: Vec<f32> = (0..outputs).map(|channel| channel as f32).collect();
            let fast = convolve(
                image.as_ref(),
                side,
                kernel.as_ref(),
                Some(&bias),
                &mut scratch,
            );
            let naive = Mat::from_fn(outputs, side * side, |output, pixel| {
                let (row, column) = ((pixel / side) as isize, (pixel % side) as isize);
                let mut sum = bias[output];
                for (down, right) in (-1..=1).flat_map(|d| (-1..=1).map(move |r| (d, r))) {
                    let (r, c) = (row + down, column + right);
                    let grid = 0..side as isize;
                    if !grid.contains(&r) || !grid.contains(&c) {
                        continue;
                    }
                    let tap = (3 * (down + 1) + right + 1) as usize;
                    let neighbour = r as usize * side + c as usize;
                    for input in 0..inputs {
                        sum += kernel[(output, tap * inputs + input)] * image[(input, neighbour)];
                    }
                }
                sum
            });
            assert_eq!(fast, naive, "{inputs} to {outputs} channels, side {side}");
        }
    }

    /// Two channels a group: values of +-1 and +-3 have mean zero and variance five. Catches a variance over
    /// single channels or over all, and a scale or bias of another channel.
    #[test]
    fn groups_of_channels_are_normalised() {
        let (channels, pixels) = (2 * GROUPS, 2);
        let mut image = Mat::from_fn(channels, pixels, |channel, pixel| {
            let sign = if pixel == 0 { 1.0 } else { -1.0 };
            100.0 * (channel / 2) as f32 + sign * [1.0, 3.0][channel % 2]
        });
        let scale: Vec<f32> = (0..channels).map(|channel| channel as f32).collect();
        let bias: Vec<f32> = (0..channels).map(|channel| -(channel as f32)).collect();
        normalise(&mut image, &scale, &bias);
        for channel in 0..channels {
            let size = channel as f32;
            let unit = [1.0, 3.0][channel % 2] / 5.0_f32.sqrt();
            for (pixel, sign) in [(0, 1.0), (1, -1.0)] {
                let expected = size * sign * unit - size;
                assert!((image[(channel, pixel)] - expected).abs() < 1e-4 * (1.0 + size));
            }
        }
    }

    #[test]
    fn pooling_takes_means_of_blocks() {
        let image = Mat::from_fn(2, 16, |channel, pixel| (100 * channel + pixel) as f32);
        let expected = faer::mat![[2.5_f32, 4.5, 10.5, 12.5], [102.5, 104.5, 110.5, 112.5]];
        assert_eq!(pool(image.as_ref(), 4), expected);
    }

    #[test]
    fn joining_enlarges_what_is_below_and_keeps_the_skip() {
        let below = faer::mat![[1.0_f32, 2.0, 3.0, 4.0]];
        let skip = Mat::from_fn(1, 16, |_, pixel| 10.0 + pixel as f32);
        let joined = join(below.as_ref(), 2, skip.as_ref());
        let row = |row: usize| (0..16).map(|p| joined[(row, p)]).collect::<Vec<f32>>();
        let enlarged = [[1.0, 1.0, 2.0, 2.0], [3.0, 3.0, 4.0, 4.0]];
        let enlarged = [enlarged[0], enlarged[0], enlarged[1], enlarged[1]].concat();
        assert_eq!(row(0), enlarged);
        assert_eq!(row(1), (10..26).map(|v| v as f32).collect::<Vec<f32>>());
    }

    /// x / (1 + e^-x) at 0, 1 and -1 by hand, and where e^-x overflows.
    #[test]
    fn silu_has_its_values_and_no_nan() {
        assert_eq!(silu(0.0), 0.0);
        assert!((silu(1.0) - 0.731_058_6).abs() < 1e-6);
        assert!((silu(-1.0) + 0.268_941_4).abs() < 1e-6);
        assert_eq!(silu(-200.0), 0.0);
        assert_eq!(silu(200.0), 200.0);
    }
}

//! The pixels that one module network covers: a pixel of the inner grid, and the four of the outer grid below it.
//!
//! An image of 16 x 16 pixels is 64 patches, numbered `image * 64 + pixel of the 8 x 8 grid`. Since the U-Net enlarges by
//! repeating pixels, a patch has everything that its outer decoder is told from below.

use std::ops::Range;

use faer::{Mat, MatRef};
use overdamped_digital::Block;

/// Outer pixels of a patch, row by row.
pub const OUTER: usize = 4;
/// Patches of an image.
pub const PER_IMAGE: usize = 64;

/// Column of outer pixel `child` of a patch, among the activations of e1 and d1.
pub fn outer(patch: usize, child: usize) -> usize {
    let side = Block::D2.side();
    let (image, row, column) = place(patch);
    let (row, column) = (2 * row + child / 2, 2 * column + child % 2);
    image * OUTER * PER_IMAGE + row * 2 * side + column
}

/// Column of the pixel of the bottleneck above a patch.
pub fn middle(patch: usize) -> usize {
    let side = Block::Middle.side();
    let (image, row, column) = place(patch);
    image * side * side + row / 2 * side + column / 2
}

/// Image, row and column on the inner grid.
fn place(patch: usize) -> (usize, usize, usize) {
    let side = Block::D2.side();
    let pixel = patch % PER_IMAGE;
    (patch / PER_IMAGE, pixel / side, pixel % side)
}

/// The columns of `activations` that `column` names for each patch: units x patches.
pub fn gathered(
    activations: MatRef<'_, f32>,
    patches: usize,
    column: impl Fn(usize) -> usize,
) -> Mat<f32> {
    let mut gathered = Mat::zeros(activations.nrows(), patches);
    for patch in 0..patches {
        gathered
            .col_mut(patch)
            .copy_from(activations.col(column(patch)));
    }
    gathered
}

/// Pixels of a window.
pub const WINDOW: usize = 9;

/// The nine pixels around each pixel of some images on a square grid, one below the other in row-major order, zero
/// beyond the edges: 9 channels x pixels.
pub fn windows(activations: MatRef<'_, f32>, side: usize, images: Range<usize>) -> Mat<f32> {
    let (channels, pixels) = (activations.nrows(), side * side);
    let mut windows = Mat::zeros(WINDOW * channels, images.len() * pixels);
    for (column, at) in (images.start * pixels..images.end * pixels).enumerate() {
        let (row, place) = (at % pixels / side, at % side);
        for tap in 0..WINDOW {
            let (down, right) = (row + tap / 3, place + tap % 3);
            let inside = (1..=side).contains(&down) && (1..=side).contains(&right);
            if inside {
                let neighbour = at - at % pixels + (down - 1) * side + right - 1;
                let into = windows
                    .col_mut(column)
                    .subrows_mut(tap * channels, channels);
                { into }.copy_from(activations.col(neighbour));
            }
        }
    }
    windows
}

#[cfg(test)]
mod tests {
    use faer::mat;
    use overdamped_digital::enlarged;

    use super::*;

    #[test]
    fn patches_cover_every_pixel_once() {
        let images = 2;
        let mut seen = vec![0; images * 256];
        for patch in 0..images * PER_IMAGE {
            for child in 0..OUTER {
                seen[outer(patch, child)] += 1;
            }
        }
        assert!(seen.iter().all(|&times| times == 1));
    }

    #[test]
    fn patches_agree_with_the_enlargement() {
        // Two images of 8 x 8 pixels, each pixel its own number.
        let inner = Mat::from_fn(1, 2 * PER_IMAGE, |_, patch| patch as f32);
        let fine = enlarged(inner.as_ref(), 8).unwrap();
        for patch in 0..2 * PER_IMAGE {
            for child in 0..OUTER {
                assert_eq!(fine[(0, outer(patch, child))], patch as f32);
            }
        }
        let coarse = Mat::from_fn(1, 2 * 16, |_, pixel| pixel as f32);
        let fine = enlarged(coarse.as_ref(), 4).unwrap();
        for patch in 0..2 * PER_IMAGE {
            assert_eq!(fine[(0, patch)], middle(patch) as f32);
        }
    }

    /// Two images of 2 x 2 pixels with one channel: catches windows that wrap, turn or see another image.
    #[test]
    fn windows_have_the_neighbours_of_each_pixel() {
        let images = mat![[1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]];
        let second = windows(images.as_ref(), 2, 1..2);
        let column = |at: usize| second.col_as_slice(at).to_vec();
        assert_eq!(column(0), [0.0, 0.0, 0.0, 0.0, 5.0, 6.0, 0.0, 7.0, 8.0]);
        assert_eq!(column(3), [5.0, 6.0, 0.0, 7.0, 8.0, 0.0, 0.0, 0.0, 0.0]);
        let both = windows(images.as_ref(), 2, 0..2);
        assert_eq!(both.subcols(4, 4), second);
    }

    #[test]
    fn columns_are_gathered() {
        let activations = mat![[1.0_f32, 2.0, 3.0]];
        let gathered = gathered(activations.as_ref(), 2, |patch| 2 - patch);
        assert_eq!(gathered, mat![[3.0_f32, 2.0]]);
    }
}

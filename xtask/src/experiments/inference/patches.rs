//! The pixels that one module network covers: a pixel of the inner grid, and the four of the outer grid below it.
//!
//! An image of 16 x 16 pixels is 64 patches, numbered `image * 64 + pixel of the 8 x 8 grid`. Since the U-Net enlarges by
//! repeating pixels, a patch has everything that its outer decoder is told from below.

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

    #[test]
    fn columns_are_gathered() {
        let activations = mat![[1.0_f32, 2.0, 3.0]];
        let gathered = gathered(activations.as_ref(), 2, |patch| 2 - patch);
        assert_eq!(gathered, mat![[3.0_f32, 2.0]]);
    }
}

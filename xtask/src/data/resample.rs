//! Images on a finer or coarser grid.
//!
//! Networks of 12 x 12 oscillators are the size that the published model was shown on: MNIST is
//! brought down to it and the embedded digits up.

/// Bilinear interpolation of a row-major `from x from` image onto `to x to` pixels.
///
/// Both grids cover the same square and pixels sit at the centres of their cells, so the centre of
/// pixel i of the new grid lies at (i + 1/2) from / to - 1/2 in units of the old one. Beyond the
/// outermost centres the edge pixel is repeated. The result stays within the range of the image.
pub(super) fn bilinear(image: &[f32], from: usize, to: usize) -> Vec<f32> {
    debug_assert_eq!(image.len(), from * from);
    let taps: Vec<Tap> = (0..to).map(|i| Tap::new(i, from, to)).collect();
    let along_row = |row: usize, x: &Tap| {
        let row = &image[row * from..(row + 1) * from];
        x.mix(row[x.low], row[x.high])
    };
    taps.iter()
        .flat_map(|y| {
            taps.iter()
                .map(|x| y.mix(along_row(y.low, x), along_row(y.high, x)))
        })
        .collect()
}

/// The two old pixels, along one axis, between which a new one lies.
struct Tap {
    low: usize,
    high: usize,
    /// Weight of `high`, in [0, 1].
    weight: f32,
}

impl Tap {
    fn new(pixel: usize, from: usize, to: usize) -> Self {
        let last = from - 1;
        let centre = (pixel as f32 + 0.5) * from as f32 / to as f32 - 0.5;
        let centre = centre.clamp(0.0, last as f32);
        let low = centre.floor() as usize;
        Self {
            low,
            high: (low + 1).min(last),
            weight: centre - low as f32,
        }
    }

    fn mix(&self, low: f32, high: f32) -> f32 {
        low + self.weight * (high - low)
    }
}

/// The sum of the 2 x 2 block that becomes pixel `pixel` (row-major) of the coarser grid, after
/// `margin` pixels were cropped from each edge of a row-major `side x side` image.
///
/// A sum of bytes is exact, which a mean of rounded grey levels would not be.
pub(super) fn block_sum(image: &[u8], side: usize, margin: usize, pixel: usize) -> u16 {
    let coarse = (side - 2 * margin) / 2;
    let row = margin + 2 * (pixel / coarse);
    let column = margin + 2 * (pixel % coarse);
    [(0, 0), (0, 1), (1, 0), (1, 1)]
        .iter()
        .map(|(down, right)| u16::from(image[(row + down) * side + column + right]))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plane_is_reproduced_between_the_outermost_centres() {
        // Bilinear interpolation is exact on a + b x + c y; only the clamped border departs.
        let (from, to) = (8, 12);
        let plane = |x: f32, y: f32| 0.3 + 0.05 * x - 0.02 * y;
        let image: Vec<f32> = (0..from * from)
            .map(|i| plane((i % from) as f32, (i / from) as f32))
            .collect();
        let fine = bilinear(&image, from, to);
        for (i, &value) in fine.iter().enumerate() {
            let at = |k: usize| {
                let centre = (k as f32 + 0.5) * from as f32 / to as f32 - 0.5;
                centre.clamp(0.0, (from - 1) as f32)
            };
            let exact = plane(at(i % to), at(i / to));
            assert!((value - exact).abs() < 1e-6, "pixel {i}: {value} {exact}");
        }
    }

    #[test]
    fn the_same_grid_changes_nothing() {
        let image: Vec<f32> = (0..16).map(|i| ((i * 7) % 5) as f32 - 2.0).collect();
        assert_eq!(bilinear(&image, 4, 4), image);
    }

    #[test]
    fn orientation_is_kept() {
        // One lit pixel at row 0, column 1 of 2 x 2: the top right corner stays the brightest.
        let fine = bilinear(&[0.0, 1.0, 0.0, 0.0], 2, 4);
        let brightest = fine.iter().copied().fold(f32::MIN, f32::max);
        assert_eq!(fine[3], brightest);
        assert!(fine[0] < 0.5 && fine[12] < 0.5 && fine[15] < 0.5);
    }

    #[test]
    fn blocks_are_summed_inside_the_margin() {
        // 6 x 6 with a margin of 1: four blocks; the border holds 255 and must not leak in.
        let side = 6;
        let image: Vec<u8> = (0..side * side)
            .map(|i| {
                let (row, column) = (i / side, i % side);
                let border = row % 5 == 0 || column % 5 == 0;
                if border {
                    255
                } else {
                    (10 * row + column) as u8
                }
            })
            .collect();
        let sums: Vec<u16> = (0..4).map(|p| block_sum(&image, side, 1, p)).collect();
        assert_eq!(
            sums,
            [
                11 + 12 + 21 + 22,
                13 + 14 + 23 + 24,
                31 + 32 + 41 + 42,
                33 + 34 + 43 + 44
            ]
        );
        assert_eq!(block_sum(&[255; 784], 28, 2, 143), 4 * 255);
    }
}

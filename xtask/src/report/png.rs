//! Digits as grayscale PNG: grids for the page and for files in docs/.

use std::path::Path;

use faer::MatRef;

use super::Error;
use crate::export;

/// Brightness of the lines between images and of empty cells: apart from the
/// background (0) and well below ink (255).
const GUTTER: u8 = 44;
/// Larger pictures are a mistake rather than a wish.
const MAX_PIXELS: usize = 100_000_000;

/// A picture, one byte of brightness per pixel, row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// `width * height` bytes.
    pub pixels: Vec<u8>,
}

/// How images are laid out in a [`Picture`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Rows of images.
    pub rows: usize,
    /// Images per row.
    pub cols: usize,
    /// Side of an image in pixels.
    pub side: usize,
    /// Picture pixels per image pixel.
    pub scale: usize,
}

/// Lays out the first `rows * cols` images row by row, with lines of one pixel
/// between them. With fewer images there are fewer rows, the last of which may
/// end in empty cells.
///
/// `images` is `side * side` pixels `x` images. Values map linearly from
/// `[-1, 1]` to black and white and are clipped beyond.
///
/// # Errors
/// [`Error::ImageSize`], [`Error::Empty`], [`Error::TooLarge`] or
/// [`Error::NotFinite`].
pub fn grid(images: MatRef<'_, f32>, layout: Layout) -> Result<Picture, Error> {
    let Layout {
        rows,
        cols,
        side,
        scale,
    } = layout;
    if Some(images.nrows()) != side.checked_mul(side) {
        return Err(Error::ImageSize {
            units: images.nrows(),
            side,
        });
    }
    if images.ncols() == 0 || [rows, cols, side, scale].contains(&0) {
        return Err(Error::Empty {
            what: "digit grid".into(),
        });
    }
    let rows = rows.min(images.ncols().div_ceil(cols));
    let cell = side.saturating_mul(scale);
    let length = |cells: usize| cells.saturating_mul(cell.saturating_add(1)) - 1;
    let (width, height) = (length(cols), length(rows));
    if width.saturating_mul(height) > MAX_PIXELS {
        return Err(Error::TooLarge { width, height });
    }
    let mut pixels = vec![GUTTER; width * height];
    for (index, image) in images
        .col_iter()
        .take(rows.saturating_mul(cols))
        .enumerate()
    {
        let corner = index / cols * (cell + 1) * width + index % cols * (cell + 1);
        for y in 0..cell {
            let line = &mut pixels[corner + y * width..][..cell];
            for (x, pixel) in line.iter_mut().enumerate() {
                *pixel = brightness(image[y / scale * side + x / scale])?;
            }
        }
    }
    Ok(Picture {
        width,
        height,
        pixels,
    })
}

fn brightness(value: f32) -> Result<u8, Error> {
    if !value.is_finite() {
        return Err(Error::NotFinite {
            what: "digit grid".into(),
            value: value.into(),
        });
    }
    Ok(((value.clamp(-1.0, 1.0) + 1.0) * 127.5).round() as u8)
}

/// Encodes a picture as a PNG file in memory.
///
/// # Errors
/// [`Error::TooLarge`] or [`Error::Drawing`].
pub fn encode(picture: &Picture) -> Result<Vec<u8>, Error> {
    let Picture {
        width,
        height,
        ref pixels,
    } = *picture;
    let too_large = || Error::TooLarge { width, height };
    let size = |length: usize| u32::try_from(length).map_err(|_| too_large());
    let mut bytes = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut bytes, size(width)?, size(height)?);
    encoder.set_color(::png::ColorType::Grayscale);
    encoder.set_depth(::png::BitDepth::Eight);
    encoder
        .write_header()
        .and_then(|mut writer| {
            writer.write_image_data(pixels)?;
            writer.finish()
        })
        .map_err(|error| Error::Drawing {
            what: "PNG".into(),
            reason: error.to_string(),
        })?;
    Ok(bytes)
}

/// Writes a grid of images as a PNG file.
///
/// # Errors
/// As [`grid`], and [`Error::Write`] when the file system refuses.
pub fn write_grid(path: &Path, images: MatRef<'_, f32>, layout: Layout) -> Result<(), Error> {
    let bytes = encode(&grid(images, layout)?)?;
    export::atomic::write(path, |out| out.write_all(&bytes))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use faer::Mat;

    const LAYOUT: Layout = Layout {
        rows: 2,
        cols: 2,
        side: 2,
        scale: 3,
    };

    /// Image `i` is -1 but for pixel `i`, which is ink.
    fn images(count: usize) -> Mat<f32> {
        Mat::from_fn(
            4,
            count,
            |pixel, image| if pixel == image { 1.0 } else { -1.0 },
        )
    }

    #[test]
    fn a_written_grid_decodes_to_the_scaled_images() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("images/grid.png");
        write_grid(&path, images(3).as_ref(), LAYOUT).unwrap();
        let file = std::io::BufReader::new(std::fs::File::open(&path).unwrap());
        let mut reader = ::png::Decoder::new(file).read_info().unwrap();
        let mut decoded = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut decoded).unwrap();
        assert_eq!((info.width, info.height), (13, 13));
        assert_eq!(info.color_type, ::png::ColorType::Grayscale);
        for y in 0..13 {
            for x in 0..13 {
                let (column, row) = (x / 7, y / 7);
                let (index, pixel) = (row * 2 + column, y % 7 / 3 * 2 + x % 7 / 3);
                let expected = match (x == 6 || y == 6 || index == 3, index == pixel) {
                    (true, _) => GUTTER,
                    (false, true) => 255,
                    (false, false) => 0,
                };
                assert_eq!(decoded[y * 13 + x], expected, "at row {y}, column {x}");
            }
        }
    }

    #[test]
    fn fewer_images_make_fewer_rows() {
        let picture = grid(images(2).as_ref(), LAYOUT).unwrap();
        assert_eq!((picture.width, picture.height), (13, 6));
    }

    #[test]
    fn values_beyond_the_range_are_clipped_and_grey_is_between() {
        let levels = [-7.0, -1.0, 0.0, 1.0, 7.0].map(|value| brightness(value).unwrap());
        assert_eq!(levels, [0, 0, 128, 255, 255]);
    }

    #[test]
    fn what_cannot_be_drawn_is_refused() {
        let wrong = Layout { side: 3, ..LAYOUT };
        let error = grid(images(1).as_ref(), wrong).unwrap_err();
        assert!(matches!(error, Error::ImageSize { units: 4, side: 3 }));
        let error = grid(images(0).as_ref(), LAYOUT).unwrap_err();
        assert!(matches!(error, Error::Empty { .. }));
        let huge = Layout {
            scale: 10_000_000,
            ..LAYOUT
        };
        assert!(matches!(
            grid(images(1).as_ref(), huge),
            Err(Error::TooLarge { .. })
        ));
        let mut diverged = images(1);
        diverged[(0, 0)] = f32::NAN;
        assert!(matches!(
            grid(diverged.as_ref(), LAYOUT),
            Err(Error::NotFinite { .. })
        ));
    }
}

//! One side of a pair: where its values lie in a file, and reading stretches of them.
//!
//! On disk a sample is `(unit)` or `(channel, row, column)` in C order. In memory
//! one column is one sample of the coupling: the whole vector, or all channels of
//! *one pixel*. Reading feature maps is therefore a transposition, image by image.

use std::io::{BufReader, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use faer::Mat;
use overdamped_coupling::Side;

use super::error::{Error, Name, Place};
use super::scalar::Scalar;
use super::{MAX_UNITS, Open};

/// Bytes that are read at once.
const BUFFER: usize = 1 << 20;

/// Shape of one side, with its dimensions named; a plain vector is a map of one pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Leading dimension: images, or vectors.
    pub images: usize,
    /// Units of a sample: channels, or the vector's length.
    pub units: usize,
    /// Rows of a map.
    pub height: usize,
    /// Columns of a map.
    pub width: usize,
    /// Whether the tensor has maps at all, (n, units, 1, 1) included.
    maps: bool,
}

impl Shape {
    /// Names the dimensions of a declared shape.
    ///
    /// # Errors
    /// [`Error::Rank`], [`Error::Empty`], [`Error::Units`].
    pub fn new(tensor: &str, dimensions: &[u64]) -> Result<Self, Error> {
        let (tensor, shape) = (Name::new(tensor), dimensions.to_vec());
        let &[images, units, ref map @ ..] = dimensions else {
            return Err(Error::Rank { tensor, shape });
        };
        let (height, width) = match *map {
            [] => (1, 1),
            [height, width] => (height, width),
            _ => return Err(Error::Rank { tensor, shape }),
        };
        if dimensions.contains(&0) {
            return Err(Error::Empty { tensor, shape });
        }
        if units > MAX_UNITS {
            return Err(Error::Units {
                tensor,
                units,
                bound: MAX_UNITS,
            });
        }
        // Both headers have passed a check that the product fits.
        Ok(Self {
            images: images as usize,
            units: units as usize,
            height: height as usize,
            width: width as usize,
            maps: !map.is_empty(),
        })
    }

    /// Pixels of a map: samples per image.
    pub fn pixels(&self) -> usize {
        self.height * self.width
    }

    fn values(&self) -> u64 {
        self.images as u64 * self.units as u64 * self.pixels() as u64
    }

    /// The indices of a position in C order.
    fn place(&self, position: u64) -> Place {
        let (width, pixels) = (self.width as u64, self.pixels() as u64);
        let (unit, pixel) = (position / pixels, position % pixels);
        let (image, unit) = (unit / self.units as u64, unit % self.units as u64);
        let mut place = vec![image, unit];
        if self.maps {
            place.extend([pixel / width, pixel % width]);
        }
        Place(place)
    }
}

/// Bytes of a tensor of `dimensions` with `size` bytes a value; `None` beyond
/// the signed range that files are addressed by.
pub fn byte_length(dimensions: &[u64], size: u64) -> Option<u64> {
    dimensions
        .iter()
        .try_fold(size, |product, &extent| product.checked_mul(extent))
        .filter(|&bytes| i64::try_from(bytes).is_ok())
}

/// One side of a pair in an open file.
#[derive(Debug)]
pub struct Tensor<R> {
    path: PathBuf,
    name: String,
    side: Side,
    scalar: Scalar,
    shape: Shape,
    /// First byte of the values in the file.
    start: u64,
    file: BufReader<R>,
    /// Byte of the file that is read next.
    at: u64,
    bytes: Vec<u8>,
    values: Vec<f32>,
}

/// What a header says of one tensor, checked against the length of the file.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its name; the file's name for an array that has none.
    pub name: String,
    /// Type of its values.
    pub scalar: Scalar,
    /// Its shape.
    pub shape: Shape,
    /// First byte of the values in the file.
    pub start: u64,
}

impl<R: Read + Seek> Tensor<R> {
    /// Opens the file once more, so that both sides keep their own position.
    ///
    /// # Errors
    /// [`Error::Read`].
    pub fn open(open: &Open<'_, R>, path: &Path, side: Side, entry: Entry) -> Result<Self, Error> {
        let (file, length) = open(path).map_err(|source| unreadable(path, source))?;
        let buffer = usize::try_from(length).map_or(BUFFER, |length| length.min(BUFFER));
        Ok(Self {
            path: path.to_path_buf(),
            name: entry.name,
            side,
            scalar: entry.scalar,
            shape: entry.shape,
            start: entry.start,
            file: BufReader::with_capacity(buffer, file),
            at: 0,
            bytes: Vec::new(),
            values: Vec::new(),
        })
    }

    /// The shape of this side.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The tensor's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Bytes of all values.
    pub fn stored_bytes(&self) -> u64 {
        self.shape.values() * self.scalar.bytes() as u64
    }

    /// Reads the given pixels of one image into columns of `chunk`, from column `first` on.
    ///
    /// # Errors
    /// [`Error::Read`], [`Error::NotFinite`].
    pub fn read(
        &mut self,
        image: usize,
        pixels: Range<usize>,
        chunk: &mut Mat<f32>,
        first: usize,
    ) -> Result<(), Error> {
        let Shape { units, .. } = self.shape;
        let all = self.shape.pixels();
        let mut values = std::mem::take(&mut self.values);
        values.resize(units * pixels.len(), 0.0);
        let start = (image * units * all) as u64;
        if pixels.len() == all {
            self.decode(start, &mut values)?;
        } else {
            for (unit, part) in values.chunks_exact_mut(pixels.len()).enumerate() {
                self.decode(start + (unit * all + pixels.start) as u64, part)?;
            }
        }
        if values.iter().any(|value| !value.is_finite()) {
            return Err(self.not_finite()?);
        }
        for pixel in 0..pixels.len() {
            let of_pixel = values[pixel..].iter().step_by(pixels.len());
            for (entry, &value) in chunk
                .col_as_slice_mut(first + pixel)
                .iter_mut()
                .zip(of_pixel)
            {
                *entry = value;
            }
        }
        self.values = values;
        Ok(())
    }

    /// Reads consecutive values from the given position in C order.
    fn decode(&mut self, position: u64, values: &mut [f32]) -> Result<(), Error> {
        let size = self.scalar.bytes();
        let at = self.start + position * size as u64;
        self.bytes.resize(values.len() * size, 0);
        let outcome = (|| {
            if at != self.at {
                self.file.seek(SeekFrom::Start(at))?;
            }
            self.file.read_exact(&mut self.bytes)
        })();
        outcome.map_err(|source| unreadable(&self.path, source))?;
        self.at = at + self.bytes.len() as u64;
        self.scalar.decode(&self.bytes, values);
        Ok(())
    }

    /// Counts what is not finite in the whole tensor: whoever repairs the
    /// export wants to know whether it is one image or all of them, and the
    /// message must not depend on how the file was cut into chunks.
    fn not_finite(&mut self) -> Result<Error, Error> {
        let total = self.shape.values();
        let (mut count, mut first) = (0, 0);
        let most = (BUFFER / size_of::<f32>()) as u64;
        let mut values = vec![0.0; total.min(most) as usize];
        let mut position = 0;
        while position < total {
            let len = values.len().min((total - position) as usize);
            self.decode(position, &mut values[..len])?;
            for (offset, value) in values[..len].iter().enumerate() {
                if !value.is_finite() {
                    if count == 0 {
                        first = position + offset as u64;
                    }
                    count += 1;
                }
            }
            position += len as u64;
        }
        Ok(Error::NotFinite {
            side: self.side,
            tensor: Name::new(&self.name),
            count,
            total,
            first: self.shape.place(first),
        })
    }
}

/// The file system's refusal of a file.
pub fn unreadable(path: &Path, source: std::io::Error) -> Error {
    Error::Read {
        path: path.to_path_buf(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_named() {
        let vectors = Shape::new("a", &[5, 3]).unwrap();
        assert_eq!((vectors.images, vectors.units, vectors.pixels()), (5, 3, 1));
        let maps = Shape::new("a", &[5, 3, 2, 4]).unwrap();
        assert_eq!((maps.units, maps.height, maps.width), (3, 2, 4));
        assert_eq!(
            maps.place(((4 * 3 + 2) * 2 + 1) * 4 + 3),
            Place(vec![4, 2, 1, 3])
        );
        assert_eq!(
            maps.place(0).to_string(),
            "sample 0, channel 0, row 0, column 0"
        );
        assert_eq!(vectors.place(7).to_string(), "sample 2, unit 1");
    }

    #[test]
    fn other_shapes_are_refused_with_what_is_expected() {
        for shape in [&[][..], &[5], &[5, 3, 2], &[5, 3, 2, 4, 1]] {
            let error = Shape::new("a", shape).unwrap_err();
            assert!(matches!(error, Error::Rank { .. }), "{error}");
            assert!(error.to_string().contains("(samples, units)"), "{error}");
        }
        for shape in [&[0, 3][..], &[5, 0], &[5, 3, 0, 4]] {
            let error = Shape::new("a", shape).unwrap_err();
            assert!(matches!(error, Error::Empty { .. }), "{error}");
        }
        let error = Shape::new("a", &[2, MAX_UNITS + 1]).unwrap_err();
        assert!(matches!(error, Error::Units { units, .. } if units == MAX_UNITS + 1));
    }

    #[test]
    fn lengths_beyond_the_address_space_are_none() {
        assert_eq!(byte_length(&[3, 5], 4), Some(60));
        assert_eq!(byte_length(&[1 << 40, 1 << 40], 4), None);
        assert_eq!(byte_length(&[1 << 61], 4), None);
        assert_eq!(byte_length(&[u64::MAX, 0], 4), None);
    }
}

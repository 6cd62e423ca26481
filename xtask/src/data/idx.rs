//! The idx format of the MNIST files: big-endian header, then one byte per value.
//!
//! ```text
//! images:  00 00 08 03 | count u32 | rows u32 | columns u32 | count * rows * columns bytes
//! labels:  00 00 08 01 | count u32 | count bytes
//! ```
//!
//! The parser borrows from the bytes that it is given and allocates nothing, whatever a header
//! announces; header products are formed in `u128`, where three `u32` cannot overflow.

use std::path::Path;

use super::{CLASSES, DataError};

/// Magic number of a three-dimensional idx file of unsigned bytes.
const IMAGES: u32 = 0x0000_0803;
/// Magic number of a one-dimensional idx file of unsigned bytes.
const LABELS: u32 = 0x0000_0801;

/// The pixels of a file of `side x side` images: `count * side * side` bytes, image after image,
/// each row by row, 0 for paper and 255 for ink. `file` is only named in errors.
///
/// # Errors
/// [`DataError::BadMagic`], [`DataError::WrongDimensions`], [`DataError::Truncated`] or
/// [`DataError::TrailingBytes`].
pub(crate) fn images<'a>(file: &Path, bytes: &'a [u8], side: u32) -> Result<&'a [u8], DataError> {
    let ([count, rows, columns], body) = header(file, bytes, "images", IMAGES)?;
    if (rows, columns) != (side, side) {
        return Err(DataError::WrongDimensions {
            file: file.to_path_buf(),
            side,
            found: (rows, columns),
        });
    }
    let needed = u128::from(count) * u128::from(rows) * u128::from(columns);
    exactly(file, bytes, body, needed)
}

/// The labels of a file, each 0 to 9. `file` is only named in errors.
///
/// # Errors
/// [`DataError::BadMagic`], [`DataError::Truncated`], [`DataError::TrailingBytes`] or
/// [`DataError::LabelOutOfRange`].
pub(crate) fn labels<'a>(file: &Path, bytes: &'a [u8]) -> Result<&'a [u8], DataError> {
    let ([count], body) = header(file, bytes, "labels", LABELS)?;
    let labels = exactly(file, bytes, body, u128::from(count))?;
    match labels.iter().position(|&label| label >= CLASSES) {
        None => Ok(labels),
        Some(index) => Err(DataError::LabelOutOfRange {
            file: file.to_path_buf(),
            index,
            label: labels[index],
        }),
    }
}

/// Checks the magic number and reads the `N` sizes after it; the rest is the body.
fn header<'a, const N: usize>(
    file: &Path,
    bytes: &'a [u8],
    kind: &'static str,
    expected: u32,
) -> Result<([u32; N], &'a [u8]), DataError> {
    let truncated = || DataError::Truncated {
        file: file.to_path_buf(),
        expected: 4 * (N as u64 + 1),
        found: bytes.len() as u64,
    };
    let (found, mut body) = next_u32(bytes).ok_or_else(truncated)?;
    if found != expected {
        return Err(DataError::BadMagic {
            file: file.to_path_buf(),
            kind,
            expected,
            found,
        });
    }
    let mut sizes = [0; N];
    for size in &mut sizes {
        (*size, body) = next_u32(body).ok_or_else(truncated)?;
    }
    Ok((sizes, body))
}

/// The big-endian number at the front, and what follows it.
fn next_u32(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (field, rest) = bytes.split_first_chunk()?;
    Some((u32::from_be_bytes(*field), rest))
}

/// `body`, where it is `needed` bytes long; the error counts the header of `bytes` too.
fn exactly<'a>(
    file: &Path,
    bytes: &[u8],
    body: &'a [u8],
    needed: u128,
) -> Result<&'a [u8], DataError> {
    let header = bytes.len() - body.len();
    let found = bytes.len() as u64;
    let expected = u64::try_from(header as u128 + needed).unwrap_or(u64::MAX);
    let file = file.to_path_buf();
    match (body.len() as u128).cmp(&needed) {
        std::cmp::Ordering::Equal => Ok(body),
        std::cmp::Ordering::Less => Err(DataError::Truncated {
            file,
            expected,
            found,
        }),
        std::cmp::Ordering::Greater => Err(DataError::TrailingBytes {
            file,
            expected,
            found,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{idx_images, idx_labels};
    use super::*;

    const SIDE: u32 = 3;

    fn parse_images(bytes: &[u8]) -> Result<&[u8], DataError> {
        images(Path::new("images"), bytes, SIDE)
    }

    fn parse_labels(bytes: &[u8]) -> Result<&[u8], DataError> {
        labels(Path::new("labels"), bytes)
    }

    #[test]
    fn a_well_formed_file_gives_its_body() {
        let pixels: Vec<u8> = (0..18).collect();
        let file = idx_images(2, SIDE, SIDE, &pixels);
        assert_eq!(parse_images(&file).unwrap(), pixels);
        assert_eq!(parse_labels(&idx_labels(3, &[7, 0, 9])).unwrap(), [7, 0, 9]);
        assert!(parse_labels(&idx_labels(0, &[])).unwrap().is_empty());
    }

    #[test]
    fn every_shorter_file_is_truncated() {
        let pixels = [0; 18];
        let file = idx_images(2, SIDE, SIDE, &pixels);
        for length in 0..file.len() {
            let error = parse_images(&file[..length]).unwrap_err();
            let DataError::Truncated {
                expected, found, ..
            } = error
            else {
                panic!("{length} bytes: {error}")
            };
            // Until the header is complete, only the header is known to be needed.
            assert_eq!(expected, if length < 16 { 16 } else { 34 });
            assert_eq!(found, length as u64);
        }
        let file = idx_labels(2, &[1, 2]);
        for length in 0..file.len() {
            let error = parse_labels(&file[..length]).unwrap_err();
            assert!(matches!(error, DataError::Truncated { .. }), "{error}");
        }
    }

    #[test]
    fn bytes_after_the_last_item_are_refused() {
        let error = parse_images(&idx_images(2, SIDE, SIDE, &[0; 19])).unwrap_err();
        assert!(
            matches!(
                error,
                DataError::TrailingBytes {
                    expected: 34,
                    found: 35,
                    ..
                }
            ),
            "{error}"
        );
        let error = parse_labels(&idx_labels(2, &[1, 2, 3])).unwrap_err();
        assert!(matches!(error, DataError::TrailingBytes { .. }), "{error}");
    }

    #[test]
    fn a_header_that_announces_the_largest_numbers_costs_nothing() {
        let error = parse_images(&idx_images(u32::MAX, SIDE, SIDE, &[0; 9])).unwrap_err();
        let DataError::Truncated { expected, .. } = error else {
            panic!("{error}")
        };
        assert_eq!(expected, 16 + u64::from(u32::MAX) * 9);

        // (2^32 - 1)^3 pixels overflow a u64: the announced length saturates instead.
        let everything = idx_images(u32::MAX, u32::MAX, u32::MAX, &[]);
        let error = images(Path::new("images"), &everything, u32::MAX).unwrap_err();
        assert!(
            matches!(
                error,
                DataError::Truncated {
                    expected: u64::MAX,
                    ..
                }
            ),
            "{error}"
        );
    }

    #[test]
    fn swapped_files_are_recognised_by_their_magic_number() {
        let error = parse_images(&idx_labels(2, &[1, 2])).unwrap_err();
        assert!(
            matches!(
                error,
                DataError::BadMagic {
                    expected: IMAGES,
                    found: LABELS,
                    ..
                }
            ),
            "{error}"
        );
        let error = parse_labels(&idx_images(1, SIDE, SIDE, &[0; 9])).unwrap_err();
        assert!(
            matches!(error, DataError::BadMagic { found: IMAGES, .. }),
            "{error}"
        );
    }

    #[test]
    fn images_of_another_size_are_refused() {
        for (rows, columns) in [(2, SIDE), (SIDE, 4), (0, 0)] {
            let body = vec![0; (rows * columns) as usize];
            let error = parse_images(&idx_images(1, rows, columns, &body)).unwrap_err();
            let DataError::WrongDimensions { found, side, .. } = error else {
                panic!("{error}")
            };
            assert_eq!((found, side), ((rows, columns), SIDE));
        }
    }

    #[test]
    fn the_first_label_that_is_no_digit_is_named() {
        let error = parse_labels(&idx_labels(4, &[9, 10, 3, 255])).unwrap_err();
        assert!(
            matches!(
                error,
                DataError::LabelOutOfRange {
                    index: 1,
                    label: 10,
                    ..
                }
            ),
            "{error}"
        );
    }
}

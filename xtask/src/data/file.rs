//! One published data file: its name, its digest, and how to read it without trusting it.
//!
//! A file may lie in a folder as `NAME.gz` or, unpacked, as `NAME`. Its digest is that of the
//! *decompressed* bytes, so that a recompressed copy is as good as the original. Which of the two
//! a file is, its first bytes tell (gzip starts with 1f 8b, idx with 00 00), not its suffix: some
//! browsers unpack a download and keep the suffix.
//!
//! The length of the genuine file is known beforehand, and bounds what is read and unpacked: an
//! archive that unpacks without end costs no more memory than the genuine one.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};

use super::DataError;

/// The first two bytes of every gzip archive (RFC 1952, section 2.3.1).
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// A sha256 digest; displayed as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Sha256Sum([u8; 32]);

impl Sha256Sum {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Reads 64 lower-case hexadecimal digits, at compile time for the tables of this crate.
    ///
    /// # Panics
    /// Panics on any other text: in a `const`, that fails the build.
    pub const fn from_hex(text: &str) -> Self {
        const fn nibble(digit: u8) -> u8 {
            match digit {
                b'0'..=b'9' => digit - b'0',
                b'a'..=b'f' => digit - b'a' + 10,
                _ => panic!("a sha256 digest is written in digits and a-f"),
            }
        }
        let text = text.as_bytes();
        assert!(text.len() == 64, "a sha256 digest has 64 digits");
        let mut bytes = [0; 32];
        let mut i = 0;
        while i < bytes.len() {
            bytes[i] = nibble(text[2 * i]) << 4 | nibble(text[2 * i + 1]);
            i += 1;
        }
        Self(bytes)
    }
}

impl fmt::Display for Sha256Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A row of a table of published files.
#[derive(Debug, Clone, Copy)]
pub struct DataFile {
    /// Name of the unpacked file.
    pub name: &'static str,
    /// Digest of the decompressed bytes.
    pub sha256: Sha256Sum,
    /// Length of the decompressed bytes.
    pub bytes: u64,
}

/// What a file held.
#[derive(Debug)]
pub struct Contents {
    /// The decompressed bytes.
    pub bytes: Vec<u8>,
    /// The archive as it lay there, where the file was one.
    pub archive: Option<Vec<u8>>,
}

impl DataFile {
    /// Name of the file as an archive: what the mirrors hold and `fetch` stores.
    pub fn archive_name(&self) -> String {
        format!("{}.gz", self.name)
    }

    /// The file in `dir`, packed or not; the archive where both are there.
    pub fn find(&self, dir: &Path) -> Option<PathBuf> {
        [dir.join(self.archive_name()), dir.join(self.name)]
            .into_iter()
            .find(|path| path.is_file())
    }

    /// No archive of this file is longer: gzip adds 5 bytes per stored block of at most 64 KiB and
    /// a header, for which the 1 KiB leaves room.
    pub fn longest_archive(&self) -> u64 {
        self.bytes + self.bytes / 1024 + 1024
    }

    /// Reads `path`, and unpacks it where it is an archive. The digest is not checked yet: a caller
    /// that knows the format can first say more precisely what is wrong.
    ///
    /// # Errors
    /// [`DataError::Unreadable`], [`DataError::CorruptGzip`] or [`DataError::TooLong`].
    pub fn read(&self, path: &Path) -> Result<Contents, DataError> {
        let unreadable = |source| DataError::Unreadable {
            file: path.to_path_buf(),
            source,
        };
        let too_long = |limit| DataError::TooLong {
            file: path.to_path_buf(),
            limit,
        };

        let stored = File::open(path)
            .and_then(|file| read_at_most(file, self.longest_archive()))
            .map_err(unreadable)?
            .ok_or_else(|| too_long(self.longest_archive()))?;
        self.unpack(path, stored)
    }

    /// The bytes as they lay in `path`, which is only named in errors, unpacked where they are an
    /// archive; the digest is not checked yet.
    ///
    /// # Errors
    /// [`DataError::CorruptGzip`] or [`DataError::TooLong`].
    pub fn unpack(&self, path: &Path, stored: Vec<u8>) -> Result<Contents, DataError> {
        let too_long = |limit| DataError::TooLong {
            file: path.to_path_buf(),
            limit,
        };
        if !stored.starts_with(&GZIP_MAGIC) {
            return if stored.len() as u64 > self.bytes {
                Err(too_long(self.bytes))
            } else {
                Ok(Contents {
                    bytes: stored,
                    archive: None,
                })
            };
        }

        let bytes = read_at_most(MultiGzDecoder::new(stored.as_slice()), self.bytes)
            .map_err(|source| DataError::CorruptGzip {
                file: path.to_path_buf(),
                source,
            })?
            .ok_or_else(|| too_long(self.bytes))?;
        Ok(Contents {
            bytes,
            archive: Some(stored),
        })
    }

    /// Checks the digest of the decompressed `bytes` that were read from `path`.
    ///
    /// # Errors
    /// [`DataError::Checksum`].
    pub fn verify(&self, path: &Path, bytes: &[u8]) -> Result<(), DataError> {
        let found = Sha256Sum::of(bytes);
        if found == self.sha256 {
            Ok(())
        } else {
            Err(DataError::Checksum {
                file: path.to_path_buf(),
                expected: self.sha256,
                found,
            })
        }
    }

    /// [`read`](Self::read), then [`verify`](Self::verify).
    ///
    /// # Errors
    /// Those of the two.
    pub fn read_verified(&self, path: &Path) -> Result<Contents, DataError> {
        let contents = self.read(path)?;
        self.verify(path, &contents.bytes)?;
        Ok(contents)
    }
}

/// Everything that `reader` holds, or `None` where that is more than `limit` bytes. The buffer grows
/// with what arrives, never by what somebody announced.
fn read_at_most(reader: impl Read, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    reader.take(limit + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= limit).then_some(bytes))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{data_file, gzip};
    use super::*;
    use std::fs;

    /// Writes `stored` as the archive of a file whose genuine content is `genuine`, and reads it.
    fn read_back(genuine: &[u8], stored: &[u8]) -> Result<Contents, DataError> {
        let dir = tempfile::tempdir().unwrap();
        let file = data_file("digits", genuine);
        fs::write(dir.path().join(file.archive_name()), stored).unwrap();
        file.read_verified(&file.find(dir.path()).unwrap())
    }

    #[test]
    fn the_digest_is_sha256() {
        // FIPS 180-4, the one-block example "abc".
        const ABC: Sha256Sum =
            Sha256Sum::from_hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(Sha256Sum::of(b"abc"), ABC);
        assert_eq!(
            ABC.to_string(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn packed_and_unpacked_bytes_are_told_apart_by_content() {
        let packed = gzip(b"content");
        let contents = read_back(b"content", &packed).unwrap();
        assert_eq!(contents.bytes, b"content");
        assert_eq!(contents.archive, Some(packed));
        let contents = read_back(b"content", b"content").unwrap();
        assert_eq!(contents.bytes, b"content");
        assert!(contents.archive.is_none());
    }

    #[test]
    fn the_archive_is_preferred_where_both_lie_there() {
        let dir = tempfile::tempdir().unwrap();
        let file = data_file("digits", b"content");
        assert_eq!(file.find(dir.path()), None);
        fs::write(dir.path().join("digits"), b"content").unwrap();
        assert_eq!(file.find(dir.path()), Some(dir.path().join("digits")));
        fs::write(dir.path().join("digits.gz"), gzip(b"content")).unwrap();
        assert_eq!(file.find(dir.path()), Some(dir.path().join("digits.gz")));
    }

    #[test]
    fn a_wrong_digest_names_both() {
        let error = read_back(b"content", &gzip(b"c0ntent")).unwrap_err();
        let DataError::Checksum {
            expected, found, ..
        } = error
        else {
            panic!("{error}")
        };
        assert_eq!(expected, Sha256Sum::of(b"content"));
        assert_eq!(found, Sha256Sum::of(b"c0ntent"));
    }

    #[test]
    fn every_truncation_and_every_flipped_bit_of_an_archive_is_noticed() {
        let genuine: Vec<u8> = (0..200).map(|i| (i * i % 251) as u8).collect();
        let packed = gzip(&genuine);
        for length in 0..packed.len() {
            assert!(
                read_back(&genuine, &packed[..length]).is_err(),
                "cut at {length}"
            );
        }
        // The ten bytes of the gzip header hold a time stamp and hints that decoders ignore.
        for byte in 10..packed.len() {
            let mut damaged = packed.clone();
            damaged[byte] ^= 1 << (byte % 8);
            let read = read_back(&genuine, &damaged);
            assert!(read.is_err(), "flipped byte {byte}");
        }
    }

    #[test]
    fn a_cut_archive_is_called_damaged_and_so_is_one_with_a_tail() {
        let packed = gzip(b"content");
        let cut = read_back(b"content", &packed[..packed.len() - 3]);
        assert!(matches!(cut, Err(DataError::CorruptGzip { .. })), "{cut:?}");
        let tail = read_back(b"content", &[packed.as_slice(), b"tail"].concat());
        assert!(
            matches!(tail, Err(DataError::CorruptGzip { .. })),
            "{tail:?}"
        );
    }

    #[test]
    fn an_archive_that_unpacks_without_end_is_stopped_at_the_genuine_length() {
        let bomb = gzip(&vec![0; 10 << 20]);
        let error = read_back(&[0; 16_000], &bomb).unwrap_err();
        assert!(
            matches!(error, DataError::TooLong { limit: 16_000, .. }),
            "{error}"
        );
    }

    #[test]
    fn an_unpacked_file_that_is_too_long_is_refused() {
        let one_more = read_back(b"content", b"content+").unwrap_err();
        assert!(
            matches!(one_more, DataError::TooLong { limit: 7, .. }),
            "{one_more}"
        );
        let far_more = read_back(b"content", &[0; 1 << 16]).unwrap_err();
        assert!(matches!(far_more, DataError::TooLong { .. }), "{far_more}");
    }
}

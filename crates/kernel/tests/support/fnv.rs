//! A digest of bits that needs no crate: FNV-1a with 64 bits (Fowler, Noll and Vo).

/// The digest of these words, each as its bytes from the lowest.
pub fn digest(words: impl IntoIterator<Item = u32>) -> u64 {
    let bytes = words.into_iter().flat_map(u32::to_le_bytes);
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

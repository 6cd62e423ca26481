//! Fuzzes `xtask::hostile::snapshot`: see the library there, and `cargo xtask fuzz --help`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    xtask::hostile::snapshot(bytes);
});

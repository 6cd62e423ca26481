//! A smoke test of all readers, on the stable compiler and without a fuzzer: their seeds, mutations of them, and noise.
//!
//! A reader must not panic, and all that it allocates on the way, freed again or not, must be bounded by a constant and a
//! multiple of the length of its input.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod mutation;
mod seeds;

use std::alloc::System;
use std::fs;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use cap::Cap;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use xtask::hostile::READERS;

#[global_allocator]
static ALLOCATED: Cap<System> = Cap::new(System, usize::MAX);
/// The counter is that of the whole process: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// Mutations of the seeds of each reader.
const CASES: u32 = 10_000;
/// Bytes that a reader may allocate whatever it is given: buffers, presets, texts of errors. For a list whose claimed length
/// is a lie serde sets aside one mebibyte at most, and a checkpoint is read in two precisions.
const CONSTANT: usize = 4 << 20;
/// Bytes that it may allocate for each byte of its input.
const FACTOR: usize = 1 << 10;

/// Reads, and says what is wrong with that; whether the bytes were accepted.
fn check(read: fn(&[u8]) -> bool, bytes: &[u8]) -> Result<bool, String> {
    let before = ALLOCATED.total_allocated();
    let outcome = catch_unwind(AssertUnwindSafe(|| read(bytes)));
    let allocated = ALLOCATED.total_allocated() - before;
    let bound = CONSTANT + FACTOR * bytes.len();
    match outcome {
        Err(_) => Err("it panics".to_owned()),
        Ok(_) if allocated > bound => Err(format!(
            "it allocates {allocated} bytes for {} of input, more than {bound}",
            bytes.len()
        )),
        Ok(accepted) => Ok(accepted),
    }
}

/// Tries all mutations of the seeds until one fails; the message shows the smallest that does.
fn mutate(read: fn(&[u8]) -> bool, seeds: Vec<Vec<u8>>) -> Result<(), String> {
    let config = Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let outcome = runner.run(&mutation::mutated(seeds), |bytes| {
        check(read, &bytes).map(drop).map_err(TestCaseError::fail)
    });
    outcome.map_err(|error| error.to_string())
}

/// What is in the folder of a reader's seeds, made by hand or not, in the order of the names.
fn stored(reader: &str) -> Vec<(String, Vec<u8>)> {
    let listing = fs::read_dir(seeds::folder(reader)).unwrap();
    let mut files: Vec<_> = listing
        .map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect();
    files.sort();
    files
}

#[test]
fn committed_seeds_are_those_that_are_made() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let write = std::env::var_os("OVERDAMPED_SEEDS").is_some_and(|value| value == "write");
    for seed in seeds::made() {
        let path = seeds::folder(seed.reader).join(seed.file);
        if write {
            fs::create_dir_all(seeds::folder(seed.reader)).unwrap();
            fs::write(&path, &seed.bytes).unwrap();
        }
        let stored = fs::read(&path).unwrap_or_default();
        let made_by = file!();
        assert!(
            stored == seed.bytes,
            "{} is not what {made_by} makes",
            path.display()
        );
    }
}

#[test]
fn every_reader_survives_its_seeds_and_accepts_one() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for reader in READERS {
        let mut accepted = 0;
        for (file, bytes) in stored(reader.name) {
            let outcome = check(reader.read, &bytes);
            accepted += usize::from(
                outcome.unwrap_or_else(|fault| panic!("{} of {file}: {fault}", reader.name)),
            );
        }
        assert!(accepted > 0, "{} accepts none of its seeds", reader.name);
    }
}

#[test]
fn every_reader_survives_mutations_of_its_seeds() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for reader in READERS {
        let seeds = stored(reader.name)
            .into_iter()
            .map(|(_, bytes)| bytes)
            .collect();
        mutate(reader.read, seeds).unwrap_or_else(|fault| panic!("{}: {fault}", reader.name));
    }
}

/// Believes a length, as readers do that nobody has fuzzed.
fn trusting(bytes: &[u8]) -> bool {
    let Some((length, rest)) = bytes.split_first_chunk() else {
        return false;
    };
    // The mutations set it to extremes; sixteen megabytes are enough of one.
    let length = u64::from_le_bytes(*length).min(1 << 24) as usize;
    let mut values = Vec::with_capacity(length);
    values.extend_from_slice(&rest[..length.min(rest.len())]);
    values.len() == length
}

/// Indexes without looking.
fn careless(bytes: &[u8]) -> bool {
    bytes.is_empty() || bytes[usize::from(bytes[0])] == 0
}

#[test]
fn planted_faults_are_found() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let seed = [&3_u64.to_le_bytes()[..], b"abc"].concat();
    // Many panics are on their way to the smallest one, and none is news.
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| ()));
    let faults = [trusting as fn(&[u8]) -> bool, careless].map(|read| {
        let harmless = check(read, &seed).is_ok();
        (harmless, mutate(read, vec![seed.clone()]))
    });
    panic::set_hook(hook);
    for ((harmless, outcome), fault) in faults.into_iter().zip(["it allocates", "it panics"]) {
        assert!(harmless, "the seed itself must pass");
        let found = outcome.unwrap_err();
        assert!(found.contains(fault), "{found}");
    }
}

#[test]
fn every_reader_has_a_target_and_every_target_a_reader() {
    let targets = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz_targets");
    let mut listed: Vec<String> = fs::read_dir(targets)
        .unwrap()
        .map(|entry| {
            entry
                .unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    let mut names: Vec<_> = READERS.iter().map(|reader| reader.name).collect();
    listed.sort();
    names.sort_unstable();
    assert_eq!(listed, names);
}

//! Texts that somebody else wrote, or that were damaged: an answer or a typed error, and never a panic.

use overdamped_accounting::{Bill, Counts, HardwareModel, Pair};
use proptest::prelude::*;

/// A text in which some bytes are others, some are lost and some come twice.
fn damaged(text: String) -> impl Strategy<Value = String> {
    let bytes = text.into_bytes();
    let length = bytes.len();
    let edit = (0..length, any::<u8>(), 0..3_u8);
    prop::collection::vec(edit, 1..6).prop_map(move |edits| {
        let mut bytes = bytes.clone();
        for (at, byte, kind) in edits {
            let at = at.min(bytes.len().saturating_sub(1));
            match kind {
                0 => bytes[at] = byte,
                1 if bytes.len() > 1 => drop(bytes.remove(at)),
                _ => bytes.insert(at, byte),
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

fn json() -> String {
    Pair::PUBLISHED.training().unwrap().to_json().unwrap()
}

const TOML: &str = "schema = 1\nname = 'x'\nper = 'sample'\nresults = 10\nunits = 3\n[acts]\nstates_read = 30\n\
    relaxation = [{ temperature = 1.0, unit_seconds = 2.5 }]\n[[digital]]\nname = 'd'\nplace = 'interface'\nwork = { macs = 4.0 }\n";
const MODEL: &str = "name = 'mine'\nabout = 'a chip'\nbased_on = 'typical'\n[adc]\nbits = { value = 6, source = 'measured' }\n";

/// What can be read can be billed, and the bill is a number.
fn bill(counts: Counts) {
    let model = HardwareModel::preset("typical").unwrap();
    let bill = Bill::new(&counts, &model).unwrap();
    assert!(bill.energy().0 >= 0.0 && bill.time().0 >= 0.0);
    assert!(!bill.to_string().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn damaged_counts_are_read_or_refused(text in damaged(json()), table in damaged(TOML.to_owned())) {
        if let Ok(counts) = Counts::from_json(&text) {
            bill(counts);
        }
        if let Ok(counts) = Counts::from_toml(&table) {
            bill(counts);
        }
    }

    #[test]
    fn damaged_models_are_read_or_refused(text in damaged(MODEL.to_owned())) {
        if let Ok(model) = HardwareModel::from_toml(&text) {
            let counts = Pair::PUBLISHED.inference().unwrap();
            prop_assert!(Bill::new(&counts, &model).unwrap().energy().0.is_finite());
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,200}", key in ".{0,40}", value in ".{0,40}") {
        let _ = Counts::from_json(&text);
        let _ = Counts::from_toml(&text);
        let _ = HardwareModel::from_toml(&text);
        let mut model = HardwareModel::preset("typical").unwrap();
        let before = model.clone();
        if model.set(&key, &value).is_err() {
            prop_assert_eq!(&model, &before);
        }
        if model.set("adc.bits", &value).is_err() {
            prop_assert_eq!(&model, &before);
        }
    }
}

//! Texts: TOML, JSON, and lines.

use std::path::Path;
use std::sync::LazyLock;

use overdamped_accounting::{AccountingError, Bill, Counts, HardwareModel, Pair};

use crate::bench::peers::Answer;
use crate::results::Results;
use crate::{bill, fetch};

/// The usual hardware.
static TYPICAL: LazyLock<HardwareModel> =
    LazyLock::new(|| HardwareModel::preset("typical").expect("a preset"));
/// The published comparison.
static PUBLISHED: LazyLock<Counts> =
    LazyLock::new(|| Pair::PUBLISHED.inference().expect("the published sizes"));

/// A hardware model, with which the published counts are priced.
pub fn hardware(bytes: &[u8]) -> bool {
    let model = std::str::from_utf8(bytes).map(HardwareModel::from_toml);
    let Ok(Ok(model)) = model else {
        return false;
    };
    price(&PUBLISHED, &model);
    true
}

/// `KEY=VALUE`: a refusal leaves the model as it was.
pub fn constant(bytes: &[u8]) -> bool {
    let setting = std::str::from_utf8(bytes)
        .ok()
        .and_then(|text| bill::setting(text).ok());
    let Some((key, value)) = setting else {
        return false;
    };
    let mut model = TYPICAL.clone();
    let set = model.set(&key, &value).is_ok();
    if set {
        price(&PUBLISHED, &model);
    } else {
        assert_eq!(model, *TYPICAL);
    }
    set
}

/// Counts, priced.
pub fn counts_json(bytes: &[u8]) -> bool {
    billed(bytes, Counts::from_json)
}

/// Counts, priced.
pub fn counts_toml(bytes: &[u8]) -> bool {
    billed(bytes, Counts::from_toml)
}

fn billed(bytes: &[u8], read: fn(&str) -> Result<Counts, AccountingError>) -> bool {
    let Ok(Ok(counts)) = std::str::from_utf8(bytes).map(read) else {
        return false;
    };
    price(&counts, &TYPICAL);
    let written = counts.to_json().expect("what was read can be written");
    let again = Counts::from_json(&written).expect("what was written can be read");
    assert_eq!(again, counts);
    true
}

/// What can be read can be billed, and the bill is a number.
fn price(counts: &Counts, model: &HardwareModel) {
    let bill = Bill::new(counts, model).expect("what was read can be billed");
    assert!(bill.energy().0 >= 0.0 && bill.time().0 >= 0.0);
}

/// A file of results, written and read again.
pub fn results(bytes: &[u8]) -> bool {
    let path = Path::new("results.json");
    let Ok(results) = Results::from_bytes(bytes, path) else {
        return false;
    };
    let written = serde_json::to_vec(&results).expect("what was read can be written");
    let again = Results::from_bytes(&written, path).expect("what was written can be read");
    assert_eq!(again, results);
    true
}

/// What a Python program printed.
pub fn peers(bytes: &[u8]) -> bool {
    serde_json::from_slice::<Answer>(bytes).is_ok()
}

/// Two lines: a `Content-Range`, and the URL of a mirror.
pub fn download(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    let (range, url) = text.split_once('\n').unwrap_or((text, ""));
    let mirror = fetch::mirror_url(url);
    if let Ok(folder) = &mirror {
        let host = folder
            .strip_prefix("https://")
            .or_else(|| folder.strip_prefix("http://"));
        assert!(host.is_some_and(|host| host.len() > 1 && host.ends_with('/')));
    }
    fetch::first_byte(range).is_some() && mirror.is_ok()
}

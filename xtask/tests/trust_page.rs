//! docs/trust.md says what docs/results/trust-paper.json holds.

use std::collections::BTreeMap;
use std::path::Path;

/// Every figure of the page stands in a table, its id in the first column and its value in the second.
#[test]
fn every_figure_of_the_page_is_one_that_was_recorded() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let page = std::fs::read_to_string(docs.join("trust.md")).unwrap();
    let kept = std::fs::read_to_string(docs.join("results/trust-paper.json")).unwrap();
    let kept: serde_json::Value = serde_json::from_str(&kept).unwrap();
    let entries = kept["results"].as_array().unwrap().iter();
    let mut recorded: BTreeMap<&str, f64> = entries
        .map(|entry| {
            (
                entry["id"].as_str().unwrap(),
                entry["value"].as_f64().unwrap(),
            )
        })
        .collect();
    let mut shown = 0;
    for row in page.lines().filter(|row| row.starts_with("| `trust.")) {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let id = cells[1].trim_matches('`');
        let value: f64 = cells[2].replace(',', "").parse().unwrap();
        assert_eq!(recorded.remove(id), Some(value), "{id}");
        shown += 1;
    }
    assert!(shown > 0, "no figures on the page");
    assert!(recorded.is_empty(), "not on the page: {recorded:?}");
}

//! Stored interfaces: read back as they were, and refused where they are damaged.

use overdamped_conditioning::{Encoder, Interface, Transfer};
use serde_json::{Value, json};

use crate::{normal, teacher};

fn interface() -> Interface {
    let encoder =
        Encoder::new(normal(2, 5, 1.0, 1).as_ref(), normal(6, 2, 1.0, 2).as_ref()).unwrap();
    let interface = Interface::new(encoder, teacher(6, 3, 4, 3)).unwrap();
    interface.with_means(vec![0.5; 5], vec![-1.5; 4]).unwrap()
}

#[test]
fn everything_is_read_back_as_it_was() {
    let interface = interface();
    let text = serde_json::to_string(&interface).unwrap();
    assert_eq!(serde_json::from_str::<Interface>(&text).unwrap(), interface);
    let text = serde_json::to_string(interface.encoder()).unwrap();
    assert_eq!(
        &serde_json::from_str::<Encoder>(&text).unwrap(),
        interface.encoder()
    );
    let text = serde_json::to_string(interface.transfer()).unwrap();
    assert_eq!(
        &serde_json::from_str::<Transfer>(&text).unwrap(),
        interface.transfer()
    );
}

#[test]
fn blocks_say_all_that_is_needed_to_build_it_again() {
    let interface = interface();
    let blocks = interface.blocks();
    let names: Vec<_> = blocks
        .iter()
        .map(|block| (block.name, block.shape))
        .collect();
    let expected = [
        ("encoder.in", [2, 5]),
        ("encoder.out", [6, 2]),
        ("transfer.in", [3, 6]),
        ("transfer.out", [4, 3]),
        ("means.input", [5, 1]),
        ("means.drive", [4, 1]),
    ];
    assert_eq!(names, expected);
    let matrix = |at: usize| {
        let [rows, columns] = blocks[at].shape;
        faer::MatRef::from_row_major_slice(blocks[at].values, rows, columns)
    };
    let encoder = Encoder::new(matrix(0), matrix(1)).unwrap();
    let transfer = Transfer::new(matrix(2), matrix(3)).unwrap();
    let again = Interface::new(encoder, transfer).unwrap();
    let again = again
        .with_means(blocks[4].values.to_vec(), blocks[5].values.to_vec())
        .unwrap();
    assert_eq!(again, interface);
}

#[test]
fn damaged_files_are_refused_with_the_reason() {
    let whole = serde_json::to_value(interface()).unwrap();
    let damaged = |path: &str, value: Value| {
        let mut copy = whole.clone();
        *copy.pointer_mut(path).unwrap() = value;
        serde_json::from_str::<Interface>(&copy.to_string())
            .unwrap_err()
            .to_string()
    };
    for (path, value, reason) in [
        (
            "/encoder/in/shape",
            json!([2, 6]),
            "encoder.in says 2 x 6 and holds 10 values",
        ),
        (
            "/encoder/in/shape",
            json!([u64::MAX, 2]),
            "and holds 10 values",
        ),
        (
            "/encoder/in/shape",
            json!([5, 2]),
            "encoder.out: 2 units were given, and 5 are needed",
        ),
        (
            "/encoder/in/values",
            json!([]),
            "encoder.in says 2 x 5 and holds 0 values",
        ),
        (
            "/encoder/out/shape",
            json!([4, 3]),
            "encoder.out: 3 units were given, and 2 are needed",
        ),
        (
            "/transfer/in/shape",
            json!([6, 3]),
            "transfer.out: 3 units were given, and 6 are needed",
        ),
        ("/transfer/out/values/7", Value::Null, "invalid type: null"),
        (
            "/input_mean",
            json!([1.0, 2.0]),
            "means.input: 2 units were given, and 5 are needed",
        ),
        ("/drive_mean", json!("none"), "invalid type: string"),
    ] {
        let message = damaged(path, value);
        assert!(message.contains(reason), "{path}: {message}");
    }
    // Beyond single precision: refused by the reading library or, where that rounds it to infinity, as no number.
    for path in ["/transfer/out/values/7", "/drive_mean/3"] {
        let message = damaged(path, json!(-1e39));
        let reasons = ["number out of range", "are not finite"];
        assert!(
            reasons.iter().any(|reason| message.contains(reason)),
            "{message}"
        );
    }
    let text = whole.to_string();
    assert!(serde_json::from_str::<Interface>(&text[..text.len() / 2]).is_err());
    // A transfer that does not take what the encoder gives.
    let mut mixed = whole.clone();
    mixed["transfer"] = serde_json::to_value(teacher(5, 3, 4, 3)).unwrap();
    let message = serde_json::from_value::<Interface>(mixed)
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("the transfer's inputs: 5 units were given, and 6 are needed"),
        "{message}"
    );
}

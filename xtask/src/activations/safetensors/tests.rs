//! Headers made by hand: what each refusal says.

use super::super::{Activations, MAX_UNITS};
use super::*;

/// Writes a file of a header and `data` zero bytes, and opens its pair.
fn open(header: &str, data: usize) -> Result<Activations, Error> {
    open_bytes(&bytes(header, data), None)
}

fn bytes(header: &str, data: usize) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(header.as_bytes());
    bytes.resize(bytes.len() + data, 0);
    bytes
}

fn open_bytes(bytes: &[u8], pair: Option<&str>) -> Result<Activations, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("user.safetensors");
    std::fs::write(&path, bytes).unwrap();
    Activations::open(&path, None, pair)
}

fn entry(name: &str, dtype: &str, shape: &str, offsets: &str) -> String {
    format!(r#""{name}":{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}}}"#)
}

fn header(entries: &[String]) -> String {
    format!("{{{}}}", entries.join(","))
}

/// Two vectors of two units on the encoder's side, and the given decoder.
fn beside(dtype: &str, shape: &str, offsets: &str) -> String {
    header(&[
        entry("encoder.a", "F32", "[2,2]", "[0,16]"),
        entry("decoder.a", dtype, shape, offsets),
    ])
}

#[test]
fn a_plain_pair_is_opened() {
    let open = open(&beside("F16", "[2,3]", "[16,28]"), 28).unwrap();
    assert_eq!(
        (open.units(), open.samples(), open.pair()),
        ((2, 3), 2, Some("a"))
    );
    assert_eq!(open.names(), ("encoder.a", "decoder.a"));
    assert_eq!(open.stored_bytes(), 28);
}

#[test]
fn a_length_beyond_the_file_or_the_bound_is_refused_before_it_is_allocated() {
    for (claimed, len, bound) in [
        (u64::MAX, 100, 92),
        (93, 100, 92),
        (LONGEST_HEADER + 1, 100, 92),
    ] {
        let mut bytes = claimed.to_le_bytes().to_vec();
        bytes.resize(len, b' ');
        match open_bytes(&bytes, None).unwrap_err() {
            Error::HeaderLength {
                claimed: c,
                bound: b,
                ..
            } => assert_eq!((c, b), (claimed, bound)),
            other => panic!("{other}"),
        }
    }
    // A long file does not lift the bound; without blocks on the disk it costs nothing here.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.safetensors");
    std::fs::write(&path, (LONGEST_HEADER + 1).to_le_bytes()).unwrap();
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_len(1 << 40).unwrap();
    let error = Activations::open(&path, None, None).unwrap_err();
    assert!(
        matches!(
            error,
            Error::HeaderLength {
                bound: LONGEST_HEADER,
                ..
            }
        ),
        "{error}"
    );
    for short in [0, 7] {
        let error = open_bytes(&vec![0; short], None).unwrap_err();
        assert!(matches!(error, Error::Header { .. }), "{error}");
        assert!(
            error.to_string().contains(&format!("{short} bytes")),
            "{error}"
        );
    }
}

#[test]
fn a_header_that_is_no_header_is_refused() {
    let deep = "[".repeat(100_000);
    for text in ["", "not json", "[]", "{\"a\":1}", "\u{0}", deep.as_str()] {
        let error = open(text, 0).unwrap_err();
        assert!(matches!(error, Error::Header { .. }), "{error}");
        assert!(error.to_string().contains("user.safetensors"), "{error}");
    }
    let negative = beside("F32", "[2,-2]", "[16,32]");
    assert!(matches!(open(&negative, 32), Err(Error::Header { .. })));
}

#[test]
fn bytes_that_do_not_fit_the_shape_are_refused() {
    for (shape, offsets, needed, spanned) in [
        ("[2,3]", "[16,32]", 24, 16),
        ("[2,1]", "[16,32]", 8, 16),
        ("[2,2]", "[32,16]", 16, 0),
    ] {
        let error = open(&beside("F32", shape, offsets), 32).unwrap_err();
        assert!(
            matches!(&error, Error::ShapeAndBytes { tensor, needed: n, spanned: s, .. }
                if tensor.0 == "decoder.a" && (*n, *s) == (needed, spanned)),
            "{error}"
        );
    }
}

#[test]
fn a_shape_that_overflows_is_refused() {
    for shape in [
        "[4294967296,4294967296]",
        "[18446744073709551615,1]",
        "[2,2305843009213693952]",
    ] {
        let error = open(&beside("F32", shape, "[16,32]"), 32).unwrap_err();
        assert!(matches!(error, Error::Overflow { .. }), "{error}");
    }
}

#[test]
fn overlaps_and_holes_are_refused() {
    for (offsets, start) in [("[8,24]", 8), ("[0,16]", 0), ("[24,40]", 24)] {
        let error = open(&beside("F32", "[2,2]", offsets), 40).unwrap_err();
        assert!(
            matches!(error, Error::Offsets { start: s, expected: 16, .. } if s == start),
            "{error}"
        );
    }
}

#[test]
fn offsets_beyond_the_file_and_bytes_behind_the_last_tensor_are_refused() {
    let header = beside("F32", "[2,2]", "[16,32]");
    for (found, says) in [(31, "truncated"), (0, "truncated"), (33, "appended")] {
        let error = open(&header, found as usize).unwrap_err();
        assert!(
            matches!(error, Error::Length { found: f, announced: 32, .. } if f == found),
            "{error}"
        );
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[test]
fn without_a_pair_the_message_lists_what_is_there() {
    let named = |a: &str, b: &str| {
        header(&[
            entry(a, "F32", "[2,2]", "[0,16]"),
            entry(b, "F32", "[2,2]", "[16,32]"),
        ])
    };
    let error = open(&named("encoder.a", "decoder.b"), 32).unwrap_err();
    assert!(matches!(error, Error::NoPair { .. }), "{error}");
    let message = error.to_string();
    assert!(message.contains("`decoder.b`, `encoder.a`"), "{message}");
    let error = open("{}", 0).unwrap_err();
    assert!(error.to_string().contains("it holds nothing"), "{error}");
}

#[test]
fn among_several_pairs_one_has_to_be_chosen() {
    let entries: Vec<String> = [
        "encoder.a",
        "decoder.a",
        "encoder.b",
        "decoder.b",
        "encoder.c",
    ]
    .iter()
    .enumerate()
    .map(|(i, name)| entry(name, "F16", "[1,1]", &format!("[{},{}]", 2 * i, 2 * i + 2)))
    .collect();
    let file = bytes(&header(&entries), 10);
    let error = open_bytes(&file, None).unwrap_err();
    assert!(matches!(&error, Error::SeveralPairs { pairs, .. } if pairs.0 == ["a", "b"]));
    assert!(error.to_string().contains("--pair NAME"), "{error}");
    assert_eq!(open_bytes(&file, Some("b")).unwrap().pair(), Some("b"));
    // The encoder's side alone is no pair.
    let error = open_bytes(&file, Some("c")).unwrap_err();
    assert!(matches!(&error, Error::UnknownPair { pair, pairs, .. }
        if pair.0 == "c" && pairs.0 == ["a", "b"]));
}

#[test]
fn sides_that_do_not_match_are_refused() {
    let error = open(&beside("F32", "[3,1]", "[16,28]"), 28).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Unpaired {
                encoder: 2,
                decoder: 3
            }
        ),
        "{error}"
    );
    let error = open(&beside("F32", "[2,1,2,3]", "[16,64]"), 64).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Maps {
                encoder: (1, 1),
                decoder: (2, 3)
            }
        ),
        "{error}"
    );
    assert!(error.to_string().contains("decoder 2 x 3"), "{error}");
    // A pooled map is a vector.
    assert!(open(&beside("F32", "[2,3,1,1]", "[16,40]"), 40).is_ok());
}

#[test]
fn types_shapes_and_sizes_that_are_not_read_are_named() {
    let error = open(&beside("I64", "[2,2]", "[16,48]"), 48).unwrap_err();
    assert!(
        matches!(&error, Error::Dtype { dtype, .. } if dtype == "I64"),
        "{error}"
    );
    let error = open(&beside("F32", "[2,2,1]", "[16,32]"), 32).unwrap_err();
    assert!(matches!(error, Error::Rank { .. }), "{error}");
    let error = open(&beside("F32", "[0,2]", "[16,16]"), 16).unwrap_err();
    assert!(matches!(error, Error::Empty { .. }), "{error}");
    let units = MAX_UNITS as usize + 1;
    let (shape, end) = (format!("[2,{units}]"), 16 + 8 * units);
    let error = open(&beside("F32", &shape, &format!("[16,{end}]")), end).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Units {
                bound: MAX_UNITS,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn tensors_beside_the_pair_may_be_of_any_kind() {
    let header = header(&[
        entry("labels", "I64", "[2]", "[0,16]"),
        entry("encoder.a", "BF16", "[2,1]", "[16,20]"),
        entry("decoder.a", "F64", "[2,1]", "[20,36]"),
        "\"__metadata__\":{\"format\":\"pt\"}".to_owned(),
    ]);
    assert_eq!(open(&header, 36).unwrap().units(), (1, 1));
}

//! Headers made by hand: what each refusal says.

use std::path::PathBuf;

use super::*;

fn read_bytes(bytes: &[u8]) -> Result<Entry, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("user.npy");
    std::fs::write(&path, bytes).unwrap();
    read(&super::super::file, &path)
}

/// A file of version 1 with this dictionary and `data` zero bytes.
fn bytes(dictionary: &str, data: usize) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend_from_slice(&(dictionary.len() as u16).to_le_bytes());
    bytes.extend_from_slice(dictionary.as_bytes());
    bytes.resize(bytes.len() + data, 0);
    bytes
}

fn array(descr: &str, order: &str, shape: &str, data: usize) -> Vec<u8> {
    let dictionary =
        format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}\n");
    bytes(&dictionary, data)
}

#[test]
fn plain_arrays_are_located() {
    for (descr, scalar, size) in [
        ("<f2", Scalar::F16, 2),
        ("<f4", Scalar::F32, 4),
        ("<f8", Scalar::F64, 8),
    ] {
        let file = array(descr, "False", "(2, 3)", 6 * size);
        let entry = read_bytes(&file).unwrap();
        assert_eq!((entry.scalar, entry.name.as_str()), (scalar, "user.npy"));
        assert_eq!(entry.shape, Shape::new("", &[2, 3]).unwrap());
        assert_eq!(entry.start as usize, file.len() - 6 * size);
    }
}

#[test]
fn a_length_beyond_the_file_or_the_bound_is_refused_before_it_is_allocated() {
    let mut file = b"\x93NUMPY\x02\x00".to_vec();
    file.extend_from_slice(&u32::MAX.to_le_bytes());
    file.resize(20_000, b' ');
    let error = read_bytes(&file).unwrap_err();
    assert!(
        matches!(
            error,
            Error::HeaderLength {
                claimed: 0xffff_ffff,
                bound: LONGEST_HEADER,
                ..
            }
        ),
        "{error}"
    );
    let mut file = array("<f4", "False", "(2, 3)", 24);
    file[9] = 0x01;
    let error = read_bytes(&file[..90]).unwrap_err();
    assert!(
        matches!(error, Error::HeaderLength { bound: 80, .. }),
        "{error}"
    );
    for short in [0, 7, 8, 9] {
        let error = read_bytes(&file[..short]).unwrap_err();
        assert!(
            error.to_string().contains(&format!("{short} bytes")),
            "{error}"
        );
    }
}

#[test]
fn a_header_that_is_no_header_is_refused() {
    let deep = "(".repeat(9_000);
    let brackets = format!(
        "{{'descr': '<f4', 'shape': {}1,{}}}",
        "(".repeat(20),
        ")".repeat(20)
    );
    for text in ["", "{}", "{'descr': '<f4'}", "\u{1f600}", &deep, &brackets] {
        let error = read_bytes(&bytes(text, 0)).unwrap_err();
        assert!(matches!(error, Error::Header { .. }), "{error}");
    }
    for shape in ["(2, -3)", "(2, 3.5)", "6", "(2, 99999999999999999999)"] {
        let error = read_bytes(&array("<f4", "False", shape, 24)).unwrap_err();
        assert!(matches!(error, Error::Header { .. }), "{error}");
    }
    let error = read_bytes(b"\x93NUMPY\x09\x00\x00\x00\x00\x00\x00\x00").unwrap_err();
    assert!(error.to_string().contains("version"), "{error}");
}

#[test]
fn lengths_that_do_not_fit_the_shape_are_refused() {
    for (found, says) in [(23, "truncated"), (0, "truncated"), (25, "appended")] {
        let error = read_bytes(&array("<f4", "False", "(2, 3)", found)).unwrap_err();
        assert!(
            matches!(error, Error::Length { announced: 24, .. }),
            "{error}"
        );
        assert!(error.to_string().contains(says), "{error}");
    }
}

/// `npyz` multiplies extents on its own, which a build with overflow checks would not survive.
#[test]
fn a_shape_that_overflows_is_refused() {
    let error = read_bytes(&array("<f4", "False", "(1, 4611686018427387904)", 24)).unwrap_err();
    assert!(matches!(error, Error::Overflow { .. }), "{error}");
    for shape in [
        "(4294967296, 4294967296)",
        "(0, 4294967296, 4294967296)",
        "(0x7fffffffffffffff, 4)",
        "(1_000, 3)",
    ] {
        let error = read_bytes(&array("<f4", "False", shape, 24)).unwrap_err();
        assert!(matches!(error, Error::Header { .. }), "{error}");
        assert!(error.to_string().contains("extents"), "{error}");
    }
}

#[test]
fn other_orders_types_and_shapes_are_refused_with_the_fix() {
    let error = read_bytes(&array("<f4", "True", "(2, 3)", 24)).unwrap_err();
    assert!(error.to_string().contains("ascontiguousarray"), "{error}");
    for (descr, size) in [(">f4", 4), ("<i4", 4), ("<f16", 16), ("<c8", 8), ("|O", 8)] {
        let error = read_bytes(&array(descr, "False", "(2, 3)", 6 * size)).unwrap_err();
        assert!(
            matches!(&error, Error::Dtype { dtype, .. } if dtype.contains(descr)),
            "{error}"
        );
        assert!(error.to_string().contains("astype"), "{error}");
    }
    let record = "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (6,), }";
    let error = read_bytes(&bytes(record, 24)).unwrap_err();
    assert!(matches!(error, Error::Dtype { .. }), "{error}");
    for (shape, data) in [("()", 4), ("(6,)", 24), ("(1, 2, 3)", 24)] {
        let error = read_bytes(&array("<f4", "False", shape, data)).unwrap_err();
        assert!(matches!(error, Error::Rank { .. }), "{error}");
    }
    let error = read_bytes(&array("<f4", "False", "(0, 3)", 0)).unwrap_err();
    assert!(matches!(error, Error::Empty { .. }), "{error}");
}

//! Whole files: round trips, the order of pixels, chunks, and the files of the snippet.

use std::path::PathBuf;

use ::safetensors::tensor::{Dtype, TensorView};
use half::{bf16, f16};
use npyz::WriterBuilder as _;

use super::*;

const SNIPPET: &str = include_str!("../../../docs/snippets/export_activations.py");

/// A value that is different at each place and exact in every type that is read.
fn value(side: Side, position: usize) -> f32 {
    let sign = if side == Side::Encoder { 1.0 } else { -1.0 };
    sign * (position % 256) as f32 / 4.0
}

fn values(side: Side, shape: &[usize]) -> Vec<f32> {
    (0..shape.iter().product())
        .map(|i| value(side, i))
        .collect()
}

fn stored(dtype: Dtype, values: &[f32]) -> Vec<u8> {
    let bytes = |&v: &f32| match dtype {
        Dtype::F16 => f16::from_f32(v).to_le_bytes().to_vec(),
        Dtype::BF16 => bf16::from_f32(v).to_le_bytes().to_vec(),
        Dtype::F32 => v.to_le_bytes().to_vec(),
        _ => f64::from(v).to_le_bytes().to_vec(),
    };
    values.iter().flat_map(bytes).collect()
}

fn write_safetensors(path: &Path, tensors: &[(&str, Dtype, &[usize], Vec<f32>)]) {
    let bytes: Vec<Vec<u8>> = tensors
        .iter()
        .map(|(_, dtype, _, v)| stored(*dtype, v))
        .collect();
    let views = tensors
        .iter()
        .zip(&bytes)
        .map(|((name, dtype, shape, _), bytes)| {
            (
                *name,
                TensorView::new(*dtype, shape.to_vec(), bytes).unwrap(),
            )
        });
    std::fs::write(path, ::safetensors::serialize(views, None).unwrap()).unwrap();
}

fn write_npy(path: &Path, shape: &[usize], values: &[f32]) {
    let shape: Vec<u64> = shape.iter().map(|&extent| extent as u64).collect();
    let mut array = npyz::WriteOptions::<f32>::new()
        .default_dtype()
        .shape(&shape)
        .writer(File::create(path).unwrap())
        .begin_nd()
        .unwrap();
    array.extend(values.iter().copied()).unwrap();
    array.finish().unwrap();
}

/// All samples of both sides, read in chunks of `most`.
fn read_all(mut open: Activations, most: usize) -> Result<(Mat<f32>, Mat<f32>), Error> {
    let (encoder, decoder) = open.units();
    let mut x = Mat::zeros(encoder, open.samples());
    let mut y = Mat::zeros(decoder, open.samples());
    let mut at = 0;
    while let Some(chunk) = open.next_chunk(most)? {
        let samples = chunk.encoder.ncols();
        assert_eq!(samples, chunk.images.len() * chunk.pixels);
        assert!(samples <= most.max(1) && samples == chunk.decoder.ncols());
        let pixels = open.map().0 * open.map().1;
        assert_eq!(
            chunk.images.start,
            at / pixels,
            "the image of the first sample"
        );
        x.get_mut(.., at..at + samples).copy_from(&chunk.encoder);
        y.get_mut(.., at..at + samples).copy_from(&chunk.decoder);
        at += samples;
    }
    assert_eq!(at, open.samples());
    Ok((x, y))
}

#[test]
fn pixels_of_maps_become_samples_in_row_major_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("maps.safetensors");
    let (encoder, decoder) = ([3, 2, 4, 5], [3, 3, 4, 5]);
    for dtype in [Dtype::F16, Dtype::BF16, Dtype::F32, Dtype::F64] {
        write_safetensors(
            &path,
            &[
                (
                    "encoder.s",
                    dtype,
                    &encoder,
                    values(Side::Encoder, &encoder),
                ),
                (
                    "decoder.s",
                    dtype,
                    &decoder,
                    values(Side::Decoder, &decoder),
                ),
            ],
        );
        let (x, y) = read_all(Activations::open(&path, None, None).unwrap(), 1000).unwrap();
        assert_eq!((x.nrows(), x.ncols(), y.nrows(), y.ncols()), (2, 60, 3, 60));
        for (image, row, column) in [(0, 0, 0), (0, 0, 1), (1, 3, 0), (2, 3, 4)] {
            let sample = (image * 4 + row) * 5 + column;
            for unit in 0..3 {
                if unit < 2 {
                    let position = ((image * 2 + unit) * 4 + row) * 5 + column;
                    assert_eq!(x[(unit, sample)], value(Side::Encoder, position), "{dtype}");
                }
                let position = ((image * 3 + unit) * 4 + row) * 5 + column;
                assert_eq!(y[(unit, sample)], value(Side::Decoder, position), "{dtype}");
            }
        }
    }
}

#[test]
fn vectors_are_samples_and_both_formats_agree() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (encoder, decoder) = ([7, 3], [7, 2]);
    let (x, y) = (
        values(Side::Encoder, &encoder),
        values(Side::Decoder, &decoder),
    );
    write_npy(&path("x.npy"), &encoder, &x);
    write_npy(&path("y.npy"), &decoder, &y);
    let tensors: [(&str, Dtype, &[usize], Vec<f32>); 2] = [
        ("encoder.v", Dtype::F64, &encoder, x),
        ("decoder.v", Dtype::F32, &decoder, y),
    ];
    write_safetensors(&path("v.safetensors"), &tensors);
    let arrays = Activations::open(&path("x.npy"), Some(&path("y.npy")), None).unwrap();
    assert_eq!((arrays.pair(), arrays.names()), (None, ("x.npy", "y.npy")));
    let (a, b) = read_all(arrays, 1000).unwrap();
    assert_eq!(
        a,
        Mat::from_fn(3, 7, |unit, sample| value(Side::Encoder, 3 * sample + unit))
    );
    assert_eq!(
        b,
        Mat::from_fn(2, 7, |unit, sample| value(Side::Decoder, 2 * sample + unit))
    );
    let file = Activations::open(&path("v.safetensors"), None, Some("v")).unwrap();
    assert_eq!(read_all(file, 1000).unwrap(), (a, b));
}

#[test]
fn the_size_of_chunks_does_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (encoder, decoder) = ([5, 3, 4, 6], [5, 2, 4, 6]);
    write_npy(&path("x.npy"), &encoder, &values(Side::Encoder, &encoder));
    write_npy(&path("y.npy"), &decoder, &values(Side::Decoder, &decoder));
    let open = || Activations::open(&path("x.npy"), Some(&path("y.npy")), None).unwrap();
    let whole = read_all(open(), usize::MAX).unwrap();
    // Parts of an image, one image, two of them and a rest; 0 is taken as 1.
    for most in [0, 1, 7, 23, 24, 48, 119] {
        assert_eq!(read_all(open(), most).unwrap(), whole, "chunks of {most}");
    }
    let image = open().next_chunk(50).unwrap().unwrap();
    assert_eq!((image.images, image.pixels), (0..2, 24));
}

#[test]
fn values_that_are_not_finite_are_counted_and_the_first_is_named_whatever_the_chunks() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bad.safetensors");
    let shape = [5, 3, 4, 6];
    let mut bad = values(Side::Decoder, &shape);
    // Image 1, channel 0, row 2, column 5; image 1, channel 1, row 0, column 1: a later place in
    // the file, but an earlier pixel.
    bad[72 + 2 * 6 + 5] = f32::NAN;
    bad[72 + 24 + 1] = f32::NEG_INFINITY;
    bad[5 * 72 - 1] = f32::INFINITY;
    let tensors: [(&str, Dtype, &[usize], Vec<f32>); 2] = [
        (
            "encoder.s",
            Dtype::F32,
            &shape,
            values(Side::Encoder, &shape),
        ),
        ("decoder.s", Dtype::F32, &shape, bad),
    ];
    write_safetensors(&path, &tensors);
    for most in [1, 5, 24, 1000] {
        let error = read_all(Activations::open(&path, None, None).unwrap(), most).unwrap_err();
        let Error::NotFinite {
            side,
            count,
            total,
            first,
            ..
        } = &error
        else {
            panic!("{error}");
        };
        assert_eq!((*side, *count, *total), (Side::Decoder, 3, 360));
        assert_eq!(first.0, [1, 0, 2, 5]);
        assert!(
            error
                .to_string()
                .contains("sample 1, channel 0, row 2, column 5"),
            "{error}"
        );
    }
}

#[test]
fn double_precision_beyond_single_is_not_finite() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let mut array = npyz::WriteOptions::<f64>::new()
        .default_dtype()
        .shape(&[2, 2])
        .writer(File::create(path("x.npy")).unwrap())
        .begin_nd()
        .unwrap();
    array.extend([0.0, 1.0, 2.0, 1e300]).unwrap();
    array.finish().unwrap();
    let open = Activations::open(&path("x.npy"), Some(&path("x.npy")), None).unwrap();
    let error = read_all(open, 10).unwrap_err();
    assert!(error.to_string().contains("sample 1, unit 1"), "{error}");
    assert!(error.to_string().contains("1 values of 4"), "{error}");
}

#[test]
fn a_file_that_shrinks_while_it_is_read_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    write_npy(&path("x.npy"), &[6, 2], &values(Side::Encoder, &[6, 2]));
    write_npy(&path("y.npy"), &[6, 2], &values(Side::Decoder, &[6, 2]));
    let open = Activations::open(&path("x.npy"), Some(&path("y.npy")), None).unwrap();
    let length = std::fs::metadata(path("y.npy")).unwrap().len();
    let file = File::options().write(true).open(path("y.npy")).unwrap();
    file.set_len(length - 1).unwrap();
    let error = read_all(open, 2).unwrap_err();
    assert!(error.to_string().contains("became shorter"), "{error}");
    assert!(error.to_string().contains("y.npy"), "{error}");
}

#[test]
fn combinations_of_files_that_cannot_be_meant_say_which_can() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    write_npy(&path("x.npy"), &[6, 2], &values(Side::Encoder, &[6, 2]));
    write_npy(&path("short.npy"), &[5, 2], &values(Side::Encoder, &[5, 2]));
    write_safetensors(&path("a.safetensors"), &[]);
    std::fs::write(path("a.npz"), b"PK\x03\x04 and so on").unwrap();
    let message = |first: &str, second: Option<&str>, pair: Option<&str>| {
        let second = second.map(path);
        let outcome = Activations::open(&path(first), second.as_deref(), pair);
        outcome.unwrap_err().to_string()
    };
    assert!(message("x.npy", None, None).contains("name the decoder's .npy file after it"));
    assert!(message("x.npy", Some("a.safetensors"), None).contains("both sides as .npy"));
    assert!(message("a.safetensors", Some("x.npy"), None).contains("one .safetensors file alone"));
    assert!(message("a.npz", None, None).contains("zip archive"));
    assert!(message("x.npy", Some("x.npy"), Some("s")).contains("leave --pair `s` out"));
    assert!(message("x.npy", Some("short.npy"), None).contains("6 samples against 5"));
    assert!(message("nowhere.npy", None, None).contains("check the path"));
    let folder = Activations::open(folder.path(), None, None).unwrap_err();
    assert!(folder.to_string().contains("inside the folder"), "{folder}");
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("src/activations/fixtures")
        .join(name)
}

/// What NumPy says of the same indices of the files that the snippet wrote.
#[test]
fn files_of_pytorch_hold_the_values_that_numpy_sees() {
    let open = |pair| Activations::open(&fixture("toy.safetensors"), None, Some(pair)).unwrap();
    let (x, y) = read_all(open("skip1"), 4).unwrap();
    let sample = |image: usize, row: usize, column: usize| (image * 5 + row) * 3 + column;
    assert_eq!(x[(0, sample(0, 0, 0))], -0.110_150_57);
    assert_eq!(x[(3, sample(2, 4, 1))], -0.010_829_41);
    assert_eq!(x[(1, sample(5, 0, 2))], -0.137_087_03);
    assert_eq!(y[(0, sample(0, 0, 0))], 0.081_365_235);
    assert_eq!(y[(1, sample(2, 4, 1))], -0.041_311_555);
    assert_eq!(y[(2, sample(5, 0, 2))], -0.044_118_84);
    let sum = |m: &Mat<f32>| -> f64 {
        let columns = (0..m.ncols()).map(|sample| m.col_as_slice(sample));
        columns.flatten().map(|&v| f64::from(v)).sum()
    };
    assert!((sum(&x) + 3.915_786_610_101_35).abs() < 1e-9);
    assert!((sum(&y) - 5.549_587_013_840_21).abs() < 1e-9);

    // bfloat16 and double precision.
    let (x, y) = read_all(open("code"), 4).unwrap();
    assert_eq!(x[(0, 2)], -0.414_062_5);
    assert_eq!(x[(1, 5)], -0.116_699_22);
    assert_eq!(y[(2, 5)], 0.364_591_9);
    assert!((sum(&x) + 2.700_805_664_062_5).abs() < 1e-12);

    // Half precision, from the other way of writing.
    let (path, decoder) = (fixture("toy.encoder.npy"), fixture("toy.decoder.npy"));
    let (x, y) = read_all(Activations::open(&path, Some(&decoder), None).unwrap(), 4).unwrap();
    assert_eq!(x[(3, sample(2, 4, 1))], -0.010_826_111);
    assert_eq!(y, read_all(open("skip1"), 100).unwrap().1);
}

/// Whoever reads the snippet's text learns what its files hold.
#[test]
fn the_snippet_names_the_tensors_and_shapes_of_its_files() {
    let text = std::fs::read(fixture("toy.safetensors")).unwrap();
    let file = ::safetensors::SafeTensors::deserialize(&text).unwrap();
    assert_eq!(file.len(), 4);
    for (name, view) in file.iter() {
        let dtype = match view.dtype() {
            Dtype::BF16 => "bfloat16",
            Dtype::F64 => "float64",
            _ => "float32",
        };
        let line = format!("{name} {} {dtype}", tuple(view.shape()));
        let found = SNIPPET.lines().any(|l| squeezed(l).contains(&line));
        assert!(found, "the snippet does not say `{line}`");
    }
    for (name, dtype) in [
        ("toy.encoder.npy", "float16"),
        ("toy.decoder.npy", "float32"),
    ] {
        let bytes = std::fs::read(fixture(name)).unwrap();
        let header = npyz::NpyHeader::from_reader(&bytes[..]).unwrap();
        let shape: Vec<usize> = header.shape().iter().map(|&e| e as usize).collect();
        let line = format!("{name} {} {dtype}", tuple(&shape));
        let found = SNIPPET.lines().any(|l| squeezed(l).contains(&line));
        assert!(found, "the snippet does not say `{line}`");
    }
}

/// A shape as Python writes it.
fn tuple(shape: &[usize]) -> String {
    let extents: Vec<String> = shape.iter().map(ToString::to_string).collect();
    format!("({})", extents.join(", "))
}

/// The line with single spaces, since it is laid out as a table.
fn squeezed(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

//! The weights as the bytes of a safetensors file, and back.
//!
//! Tensors are in half precision under the names of the architecture (`e1.first.weight`), shaped as
//! PyTorch shapes them. The header carries one key, `overdamped`: a JSON object of strings with
//! sorted keys, `format_version`, `units` and `topology` among them. One key, because the format
//! writes several in random order, and equal networks are to be equal bytes.

use std::collections::{BTreeMap, HashMap};

use half::f16;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};

use super::architecture::slots;
use super::error::UNetFileError;
use super::parameters::Parameters;

const KEY: &str = "overdamped";
const RESERVED: [(&str, &str); 3] = [
    ("format_version", "1"),
    ("units", "images in [-1, 1], noise in the same unit"),
    (
        "topology",
        "U-Net, 16x16, channels 64/96/128, x0 prediction",
    ),
];

/// The bytes of a file; what is reserved in the description is set here.
pub(super) fn write(
    parameters: &Parameters,
    description: &BTreeMap<String, String>,
) -> Result<Vec<u8>, UNetFileError> {
    let mut description = description.clone();
    description.extend(RESERVED.map(|(key, value)| (key.into(), value.into())));
    let description = serde_json::to_string(&description).map_err(malformed)?;
    let slots = slots();
    let halves: Vec<Vec<u8>> = parameters
        .tensors()
        .map(|values| {
            let halves = values.iter().map(|&value| f16::from_f32(value));
            halves.flat_map(f16::to_le_bytes).collect()
        })
        .collect();
    let views = slots.iter().zip(&halves).map(|(slot, bytes)| {
        let view = TensorView::new(Dtype::F16, slot.shape.clone(), bytes)?;
        Ok((slot.name.as_str(), view))
    });
    let views: Vec<_> = views
        .collect::<Result<_, safetensors::SafeTensorError>>()
        .map_err(malformed)?;
    let header = HashMap::from([(KEY.to_owned(), description)]);
    safetensors::serialize(views, Some(header)).map_err(malformed)
}

/// The weights and the description in the bytes of a file.
pub(super) fn read(bytes: &[u8]) -> Result<(Parameters, BTreeMap<String, String>), UNetFileError> {
    let slots = slots();
    let wanted: Vec<(&str, &[usize])> = slots
        .iter()
        .map(|slot| (slot.name.as_str(), slot.shape.as_slice()))
        .collect();
    let (tensors, description) = tensors(bytes, &wanted)?;
    Ok((Parameters::from_tensors(tensors).checked()?, description))
}

/// Values of tensors, and the description beside them.
type Described = (Vec<Vec<f32>>, BTreeMap<String, String>);

/// The values of the tensors `wanted` (name and shape), in single precision, and the description in the bytes of a
/// file of such a network: what lies beneath [`UNet::from_safetensors`](crate::UNet::from_safetensors), for any
/// list of tensors. Others are left alone.
///
/// # Errors
/// Any [`UNetFileError`] but [`UNetFileError::NonFinite`].
pub fn tensors(bytes: &[u8], wanted: &[(&str, &[usize])]) -> Result<Described, UNetFileError> {
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(malformed)?;
    let description = header.metadata().as_ref().and_then(|map| map.get(KEY));
    let description = described(description.map(String::as_str))?;
    let file = SafeTensors::deserialize(bytes).map_err(malformed)?;
    let tensors = wanted
        .iter()
        .map(|(name, shape)| tensor(&file, name, shape))
        .collect::<Result<_, _>>()?;
    Ok((tensors, description))
}

/// The description, if it is that of such a network.
fn described(text: Option<&str>) -> Result<BTreeMap<String, String>, UNetFileError> {
    let other = |found: String, expected: &str| UNetFileError::Description {
        found,
        expected: expected.into(),
    };
    let expected = "a JSON object of strings";
    let text = text.ok_or_else(|| other("absent".into(), expected))?;
    let description: BTreeMap<String, String> =
        serde_json::from_str(text).map_err(|error| other(error.to_string(), expected))?;
    for (key, value) in RESERVED {
        let found = description.get(key).map_or("absent", String::as_str);
        if found != value {
            let found = format!("one whose `{key}` is `{found}`");
            return Err(other(found, &format!("`{value}`")));
        }
    }
    Ok(description)
}

/// The values of a tensor, in single precision.
fn tensor(file: &SafeTensors<'_>, name: &str, shape: &[usize]) -> Result<Vec<f32>, UNetFileError> {
    let name = name.to_owned();
    let Ok(view) = file.tensor(&name) else {
        let mut present: Vec<String> = file.names().into_iter().map(str::to_owned).collect();
        present.sort_unstable();
        return Err(UNetFileError::Missing { name, present });
    };
    if view.shape() != shape {
        return Err(UNetFileError::Shape {
            name,
            found: view.shape().to_vec(),
            expected: shape.to_vec(),
        });
    }
    let (twos, _) = view.data().as_chunks::<2>();
    let (fours, _) = view.data().as_chunks::<4>();
    match view.dtype() {
        Dtype::F16 => Ok(twos
            .iter()
            .map(|b| f16::from_le_bytes(*b).to_f32())
            .collect()),
        Dtype::F32 => Ok(fours.iter().map(|b| f32::from_le_bytes(*b)).collect()),
        other => Err(UNetFileError::Type {
            name,
            found: format!("{other:?}"),
        }),
    }
}

/// Carries an error of the format's library without its type.
fn malformed(error: impl std::fmt::Display) -> UNetFileError {
    UNetFileError::Malformed {
        reason: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unet::tests::{bits, noised, untrained};
    use crate::{DigitalError, UNet};

    fn described_bytes() -> Vec<u8> {
        let description = BTreeMap::from([("seed".to_owned(), "5".to_owned())]);
        untrained(5).to_safetensors(&description).unwrap()
    }

    /// The message of bytes that have to be refused.
    fn refusal(bytes: &[u8]) -> String {
        UNet::from_safetensors(bytes).unwrap_err().to_string()
    }

    /// A file of the tensors of a network, changed by hand.
    fn file(change: impl Fn(&mut String, &mut Dtype, &mut Vec<usize>, &mut Vec<u8>)) -> Vec<u8> {
        let mut description: BTreeMap<&str, &str> = RESERVED.into();
        description.insert("seed", "5");
        let header = serde_json::to_string(&description).unwrap();
        let mut tensors: Vec<_> = slots()
            .into_iter()
            .map(|slot| {
                (
                    slot.name.clone(),
                    Dtype::F16,
                    slot.shape.clone(),
                    vec![0; 2 * slot.len()],
                )
            })
            .collect();
        for (name, kind, shape, bytes) in &mut tensors {
            change(name, kind, shape, bytes);
        }
        let views = tensors.iter().map(|(name, kind, shape, bytes)| {
            (name, TensorView::new(*kind, shape.clone(), bytes).unwrap())
        });
        let header = HashMap::from([(KEY.to_owned(), header)]);
        safetensors::serialize(views, Some(header)).unwrap()
    }

    #[test]
    fn a_network_round_trips_to_the_bit_with_its_description() {
        let bytes = described_bytes();
        // Two bytes a weight, and a header.
        assert!(bytes.len() < 1_940_000, "{}", bytes.len());
        let (read, description) = UNet::from_safetensors(&bytes).unwrap();
        assert_eq!(description["seed"], "5");
        assert_eq!(description["format_version"], "1");
        let images = |network: &UNet| network.denoise(noised(2).as_ref(), &[0.4]).unwrap();
        assert_eq!(bits(&images(&read)), bits(&images(&untrained(5))));
        assert_eq!(read.to_safetensors(&description).unwrap(), bytes);
    }

    /// The place of a value in a file is that of PyTorch: output, input, row, column.
    #[test]
    fn kernels_lie_in_the_order_of_pytorch() {
        let bytes = described_bytes();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let view = file.tensor("d1.first.weight").unwrap();
        let (network, _) = UNet::from_safetensors(&bytes).unwrap();
        let kernel = network.first_kernel(crate::Block::D1);
        let (output, input, row, column) = (3, 157, 2, 1);
        let at = ((output * 160 + input) * 3 + row) * 3 + column;
        let (halves, _) = view.data().as_chunks::<2>();
        let value = f16::from_le_bytes(halves[at]).to_f32();
        assert_eq!(kernel[(output, (3 * row + column) * 160 + input)], value);
    }

    #[test]
    fn single_precision_is_read_and_rounded() {
        let bytes = file(|_, kind, _, bytes| {
            *kind = Dtype::F32;
            let values = bytes.len() / 2;
            *bytes = [0.1_f32.to_le_bytes()].repeat(values).concat();
        });
        let (network, _) = UNet::from_safetensors(&bytes).unwrap();
        let kernel = network.first_kernel(crate::Block::E2);
        assert_eq!(kernel[(3, 7)], f16::from_f32(0.1).to_f32());
    }

    /// Every prefix of the header and a few of the data; none may panic or allocate by a lie.
    #[test]
    fn truncated_files_are_refused() {
        let bytes = described_bytes();
        let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        let lengths = (0..header)
            .step_by(7)
            .chain([header, header + 1, bytes.len() - 1]);
        for length in lengths {
            let message = refusal(&bytes[..length]);
            assert!(message.contains("no whole safetensors file"), "{message}");
        }
    }

    #[test]
    fn headers_that_lie_are_refused() {
        let with_header = |json: &str| {
            let mut bytes = (json.len() as u64).to_le_bytes().to_vec();
            bytes.extend_from_slice(json.as_bytes());
            refusal(&bytes)
        };
        let mut endless = described_bytes();
        endless[..8].copy_from_slice(&u64::MAX.to_le_bytes());
        let far = r#"{"a":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}"#;
        let vast = r#"{"a":{"dtype":"F32","shape":[9223372036854775807,8],"data_offsets":[0,4]}}"#;
        let messages = [
            refusal(&endless),
            with_header("{"),
            with_header(far),
            with_header(vast),
        ];
        for message in messages {
            assert!(message.contains("no whole safetensors file"), "{message}");
        }
        let expected = "the description under `overdamped` in the header is absent; \
                        expected a JSON object of strings";
        assert_eq!(with_header("{}"), expected);
        let other = r#"{"__metadata__":{"overdamped":"{\"format_version\":\"9\"}"}}"#;
        let expected = "the description under `overdamped` in the header is one whose \
                        `format_version` is `9`; expected `1`";
        assert_eq!(with_header(other), expected);
    }

    #[test]
    fn tensors_that_do_not_fit_are_refused_by_name() {
        let missing = refusal(&file(|name, _, _, _| {
            if name == "middle.noise.bias" {
                "middle.noise.bios".clone_into(name);
            }
        }));
        let expected = "there is no tensor `middle.noise.bias`; the file has `d1.first.scale`, ";
        assert!(missing.starts_with(expected), "{missing}");
        assert!(missing.contains("`middle.noise.bios`"), "{missing}");

        let turned = refusal(&file(|name, _, shape, _| {
            if name == "e2.first.weight" {
                shape.reverse();
            }
        }));
        let expected = "tensor `e2.first.weight` has shape [3, 3, 64, 96]; expected [96, 64, 3, 3]";
        assert_eq!(turned, expected);

        let kind = refusal(&file(|_, kind, _, _| *kind = Dtype::BF16));
        assert_eq!(
            kind,
            "tensor `noise.first.weight` holds BF16; expected F16 or F32"
        );

        let bytes = file(|name, _, _, bytes| {
            if name == "output.weight" {
                bytes[10..12].copy_from_slice(&f16::NAN.to_le_bytes());
            }
        });
        let error = UNet::from_safetensors(&bytes).unwrap_err();
        let DigitalError::UNetFile(UNetFileError::NonFinite { name, index, .. }) = error else {
            panic!("{error}");
        };
        assert_eq!((name.as_str(), index), ("output.weight", 5));
    }

    /// 1e6 is finite in single precision and beyond the range of half.
    #[test]
    fn single_precision_beyond_half_is_refused() {
        let bytes = file(|_, kind, _, bytes| {
            *kind = Dtype::F32;
            *bytes = [1e6_f32.to_le_bytes()].repeat(bytes.len() / 2).concat();
        });
        let message = refusal(&bytes);
        assert!(message.contains("has inf at position 0"), "{message}");
    }
}

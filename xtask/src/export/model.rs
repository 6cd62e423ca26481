//! Trained models as `.safetensors`: named tensors and a description.
//!
//! The header carries one metadata key, `overdamped`, whose value is a JSON
//! object with sorted keys: at least `format_version`, `units` and `topology`.
//! (safetensors writes several metadata keys in a random order; one key keeps
//! equal models equal byte for byte.) In Python:
//! `json.loads(safe_open(path, "np").metadata()["overdamped"])`.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use overdamped_energy::Layout;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use super::{Error, atomic};

/// Version of the layout described above; it changes when old readers would
/// misread a new file.
pub const FORMAT_VERSION: &str = "1";
/// Unit convention of every stored parameter.
pub const UNITS: &str = "kT = 1, mobility = 1, lengths in data units, force = -dE/dx";

const METADATA_KEY: &str = "overdamped";
const RESERVED: [&str; 3] = ["format_version", "units", "topology"];

/// The values of one tensor in C order.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Single precision, as the engine uses them.
    F32(Vec<f32>),
    /// Double precision, as oracles and solvers use them.
    F64(Vec<f64>),
}

/// A named tensor: a shape, outermost dimension first, and its values.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    /// Extent of each dimension; empty for a scalar.
    pub shape: Vec<usize>,
    /// The values in C order.
    pub values: Values,
}

/// A model ready to be written, or read back.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    tensors: BTreeMap<String, Tensor>,
    metadata: BTreeMap<String, String>,
}

impl Model {
    /// An empty model of the given topology, e.g. `"12x12, 6 Chebyshev shells"`.
    pub fn new(topology: &str) -> Self {
        let reserved = [FORMAT_VERSION, UNITS, topology];
        let metadata = RESERVED
            .iter()
            .zip(reserved)
            .map(|(k, v)| ((*k).into(), v.into()))
            .collect();
        Self {
            tensors: BTreeMap::new(),
            metadata,
        }
    }

    /// Adds a line to the description, e.g. `("slices", "24")`. The three
    /// reserved keys keep their values.
    #[must_use]
    pub fn describe(mut self, key: &str, value: impl ToString) -> Self {
        if !RESERVED.contains(&key) {
            self.metadata.insert(key.into(), value.to_string());
        }
        self
    }

    /// Adds a single-precision tensor.
    ///
    /// # Errors
    /// [`Error::TensorShape`], [`Error::TensorNotFinite`] or
    /// [`Error::DuplicateTensor`].
    pub fn f32(self, name: &str, shape: &[usize], values: Vec<f32>) -> Result<Self, Error> {
        check(
            name,
            shape,
            values.len(),
            values.iter().map(|&v| f64::from(v)),
        )?;
        self.insert(name, shape, Values::F32(values))
    }

    /// Adds a double-precision tensor.
    ///
    /// # Errors
    /// As [`Model::f32`].
    pub fn f64(self, name: &str, shape: &[usize], values: Vec<f64>) -> Result<Self, Error> {
        check(name, shape, values.len(), values.iter().copied())?;
        self.insert(name, shape, Values::F64(values))
    }

    fn insert(mut self, name: &str, shape: &[usize], values: Values) -> Result<Self, Error> {
        if self.tensors.contains_key(name) {
            return Err(Error::DuplicateTensor { name: name.into() });
        }
        self.tensors.insert(
            name.into(),
            Tensor {
                shape: shape.to_vec(),
                values,
            },
        );
        Ok(self)
    }

    /// Writes the model; equal models give equal bytes.
    ///
    /// # Errors
    /// [`Error::Write`] when the file system refuses.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let file = self.to_bytes(path)?;
        atomic::write(path, |out| out.write_all(&file))
    }

    /// The bytes of the file, which [`Model::from_bytes`] reads; `path` names it in messages.
    ///
    /// # Errors
    /// [`Error::Format`] where the library of the format refuses.
    pub fn to_bytes(&self, path: &Path) -> Result<Vec<u8>, Error> {
        let refused = |reason: String| Error::Format {
            path: path.to_path_buf(),
            reason,
        };
        let bytes: Vec<(Dtype, &[usize], Vec<u8>)> = self
            .tensors
            .values()
            .map(|tensor| {
                let (kind, bytes) = match &tensor.values {
                    Values::F32(v) => {
                        (Dtype::F32, v.iter().flat_map(|x| x.to_le_bytes()).collect())
                    }
                    Values::F64(v) => {
                        (Dtype::F64, v.iter().flat_map(|x| x.to_le_bytes()).collect())
                    }
                };
                (kind, tensor.shape.as_slice(), bytes)
            })
            .collect();
        let views = self
            .tensors
            .keys()
            .zip(&bytes)
            .map(|(name, (kind, shape, bytes))| {
                Ok((name, TensorView::new(*kind, shape.to_vec(), bytes)?))
            })
            .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()
            .map_err(|error| refused(error.to_string()))?;
        let description =
            serde_json::to_string(&self.metadata).map_err(|error| refused(error.to_string()))?;
        let metadata = HashMap::from([(METADATA_KEY.to_string(), description)]);
        safetensors::serialize(views, Some(metadata)).map_err(|error| refused(error.to_string()))
    }
}

impl Model {
    /// The description, the reserved keys included.
    #[cfg(test)]
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    /// The tensor of that name.
    #[cfg(test)]
    pub fn tensor(&self, name: &str) -> Option<&Tensor> {
        self.tensors.get(name)
    }

    /// Reads a model back.
    ///
    /// # Errors
    /// [`Error::Read`] when the file cannot be read, and those of [`Model::from_bytes`].
    #[cfg(test)]
    pub fn read(path: &Path) -> Result<Self, Error> {
        let bytes = std::fs::read(path).map_err(|source| Error::Read {
            path: path.to_path_buf(),
            source,
        })?;
        Self::from_bytes(&bytes, path)
    }

    /// The model in the bytes of a file; `path` names it in messages.
    ///
    /// # Errors
    /// [`Error::Format`] when it is not a model of this [`FORMAT_VERSION`].
    pub fn from_bytes(bytes: &[u8], path: &Path) -> Result<Self, Error> {
        let refused = |reason: String| Error::Format {
            path: path.to_path_buf(),
            reason,
        };
        let (_, header) =
            SafeTensors::read_metadata(bytes).map_err(|error| refused(error.to_string()))?;
        let description = header
            .metadata()
            .as_ref()
            .and_then(|map| map.get(METADATA_KEY))
            .ok_or_else(|| refused(format!("its header has no `{METADATA_KEY}` entry")))?;
        let metadata: BTreeMap<String, String> =
            serde_json::from_str(description).map_err(|error| refused(error.to_string()))?;
        let version = metadata
            .get("format_version")
            .map_or("none", String::as_str);
        if version != FORMAT_VERSION {
            return Err(refused(format!("its format version is {version}")));
        }
        let file = SafeTensors::deserialize(bytes).map_err(|error| refused(error.to_string()))?;
        let mut model = Self {
            tensors: BTreeMap::new(),
            metadata,
        };
        for (name, view) in file.iter() {
            let shape = view.shape();
            let (fours, _) = view.data().as_chunks::<4>();
            let (eights, _) = view.data().as_chunks::<8>();
            model = match view.dtype() {
                Dtype::F32 => model.f32(
                    name,
                    shape,
                    fours.iter().map(|b| f32::from_le_bytes(*b)).collect(),
                )?,
                Dtype::F64 => model.f64(
                    name,
                    shape,
                    eights.iter().map(|b| f64::from_le_bytes(*b)).collect(),
                )?,
                other => return Err(refused(format!("tensor `{name}` is of type {other:?}"))),
            };
        }
        Ok(model)
    }

    /// One parameter vector: the tensors of a layout's blocks, in its order.
    ///
    /// # Errors
    /// [`Error::Block`] for a block that the model lacks, or holds in another number or precision.
    pub fn parameters(&self, layout: &Layout) -> Result<Vec<f32>, Error> {
        let mut all = Vec::with_capacity(layout.len());
        for (block, range) in layout.blocks() {
            let refused = |found: String| Error::Block {
                name: block.name.clone(),
                expected: range.len(),
                found,
            };
            match self.tensors.get(&block.name).map(|tensor| &tensor.values) {
                Some(Values::F32(values)) if values.len() == range.len() => all.extend(values),
                Some(Values::F32(values)) => return Err(refused(format!("{}", values.len()))),
                Some(Values::F64(_)) => return Err(refused("doubles".to_owned())),
                None => return Err(refused("none".to_owned())),
            }
        }
        Ok(all)
    }
}

fn check(
    name: &str,
    shape: &[usize],
    len: usize,
    mut values: impl Iterator<Item = f64>,
) -> Result<(), Error> {
    if shape.iter().product::<usize>() != len {
        return Err(Error::TensorShape {
            name: name.into(),
            shape: shape.to_vec(),
            len,
        });
    }
    if let Some((index, value)) = values.by_ref().enumerate().find(|(_, v)| !v.is_finite()) {
        return Err(Error::TensorNotFinite {
            name: name.into(),
            index,
            value,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Model {
        Model::new("12x12, all-to-all")
            .describe("slices", 2)
            .f32(
                "site.linear",
                &[2, 3],
                vec![0.0, -1.5, 2.0, 3.0, 4.0, f32::MIN_POSITIVE],
            )
            .unwrap()
            .f64("edge.bilinear", &[2], vec![1.0 / 3.0, -1e300])
            .unwrap()
            .f64("temperature", &[], vec![1.0])
            .unwrap()
    }

    #[test]
    fn models_round_trip_with_their_description() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("models/sgm.safetensors");
        let model = example();
        model.write(&path).unwrap();
        let back = Model::read(&path).unwrap();
        assert_eq!(back, model);
        assert_eq!(back.metadata()["format_version"], FORMAT_VERSION);
        assert_eq!(back.metadata()["topology"], "12x12, all-to-all");
        assert_eq!(back.metadata()["slices"], "2");
        assert!(back.metadata()["units"].contains("kT = 1"));
        assert_eq!(back.tensor("edge.bilinear").unwrap().shape, [2]);
    }

    #[test]
    fn equal_models_are_equal_files() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a"), folder.path().join("b"));
        example().write(&a).unwrap();
        example().write(&b).unwrap();
        assert_eq!(std::fs::read(a).unwrap(), std::fs::read(b).unwrap());
    }

    #[test]
    fn malformed_tensors_are_refused() {
        let model = || Model::new("one unit");
        assert!(matches!(
            model().f32("a", &[2, 2], vec![0.0; 3]),
            Err(Error::TensorShape { len: 3, .. })
        ));
        assert!(matches!(
            model().f64("a", &[2], vec![0.0, f64::INFINITY]),
            Err(Error::TensorNotFinite { index: 1, .. })
        ));
        let once = model().f32("a", &[1], vec![0.0]).unwrap();
        assert!(matches!(
            once.f64("a", &[1], vec![0.0]),
            Err(Error::DuplicateTensor { .. })
        ));
    }

    #[test]
    fn foreign_files_are_refused_with_their_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("foreign.safetensors");
        let none: Vec<(&str, TensorView<'_>)> = Vec::new();
        std::fs::write(&path, safetensors::serialize(none, None).unwrap()).unwrap();
        let error = Model::read(&path).unwrap_err();
        assert!(matches!(error, Error::Format { .. }), "{error}");
        assert!(error.to_string().contains("foreign.safetensors"), "{error}");
    }
}

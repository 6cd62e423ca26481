//! Why bytes are not the weights of a U-Net.

/// Bytes that were given as the weights of a [`UNet`](super::UNet) are not.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UNetFileError {
    /// The bytes are no safetensors file: too short, or with a header that contradicts itself.
    #[error("the bytes are no whole safetensors file: {reason}; copy or train it again")]
    Malformed {
        /// What the reader of the format says.
        reason: String,
    },
    /// The header lacks the description that every model of Overdamped carries, or it is another's.
    #[error("the description under `overdamped` in the header is {found}; expected {expected}")]
    Description {
        /// What is there.
        found: String,
        /// What should be.
        expected: String,
    },
    /// A tensor is missing.
    #[error("there is no tensor `{name}`; the file has {}", listed(present))]
    Missing {
        /// The tensor that was looked for.
        name: String,
        /// The names that are there, sorted.
        present: Vec<String>,
    },
    /// A tensor is of another type than f16 and f32.
    #[error("tensor `{name}` holds {found}; expected F16 or F32")]
    Type {
        /// The tensor.
        name: String,
        /// Its type.
        found: String,
    },
    /// A tensor has another shape.
    #[error("tensor `{name}` has shape {found:?}; expected {expected:?}")]
    Shape {
        /// The tensor.
        name: String,
        /// Its shape.
        found: Vec<usize>,
        /// The shape of this network.
        expected: Vec<usize>,
    },
    /// A weight is NaN or infinite, or leaves the range of half precision.
    #[error(
        "tensor `{name}` has {value} at position {index}; every weight must be finite in half precision"
    )]
    NonFinite {
        /// The tensor.
        name: String,
        /// Position in C order.
        index: usize,
        /// The value.
        value: f32,
    },
}

/// Names in a sentence.
fn listed(names: &[String]) -> String {
    if names.is_empty() {
        return "none".into();
    }
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

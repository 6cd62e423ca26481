//! Data, activations and models.

use std::io::Cursor;
use std::path::Path;

use crate::activations::{Activations, Chunk, Error};
use crate::data::{DataFile, Sha256Sum, idx as format};
use crate::export::model::Model;

/// Pixels along one edge of an image of MNIST.
const SIDE: u32 = 28;
/// Length of the genuine file that archives stand for here: four images.
const GENUINE: u64 = 16 + 4 * 28 * 28;

/// A file of images or labels, written again from what was read of it.
pub fn idx(bytes: &[u8]) -> bool {
    let file = Path::new("idx");
    let header = |magic: u32, sizes: &[u32]| -> Vec<u8> {
        let fields = std::iter::once(&magic).chain(sizes);
        fields.flat_map(|field| field.to_be_bytes()).collect()
    };
    let rebuilt = if let Ok(pixels) = format::images(file, bytes, SIDE) {
        let count = pixels.len() as u32 / (SIDE * SIDE);
        [&header(0x0803, &[count, SIDE, SIDE]), pixels].concat()
    } else if let Ok(labels) = format::labels(file, bytes) {
        [&header(0x0801, &[labels.len() as u32]), labels].concat()
    } else {
        return false;
    };
    assert!(rebuilt == bytes, "the file is not what was read of it");
    true
}

/// An archive, or a file that has been unpacked, of a known length; then [`idx`].
pub fn gz(bytes: &[u8]) -> bool {
    let file = DataFile {
        name: "archive",
        sha256: Sha256Sum::of(&[]),
        bytes: GENUINE,
    };
    let path = Path::new("archive.gz");
    let Ok(contents) = file.unpack(path, bytes.to_vec()) else {
        return false;
    };
    assert!(contents.bytes.len() as u64 <= GENUINE);
    // No content but the published one passes, and here that is none at all.
    let genuine = file.verify(path, &contents.bytes).is_ok();
    assert_eq!(genuine, contents.bytes.is_empty());
    idx(&contents.bytes)
}

/// One array, taken for both sides.
pub fn npy(bytes: &[u8]) -> bool {
    paired(bytes, Some(Path::new("decoder")))
}

/// Two tensors of one file.
pub fn activations(bytes: &[u8]) -> bool {
    paired(bytes, None)
}

/// All samples, at once and a few at a time: the same ones.
fn paired(bytes: &[u8], decoder: Option<&Path>) -> bool {
    let open = || {
        let file = |_: &Path| Ok((Cursor::new(bytes), bytes.len() as u64));
        Activations::open_with(&file, Path::new("encoder"), decoder, None)
    };
    let Ok(mut whole) = open() else {
        return false;
    };
    let chunks = |open: &mut Activations<_>, most| -> Result<Vec<Chunk>, Error> {
        std::iter::from_fn(|| open.next_chunk(most).transpose()).collect()
    };
    let all = chunks(&mut whole, usize::MAX);
    let few = open().and_then(|mut parts| chunks(&mut parts, 1 + whole.samples() / 3));
    let (all, few) = match (all, few) {
        (Ok(all), Ok(few)) => (all, few),
        // Which side is named depends on the stretch that is read first, where both are at fault.
        (Err(Error::NotFinite { .. }), Err(Error::NotFinite { .. })) => return false,
        (all, few) => panic!("read at once: {:?}; in parts: {:?}", all.err(), few.err()),
    };
    assert!(values(&all) == values(&few), "parts differ");
    true
}

/// All values of the encoder, and of the decoder, sample after sample.
fn values(chunks: &[Chunk]) -> [Vec<f32>; 2] {
    let mut sides = [Vec::new(), Vec::new()];
    for chunk in chunks {
        for (values, side) in sides.iter_mut().zip([&chunk.encoder, &chunk.decoder]) {
            for sample in 0..side.ncols() {
                values.extend_from_slice(side.col_as_slice(sample));
            }
        }
    }
    sides
}

/// A trained model, written and read again.
pub fn model(bytes: &[u8]) -> bool {
    let path = Path::new("model");
    let Ok(model) = Model::from_bytes(bytes, path) else {
        return false;
    };
    let written = model.to_bytes(path).expect("what was read can be written");
    let again = Model::from_bytes(&written, path).expect("what was written can be read");
    assert!(again == model, "the model that was written is another");
    true
}

/// Two tensors of the denoiser's format, and those of the denoiser itself, which are megabytes.
pub fn unet(bytes: &[u8]) -> bool {
    let wanted: [(&str, &[usize]); 2] = [("scale", &[4]), ("weight", &[2, 1, 3, 3])];
    assert!(overdamped_digital::UNet::from_safetensors(bytes).is_err() || bytes.len() > 1_000_000);
    let Ok((tensors, _)) = overdamped_digital::tensors(bytes, &wanted) else {
        return false;
    };
    assert_eq!((tensors[0].len(), tensors[1].len()), (4, 18));
    true
}

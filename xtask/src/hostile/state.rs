//! What is kept of a run or of a fit.

use std::cell::RefCell;
use std::fmt::Debug;
use std::path::Path;
use std::sync::Arc;

use overdamped_conditioning::{Encoder, Interface, Transfer};
use overdamped_coupling::LowRankMap;
use overdamped_energy::{
    Edges, Energy, FastHidden, Layered, Layout, LowRank, Modular, Pairs, Role, Scalar, SiteTerm,
    Sites,
};
use overdamped_learn::Checkpoint;
use overdamped_substrate::{Settings, SimulatedSubstrate, Snapshot};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What the checkpoints belong to: the recipe.
pub(crate) const RECIPE: &str = "fuzz";

/// What the checkpoints belong to: the topology.
pub(crate) fn layout() -> Layout {
    Layout::new()
        .with("bias", 2, Role::Amplitude)
        .with("weight", 1, Role::Shape)
}

/// A checkpoint in single or double precision: the bytes as a file, and as the payload of one whose length and checksum
/// are right.
pub fn checkpoint(bytes: &[u8]) -> bool {
    let sealed = Checkpoint::<f32>::sealed(bytes);
    let files = [bytes, &sealed];
    files
        .iter()
        .any(|file| resumed::<f32>(file) || resumed::<f64>(file))
}

fn resumed<T: Scalar>(file: &[u8]) -> bool {
    let path = Path::new("checkpoint");
    let Ok(checkpoint) = Checkpoint::<T>::from_bytes(file, path, RECIPE, &layout()) else {
        return false;
    };
    for model in &checkpoint.models {
        assert_eq!(model.averaged().len(), layout().len());
    }
    let written = checkpoint
        .to_bytes(path)
        .expect("what was read can be written");
    assert!(
        written == file,
        "the checkpoint that was written is another"
    );
    true
}

thread_local! {
    /// Two units, so that a snapshot is small.
    static SUBSTRATE: RefCell<SimulatedSubstrate<f32>> = RefCell::new({
        let energy = Arc::new(Sites::new(2, &[SiteTerm::Stiffness]));
        SimulatedSubstrate::new(energy, Settings::default()).expect("two units with usual settings")
    });
}

/// Chains, put back and taken again.
pub fn snapshot(bytes: &[u8]) -> bool {
    let Some(snapshot) = json::<Snapshot<f32>>(bytes) else {
        return false;
    };
    SUBSTRATE.with_borrow_mut(|substrate| {
        let fits = substrate.restore(&snapshot).is_ok();
        if fits {
            assert_eq!(substrate.snapshot(), snapshot);
            substrate.branch(1);
        }
        fits
    })
}

/// Any of the networks that have a form in files. Sizes are added up and nothing is bound: a network of a thousand
/// million units is a fair description, and needs its memory.
pub fn topology(bytes: &[u8]) -> bool {
    fn sized<E: Energy<f32> + DeserializeOwned + Serialize + PartialEq + Debug>(
        bytes: &[u8],
    ) -> bool {
        let energy = json::<E>(bytes);
        energy.as_ref().is_some_and(|energy| {
            let layout = energy.layout();
            let end = layout.blocks().last().map_or(0, |(_, range)| range.end);
            assert_eq!(layout.len(), end);
            energy.units() < usize::MAX
        })
    }
    let found = [
        sized::<Layered>(bytes),
        sized::<Modular>(bytes),
        sized::<Pairs>(bytes),
        sized::<Sites>(bytes),
        sized::<LowRank>(bytes),
        sized::<FastHidden>(bytes),
        json::<Edges>(bytes).is_some(),
        json::<Layout>(bytes).is_some_and(|layout| layout.blocks().count() <= bytes.len()),
    ];
    found.contains(&true)
}

/// A map, applied to ones.
pub fn coupling(bytes: &[u8]) -> bool {
    let Some(map) = json::<LowRankMap>(bytes) else {
        return false;
    };
    let ones = faer::Mat::full(map.encoder_units(), 1, 1.0_f32);
    let made = map
        .predict(ones.as_ref())
        .expect("one sample of the right shape");
    assert_eq!(made.nrows(), map.decoder_units());
    true
}

/// An interface, applied to ones, or one of its halves.
pub fn interface(bytes: &[u8]) -> bool {
    if let Some(interface) = json::<Interface>(bytes) {
        let ones = faer::Mat::full(interface.inputs(), 1, 1.0_f32);
        let drive = interface
            .drive(ones.as_ref())
            .expect("one sample of the right shape");
        assert_eq!(drive.nrows(), interface.outputs());
        return true;
    }
    json::<Encoder>(bytes).is_some() || json::<Transfer>(bytes).is_some()
}

/// A value in JSON that is the same after it has been written and read once more.
pub(super) fn json<V: DeserializeOwned + Serialize + PartialEq + Debug>(bytes: &[u8]) -> Option<V> {
    let value: V = serde_json::from_slice(bytes).ok()?;
    let written = serde_json::to_vec(&value).expect("what was read can be written");
    let again: V = serde_json::from_slice(&written).expect("what was written can be read");
    assert_eq!(again, value);
    Some(value)
}

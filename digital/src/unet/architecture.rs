//! The shapes of the network: five blocks on three grids, and every tensor by name.
//!
//! ```text
//! image 16x16 -- stem (64) -- e1 (64)--------[skip]-- d1 (64) -- 1x1 -- image
//!                              | pool           up |
//!                        8x8  e2 (96)-[skip]-- d2 (96)
//!                              | pool    up |
//!                        4x4  middle (128) -+
//! ```
//! The stem is SiLU(conv3x3 + bias). A block is residual,
//!
//! SiLU(conv1x1(x) + N(conv3x3(SiLU(N(conv3x3(x)) + bias of the noise))) + bias),
//!
//! where N brings the channels of an image, in eight groups, to mean zero and variance one, and then scales each
//! (group normalisation, Wu and He 2018). Activations are so in good part linear in what enters, pixel by
//! pixel. Each 3 x 3 convolution repeats nothing at the edges: beyond them the image is zero.

use crate::work::{NetworkWork, Stage};

/// Pixels along one edge of an image.
pub(super) const SIDE: usize = 16;
/// Numbers that stand for the noise, before each block makes its channels' biases of them.
pub(super) const LEVELS: usize = 64;
/// Channels of the stem.
pub(super) const STEM: usize = 64;
/// Groups of channels that are normalised together.
pub(super) const GROUPS: usize = 8;
/// Added to a variance before its root is divided by.
pub(super) const LEAST_VARIANCE: f32 = 1e-5;
/// Taps of a 3 x 3 convolution.
pub(super) const TAPS: usize = 9;

/// One of the five blocks of a [`UNet`](super::UNet).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Block {
    /// The outer encoder: 64 channels on 16 x 16 pixels.
    E1,
    /// The inner encoder: 96 channels on 8 x 8 pixels.
    E2,
    /// The bottleneck: 128 channels on 4 x 4 pixels.
    Middle,
    /// The inner decoder: 96 channels on 8 x 8 pixels, from the bottleneck and the inner encoder.
    D2,
    /// The outer decoder: 64 channels on 16 x 16 pixels, from the inner decoder and the outer encoder.
    D1,
}

impl Block {
    /// All five, in the order in which they are computed.
    pub const ALL: [Self; 5] = [Self::E1, Self::E2, Self::Middle, Self::D2, Self::D1];

    /// Its name, as the tensors of a file carry it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::E1 => "e1",
            Self::E2 => "e2",
            Self::Middle => "middle",
            Self::D2 => "d2",
            Self::D1 => "d1",
        }
    }

    /// Channels that enter: for a decoder first those from below, enlarged, then those of the skip.
    #[must_use]
    pub fn inputs(self) -> usize {
        match self {
            Self::E1 => STEM,
            Self::E2 => Self::E1.channels(),
            Self::Middle => Self::E2.channels(),
            Self::D2 => Self::Middle.channels() + Self::E2.channels(),
            Self::D1 => Self::D2.channels() + Self::E1.channels(),
        }
    }

    /// Channels of its activations.
    #[must_use]
    pub fn channels(self) -> usize {
        match self {
            Self::E1 | Self::D1 => 64,
            Self::E2 | Self::D2 => 96,
            Self::Middle => 128,
        }
    }

    /// Pixels along one edge of its grid.
    #[must_use]
    pub fn side(self) -> usize {
        match self {
            Self::E1 | Self::D1 => SIDE,
            Self::E2 | Self::D2 => SIDE / 2,
            Self::Middle => SIDE / 4,
        }
    }

    /// Pixels of its grid.
    #[must_use]
    pub fn pixels(self) -> usize {
        self.side() * self.side()
    }
}

/// A tensor of weights: what the file, the training and the forward pass agree on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slot {
    /// Name in a file, such as `e1.first.weight`.
    pub(super) name: String,
    /// Extents, outermost first: outputs, inputs, rows and columns of the kernel.
    pub(super) shape: Vec<usize>,
    /// Inputs of one output of the layer it belongs to, which set the size of initial weights.
    pub(super) fan_in: usize,
}

impl Slot {
    /// Whether it scales normalised channels, rather than mixing any.
    pub(super) fn is_scale(&self) -> bool {
        self.name.ends_with(".scale")
    }

    /// Number of weights.
    pub(super) fn len(&self) -> usize {
        self.shape.iter().product()
    }
}

/// Every tensor, in the order of all lists of them.
pub(super) fn slots() -> Vec<Slot> {
    let mut slots = Vec::new();
    let mut add = |layer: &str, kind: &str, shape: &[usize], fan_in| {
        slots.push(Slot {
            name: format!("{layer}.{kind}"),
            shape: shape.to_vec(),
            fan_in,
        });
    };
    let mut dense = |layer: &str, inputs: usize, outputs: usize| {
        add(layer, "weight", &[outputs, inputs], inputs);
        add(layer, "bias", &[outputs], inputs);
    };
    dense("noise.first", 1, LEVELS);
    dense("noise.second", LEVELS, LEVELS);
    add("stem", "weight", &[STEM, 1, 3, 3], TAPS);
    add("stem", "bias", &[STEM], TAPS);
    for block in Block::ALL {
        let (name, inputs, channels) = (block.name(), block.inputs(), block.channels());
        let layer = |which| format!("{name}.{which}");
        let fan_in = TAPS * inputs;
        add(&layer("first"), "weight", &[channels, inputs, 3, 3], fan_in);
        add(&layer("first"), "scale", &[channels], fan_in);
        // What is added to the first convolution, once normalised, is the bias of the noise.
        add(&layer("noise"), "weight", &[channels, LEVELS], LEVELS);
        add(&layer("noise"), "bias", &[channels], LEVELS);
        let fan_in = TAPS * channels;
        add(
            &layer("second"),
            "weight",
            &[channels, channels, 3, 3],
            fan_in,
        );
        add(&layer("second"), "scale", &[channels], fan_in);
        add(&layer("second"), "bias", &[channels], fan_in);
        add(&layer("skip"), "weight", &[channels, inputs], inputs);
    }
    let inputs = Block::D1.channels();
    add("output", "weight", &[1, inputs], inputs);
    add("output", "bias", &[1], inputs);
    slots
}

/// Multiply-accumulates of one image: every weight that mixes channels, as often as it is applied.
pub(super) fn work() -> NetworkWork {
    let slots = slots();
    let stage = |name: &'static str, pixels: usize| {
        let mixing = slots.iter().filter(|slot| {
            let (layer, kind) = slot.name.rsplit_once('.').unwrap_or(("", ""));
            let own = layer == name || layer.starts_with(&format!("{name}."));
            own && kind == "weight"
        });
        let products = mixing.map(|slot| {
            // A block makes its biases of the noise once, whatever its grid.
            let once = slot.name.ends_with("noise.weight") || name == "noise";
            slot.len() * if once { 1 } else { pixels }
        });
        Stage {
            name,
            multiply_accumulates: products.sum::<usize>() as u64,
        }
    };
    let mut stages = vec![stage("noise", 1), stage("stem", SIDE * SIDE)];
    stages.extend(Block::ALL.map(|block| stage(block.name(), block.pixels())));
    stages.push(stage("output", SIDE * SIDE));
    NetworkWork::new(stages)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: block by block (9 inputs + 9 channels + inputs) x channels x pixels, and 64 x channels for the biases of
    /// the noise; the stem 9 x 64 and the output 64 for each of 256 pixels; the noise 64 + 64 x 64.
    #[test]
    fn work_is_as_counted_by_hand() {
        let by_hand = [
            ("noise", 4_160),
            ("stem", 147_456),
            ("e1", 19_922_944 + 4_096),
            ("e2", 9_240_576 + 6_144),
            ("middle", 4_325_376 + 8_192),
            ("d2", 19_070_976 + 6_144),
            ("d1", 35_651_584 + 4_096),
            ("output", 16_384),
        ];
        let counted: Vec<_> = work()
            .stages()
            .iter()
            .map(|stage| (stage.name, stage.multiply_accumulates))
            .collect();
        assert_eq!(counted, by_hand);
    }
}

//! What a network costs to apply once, in multiply-accumulates, stage by stage.
//!
//! Counted from shapes alone: a convolution of k x k taps from n to m channels takes k^2 n m of them for each pixel that
//! it computes. Normalisation, activations and pooling take no products of weights and are left out, as is usual.

/// Taps of a 3 x 3 convolution.
const TAPS: u64 = 9;

/// One stage of a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    /// Its name, as in a file of weights.
    pub name: &'static str,
    /// Multiply-accumulates for one input.
    pub multiply_accumulates: u64,
}

/// Multiply-accumulates of a network for one input, in the order in which its stages are computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkWork {
    stages: Vec<Stage>,
}

impl NetworkWork {
    pub(crate) const fn new(stages: Vec<Stage>) -> Self {
        Self { stages }
    }

    /// The published `ToyUNet` of arXiv 2604.14332: 4 x 32 x 32 numbers in and out, 128, 256 and 512 channels on grids of
    /// 32, 16 and 8 pixels. A block is two 3 x 3 convolutions, and a 1 x 1 one beside them where channels change; a
    /// decoder's input is what comes from below beside the skip.
    #[must_use]
    pub fn published_unet() -> Self {
        const IMAGE: u64 = 4;
        const WIDTHS: [u64; 3] = [128, 256, 512];
        const PIXELS: [u64; 3] = [32 * 32, 16 * 16, 8 * 8];
        let [outer, inner, deep] = WIDTHS;
        let block = |name, inputs: u64, channels: u64, pixels: u64| {
            let beside = if inputs == channels {
                0
            } else {
                inputs * channels
            };
            let weights = TAPS * (inputs + channels) * channels + beside;
            Stage {
                name,
                multiply_accumulates: weights * pixels,
            }
        };
        let layer = |name, weights: u64| Stage {
            name,
            multiply_accumulates: weights * PIXELS[0],
        };
        Self::new(vec![
            layer("stem", TAPS * IMAGE * outer),
            block("e1", outer, outer, PIXELS[0]),
            block("e2", outer, inner, PIXELS[1]),
            block("middle", inner, deep, PIXELS[2]),
            block("d2", deep + inner, inner, PIXELS[1]),
            block("d1", inner + outer, outer, PIXELS[0]),
            layer("output", outer * IMAGE),
        ])
    }

    /// The stages.
    #[must_use]
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// Multiply-accumulates of all stages.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.stages.iter().map(|s| s.multiply_accumulates).sum()
    }

    /// Multiply-accumulates of the stages up to and with the one of this name; of all if there is none.
    #[must_use]
    pub fn up_to(&self, name: &str) -> u64 {
        let last = self.stages.iter().position(|stage| stage.name == name);
        let count = last.map_or(self.stages.len(), |last| last + 1);
        let first = self.stages.iter().take(count);
        first.map(|stage| stage.multiply_accumulates).sum()
    }

    /// The share of all that [`up_to`](Self::up_to) is.
    #[must_use]
    pub fn share_up_to(&self, name: &str) -> f64 {
        self.up_to(name) as f64 / self.total() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: the stem 1,024 x 9 x 4 x 128; e1 1,024 x 2 x 9 x 128^2; e2 256 x (9 x 384 x 256 + 128 x 256); the middle
    /// 64 x (9 x 768 x 512 + 256 x 512); d2 256 x (9 x 1,024 x 256 + 768 x 256); d1 1,024 x (9 x 512 x 128 + 384 x 128);
    /// the output 1,024 x 128 x 4.
    #[test]
    fn the_published_network_is_counted_as_by_hand() {
        let work = NetworkWork::published_unet();
        let counts: Vec<_> = work
            .stages()
            .iter()
            .map(|stage| stage.multiply_accumulates)
            .collect();
        let by_hand = [
            4_718_592,
            301_989_888,
            234_881_024,
            234_881_024,
            654_311_424,
            654_311_424,
            524_288,
        ];
        assert_eq!(counts, by_hand);
        assert_eq!(work.total(), 2_085_617_664);
        let shares = ["e1", "e2", "middle"].map(|stage| 1e3 * work.share_up_to(stage));
        assert_eq!(shares.map(f64::round), [147.0, 260.0, 372.0]);
    }
}

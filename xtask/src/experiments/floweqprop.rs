//! GradEP and FlowEqProp: flow matching trained by a spring and a nudge (arXiv 2604.08150).
//!
//! | file | what |
//! |---|---|
//! | `network` | which layers, where pixels and labels are, where training starts |
//! | `recipe` | the settings of training: this project's and the paper's |
//! | `course` | training, with a look at the parameters after each round |
//! | `loss` | the loss on fresh pairs, and its floors |
//! | `drawing` | digits from a trained field, in four ways |
//! | `gallery` | drawn, judged, kept, shown |
//! | `gradient`, `relaxation`, `probe` | studies: bias against the nudge, error against relaxation |
//! | `pace` | the published recipe timed on this machine |
//! | `digits` | the experiment of the paper |
//! | `variants` | held-out images, labels, MNIST |
//! | `kept` | the network that the paper preset trained |
//! | `acts` | what a sample and an update of training take, for accounting |
//! | `figures` | what they show |

pub mod acts;
mod course;
mod digits;
pub mod drawing;
mod figures;
mod gallery;
mod gradient;
mod kept;
mod loss;
mod network;
mod pace;
mod probe;
mod recipe;
mod relaxation;
mod variants;

pub use digits::PUBLISHED_UPDATES;

use super::Experiment;
use crate::results::Preset;

/// The experiments of this system.
pub const ALL: &[Experiment] = &[
    Experiment {
        name: "floweqprop",
        about: "ten classes of 8 x 8 digits, learned by equilibrium propagation of velocities",
        needs_mnist: false,
        presets: &[Preset::Quick, Preset::Paper],
        has_published: true,
        run: digits::run,
    },
    Experiment {
        name: "floweqprop.heldout",
        about: "the same with a fifth of the images held back for judging",
        needs_mnist: false,
        presets: &[Preset::Paper],
        has_published: true,
        run: variants::heldout,
    },
    Experiment {
        name: "floweqprop.conditional",
        about: "the same, told which digit to draw",
        needs_mnist: false,
        presets: &[Preset::Paper],
        has_published: true,
        run: variants::conditional,
    },
    Experiment {
        name: "floweqprop.mnist28",
        about: "all ten MNIST digits at 28 x 28, told which to draw",
        needs_mnist: true,
        presets: &[Preset::Paper],
        has_published: false,
        run: variants::mnist28,
    },
];

//! What estimators of the gradient are worth, on the substrate and in theory.
//!
//! | file | what |
//! |---|---|
//! | `probe` | the network, its digits; gradients by the substrate, and exact ones |
//! | `estimate` | the estimators by name |
//! | `closed_form` | the network as systems of the theory |
//! | `slopes` | bias of a finite nudge at rest |
//! | `bound` | biases of random systems against their bound |
//! | `finite` | gradients of unfinished relaxation |
//! | `sampling`, `optimum` | bias against thermal noise, and the best nudge |
//! | `advice` | recommendations against a search |
//! | `fit` | exponents, minima, angles |

mod advice;
mod bound;
mod closed_form;
mod estimate;
mod finite;
mod fit;
mod optimum;
mod probe;
mod sampling;
mod slopes;

use self::probe::Digits;
use crate::experiments::Context;
use crate::report::{Block, Section};

/// What all ids start with.
const PREFIX: &str = "eqprop";

const INTRO: &str = "A network of springs and couplings, clamped at a noisy digit, comes to rest with another part of it \
     near the clean one. How should the couplings change to bring it nearer? Pull at the output a \
     little, and contrast what each coupling sees before and after: that is the gradient, as the pull goes to \
     zero. But it cannot go to zero: heat and unfinished relaxation would drown the contrast. What is each way to \
     nudge worth, then, and how strong should it be?\n\n\
     Everything here is measured by the simulated substrate and set beside a closed form. The network has three \
     modules of 24 units, each joined with each by couplings of rank 8; the digits are 8 x 8 images in their 24 \
     leading principal components.";

const BIAS: &str = "At rest and without heat, what is wrong with a finite nudge? A spring pulls less the closer it gets. To one side \
     that costs a share of order beta; between two sides the first order cancels. A constant force does not \
     give way, and on a quadratic energy it is exact at any strength; quartic sites bend its way, to second \
     order. The dashed lines are the leading terms in closed form, without a fit.";

const OPTIMUM: &str = "With heat, a weak nudge drowns in noise, and a strong one is biased: where is the best? Sampled states of the \
     network in a bath, and the error of the gradient of the coupling between hidden and output units. One side has its \
     best nudge where bias and noise balance, and gains only with the root of the number of samples; two sides gain faster. \
     A constant force has no bias to balance: the stronger the better, and its error falls as 1 / N, \
     down to the noise of the free state that sets the force. The covariance of free states does without a nudge, and \
     pays for it with noise. (It follows the gradient of the mean loss, and its error is relative to that.)";

const ADVICE: &str = "So which one, on given hardware? Theory knows the error of each estimator exactly, finite phases and heat \
     included, so that it can be asked.";

/// Measures, records, and tells.
///
/// # Errors
/// An interrupt, or whatever rule, theory and substrate report.
pub fn run(context: &mut Context) -> anyhow::Result<Section> {
    let digits = Digits::new()?;
    let text = |text: &str| Block::Text(text.to_owned());
    let mut blocks = vec![text(BIAS)];
    blocks.extend(slopes::study(context, &digits)?);
    blocks.push(bound::study(context)?);
    blocks.extend(finite::study(context, &digits)?);
    blocks.push(text(OPTIMUM));
    blocks.extend(optimum::study(context, &digits)?);
    blocks.push(text(ADVICE));
    blocks.extend(advice::study(context)?);
    Ok(Section {
        title: "What a nudge is worth".to_owned(),
        intro: INTRO.to_owned(),
        blocks,
    })
}

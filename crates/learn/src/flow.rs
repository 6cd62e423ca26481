//! The data of flow matching: straight lines from noise to examples, and the velocity along them.
//!
//! A network that has learnt a velocity field v carries noise to data by dx/dt = v(x) from t = 0 to 1.
//! Flow matching fits v by least squares to draws of
//!
//! x_t = (1 - t) x_0 + t x_1, u = x_1 - x_0, t ~ U(0, 1), x_0 ~ N(0, I)
//!
//! (Lipman et al. 2023, arXiv 2210.02747; Liu et al. 2023, arXiv 2209.03003; as the data of equilibrium
//! propagation: arXiv 2604.08150). There times are independent; here they are stratified over a batch. Each is
//! uniform by itself, so that the loss and its gradient keep their expectation and lose variance.
//!
//! | symbol | meaning |
//! |---|---|
//! | x_0 | noise, standard normal on each visible unit |
//! | x_1 | an example of the data set |
//! | x_t | where the substrate is anchored |
//! | u | the velocity that it should show there |
//!
//! Any coupling of x_0 and x_1 that keeps both marginals has the same solution at t = 0 and 1. Pairs at
//! random cross each other's lines, and the field can only learn the mean over the lines that meet at a
//! point. **Optimal transport** chooses the pairs of least mean |x_1 - x_0|^2, whose lines do not cross
//! (Tong et al. 2024, arXiv 2302.00482; Pooladian et al. 2023, arXiv 2304.14772): less variance in the
//! target, and straighter lines. [`FlowPairs`] solves it exactly inside batches, with [`assign`].

mod assignment;
mod field;
mod pairs;
mod walk;

pub use assignment::{Assignment, assign};
pub use field::Spring;
pub use pairs::{FlowBatch, FlowPairs, Pairing};
pub use walk::Walk;

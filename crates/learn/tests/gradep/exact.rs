//! The exact gradient against finite differences, and the rule against the exact gradient.

use faer::{Mat, mat};
use overdamped_energy::{Drive, Energy, SiteTerm, Sites};
use overdamped_learn::{
    LearnError, NudgeForce, Nudging, QuadraticCost, Rule, Sides, Wiring, implicit_gradient,
};
use overdamped_substrate::stream;

use crate::toy::{BATCH, Toy, relative};

/// Every parameter is moved by 1e-4 to either side, the network relaxed, and C taken again. Found:
/// 1e-8, the third derivative. A lost factor, sign, clamp or coupling would be off by its own size.
#[test]
fn the_exact_gradient_is_a_difference_of_relaxed_costs() {
    const STEP: f64 = 1e-4;
    let toy = Toy::coupled();
    let batch = toy.batch(3);
    let (exact, cost) = (toy.exact(&batch), toy.cost(&batch));
    let at = |index: usize, step: f64| {
        let mut theta = toy.theta.clone();
        theta[index] += step;
        cost.mean(toy.rest(&theta, batch.places.as_ref()).as_ref())
    };
    let differences: Vec<f64> = (0..exact.len())
        .map(|index| (at(index, STEP) - at(index, -STEP)) / (2.0 * STEP))
        .collect();
    let layout = Energy::<f64>::layout(toy.network.as_ref());
    for (block, range) in layout.blocks() {
        let off = relative(&exact[range.clone()], &differences[range]);
        assert!(off < 1e-6, "{}: {off:e}", block.name);
    }
    // The bias of a label, which is held, moves nothing.
    let bias = layout.range("bias.2").unwrap();
    assert_eq!(exact[bias.end - 2..bias.end], [0.0; 2]);
    assert!(exact[bias.end - 3].abs() > 1e-3);
}

/// One network with both phases run to rest: what the rule says of its batch is exact but for
/// terms of order beta squared.
#[test]
fn the_rule_estimates_the_mean_of_exact_gradients_and_sees_the_loss() {
    let toy = Toy::coupled();
    let mut gradient = vec![f64::NAN; toy.theta.len()];
    let mut rule = toy.rule(Nudging {
        strength: 2.5e-4,
        ..Nudging::default()
    });
    let mut stream = stream::of(3, 0);
    for _ in 0..2 {
        let batch = toy.pairs().draw(BATCH, &mut stream.clone()).unwrap();
        let measured = rule
            .estimate(&toy.theta, &mut stream, &mut gradient)
            .unwrap();
        let off = relative(&gradient, &toy.exact(&batch));
        assert!(off < 5e-6, "{off:e}");
        // The loss, from its definition: the mean over chains and visible units of (v - u)^2.
        let places = batch.places.as_ref();
        let rest = toy.rest(&toy.theta, places);
        let error = |row: usize, chain: usize| {
            let velocity = 2.0 * 15.0 * (rest[(row, chain)] - places[(row, chain)]);
            (velocity - batch.velocities[(row, chain)]).powi(2)
        };
        let errors = (0..BATCH).flat_map(|chain| (0..6).map(move |row| error(row, chain)));
        let loss = errors.sum::<f64>() / (6 * BATCH) as f64;
        assert!(loss > 0.1, "{loss}");
        assert!((measured.loss.unwrap() / loss - 1.0).abs() < 1e-10);
        let mean = 2.0 * toy.cost(&batch).mean(rest.as_ref()) / 6.0;
        assert!((mean / loss - 1.0).abs() < 1e-10);
        assert!(measured.residual.unwrap() < 1e-12);
    }
}

/// The derivative of the rule's loss is 2 / units times its gradient: a step down the gradient
/// lowers the loss by that much.
#[test]
fn every_way_to_nudge_points_down_the_loss() {
    let toy = Toy::coupled();
    let batch = toy.batch(4);
    let cost = toy.cost(&batch);
    let loss = |theta: &[f64]| cost.mean(toy.rest(theta, batch.places.as_ref()).as_ref());
    for force in [NudgeForce::Linear, NudgeForce::Quadratic] {
        for sides in [Sides::One, Sides::Two] {
            let nudging = Nudging {
                force,
                sides,
                strength: 1e-5,
            };
            let mut gradient = vec![0.0; toy.theta.len()];
            let mut stream = stream::of(4, 0);
            toy.rule(nudging)
                .estimate(&toy.theta, &mut stream, &mut gradient)
                .unwrap();
            let length: f64 = gradient.iter().map(|g| g * g).sum();
            let step = 1e-6;
            let down: Vec<f64> = toy
                .theta
                .iter()
                .zip(&gradient)
                .map(|(t, g)| t - step * g)
                .collect();
            let up: Vec<f64> = toy
                .theta
                .iter()
                .zip(&gradient)
                .map(|(t, g)| t + step * g)
                .collect();
            let slope = (loss(&up) - loss(&down)) / (2.0 * step);
            assert!(
                (slope / length - 1.0).abs() < 1e-3,
                "{nudging:?}: {slope}, not {length}"
            );
        }
    }
}

/// A double well E = -2 x^2 + x^4, curvature -4 at its hilltop and 8 in the wells, on springs at zero: too
/// weak a spring leaves the hill, and equilibrium propagation has no meaning there.
#[test]
fn a_hilltop_has_no_gradient() {
    let well = Sites::new(1, &[SiteTerm::Bias, SiteTerm::Stiffness, SiteTerm::Quartic]);
    let potential = well.bind(&[0.0_f64, -4.0, 4.0]).unwrap();
    let cost = QuadraticCost::new(Wiring::visible(1), 1.0, mat![[0.5, 0.5]]).unwrap();
    let gradient_of = |stiffness: f64, states: Mat<f64>| {
        let drive = Drive::spring(vec![stiffness], mat![[0.0]].as_ref()).unwrap();
        let mut gradient = vec![0.0; 3];
        let states = states.as_ref();
        implicit_gradient(
            potential.as_ref(),
            &drive,
            &[true],
            states,
            &cost,
            &mut gradient,
        )
        .map(|()| gradient)
    };
    let error = gradient_of(3.0, mat![[1.0, 0.0]]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the energy is not convex at chain 1: its smallest curvature is -1.000e0; raise the \
         stiffness of the spring by more than that, or relax longer"
    );
    assert!(matches!(error, LearnError::NotConvex { chain: 1, smallest } if smallest == -1.0));
    // With a spring of 5 the hilltop is a minimum of curvature 1: dC/db = dC/dx dx/db = (0 - 1/2) 1.
    let gradient = gradient_of(5.0, mat![[0.0, 0.0]]).unwrap();
    assert_eq!(gradient, [-0.5, 0.0, 0.0]);
}

//! One form of a map, whatever its factors, and whatever made them.

use faer::Mat;
use overdamped_coupling::LowRankMap;
use overdamped_energy::{Coupling, Energy, Modular, Module, Wires};

use crate::support::{assert_canonical, assert_near, normal};

fn map(left: &Mat<f64>, right: &Mat<f64>) -> LowRankMap {
    let (x, y) = (vec![0.5; left.nrows()], vec![-1.0; right.nrows()]);
    LowRankMap::new(left.as_ref(), right.as_ref(), x, y).unwrap()
}

fn assert_same(one: &LowRankMap, other: &LowRankMap) {
    assert_near(&one.left().to_owned(), &other.left().to_owned(), 1e-11);
    assert_near(&one.right().to_owned(), &other.right().to_owned(), 1e-11);
    for (one, other) in one.strength().iter().zip(other.strength()) {
        assert!((one - other).abs() < 1e-11 * other);
    }
}

#[test]
fn factors_of_one_map_come_to_one_form() {
    let (left, right) = (normal(7, 3, 1), normal(5, 3, 2));
    let expected = map(&left, &right);
    assert_canonical(&expected);
    assert_near(&expected.matrix(), &(&left * right.transpose()), 1e-12);
    let rotation = normal(3, 3, 3).qr().compute_thin_Q();
    let turned = map(&(&left * &rotation), &(&right * &rotation));
    assert_same(&turned, &expected);
    let order = [2, 0, 1];
    let swap = |m: &Mat<f64>| Mat::from_fn(m.nrows(), 3, |i, k| m[(i, order[k])]);
    assert_same(&map(&swap(&left), &swap(&right)), &expected);
    let scaled = |m: &Mat<f64>, power: i32| {
        Mat::from_fn(m.nrows(), 3, |i, k| {
            m[(i, k)] * (-4.0_f64 - k as f64).powi(power)
        })
    };
    assert_same(&map(&scaled(&left, 1), &scaled(&right, -1)), &expected);
    // Units in another order: their rows move, nothing else.
    let reversed = map(&left.reverse_rows().to_owned(), &right);
    let back = reversed.left().reverse_rows().to_owned();
    assert_near(&back, &expected.left().to_owned(), 1e-11);
    assert_near(
        &reversed.right().to_owned(),
        &expected.right().to_owned(),
        1e-11,
    );
}

#[test]
fn the_gauge_is_that_of_modular_energies() {
    let map = map(&normal(7, 3, 4), &normal(5, 3, 5));
    let module = |units| Module {
        units,
        quartic: false,
    };
    let coupling = Coupling {
        modules: (0, 1),
        wires: Wires::LowRank { rank: 3 },
    };
    let energy = Modular::new(vec![module(7), module(5)], vec![coupling]).unwrap();
    let layout = Energy::<f64>::layout(&energy);
    let mut parameters = vec![1.0; layout.len()];
    let columns = |m: faer::MatRef<'_, f64>| -> Vec<f64> {
        m.col_iter()
            .flat_map(|c| c.iter().copied().collect::<Vec<_>>())
            .collect()
    };
    for (name, values) in [
        ("strength.0", map.strength().to_vec()),
        ("left.0", columns(map.left())),
        ("right.0", columns(map.right())),
    ] {
        parameters[layout.range(name).unwrap()].copy_from_slice(&values);
    }
    let before = parameters.clone();
    energy.canonical(&mut parameters).unwrap();
    for (after, before) in parameters.iter().zip(before) {
        assert!((after - before).abs() < 1e-12);
    }
}

#[test]
fn a_control_has_the_strengths_of_its_map_and_no_other_likeness() {
    let map = map(&normal(40, 3, 6), &normal(30, 3, 7));
    let control = map.random_control(1);
    assert_canonical(&control);
    assert_eq!(control.strength(), map.strength());
    assert_eq!(control.mean_encoder(), map.mean_encoder());
    assert_eq!(control.mean_decoder(), map.mean_decoder());
    assert_eq!(map.random_control(1), control);
    assert_ne!(map.random_control(2), control);
    // <M, M'> / |M|^2 has variance sum s^4 / (40 * 30 |M|^4) over Haar factors: at most 1 / 1200 with s^4 <=
    // |M|^4. 4.5 of it.
    let (one, other) = (map.matrix(), control.matrix());
    let along: f64 = (0..30)
        .map(|j| (0..40).map(|i| one[(i, j)] * other[(i, j)]).sum::<f64>())
        .sum();
    assert!((along / one.norm_l2().powi(2)).abs() < 4.5 / 1200.0_f64.sqrt());
}

/// The mean over 2,000 draws of each entry of U U^T is rank / units on the diagonal and zero elsewhere: a fifth
/// of the standard deviation of one draw, sqrt(2 / 25), at most, over sqrt(2000), is .0064; 5 of it, false alarm
/// below 1e-4 over all entries. Signs of QR left as they come would not show here, columns that are not
/// orthonormal would.
#[test]
fn controls_point_everywhere() {
    let map = map(&normal(5, 2, 8), &normal(4, 2, 9));
    let draws = 2000;
    let mut mean = Mat::<f64>::zeros(5, 5);
    for seed in 0..draws {
        let control = map.random_control(seed);
        mean += control.left() * control.left().transpose();
    }
    for i in 0..5 {
        for j in 0..5 {
            let expected = if i == j { 2.0 / 5.0 } else { 0.0 };
            assert!((mean[(i, j)] / draws as f64 - expected).abs() < 0.032);
        }
    }
}

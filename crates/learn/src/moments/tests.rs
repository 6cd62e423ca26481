//! The quadratic form against quadrature of the network itself, and its optimum against closed forms.

mod floor;

use faer::linalg::solvers::Solve;
use faer::{Mat, MatRef};
use overdamped_energy::{Edges, Energy, PairTerm, Pairs, SiteTerm, Sites, Sum};

use super::*;
use crate::{LearnError, Level, Noising};

/// A skewed, correlated set with no special structure.
fn irregular(units: usize, examples: usize) -> Mat<f64> {
    Mat::from_fn(units, examples, |unit, example| {
        let phase = (example * (unit + 2) * 37 % 101) as f64 / 50.0 - 1.0;
        let shared = (example * 53 % 89) as f64 / 60.0 - 0.7;
        0.4 * phase + 0.8 * shared * shared - 0.3 * unit as f64 * shared
    })
}

/// Any parameters of the right length, of order one.
fn some_parameters(count: usize) -> Vec<f64> {
    (0..count)
        .map(|index| (index * 29 % 17) as f64 / 8.0 - 0.9)
        .collect()
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f64::max)
}

/// The loss by Gauss-Hermite quadrature over the noise of every example, with the force of the
/// network as the denoiser. Four nodes are exact to seventh order; the loss is of sixth.
fn loss_by_quadrature(data: MatRef<'_, f64>, level: Level, edges: &Edges, theta: &[f64]) -> f64 {
    let units = data.nrows();
    let network = Sum::of(Sites::new(units, &SiteTerm::ALL[..4]))
        .and_then(|sum| sum.and(Pairs::new(edges.clone(), &[PairTerm::Bilinear])))
        .unwrap()
        .bind(theta)
        .unwrap();
    let root = 6.0_f64.sqrt();
    let (near, far) = ((3.0 - root).sqrt(), (3.0 + root).sqrt());
    let (light, heavy) = ((3.0 - root) / 12.0, (3.0 + root) / 12.0);
    let rule = [(-far, light), (-near, heavy), (near, heavy), (far, light)];
    let mut sum = 0.0;
    for example in 0..data.ncols() {
        for index in 0..4_usize.pow(units as u32) {
            let node = |unit: usize| rule[index / 4_usize.pow(unit as u32) % 4];
            let state = Mat::from_fn(units, 1, |unit, _| {
                level.signal * data[(unit, example)] + level.noise * node(unit).0
            });
            let weight: f64 = (0..units).map(|unit| node(unit).1).product();
            let error = network.force(state.as_ref()).col(0) - data.col(example);
            sum += weight * error.squared_norm_l2();
        }
    }
    sum / (2.0 * units as f64 * data.ncols() as f64)
}

#[test]
fn the_loss_is_that_of_the_network_by_quadrature() {
    let data = irregular(3, 6);
    let moments = DataMoments::new(data.as_ref()).unwrap();
    // Edges in no special order or orientation, and not all of them.
    for pairs in [vec![(2, 0), (0, 1)], vec![(1, 0), (2, 1), (0, 2)], vec![]] {
        let edges = Edges::list(3, pairs).unwrap();
        for time in [0.02, 0.5, 3.0] {
            let level = Noising::default().level(time);
            let problem = MomentProblem::new(&moments, level, &edges).unwrap();
            let theta = some_parameters(problem.parameter_count());
            let direct = loss_by_quadrature(data.as_ref(), level, &edges, &theta);
            let loss = problem.loss(&theta).unwrap();
            assert!(
                (loss / direct - 1.0).abs() < 1e-12,
                "{loss} against {direct}"
            );
        }
    }
}

#[test]
fn the_gradient_is_the_slope_of_the_loss() {
    let data = irregular(4, 40);
    let moments = DataMoments::new(data.as_ref()).unwrap();
    let edges = Edges::list(4, vec![(3, 0), (0, 1), (1, 2), (2, 3)]).unwrap();
    let level = Noising::default().level(0.2);
    let problem = MomentProblem::new(&moments, level, &edges).unwrap();
    let theta = some_parameters(problem.parameter_count());
    // Central differences of a quadratic have no error of truncation.
    let slopes: Vec<f64> = (0..theta.len())
        .map(|index| {
            let at = |step: f64| {
                let mut moved = theta.clone();
                moved[index] += step;
                problem.loss(&moved).unwrap()
            };
            at(0.5) - at(-0.5)
        })
        .collect();
    assert!(distance(&problem.gradient(&theta).unwrap(), &slopes) < 1e-12);
}

#[test]
fn the_optimum_is_stationary_on_dense_and_sparse_edges() {
    let data = irregular(9, 200);
    let moments = DataMoments::new(data.as_ref()).unwrap();
    let mut losses = Vec::new();
    for edges in [
        Edges::list(9, vec![]).unwrap(),
        Edges::four_neighbour(3, 3),
        Edges::all_to_all(9),
    ] {
        let problem = MomentProblem::new(&moments, Noising::default().level(0.05), &edges).unwrap();
        let settings = MomentSettings {
            tolerance: 1e-12,
            ..MomentSettings::default()
        };
        let optimum = problem.solve(&settings, None).unwrap();
        let gradient = problem.gradient(&optimum.parameters).unwrap();
        let start = problem.gradient(&problem.site_gaussian()).unwrap();
        let zero = vec![0.0; gradient.len()];
        assert!(distance(&gradient, &zero) < 1e-10 * distance(&start, &zero));
        assert!(optimum.residual < 1e-11 && optimum.pinned.is_empty());
        losses.push(optimum.loss);
        // From its own couplings there is nothing left to do.
        let again = problem.solve(&MomentSettings::default(), Some(&optimum.parameters));
        let again = again.unwrap();
        assert_eq!(again.iterations, 0);
        assert!(distance(&again.parameters, &optimum.parameters) < 1e-12);
    }
    // More couplings, less loss.
    assert!(losses[0] > losses[1] && losses[1] > losses[2], "{losses:?}");
}

#[test]
fn the_ridge_shrinks_couplings_and_costs_loss() {
    let data = irregular(5, 100);
    let moments = DataMoments::new(data.as_ref()).unwrap();
    let edges = Edges::all_to_all(5);
    let problem = MomentProblem::new(&moments, Noising::default().level(0.1), &edges).unwrap();
    let with = |ridge: f64| {
        let settings = MomentSettings {
            ridge,
            tolerance: 1e-12,
            ..MomentSettings::default()
        };
        let solution = problem.solve(&settings, None).unwrap();
        let strengths = &solution.parameters[20..];
        (strengths.iter().map(|j| j * j).sum::<f64>(), solution.loss)
    };
    let ((free, least), (held, more)) = (with(0.0), with(0.3));
    assert!(held < free && more > least);
    // The optimum is flat: a small ridge costs loss in second order only.
    assert!(with(1e-6).1 - least < 1e-9 * least);
}

/// 22 equally weighted points with the moments of a standard normal variable up to seventh
/// order: nodes +-u, +-v five times each and +-t once, from E u^2 = 1, E u^4 = 3, E u^6 = 15.
fn normal_points() -> Vec<f64> {
    // With T = t^2: U + V and U V follow from the second and fourth moments, T from the sixth.
    let pair = |t: f64| {
        let (sum, squares) = ((11.0 - t) / 5.0, (33.0 - t * t) / 5.0);
        (sum, (sum * sum - squares) / 2.0)
    };
    let excess = |t: f64| {
        let (sum, product) = pair(t);
        sum * (sum * sum - 3.0 * product) - (165.0 - t * t * t) / 5.0
    };
    let (mut low, mut high) = (5.44, 5.48);
    assert!(excess(low) * excess(high) < 0.0);
    for _ in 0..80 {
        let middle = 0.5 * (low + high);
        if excess(low) * excess(middle) <= 0.0 {
            high = middle;
        } else {
            low = middle;
        }
    }
    let (sum, product) = pair(low);
    let root = (sum * sum - 4.0 * product).sqrt();
    let nodes = [((sum + root) / 2.0, 5), ((sum - root) / 2.0, 5), (low, 1)];
    nodes
        .into_iter()
        .flat_map(|(square, count)| std::iter::repeat_n([square.sqrt(), -square.sqrt()], count))
        .flatten()
        .collect()
}

#[test]
fn gaussian_data_yield_the_wiener_denoiser() {
    // Three units mixed from all triples of the points: every moment to sixth order is Gaussian.
    let points = normal_points();
    let mixing = faer::mat![[0.9, 0.0, 0.0], [0.5, 0.4, 0.0], [-0.3, 0.2, 0.6_f64]];
    let mean = [0.3, -0.8, 0.1];
    let count = points.len();
    let normal = Mat::from_fn(3, count.pow(3), |unit, example| {
        points[example / count.pow(unit as u32) % count]
    });
    let mixed = &mixing * &normal;
    let data = Mat::from_fn(3, mixed.ncols(), |i, e| mixed[(i, e)] + mean[i]);
    let moments = DataMoments::new(data.as_ref()).unwrap();
    let edges = Edges::all_to_all(3);
    let level = Noising::default().level(0.15);
    let problem = MomentProblem::new(&moments, level, &edges).unwrap();
    let settings = MomentSettings {
        tolerance: 1e-13,
        ..MomentSettings::default()
    };
    let optimum = problem.solve(&settings, None).unwrap();
    // xhat = m + W (x - a m), W = a C (a^2 C + sigma^2)^-1.
    let covariance = &mixing * mixing.transpose();
    let (a, variance) = (level.signal, level.noise * level.noise);
    let noised = Mat::from_fn(3, 3, |i, j| {
        a * a * covariance[(i, j)] + if i == j { variance } else { 0.0 }
    });
    let wiener = noised.partial_piv_lu().solve(&covariance) * faer::Scale(a);
    let mut expected = vec![0.0; problem.parameter_count()];
    for i in 0..3 {
        expected[i] = mean[i] - (0..3).map(|j| wiener[(i, j)] * a * mean[j]).sum::<f64>();
        expected[3 + i] = -wiener[(i, i)];
    }
    for (slot, &(i, j)) in expected[12..].iter_mut().zip(edges.pairs()) {
        *slot = wiener[(i, j)];
    }
    assert!(distance(&optimum.parameters, &expected) < 1e-10);
    // Its loss is half the mean posterior variance, sigma^2 W_ii / a.
    let posterior = (0..3).map(|i| variance * wiener[(i, i)] / a).sum::<f64>();
    assert!((optimum.loss - posterior / 6.0).abs() < 1e-12);
}

#[test]
fn one_unit_by_itself_is_its_gaussian_fit() {
    let data = irregular(4, 30);
    let moments = DataMoments::new(data.as_ref()).unwrap();
    let edges = Edges::all_to_all(4);
    let problem = MomentProblem::new(&moments, Noising::default().level(0.4), &edges).unwrap();
    let start = problem.site_gaussian();
    let gradient = problem.gradient(&start).unwrap();
    // Stationary in bias and stiffness, and in nothing else.
    assert!(distance(&gradient[..8], &[0.0; 8]) < 1e-14);
    assert!(gradient[8..].iter().all(|slope| slope.abs() > 1e-6));
    assert_eq!(start[8..], vec![0.0; 8 + 6]);
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let data = irregular(70, 600);
    let digits = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build().unwrap().install(|| {
            let moments = DataMoments::new(data.as_ref()).unwrap();
            let edges = Edges::chebyshev(7, 10, 3);
            let level = Noising::default().level(0.1);
            let problem = MomentProblem::new(&moments, level, &edges).unwrap();
            problem.solve(&MomentSettings::default(), None).unwrap()
        })
    };
    let one = digits(1);
    assert!(one.residual < 1e-7);
    assert_eq!(one, digits(3));
}

#[test]
fn bad_problems_and_settings_are_refused() {
    let data = irregular(3, 5);
    let moments = DataMoments::new(data.as_ref()).unwrap();
    let edges = Edges::all_to_all(3);
    let level = Noising::default().level(0.1);
    let other = Edges::all_to_all(4);
    assert!(matches!(
        MomentProblem::new(&moments, level, &other).err(),
        Some(LearnError::Shape {
            expected: 3,
            found: 4,
            ..
        })
    ));
    let silent = Noising::default().level(0.0);
    assert!(MomentProblem::new(&moments, silent, &edges).is_err());
    let endless = Level {
        signal: f64::NAN,
        ..level
    };
    assert!(MomentProblem::new(&moments, endless, &edges).is_err());
    let problem = MomentProblem::new(&moments, level, &edges).unwrap();
    let short = [0.0; 14];
    assert!(problem.loss(&short).is_err() && problem.gradient(&short).is_err());
    let endless = [f64::INFINITY; 15];
    assert!(problem.loss(&endless).is_err() && problem.gradient(&endless).is_err());
    assert!(
        problem
            .solve(&MomentSettings::default(), Some(&short))
            .is_err()
    );
    assert!(
        problem
            .solve(&MomentSettings::default(), Some(&endless))
            .is_err()
    );
    let default = MomentSettings::default();
    for settings in [
        MomentSettings {
            max_iterations: 0,
            ..default
        },
        MomentSettings {
            max_rounds: 0,
            ..default
        },
        MomentSettings {
            tolerance: 0.0,
            ..default
        },
        MomentSettings {
            ridge: -1.0,
            ..default
        },
        MomentSettings {
            quartic_floor: Some(f64::NAN),
            ..default
        },
    ] {
        assert!(problem.solve(&settings, None).is_err(), "{settings:?}");
    }
}

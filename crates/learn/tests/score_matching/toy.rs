//! Three pixels, four quartic hidden units and a label of two units, at two noise levels.

use std::sync::Arc;

use faer::Mat;
use overdamped_energy::{Coupling, Energy, Modular, Module, Moving, Scalar, Wires};
use overdamped_learn::{
    Backward, Conditioned, Examples, NoiseLevel, ScoreMatching, ScoreMatchingSettings,
    ScoreModules, Settling,
};
use overdamped_substrate::{PerUnit, Relaxer, Settings, SimulatedSubstrate};

pub const PIXELS: usize = 3;
/// Output, hidden, data, label.
pub const UNITS: usize = 3 + 4 + 3 + 2;
pub const BATCH: usize = 5;
pub const MODULES: ScoreModules = ScoreModules {
    output: 0,
    data: 2,
    label: Some(3),
};
pub const LEVELS: [NoiseLevel; 2] = [
    NoiseLevel {
        deviation: 0.4,
        weight: 1.0,
    },
    NoiseLevel {
        deviation: 0.9,
        weight: 2.5,
    },
];
/// Of each phase; far longer than it takes to come to rest to rounding.
pub const TIME: f64 = 100.0;

pub type OnDevice<T> = ScoreMatching<T, SimulatedSubstrate<T>>;

pub const fn joined(l: usize, m: usize, wires: Wires) -> Coupling {
    Coupling {
        modules: (l, m),
        wires,
    }
}

pub fn energy() -> Arc<Modular> {
    let module = |units, quartic| Module { units, quartic };
    let modules = vec![
        module(PIXELS, false),
        module(4, true),
        module(PIXELS, false),
        module(2, false),
    ];
    let wires = Wires::LowRank { rank: 2 };
    let couplings = vec![
        joined(0, 1, wires),
        joined(0, 2, Wires::OneToOne),
        joined(1, 3, wires),
    ];
    Arc::new(Modular::new(modules, couplings).unwrap())
}

/// Strengths to the output, stiffness of the hidden units and bias of the output are those of each level; the spring
/// and what belongs to held units alone is fixed.
pub fn conditioned<T: Scalar>() -> Conditioned<T> {
    let layout = Energy::<T>::layout(energy().as_ref());
    let (one, none) = (vec![T::ONE; PIXELS], vec![T::ZERO; PIXELS]);
    let fixed = [
        ("strength.1", one.clone()),
        ("stiffness.2", one),
        ("bias.2", none),
        ("bias.3", vec![T::ZERO; 2]),
        ("stiffness.3", vec![T::ONE; 2]),
    ];
    let own = ["strength.0", "stiffness.1", "bias.0"];
    Conditioned::new(&layout, LEVELS.len(), &own, &fixed).unwrap()
}

/// Learned parameters at which every level is definite.
pub fn learned<T: Scalar>() -> Vec<T> {
    let conditioned = conditioned::<T>();
    let mut learned = vec![T::ZERO; conditioned.layout().len()];
    for (block, range) in conditioned.layout().blocks() {
        for (index, slot) in learned[range.clone()].iter_mut().enumerate() {
            let wobble = (1.0 + 2.3 * (range.start + index) as f64).sin();
            *slot = T::of(match block.name.split('.').next() {
                Some("stiffness") => 1.6 + 0.4 * wobble,
                Some("quartic") => 1.0 + 0.5 * wobble,
                Some("strength") => 0.7 + 0.2 * wobble,
                _ => 0.6 * wobble,
            });
        }
    }
    let moving = Moving::except(&energy(), &[2, 3]);
    for level in 0..LEVELS.len() {
        let full = conditioned.at(&learned, level).unwrap();
        energy().check_definite(&full, &moving).unwrap();
    }
    learned
}

/// Twenty-four examples in two clusters, with a label unit for each.
pub fn examples<T: Scalar>() -> Examples<T> {
    let data = Mat::from_fn(PIXELS + 2, 24, |row, example| {
        let side = if example % 2 == 0 { 1.0 } else { -1.0 };
        let wobble = (1.7 * row as f64 + 0.9 * example as f64).sin();
        T::of(if row < PIXELS {
            side * (0.8 + 0.1 * row as f64) + 0.3 * wobble
        } else {
            f64::from(u8::from((example + row) % 2 == 0))
        })
    });
    let mask = (0..PIXELS + 2).map(|row| row < PIXELS).collect();
    Examples::with_visible(data, mask).unwrap()
}

/// Block descent, data and label held.
pub fn device() -> Settings {
    Settings {
        relaxer: Relaxer::BlockDescent {
            time_per_sweep: 1.0,
            least_curvature: 0.3,
        },
        mobility: PerUnit::Each(MODULES.mobility(&energy(), 0.0)),
        ..Settings::default()
    }
}

pub fn substrate<T: Scalar>() -> SimulatedSubstrate<T> {
    SimulatedSubstrate::new(energy(), device()).unwrap()
}

pub fn settings(backward: Backward) -> ScoreMatchingSettings {
    ScoreMatchingSettings {
        modules: MODULES,
        levels: LEVELS.to_vec(),
        levels_per_update: LEVELS.len(),
        batch: BATCH,
        backward,
        free: Settling::once(TIME),
        nudged: TIME,
        unfinished: None,
        margin: None,
    }
}

pub fn rule<T: Scalar>(settings: ScoreMatchingSettings) -> OnDevice<T> {
    ScoreMatching::new(energy(), substrate(), conditioned(), examples(), settings).unwrap()
}

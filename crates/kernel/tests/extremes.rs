//! Blocks at the ends of what numbers and sizes there are: subnormal states, no units, no steps, the largest numbers.

use overdamped_kernel::{
    Activation, Block, Chunk, HeatMeter, Layer, Matrix, Motion, Path, Product, Program, Real,
    Scratch, Streams,
};

const UNITS: usize = 19;

/// Wells, dense and sparse couplings and a layer that saturates, all of a size that keeps products of small numbers small.
fn program<T: Real>(units: usize) -> Program<T> {
    let of = |value: f32| T::from_f32(value);
    let polynomial = vec![[0.0, -1.0, 0.1, -0.3, -0.1].map(of); units];
    let value = |i: usize, j: usize| {
        of(if i == j {
            0.0
        } else {
            0.3 / (1 + i + j) as f32
        })
    };
    let ring: Vec<_> = (0..units)
        .map(|unit| (unit, (unit + 1) % units, of(0.2)))
        .collect();
    let products = vec![
        Product {
            own: 0,
            other: 1,
            matrix: Matrix::dense(units, units, value),
        },
        Product {
            own: 1,
            other: 2,
            matrix: Matrix::sparse(units, units, &ring),
        },
    ];
    let layer = Layer {
        inward: Matrix::dense(3, units, |m, unit| of((m + unit) as f32 * 0.05)),
        bias: vec![of(0.0); 3],
        saturates: true,
        gain: vec![of(0.1); 3],
        outward: Matrix::dense(units, 3, |unit, m| of((m + unit) as f32 * 0.05)),
    };
    Program::new(polynomial, products, vec![layer])
}

fn motion<T: Real>(units: usize, steps: u64, noise: T) -> Motion<T> {
    Motion {
        steps,
        drift: vec![T::from_f32(0.01); units],
        noise: vec![noise; units],
        averaged: false,
        walls: T::INFINITY,
    }
}

/// Faults and the bits of all states.
fn run<T: Real>(path: Path, start: T, noise: T, steps: u64) -> (u32, Vec<u64>) {
    let state = |unit: usize, chain: usize| {
        if (unit + chain).is_multiple_of(3) {
            T::default()
        } else {
            start
        }
    };
    let mut block = Block::new(UNITS, 32, 5, 0, false, state);
    let (program, motion) = (program(UNITS), motion(UNITS, steps, noise));
    let faults = block.run(path, &program, &motion, None, None, &mut Scratch::default());
    let states = (0..UNITS).flat_map(|unit| (0..32).map(move |chain| (unit, chain)));
    let bits = states.map(|(unit, chain)| block.state(unit, chain).to_f64().to_bits());
    (faults, bits.collect())
}

/// Subnormal states, and noise that makes them: a machine that flushes them to zero on one path, or a product that is rounded
/// twice where it is emulated, would give other bits.
#[test]
fn subnormal_states_have_the_same_bits_on_every_path() {
    let paths = Path::available();
    for path in paths.into_iter().filter(|&path| path != Path::PORTABLE) {
        for size in [
            1e-39_f32,
            1e-41,
            1e-44,
            f32::from_bits(1),
            f32::MIN_POSITIVE,
        ] {
            for noise in [0.0, size] {
                let expected = run::<f32>(Path::PORTABLE, size, noise, 20);
                assert_eq!(
                    run::<f32>(path, size, noise, 20),
                    expected,
                    "{path}: {size:e}"
                );
                assert_eq!(expected.0, 0);
                assert!(
                    expected.1.iter().any(|&bits| bits != 0),
                    "nothing but zeros says nothing"
                );
            }
        }
        for size in [1e-309_f64, 5e-324, f64::MIN_POSITIVE] {
            for noise in [0.0, size] {
                let expected = run::<f64>(Path::PORTABLE, size, noise, 20);
                assert_eq!(
                    run::<f64>(path, size, noise, 20),
                    expected,
                    "{path}: {size:e}"
                );
                assert_eq!(expected.0, 0);
            }
        }
    }
}

#[test]
#[ignore = "prints times, which tests do not judge: cargo test --release -p overdamped-kernel --test extremes -- --ignored --nocapture"]
fn time_of_subnormal_steps_against_normal_ones() {
    for path in Path::available()
        .into_iter()
        .filter(|&path| path != Path::PORTABLE)
    {
        // Of noise that is drawn in any case, and of states that a cold block multiplies again and again.
        for (name, noise) in [("warm", 1.0_f32), ("cold", 0.0)] {
            let time = |scale: f32| {
                let best = (0..7).map(|_| {
                    let started = std::time::Instant::now();
                    std::hint::black_box(run::<f32>(path, scale, noise * scale, 20_000));
                    started.elapsed().as_secs_f64()
                });
                best.fold(f64::INFINITY, f64::min)
            };
            println!("{path}, {name}: {:.2}", time(1e-40) / time(1e-3));
        }
    }
}

/// As large as numbers get: a fault for every chain that left them, the same on every path, and no panic.
#[test]
fn the_largest_numbers_are_a_fault_and_nothing_worse() {
    for path in Path::available() {
        for start in [f32::MAX, 1e30, -f32::MAX] {
            assert_eq!(
                run(path, start, 0.0, 3).0,
                run(Path::PORTABLE, start, 0.0, 3).0
            );
            assert_ne!(run(path, start, 0.0, 3).0, 0, "{path}: {start:e}");
        }
        let (faults, bits) = run(path, 0.0, f32::MAX, 1);
        assert_eq!((faults, bits), run(Path::PORTABLE, 0.0, f32::MAX, 1));
    }
}

/// No units, no steps, no noise: nothing happens. A product of no columns was cut into panels of no width: a panic.
#[test]
fn nothing_is_moved_where_there_is_nothing() {
    for path in Path::available() {
        let mut block = Block::<f32>::new(0, 3, 1, 0, true, |_, _| 0.0);
        let coupled = vec![Product {
            own: 0,
            other: 1,
            matrix: Matrix::of_entries(0, 0, &[]),
        }];
        let mut meter = HeatMeter::new(&block);
        let program = Program::new(Vec::new(), coupled, Vec::new());
        let faults = block.run(
            path,
            &program,
            &motion(0, 5, 1.0),
            None,
            Some(&mut meter),
            &mut Scratch::default(),
        );
        assert_eq!((faults, block.units()), (0, 0));
        Streams::new(1, 0).fill(path, &mut [] as &mut [Chunk<f32>]);
        let still = run(path, 0.25_f32, 1.0, 0);
        assert!(
            still
                .1
                .iter()
                .all(|&bits| bits == 0 || bits == 0.25_f64.to_bits())
        );
    }
}

/// What units pass on has no poles, and one that saturates is at its end.
#[test]
fn activations_of_any_number_are_numbers() {
    let all = [
        Activation::Identity,
        Activation::Tanh,
        Activation::SoftSilu { bound: 1e-30 },
        Activation::SoftSilu { bound: 10.0 },
        Activation::SoftSilu { bound: 1e30 },
    ];
    let inputs = [
        f32::MIN,
        -1e30,
        -100.0,
        -f32::from_bits(1),
        0.0,
        f32::from_bits(1),
        1e-39,
        100.0,
        1e30,
        f32::MAX,
    ];
    for activation in all {
        for path in Path::available() {
            let (mut values, mut slopes, mut plain) = ([0.0; 10], [0.0; 10], [0.0; 10]);
            activation.values(path, &inputs, &mut values);
            activation.values_and_slopes(path, &inputs, &mut values, &mut slopes);
            activation.values(Path::PORTABLE, &inputs, &mut plain);
            assert_eq!(values.map(f32::to_bits), plain.map(f32::to_bits));
            assert!(
                values.iter().chain(&slopes).all(|value| value.is_finite()),
                "{activation:?}: {values:?} {slopes:?}"
            );
            // No sigmoid-like unit falls by more than its shallow well.
            assert!(
                values.windows(2).skip(3).all(|pair| pair[0] <= pair[1]),
                "{activation:?}: {values:?}"
            );
        }
    }
}

/// 1e8 normals of one stream in a row keep their mean, variance and the correlation of what is far apart: a generator that ran into a short cycle,
/// or a sum that drifts, would not. n = 1e8, seed 8, five standard errors.
#[test]
#[ignore = "a few seconds: cargo test --release -p overdamped-kernel --test extremes -- --ignored"]
fn a_long_stream_does_not_drift() {
    let mut streams = Streams::new(8, 0);
    let mut noise = vec![Chunk::<f32>::default(); 1 << 10];
    let mut sums = [overdamped_kernel::Compensated::default(); 3];
    let (mut n, mut first) = (0.0_f64, Vec::new());
    for _ in 0..6104 {
        streams.fill(Path::best(), &mut noise);
        let values: Vec<f64> = noise
            .iter()
            .flat_map(|unit| unit.0)
            .map(f64::from)
            .collect();
        if first.is_empty() {
            first.clone_from(&values);
        } else {
            for (value, first) in values.iter().zip(&first) {
                sums[0].add(*value);
                sums[1].add(value * value - 1.0);
                sums[2].add(value * first);
                n += 1.0;
            }
        }
    }
    for (sum, variance) in sums.iter().zip([1.0, 2.0, 1.0]) {
        let z = sum.total() / (n * variance).sqrt();
        assert!(z.abs() < 5.0, "{z}");
    }
}

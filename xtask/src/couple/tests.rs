//! The command from files to files.

use clap::Parser;
use npyz::WriterBuilder as _;
use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64Mcg;
use tempfile::TempDir;

use super::*;
use crate::export::model::{Model, Values};

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    couple: CoupleArgs,
}

fn parse(arguments: &[&str]) -> Result<CoupleArgs, clap::Error> {
    let command = std::iter::once("couple").chain(arguments.iter().copied());
    Cli::try_parse_from(command).map(|cli| cli.couple)
}

fn write(path: &Path, shape: &[usize], values: &[f32]) {
    let shape: Vec<u64> = shape.iter().map(|&extent| extent as u64).collect();
    let mut array = npyz::WriteOptions::<f32>::new()
        .default_dtype()
        .shape(&shape)
        .writer(std::fs::File::create(path).unwrap())
        .begin_nd()
        .unwrap();
    array.extend(values.iter().copied()).unwrap();
    array.finish().unwrap();
}

/// Six encoder units far from zero, and five decoder units that two of their combinations drive, with a little noise: maps
/// of 2 x 3 pixels of 40 images.
struct Files {
    folder: TempDir,
}

impl Files {
    const IMAGES: usize = 40;
    const PIXELS: usize = 6;

    fn new() -> Self {
        let mut rng = Pcg64Mcg::seed_from_u64(5);
        let (mut x, mut y) = (Vec::new(), Vec::new());
        for _ in 0..Self::IMAGES {
            let image: Vec<f32> = (0..6 * Self::PIXELS)
                .map(|_| 2.0 + rng.random_range(-1.0..1.0_f32))
                .collect();
            for unit in 0..5 {
                for pixel in 0..Self::PIXELS {
                    let of = |channel: usize| image[channel * Self::PIXELS + pixel];
                    let (one, two) = (of(0) + of(1) - of(2), of(3) - of(4));
                    let weight = unit as f32 - 2.0;
                    let noise = rng.random_range(-0.1..0.1_f32);
                    y.push(one * weight + 0.5 * two * (weight * weight - 2.0) + noise + 4.0);
                }
            }
            x.extend(image);
        }
        let files = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        write(&files.path("x.npy"), &[Self::IMAGES, 6, 2, 3], &x);
        write(&files.path("y.npy"), &[Self::IMAGES, 5, 2, 3], &y);
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn args(&self, more: &[&str]) -> CoupleArgs {
        let (x, y) = (self.path("x.npy"), self.path("y.npy"));
        let mut words = vec![x.to_str().unwrap(), y.to_str().unwrap()];
        words.extend_from_slice(more);
        parse(&words).unwrap()
    }

    fn study(&self, more: &[&str]) -> Study {
        Study::new(&self.args(more)).unwrap()
    }

    fn refusal(&self, more: &[&str]) -> String {
        format!("{:#}", Study::new(&self.args(more)).unwrap_err())
    }
}

#[test]
fn two_modes_are_found_and_held_out_images_confirm_them() {
    let files = Files::new();
    let study = files.study(&["--rank", "2"]);
    assert_eq!(study.samples, (32 * 6, 8 * 6));
    assert_eq!(study.numerical_ranks, (6, 5));
    let ranks: Vec<usize> = study.rows.iter().map(|row| row.rank).collect();
    assert_eq!(ranks, [1, 2, 4, 5]);
    let held_out: Vec<Scores> = study.rows.iter().map(|row| row.held_out.unwrap()).collect();
    assert!(held_out[0].r2 < 0.95, "{held_out:?}");
    assert!(
        held_out[1].r2 > 0.995 && held_out[1].centred_cosine > 0.997,
        "{held_out:?}"
    );
    // More modes fit the noise: they help on the fitted samples alone.
    assert!(study.rows[3].fitted.r2 > study.rows[1].fitted.r2);
    assert!(held_out[3].r2 < held_out[1].r2 + 1e-4, "{held_out:?}");
    // The mean is far from zero, so that it alone scores a high raw cosine.
    assert!(study.mean_alone.raw_cosine > 0.85, "{:?}", study.mean_alone);
    assert_eq!((study.rows[1].wires, study.rows[1].dense_wires), (22, 30));
}

#[test]
fn every_method_beats_the_mean_and_none_beats_reduced_rank_regression() {
    let files = Files::new();
    let fitted = |method: &str| {
        let study = files.study(&["--method", method, "--rank", "2"]);
        study.chosen().unwrap().fitted.r2
    };
    let best = fitted("reduced-rank");
    for method in [
        "canonical",
        "cross-covariance",
        "activation-gram",
        "joint-gaussian",
    ] {
        let r2 = fitted(method);
        assert!(
            r2 > 0.0 && r2 < best + 1e-6,
            "{method}: {r2} against {best}"
        );
    }
}

#[test]
fn chunks_do_not_move_a_bit() {
    let files = Files::new();
    let split = Split::new(Files::IMAGES, 0.2).unwrap();
    let read = |most| {
        let (x, y) = (files.path("x.npy"), files.path("y.npy"));
        let mut open = Activations::open(&x, Some(&y), None).unwrap();
        let parts = stream::read_in_chunks(&mut open, &split, most, |_| {}).unwrap();
        let held_out = parts.held_out.unwrap();
        (
            parts.fitted.cross_covariance(),
            parts.fitted.samples(),
            held_out.cross_covariance(),
            held_out.mean_decoder(),
        )
    };
    let whole = read(1000);
    for most in [1, 4, 6, 13, 60] {
        assert_eq!(read(most), whole, "chunks of {most}");
    }
}

#[test]
fn the_file_holds_a_coupling_that_predicts() {
    let files = Files::new();
    let out = files.path("kept/coupling.safetensors");
    let out_text = out.to_str().unwrap();
    run(&files.args(&["--rank", "2", "--out", out_text])).unwrap();
    let model = Model::read(&out).unwrap();
    let tensor = |name: &str| {
        let tensor = model.tensor(name).unwrap();
        let Values::F64(values) = &tensor.values else {
            panic!("{name} is not f64")
        };
        (tensor.shape.clone(), values.clone())
    };
    let (left, u) = tensor("coupling.left");
    let (strength, s) = tensor("coupling.strength");
    let (right, v) = tensor("coupling.right");
    assert_eq!((left, strength, right), (vec![6, 2], vec![2], vec![5, 2]));
    let (mean_x, mean_y) = (tensor("mean.encoder").1, tensor("mean.decoder").1);

    // The formula of the help and of the file's description, on the first pixel of the first image.
    let mut open =
        Activations::open(&files.path("x.npy"), Some(&files.path("y.npy")), None).unwrap();
    let chunk = open.next_chunk(1000).unwrap().unwrap();
    let predicted = files
        .study(&["--rank", "2"])
        .map
        .predict(chunk.encoder.as_ref())
        .unwrap();
    for unit in 0..5 {
        let mut y = mean_y[unit];
        for mode in 0..2 {
            let seen: f64 = (0..6)
                .map(|i| u[2 * i + mode] * (f64::from(chunk.encoder[(i, 0)]) - mean_x[i]))
                .sum();
            y += v[2 * unit + mode] * s[mode] * seen;
        }
        assert!((y - f64::from(predicted[(unit, 0)])).abs() < 1e-5);
    }
    let about = model.metadata();
    assert_eq!(about["method"], "reduced_rank");
    assert_eq!(
        (about["file"].as_str(), about["decoder tensor"].as_str()),
        ("x.npy", "y.npy")
    );
    assert_eq!(
        (
            about["samples fitted"].as_str(),
            about["held-out share"].as_str()
        ),
        ("192", "0.2")
    );
    assert!(
        about
            .values()
            .all(|value| !value.contains(files.folder.path().to_str().unwrap()))
    );
}

#[test]
fn the_report_says_what_the_mean_scores_and_marks_the_chosen_rank() {
    let files = Files::new();
    let report = files.study(&["--rank", "2"]).report();
    assert!(
        report.starts_with("`x.npy` drives `y.npy`, from `x.npy`\n"),
        "{report}"
    );
    assert!(
        report.contains("40 images of 2 x 3 pixels: 192 samples fitted, 48 held out"),
        "{report}"
    );
    assert!(
        report.contains("encoder   6 units, numerical rank 6\n"),
        "{report}"
    );
    assert!(report.contains("The mean activation alone"), "{report}");
    let marked: Vec<&str> = report
        .lines()
        .filter(|line| line.starts_with('*'))
        .collect();
    assert_eq!(marked.len(), 1, "{report}");
    assert!(marked[0].starts_with("*     2 "), "{report}");
    assert!(marked[0].ends_with("22    73.3 %"), "{report}");
    let all = files.study(&["--held-out", "0"]).report();
    assert!(all.contains("240 samples fitted, 0 held out"), "{all}");
    assert!(all.contains("cosine, fitted"), "{all}");
    // Without --rank: all five modes, since there are fewer than sixteen.
    assert!(
        all.lines().any(|line| line.starts_with("*     5 ")),
        "{all}"
    );
}

#[test]
fn what_cannot_be_fitted_is_refused_with_the_fix() {
    let files = Files::new();
    assert!(files.refusal(&["--rank", "0"]).contains("at least 1"));
    assert!(files.refusal(&["--rank", "6"]).contains("between 1 and 5"));
    assert!(files.refusal(&["--held-out", "1"]).contains("less than 1"));
    assert!(files.refusal(&["--ridge=-1"]).contains("at least 0"));
    assert!(
        files
            .refusal(&["--out", files.path("y.npy").to_str().unwrap()])
            .contains("choose another one")
    );
    assert!(
        files
            .refusal(&["--out", files.folder.path().to_str().unwrap()])
            .contains("is a folder")
    );
    let error = parse(&["x.npy", "--method", "magic"])
        .unwrap_err()
        .to_string();
    assert!(error.contains("reduced-rank, canonical"), "{error}");

    // A unit that repeats another, and one that never varies.
    let repeated: Vec<f32> = (0..20)
        .flat_map(|i| [i as f32, 2.0 * i as f32, 3.0])
        .collect();
    let other: Vec<f32> = (0..20).flat_map(|i| [(i * i) as f32, i as f32]).collect();
    write(&files.path("x.npy"), &[20, 3], &repeated);
    write(&files.path("y.npy"), &[20, 2], &other);
    let refusal = files.refusal(&["--ridge", "0"]);
    assert!(refusal.contains("numerical rank 1 of 3"), "{refusal}");
    assert!(refusal.contains("unit 2 is constant"), "{refusal}");
    let study = files.study(&[]);
    assert_eq!(study.numerical_ranks, (1, 2));
    assert!(
        study
            .report()
            .contains("numerical rank 1, 2 less: some are constant")
    );
}

#[test]
fn the_joint_gaussian_owns_up_to_its_wires_among_decoder_units() {
    let report = Files::new().study(&["--method", "joint-gaussian"]).report();
    assert!(report.contains("Not in the table: 10 wires"), "{report}");
}

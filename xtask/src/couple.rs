//! `cargo xtask couple`: a coupling for somebody's own network, from its paired activations.
//!
//! | file | what |
//! |---|---|
//! | `split` | which images are held out |
//! | `stream` | one pass over the files into the moments of both parts |
//! | `scores` | R^2 and cosines of a map in closed form, beside the mean; numerical ranks |
//! | `table` | what is printed |
//! | `file` | what is written |

mod file;
mod scores;
mod split;
mod stream;
mod table;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use clap::ValueEnum;
use overdamped_coupling::{Fit, FitSettings, LowRankMap, Method, Moments};

use self::scores::{Judge, Scores};
use self::split::Split;
use self::stream::Parts;
use crate::activations::Activations;
use crate::experiments::Interrupt;

/// Rank without `--rank`, where there are as many modes.
const USUAL_RANK: usize = 16;
/// Highest rank that the table goes to unless a higher one is chosen.
const LAST_STEP: usize = 64;
/// Highest full rank that the table shows: beyond it that row alone would take minutes.
const LAST_FULL: usize = 1024;

/// Fit a low-rank coupling to the activations of your own network
///
/// Reads the activations of two layers for the same inputs - say both ends of a skip connection - once from
/// beginning to end, whatever their size; fits a coupling of low rank that lets the first layer (the encoder) drive the
/// second (the decoder); and prints how well each rank predicts samples that it has not seen, beside
/// the one figure without which the others say little: what the mean activation alone scores.
#[derive(clap::Args, Debug)]
#[command(after_long_help = LEARN)]
pub struct CoupleArgs {
    /// A .safetensors file with `encoder.NAME` and `decoder.NAME`, or the encoder's .npy file
    #[arg(value_name = "ACTIVATIONS")]
    activations: PathBuf,
    /// The decoder's .npy file, if the first is the encoder's
    #[arg(value_name = "DECODER.npy")]
    decoder: Option<PathBuf>,
    /// Which pair, if the file holds several
    #[arg(long, value_name = "NAME")]
    pair: Option<String>,
    /// How the coupling is made
    #[arg(long, value_enum, default_value_t = By::ReducedRank)]
    method: By,
    /// Rank of the coupling [default: 16, or as many modes as there are]
    #[arg(long, value_name = "K")]
    rank: Option<usize>,
    /// Added to each variance that is divided by, as a share of their mean
    #[arg(long, value_name = "R", default_value_t = FitSettings::default().ridge)]
    ridge: f64,
    /// Share of the images that the fit does not see; 0.2 is every fifth
    #[arg(long, value_name = "SHARE", default_value_t = 0.2)]
    held_out: f64,
    /// Keep the coupling in this file
    #[arg(long, value_name = "FILE.safetensors")]
    out: Option<PathBuf>,
}

/// What `--help` ends with.
const LEARN: &str = "\
What the files hold:
  Tensors of shape (samples, units), or feature maps (samples, channels, height, width): then each
  pixel is a sample, and both sides need maps of the same size. Values of 16, 32 or 64 bits
  (.safetensors also bfloat16), rows of both sides in the same order, at most 4096 units.
  docs/snippets/export_activations.py writes them from any PyTorch model.

How to read the table:
  R^2 compares squared errors with those of the mean of the fitted samples: 0 is as good as the
  mean, 1 is perfect. `centred` is the cosine after that mean has been subtracted. The raw cosine
  is large wherever activations are far from zero, whatever a coupling does. A coupling of rank k
  has k (encoder + decoder) wires; above 100 % of a dense one it saves nothing.

What is written:
  coupling.left U, coupling.strength s, coupling.right V, mean.encoder, mean.decoder, with
  y = mean.decoder + V diag(s) U^T (x - mean.encoder). Decoder units of stiffness a in the energy
  (a/2) |y|^2 - x^T J y - b^T y settle there with J = a U diag(s) V^T and
  b = a (mean.decoder - V diag(s) U^T mean.encoder).

Examples:
  cargo xtask couple activations.safetensors --pair skip1 --rank 8 --out skip1.safetensors
  cargo xtask couple encoder.npy decoder.npy --method canonical --ridge 1e-3";

/// The methods that need activations alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    /// Reduced-rank regression: the least squared error of each rank
    ReducedRank,
    /// Canonical correlations
    Canonical,
    /// Singular vectors of the cross-covariance, one fitted scale
    CrossCovariance,
    /// Principal directions of both sides paired in order, one fitted scale
    ActivationGram,
    /// The joint Gaussian, decoder units coupled densely among themselves
    JointGaussian,
}

impl By {
    fn method(self) -> Method {
        match self {
            Self::ReducedRank => Method::ReducedRank,
            Self::Canonical => Method::Canonical,
            Self::CrossCovariance => Method::CrossCovariance,
            Self::ActivationGram => Method::ActivationGram,
            Self::JointGaussian => Method::JointGaussian,
        }
    }
}

/// Reads, fits, prints and, on request, writes.
///
/// # Errors
/// Files that cannot be read or do not pair ([`crate::activations::Error`]), settings out of range, activations that
/// do not determine the coupling ([`overdamped_coupling::CouplingError`]), or a file that cannot be written.
pub fn run(args: &CoupleArgs) -> anyhow::Result<()> {
    Interrupt::at_once("nothing was written; the same command starts again")?;
    let study = Study::new(args)?;
    print!("{}", study.report());
    match &args.out {
        Some(out) => {
            file::model(&study)?.write(out)?;
            println!(
                "The coupling of rank {} is in {}.",
                study.map.rank(),
                out.display()
            );
        }
        None => println!(
            "Nothing was written; --out FILE.safetensors keeps the coupling of rank {}.",
            study.map.rank()
        ),
    }
    Ok(())
}

/// One row of the table.
#[derive(Debug)]
struct Row {
    rank: usize,
    wires: usize,
    dense_wires: usize,
    fitted: Scores,
    held_out: Option<Scores>,
}

/// Everything that a run finds out.
#[derive(Debug)]
struct Study {
    source: Source,
    split: Split,
    method: Method,
    settings: FitSettings,
    /// Samples that were fitted, and that were held out.
    samples: (usize, usize),
    /// Directions in which the encoder's and the decoder's fitted activations vary.
    numerical_ranks: (usize, usize),
    /// What the mean of the fitted samples scores on the part that is judged.
    mean_alone: Scores,
    rows: Vec<Row>,
    /// The coupling of the chosen rank.
    map: LowRankMap,
}

/// Where the activations come from.
#[derive(Debug)]
struct Source {
    file: String,
    pair: Option<String>,
    names: (String, String),
    units: (usize, usize),
    images: usize,
    /// Height and width of the maps.
    map: (usize, usize),
}

impl Study {
    fn new(args: &CoupleArgs) -> anyhow::Result<Self> {
        let settings = FitSettings { ridge: args.ridge }.validated()?;
        ensure!(args.rank != Some(0), "--rank is 0; it must be at least 1");
        let mut open = Activations::open(
            &args.activations,
            args.decoder.as_deref(),
            args.pair.as_deref(),
        )?;
        if let Some(out) = &args.out {
            check_out(
                out,
                [Some(args.activations.as_path()), args.decoder.as_deref()],
            )?;
        }
        let split = Split::new(open.images(), args.held_out)?;
        let source = Source::of(&open, &args.activations);
        let Parts { fitted, held_out } = stream::read(&mut open, &split)?;

        let method = args.method.method();
        let fit = Fit::new(&fitted, method, settings)
            .with_context(|| format!("no coupling can be fitted with --ridge {}", args.ridge))?;
        let most = fit.full_rank().min(fitted.samples());
        let chosen = args.rank.unwrap_or(USUAL_RANK.min(most));
        let cut = |rank: usize| {
            let map = fit.rank(rank)?;
            if method.predicts() {
                Ok(map)
            } else {
                map.calibrated(&fitted)
            }
        };
        // First of all, so that a rank that is too high ends the run before the table is made.
        let map = cut(chosen)?;
        let judges = (Judge::new(&fitted), held_out.as_ref().map(Judge::new));
        let mut rows = Vec::new();
        for rank in ladder(chosen, most) {
            let map = cut(rank)?;
            rows.push(Row {
                rank,
                wires: map.wires(),
                dense_wires: map.dense_wires(),
                fitted: judges.0.scores(&map)?,
                held_out: judges
                    .1
                    .as_ref()
                    .map(|judge| judge.scores(&map))
                    .transpose()
                    .context("the held-out part cannot judge: choose another --held-out")?,
            });
        }
        let judge = judges.1.as_ref().unwrap_or(&judges.0);
        Ok(Self {
            source,
            split,
            method,
            settings,
            samples: (
                fitted.samples(),
                held_out.as_ref().map_or(0, Moments::samples),
            ),
            numerical_ranks: (
                scores::numerical_rank(fitted.covariance_encoder())?,
                scores::numerical_rank(fitted.covariance_decoder())?,
            ),
            mean_alone: judge.of_mean(map.mean_decoder()),
            rows,
            map,
        })
    }

    /// The row of the chosen rank.
    fn chosen(&self) -> Option<&Row> {
        self.rows.iter().find(|row| row.rank == self.map.rank())
    }
}

impl Source {
    fn of(open: &Activations, path: &Path) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let (encoder, decoder) = open.names();
        Self {
            file: name.into_owned(),
            pair: open.pair().map(str::to_owned),
            names: (encoder.to_owned(), decoder.to_owned()),
            units: open.units(),
            images: open.images(),
            map: open.map(),
        }
    }
}

/// Ranks of the table: powers of two, the chosen rank, and all modes if they are not too many.
fn ladder(chosen: usize, most: usize) -> Vec<usize> {
    let last = most.min(LAST_STEP.max(2 * chosen));
    let mut ranks: Vec<usize> = std::iter::successors(Some(1), |rank| Some(2 * rank))
        .take_while(|&rank| rank <= last)
        .collect();
    ranks.push(chosen);
    if most <= LAST_FULL {
        ranks.push(most);
    }
    ranks.sort_unstable();
    ranks.dedup();
    ranks
}

/// Refuses, before the long part, to write over what is read, or over a folder.
fn check_out(out: &Path, inputs: [Option<&Path>; 2]) -> anyhow::Result<()> {
    ensure!(
        !out.is_dir(),
        "--out {} is a folder; name a file in it",
        out.display()
    );
    let Ok(target) = out.canonicalize() else {
        return Ok(()); // Nothing is there yet.
    };
    for input in inputs.into_iter().flatten() {
        ensure!(
            input.canonicalize().ok().as_ref() != Some(&target),
            "--out {} is the file of the activations; choose another one",
            out.display()
        );
    }
    Ok(())
}

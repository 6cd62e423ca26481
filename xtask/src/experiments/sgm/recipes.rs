//! How each network that draws digits is made.
//!
//! | recipe | network | learned by |
//! |---|---|---|
//! | plain | cubic and quartic wells, bilinear springs between all pixels | exact optimum |
//! | force_matching | the same | force matching on the substrate |
//! | rich | the published springs on six shells (19,854 parameters a slice) | least squares on draws |
//! | hidden | wells and fast hidden oscillators | force matching on the substrate |
//! | label | the same, and a label oscillator held at the class | force matching on the substrate |
//! | best | hidden oscillators kept, the springs of `rich` fitted to what they leave | both |
//! | per_class | one protocol for each class | exact optimum |

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use super::artist::{Artist, label_value};
use super::generator::Generator;
use super::network::{CUBIC_QUARTIC, EVEN_SEXTIC, Network};
use super::{exact, local};
use crate::data::ImageSet;
use crate::experiments::Interrupt;
use crate::experiments::learning::Log;
use crate::experiments::learning::checkpoint;
use faer::Mat;
use overdamped_energy::{Edges, PairTerm};
use overdamped_learn::{Examples, Interval, Noising};

/// A way to make a network that draws the classes of a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recipe {
    Plain,
    ForceMatching,
    Rich,
    Label,
    Hidden,
    Best,
    PerClass,
}

impl Recipe {
    /// The segment of its ids.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::ForceMatching => "force_matching",
            Self::Rich => "rich",
            Self::Label => "label",
            Self::Hidden => "hidden",
            Self::Best => "best",
            Self::PerClass => "per_class",
        }
    }

    /// What people read.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Plain => "wells + bilinear springs (exact optimum)",
            Self::ForceMatching => "wells + bilinear springs, learned from measured forces",
            Self::Rich => "the published springs, six shells (solved)",
            Self::Label => "hidden oscillators and a label, learned from measured forces",
            Self::Hidden => "fast hidden oscillators, learned from measured forces",
            Self::Best => "hidden oscillators + published springs (solved)",
            Self::PerClass => "one protocol for each class (solved)",
        }
    }
}

/// How much work each recipe gets.
#[derive(Debug, Clone, Copy)]
pub struct Efforts {
    /// Slices of the protocol.
    pub slices: usize,
    /// Fits of rich springs on noised draws.
    pub rich: exact::Effort,
    /// Force matching of the plain network.
    pub matching: local::Effort,
    /// Force matching of hidden oscillators.
    pub hidden: local::Effort,
    /// Number of hidden oscillators.
    pub hidden_units: usize,
}

/// The cleanest time: noise of .08 is left, which the cooled slice removes.
const EARLIEST: f64 = 0.003;
/// The noisiest time: the data's mean is e^-4 of its size there.
const LATEST: f64 = 4.0;

/// What a recipe works with.
#[derive(Debug)]
pub struct Kitchen<'a> {
    /// Experiment name, for labels and files.
    pub name: &'static str,
    /// Training images of the wanted classes.
    pub train: &'a ImageSet,
    /// The classes.
    pub classes: &'a [u8],
    /// Springs that replace all-to-all ones.
    pub couplings: Couplings,
    /// Work.
    pub efforts: Efforts,
    /// Seed.
    pub seed: u64,
    /// The output folder, where checkpoints go.
    pub out: PathBuf,
    /// Ctrl-C.
    pub interrupt: Interrupt,
}

/// Which pixels springs join.
#[derive(Debug, Clone, Copy)]
pub enum Couplings {
    /// Every pair; per-class networks get the published springs on every pair.
    AllToAll,
    /// Every pair, bilinear springs only.
    AllToAllBilinear,
    /// Bilinear springs within so many Chebyshev shells.
    Shells(usize),
}

impl Kitchen<'_> {
    /// Makes a network by `recipe`; `hidden` is the result of [`Recipe::Hidden`], which
    /// [`Recipe::Best`] starts from.
    ///
    /// # Errors
    /// If the user interrupts or a fit fails.
    pub fn make(&self, recipe: Recipe, hidden: Option<&Artist>) -> anyhow::Result<Artist> {
        let started = Instant::now();
        let side = self.train.side;
        let plain = || {
            Network::new(
                side,
                &CUBIC_QUARTIC,
                self.edges(side),
                &[PairTerm::Bilinear],
            )
        };
        let shells = || {
            let edges = Edges::chebyshev(side, side, 6);
            Network::new(side, &EVEN_SEXTIC, edges, &PairTerm::OSCILLATORS)
        };

        let efforts = &self.efforts;
        let schedule = Noising::default().schedule(EARLIEST, LATEST, efforts.slices)?;
        let mut artist = match recipe {
            Recipe::Plain => self.exact(recipe, plain(), schedule)?,
            Recipe::ForceMatching => self.local(recipe, plain(), schedule, efforts.matching)?,
            Recipe::Rich => self.exact(recipe, shells(), schedule)?,
            Recipe::Label => {
                // The label's own springs shift each pixel; its hold on the hidden ones does the rest.
                let network = self.unsprung(&[PairTerm::Bilinear])?;
                let network = network.with_hidden(efforts.hidden_units).with_label()?;
                self.local(recipe, network, schedule, efforts.hidden)?
            }
            Recipe::Hidden => {
                let network = self.unsprung(&[])?.with_hidden(efforts.hidden_units);
                self.local(recipe, network, schedule, efforts.hidden)?
            }
            Recipe::Best => match hidden {
                Some(hidden) => self.refit(hidden, shells())?,
                None => anyhow::bail!("the best network starts from the hidden one; run both"),
            },
            Recipe::PerClass => self.per_class(schedule)?,
        };
        artist.seconds = started.elapsed().as_secs_f64();
        Ok(artist)
    }

    /// Wells without springs between pixels; `label` are the springs of a label oscillator.
    fn unsprung(&self, label: &'static [PairTerm]) -> anyhow::Result<Network> {
        let side = self.train.side;
        let none = Edges::list(side * side, Vec::new())?;
        Ok(Network::new(side, &CUBIC_QUARTIC, none, label))
    }

    fn edges(&self, side: usize) -> Edges {
        match self.couplings {
            Couplings::AllToAll | Couplings::AllToAllBilinear => Edges::all_to_all(side * side),
            Couplings::Shells(radius) => Edges::chebyshev(side, side, radius),
        }
    }

    fn exact(
        &self,
        recipe: Recipe,
        network: Network,
        schedule: Vec<Interval>,
    ) -> anyhow::Result<Artist> {
        let examples = self.examples(self.train, network.label)?;
        let label = format!("{} {}", self.name, recipe.id());
        let generator = self.optimum(network, &examples, schedule, self.seed, &label)?;
        Ok(self.artist(vec![generator]))
    }

    /// The exact optimum of a network, by whichever way applies to it.
    fn optimum(
        &self,
        network: Network,
        examples: &Examples<f32>,
        schedule: Vec<Interval>,
        seed: u64,
        label: &str,
    ) -> anyhow::Result<Generator> {
        let log = exact::Log {
            label,
            interrupt: &self.interrupt,
        };
        let parameters = if network.is_bilinear() {
            exact::from_moments(&network, examples, &schedule, log)?
        } else {
            exact::fit(
                &network,
                examples,
                &schedule,
                None,
                self.efforts.rich,
                seed,
                log,
            )?
        };
        Ok(Generator {
            network,
            schedule,
            parameters,
        })
    }

    /// How far the learned plain network is from its exact optimum: (noising time, optimum, learned) for
    /// each slice, mean squared denoiser errors per pixel over all noise.
    ///
    /// # Errors
    /// If the network is not a plain one.
    pub fn excess(&self, learned: &Generator) -> anyhow::Result<Vec<(f64, f64, f64)>> {
        let examples = self.examples(self.train, false)?;
        exact::excess(
            &learned.network,
            &examples,
            &learned.schedule,
            &learned.parameters,
        )
    }

    fn local(
        &self,
        recipe: Recipe,
        network: Network,
        schedule: Vec<Interval>,
        effort: local::Effort,
    ) -> anyhow::Result<Artist> {
        let examples = Arc::new(self.examples(self.train, network.label)?);
        let label = format!("{} {}", self.name, recipe.id());
        let checkpoint = checkpoint(&self.out, &format!("{}.{}", self.name, recipe.id()));
        let models = local::force_matching(
            &network,
            &examples,
            &schedule,
            effort,
            self.seed,
            &Log {
                round: local::ROUND,
                label: &label,
                checkpoint: &checkpoint,
                interrupt: &self.interrupt,
            },
        )?;
        let squared = |loss: f64| 2.0 * loss;
        let curve = |(interval, model): (&Interval, &overdamped_learn::Model<f32>)| {
            let points = model.history.iter();
            let points = points.filter_map(|m| Some((m.update as f64, squared(m.loss?))));
            (format!("s = {:.3}", interval.middle.time), points.collect())
        };
        let shown = schedule
            .iter()
            .zip(&models)
            .skip(schedule.len() / 3)
            .step_by(3);
        let curves = shown.map(curve).collect();
        let parameters = models.into_iter().map(|model| model.parameters).collect();
        let artist = self.artist(vec![Generator {
            network,
            schedule,
            parameters,
        }]);
        Ok(Artist { curves, ..artist })
    }

    /// Keeps the hidden oscillators and fits springs, exactly, to what they leave over.
    fn refit(&self, hidden: &Artist, springs: Network) -> anyhow::Result<Artist> {
        let base = &hidden.generators[0];
        let layout = base.network.energy()?.layout();
        let first = layout.range("hidden.amplitude")?.start;
        let kept: Vec<_> = base
            .parameters
            .iter()
            .map(|slice| slice[first..].to_vec())
            .collect();
        let network = springs.with_hidden(base.network.hidden);
        let parameters = exact::fit(
            &network,
            &self.examples(self.train, false)?,
            &base.schedule,
            Some(&kept),
            self.efforts.rich,
            self.seed,
            exact::Log {
                label: &format!("{} best", self.name),
                interrupt: &self.interrupt,
            },
        )?;
        Ok(self.artist(vec![Generator {
            network,
            schedule: base.schedule.clone(),
            parameters,
        }]))
    }

    fn per_class(&self, schedule: Vec<Interval>) -> anyhow::Result<Artist> {
        let side = self.train.side;
        let rich = matches!(self.couplings, Couplings::AllToAll);
        let mut generators = Vec::with_capacity(self.classes.len());
        for &class in self.classes {
            let network = if rich {
                let edges = Edges::all_to_all(side * side);
                Network::new(side, &EVEN_SEXTIC, edges, &PairTerm::OSCILLATORS)
            } else {
                Network::new(
                    side,
                    &CUBIC_QUARTIC,
                    self.edges(side),
                    &[PairTerm::Bilinear],
                )
            };
            let examples = self.examples(&self.train.of_classes(&[class]), false)?;
            generators.push(self.optimum(
                network,
                &examples,
                schedule.clone(),
                self.seed + u64::from(class),
                &format!("{} class {class}", self.name),
            )?);
        }
        Ok(self.artist(generators))
    }

    /// The images as examples; with a label oscillator, its value is one more row.
    fn examples(&self, images: &ImageSet, label: bool) -> anyhow::Result<Examples<f32>> {
        if !label {
            return Ok(Examples::new(images.pixels.clone())?);
        }
        let pixels = images.units();
        let data = Mat::from_fn(pixels + 1, images.len(), |unit, image| {
            if unit < pixels {
                images.pixels[(unit, image)]
            } else {
                let class = self.classes.iter().position(|c| *c == images.labels[image]);
                label_value(class.unwrap_or(0), self.classes.len())
            }
        });
        let visible = (0..=pixels).map(|unit| unit < pixels).collect();
        Ok(Examples::with_visible(data, visible)?)
    }

    fn artist(&self, generators: Vec<Generator>) -> Artist {
        let count = self.train.len() as f64;
        let share = |class: &u8| {
            self.train
                .labels
                .iter()
                .filter(|label| *label == class)
                .count() as f64
                / count
        };
        Artist {
            generators,
            shares: self.classes.iter().map(share).collect(),
            curves: Vec::new(),
            seconds: 0.0,
        }
    }
}

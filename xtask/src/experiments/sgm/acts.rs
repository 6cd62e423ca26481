//! What a digit, and an update of training, take of the substrate: short metered runs of the plain network of
//! `sgm.digits01` (wells and springs between all pixels), for accounting.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use overdamped_learn::{Adam, AdamSettings, Examples, Rule};
use overdamped_substrate::{Settings, stream};

use super::digits::{CLASSES01, QUICK};
use super::generator::Generator;
use super::local;
use super::recipes::{Couplings, Kitchen, Recipe};
use crate::data;
use crate::experiments::Interrupt;
use crate::experiments::metering::{Observed, Run, finish};

/// The network at its exact optimum, and what it was made of.
pub struct System {
    generator: Generator,
    examples: Arc<Examples<f32>>,
    seed: u64,
}

impl System {
    /// Solves for the protocol: about a second.
    ///
    /// # Errors
    /// An interrupt, or a fit that fails.
    pub fn open(seed: u64, interrupt: &Interrupt) -> anyhow::Result<Self> {
        let images = data::embedded::digits(seed)?.of_classes(&CLASSES01).train;
        let kitchen = Kitchen {
            name: "accounting.sgm",
            train: &images,
            classes: &CLASSES01,
            couplings: Couplings::AllToAllBilinear,
            efforts: QUICK,
            seed,
            // The optimum is solved for: there are no checkpoints.
            out: PathBuf::new(),
            interrupt: interrupt.clone(),
        };
        let artist = kitchen.make(Recipe::Plain, None)?;
        let generator = artist.generators.into_iter().next();
        Ok(Self {
            generator: generator.context("the plain network has one protocol")?,
            examples: Arc::new(Examples::new(images.pixels)?),
            seed,
        })
    }

    /// `count` digits.
    ///
    /// # Errors
    /// If the dynamics fail.
    pub fn sample(&self, count: usize) -> anyhow::Result<Run> {
        let generator = &self.generator;
        let mut substrate = Observed::metered(generator.network.energy()?, &generator.settings())?;
        generator.sample_on(&mut substrate, count, self.seed, None)?;
        Ok(finish(substrate, count as u64, self.units()))
    }

    /// One update of force matching in every slice: as many results as there are slices.
    ///
    /// # Errors
    /// If the rule fails.
    pub fn training(&self) -> anyhow::Result<Run> {
        let Generator {
            network, schedule, ..
        } = &self.generator;
        let energy = network.energy()?;
        let effort = QUICK.matching;
        let mut total: Option<Run> = None;
        for (slice, interval) in schedule.iter().enumerate() {
            let substrate = Observed::metered(Arc::clone(&energy), &Settings::default())?;
            let mut rule = local::rule(&energy, substrate, &self.examples, *interval, effort)?;
            let mut parameters = self.generator.parameters[slice].clone();
            let mut gradient = vec![0.0; parameters.len()];
            let mut random = stream::of(self.seed, slice as u64);
            rule.estimate(&parameters, &mut random, &mut gradient)?;
            let adam = AdamSettings::default();
            let mut optimiser = Adam::new(parameters.len());
            optimiser.update(&adam, &rule.layout(), &mut parameters, &gradient)?;
            let run = finish(rule.into_substrate(), 1, self.units());
            total = Some(match total {
                Some(sum) => sum.and(&run),
                None => run,
            });
        }
        total.context("the protocol has no slice")
    }

    /// Oscillators.
    pub fn units(&self) -> u64 {
        self.generator.network.units() as u64
    }

    /// Slices of the protocol.
    pub fn slices(&self) -> u64 {
        self.generator.schedule.len() as u64
    }

    /// Parameters of a slice.
    pub fn parameters(&self) -> u64 {
        self.generator.parameters.first().map_or(0, Vec::len) as u64
    }

    /// Multiply-accumulates of the force on all units: each spring once for either end, and a cubic polynomial of each
    /// unit.
    pub fn force(&self) -> u64 {
        const POLYNOMIAL: u64 = 3;
        let edges = self.generator.network.edges.len() as u64;
        2 * edges + POLYNOMIAL * self.units()
    }

    /// Examples in an update.
    pub fn batch(&self) -> u64 {
        QUICK.matching.batch as u64
    }
}

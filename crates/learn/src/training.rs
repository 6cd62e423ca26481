//! The training loop: one for every rule.
//!
//! A [`Model`] is one parameter vector with its optimiser, its random stream and its history; a
//! protocol has one for each slice. Models are independent, so they advance in parallel, in
//! rounds; between rounds the caller sees progress, writes a
//! checkpoint, or stops. A run that is stopped and resumed has the same bits as one that was not.

use overdamped_energy::Scalar;
use overdamped_substrate::stream::{self, Stream};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{Adam, AdamSettings, LearnError, Rule};

/// Loss of one stretch of training.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Milestone {
    /// Updates made when it was written.
    pub update: u64,
    /// Mean loss over the updates since the last one, if the rule sees a loss.
    pub loss: Option<f64>,
}

/// All that changes while a model learns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Model<T: Scalar> {
    /// Parameters, in layout order.
    pub parameters: Vec<T>,
    /// Loss over time.
    pub history: Vec<Milestone>,
    optimiser: Adam<T>,
    stream: Stream,
}

impl<T: Scalar> Model<T> {
    /// A model that starts at `parameters`; `seed` and `index` fix all its randomness.
    #[must_use]
    pub fn new(parameters: Vec<T>, seed: u64, index: u64) -> Self {
        Self {
            optimiser: Adam::new(parameters.len()),
            parameters,
            history: Vec::new(),
            stream: stream::of(seed, index),
        }
    }

    /// Updates made so far.
    #[must_use]
    pub const fn updates(&self) -> u64 {
        self.optimiser.updates()
    }

    /// Up to `updates` further updates, not beyond the schedule of `settings`.
    fn advance(
        &mut self,
        index: usize,
        rule: &mut dyn Rule<T>,
        settings: &AdamSettings,
        updates: u64,
    ) -> Result<(), LearnError> {
        let layout = rule.layout();
        layout.check(&self.parameters)?;
        if self.optimiser.len() != layout.len() {
            return Err(LearnError::Shape {
                what: "parameters of the optimiser",
                expected: layout.len(),
                found: self.optimiser.len(),
            });
        }
        for (block, _) in &settings.floors {
            layout.range(block)?;
        }
        let mut gradient = vec![T::ZERO; layout.len()];
        let (mut sum, mut seen) = (0.0, 0);
        let goal = settings.updates.min(self.updates().saturating_add(updates));
        if goal <= self.updates() {
            return Ok(());
        }
        while self.updates() < goal {
            let loss = rule
                .estimate(&self.parameters, &mut self.stream, &mut gradient)
                .map_err(|source| LearnError::Update {
                    model: index,
                    update: self.updates(),
                    source: Box::new(source),
                })?;
            let diverged = |what, value| LearnError::Diverged {
                model: index,
                update: self.updates(),
                what,
                value,
            };
            if let Some(slope) = gradient.iter().find(|slope| !slope.finite()) {
                return Err(diverged("a gradient", slope.wide()));
            }
            if let Some(loss) = loss {
                if !loss.is_finite() {
                    return Err(diverged("the loss", loss));
                }
                sum += loss;
                seen += 1;
            }
            self.optimiser
                .update(settings, &layout, &mut self.parameters, &gradient)?;
        }
        self.history.push(Milestone {
            update: self.updates(),
            loss: (seen > 0).then(|| sum / f64::from(seen)),
        });
        Ok(())
    }
}

/// What the caller says between rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Go on.
    Continue,
    /// Stop here; the models are as the last round left them.
    Stop,
}

/// Why training ended: data, not an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Every update of the schedule was made.
    Finished,
    /// The caller stopped it.
    Stopped,
}

/// Trains one model for each rule, in rounds of `round` updates.
///
/// `between` is called after each round with the models (a slice in the order of the
/// rules): show progress, write a checkpoint, decide. Results do not depend on
/// the number of threads nor, while the round length stays, on where the run was stopped and resumed.
///
/// # Errors
/// [`LearnError::Shape`] if there is not one model for each rule, whatever a rule reports, or
/// what `between` returns.
pub fn train<T: Scalar, R: Rule<T>>(
    rules: &mut [R],
    models: &mut [Model<T>],
    settings: &AdamSettings,
    round: u64,
    mut between: impl FnMut(&[Model<T>]) -> Result<Verdict, LearnError>,
) -> Result<Outcome, LearnError> {
    let settings = settings.clone().validated()?;
    crate::error::positive("the number of updates in a round", round as f64)?;
    if rules.len() != models.len() {
        return Err(LearnError::Shape {
            what: "number of models",
            expected: rules.len(),
            found: models.len(),
        });
    }
    while models
        .iter()
        .any(|model| model.updates() < settings.updates)
    {
        let outcomes: Vec<_> = rules
            .par_iter_mut()
            .zip(models.par_iter_mut())
            .enumerate()
            .map(|(index, (rule, model))| model.advance(index, rule, &settings, round))
            .collect();
        outcomes.into_iter().collect::<Result<(), _>>()?;
        if between(models)? == Verdict::Stop {
            return Ok(Outcome::Stopped);
        }
    }
    Ok(Outcome::Finished)
}

//! The training loop: one for every rule.
//!
//! A [`Model`] is one parameter vector with its optimiser, its random stream and its history; a
//! protocol has one for each slice. Models are independent, so they advance in parallel, in
//! rounds; between rounds the caller sees progress, writes a
//! checkpoint, or stops. A run that is stopped and resumed has the same bits as one that was not.

use overdamped_energy::{Layout, Scalar};
use overdamped_substrate::stream::{self, Stream};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{Adam, AdamSettings, LearnError, Rule};

mod milestone;

pub use milestone::Milestone;
use milestone::Tally;

/// All that changes while a model learns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Model<T: Scalar> {
    /// Parameters, in layout order.
    pub parameters: Vec<T>,
    /// What was seen of the learning, round by round.
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

    /// The moving average of the parameters over the updates (see [`AdamSettings::average`]), or
    /// the parameters as they are if none has been taken.
    #[must_use]
    pub fn averaged(&self) -> Vec<T> {
        self.optimiser
            .averaged()
            .unwrap_or_else(|| self.parameters.clone())
    }

    /// Whether training of this layout can have left it, as far as a file may lie about that.
    pub(crate) fn fits(&self, layout: &Layout) -> bool {
        layout.check(&self.parameters).is_ok() && self.optimiser.fits(layout.len())
    }

    pub(crate) const fn stream(&self) -> &Stream {
        &self.stream
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
        let mut tally = Tally::default();
        let goal = settings.updates.min(self.updates().saturating_add(updates));
        if goal <= self.updates() {
            return Ok(());
        }
        while self.updates() < goal {
            let update = self.updates();
            let failed = |source| LearnError::Update {
                model: index,
                update,
                source: Box::new(source),
            };
            let measured = rule
                .estimate(&self.parameters, &mut self.stream, &mut gradient)
                .map_err(failed)?;
            let diverged = |what, value| LearnError::Diverged {
                model: index,
                update: self.updates(),
                what,
                value,
            };
            if let Some(slope) = gradient.iter().find(|slope| !slope.finite()) {
                return Err(diverged("a gradient", slope.wide()));
            }
            for (what, value) in [
                ("the loss", measured.loss),
                ("the residual", measured.residual),
            ] {
                if let Some(value) = value.filter(|value| !value.is_finite()) {
                    return Err(diverged(what, value));
                }
            }
            let step = self
                .optimiser
                .update(settings, &layout, &mut self.parameters, &gradient)?;
            rule.constrain(&mut self.parameters).map_err(failed)?;
            tally.add(measured, step);
        }
        self.history.push(tally.milestone(self.updates()));
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
/// what `between` returns. After an error of a rule the models are no state to go on from: one that failed
/// stands inside its round, without a milestone, and the others at its end. Resume from the last checkpoint.
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

#[cfg(test)]
mod tests {
    use overdamped_energy::{Layout, Role};

    use super::*;
    use crate::Measured;

    /// A rule that relaxes worse and worse: its n-th residual is n, its gradient one.
    struct Tiring {
        calls: u32,
        fails_at: u32,
    }

    impl Rule<f64> for Tiring {
        fn layout(&self) -> Layout {
            Layout::new().with("slope", 1, Role::Amplitude)
        }

        fn estimate(
            &mut self,
            _: &[f64],
            _: &mut Stream,
            gradient: &mut [f64],
        ) -> Result<Measured, LearnError> {
            gradient.fill(1.0);
            self.calls += 1;
            let fails = self.calls == self.fails_at;
            let residual = Some(if fails { f64::NAN } else { self.calls.into() });
            Ok(Measured {
                loss: None,
                residual,
            })
        }
    }

    /// Four updates in rounds of two.
    fn trained(fails_at: u32, average: Option<f64>) -> Result<Model<f64>, LearnError> {
        let mut models = [Model::new(vec![0.0], 1, 0)];
        let settings = AdamSettings {
            updates: 4,
            average,
            ..AdamSettings::default()
        };
        let rule = Tiring { calls: 0, fails_at };
        train(&mut [rule], &mut models, &settings, 2, |_| {
            Ok(Verdict::Continue)
        })?;
        let [model] = models;
        Ok(model)
    }

    #[test]
    fn milestones_have_the_largest_residual_of_their_round() {
        let model = trained(u32::MAX, None).unwrap();
        let seen = model.history.iter();
        let seen: Vec<_> = seen.map(|m| (m.update, m.residual, m.norm)).collect();
        assert_eq!(seen, [(2, Some(2.0), 1.0), (4, Some(4.0), 1.0)]);
    }

    #[test]
    fn a_residual_that_is_no_number_ends_the_run() {
        let message = trained(3, None).unwrap_err().to_string();
        assert!(
            message.contains("at update 2 of model 0: the residual is NaN"),
            "{message}"
        );
    }

    #[test]
    fn a_model_is_its_own_average_unless_one_was_asked_for() {
        let plain = trained(u32::MAX, None).unwrap();
        assert_eq!(plain.averaged(), plain.parameters);
        let averaged = trained(u32::MAX, Some(0.9)).unwrap();
        assert_eq!(averaged.parameters, plain.parameters);
        // It follows a falling parameter from above.
        assert!(averaged.averaged()[0] > averaged.parameters[0]);
    }
}

//! Repeated timing of several programs in turn, so that a drift of the machine hits all alike.

use std::time::Instant;

use anyhow::Context as _;

/// Repetitions of one measurement.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sample(Vec<f64>);

impl Sample {
    /// A sample of these values.
    #[cfg(test)]
    pub fn of(values: Vec<f64>) -> Self {
        Self(values)
    }

    /// Number of repetitions.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The middle value, or the mean of the middle two; NaN when there are none.
    pub fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        match (sorted.len(), sorted.len() / 2) {
            (0, _) => f64::NAN,
            (odd, middle) if odd % 2 == 1 => sorted[middle],
            (_, middle) => f64::midpoint(sorted[middle - 1], sorted[middle]),
        }
    }

    /// The smallest value.
    pub fn min(&self) -> f64 {
        self.0.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// The largest value.
    pub fn max(&self) -> f64 {
        self.0.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }

    /// `f` of the values that two samples of one race have in the same round.
    pub fn paired(&self, other: &Self, f: impl Fn(f64, f64) -> f64) -> Self {
        Self(
            self.0
                .iter()
                .zip(&other.0)
                .map(|(&a, &b)| f(a, b))
                .collect(),
        )
    }

    /// `f` of each value.
    pub fn map(&self, f: impl Fn(f64) -> f64) -> Self {
        Self(self.0.iter().map(|&value| f(value)).collect())
    }

    /// The repetitions of both.
    pub fn extend(&mut self, other: &Self) {
        self.0.extend_from_slice(&other.0);
    }
}

/// Does a number of rounds of work.
type Act<'a> = Box<dyn FnMut(u64) -> anyhow::Result<()> + 'a>;

/// Something to be timed: a program that can be asked for any number of rounds.
pub struct Contestant<'a> {
    name: String,
    /// Items, such as unit-steps, that one round makes.
    items: f64,
    act: Act<'a>,
}

impl<'a> Contestant<'a> {
    /// A program whose every round makes `items` items.
    pub fn new(name: &str, items: f64, act: impl FnMut(u64) -> anyhow::Result<()> + 'a) -> Self {
        Self {
            name: name.to_owned(),
            items,
            act: Box::new(act),
        }
    }

    fn seconds(&mut self, rounds: u64) -> anyhow::Result<f64> {
        let started = Instant::now();
        (self.act)(rounds).with_context(|| format!("{} failed", self.name))?;
        Ok(started.elapsed().as_secs_f64())
    }
}

/// How long and how often to measure.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Repetitions.
    pub repetitions: usize,
    /// Least time of one, in seconds; where one round takes longer, one round.
    pub seconds: f64,
}

/// Nanoseconds per item of each contestant: all of them once in each repetition, to and fro.
///
/// A first, untimed run of each warms it up and finds how many rounds fill a repetition. `tick` is called
/// after each timed run.
///
/// # Errors
/// Whatever a contestant reports, under its name.
pub fn race(
    contestants: &mut [Contestant<'_>],
    pace: Pace,
    mut tick: impl FnMut(),
) -> anyhow::Result<Vec<Sample>> {
    let mut rounds = Vec::with_capacity(contestants.len());
    for contestant in &mut *contestants {
        rounds.push(calibrated(contestant, pace.seconds)?);
    }
    let mut samples = vec![Sample::default(); contestants.len()];
    for repetition in 0..pace.repetitions {
        for place in 0..contestants.len() {
            let index = match repetition % 2 {
                0 => place,
                _ => contestants.len() - 1 - place,
            };
            let contestant = &mut contestants[index];
            let seconds = contestant.seconds(rounds[index])?;
            let items = contestant.items * rounds[index] as f64;
            samples[index].0.push(1e9 * seconds / items);
            tick();
        }
    }
    Ok(samples)
}

/// The number of rounds that take about `wanted` seconds.
fn calibrated(contestant: &mut Contestant<'_>, wanted: f64) -> anyhow::Result<u64> {
    let mut rounds = 1_u64;
    loop {
        let seconds = contestant.seconds(rounds)?;
        if seconds >= wanted / 4.0 {
            return Ok(scaled(rounds, wanted / seconds));
        }
        // Short runs are dominated by what happens once; too bold a step could take minutes.
        rounds = scaled(rounds, (wanted / 2.0 / seconds.max(1e-9)).clamp(2.0, 32.0));
    }
}

fn scaled(rounds: u64, factor: f64) -> u64 {
    ((rounds as f64 * factor).ceil() as u64).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    #[test]
    fn a_sample_has_a_median_and_ends() {
        let odd = Sample::of(vec![3.0, 1.0, 10.0]);
        assert_eq!((odd.median(), odd.min(), odd.max()), (3.0, 1.0, 10.0));
        let even = Sample::of(vec![4.0, 1.0, 10.0, 2.0]);
        assert_eq!(even.median(), 3.0);
        assert!(Sample::default().median().is_nan());
    }

    // A ratio of medians would be 2; the rounds say that the first was always the slower.
    #[test]
    fn ratios_are_taken_round_by_round() {
        let (a, b) = (
            Sample::of(vec![2.0, 30.0, 4.0]),
            Sample::of(vec![1.0, 10.0, 2.0]),
        );
        assert_eq!(a.paired(&b, |a, b| a / b), Sample::of(vec![2.0, 3.0, 2.0]));
    }

    #[test]
    fn contestants_run_in_turn_to_and_fro() {
        let order = RefCell::new(Vec::new());
        let mut contestants: Vec<_> = ["a", "b"]
            .map(|name| {
                let order = &order;
                Contestant::new(name, 1.0, move |_| {
                    order.borrow_mut().push(name);
                    Ok(())
                })
            })
            .into();
        let pace = Pace {
            repetitions: 3,
            seconds: 0.0,
        };
        let mut ticks = 0;
        let samples = race(&mut contestants, pace, || ticks += 1).unwrap();
        assert_eq!(*order.borrow(), ["a", "b", "a", "b", "b", "a", "a", "b"]);
        assert_eq!((ticks, samples[0].count()), (6, 3));
    }

    #[test]
    fn failures_name_the_contestant() {
        let mut broken = [Contestant::new("dense144", 1.0, |_| anyhow::bail!("no"))];
        let pace = Pace {
            repetitions: 1,
            seconds: 0.0,
        };
        let error = race(&mut broken, pace, || ()).unwrap_err();
        assert!(error.to_string().contains("dense144"), "{error}");
    }
}

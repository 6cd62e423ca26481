//! One kind of axis for the plotting library, linear or logarithmic, with round
//! ticks at 1, 2 and 5 times a power of ten.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, ValueFormatter};
use plotters::prelude::Ranged;

use super::{Scale, number};

/// Decades from which on a tick for each prefix is enough.
const PREFIXED: f64 = 7.0;
/// Beyond this many prefixes every second one is labelled.
const MAX_PREFIXES: f64 = 8.0;

/// A range of values and how they map to pixels.
#[derive(Debug, Clone)]
pub struct Span {
    scale: Scale,
    /// Ends of the range, as places: logarithms on a logarithmic axis.
    low: f64,
    high: f64,
    ticks: Vec<f64>,
    step: f64,
}

impl Span {
    /// An axis that shows all `values` (finite, and positive on a logarithmic
    /// axis) with some room around and about `ticks` ticks.
    pub fn around(values: impl Iterator<Item = f64>, scale: Scale, ticks: usize) -> Self {
        let place = |value: f64| {
            if scale == Scale::Log {
                value.log10()
            } else {
                value
            }
        };
        let (low, high) = values
            .map(place)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| {
                (l.min(v), h.max(v))
            });
        let (low, high) = padded(low, high, scale);
        let (ticks, step) = match scale {
            Scale::Linear => linear_ticks(low, high, ticks),
            Scale::Log => log_ticks(low, high, ticks),
        };
        Self {
            scale,
            low,
            high,
            ticks,
            step,
        }
    }

    /// The label of a tick.
    pub fn label(&self, value: f64) -> String {
        match self.scale {
            Scale::Linear => number::tick(value, self.step),
            // On a logarithmic axis each tick is its own step.
            Scale::Log => number::tick(value, 10f64.powf(value.log10().floor())),
        }
    }

    /// Number of ticks.
    pub fn ticks(&self) -> usize {
        self.ticks.len()
    }

    /// The values of the ticks, from low to high.
    pub fn tick_values(&self) -> &[f64] {
        &self.ticks
    }

    /// Where a value lies: 0 at the low end of the axis, 1 at the high end.
    pub fn share(&self, value: f64) -> f64 {
        let place = match self.scale {
            Scale::Linear => value,
            Scale::Log => value.log10(),
        };
        (place - self.low) / (self.high - self.low)
    }

    /// Over many decades, ticks at the powers of a thousand alone: each of them
    /// has its own prefix of a unit.
    pub fn by_prefix(mut self) -> Self {
        if self.scale == Scale::Log && self.high - self.low >= PREFIXED {
            let prefixes = (self.high - self.low) / 3.0;
            let every = 3 * (prefixes / MAX_PREFIXES).ceil().max(1.0) as i32;
            let bound = |place: f64| (place / f64::from(every)) as i32;
            self.ticks = (bound(self.low) - 1..=bound(self.high) + 1)
                .map(|k| 10f64.powi(k * every))
                .filter(|tick| (0.0..=1.0).contains(&self.share(*tick)))
                .collect();
        }
        self
    }
}

fn padded(low: f64, high: f64, scale: Scale) -> (f64, f64) {
    if low > high {
        return (0.0, 1.0);
    }
    let width = high - low;
    if width <= 1e-12 * high.abs().max(low.abs()).max(1e-300) {
        let room = if scale == Scale::Log {
            0.5
        } else {
            low.abs().max(1.0) / 2.0
        };
        return (low - room, high + room);
    }
    let room = 0.04 * width;
    // Near zero, an axis that starts there does not exaggerate differences.
    let from_zero = scale == Scale::Linear && low >= 0.0 && low < 0.3 * high;
    (if from_zero { 0.0 } else { low - room }, high + room)
}

fn linear_ticks(low: f64, high: f64, count: usize) -> (Vec<f64>, f64) {
    let rough = (high - low) / count.max(1) as f64;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0]
        .map(|m| m * power)
        .into_iter()
        .find(|s| *s >= rough);
    let step = step.unwrap_or(10.0 * power);
    let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
    ((first..=last).map(|k| k as f64 * step).collect(), step)
}

/// Whole decades, thinned when there are many; parts of decades when there are few.
fn log_ticks(low: f64, high: f64, count: usize) -> (Vec<f64>, f64) {
    let multiples: &[f64] = match high - low {
        decades if decades >= 2.5 => &[1.0],
        decades if decades >= 1.2 => &[1.0, 3.0],
        decades if decades >= 0.5 => &[1.0, 2.0, 5.0],
        _ => &[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0],
    };
    let whole = (high.floor() - low.ceil()).max(0.0) as usize + 1;
    let every = if multiples.len() == 1 {
        whole.div_ceil(count.max(1))
    } else {
        1
    };
    // Thinned decades start at the first that is inside; parts of a decade may
    // belong to one that starts before the axis.
    let first = if every > 1 { low.ceil() } else { low.floor() } as i32;
    let ticks = (first..=high.floor() as i32)
        .step_by(every)
        .flat_map(|decade| multiples.iter().map(move |m| m * 10f64.powi(decade)))
        .filter(|tick| (low..=high).contains(&tick.log10()))
        .collect();
    (ticks, 1.0)
}

impl Ranged for Span {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        limit.0 + (self.share(*value) * f64::from(limit.1 - limit.0)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _hint: Hint) -> Vec<f64> {
        self.ticks.clone()
    }

    fn range(&self) -> Range<f64> {
        match self.scale {
            Scale::Linear => self.low..self.high,
            Scale::Log => 10f64.powf(self.low)..10f64.powf(self.high),
        }
    }
}

impl ValueFormatter<f64> for Span {
    fn format(value: &f64) -> String {
        number::figure(*value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(values: &[f64], scale: Scale) -> Vec<String> {
        let span = Span::around(values.iter().copied(), scale, 5);
        span.ticks.iter().map(|&tick| span.label(tick)).collect()
    }

    #[test]
    fn ticks_are_round_and_inside_the_range() {
        assert_eq!(
            labels(&[0.1, 0.9], Scale::Linear),
            ["0", "0.2", "0.4", "0.6", "0.8"]
        );
        assert_eq!(labels(&[-1.3, 1.2], Scale::Linear), ["−1", "0", "1"]);
        assert_eq!(labels(&[0.002, 4.0], Scale::Log), ["0.01", "0.1", "1"]);
        assert_eq!(labels(&[0.8, 2.4], Scale::Log), ["1", "2"]);
        assert_eq!(
            labels(&[1.0, 1e8], Scale::Log),
            ["1", "100", "10\u{2009}000", "10⁶", "10⁸"]
        );
    }

    #[test]
    fn many_decades_keep_the_powers_of_a_thousand() {
        let ticks = |low: f64, high: f64| {
            let span = Span::around([low, high].into_iter(), Scale::Log, 6).by_prefix();
            let ticks = span.tick_values().iter().map(|tick| tick.log10().round());
            ticks.collect::<Vec<_>>()
        };
        assert_eq!(ticks(2e-18, 8e-3), [-18.0, -15.0, -12.0, -9.0, -6.0, -3.0]);
        assert_eq!(ticks(1e-21, 1e9), [-18.0, -12.0, -6.0, 0.0, 6.0]);
        // Few decades are labelled as on any other axis.
        assert_eq!(ticks(1e-10, 1e-7), [-10.0, -9.0, -8.0, -7.0]);
    }

    #[test]
    fn equal_ratios_are_equally_far_apart_on_a_logarithmic_axis() {
        let span = Span::around([0.01, 100.0].into_iter(), Scale::Log, 5);
        let place = |value: f64| span.map(&value, (0, 10_000));
        assert_eq!(place(1.0), 5_000);
        assert!((place(10.0) - place(1.0)).abs_diff(place(100.0) - place(10.0)) <= 1);
    }

    #[test]
    fn all_values_lie_inside_with_room_even_when_equal() {
        for values in [[3.0, 3.0], [0.0, 0.0], [1e-9, 1e9]] {
            let span = Span::around(values.into_iter(), Scale::Linear, 5);
            for value in values {
                let place = span.map(&value, (0, 1000));
                assert!((0..=1000).contains(&place), "{value} at {place}");
            }
        }
    }
}

//! A statement as text.

use std::fmt;

use overdamped_accounting::{Assumption, Joules, Seconds, si};

use super::statement::{Rest, Statement, Status};
use crate::report::number;
use crate::report::text::Align::{Left, Right};
use crate::report::text::{hanging, table};

/// Constants in the table of what moves the total.
const SHOWN: usize = 6;
/// Those that move it by less than this factor are not worth a doubt.
const LEAST_SWING: f64 = 1.01;

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, per) = (&self.name, &self.per);
        writeln!(f, "{name}: one {per} on `{}`\n", self.hardware)?;
        write!(f, "{}", self.lines())?;
        match self.power {
            Some(power) => writeln!(f, "\n  {} in {}: {power}\n", self.energy, self.time)?,
            None => writeln!(f, "\n  {}, in no time that was counted\n", self.energy)?,
        }
        if let Some(heat) = &self.dissipation {
            let (given, done) = (number::plain(heat.heat), number::plain(heat.work));
            let measured = match &heat.joules {
                Some([heat, work]) => format!(
                    "Measured in the run itself: heat of {given} kT to the bath ({}), work of {done} kT by switching ({}).",
                    number::si(heat.0, "J"),
                    number::si(work.0, "J")
                ),
                None => format!(
                    "Measured in the run itself, at zero temperature: heat of {given} and work of {done} in the unit of its energy; \
                     how many kT that is, nobody has said."
                ),
            };
            writeln!(f, "  {}\n", hanging(&measured, 2))?;
        }
        writeln!(f, "The same by other means, on `{}`", self.processor)?;
        write!(f, "{}", self.means())?;
        if self.baselines.iter().any(|means| means.cost.is_none()) {
            writeln!(
                f,
                "  What is missing can be added to the counts; --help shows how."
            )?;
        }
        writeln!(f, "\nWhat this rests on")?;
        write!(f, "{}", self.rests())?;
        for key in self.set_in_vain.iter().map(|assumption| assumption.key()) {
            writeln!(f, "  {key} was set, but nothing here depends on it.")?;
        }
        writeln!(f)?;
        self.moves(f)
    }
}

impl Statement {
    fn lines(&self) -> String {
        let share = |energy: Joules| match self.energy.0 {
            total if total > 0.0 => number::percent(energy.0 / total),
            _ => "-".into(),
        };
        // What happens during another line takes no time of its own.
        let time = |time: Seconds| match time.0 {
            0.0 => String::new(),
            _ => time.to_string(),
        };
        let mut rows = self
            .lines
            .iter()
            .map(|line| {
                [
                    line.label.clone(),
                    number::figure(line.count),
                    line.unit.to_owned(),
                    line.each.to_string(),
                    line.energy.to_string(),
                    share(line.energy),
                    time(line.time),
                ]
            })
            .collect::<Vec<_>>();
        let none = String::new;
        rows.push([
            "total".into(),
            none(),
            none(),
            none(),
            self.energy.to_string(),
            share(self.energy),
            self.time.to_string(),
        ]);
        let columns = [
            ("act", Left),
            ("count", Right),
            ("", Left),
            ("each", Right),
            ("energy", Right),
            ("share", Right),
            ("time", Right),
        ];
        table(&columns, &rows)
    }

    fn means(&self) -> String {
        let ratio = |ratio: Option<f64>| ratio.map_or("-".into(), number::figure);
        let row = |means: &super::statement::Means| {
            let title = means.baseline.title().to_owned();
            match &means.cost {
                Some(cost) => [
                    title,
                    cost.energy.to_string(),
                    cost.time.to_string(),
                    ratio(cost.gain),
                    ratio(cost.speed_up),
                    cost.about.clone(),
                ],
                None => {
                    let dash = || "-".to_owned();
                    let missing = means.missing.clone().unwrap_or_default();
                    [title, dash(), dash(), dash(), dash(), missing]
                }
            }
        };
        let columns = [
            ("baseline", Left),
            ("energy", Right),
            ("time", Right),
            ("gain", Right),
            ("speed-up", Right),
            ("what is done", Left),
        ];
        table(
            &columns,
            &self.baselines.iter().map(row).collect::<Vec<_>>(),
        )
    }

    fn rests(&self) -> String {
        let row = |rest: &Rest| {
            let source = match rest.instead_of {
                Some(before) => format!("{}; was {}", rest.source, quantity(before, rest.unit)),
                None => rest.source.clone(),
            };
            [
                rest.key.key().to_owned(),
                quantity(rest.value, rest.unit),
                match rest.status {
                    Status::Sourced => "",
                    Status::Assumed => "assumed",
                    Status::Set => "set",
                }
                .to_owned(),
                source,
            ]
        };
        let columns = [
            ("constant", Left),
            ("value", Right),
            ("", Left),
            ("source", Left),
        ];
        table(
            &columns,
            &self.assumptions.iter().map(row).collect::<Vec<_>>(),
        )
    }

    /// The constants that move the total most.
    fn moves(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moving = self
            .sensitivities
            .iter()
            .filter(|entry| entry.swing() >= LEAST_SWING)
            .collect::<Vec<_>>();
        if moving.is_empty() {
            return writeln!(f, "No constant moves the total.");
        }
        writeln!(
            f,
            "What moves the total most: a constant at a tenth and at ten times its value"
        )?;
        let rows = moving
            .iter()
            .take(SHOWN)
            .map(|entry| {
                let unit = entry.assumption.unit().symbol;
                let [low, high] = entry.values.map(|value| quantity(value, unit));
                [
                    entry.assumption.key().to_owned(),
                    low,
                    si(entry.low, "J"),
                    high,
                    si(entry.high, "J"),
                    format!("x {}", number::brief(entry.swing())),
                ]
            })
            .collect::<Vec<_>>();
        let columns = [
            ("constant", Left),
            ("at", Right),
            ("total", Right),
            ("at", Right),
            ("total", Right),
            ("apart", Right),
        ];
        write!(f, "{}", table(&columns, &rows))?;
        let rest = moving.len().saturating_sub(SHOWN);
        if rest > 0 {
            writeln!(f, "  and {rest} more that move it less")?;
        }
        Ok(())
    }
}

/// A value in the unit of its constant.
pub fn quantity(value: f64, unit: &str) -> String {
    let figure = number::plain(value);
    if unit.is_empty() {
        figure
    } else {
        format!("{figure} {unit}")
    }
}

/// A constant's value with its unit.
pub fn constant(assumption: Assumption, value: f64) -> String {
    quantity(value, assumption.unit().symbol)
}

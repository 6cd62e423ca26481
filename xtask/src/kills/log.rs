//! What became of every kill, as lines of text and as a table.

use std::time::Duration;

use super::scenario::Scenario;
use crate::report::text::Align::{Left, Right};
use crate::report::text::table;

/// Name of the log within the output folder.
pub const FILE_NAME: &str = "kills.log";

/// A signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// SIGKILL: the process does nothing more.
    Kill,
    /// SIGINT, by Ctrl-C: it may finish what it does.
    Interrupt,
}

/// A process that was stopped.
#[derive(Debug, Clone)]
pub struct Stop {
    /// Number of the run; what was stopped is started again, in the same folder.
    pub run: u64,
    /// What it was.
    pub scenario: Scenario,
    /// By which signal.
    pub how: How,
    /// When, counted from its start.
    pub moment: Duration,
    /// What it left at that time.
    pub present: String,
    /// What was wrong: right after it, or at the end of the run.
    pub complaints: Vec<String>,
}

impl Stop {
    /// Whether it was a kill, and no mere interrupt.
    pub fn is_kill(&self) -> bool {
        self.how == How::Kill
    }

    /// Whether all files were whole after it, and its run ended as the undisturbed one.
    pub fn identical(&self) -> bool {
        self.complaints.is_empty()
    }
}

/// All of them, in order.
#[derive(Debug, Default)]
pub struct Log(Vec<Stop>);

impl Log {
    /// Adds those of a run.
    pub fn extend(&mut self, stops: Vec<Stop>) {
        self.0.extend(stops);
    }

    /// All of them.
    pub fn stops(&self) -> impl Iterator<Item = &Stop> {
        self.0.iter()
    }

    /// The scenarios that occur.
    pub fn scenarios(&self) -> Vec<Scenario> {
        let all = Scenario::ALL.into_iter();
        all.filter(|scenario| self.0.iter().any(|stop| stop.scenario == *scenario))
            .collect()
    }

    /// One line for each.
    pub fn text(&self) -> String {
        let columns = [
            ("run", Right),
            ("scenario", Left),
            ("signal", Left),
            ("after (ms)", Right),
            ("ended", Left),
            ("files at that moment", Left),
        ];
        let rows: Vec<[String; 6]> = self.0.iter().map(cells).collect();
        table(&columns, &rows)
    }

    /// Counts for each scenario, and in all.
    pub fn table(&self) -> String {
        let columns = [
            ("scenario", Left),
            ("runs", Right),
            ("killed", Right),
            ("identical", Right),
            ("interrupted", Right),
            ("identical", Right),
        ];
        let row = |name: &str, of: &dyn Fn(&&Stop) -> bool| {
            let stops: Vec<&Stop> = self.0.iter().filter(of).collect();
            let mut runs: Vec<u64> = stops.iter().map(|stop| stop.run).collect();
            runs.dedup();
            let count = |how: How| {
                let stops = stops.iter().filter(|stop| stop.how == how);
                let identical = stops.clone().filter(|stop| stop.identical()).count();
                [stops.count(), identical]
            };
            let counts = [count(How::Kill), count(How::Interrupt)].concat();
            let mut cells = vec![name.to_owned(), runs.len().to_string()];
            cells.extend(counts.iter().map(ToString::to_string));
            cells
        };
        let scenarios = self.scenarios().into_iter();
        let mut rows: Vec<Vec<String>> = scenarios
            .map(|scenario| row(scenario.name(), &|stop| stop.scenario == scenario))
            .collect();
        rows.push(row("all", &|_| true));
        table(&columns, &rows)
    }
}

fn cells(stop: &Stop) -> [String; 6] {
    let verdict = if stop.identical() {
        "identical".to_owned()
    } else {
        stop.complaints.join("; ")
    };
    let signal = match stop.how {
        How::Kill => "KILL",
        How::Interrupt => "INT",
    };
    [
        stop.run.to_string(),
        stop.scenario.name().to_owned(),
        signal.to_owned(),
        stop.moment.as_millis().to_string(),
        verdict,
        stop.present.clone(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_told_from_none() {
        let stop = |run, how, complaints: &[&str]| Stop {
            run,
            scenario: Scenario::Report,
            how,
            moment: Duration::from_micros(12_900),
            present: "1 html".to_owned(),
            complaints: complaints.iter().map(ToString::to_string).collect(),
        };
        let mut log = Log::default();
        log.extend(vec![
            stop(0, How::Kill, &[]),
            stop(0, How::Interrupt, &[]),
            stop(1, How::Kill, &["differs in a.npy"]),
        ]);
        insta::assert_snapshot!(format!("{}\n{}", log.text(), log.table()));
    }
}

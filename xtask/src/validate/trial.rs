//! A law with its mutants, measured.

use overdamped_validation::{Finding, Lab, Law, Mutant};

/// What came of it.
pub struct Trial {
    /// The law.
    pub law: Law,
    /// On the substrate as users get it.
    pub finding: Finding,
    /// With each fault.
    pub mutants: Vec<(Mutant, Finding)>,
}

impl Trial {
    /// Measures; `seen` is called after each measurement, and may stop.
    ///
    /// # Errors
    /// A measurement that cannot be made, or what `seen` says.
    pub fn run(law: Law, seed: u64, seen: impl Fn() -> anyhow::Result<()>) -> anyhow::Result<Self> {
        let measure = |mutant| {
            let finding = (law.measure)(&Lab { seed, mutant })?;
            seen()?;
            anyhow::Ok(finding)
        };
        let finding = measure(None)?;
        let planted = law.mutants.iter();
        let mutants = planted.map(|&mutant| Ok((mutant, measure(Some(mutant))?)));
        let mutants = mutants.collect::<anyhow::Result<_>>()?;
        Ok(Self {
            law,
            finding,
            mutants,
        })
    }

    /// Faults that the law has noticed.
    pub fn caught(&self) -> usize {
        let caught = self.mutants.iter().filter(|(_, finding)| !finding.holds());
        caught.count()
    }

    /// What is wrong, if anything is.
    pub fn complaint(&self) -> Option<String> {
        let Finding { worst, .. } = self.finding;
        if !self.finding.holds() {
            let limit = self.finding.limit();
            return Some(format!(
                "{} does not hold: {worst:.2}, {limit} allowed",
                self.law.id
            ));
        }
        let missed = self.mutants.iter().filter(|(_, finding)| finding.holds());
        let missed: Vec<_> = missed.map(|(mutant, _)| mutant.about()).collect();
        (!missed.is_empty())
            .then(|| format!("{} has not noticed: {}", self.law.id, missed.join(", ")))
    }

    /// One line of a table.
    pub fn cells(&self) -> Vec<String> {
        let finding = &self.finding;
        let statistical = finding.n > 0;
        vec![
            self.law.id.to_owned(),
            format!("{:.2}", finding.worst),
            if statistical {
                format!("{} sigma", finding.limit())
            } else {
                "1 tolerance".to_owned()
            },
            finding.comparisons.to_string(),
            if statistical {
                format!("{:.0e}", finding.n as f64)
            } else {
                "exact".to_owned()
            },
            if statistical {
                format!("{:.1e}", finding.false_alarm_rate())
            } else {
                "0".to_owned()
            },
            format!("{} / {}", self.caught(), self.mutants.len()),
            match self.complaint() {
                None => "holds".to_owned(),
                Some(complaint) => complaint,
            },
        ]
    }
}

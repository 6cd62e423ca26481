//! A bill as a plain table.

use std::fmt;

use crate::{Bill, Joules, si};

impl fmt::Display for Bill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}, for one {}, on `{}`",
            self.name, self.per, self.hardware
        )?;
        let total = self.energy();
        let share = |energy: Joules| {
            if total.0 > 0.0 {
                format!("{:.1} %", 100.0 * (energy / total))
            } else {
                String::new()
            }
        };
        for line in &self.lines {
            let count = si(line.count, line.unit);
            writeln!(
                f,
                "  {:<28}{count:>20}  x {:<9} = {:<9} {:>7}  {}",
                line.label,
                line.each.to_string(),
                line.energy.to_string(),
                share(line.energy),
                line.time
            )?;
        }
        writeln!(f, "  total {total}, {}", self.time())?;
        for cost in &self.baselines {
            let gain = self.gain(cost.baseline);
            let gain = gain.map_or_else(|_| "-".to_owned(), |gain| format!("{gain:.3e}"));
            writeln!(
                f,
                "  {} ({}): {}, {}; gain {gain}",
                cost.baseline.title(),
                self.processor,
                cost.energy,
                cost.time
            )?;
        }
        Ok(())
    }
}

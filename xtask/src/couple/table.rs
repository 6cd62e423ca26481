//! What is printed: where the activations come from, the mean, and one row for each rank.

use std::fmt::Write as _;

use overdamped_coupling::Method;

use super::scores::Scores;
use super::{Row, Study};
use crate::activations::error::Name;

impl Study {
    /// The report as text.
    pub(super) fn report(&self) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let source = &self.source;
        let (encoder, decoder) = (Name::new(&source.names.0), Name::new(&source.names.1));
        writeln!(
            out,
            "{encoder} drives {decoder}, from {}",
            Name::new(&source.file)
        )?;
        let (height, width) = source.map;
        let each = match height * width {
            1 => "vectors".to_owned(),
            _ => format!("images of {height} x {width} pixels"),
        };
        let (fitted, held_out) = self.samples;
        writeln!(
            out,
            "samples   {} {each}: {fitted} samples fitted, {held_out} held out",
            source.images
        )?;
        for (side, units, rank) in [
            ("encoder", source.units.0, self.numerical_ranks.0),
            ("decoder", source.units.1, self.numerical_ranks.1),
        ] {
            let note = match units - rank {
                0 => String::new(),
                lost => format!(", {lost} less: some are constant or follow from others"),
            };
            writeln!(out, "{side}   {units} units, numerical rank {rank}{note}")?;
        }
        let method = self.method.name().replace('_', " ");
        writeln!(out, "method    {method}, ridge {:e}\n", self.settings.ridge)?;

        let judged = if held_out > 0 { "held-out" } else { "fitted" };
        writeln!(out, "             R^2, pooled     cosine, {judged}")?;
        writeln!(
            out,
            "   rank   fitted held out      raw  centred      wires  of dense"
        )?;
        for row in &self.rows {
            self.row(out, row)?;
        }
        writeln!(
            out,
            "\nThe mean activation alone, without any coupling, scores R^2 0, raw cosine {:.4} and centred cosine 0 on the\n\
             {judged} samples: only what a row has beyond that is carried by the coupling.",
            self.mean_alone.raw_cosine
        )?;
        if self.method == Method::JointGaussian {
            let wires = source.units.1 * (source.units.1 - 1) / 2;
            writeln!(
                out,
                "Not in the table: {wires} wires among the decoder units, which the joint Gaussian couples densely."
            )?;
        }
        Ok(())
    }

    fn row(&self, out: &mut String, row: &Row) -> std::fmt::Result {
        let Scores {
            raw_cosine,
            centred_cosine,
            ..
        } = row.held_out.unwrap_or(row.fitted);
        let mark = if row.rank == self.map.rank() {
            '*'
        } else {
            ' '
        };
        let held_out = row
            .held_out
            .map_or("-".to_owned(), |scores| format!("{:.4}", scores.r2));
        let share = 100.0 * row.wires as f64 / row.dense_wires as f64;
        writeln!(
            out,
            "{mark}{:>6} {:>8.4} {held_out:>8} {raw_cosine:>8.4} {centred_cosine:>8.4} {:>10} {share:>7.1} %",
            row.rank, row.fitted.r2, row.wires
        )
    }
}

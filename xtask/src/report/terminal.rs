//! Digits and figures where the command was typed.

use std::io::{IsTerminal as _, stdout};

use faer::MatRef;

use super::number;
use crate::results::{Better, Entry, Reference, Role};

/// Foreground and background of a cell hold one pixel each.
const UPPER_HALF: char = '▀';
/// First and number of the grey levels in the palette of 256 colours.
const GREY: (u8, f32) = (232, 24.0);

/// How digits are drawn with characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shading {
    /// 24 grey levels, by escape codes for the palette of 256 colours.
    Grey,
    /// Ink or none, without escape codes.
    Ink,
}

/// Prints the first `cols` images (`side * side` pixels `x` images, in
/// `[-1, 1]`) in one row. Does nothing unless standard output is a terminal;
/// `NO_COLOR` is respected.
pub fn show_digits(images: MatRef<'_, f32>, side: usize, cols: usize) {
    if stdout().is_terminal() {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let shading = if plain { Shading::Ink } else { Shading::Grey };
        print!("{}", digits(images, side, cols, shading));
    }
}

/// The first `cols` images in one row, two pixel rows per line of text. Images
/// of another size than `side * side` give no text.
pub fn digits(images: MatRef<'_, f32>, side: usize, cols: usize, shading: Shading) -> String {
    if images.nrows() != side * side {
        return String::new();
    }
    let mut text = String::new();
    for y in (0..side).step_by(2) {
        for (index, image) in images.col_iter().take(cols).enumerate() {
            if index > 0 {
                text.push_str("  ");
            }
            for x in 0..side {
                let lower = if y + 1 < side {
                    image[(y + 1) * side + x]
                } else {
                    -1.0
                };
                push_cell(&mut text, image[y * side + x], lower, shading);
            }
            if shading == Shading::Grey {
                text.push_str("\x1b[0m");
            }
        }
        text.push('\n');
    }
    text
}

fn push_cell(text: &mut String, upper: f32, lower: f32, shading: Shading) {
    match shading {
        Shading::Grey => {
            let level = |value: f32| {
                let share = (value.clamp(-1.0, 1.0) + 1.0) / 2.0;
                GREY.0 + (share * (GREY.1 - 1.0)).round() as u8
            };
            let (upper, lower) = (level(upper), level(lower));
            text.push_str(&format!("\x1b[38;5;{upper};48;5;{lower}m{UPPER_HALF}"));
        }
        Shading::Ink => text.push(match (upper > 0.0, lower > 0.0) {
            (true, true) => '█',
            (true, false) => UPPER_HALF,
            (false, true) => '▄',
            (false, false) => ' ',
        }),
    }
}

/// A plain-text table of figures: id, value, direction, unit, trivial baseline,
/// best possible.
pub fn table<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> String {
    let heading = ["figure", "value", "", "unit", "baseline", "best possible"].map(String::from);
    let rows = std::iter::once(heading)
        .chain(entries.into_iter().map(cells))
        .collect::<Vec<_>>();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: [usize; 6] = std::array::from_fn(|column| width(column).unwrap_or(0));
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
            // Values align right, so that their sizes compare at a glance.
            let padding = " ".repeat(width - cell.chars().count());
            let (before, after) = if column == 1 {
                (&*padding, "")
            } else {
                ("", &*padding)
            };
            line.push_str(&format!("{before}{cell}{after}  "));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn cells(entry: &Entry) -> [String; 6] {
    let named = |role| {
        let describe = |r: &Reference| format!("{} ({})", number::figure(r.value), r.name);
        entry
            .references_of(role)
            .map(describe)
            .collect::<Vec<_>>()
            .join(", ")
    };
    [
        entry.id.clone(),
        number::figure(entry.value),
        arrow(entry.better).into(),
        entry.unit.clone(),
        named(Role::Baseline),
        named(Role::Best),
    ]
}

/// An arrow in the direction of improvement; empty where there is none.
pub(super) fn arrow(better: Better) -> &'static str {
    match better {
        Better::Lower => "↓",
        Better::Higher => "↑",
        Better::Info => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use faer::Mat;

    #[test]
    fn figures_line_up() {
        let entries = [
            Entry::new("sgm.mixture.exact.sw1", 0.0923)
                .unit("data units")
                .lower()
                .baseline("one Gaussian", 0.271)
                .best("oracle score", 0.011),
            Entry::new("sgm.mnist01.hidden.in01", 0.9241)
                .higher()
                .baseline("one Gaussian", 0.664)
                .best("real digits", 0.991),
            Entry::new("sgm.mnist01.parameters", 19_854.0),
        ];
        insta::assert_snapshot!(table(&entries), @"
        figure                    value     unit        baseline              best possible
        sgm.mixture.exact.sw1    0.0923  ↓  data units  0.271 (one Gaussian)  0.0110 (oracle score)
        sgm.mnist01.hidden.in01   0.924  ↑              0.664 (one Gaussian)  0.991 (real digits)
        sgm.mnist01.parameters   19 854
        ");
    }

    #[test]
    fn ink_becomes_half_blocks() {
        // A ring of 5 x 5 pixels beside a blank image.
        let ring = [".###.", "#...#", "#...#", "#...#", ".###."].concat();
        let images = Mat::<f32>::from_fn(25, 2, |pixel, image| {
            if image == 0 && ring.as_bytes()[pixel] == b'#' {
                0.8
            } else {
                -0.9
            }
        });
        let text = digits(images.as_ref(), 5, 2, Shading::Ink);
        let lines = text.lines().map(str::trim_end).collect::<Vec<_>>();
        assert_eq!(lines, ["▄▀▀▀▄", "█   █", " ▀▀▀"]);
    }

    #[test]
    fn grey_levels_span_the_ramp_and_every_line_resets_the_colours() {
        let images = Mat::<f32>::from_fn(4, 1, |pixel, _| [-1.0, 1.0, 0.0, 9.0][pixel]);
        let text = digits(images.as_ref(), 2, 1, Shading::Grey);
        assert_eq!(
            text,
            "\x1b[38;5;232;48;5;244m▀\x1b[38;5;255;48;5;255m▀\x1b[0m\n"
        );
        assert_eq!(digits(images.as_ref(), 3, 1, Shading::Grey), "");
    }
}

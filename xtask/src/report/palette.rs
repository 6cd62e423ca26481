//! Colours of the plots, once for light pages and once for dark ones.
//!
//! Plots are drawn in the light colours. A style sheet made from the same table
//! repaints them for readers who prefer dark: an attribute selector per colour
//! beats the attribute itself, so the SVG needs no change.

use std::fmt::Write as _;

use plotters::style::RGBColor;

/// A colour on paper and its counterpart on a dark screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// On light backgrounds.
    pub light: RGBColor,
    /// On dark backgrounds.
    pub dark: RGBColor,
}

const fn pair(light: (u8, u8, u8), dark: (u8, u8, u8)) -> Pair {
    Pair {
        light: RGBColor(light.0, light.1, light.2),
        dark: RGBColor(dark.0, dark.1, dark.2),
    }
}

/// Tick labels and axis descriptions.
pub const INK: Pair = pair((0x57, 0x54, 0x4E), (0xB4, 0xB1, 0xA9));
/// The lines of the axes.
pub const AXIS: Pair = pair((0xB9, 0xB5, 0xAB), (0x55, 0x58, 0x61));
/// Grid lines.
pub const GRID: Pair = pair((0xE9, 0xE6, 0xDF), (0x2B, 0x2D, 0x34));
/// Bounds, oracles and real data.
pub const REFERENCE: Pair = pair((0x8A, 0x86, 0x7D), (0x93, 0x90, 0x88));

/// Results, in order of appearance; neighbours differ in hue and brightness, so
/// that they stay apart for colour-blind readers.
pub const SERIES: [Pair; 8] = [
    pair((0x2B, 0x66, 0xD9), (0x7A, 0xA9, 0xFF)),
    pair((0xD9, 0x5B, 0x0B), (0xFF, 0x9D, 0x5C)),
    pair((0x0B, 0x8F, 0x72), (0x4C, 0xD3, 0xAE)),
    pair((0xA2, 0x3A, 0xB5), (0xDC, 0x94, 0xEC)),
    pair((0xC7, 0x92, 0x00), (0xF3, 0xCD, 0x57)),
    pair((0x11, 0x93, 0xB5), (0x66, 0xD5, 0xEF)),
    pair((0xC2, 0x2F, 0x5B), (0xFF, 0x86, 0xA9)),
    pair((0x5B, 0x7A, 0x1F), (0xA8, 0xCC, 0x63)),
];

/// The colour of the `index`-th result; the table repeats.
pub fn series(index: usize) -> Pair {
    SERIES[index % SERIES.len()]
}

/// As CSS and the SVG backend write it: `#2B66D9`.
pub fn hex(colour: RGBColor) -> String {
    format!("#{:02X}{:02X}{:02X}", colour.0, colour.1, colour.2)
}

/// The rules that repaint plots and legends on dark pages.
pub fn dark_rules() -> String {
    let mut css = String::from("@media (prefers-color-scheme: dark) {\n");
    for pair in [INK, AXIS, GRID, REFERENCE].iter().chain(&SERIES) {
        let (light, dark) = (hex(pair.light), hex(pair.dark));
        for property in ["fill", "stroke"] {
            // Writing to a string cannot fail.
            let _ = writeln!(
                css,
                "  svg [{property}=\"{light}\"] {{ {property}: {dark}; }}"
            );
        }
    }
    css.push_str("}\n");
    css
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_colour_is_distinct_and_repainted() {
        let all = [INK, AXIS, GRID, REFERENCE]
            .into_iter()
            .chain(SERIES)
            .collect::<Vec<_>>();
        // Two pairs that share a light colour could not be told apart on dark pages.
        let lights = all
            .iter()
            .map(|pair| hex(pair.light))
            .collect::<BTreeSet<_>>();
        assert_eq!(lights.len(), all.len());
        let rules = dark_rules();
        for pair in all {
            let rule = format!(
                "svg [stroke=\"{}\"] {{ stroke: {}; }}",
                hex(pair.light),
                hex(pair.dark)
            );
            assert!(rules.contains(&rule), "{rule}");
        }
    }
}

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

/// Text on pale cells of a map: dark on paper, light on a dark screen.
pub const ON_PALE: Pair = pair((0x1D, 0x1C, 0x1A), (0xE9, 0xE7, 0xE2));
/// Text on strong cells of a map.
pub const ON_STRONG: Pair = pair((0xFF, 0xFF, 0xFF), (0x0E, 0x0F, 0x12));

/// Steps of colour on either side of the neutral one.
pub const LEVELS: i32 = 16;
/// Where a map's text changes from that on pale to that on strong cells; the
/// colours in between are equally far from black and from white.
const STRONG: i32 = 8;
const NEUTRAL: Pair = pair((0xF1, 0xEF, 0xE9), (0x2B, 0x2D, 0x34));
/// In the middle both pages share a colour; from there paper darkens and the screen brightens.
const ABOVE: [Pair; 2] = [
    pair((0x3B, 0x72, 0xDC), (0x3B, 0x72, 0xDC)),
    pair((0x0E, 0x2E, 0x6E), (0xC9, 0xDD, 0xFF)),
];
const BELOW: [Pair; 2] = [
    pair((0xC4, 0x58, 0x0F), (0xC4, 0x58, 0x0F)),
    pair((0x6B, 0x2A, 0x00), (0xFF, 0xD9, 0xB8)),
];

/// A colour of maps: neutral at level 0, ever stronger blue up to [`LEVELS`], orange down to
/// `-LEVELS`. Levels beyond are clamped.
pub fn diverging(level: i32) -> Pair {
    let level = level.clamp(-LEVELS, LEVELS);
    let [middle, end] = if level < 0 { BELOW } else { ABOVE };
    let share = f64::from(level.abs()) / f64::from(LEVELS);
    // Hues of the first step differ visibly from the neutral colour.
    let share = if level == 0 { 0.0 } else { 0.08 + 0.92 * share };
    let blend = |neutral, middle, end| {
        if share <= 0.5 {
            mix(neutral, middle, 2.0 * share)
        } else {
            mix(middle, end, 2.0 * share - 1.0)
        }
    };
    Pair {
        light: blend(NEUTRAL.light, middle.light, end.light),
        dark: blend(NEUTRAL.dark, middle.dark, end.dark),
    }
}

/// The text that is legible on [`diverging`] of the same level.
pub fn on_diverging(level: i32) -> Pair {
    if level.abs() < STRONG {
        ON_PALE
    } else {
        ON_STRONG
    }
}

fn mix(from: RGBColor, to: RGBColor, share: f64) -> RGBColor {
    let channel = |a: u8, b: u8| (f64::from(a) + share * (f64::from(b) - f64::from(a))).round();
    RGBColor(
        channel(from.0, to.0) as u8,
        channel(from.1, to.1) as u8,
        channel(from.2, to.2) as u8,
    )
}

/// Every pair of colours that a picture may use.
fn all() -> impl Iterator<Item = Pair> {
    [INK, AXIS, GRID, REFERENCE, ON_PALE, ON_STRONG]
        .into_iter()
        .chain(SERIES)
        .chain((-LEVELS..=LEVELS).map(diverging))
}

/// As CSS and the SVG backend write it: `#2B66D9`.
pub fn hex(colour: RGBColor) -> String {
    format!("#{:02X}{:02X}{:02X}", colour.0, colour.1, colour.2)
}

/// The rules that repaint plots and legends on dark pages.
pub fn dark_rules() -> String {
    let mut css = String::from("@media (prefers-color-scheme: dark) {\n");
    for pair in all() {
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
        let all = all().collect::<Vec<_>>();
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

    /// The contrast ratio of the Web Content Accessibility Guidelines 2.2.
    fn contrast(a: RGBColor, b: RGBColor) -> f64 {
        let luminance = |colour: RGBColor| {
            let linear = |channel: u8| {
                let share = f64::from(channel) / 255.0;
                if share <= 0.04045 {
                    share / 12.92
                } else {
                    ((share + 0.055) / 1.055).powf(2.4)
                }
            };
            0.2126 * linear(colour.0) + 0.7152 * linear(colour.1) + 0.0722 * linear(colour.2)
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_is_legible_on_every_cell_of_a_map() {
        for level in -LEVELS..=LEVELS {
            let (cell, text) = (diverging(level), on_diverging(level));
            for (cell, text) in [(cell.light, text.light), (cell.dark, text.dark)] {
                let ratio = contrast(cell, text);
                // 3 is the guideline's least for large text and for graphics.
                assert!(ratio > 3.0, "{ratio:.2} at level {level}");
            }
        }
    }

    #[test]
    fn colours_of_a_map_grow_away_from_the_neutral_one() {
        for sign in [-1, 1] {
            for level in 1..=LEVELS {
                let far = |level: i32| contrast(diverging(sign * level).light, NEUTRAL.light);
                assert!(far(level) > far(level - 1), "level {level}");
                let far = |level: i32| contrast(diverging(sign * level).dark, NEUTRAL.dark);
                assert!(far(level) > far(level - 1), "level {level}");
            }
        }
        assert_eq!(diverging(LEVELS + 5), diverging(LEVELS));
    }
}

//! Labelled rows over one horizontal axis, as SVG.
//!
//! Labels stand in a column of their own, values at the ends of the bars; the
//! axis takes what is left, so that no text meets another.

use maud::{Markup, html};

use super::super::axis::Span;
use super::super::svg::{px, text_width, wrap};
use super::super::{number, palette};

/// Font sizes in pixels.
const TEXT: f64 = 14.0;
const SMALL: f64 = 12.5;
/// The label column takes at most this share of the width.
const MAX_LABELS: f64 = 0.32;
/// Thickness of a bar, and of the band that it has to itself.
const BAR: f64 = 15.0;
const BAND: f64 = 27.0;
/// What a second line of a label adds to its band.
const SECOND_LINE: f64 = 11.0;
/// Extra space between groups of rows.
const APART: f64 = 12.0;
/// Between a bar and its value, a value and its note, a label and the axis.
const GAP: f64 = 8.0;
/// Below the rows: tick labels and the axis description.
const FOOT: f64 = 48.0;
/// Above the rows where a rule carries a label.
const HEAD: f64 = 22.0;

/// A fill.
#[derive(Debug, Clone)]
pub struct Ink {
    colour: String,
    opacity: f64,
}

impl Ink {
    /// An opaque colour.
    pub fn solid(colour: &str) -> Self {
        Self::tinted(colour, 1.0)
    }

    /// A colour through which the page shows.
    pub fn tinted(colour: &str, opacity: f64) -> Self {
        Self {
            colour: colour.into(),
            opacity,
        }
    }
}

/// A stretch of a bar.
#[derive(Debug, Clone)]
pub struct Piece {
    /// `None` for the start of the bars: zero, or the low end of a logarithmic axis.
    from: Option<f64>,
    to: f64,
    ink: Ink,
}

impl Piece {
    /// From the start of the bars.
    pub fn up_to(to: f64, ink: Ink) -> Self {
        Self {
            from: None,
            to,
            ink,
        }
    }

    /// Between two values, in either order.
    pub fn between(from: f64, to: f64, ink: Ink) -> Self {
        Self {
            from: Some(from),
            to,
            ink,
        }
    }

    /// Distance between the ends, in units of the axis.
    pub fn length(&self) -> f64 {
        (self.to - self.from.unwrap_or(0.0)).abs()
    }
}

/// A bar with its texts.
#[derive(Debug, Clone)]
pub struct Row {
    /// Left of the axis.
    pub label: String,
    /// What is drawn, the undermost first.
    pub bars: Vec<Piece>,
    /// Value at the left end.
    pub left: Option<String>,
    /// Value at the right end.
    pub right: String,
    /// What follows the value, in a softer colour.
    pub note: String,
    /// In bold.
    pub strong: bool,
    /// With more room above: a new group.
    pub apart: bool,
}

impl Row {
    /// A row of that name with nothing in it.
    pub fn of(label: &str) -> Self {
        Self {
            label: label.into(),
            bars: Vec::new(),
            left: None,
            right: String::new(),
            note: String::new(),
            strong: false,
            apart: false,
        }
    }

    /// Pixels right of the bar.
    fn tail(&self) -> f64 {
        let note = match self.note.as_str() {
            "" => 0.0,
            note => GAP + text_width(note, SMALL),
        };
        // Bold digits are a little wider.
        let bold = if self.strong { 1.1 } else { 1.0 };
        GAP + bold * text_width(&self.right, SMALL) + note
    }
}

/// A vertical line at a value.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Where.
    pub value: f64,
    /// The line runs from this row to the axis.
    pub from: usize,
    /// Dashed and soft, or solid.
    pub dashed: bool,
    /// Written above the rows.
    pub label: Option<String>,
}

/// Rows over an axis.
#[derive(Debug, Clone)]
pub struct Frame<'a> {
    /// Description of the axis.
    pub label: &'a str,
    /// Symbol that takes prefixes.
    pub unit: &'a str,
    /// The range of the axis.
    pub span: Span,
    /// From top to bottom.
    pub rows: Vec<Row>,
    /// Above the bars.
    pub rules: Vec<Rule>,
}

/// Where the axis lies, in pixels.
struct Place {
    left: f64,
    width: f64,
    top: f64,
    bottom: f64,
}

impl Frame<'_> {
    /// The chart as an SVG element of that width; the rows decide its height.
    pub fn draw(mut self, width: u32) -> String {
        if !self.unit.is_empty() {
            self.span = self.span.by_prefix();
        }
        let width = f64::from(width);
        let labels = self.labels(width);
        let bands = self.bands(&labels);
        let place = self.place(width, &labels, &bands);
        let height = place.bottom + FOOT;
        html! {
            svg xmlns="http://www.w3.org/2000/svg" viewBox=(format!("0 0 {} {}", px(width), px(height))) {
                (self.axis(&place))
                @for ((row, lines), band) in self.rows.iter().zip(&labels).zip(&bands) {
                    (self.row(row, lines, *band, &place))
                }
                (self.rules(&place, &bands))
            }
        }
        .into_string()
    }

    /// The lines of each label.
    fn labels(&self, width: f64) -> Vec<Vec<String>> {
        let lines = |row: &Row| wrap(&row.label, TEXT, MAX_LABELS * width, 2);
        self.rows.iter().map(lines).collect()
    }

    /// Top and height of each row's band.
    fn bands(&self, labels: &[Vec<String>]) -> Vec<(f64, f64)> {
        let labelled = self.rules.iter().any(|rule| rule.label.is_some());
        let mut top = if labelled { HEAD } else { 2.0 };
        let mut bands = Vec::with_capacity(self.rows.len());
        for (row, lines) in self.rows.iter().zip(labels) {
            if row.apart {
                top += APART;
            }
            let height = if lines.len() > 1 {
                BAND + SECOND_LINE
            } else {
                BAND
            };
            bands.push((top, height));
            top += height;
        }
        bands
    }

    fn place(&self, width: f64, labels: &[Vec<String>], bands: &[(f64, f64)]) -> Place {
        let longest = |lines: &Vec<String>| {
            lines
                .iter()
                .map(|line| text_width(line, TEXT))
                .fold(0.0, f64::max)
        };
        let column = labels.iter().map(longest).fold(0.0, f64::max);
        let left = column + GAP + self.left_room();
        let room = width - left;
        // As wide as the longest bar with its value behind it allows.
        let fits = |row: &Row| {
            let ends = row.bars.iter().map(|piece| self.span.share(piece.to));
            let end = ends
                .chain(row.bars.iter().map(|piece| self.start(piece)))
                .fold(0.0, f64::max);
            (room - row.tail()) / end.max(1e-3)
        };
        // Half a tick label may stick out at the right.
        let axis_width = self.rows.iter().map(fits).fold(room - 22.0, f64::min);
        let end = bands.last().map_or(0.0, |(top, height)| top + height);
        Place {
            left,
            width: axis_width.max(60.0),
            top: bands.first().map_or(0.0, |(top, _)| *top),
            bottom: end + 4.0,
        }
    }

    /// Where a piece begins, as a share of the axis.
    fn start(&self, piece: &Piece) -> f64 {
        let zero = || self.span.share(0.0);
        let from = piece.from.map_or_else(zero, |from| self.span.share(from));
        // The logarithm of zero: the low end of the axis.
        if from.is_finite() { from } else { 0.0 }
    }

    fn axis(&self, place: &Place) -> Markup {
        let ink = palette::hex(palette::INK.light);
        let grid = palette::hex(palette::GRID.light);
        let line = palette::hex(palette::AXIS.light);
        let end = px(place.left + place.width);
        let tick_label = |value: f64| match self.unit {
            "" => self.span.label(value),
            unit => number::si(value, unit),
        };
        html! {
            @for &tick in self.span.tick_values() {
                @let x = px(place.left + place.width * self.span.share(tick));
                line x1=(x) x2=(x) y1=(px(place.top - 2.0)) y2=(px(place.bottom)) stroke=(grid) {}
                text x=(x) y=(px(place.bottom + 18.0)) font-size=(SMALL) fill=(ink) text-anchor="middle" {
                    (tick_label(tick))
                }
            }
            line x1=(px(place.left)) x2=(end) y1=(px(place.bottom)) y2=(px(place.bottom)) stroke=(line) {}
            text x=(px(place.left + place.width / 2.0)) y=(px(place.bottom + 40.0))
                font-size=(TEXT) fill=(ink) text-anchor="middle" { (self.label) }
        }
    }

    fn row(&self, row: &Row, lines: &[String], (top, height): (f64, f64), place: &Place) -> Markup {
        let ink = palette::hex(palette::INK.light);
        let middle = top + height / 2.0;
        let weight = row.strong.then_some("650");
        let x = |share: f64| place.left + place.width * share;
        let ends = || {
            let share = |piece: &Piece| [self.start(piece), self.span.share(piece.to)];
            row.bars.iter().flat_map(share)
        };
        let first = ends().fold(f64::INFINITY, f64::min);
        let last = ends().fold(0.0, f64::max);
        let column = place.left - GAP - self.left_room();
        // Lines are centred on the middle of the band; letters sit above their baseline.
        let first_line = middle + 0.35 * TEXT - 8.0 * (lines.len() as f64 - 1.0);
        html! {
            g {
                title { (row.label) ": " @if let Some(left) = &row.left { (left) " – " } (row.right) }
                @for (index, line) in lines.iter().enumerate() {
                    text x=(px(column)) y=(px(first_line + 16.0 * index as f64)) font-size=(TEXT)
                        font-weight=[weight] fill="currentColor" text-anchor="end" { (line) }
                }
                @for piece in &row.bars {
                    @let (from, to) = (x(self.start(piece)), x(self.span.share(piece.to)));
                    rect x=(px(from.min(to))) y=(px(middle - BAR / 2.0)) width=(px((to - from).abs()))
                        height=(px(BAR)) rx="2" fill=(piece.ink.colour)
                        fill-opacity=[(piece.ink.opacity < 1.0).then(|| format!("{:.2}", piece.ink.opacity))] {}
                }
                @if let Some(left) = &row.left {
                    text x=(px(x(first) - GAP)) y=(px(middle + 0.35 * SMALL)) font-size=(SMALL)
                        fill=(ink) text-anchor="end" { (left) }
                }
                text x=(px(x(last) + GAP)) y=(px(middle + 0.35 * SMALL)) font-size=(SMALL)
                    fill="currentColor" font-weight=[weight] {
                    (row.right)
                    @if !row.note.is_empty() {
                        tspan dx=(px(GAP)) fill=(ink) { (row.note) }
                    }
                }
            }
        }
    }

    /// The room that values left of the bars need before the axis.
    fn left_room(&self) -> f64 {
        let values = self.rows.iter().filter_map(|row| row.left.as_ref());
        values
            .map(|text| GAP + text_width(text, SMALL))
            .fold(0.0, f64::max)
    }

    fn rules(&self, place: &Place, bands: &[(f64, f64)]) -> Markup {
        html! {
            @for rule in &self.rules {
                @let x = px(place.left + place.width * self.span.share(rule.value));
                @let top = bands.get(rule.from).map_or(place.top, |(top, height)| {
                    // A dashed line starts below its own bar.
                    if rule.dashed { top + height / 2.0 + BAR / 2.0 } else { top - 2.0 }
                });
                line x1=(x) x2=(x) y1=(px(top)) y2=(px(place.bottom)) stroke="currentColor"
                    stroke-width=(if rule.dashed { "1" } else { "1.5" })
                    stroke-dasharray=[rule.dashed.then_some("3 3")] {}
                @if let Some(label) = &rule.label {
                    text x=(x) y=(px(place.top - 8.0)) font-size=(SMALL) font-weight="650"
                        fill="currentColor" text-anchor="middle" { (label) }
                }
            }
        }
    }
}

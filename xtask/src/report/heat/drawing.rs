//! The geometry and the colours of a map, as SVG.

use maud::{Markup, html};

use super::super::svg::{px, text_width};
use super::super::{number, palette};
use super::HeatMap;

/// Font sizes in pixels.
const TEXT: f64 = 14.0;
const SMALL: f64 = 12.5;
/// Largest size of a cell: a map of few cells need not fill the page.
const MAX_CELL: (f64, f64) = (78.0, 42.0);
/// Cells are flatter than wide, so that their values fit.
const FLAT: f64 = 0.6;
/// Below the cells: tick labels and the axis description.
const FOOT: f64 = 50.0;
/// Left of the cells: the axis description.
const SIDE: f64 = 30.0;
/// Between the cells and the legend, and the legend's width without its labels.
const LEGEND: (f64, f64) = (26.0, 14.0);
/// Decades of the scale at least, so that small differences stay pale.
const LEAST_DECADES: f64 = 1.0;

/// How values become levels of colour.
struct Scale10 {
    /// Logarithm of the value that has the strongest colour.
    limit: f64,
    /// Range of the legend; one is always inside.
    low: f64,
    high: f64,
}

impl Scale10 {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = values
            .map(f64::log10)
            .fold((0.0f64, 0.0f64), |(l, h), v| (l.min(v), h.max(v)));
        let limit = high.max(-low).max(LEAST_DECADES);
        // A legend of next to nothing on one side could not be read.
        let room = 0.06 * limit;
        Self {
            limit,
            low: low.min(-room),
            high: high.max(room),
        }
    }

    /// Strong colours for large ratios; only one itself is neutral.
    fn level(&self, log10: f64) -> i32 {
        let level = log10 / self.limit * f64::from(palette::LEVELS);
        // Away from zero, so that the side is always visible.
        if level.abs() < 1e-9 {
            0
        } else {
            (level.abs().ceil() * level.signum()) as i32
        }
    }

    /// Whole decades, at most nine of them.
    fn ticks(&self) -> Vec<i32> {
        let every = ((self.high - self.low) / 8.0).ceil().max(1.0) as i32;
        let range = (self.low.ceil() as i32)..=(self.high.floor() as i32);
        range.filter(|tick| tick % every == 0).collect()
    }
}

/// The geometry of a map on the page.
pub struct Drawing<'a> {
    map: &'a HeatMap,
    scale: Scale10,
    width: f64,
    pub(super) left: f64,
    top: f64,
    pub(super) cell: (f64, f64),
}

impl<'a> Drawing<'a> {
    /// A map at most `width` pixels wide; its values must be finite and positive.
    pub fn new(map: &'a HeatMap, width: f64) -> Self {
        let scale = Scale10::of(map.values());
        let longest = |texts: &[String]| {
            let widths = texts.iter().map(|text| text_width(text, SMALL));
            widths.fold(0.0, f64::max)
        };
        let left = SIDE + longest(&map.y.steps) + 10.0;
        let one = format!("1  {}", map.one);
        let legend = LEGEND.0 + LEGEND.1 + 10.0 + text_width(&one, SMALL);
        let columns = map.x.steps.len().max(1) as f64;
        let room = ((width - left - legend) / columns).max(8.0);
        let across = room.min(MAX_CELL.0);
        Self {
            map,
            scale,
            width,
            left,
            top: 6.0,
            cell: (across, (FLAT * across).clamp(18.0, MAX_CELL.1)),
        }
    }

    fn columns(&self) -> usize {
        self.map.x.steps.len()
    }

    fn rows(&self) -> usize {
        self.map.y.steps.len()
    }

    fn right(&self) -> f64 {
        self.left + self.columns() as f64 * self.cell.0
    }

    pub(super) fn bottom(&self) -> f64 {
        self.top + self.rows() as f64 * self.cell.1
    }

    /// Left and upper edge of a cell; rows are counted from the lowest.
    fn corner(&self, column: usize, row: usize) -> (f64, f64) {
        let x = self.left + column as f64 * self.cell.0;
        let y = self.bottom() - (row + 1) as f64 * self.cell.1;
        (x, y)
    }

    /// The SVG element.
    pub fn draw(&self) -> Markup {
        let height = self.bottom() + FOOT;
        html! {
            svg xmlns="http://www.w3.org/2000/svg"
                viewBox=(format!("0 0 {} {}", px(self.width), px(height))) {
                (self.cells())
                (self.boundary())
                (self.mark())
                (self.axes())
                (self.legend())
            }
        }
    }

    fn cells(&self) -> Markup {
        let grid = palette::hex(palette::GRID.light);
        // All values or none: a map with gaps in its text would look broken.
        let widest = self
            .map
            .values()
            .map(|value| text_width(&number::brief(value), SMALL))
            .fold(0.0, f64::max);
        let written = widest + 6.0 <= self.cell.0 && self.cell.1 >= SMALL + 6.0;
        let (across, down) = self.cell;
        html! {
            @for row in 0..self.rows() { @for column in 0..self.columns() {
                @let (x, y) = self.corner(column, row);
                @if let Some(value) = self.map.value(column, row) {
                    @let level = self.scale.level(value.log10());
                    g {
                        title {
                            (self.map.x.steps[column]) ", " (self.map.y.steps[row]) ": "
                            (number::figure(value))
                        }
                        rect x=(px(x + 0.5)) y=(px(y + 0.5)) width=(px(across - 1.0))
                            height=(px(down - 1.0)) rx="2"
                            fill=(palette::hex(palette::diverging(level).light)) {}
                        @if written {
                            text x=(px(x + across / 2.0)) y=(px(y + down / 2.0 + 0.35 * SMALL))
                                font-size=(SMALL) text-anchor="middle"
                                fill=(palette::hex(palette::on_diverging(level).light)) {
                                (number::brief(value))
                            }
                        }
                    }
                } @else {
                    rect x=(px(x + 0.5)) y=(px(y + 0.5)) width=(px(across - 1.0))
                        height=(px(down - 1.0)) rx="2" fill="none" stroke=(grid) {}
                }
            } }
        }
    }

    /// The edges between cells above and cells below one, as one path.
    fn boundary(&self) -> Markup {
        let path = self
            .edges()
            .into_iter()
            .map(|[from, to]| format!("M{} {}L{} {}", px(from.0), px(from.1), px(to.0), px(to.1)));
        let path = path.collect::<String>();
        html! {
            @if !path.is_empty() {
                path.halo d=(path) fill="none" stroke-width="6" stroke-linecap="round" {}
                path.boundary d=(path) fill="none" stroke="currentColor" stroke-width="2.5"
                    stroke-linecap="round" {}
            }
        }
    }

    pub(super) fn edges(&self) -> Vec<[(f64, f64); 2]> {
        let side = |column, row| self.map.value(column, row).map(|value| value >= 1.0);
        let differ = |a: Option<bool>, b: Option<bool>| a.is_some() && b.is_some() && a != b;
        let mut edges = Vec::new();
        for row in 0..self.rows() {
            for column in 0..self.columns() {
                let (x, y) = self.corner(column, row);
                let here = side(column, row);
                if differ(here, side(column + 1, row)) {
                    let right = x + self.cell.0;
                    edges.push([(right, y), (right, y + self.cell.1)]);
                }
                if differ(here, side(column, row + 1)) {
                    edges.push([(x, y), (x + self.cell.0, y)]);
                }
            }
        }
        edges
    }

    fn mark(&self) -> Markup {
        let inside = |(column, row, _): &&(usize, usize, String)| {
            *column < self.columns() && *row < self.rows()
        };
        html! {
            @if let Some((column, row, why)) = self.map.mark.as_ref().filter(inside) {
                @let (x, y) = self.corner(*column, *row);
                rect.mark x=(px(x + 1.5)) y=(px(y + 1.5)) width=(px(self.cell.0 - 3.0))
                    height=(px(self.cell.1 - 3.0)) rx="3" fill="none" stroke="currentColor"
                    stroke-width="2" { title { (why) } }
            }
        }
    }

    fn axes(&self) -> Markup {
        let ink = palette::hex(palette::INK.light);
        let (x, y) = (
            (self.left + self.right()) / 2.0,
            (self.top + self.bottom()) / 2.0,
        );
        // Labels that would touch are thinned.
        let widths = self.map.x.steps.iter().map(|step| text_width(step, SMALL));
        let every = (widths.fold(0.0, f64::max) + 6.0) / self.cell.0;
        let every = every.ceil().max(1.0) as usize;
        html! {
            @for (column, step) in self.map.x.steps.iter().enumerate().step_by(every) {
                text x=(px(self.corner(column, 0).0 + self.cell.0 / 2.0)) y=(px(self.bottom() + 18.0))
                    font-size=(SMALL) fill=(ink) text-anchor="middle" { (step) }
            }
            @for (row, step) in self.map.y.steps.iter().enumerate() {
                text x=(px(self.left - 8.0)) y=(px(self.corner(0, row).1 + self.cell.1 / 2.0 + 0.35 * SMALL))
                    font-size=(SMALL) fill=(ink) text-anchor="end" { (step) }
            }
            text x=(px(x)) y=(px(self.bottom() + 41.0)) font-size=(TEXT) fill=(ink)
                text-anchor="middle" { (self.map.x.label) }
            text x="0" y="0" transform=(format!("translate({} {}) rotate(-90)", px(14.0), px(y)))
                font-size=(TEXT) fill=(ink) text-anchor="middle" { (self.map.y.label) }
        }
    }

    /// A bar of all colours on the map with its decades, and one by name.
    fn legend(&self) -> Markup {
        let ink = palette::hex(palette::INK.light);
        let Scale10 { low, high, limit } = self.scale;
        let (left, top, bottom) = (self.right() + LEGEND.0, self.top, self.bottom());
        let y = |log10: f64| bottom - (log10 - low) / (high - low) * (bottom - top);
        let step = limit / f64::from(palette::LEVELS);
        let right = left + LEGEND.1;
        let label = right + 8.0;
        // The name of one stands alone.
        let near = |tick: i32| tick != 0 && (y(f64::from(tick)) - y(0.0)).abs() < SMALL;
        html! {
            @for level in (-palette::LEVELS..=palette::LEVELS).filter(|level| *level != 0) {
                @let outer = (f64::from(level) * step).clamp(low, high);
                @let inner = (f64::from(level - level.signum()) * step).clamp(low, high);
                @if outer != inner {
                    @let (upper, lower) = (y(outer.max(inner)), y(outer.min(inner)));
                    // Overlapping by half a pixel, so that no seam shows.
                    rect x=(px(left)) y=(px(upper)) width=(px(LEGEND.1))
                        height=(px((lower - upper + 0.5).min(bottom - upper)))
                        fill=(palette::hex(palette::diverging(level).light)) {}
                }
            }
            @for tick in self.scale.ticks().into_iter().filter(|tick| !near(*tick)) {
                @let at = y(f64::from(tick));
                line x1=(px(right)) x2=(px(right + 4.0)) y1=(px(at)) y2=(px(at)) stroke=(ink) {}
                text x=(px(label)) y=(px(at + 0.35 * SMALL)) font-size=(SMALL) fill=(ink) {
                    (number::brief(10f64.powi(tick)))
                    @if tick == 0 {
                        tspan dx="6" fill="currentColor" font-weight="650" { (self.map.one) }
                    }
                }
            }
            line x1=(px(left - 3.0)) x2=(px(right + 4.0)) y1=(px(y(0.0))) y2=(px(y(0.0)))
                stroke="currentColor" stroke-width="2.5" {}
        }
    }
}

//! A map of values above and below one, e.g. where a gain is a loss.

use maud::{Markup, html};

use super::svg::{px, text_width};
use super::{Error, Scale, number, palette, plot};

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

/// A grid of positive values, coloured by their logarithm: blue above one,
/// orange below, with a line between.
#[derive(Debug, Clone)]
pub struct HeatMap {
    /// Headline.
    pub title: String,
    /// Line below the map.
    pub caption: String,
    /// What the values are, e.g. `gain over the same function on the GPU`.
    pub value: String,
    /// What a value of one means, e.g. `break-even`.
    pub one: String,
    /// Columns, from left to right.
    pub x: Steps,
    /// Rows, from the lowest upwards.
    pub y: Steps,
    /// A cell that is outlined, and why: column, row, e.g. `as published`.
    pub mark: Option<(usize, usize, String)>,
    /// By rows, each of as many cells as there are columns.
    cells: Vec<Vec<Option<f64>>>,
}

/// The steps of one axis of a [`HeatMap`], equally far apart: numbers that grow
/// by equal ratios, or names.
#[derive(Debug, Clone)]
pub struct Steps {
    /// Quantity and unit.
    pub label: String,
    /// The label of each step.
    pub steps: Vec<String>,
}

impl Steps {
    /// Numbers.
    pub fn values(label: &str, values: &[f64]) -> Self {
        Self::names(label, values.iter().map(|value| number::figure(*value)))
    }

    /// Names.
    pub fn names(label: &str, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            label: label.into(),
            steps: names.into_iter().map(Into::into).collect(),
        }
    }
}

impl HeatMap {
    /// A map of `cell(column, row)`; cells that make no sense are `None` and
    /// stay blank.
    pub fn new(
        title: &str,
        value: &str,
        x: Steps,
        y: Steps,
        mut cell: impl FnMut(usize, usize) -> Option<f64>,
    ) -> Self {
        let cells = (0..y.steps.len())
            .map(|row| (0..x.steps.len()).map(|column| cell(column, row)).collect())
            .collect();
        Self {
            title: title.into(),
            caption: String::new(),
            value: value.into(),
            one: "break-even".into(),
            x,
            y,
            mark: None,
            cells,
        }
    }

    /// Outlines a cell; outside the map, nothing.
    #[must_use]
    pub fn mark(mut self, column: usize, row: usize, why: &str) -> Self {
        self.mark = Some((column, row, why.into()));
        self
    }

    /// Sets the line below the map.
    #[must_use]
    pub fn caption(mut self, caption: &str) -> Self {
        self.caption = caption.into();
        self
    }

    /// The value of a cell, if it is on the map and has one.
    fn value(&self, column: usize, row: usize) -> Option<f64> {
        self.cells.get(row)?.get(column).copied().flatten()
    }

    fn values(&self) -> impl Iterator<Item = f64> {
        self.cells.iter().flatten().copied().flatten()
    }

    /// Whether both sides of one are on the map.
    pub fn crosses_one(&self) -> bool {
        self.values().any(|value| value < 1.0) && self.values().any(|value| value >= 1.0)
    }
}

/// Draws a map at most `width` pixels wide as an SVG element.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`] or [`Error::NotPositive`].
pub fn map(map: &HeatMap, width: u32) -> Result<String, Error> {
    plot::check(&map.title, map.values(), Scale::Log)?;
    Ok(Drawing::new(map, f64::from(width)).draw().into_string())
}

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
struct Drawing<'a> {
    map: &'a HeatMap,
    scale: Scale10,
    width: f64,
    left: f64,
    top: f64,
    cell: (f64, f64),
}

impl<'a> Drawing<'a> {
    fn new(map: &'a HeatMap, width: f64) -> Self {
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

    fn bottom(&self) -> f64 {
        self.top + self.rows() as f64 * self.cell.1
    }

    /// Left and upper edge of a cell; rows are counted from the lowest.
    fn corner(&self, column: usize, row: usize) -> (f64, f64) {
        let x = self.left + column as f64 * self.cell.0;
        let y = self.bottom() - (row + 1) as f64 * self.cell.1;
        (x, y)
    }

    fn draw(&self) -> Markup {
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

    fn edges(&self) -> Vec<[(f64, f64); 2]> {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Gain = width / 4 / rank; ranks beyond the width make no sense.
    fn gains() -> HeatMap {
        let (widths, ranks) = ([1.0, 2.0, 4.0, 8.0], [1.0, 2.0, 4.0]);
        HeatMap::new(
            "gain",
            "gain",
            Steps::values("width", &widths),
            Steps::values("rank", &ranks),
            |column, row| {
                let (width, rank) = (widths[column], ranks[row]);
                (rank <= width).then(|| width / 4.0 / rank)
            },
        )
    }

    #[test]
    fn every_cell_has_the_colour_and_the_text_of_its_value() {
        let svg = map(&gains(), 720).unwrap();
        // Columns and rows as a reader sees them: 0.25 0.5 1 2 / 0.25 0.5 1 / 0.25 0.5.
        for (text, count) in [("0.25", 3), ("0.5", 3), ("1", 2), ("2", 1)] {
            assert_eq!(
                svg.matches(&format!(">{text}</text>")).count() - labels(text),
                count,
                "{text}"
            );
        }
        // One is neutral and the largest distance, here a decade, has the strongest colour.
        let fill =
            |level: i32| format!("fill=\"{}\"", palette::hex(palette::diverging(level).light));
        assert_eq!(svg.matches(&fill(0)).count(), 2);
        assert!(svg.contains(&fill(-10)) && svg.contains(&fill(5)), "{svg}");
        assert_eq!(svg.matches("stroke=\"#E9E6DF\"").count(), 3, "blank cells");
    }

    /// Axis labels that read like the value of a cell.
    fn labels(text: &str) -> usize {
        let axes = ["1", "2", "4", "8", "1", "2", "4"];
        axes.iter().filter(|label| **label == text).count()
    }

    #[test]
    fn the_line_runs_where_neighbours_lie_on_both_sides_of_one() {
        let gains = gains();
        let drawing = Drawing::new(&gains, 720.0);
        let cells = |[(x0, y0), (x1, y1)]: [(f64, f64); 2]| {
            let column = |x: f64| (x - drawing.left) / drawing.cell.0;
            let row = |y: f64| (drawing.bottom() - y) / drawing.cell.1;
            [column(x0), row(y0), column(x1), row(y1)].map(|place| place.round() as i32)
        };
        let edges = drawing.edges().into_iter().map(cells).collect::<Vec<_>>();
        // Rank 1: 0.5 | 1 between columns 1 and 2, 1 below 0.5 in column 2; rank 2: 0.5 | 1
        // between columns 2 and 3, and 1 below 0.5 in column 3.
        assert_eq!(
            edges,
            [[2, 1, 2, 0], [2, 1, 3, 1], [3, 2, 3, 1], [3, 2, 4, 2]]
        );
        assert!(gains.crosses_one());
        let svg = map(&gains, 720).unwrap();
        assert_eq!(svg.matches("class=\"boundary\"").count(), 1);
    }

    #[test]
    fn narrow_cells_keep_their_colour_and_lose_their_text() {
        let steps = (0..40).map(|k| 2f64.powi(k)).collect::<Vec<_>>();
        let wide = HeatMap::new(
            "g",
            "g",
            Steps::values("x", &steps),
            Steps::names("y", ["a"]),
            |c, _| Some(steps[c] / 1e6),
        );
        let svg = map(&wide, 440).unwrap();
        let cells = svg.matches("rx=\"2\"").count();
        assert_eq!(cells, 40);
        let texts = svg.matches("<text").count();
        assert!(
            texts < 30,
            "{texts} texts: labels are thinned, values left out"
        );
    }

    #[test]
    fn a_mark_outlines_its_cell_and_one_outside_is_ignored() {
        let marked = map(&gains().mark(3, 0, "as published"), 720).unwrap();
        assert!(marked.contains("<title>as published</title>"));
        let outside = map(&gains().mark(4, 0, "as published"), 720).unwrap();
        assert!(!outside.contains("as published"));
    }

    #[test]
    fn what_has_no_logarithm_is_refused() {
        let with = |value: Option<f64>| {
            let steps = || Steps::names("x", ["a"]);
            map(&HeatMap::new("g", "g", steps(), steps(), |_, _| value), 400)
        };
        assert!(with(Some(1.0)).is_ok());
        assert!(matches!(with(Some(0.0)), Err(Error::NotPositive { .. })));
        assert!(matches!(
            with(Some(f64::INFINITY)),
            Err(Error::NotFinite { .. })
        ));
        assert!(matches!(with(None), Err(Error::Empty { .. })));
        let none = Steps::names("x", [""; 0]);
        let empty = HeatMap::new("g", "g", none.clone(), none, |_, _| Some(1.0));
        assert!(matches!(map(&empty, 400), Err(Error::Empty { .. })));
    }
}

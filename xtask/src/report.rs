//! Everything that a person looks at: `report.html`, PNG grids, the terminal.
//!
//! An experiment describes its part of the page as a [`Section`] of [`Block`]s.
//! [`write_section`] renders it to `sections/<experiment>.html` in the output
//! folder, and [`assemble`] builds `report.html` from all sections present: to
//! run one experiment again keeps the pictures of the others. Figures in tables
//! are named by their id in `results.json` and looked up there, never typed.
//!
//! The page needs no script and no network: plots are inline SVG, digits inline
//! PNG, and colours follow the reader's light or dark preference.

mod axis;
mod bars;
mod heat;
mod html;
pub mod number;
mod page;
mod palette;
mod plot;
pub mod png;
mod svg;
pub mod terminal;
pub mod text;

pub use bars::{Tornado, Waterfall};
pub use heat::{HeatMap, Steps};
pub use page::{assemble, write_section};

use std::path::PathBuf;

use faer::{Mat, MatRef};

use crate::export;

/// One experiment's part of the page.
#[derive(Debug, Clone)]
pub struct Section {
    /// Headline.
    pub title: String,
    /// What is shown and why it matters; blank lines separate paragraphs.
    pub intro: String,
    /// The content in reading order.
    pub blocks: Vec<Block>,
}

/// One element of a section.
#[derive(Debug, Clone)]
pub enum Block {
    /// Prose; blank lines separate paragraphs.
    Text(String),
    /// Images side by side.
    Digits(DigitGrid),
    /// Images over time.
    Strip(Strip),
    /// Curves.
    Lines(LinePlot),
    /// Clouds of 2-D points, one panel per cloud.
    Scatter(Scatter),
    /// The parts of a sum as bars, the sum, and what it is compared with.
    Waterfall(Waterfall),
    /// How far each assumption moves a result.
    Tornado(Tornado),
    /// Values over two axes, coloured by their distance from one.
    Map(HeatMap),
    /// Figures beside what was published, a baseline and the best possible.
    Table(Table),
    /// Several methods judged by the same metrics.
    Comparison(Comparison),
    /// Blocks side by side, where the window is wide enough.
    Row(Vec<Block>),
}

/// The first `rows * cols` images of a batch, row by row; fewer images make
/// fewer rows.
#[derive(Debug, Clone)]
pub struct DigitGrid {
    /// Line below the picture.
    pub caption: String,
    /// `side * side` pixels `x` images, in `[-1, 1]` (+1 is ink).
    pub images: Mat<f32>,
    /// Rows of images.
    pub rows: usize,
    /// Images per row.
    pub cols: usize,
    /// Side of an image in pixels.
    pub side: usize,
    /// Screen pixels per image pixel.
    pub scale: usize,
}

/// Images as they evolve, e.g. from noise to digits: one row per sample, one
/// column per moment.
#[derive(Debug, Clone)]
pub struct Strip {
    /// Line below the picture.
    pub caption: String,
    /// The moments, from left to right.
    pub frames: Vec<Frame>,
    /// Side of an image in pixels.
    pub side: usize,
    /// Screen pixels per image pixel.
    pub scale: usize,
}

/// One moment of a [`Strip`].
#[derive(Debug, Clone)]
pub struct Frame {
    /// Shown below the column, e.g. `s = 0.3`.
    pub label: String,
    /// `side * side` pixels `x` samples, in `[-1, 1]`.
    pub images: Mat<f32>,
}

/// Curves over a common pair of axes.
#[derive(Debug, Clone)]
pub struct LinePlot {
    /// Headline of the plot.
    pub title: String,
    /// Horizontal axis.
    pub x: Axis,
    /// Vertical axis.
    pub y: Axis,
    /// The curves, at most eight for distinct colours.
    pub series: Vec<Series>,
}

/// What an axis shows.
#[derive(Debug, Clone)]
pub struct Axis {
    /// Quantity and unit, e.g. `time (1 / mobility)`.
    pub label: String,
    /// How values map to places.
    pub scale: Scale,
}

impl Axis {
    /// A linear axis.
    pub fn linear(label: &str) -> Self {
        Self {
            label: label.into(),
            scale: Scale::Linear,
        }
    }

    /// A logarithmic axis; all its values must be positive.
    pub fn log(label: &str) -> Self {
        Self {
            label: label.into(),
            scale: Scale::Log,
        }
    }
}

/// How values map to places on an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Equal differences, equal distances.
    Linear,
    /// Equal ratios, equal distances.
    Log,
}

/// One curve.
#[derive(Debug, Clone)]
pub struct Series {
    /// Name in the legend.
    pub label: String,
    /// Points from left to right.
    pub points: Vec<(f64, f64)>,
    /// How it is drawn.
    pub stroke: Stroke,
}

impl Series {
    /// A solid curve.
    pub fn line(label: &str, points: Vec<(f64, f64)>) -> Self {
        Self {
            label: label.into(),
            points,
            stroke: Stroke::Solid,
        }
    }

    /// Draws the curve dashed and grey: a bound or an oracle, not a result.
    #[must_use]
    pub fn dashed(mut self) -> Self {
        self.stroke = Stroke::Dashed;
        self
    }

    /// Marks each point, for measurements far apart.
    #[must_use]
    pub fn marked(mut self) -> Self {
        self.stroke = Stroke::Marked;
        self
    }
}

/// How a curve is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stroke {
    /// A solid line.
    Solid,
    /// A solid line with a dot at each point.
    Marked,
    /// A grey dashed line.
    Dashed,
}

/// Clouds of 2-D points in panels with common axes.
#[derive(Debug, Clone)]
pub struct Scatter {
    /// Line below the panels.
    pub caption: String,
    /// Quantity and unit of the horizontal axes.
    pub x: String,
    /// Quantity and unit of the vertical axes.
    pub y: String,
    /// The panels, from left to right.
    pub panels: Vec<Panel>,
}

/// One cloud of a [`Scatter`].
#[derive(Debug, Clone)]
pub struct Panel {
    /// Headline of the panel.
    pub title: String,
    /// The points; large clouds are thinned evenly and the title says so.
    pub points: Vec<(f64, f64)>,
    /// Drawn in grey: real data or an oracle, not a result.
    pub reference: bool,
}

impl Panel {
    /// A panel of the first two units of a batch of states (`units x chains`);
    /// empty when there are fewer than two.
    pub fn from_states(title: &str, states: MatRef<'_, f32>) -> Self {
        let points = if states.nrows() < 2 {
            Vec::new()
        } else {
            (0..states.ncols())
                .map(|chain| (f64::from(states[(0, chain)]), f64::from(states[(1, chain)])))
                .collect()
        };
        Self {
            title: title.into(),
            points,
            reference: false,
        }
    }

    /// Draws the cloud in grey: real data or an oracle, not a result.
    #[must_use]
    pub fn reference(mut self) -> Self {
        self.reference = true;
        self
    }
}

/// Figures with their references, one row each: published, here, trivial
/// baseline, best possible.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// Line below the table.
    pub caption: String,
    /// Label and result id of each row.
    pub rows: Vec<(String, String)>,
}

impl Table {
    /// A table without rows.
    pub fn new(caption: &str) -> Self {
        Self {
            caption: caption.into(),
            rows: Vec::new(),
        }
    }

    /// Adds the figure of that id under a label for people.
    #[must_use]
    pub fn row(mut self, label: &str, id: &str) -> Self {
        self.rows.push((label.into(), id.into()));
        self
    }
}

/// Methods as rows, metrics as columns.
#[derive(Debug, Clone, Default)]
pub struct Comparison {
    /// Line below the table.
    pub caption: String,
    /// Names of the metrics.
    pub columns: Vec<String>,
    /// Name of each method and the result id of each of its metrics.
    pub rows: Vec<(String, Vec<String>)>,
}

impl Comparison {
    /// A comparison by the given metrics, without rows.
    pub fn new(caption: &str, columns: &[&str]) -> Self {
        let columns = columns.iter().map(ToString::to_string).collect();
        Self {
            caption: caption.into(),
            columns,
            rows: Vec::new(),
        }
    }

    /// Adds a method with one result id per metric; an empty id leaves a gap.
    #[must_use]
    pub fn row(mut self, label: &str, ids: &[impl AsRef<str>]) -> Self {
        let ids = ids.iter().map(|id| id.as_ref().to_string()).collect();
        self.rows.push((label.into(), ids));
        self
    }
}

/// Why a part of the report could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A table names a figure that was not recorded.
    #[error("`{id}` is not among the results; record it before the section is written")]
    UnknownResult {
        /// The id in question.
        id: String,
    },
    /// A column cannot be folded into a square image.
    #[error("{units} units do not form an image of {side} x {side} pixels; expected {}", side * side)]
    ImageSize {
        /// Rows of the matrix.
        units: usize,
        /// Requested side, in pixels.
        side: usize,
    },
    /// A picture without any pixel, point or row.
    #[error("`{what}` has nothing to show; leave it out")]
    Empty {
        /// Title or caption of the block.
        what: String,
    },
    /// A picture too large to encode.
    #[error("a picture of {width} x {height} pixels is too large; show fewer images or scale less")]
    TooLarge {
        /// Width in pixels.
        width: usize,
        /// Height in pixels.
        height: usize,
    },
    /// A pixel or point is NaN or infinite.
    #[error("`{what}` contains {value}; only finite values can be drawn")]
    NotFinite {
        /// Title or caption of the block.
        what: String,
        /// The offending value.
        value: f64,
    },
    /// A logarithmic axis meets a value that has no logarithm.
    #[error("`{what}` contains {value} on a logarithmic axis; use a linear one or leave it out")]
    NotPositive {
        /// Title of the plot.
        what: String,
        /// The offending value.
        value: f64,
    },
    /// A part of a sum is negative.
    #[error("`{what}` contains {value}; parts of a sum must not be negative")]
    Negative {
        /// Title of the plot.
        what: String,
        /// The offending value.
        value: f64,
    },
    /// The plotting library failed.
    #[error("cannot draw `{what}`: {reason}")]
    Drawing {
        /// Title of the plot.
        what: String,
        /// What the library said.
        reason: String,
    },
    /// A section cannot be read back.
    #[error("cannot read {}: {source}; run its experiment again", path.display())]
    Read {
        /// The file in question.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The file system refused a write.
    #[error(transparent)]
    Write(#[from] export::Error),
}

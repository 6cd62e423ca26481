//! A map of values above and below one, e.g. where a gain is a loss.

mod drawing;

use self::drawing::Drawing;
use super::{Error, Scale, number, plot};

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

#[cfg(test)]
mod tests;

//! Horizontal bars: the waterfall of a sum and the tornado of a sensitivity study.

mod frame;

use plotters::style::RGBColor;

use self::frame::{Frame, Ink, Piece, Row, Rule};
use super::axis::Span;
use super::{Axis, Error, Scale, number, palette, plot};

/// A swing that moves the base by a smaller share than this is not worth a bar.
const LEAST_SWING: f64 = 0.005;

/// What a sum is made of, from its smallest part to its largest, then the sum
/// itself, then what it is to be compared with.
///
/// A part that is zero has no bar; the caption names it.
#[derive(Debug, Clone)]
pub struct Waterfall {
    /// Headline.
    pub title: String,
    /// Line below the bars.
    pub caption: String,
    /// Quantity and scale; parts many orders apart need a logarithmic one.
    pub axis: Axis,
    /// Symbol that takes prefixes, e.g. `J`; empty for plain numbers.
    pub unit: String,
    /// What is added up, in any order.
    pub parts: Vec<Amount>,
    /// Name of the sum.
    pub total: String,
    /// What the sum is compared with, drawn in grey in this order.
    pub references: Vec<Amount>,
}

/// A named value.
#[derive(Debug, Clone, PartialEq)]
pub struct Amount {
    /// Name for people.
    pub label: String,
    /// The value, in units without prefix.
    pub value: f64,
}

impl Amount {
    fn new(label: &str, value: f64) -> Self {
        Self {
            label: label.into(),
            value,
        }
    }
}

impl Waterfall {
    /// A sum without parts.
    pub fn new(title: &str, axis: Axis, unit: &str) -> Self {
        Self {
            title: title.into(),
            caption: String::new(),
            axis,
            unit: unit.into(),
            parts: Vec::new(),
            total: "total".into(),
            references: Vec::new(),
        }
    }

    /// Adds a part of the sum.
    #[must_use]
    pub fn part(mut self, label: &str, value: f64) -> Self {
        self.parts.push(Amount::new(label, value));
        self
    }

    /// Adds something to compare the sum with.
    #[must_use]
    pub fn reference(mut self, label: &str, value: f64) -> Self {
        self.references.push(Amount::new(label, value));
        self
    }

    /// Sets the line below the bars.
    #[must_use]
    pub fn caption(mut self, caption: &str) -> Self {
        self.caption = caption.into();
        self
    }
}

/// How far each assumption moves a result: a bar from the result at the
/// assumption's low value to that at its high value, around the base result.
/// The largest swing comes first.
#[derive(Debug, Clone)]
pub struct Tornado {
    /// Headline.
    pub title: String,
    /// Line below the bars.
    pub caption: String,
    /// The result's quantity and scale.
    pub axis: Axis,
    /// Symbol that takes prefixes, e.g. `J`; empty for plain numbers.
    pub unit: String,
    /// The result with every assumption as it is.
    pub base: f64,
    /// What is done to an assumption at either end, e.g. `each × 0.1`.
    pub ends: [String; 2],
    /// The assumptions, in any order.
    pub swings: Vec<Swing>,
}

/// What one assumption does to the result.
#[derive(Debug, Clone, PartialEq)]
pub struct Swing {
    /// Name of the assumption.
    pub label: String,
    /// The result at the assumption's low value.
    pub low: f64,
    /// The result at its high value.
    pub high: f64,
}

impl Tornado {
    /// Assumptions a tenth and ten times of what they are, as yet without any.
    pub fn new(title: &str, axis: Axis, unit: &str, base: f64) -> Self {
        Self {
            title: title.into(),
            caption: String::new(),
            axis,
            unit: unit.into(),
            base,
            ends: ["assumption × 0.1".into(), "assumption × 10".into()],
            swings: Vec::new(),
        }
    }

    /// Adds an assumption and the results at its low and at its high value.
    #[must_use]
    pub fn swing(mut self, label: &str, low: f64, high: f64) -> Self {
        self.swings.push(Swing {
            label: label.into(),
            low,
            high,
        });
        self
    }

    /// Sets the line below the bars.
    #[must_use]
    pub fn caption(mut self, caption: &str) -> Self {
        self.caption = caption.into();
        self
    }
}

/// A drawn chart and what it leaves out.
#[derive(Debug)]
pub struct Chart {
    /// The SVG element.
    pub svg: String,
    /// Labels of the bars that are not drawn, in the order given.
    pub left_out: Vec<String>,
}

/// The light colours of a tornado's low and high ends.
pub fn end_colours() -> [RGBColor; 2] {
    [palette::series(0).light, palette::series(1).light]
}

/// Draws a waterfall `width` pixels wide.
///
/// # Errors
/// [`Error::Empty`] when all parts are zero, [`Error::Negative`],
/// [`Error::NotFinite`], and [`Error::NotPositive`] for a reference without
/// logarithm.
pub fn waterfall(plot: &Waterfall, width: u32) -> Result<Chart, Error> {
    let (zero, mut parts): (Vec<_>, Vec<_>) = plot.parts.iter().partition(|part| part.value == 0.0);
    let total: f64 = parts.iter().map(|part| part.value).sum();
    let values = || parts.iter().map(|part| part.value).chain([total]);
    // Shares of a sum make sense for parts of one sign only.
    if let Some(part) = parts.iter().find(|part| part.value < 0.0) {
        return Err(Error::Negative {
            what: plot.title.clone(),
            value: part.value,
        });
    }
    if parts.is_empty() {
        return Err(Error::Empty {
            what: plot.title.clone(),
        });
    }
    let references = plot.references.iter().map(|reference| reference.value);
    plot::check(
        &plot.title,
        values().chain(references.clone()),
        plot.axis.scale,
    )?;
    let origin = (plot.axis.scale == Scale::Linear).then_some(0.0);
    let span = Span::around(
        values().chain(references).chain(origin),
        plot.axis.scale,
        width as usize / 110,
    );
    parts.sort_by(|a, b| a.value.total_cmp(&b.value));
    let largest = parts.last().map_or(total, |part| part.value);

    let accent = palette::hex(palette::series(0).light);
    let mut rows: Vec<Row> = parts
        .iter()
        .map(|part| Row {
            // The eye finds what dominates by its colour, on any scale.
            bars: vec![Piece::up_to(
                part.value,
                Ink::tinted(&accent, 0.3 + 0.7 * part.value / largest),
            )],
            right: number::si(part.value, &plot.unit),
            note: number::percent(part.value / total),
            ..Row::of(&part.label)
        })
        .collect();
    rows.push(Row {
        bars: vec![Piece::up_to(total, Ink::solid("currentColor"))],
        right: number::si(total, &plot.unit),
        strong: true,
        apart: true,
        ..Row::of(&plot.total)
    });
    let sum = rows.len() - 1;
    let grey = palette::hex(palette::REFERENCE.light);
    for (index, reference) in plot.references.iter().enumerate() {
        rows.push(Row {
            bars: vec![Piece::up_to(reference.value, Ink::tinted(&grey, 0.5))],
            right: number::si(reference.value, &plot.unit),
            note: format!(
                "{} × {}",
                number::brief(reference.value / total),
                plot.total
            ),
            apart: index == 0,
            ..Row::of(&reference.label)
        });
    }
    let rules = match plot.references.is_empty() {
        true => Vec::new(),
        false => vec![Rule {
            value: total,
            from: sum,
            dashed: true,
            label: None,
        }],
    };
    let frame = Frame {
        label: &plot.axis.label,
        unit: &plot.unit,
        span,
        rows,
        rules,
    };
    Ok(Chart {
        svg: frame.draw(width),
        left_out: zero.iter().map(|part| part.label.clone()).collect(),
    })
}

/// Draws a tornado `width` pixels wide. Assumptions that move the base by less
/// than half a percent are left out.
///
/// # Errors
/// [`Error::Empty`] when no assumption moves the base, [`Error::NotFinite`] or
/// [`Error::NotPositive`].
pub fn tornado(plot: &Tornado, width: u32) -> Result<Chart, Error> {
    let results = |swing: &Swing| [swing.low, swing.high];
    let values = || plot.swings.iter().flat_map(results).chain([plot.base]);
    plot::check(&plot.title, values(), plot.axis.scale)?;
    // Distances as the reader sees them: ratios on a logarithmic axis.
    let place = |value: f64| match plot.axis.scale {
        Scale::Linear => value,
        Scale::Log => value.ln(),
    };
    let reach = |swing: &Swing| {
        let far = |value: f64| (place(value) - place(plot.base)).abs();
        far(swing.low).max(far(swing.high))
    };
    let moves = |swing: &&Swing| {
        let far = |value: f64| (value - plot.base).abs();
        far(swing.low).max(far(swing.high)) >= LEAST_SWING * plot.base.abs()
    };
    let (mut swings, still): (Vec<_>, Vec<_>) = plot.swings.iter().partition(moves);
    if swings.is_empty() {
        return Err(Error::Empty {
            what: plot.title.clone(),
        });
    }
    swings.sort_by(|a, b| reach(b).total_cmp(&reach(a)));
    let span = Span::around(
        swings.iter().copied().flat_map(results).chain([plot.base]),
        plot.axis.scale,
        width as usize / 110,
    );
    let colours = end_colours().map(palette::hex);
    let rows = swings
        .iter()
        .map(|swing| {
            let mut pieces = [swing.low, swing.high]
                .into_iter()
                .zip(&colours)
                .map(|(to, colour)| Piece::between(plot.base, to, Ink::solid(colour)))
                .collect::<Vec<_>>();
            // Where both ends lie on the same side, the shorter piece stays visible.
            pieces.sort_by(|a, b| b.length().total_cmp(&a.length()));
            Row {
                bars: pieces,
                left: Some(number::si(swing.low.min(swing.high), &plot.unit)),
                right: number::si(swing.low.max(swing.high), &plot.unit),
                ..Row::of(&swing.label)
            }
        })
        .collect();
    let frame = Frame {
        label: &plot.axis.label,
        unit: &plot.unit,
        span,
        rows,
        rules: vec![Rule {
            value: plot.base,
            from: 0,
            dashed: false,
            label: Some(number::si(plot.base, &plot.unit)),
        }],
    };
    Ok(Chart {
        svg: frame.draw(width),
        left_out: still.iter().map(|swing| swing.label.clone()).collect(),
    })
}

#[cfg(test)]
mod tests;

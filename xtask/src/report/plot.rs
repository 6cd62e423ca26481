//! Curves and clouds as inline SVG.
//!
//! Headlines and legends are HTML around the picture, where text wraps and the
//! reader's font applies; the SVG holds axes and data only.

use std::io;

use plotters::coord::Shift;
use plotters::prelude::*;

use super::axis::Span;
use super::{Error, LinePlot, Scale, Scatter, Stroke, palette};

/// The library draws on whole pixels; two per screen pixel keep curves smooth.
const DENSITY: u32 = 2;
/// Beyond this many points a cloud only grows denser, and the page heavier.
const MAX_POINTS: usize = 1500;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), DrawingAreaErrorKind<io::Error>>;

/// Size of a picture in screen pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
}

/// Draws the curves of a plot as an SVG element.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::NotPositive`] or
/// [`Error::Drawing`].
pub fn lines(plot: &LinePlot, size: Size) -> Result<String, Error> {
    let points = || {
        plot.series
            .iter()
            .flat_map(|series| series.points.iter().copied())
    };
    check(&plot.title, points().map(|p| p.0), plot.x.scale)?;
    check(&plot.title, points().map(|p| p.1), plot.y.scale)?;
    let x = Span::around(
        points().map(|p| p.0),
        plot.x.scale,
        size.width as usize / 75,
    );
    let y = Span::around(
        points().map(|p| p.1),
        plot.y.scale,
        size.height as usize / 55,
    );
    let labels = (plot.x.label.as_str(), plot.y.label.as_str());
    draw(&plot.title, size, |area| {
        let mut chart = chart(area, &x, &y, labels)?;
        for (series, colour) in plot.series.iter().zip(colours(plot)) {
            let style = colour.stroke_width(2 * DENSITY);
            let points = series.points.iter().copied();
            if series.stroke == Stroke::Dashed {
                let (dash, gap) = (5 * DENSITY, 4 * DENSITY);
                chart.draw_series(DashedLineSeries::new(points, dash, gap, style))?;
                continue;
            }
            chart.draw_series(LineSeries::new(points.clone(), style))?;
            if series.stroke == Stroke::Marked {
                let dot = |point| Circle::new(point, 3 * DENSITY, colour.filled());
                chart.draw_series(points.map(dot))?;
            }
        }
        Ok(())
    })
}

/// The light colour of each curve: grey for dashed ones, the palette in order
/// for the others.
pub fn colours(plot: &LinePlot) -> Vec<RGBColor> {
    let mut results = 0;
    let mut next = || {
        results += 1;
        palette::series(results - 1).light
    };
    let colour = |stroke| match stroke {
        Stroke::Dashed => palette::REFERENCE.light,
        Stroke::Solid | Stroke::Marked => next(),
    };
    plot.series
        .iter()
        .map(|series| series.stroke)
        .map(colour)
        .collect()
}

/// A drawn cloud and how many of its points it shows.
#[derive(Debug)]
pub struct Cloud {
    /// The SVG element.
    pub svg: String,
    /// Points drawn.
    pub shown: usize,
}

/// Draws each panel of a scatter plot as an SVG element. All panels share their
/// axes.
///
/// # Errors
/// As [`lines`].
pub fn scatter(scatter: &Scatter, size: Size) -> Result<Vec<Cloud>, Error> {
    let what = &scatter.caption;
    let points = || {
        scatter
            .panels
            .iter()
            .flat_map(|panel| panel.points.iter().copied())
    };
    check(what, points().map(|p| p.0), Scale::Linear)?;
    check(what, points().map(|p| p.1), Scale::Linear)?;
    let x = Span::around(points().map(|p| p.0), Scale::Linear, 4);
    let y = Span::around(points().map(|p| p.1), Scale::Linear, 4);
    let labels = (scatter.x.as_str(), scatter.y.as_str());
    let panel = |panel: &super::Panel| {
        let colour = if panel.reference {
            palette::REFERENCE.light
        } else {
            palette::series(0).light
        };
        // Every k-th point is an unbiased choice from independent chains.
        let every = panel.points.len().div_ceil(MAX_POINTS).max(1);
        let points = panel.points.iter().copied().step_by(every);
        let shown = points.clone().count();
        let svg = draw(what, size, |area| {
            let mut chart = chart(area, &x, &y, labels)?;
            let style = colour.mix(0.45).filled();
            chart.draw_series(points.map(|point| Circle::new(point, 3, style)))?;
            Ok(())
        })?;
        Ok(Cloud { svg, shown })
    };
    scatter.panels.iter().map(panel).collect()
}

/// Refuses values that an axis cannot show.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`] or [`Error::NotPositive`].
pub fn check(what: &str, values: impl Iterator<Item = f64>, scale: Scale) -> Result<(), Error> {
    let mut count = 0;
    for value in values {
        count += 1;
        let what = || what.to_string();
        if !value.is_finite() {
            return Err(Error::NotFinite {
                what: what(),
                value,
            });
        }
        if scale == Scale::Log && value <= 0.0 {
            return Err(Error::NotPositive {
                what: what(),
                value,
            });
        }
    }
    if count == 0 {
        Err(Error::Empty { what: what.into() })
    } else {
        Ok(())
    }
}

fn draw(what: &str, size: Size, fill: impl FnOnce(&Area<'_>) -> Drawn) -> Result<String, Error> {
    let mut svg = String::new();
    {
        let pixels = (size.width * DENSITY, size.height * DENSITY);
        let area = SVGBackend::with_string(&mut svg, pixels).into_drawing_area();
        fill(&area)
            .and_then(|()| area.present())
            .map_err(|error| Error::Drawing {
                what: what.into(),
                reason: error.to_string(),
            })?;
    }
    Ok(svg)
}

type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<Span, Span>>;

/// Axes with their ticks and descriptions over a faint grid.
fn chart<'a, 'b>(
    area: &'a Area<'b>,
    x: &Span,
    y: &Span,
    labels: (&str, &str),
) -> Result<Chart<'a, 'b>, DrawingAreaErrorKind<io::Error>> {
    let text = |size: u32| {
        ("sans-serif", size * DENSITY)
            .into_font()
            .color(&palette::INK.light)
    };
    let mut chart = ChartBuilder::on(area)
        .margin(6 * DENSITY)
        .margin_right(14 * DENSITY)
        .x_label_area_size(44 * DENSITY)
        .y_label_area_size(62 * DENSITY)
        .build_cartesian_2d(x.clone(), y.clone())?;
    let (x_label, y_label) = (|v: &f64| x.label(*v), |v: &f64| y.label(*v));
    chart
        .configure_mesh()
        .x_labels(x.ticks())
        .y_labels(y.ticks())
        .x_label_formatter(&x_label)
        .y_label_formatter(&y_label)
        .bold_line_style(palette::GRID.light.stroke_width(DENSITY))
        .light_line_style(TRANSPARENT)
        .axis_style(palette::AXIS.light.stroke_width(DENSITY))
        .set_all_tick_mark_size(4 * DENSITY)
        .label_style(text(15))
        .axis_desc_style(text(16))
        .x_desc(labels.0)
        .y_desc(labels.1)
        .draw()?;
    Ok(chart)
}

#[cfg(test)]
mod tests {
    use super::super::{Axis, Panel, Series};
    use super::*;

    const SIZE: Size = Size {
        width: 720,
        height: 360,
    };

    fn plot(points: Vec<(f64, f64)>, y: Axis) -> LinePlot {
        let x = Axis::linear("iteration");
        LinePlot {
            title: "loss".into(),
            x,
            y,
            series: vec![Series::line("exact", points)],
        }
    }

    #[test]
    fn the_svg_contains_every_point_of_every_series_in_its_colour() {
        let mut plot = plot(
            vec![(0.0, 1.0), (1.0, 2.0), (2.0, 0.5)],
            Axis::linear("loss"),
        );
        plot.series
            .push(Series::line("CD", vec![(0.0, 1.0), (2.0, 1.0)]).marked());
        let svg = lines(&plot, SIZE).unwrap();
        let curve = |index: usize| {
            let stroke = format!("stroke=\"{}\"", palette::hex(palette::series(index).light));
            let line = svg
                .lines()
                .find(|l| l.contains("<polyline") && l.contains(&stroke));
            let points = line
                .unwrap()
                .split("points=\"")
                .nth(1)
                .unwrap()
                .split('"')
                .next();
            points.unwrap().split_whitespace().count()
        };
        assert_eq!((curve(0), curve(1)), (3, 2));
        assert_eq!(svg.matches("<circle").count(), 2);
        assert!(svg.contains("iteration") && svg.contains("loss"));
    }

    #[test]
    fn logarithmic_axes_refuse_what_has_no_logarithm() {
        let log = |points| lines(&plot(points, Axis::log("loss")), SIZE);
        assert!(log(vec![(0.0, 1.0), (1.0, 1e-3)]).unwrap().contains("0.01"));
        assert!(matches!(
            log(vec![(0.0, 0.0)]),
            Err(Error::NotPositive { .. })
        ));
        assert!(matches!(
            log(vec![(0.0, f64::NAN)]),
            Err(Error::NotFinite { .. })
        ));
        assert!(matches!(log(vec![]), Err(Error::Empty { .. })));
    }

    #[test]
    fn large_clouds_are_thinned_evenly() {
        let points = (0..4000)
            .map(|i| (f64::from(i), f64::from(i % 7)))
            .collect();
        let panel = Panel {
            title: "data".into(),
            points,
            reference: true,
        };
        let (x, y) = ("x1".to_string(), "x2".to_string());
        let plot = Scatter {
            caption: "clouds".into(),
            x,
            y,
            panels: vec![panel],
        };
        let clouds = scatter(&plot, SIZE).unwrap();
        assert_eq!(clouds[0].shown, 1334);
        assert_eq!(clouds[0].svg.matches("<circle").count(), 1334);
    }
}

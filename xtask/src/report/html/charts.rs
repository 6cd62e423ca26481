//! Plots with their headlines and legends.
//!
//! `columns` is the number of blocks that share the width of the page.

use maud::{Markup, PreEscaped, html};

use super::super::bars::{self, Chart};
use super::super::plot::{self, Size};
use super::super::{Error, HeatMap, LinePlot, Scatter, Stroke, Tornado, Waterfall, heat, palette};
use super::caption;

/// Width of the text column in screen pixels; style.css uses the same.
const PAGE_WIDTH: u32 = 920;
const GAP: u32 = 28;

pub fn lines(plot: &LinePlot, columns: u32) -> Result<Markup, Error> {
    let width = column_width(columns);
    // Wide plots are flatter, so that a page shows more than one.
    let height = if columns == 1 {
        width * 2 / 5
    } else {
        width * 3 / 4
    };
    let svg = plot::lines(plot, Size { width, height })?;
    let curves = plot
        .series
        .iter()
        .zip(plot::colours(plot))
        .collect::<Vec<_>>();
    Ok(html! {
        figure.plot {
            div.title { (plot.title) }
            @if curves.len() > 1 {
                div.legend {
                    @for (series, colour) in &curves {
                        span.entry {
                            (swatch(&palette::hex(*colour), series.stroke == Stroke::Dashed))
                            (series.label)
                        }
                    }
                }
            }
            div role="img" aria-label=(plot.title) { (PreEscaped(svg)) }
        }
    })
}

fn swatch(colour: &str, dashed: bool) -> Markup {
    html! {
        svg.swatch width="22" height="8" viewBox="0 0 22 8" aria-hidden="true" {
            line x1="1" y1="4" x2="21" y2="4" stroke=(colour) stroke-width="2.5"
                stroke-linecap="round" stroke-dasharray=[dashed.then_some("4 5")] {}
        }
    }
}

pub fn scatter(plot: &Scatter, columns: u32) -> Result<Markup, Error> {
    let panels = u32::try_from(plot.panels.len()).unwrap_or(1).clamp(1, 3);
    let side = column_width(columns * panels).clamp(220, 400);
    let clouds = plot::scatter(
        plot,
        Size {
            width: side,
            height: side * 19 / 20,
        },
    )?;
    Ok(html! {
        figure.plot {
            div.panels style=(format!("--panels: {panels}")) {
                @for (panel, cloud) in plot.panels.iter().zip(&clouds) {
                    div.panel {
                        div.title {
                            (panel.title)
                            @if cloud.shown < panel.points.len() {
                                span.note { " " (cloud.shown) " of " (panel.points.len()) }
                            }
                        }
                        div role="img" aria-label=(panel.title) { (PreEscaped(&cloud.svg)) }
                    }
                }
            }
            (caption(&plot.caption))
        }
    })
}

pub fn waterfall(plot: &Waterfall, columns: u32) -> Result<Markup, Error> {
    let chart = bars::waterfall(plot, column_width(columns))?;
    let note = left_out(&chart, "No bar, since they are zero");
    Ok(drawing(
        &plot.title,
        &html! {},
        &chart.svg,
        &[&plot.caption, &note],
    ))
}

pub fn tornado(plot: &Tornado, columns: u32) -> Result<Markup, Error> {
    let chart = bars::tornado(plot, column_width(columns))?;
    let note = left_out(
        &chart,
        "No bar, since they move it by less than half a percent",
    );
    let legend = html! {
        div.legend {
            @for (end, colour) in plot.ends.iter().zip(bars::end_colours()) {
                span.entry { (chip(&palette::hex(colour))) (end) }
            }
        }
    };
    Ok(drawing(
        &plot.title,
        &legend,
        &chart.svg,
        &[&plot.caption, &note],
    ))
}

pub fn map(plot: &HeatMap, columns: u32) -> Result<Markup, Error> {
    let svg = heat::map(plot, column_width(columns))?;
    let legend = html! {
        div.legend {
            span.entry { (plot.value) }
            @if plot.crosses_one() {
                span.entry { (swatch("currentColor", false)) (plot.one) }
            }
            @if let Some((_, _, why)) = &plot.mark {
                span.entry {
                    svg.swatch width="16" height="12" viewBox="0 0 16 12" aria-hidden="true" {
                        rect x="1" y="1" width="14" height="10" rx="2.5" fill="none"
                            stroke="currentColor" stroke-width="2" {}
                    }
                    (why)
                }
            }
        }
    };
    Ok(drawing(&plot.title, &legend, &svg, &[&plot.caption]))
}

/// A headline, a legend, a picture and what is said below it.
fn drawing(title: &str, legend: &Markup, svg: &str, below: &[&str]) -> Markup {
    let below = below.iter().filter(|text| !text.is_empty());
    html! {
        figure.plot {
            div.title { (title) }
            (legend)
            div role="img" aria-label=(title) { (PreEscaped(svg)) }
            (caption(&below.copied().collect::<Vec<_>>().join(" ")))
        }
    }
}

/// Names what a chart does not draw, and why.
fn left_out(chart: &Chart, why: &str) -> String {
    match chart.left_out.as_slice() {
        [] => String::new(),
        labels => format!("{why}: {}.", labels.join(", ")),
    }
}

fn chip(colour: &str) -> Markup {
    html! {
        svg.swatch width="12" height="12" viewBox="0 0 12 12" aria-hidden="true" {
            rect width="12" height="12" rx="2.5" fill=(colour) {}
        }
    }
}

fn column_width(columns: u32) -> u32 {
    let columns = columns.max(1);
    (PAGE_WIDTH.saturating_sub(GAP * (columns - 1)) / columns).max(220)
}

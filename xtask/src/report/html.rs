//! Blocks as HTML.

mod charts;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, html};

use super::png::{self, Layout};
use super::terminal::arrow;
use super::{Block, Comparison, DigitGrid, Error, Section, Strip, Table, number};
use crate::results::{Better, Entry, Results, Role};

/// A whole section; its id is the experiment's name.
pub fn section(experiment: &str, section: &Section, results: &Results) -> Result<Markup, Error> {
    let blocks = blocks(&section.blocks, 1, results)?;
    Ok(html! {
        section id=(experiment) {
            h2 { (section.title) }
            div.intro { (paragraphs(&section.intro)) }
            (blocks)
        }
    })
}

/// Renders blocks of which `columns` share the width of the page.
fn blocks(blocks: &[Block], columns: u32, results: &Results) -> Result<Markup, Error> {
    let rendered = blocks
        .iter()
        .map(|b| block(b, columns, results))
        .collect::<Result<Vec<_>, _>>();
    Ok(html! { @for block in rendered? { (block) } })
}

fn block(block: &Block, columns: u32, results: &Results) -> Result<Markup, Error> {
    match block {
        Block::Text(text) => Ok(html! { div.text { (paragraphs(text)) } }),
        Block::Digits(grid) => digits(grid),
        Block::Strip(film) => strip(film),
        Block::Lines(plot) => charts::lines(plot, columns),
        Block::Scatter(plot) => charts::scatter(plot, columns),
        Block::Waterfall(plot) => charts::waterfall(plot, columns),
        Block::Tornado(plot) => charts::tornado(plot, columns),
        Block::Map(plot) => charts::map(plot, columns),
        Block::Table(rows) => table(rows, results),
        Block::Comparison(rows) => comparison(rows, results),
        Block::Row(inner) => {
            let count = u32::try_from(inner.len()).unwrap_or(1).max(1);
            let inner = blocks(inner, columns * count, results)?;
            Ok(html! { div.row { (inner) } })
        }
    }
}

fn paragraphs(text: &str) -> Markup {
    html! {
        @for paragraph in text.split("\n\n").map(str::trim).filter(|p| !p.is_empty()) {
            p { (paragraph) }
        }
    }
}

fn caption(text: &str) -> Markup {
    html! { @if !text.is_empty() { figcaption { (text) } } }
}

fn picture(picture: &png::Picture, description: &str) -> Result<Markup, Error> {
    let source = format!(
        "data:image/png;base64,{}",
        STANDARD.encode(png::encode(picture)?)
    );
    let (width, height) = (picture.width, picture.height);
    Ok(html! { img.digits src=(source) width=(width) height=(height) alt=(description); })
}

fn digits(grid: &DigitGrid) -> Result<Markup, Error> {
    let layout = Layout {
        rows: grid.rows,
        cols: grid.cols,
        side: grid.side,
        scale: grid.scale,
    };
    let picture = picture(&png::grid(grid.images.as_ref(), layout)?, &grid.caption)?;
    Ok(html! { figure { (picture) (caption(&grid.caption)) } })
}

/// One picture per moment, each with its label below.
fn strip(film: &Strip) -> Result<Markup, Error> {
    if film.frames.is_empty() {
        return Err(Error::Empty {
            what: film.caption.clone(),
        });
    }
    let mut frames = Vec::with_capacity(film.frames.len());
    for frame in &film.frames {
        let rows = frame.images.ncols();
        let layout = Layout {
            rows,
            cols: 1,
            side: film.side,
            scale: film.scale,
        };
        let grid = png::grid(frame.images.as_ref(), layout)?;
        frames.push((picture(&grid, &frame.label)?, &frame.label));
    }
    Ok(html! {
        figure {
            div.strip {
                @for (picture, label) in &frames {
                    div.frame { (picture) div.moment { (label) } }
                }
            }
            (caption(&film.caption))
        }
    })
}

fn recorded<'a>(results: &'a Results, id: &str) -> Result<&'a Entry, Error> {
    results
        .get(id)
        .ok_or_else(|| Error::UnknownResult { id: id.into() })
}

fn table(rows: &Table, results: &Results) -> Result<Markup, Error> {
    let entries = rows
        .rows
        .iter()
        .map(|(label, id)| Ok((label, recorded(results, id)?)))
        .collect::<Result<Vec<_>, Error>>()?;
    let others = entries
        .iter()
        .any(|(_, entry)| entry.references_of(Role::Other).count() > 0);
    Ok(html! {
        figure.wide {
            table {
                thead { tr {
                    th { "figure" }
                    th.number { "published" }
                    th.number { "here" }
                    th.number { "trivial baseline" }
                    th.number { "best possible" }
                    @if others { th.number { "compare" } }
                } }
                tbody {
                    @for (label, entry) in &entries {
                        tr {
                            th scope="row" title=(entry.id) { (label) (direction(entry)) }
                            td.number { (references(entry, Role::Published)) }
                            td.number.here { (here(entry)) }
                            td.number { (references(entry, Role::Baseline)) }
                            td.number { (references(entry, Role::Best)) }
                            @if others { td.number { (references(entry, Role::Other)) } }
                        }
                    }
                }
            }
            (caption(&rows.caption))
        }
    })
}

fn comparison(rows: &Comparison, results: &Results) -> Result<Markup, Error> {
    let find = |id: &String| match id.as_str() {
        "" => Ok(None),
        id => recorded(results, id).map(Some),
    };
    let rows_found = rows
        .rows
        .iter()
        .map(|(label, ids)| {
            Ok((
                label,
                ids.iter().map(find).collect::<Result<Vec<_>, Error>>()?,
            ))
        })
        .collect::<Result<Vec<_>, Error>>()?;
    // A column's direction is that of its first figure.
    let first = |column| {
        rows_found
            .iter()
            .find_map(|(_, e)| e.get(column).copied().flatten())
    };
    Ok(html! {
        figure.wide {
            table.comparison {
                thead { tr {
                    th { "method" }
                    @for (column, name) in rows.columns.iter().enumerate() {
                        th.number {
                            (name)
                            @if let Some(entry) = first(column) { (direction(entry)) }
                        }
                    }
                } }
                tbody {
                    @for (label, entries) in &rows_found {
                        tr {
                            th scope="row" { (label) }
                            @for column in 0..rows.columns.len() {
                                @match entries.get(column).copied().flatten() {
                                    Some(entry) => td.number title=(entry.id) {
                                        (number::figure(entry.value))
                                    },
                                    None => td.number.none { "–" },
                                }
                            }
                        }
                    }
                }
            }
            (caption(&rows.caption))
        }
    })
}

/// Unit and direction of improvement, after a label.
fn direction(entry: &Entry) -> Markup {
    let meaning = match entry.better {
        Better::Lower => "lower is better",
        Better::Higher => "higher is better",
        Better::Info => "",
    };
    html! {
        @if !meaning.is_empty() { span.arrow title=(meaning) { " " (arrow(entry.better)) } }
    }
}

/// The figure with its unit and, between baseline and best, how far it has come.
fn here(entry: &Entry) -> Markup {
    let progress = entry.progress().map(|share| 100.0 * share.clamp(0.0, 1.0));
    html! {
        (number::figure(entry.value))
        @if !entry.unit.is_empty() { span.name { (entry.unit) } }
        @if let Some(percent) = progress {
            span.meter title=(format!("{percent:.0} % of the way from baseline to best")) {
                span style=(format!("width: {percent:.1}%")) {}
            }
        }
    }
}

fn references(entry: &Entry, role: Role) -> Markup {
    html! {
        @if entry.references_of(role).next().is_none() { span.none { "–" } }
        @for reference in entry.references_of(role) {
            div.reference {
                (number::figure(reference.value))
                @if role != Role::Published { span.name { (reference.name) } }
            }
        }
    }
}

/// Every figure of the file with its provenance, for the end of the page.
pub fn appendix(results: &Results) -> Markup {
    html! {
        table.appendix {
            thead { tr {
                th { "id" } th.number { "value" } th { "unit" } th.number { "n" }
                th.number { "seed" } th.number { "seconds" } th { "beside" }
            } }
            tbody {
                @for entry in &results.results {
                    tr {
                        td {
                            code { (entry.id) } (direction(entry))
                            @if let Some(commit) = &entry.commit {
                                span.name { "made by commit " (commit) }
                            }
                        }
                        td.number { (number::figure(entry.value)) }
                        td { (entry.unit) }
                        td.number { @if let Some(n) = entry.n { (number::figure(n as f64)) } }
                        td.number { @if let Some(seed) = entry.seed { (seed) } }
                        td.number { (format!("{:.1}", entry.seconds)) }
                        td {
                            @for (place, reference) in entry.references.iter().enumerate() {
                                @if place > 0 { ", " }
                                (reference.name) " " (number::figure(reference.value))
                            }
                        }
                    }
                }
            }
        }
    }
}

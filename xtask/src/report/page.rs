//! The page around the sections, and the files it is made from.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{Error, Section, html, palette};
use crate::export;
use crate::results::Results;

const STYLE: &str = include_str!("style.css");
const FOLDER: &str = "sections";
const FILE_NAME: &str = "report.html";

/// Renders an experiment's section into `sections/<experiment>.html` of the
/// output folder; its figures must be among the results by now.
///
/// # Errors
/// [`Error::UnknownResult`], those of drawing, and [`Error::Write`].
pub fn write_section(
    folder: &Path,
    experiment: &str,
    section: &Section,
    results: &Results,
) -> Result<(), Error> {
    let fragment = html::section(experiment, section, results)?.into_string();
    let path = folder.join(FOLDER).join(format!("{experiment}.html"));
    export::atomic::write(&path, |out| out.write_all(fragment.as_bytes()))?;
    Ok(())
}

/// Builds `report.html` in the output folder: `front`, the anchor and HTML of a section that
/// comes first, if any, then all sections present, those named in `order` and any others by name;
/// returns its path.
///
/// # Errors
/// [`Error::Read`] or [`Error::Write`].
pub fn assemble(
    folder: &Path,
    front: Option<(&str, Markup)>,
    order: &[&str],
    results: &Results,
) -> Result<PathBuf, Error> {
    let front = front.map(|(anchor, html)| Fragment {
        experiment: anchor.into(),
        html: html.into_string(),
    });
    let sections = front.into_iter().chain(sections(folder, order)?);
    let sections = sections.collect::<Vec<_>>();
    let page = page(&sections, results).into_string();
    let path = folder.join(FILE_NAME);
    export::atomic::write(&path, |out| out.write_all(page.as_bytes()))?;
    Ok(path)
}

/// A rendered section and the experiment that it belongs to.
struct Fragment {
    experiment: String,
    html: String,
}

impl Fragment {
    /// The headline, as already escaped HTML.
    fn title(&self) -> &str {
        let headline = self
            .html
            .split_once("<h2>")
            .and_then(|(_, rest)| rest.split_once("</h2>"));
        headline.map_or(&self.experiment, |(title, _)| title)
    }
}

fn sections(folder: &Path, order: &[&str]) -> Result<Vec<Fragment>, Error> {
    let folder = folder.join(FOLDER);
    let listing = match folder.read_dir() {
        Ok(listing) => listing,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => {
            return Err(Error::Read {
                path: folder,
                source,
            });
        }
    };
    let mut fragments = Vec::new();
    for entry in listing {
        let path = entry
            .map_err(|source| Error::Read {
                path: folder.clone(),
                source,
            })?
            .path();
        let Some(experiment) = path.file_stem().and_then(|name| name.to_str()) else {
            continue;
        };
        // Leftovers of interrupted writes have another extension or a leading dot.
        if experiment.starts_with('.') || path.extension().is_none_or(|ext| ext != "html") {
            continue;
        }
        let html = std::fs::read_to_string(&path).map_err(|source| Error::Read {
            path: path.clone(),
            source,
        })?;
        fragments.push(Fragment {
            experiment: experiment.into(),
            html,
        });
    }
    let place = |fragment: &Fragment| {
        let listed = order.iter().position(|name| *name == fragment.experiment);
        (listed.unwrap_or(order.len()), fragment.experiment.clone())
    };
    fragments.sort_by_cached_key(place);
    Ok(fragments)
}

fn page(sections: &[Fragment], results: &Results) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Overdamped – report" }
                style { (PreEscaped(STYLE)) (PreEscaped(palette::dark_rules())) }
            }
            body {
                header {
                    h1 { "Overdamped" }
                    p.tagline {
                        "Networks of overdamped units in a heat bath that turn noise into data by "
                        "their own relaxation, and learn from measurements alone."
                    }
                    (provenance(results))
                    @if sections.len() > 1 {
                        nav { @for section in sections {
                            a href=(format!("#{}", section.experiment)) {
                                (PreEscaped(section.title()))
                            }
                        } }
                    }
                }
                main {
                    @for section in sections { (PreEscaped(&section.html)) }
                    section #figures {
                        h2 { "All figures" }
                        div.intro { p {
                            "Every number above is one of these; " code { "results.json" }
                            " beside this page holds them with all digits. ↓ lower is better, "
                            "↑ higher is better."
                        } }
                        details { summary { (results.results.len()) " figures" }
                            div.scroll { (html::appendix(results)) }
                        }
                    }
                }
            }
        }
    }
}

fn provenance(results: &Results) -> Markup {
    // Twelve digits name a commit; the suffix `-dirty` must not be cut off.
    let (hash, suffix) = results
        .commit
        .split_once('-')
        .unwrap_or((&results.commit, ""));
    let short = hash.get(..12).unwrap_or(hash);
    let host = &results.host;
    html! {
        dl.provenance {
            div { dt { "preset" } dd { (results.preset) } }
            div { dt { "seed" } dd { (results.seed) } }
            div { dt { "commit" } dd {
                code { (short) } @if !suffix.is_empty() { " (" (suffix) ")" }
            } }
            div { dt { "machine" } dd {
                (host.cpu) ", " (host.cores) " threads, " (host.os)
            } }
            @if let Some(rustc) = &host.rustc { div { dt { "compiler" } dd { (rustc) } } }
        }
    }
}

#[cfg(test)]
mod tests {
    use faer::Mat;

    use super::super::{
        Axis, Block, Comparison, DigitGrid, Frame, HeatMap, LinePlot, Panel, Scatter, Series,
        Steps, Strip, Table, Tornado, Waterfall,
    };
    use super::*;
    use crate::results::{Entry, Preset, Recorder};

    fn recorder(folder: &Path) -> Recorder {
        let mut recorder = Recorder::open(folder, Preset::Quick, 7).unwrap();
        recorder.begin("sgm", &[]).unwrap();
        let entry = Entry::new("sgm.sw1", 0.0923).lower().unit("data units");
        let entry = entry
            .published(0.08754)
            .baseline("one Gaussian", 0.271)
            .best("oracle", 0.011);
        recorder.record(entry).unwrap();
        recorder
    }

    fn text(title: &str, intro: &str) -> Section {
        Section {
            title: title.into(),
            intro: intro.into(),
            blocks: Vec::new(),
        }
    }

    /// One block of each kind.
    fn everything() -> Section {
        let images =
            || Mat::<f32>::from_fn(4, 3, |pixel, image| ((pixel + image) % 3) as f32 - 1.0);
        let frame = |label: &str| Frame {
            label: label.into(),
            images: images(),
        };
        let axis = || (Axis::log("iteration"), Axis::linear("loss (kT)"));
        let (x, y) = axis();
        let points = vec![(1.0, 2.0), (10.0, 1.0)];
        let cloud = Panel::from_states("cloud", images().as_ref());
        let caption = || "a caption".to_string();
        let blocks = vec![
            Block::Text("first\n\nsecond".into()),
            Block::Row(vec![
                Block::Digits(DigitGrid {
                    caption: caption(),
                    images: images(),
                    rows: 1,
                    cols: 3,
                    side: 2,
                    scale: 4,
                }),
                Block::Lines(LinePlot {
                    title: "loss".into(),
                    x,
                    y,
                    series: vec![
                        Series::line("a", points.clone()),
                        Series::line("b", points).dashed(),
                    ],
                }),
            ]),
            Block::Strip(Strip {
                caption: caption(),
                frames: vec![frame("s = 4"), frame("s = 0")],
                side: 2,
                scale: 4,
            }),
            Block::Scatter(Scatter {
                caption: caption(),
                x: "x1".into(),
                y: "x2".into(),
                panels: vec![cloud.clone().reference(), cloud],
            }),
            Block::Waterfall(
                Waterfall::new("bill", Axis::log("energy (J)"), "J")
                    .part("read", 5e-12)
                    .part("free of charge", 0.0)
                    .reference("GPU", 1e-3)
                    .caption("Energy of a sample."),
            ),
            Block::Tornado(
                Tornado::new("sensitivity", Axis::log("energy (J)"), "J", 1e-12)
                    .swing("bits", 5e-13, 6e-12)
                    .swing("volts", 1e-12, 1e-12)
                    .caption("One at a time."),
            ),
            Block::Map(
                HeatMap::new(
                    "gain",
                    "gain over the GPU",
                    Steps::values("width", &[16.0, 32.0]),
                    Steps::names("rank", ["one", "two"]),
                    |column, row| Some(0.5 + column as f64 + row as f64),
                )
                .mark(1, 0, "as published")
                .caption("Gain of a pair."),
            ),
            Block::Table(Table::new("figures").row("distance", "sgm.sw1")),
            Block::Comparison(
                Comparison::new("methods", &["sw1", "none"]).row("exact", &["sgm.sw1", ""]),
            ),
        ];
        Section {
            title: "Everything".into(),
            intro: String::new(),
            blocks,
        }
    }

    #[test]
    fn a_page_of_every_block_is_self_contained_and_quotes_the_recorded_figures() {
        let folder = tempfile::tempdir().unwrap();
        let recorder = recorder(folder.path());
        write_section(folder.path(), "sgm", &everything(), recorder.results()).unwrap();
        let path = assemble(folder.path(), None, &["sgm"], recorder.results()).unwrap();
        let page = std::fs::read_to_string(path).unwrap();
        for figure in ["0.0923", "0.0875", "0.271", "0.0110"] {
            assert!(page.contains(figure), "{figure}");
        }
        // The grid and two frames; two plots of the clouds, one of the curves, two of bars, a map.
        assert_eq!(page.matches("src=\"data:image/png;base64,").count(), 3);
        assert_eq!(page.matches("role=\"img\"").count(), 6);
        for text in [
            "Energy of a sample. No bar, since they are zero: free of charge.",
            "One at a time. No bar, since they move it by less than half a percent: volts.",
            "break-even",
            "Gain of a pair.",
            "as published",
        ] {
            assert!(page.contains(text), "{text}");
        }
        let foreign = [
            "<script",
            "<link",
            "@import",
            "src=\"http",
            "href=\"http",
            "url(",
        ];
        for needle in foreign {
            assert!(
                !page.contains(needle),
                "the page must not load or run anything: {needle}"
            );
        }
    }

    #[test]
    fn sections_of_earlier_runs_stay_in_a_fixed_order() {
        let folder = tempfile::tempdir().unwrap();
        let recorder = recorder(folder.path());
        let write = |name: &str, title: &str| {
            write_section(folder.path(), name, &text(title, ""), recorder.results()).unwrap();
        };
        write("other", "Unlisted");
        write("second", "Second, old");
        write("first", "First");
        write("second", "Second, new");
        std::fs::write(
            folder.path().join("sections/.overdamped-partial-x.html"),
            "debris",
        )
        .unwrap();
        let order = ["first", "missing", "second"];
        let front = Some(("front", maud::html! { section #front { h2 { "Front" } } }));
        let path = assemble(folder.path(), front, &order, recorder.results()).unwrap();
        let page = std::fs::read_to_string(path).unwrap();
        let place = |title: &str| page.find(&format!("<h2>{title}</h2>"));
        let places = ["Front", "First", "Second, new", "Unlisted"].map(place);
        assert!(
            places.iter().all(Option::is_some) && places.is_sorted(),
            "{places:?}"
        );
        assert_eq!(place("Second, old"), None);
        assert!(page.contains("<a href=\"#first\">First</a>") && !page.contains("debris"));
    }

    #[test]
    fn text_is_escaped_once() {
        let folder = tempfile::tempdir().unwrap();
        let recorder = recorder(folder.path());
        let section = text("kT < 1 & more", "<b>");
        write_section(folder.path(), "a", &section, recorder.results()).unwrap();
        write_section(folder.path(), "b", &section, recorder.results()).unwrap();
        let path = assemble(folder.path(), None, &[], recorder.results()).unwrap();
        let page = std::fs::read_to_string(path).unwrap();
        // Twice as a headline, twice in the navigation.
        assert_eq!(page.matches("kT &lt; 1 &amp; more").count(), 4);
        assert!(page.contains("&lt;b&gt;") && !page.contains("<b>"));
    }

    #[test]
    fn figures_that_were_not_recorded_cannot_be_shown() {
        let folder = tempfile::tempdir().unwrap();
        let recorder = recorder(folder.path());
        let table = Block::Table(Table::new("").row("typed", "sgm.typed"));
        let section = Section {
            blocks: vec![table],
            ..text("t", "")
        };
        let error = write_section(folder.path(), "sgm", &section, recorder.results()).unwrap_err();
        assert!(matches!(error, Error::UnknownResult { .. }), "{error}");
        assert!(!folder.path().join("sections").exists());
    }
}

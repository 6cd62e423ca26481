//! Drawn, judged, kept, shown: the same for every experiment of this system.

use std::time::Instant;

use super::drawing::{Artist, Shown, Way};
use crate::experiments::Context;
use crate::experiments::exhibit::{self, Piece};
use crate::experiments::judged::{Bench, Row, SEEDS};
use crate::judging::ClassScorecard;
use crate::report::DigitGrid;
use crate::results::Entry;

/// What came of some ways to draw.
pub struct Gallery {
    /// Baselines, then every way at every flow time.
    pub rows: Vec<Row>,
    /// Real digits, then those drawn by the spring.
    pub grids: Vec<DigitGrid>,
    /// Scores of the spring against flow time.
    pub sweep: Vec<(f64, ClassScorecard)>,
    /// Ids of how often the digit asked for was drawn, with titles.
    pub accuracies: Vec<(String, String)>,
}

/// Draws one image for each of `labels`, three times over, in each of `ways`.
///
/// # Errors
/// An interrupt, dynamics that fail, or a folder that cannot be written.
pub fn make(
    context: &mut Context,
    name: &str,
    artist: &Artist<'_>,
    bench: Bench,
    labels: &[u8],
    ways: &[Shown],
) -> anyhow::Result<Gallery> {
    let side = bench.side;
    let told = !artist.network.wiring.clamped.is_empty();
    let mut gallery = Gallery {
        rows: Vec::new(),
        grids: vec![exhibit::grid(&bench.shown, "real digits", side)],
        sweep: Vec::new(),
        accuracies: Vec::new(),
    };
    for shown in ways {
        let times = shown.horizons.len();
        let (mut cards, mut right) = (vec![Vec::new(); times], vec![Vec::new(); times]);
        let (mut seconds, mut acts) = (0.0, None);
        for sample in 0..SEEDS {
            context.interrupt.check()?;
            let seed = context.seed.wrapping_mul(1000) + sample;
            let started = Instant::now();
            let (drawn, spent) = artist.draw(shown.way, labels, &shown.horizons, seed)?;
            seconds += started.elapsed().as_secs_f64() / SEEDS as f64;
            acts = Some(spent);
            for (at, images) in drawn.iter().enumerate() {
                cards[at].push(bench.judging.score(images.as_ref())?);
                if told {
                    right[at].push(bench.accuracy(images, labels)?);
                }
                if sample == 0 {
                    let piece = Piece {
                        id: &shown.id(at),
                        title: &shown.title(at),
                        images,
                        side,
                    };
                    exhibit::keep(context, name, &piece)?;
                    if piece.id.ends_with("t1_2") {
                        exhibit::show(name, &piece);
                    }
                    if shown.way == Way::Spring {
                        gallery.grids.push(exhibit::grid(images, piece.title, side));
                    }
                }
            }
        }
        for (at, cards) in cards.iter().enumerate() {
            // One walk serves all flow times; its cost belongs to the last.
            let own = if at + 1 == times { seconds } else { 0.0 };
            let (id, title) = (shown.id(at), shown.title(at));
            let row = Row::of(&id, &title, cards, labels.len(), own)?;
            if shown.way == Way::Spring {
                gallery.sweep.push((shown.horizons[at], row.mean));
            }
            gallery.rows.push(row);
            if told {
                let id = format!("{name}.{id}.accuracy");
                context
                    .recorder
                    .record(bench.as_entry(&id, &right[at], labels.len()))?;
                gallery.accuracies.push((id, title));
            }
        }
        if let Some(acts) = acts {
            let time: f64 = acts.relaxation.iter().map(|entry| entry.unit_seconds).sum();
            let id = format!("{name}.{}.unit_time_per_sample", shown.id(times - 1));
            let entry = Entry::new(&id, time / labels.len() as f64)
                .unit("units x time / (mu k0)")
                .lower()
                .n(labels.len());
            context.recorder.record(entry)?;
        }
    }
    gallery.rows.splice(0..0, bench.baselines);
    Ok(gallery)
}

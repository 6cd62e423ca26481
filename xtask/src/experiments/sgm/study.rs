//! The course of a digit experiment: make each network, draw, judge, record, show.

use std::collections::BTreeMap;

use faer::Mat;

use super::artist::Artist;
use super::recipes::{Couplings, Efforts, Kitchen, Recipe};
use super::{figures, records};
use crate::data::Split;
use crate::experiments::Context;
use crate::export::npy;
use crate::judging::{Judge, Judging, Scorecard, baselines};
use crate::progress::human;
use crate::report::{Block, Section, png, terminal};

/// Sampling seeds that every figure is averaged over.
pub const SEEDS: u64 = 3;

/// One digit experiment.
pub struct Study {
    /// Name; its ids start with it.
    pub name: &'static str,
    /// Headline of its section.
    pub title: &'static str,
    /// What is shown, and why it matters.
    pub intro: String,
    /// Images of the wanted classes.
    pub split: Split,
    /// All ten classes, for the judge.
    pub judge_on: Split,
    /// The wanted classes.
    pub classes: Vec<u8>,
    /// Networks to make, in order.
    pub recipes: Vec<Recipe>,
    /// Springs between pixels.
    pub couplings: Couplings,
    /// Work.
    pub efforts: Efforts,
    /// Images in each judged sample.
    pub count: usize,
}

/// One judged way of making images.
pub struct Row {
    /// Segment of its ids.
    pub id: String,
    /// What people read.
    pub title: String,
    /// Mean over sampling seeds.
    pub mean: Scorecard,
    /// Standard deviation over sampling seeds.
    pub deviation: Scorecard,
    /// Images in each judged sample.
    pub count: usize,
    /// Wall time of making it.
    pub seconds: f64,
}

/// Baselines, then every recipe: make, draw, judge, record.
///
/// # Errors
/// Missing data, an interrupt, a failed fit or an unwritable folder.
pub fn run(context: &mut Context, study: &Study) -> anyhow::Result<Section> {
    eprintln!("{}: training the judge on real digits", study.name);
    let judge = Judge::train(
        study.judge_on.train.pixels.as_ref(),
        &study.judge_on.train.labels,
    )?;
    let (train, test) = (&study.split.train, &study.split.test);
    let judging = Judging::new(
        train.pixels.as_ref(),
        test.pixels.as_ref(),
        judge,
        &study.classes,
    )?;
    let folder = context.recorder.folder().to_owned();
    let kitchen = Kitchen {
        name: study.name,
        train,
        classes: &study.classes,
        couplings: study.couplings,
        efforts: study.efforts,
        seed: context.seed,
        out: folder.clone(),
        interrupt: context.interrupt.clone(),
    };
    let mut rows = baseline_rows(study, &judging, context.seed)?;
    let mut blocks = Vec::new();
    let mut grids = vec![figures::grid(&test.pixels, "real digits", train.side)];
    let mut artists: BTreeMap<&str, Artist> = BTreeMap::new();
    for &recipe in &study.recipes {
        context.interrupt.check()?;
        let artist = kitchen.make(recipe, artists.get(Recipe::Hidden.id()))?;
        let id = variant_id(study, recipe);
        let mut cards = Vec::new();
        for seed in 0..SEEDS {
            let drawing = artist.draw(study.count, context.seed.wrapping_mul(1000) + seed)?;
            cards.push(judging.score(drawing.images.as_ref())?);
            if seed == 0 {
                let name = format!("{}.{id}", study.name);
                npy::write_images(
                    &folder.join("samples").join(format!("{name}.npy")),
                    drawing.images.as_ref(),
                    train.side,
                )?;
                let layout = png::Layout {
                    rows: 4,
                    cols: 12,
                    side: train.side,
                    scale: 4,
                };
                let picture = folder.join("images").join(format!("{name}.png"));
                png::write_grid(&picture, drawing.images.as_ref(), layout)?;
                records::drawing(context, study, id, &artist, &drawing, &judging)?;
                eprintln!("{name}, made in {}:", human(artist.seconds));
                terminal::show_digits(drawing.images.as_ref(), train.side, 10);
                grids.push(figures::grid(&drawing.images, recipe.title(), train.side));
            }
        }
        for (index, generator) in artist.generators.iter().enumerate() {
            let suffix = if artist.generators.len() > 1 {
                format!("{id}.{}", study.classes[index])
            } else {
                id.to_owned()
            };
            let path = folder
                .join("models")
                .join(format!("{}.{suffix}.safetensors", study.name));
            generator.write(&path)?;
        }
        rows.push(Row {
            id: id.to_owned(),
            title: recipe.title().to_owned(),
            mean: Scorecard::mean(&cards)?,
            deviation: Scorecard::standard_deviation(&cards)?,
            count: study.count,
            seconds: artist.seconds,
        });
        artists.insert(recipe.id(), artist);
    }
    records::rows(context, study, &rows)?;
    blocks.push(Block::Comparison(figures::comparison(study, &rows)));
    blocks.push(Block::Row(grids.into_iter().map(Block::Digits).collect()));
    for recipe in [Recipe::Rich, Recipe::Hidden, Recipe::Best, Recipe::PerClass] {
        // The published network, and what this project puts beside it.
        if study.recipes.contains(&recipe) {
            let table = figures::headline(study, recipe, variant_id(study, recipe));
            blocks.push(Block::Table(table));
        }
    }
    if let Some(artist) = artists.get(Recipe::Hidden.id()) {
        blocks.push(figures::film(artist, context.seed, train.side)?);
    }
    for (id, artist) in artists
        .iter()
        .filter(|(_, artist)| !artist.curves.is_empty())
    {
        blocks.push(Block::Lines(figures::curves(id, artist)));
    }
    blocks.extend(records::excess(context, study, &artists, &kitchen)?);
    Ok(Section {
        title: study.title.to_owned(),
        intro: study.intro.clone(),
        blocks,
    })
}

/// The full-size network is known by its springs.
const fn variant_id(study: &Study, recipe: Recipe) -> &'static str {
    match study.couplings {
        Couplings::Shells(_) => "local",
        _ => recipe.id(),
    }
}

/// What real images score, and what Gaussians do: the ceiling and the trivial baselines.
fn baseline_rows(study: &Study, judging: &Judging, seed: u64) -> anyhow::Result<Vec<Row>> {
    let train = study.split.train.pixels.as_ref();
    let labels = &study.split.train.labels;
    let count = study.count.min(study.split.train.len());
    type Draw<'a> = Box<dyn Fn(u64) -> Result<Mat<f32>, crate::judging::JudgingError> + 'a>;
    let sources: [(&str, &str, Draw<'_>); 3] = [
        (
            "real",
            "real digits (best possible)",
            Box::new(|s| baselines::real(train, count, s)),
        ),
        (
            "gaussian",
            "one Gaussian",
            Box::new(|s| baselines::gaussian(train, study.count, s)),
        ),
        (
            "gaussian_per_class",
            "one Gaussian for each class",
            Box::new(|s| baselines::gaussian_per_class(train, labels, study.count, s)),
        ),
    ];
    let mut rows = Vec::new();
    for (id, title, draw) in sources {
        let started = std::time::Instant::now();
        let mut cards = Vec::new();
        for sample in 0..SEEDS {
            cards.push(judging.score(draw(seed.wrapping_mul(1000) + sample)?.as_ref())?);
        }
        rows.push(Row {
            id: id.to_owned(),
            title: title.to_owned(),
            mean: Scorecard::mean(&cards)?,
            deviation: Scorecard::standard_deviation(&cards)?,
            count: if id == "real" { count } else { study.count },
            seconds: started.elapsed().as_secs_f64(),
        });
    }
    Ok(rows)
}

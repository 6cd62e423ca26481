//! What the experiments show.

use overdamped_accounting::{
    AccountingError, Baseline, Bill, Counts, Crossover, HardwareModel, Knob, Pair, sensitivities,
};

use super::billed;
use super::systems::Billed;
use crate::report::{Axis, Block, Comparison, HeatMap, Steps, Tornado, Waterfall};

/// What is said of the published inference.
pub const INFERENCE: &str = "The paper couples two modules of 64 units, gives them 128 drives, lets them relax for 400 steps and reads 64 units. \
     That was run here on a metered substrate, and the acts that it counted are priced. Four assumptions make the published figure: \
     that a unit costs one kT a step, that converters are of record efficiency, that the interface runs in 8-bit integers, \
     and that all this is to be compared with a whole U-Net of 8 mJ, of which it replaces one linear map of the skip.\n\n\
     The recomputations by hand differ from the counts by a fifth at most. That with the upstream encoder counts here all that comes before \
     the bottleneck of the published network, 37 % of its work, so that the gain is 2.7; any assignment gives between 2.7 and 6.8, since the \
     encoder alone is 15 %. The metered pair has a coupling of rank 16 between its modules and none within them, which no act depends on; \
     what the paper's dense modules compute is a product of 128 x 128, and what this pair computes a cheaper one: both are below. Reading all units, as the trait of a substrate does by default, would be 128 conversions; the published \
     system reads the decoder's 64, and so does this run.";

/// What is said of the published training.
pub const TRAINING: &str = "A step of training is a free relaxation and one nudged to either side, 400 steps each, after which all units are read; \
     then the wires of the coupling are written anew. Run and metered here with a spring as the nudge. Counts and the \
     recomputation by hand differ by a fifth at most: the 256 values of the two nudges are counted here, of which the 128 on units that are not nudged \
     are zeros that a device need not write; and the processor's part is three products of 128 x 128, the coupling included.\n\n\
     The published range, 1e3 to 1e4, is that against a GPU that simulates the relaxation, or that runs at a hundredth \
     of its speed. Against the same mathematics on a busy GPU it is less than a hundred.";

/// What is said of the systems.
pub const SYSTEMS: &str = "Each system of this project, run for a few samples or updates on a metered substrate, through the code that made its figures and \
     with its kept or exactly solved parameters. The acts that were counted are in the folder counts; cargo xtask bill makes a bill of \
     them under any other assumptions.\n\n\
     Every processor is given its best chance: see what each baseline computes below the tables. What stays digital is billed with the \
     substrate, so that Amdahl's law needs no formula. In training, most of it is the contrast of local gradients, which a substrate \
     with correlators of its own would not need; for inference it is the encoder that the decoder looks at.\n\n\
     A reading is only worth what noise leaves of it: the decoder's bath is as cold, or its signal as strong, as one reading with a cosine of \
     .99 takes, and heat is counted in that kT. Three counts are larger than a device would need: drives are counted for all units, also those without a spring; a walk along springs reads hidden units too; and a ladder of noise \
     levels programs all parameters at each rung where only strengths, biases and stiffnesses change.";

/// A bill as bars, beside its baselines.
pub fn waterfall(title: &str, bill: &Bill) -> Waterfall {
    let mut plot = Waterfall::new(title, Axis::log("energy"), "J");
    for line in &bill.lines {
        plot = plot.part(&line.label, line.energy.0);
    }
    for cost in &bill.baselines {
        plot = plot.reference(cost.baseline.title(), cost.energy.0);
    }
    let caption = format!("For one {}, on {} hardware.", bill.per, bill.hardware);
    plot.caption(&caption)
}

/// How far assumptions move a gain.
///
/// # Errors
/// Counts without that baseline.
pub fn tornado(
    title: &str,
    counts: &Counts,
    model: &HardwareModel,
    baseline: Baseline,
) -> Result<Tornado, AccountingError> {
    let axis = Axis::log("gain");
    swings(title, counts, model, axis, "", |bill| bill.gain(baseline))
}

/// How far assumptions move an energy.
///
/// # Errors
/// Counts that cannot be billed.
pub fn energies(
    title: &str,
    counts: &Counts,
    model: &HardwareModel,
) -> Result<Tornado, AccountingError> {
    let axis = Axis::log("energy");
    swings(title, counts, model, axis, "J", |bill| Ok(bill.energy().0))
}

fn swings(
    title: &str,
    counts: &Counts,
    model: &HardwareModel,
    axis: Axis,
    unit: &str,
    measure: impl Fn(&Bill) -> Result<f64, AccountingError>,
) -> Result<Tornado, AccountingError> {
    let base = measure(&Bill::new(counts, model)?)?;
    let mut plot = Tornado::new(title, axis, unit, base);
    for swing in sensitivities(counts, model, measure)? {
        plot = plot.swing(swing.assumption.key(), swing.low, swing.high);
    }
    Ok(plot.caption(
        "Every assumption a tenth and ten times of what it is, one at a time; bits such that 2^bits is.",
    ))
}

/// Where a pair starts to pay: over width and rank, width and bits, relaxation time and bits.
///
/// # Errors
/// None for settings that are in order.
pub fn maps(middle: &Crossover) -> Result<Vec<Block>, AccountingError> {
    const WIDTHS: [f64; 8] = [8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0];
    const RANKS: [f64; 7] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];
    const TIMES: [f64; 9] = [0.04, 0.4, 4.0, 40.0, 400.0, 4e3, 4e4, 4e5, 4e6];
    const BITS: [f64; 6] = [4.0, 6.0, 8.0, 10.0, 12.0, 14.0];
    let value = format!("gain over {}", middle.baseline.title());
    // Dense modules would hide the rank: their inner products cost more than any coupling.
    let sparse = Crossover {
        pair: Pair {
            dense_modules: false,
            ..middle.pair
        },
        ..middle.clone()
    };
    let sizes = sparse.map((Knob::Width, &WIDTHS), (Knob::Rank, &RANKS))?;
    let sizes = HeatMap::new(
        "Where it pays: size and rank",
        &value,
        Steps::values(Knob::Width.title(), &WIDTHS),
        Steps::values(Knob::Rank.title(), &RANKS),
        // No coupling has more buses than a module has units.
        |column, row| (RANKS[row] <= WIDTHS[column]).then(|| sizes[row][column]),
    )
    .mark(3, 4, "published size and rank")
    .caption(
        "On typical hardware, modules without couplings of their own: the processor needs O(Dk) too. (The published modules are dense, \
         which costs a processor O(D^2) and the substrate, in this account, nothing.)",
    );
    let dense = middle.map((Knob::Width, &WIDTHS), (Knob::ReadoutBits, &BITS))?;
    let dense = HeatMap::new(
        "Where it pays: size and precision",
        &value,
        Steps::values(Knob::Width.title(), &WIDTHS),
        Steps::values(Knob::ReadoutBits.title(), &BITS),
        |column, row| Some(dense[row][column]),
    )
    .mark(3, 2, "as published")
    .caption("On typical hardware, modules dense as published.");
    let times = middle.map((Knob::RelaxationTime, &TIMES), (Knob::ReadoutBits, &BITS))?;
    let times = HeatMap::new(
        "Where it pays: patience and precision",
        &value,
        Steps::values(Knob::RelaxationTime.title(), &TIMES),
        Steps::values(Knob::ReadoutBits.title(), &BITS),
        |column, row| Some(times[row][column]),
    )
    .mark(2, 2, "as published")
    .caption("Relaxation is cheap at a kT for each step: it may be a million times as long before it counts.");
    Ok(vec![
        Block::Map(sizes),
        Block::Map(dense),
        Block::Map(times),
    ])
}

/// A row for each baseline, a column for each hardware model and processor.
pub fn at_all_prices(prefix: &str, known: impl Fn(&str) -> bool) -> Comparison {
    let rows = Baseline::ALL.map(|baseline| (baseline.title(), prefix.to_owned(), baseline));
    prices(
        "The gains at other prices. The interface keeps the price of an A100 beside other processors.",
        &rows,
        known,
    )
}

/// A row of gains at all prices for each (title, prefix of its ids, baseline), with gaps where there is none.
pub fn prices(
    caption: &str,
    rows: &[(&str, String, Baseline)],
    known: impl Fn(&str) -> bool,
) -> Comparison {
    let table = Comparison::new(caption, &billed::PRICES.map(|price| price.3));
    rows.iter().fold(table, |table, (title, prefix, baseline)| {
        let ids = billed::PRICES.map(|price| {
            let id = billed::priced(prefix, price.0, *baseline);
            if known(&id) { id } else { String::new() }
        });
        table.row(title, &ids)
    })
}

/// A row for each baseline, with gains in energy and time.
pub fn beside(mut table: Comparison, prefix: &str, known: impl Fn(&str) -> bool) -> Comparison {
    for baseline in Baseline::ALL {
        let ids = ["gain", "speed_up"].map(|what| {
            let id = format!("{prefix}.{what}.{}", baseline.id());
            if known(&id) { id } else { String::new() }
        });
        table = table.row(baseline.title(), &ids);
    }
    table
}

/// What every baseline computes, in words.
pub fn baselines(all: &[Billed]) -> String {
    let one = |use_of: &Billed| {
        let tasks = &use_of.counts.baselines;
        let named = [
            ("the same function", &tasks.same_function),
            ("simulating the relaxation", &tasks.simulating_relaxation),
            ("the whole network", &tasks.whole_network),
        ];
        let known = named
            .into_iter()
            .filter_map(|(name, task)| Some(format!("{name}: {}", task.as_ref()?.about)));
        format!(
            "{}. {}.",
            use_of.title,
            known.collect::<Vec<_>>().join("; ")
        )
    };
    all.iter().map(one).collect::<Vec<_>>().join("\n\n")
}

//! The counts of all four systems, and what each is compared with.
//!
//! Every comparison is with a processor that is given its best chance, by the project's own numbers:
//!
//! | baseline | what the processor does |
//! |---|---|
//! | the same function | what the substrate computes, by the cheapest way of this project: states at rest by as many sweeps of Newton steps as the experiments take, samples with one force for each slice or rung, a linear decoder wire by wire from one side to the other |
//! | simulating the relaxation | the device's own motion in time steps, as many as the engine takes |
//! | the whole network | what one would use without a substrate: for `sgm` and `inference` the U-Net of this project, 18 times for a digit out of noise and once for a denoised one; for `floweqprop` and `eqprop` a feed-forward network with as many weights as there are couplings, once for each place or rung; in training three times that for each example, forwards and backwards |
//! | low utilisation | the same function at the share of its peak that the processor reaches at small, serial work |
//!
//! What is digital beside a substrate is billed with it. The contrast of local gradients is two multiply-accumulates for
//! each learned parameter and example, as the papers count it, one for each state; Adam takes six for each parameter,
//! once in an update. For `inference` the processor still runs the U-Net's encoder and bottleneck, which the
//! decoder looks at, and its last layer.
//!
//! A device makes one sample after the other. Where a protocol runs through its parameters for each sample, all of them are
//! written for each; a network whose parameters stay is written once for 64 results. The decoder's bath is so cold that one
//! reading has a mean cosine of .99 with the state at rest.

use overdamped_accounting::{Baselines, Counts, Digital, Dissipation, Place, Task, Work};
use overdamped_digital::UNet;

use super::update::Update;
use crate::experiments::floweqprop::drawing::Way;
use crate::experiments::metering::Run;
use crate::experiments::{Interrupt, eqprop, floweqprop, inference, sgm};

/// Forwards once, and twice that backwards.
const BACKWARDS: u64 = 3;
/// Samples in a run.
const SAMPLES: usize = 64;
/// Updates in a run.
const UPDATES: u64 = 3;

/// The counts of one use of a system.
pub struct Billed {
    /// Segments of its ids.
    pub id: &'static str,
    /// What people read.
    pub title: &'static str,
    /// The counts.
    pub counts: Counts,
}

/// All uses, in the order of tables. `done` is told each that is finished.
///
/// # Errors
/// An interrupt, or a run that fails.
pub fn all(seed: u64, interrupt: &Interrupt, done: impl Fn(&str)) -> anyhow::Result<Vec<Billed>> {
    let mut all = Vec::new();
    for system in [force_based, flow, closed_loop, decoder] {
        interrupt.check()?;
        for use_of in system(seed, interrupt)? {
            done(use_of.title);
            all.push(use_of);
        }
    }
    Ok(all)
}

/// Driven oscillators, 12 x 12.
fn force_based(seed: u64, interrupt: &Interrupt) -> anyhow::Result<Vec<Billed>> {
    let system = sgm::acts::System::open(seed, interrupt)?;
    let (force, slices) = (system.force(), system.slices());
    let unet = UNet::work().total();
    let run = system.sample(SAMPLES)?;
    let steps = run.seen.steps / run.results;
    let sample = Counts {
        parameters_shared_by: Some(1),
        baselines: baselines([
            (
                format!("the force once in each of {slices} slices"),
                slices * force,
            ),
            (format!("{steps} time steps"), steps * force),
            (
                format!(
                    "{} evaluations of the U-Net of this project",
                    inference::RUNGS
                ),
                inference::RUNGS as u64 * unet,
            ),
        ]),
        ..counted("sgm", "sample", &run)
    };
    let run = system.training()?;
    let (parameters, batch) = (system.parameters(), system.batch());
    let update = Update {
        contrasted: parameters,
        learned: parameters,
        batch,
    };
    let exact = batch * force + update.total();
    let training = Counts {
        digital: update.digital(&run),
        baselines: baselines([
            (
                format!("forces and their gradient at {batch} examples"),
                exact,
            ),
            (
                format!("nothing relaxes: forces and their gradient at {batch} examples"),
                exact,
            ),
            (
                format!("the U-Net of this project forwards and backwards at {batch} images"),
                BACKWARDS * batch * unet,
            ),
        ]),
        ..counted("sgm", "training step", &run)
    };
    Ok(vec![
        Billed {
            id: "sgm.sample",
            title: "sgm: a digit from driven oscillators",
            counts: sample,
        },
        Billed {
            id: "sgm.training",
            title: "sgm: an update of one slice, from forces",
            counts: training,
        },
    ])
}

/// The 64-128-128 network on its springs.
fn flow(seed: u64, _: &Interrupt) -> anyhow::Result<Vec<Billed>> {
    const ANCHORS: usize = 36;
    let system = floweqprop::acts::System::open(seed)?;
    let (force, couplings) = (system.force(), system.couplings());
    let mut all = Vec::new();
    for (id, title, way) in [
        (
            "floweqprop.sample",
            "floweqprop: a digit from 36 anchors",
            Way::Reanchored(ANCHORS),
        ),
        (
            "floweqprop.sample_by_spring",
            "floweqprop: a digit from 120 Euler steps",
            Way::Spring,
        ),
    ] {
        let run = system.sample(way, SAMPLES)?;
        let (sweeps, steps) = (
            run.seen.evaluations / run.results,
            run.seen.steps / run.results,
        );
        let places = floweqprop::acts::System::velocities(way);
        let counts = Counts {
            baselines: baselines([
                (
                    format!("rest at {places} places by {sweeps} sweeps in all"),
                    sweeps * force,
                ),
                (format!("{steps} Euler steps"), steps * force),
                (
                    format!("a feed-forward network of {couplings} weights at {places} places"),
                    places * couplings,
                ),
            ]),
            ..counted("floweqprop", "sample", &run)
        };
        all.push(Billed { id, title, counts });
    }
    let run = system.training(UPDATES)?;
    let learned = system.parameters();
    let update = Update {
        contrasted: learned,
        learned,
        batch: system.batch(),
    };
    let counts = nudged("floweqprop", &run, update, force, couplings);
    all.push(Billed {
        id: "floweqprop.training",
        title: "floweqprop: an update, 256 pairs",
        counts,
    });
    Ok(all)
}

/// The network that is taught by nudges and draws by relaxation.
fn closed_loop(seed: u64, _: &Interrupt) -> anyhow::Result<Vec<Billed>> {
    let system = eqprop::acts::System::open(seed)?;
    let (force, wires, rungs) = (system.force(), system.wires(), system.rungs());
    let run = system.sample(SAMPLES)?;
    let (steps, sweeps) = (run.seen.steps / run.results, system.sweeps());
    let sample = Counts {
        parameters_shared_by: Some(1),
        baselines: baselines([
            (
                format!("rest at {rungs} noise levels by {sweeps} sweeps each"),
                rungs * sweeps * force,
            ),
            (format!("{steps} time steps"), steps * force),
            (
                format!("a feed-forward network of {wires} weights at {rungs} noise levels"),
                rungs * wires,
            ),
        ]),
        ..counted("eqprop", "sample", &run)
    };
    let run = system.training(UPDATES)?;
    let update = Update {
        contrasted: system.learned_at_a_level(),
        learned: system.parameters(),
        batch: system.batch(),
    };
    let training = nudged("eqprop", &run, update, force, wires);
    Ok(vec![
        Billed {
            id: "eqprop.sample",
            title: "eqprop: a digit down the ladder",
            counts: sample,
        },
        Billed {
            id: "eqprop.training",
            title: "eqprop: an update, 6 levels of 64 images",
            counts: training,
        },
    ])
}

/// The decoder of a U-Net, with and without the rest of it.
fn decoder(seed: u64, _: &Interrupt) -> anyhow::Result<Vec<Billed>> {
    let image = inference::acts::image(seed)?;
    let work = UNet::work();
    let encoder = work.up_to("middle");
    let whole = work.total();
    let last = whole - work.up_to("d1");
    let interface = image.interface * image.pixels;
    let cascade = image.wires * image.patches;
    let steps = image.run.seen.steps;
    let held = cascade + steps * image.force;
    let beside = Digital {
        name: "the interface makes drives".to_owned(),
        place: Place::Interface,
        work: Work::Macs(interface as f64),
    };
    let left = |name: &str, macs: u64| Digital {
        name: name.to_owned(),
        place: Place::Processor,
        work: Work::Macs(macs as f64),
    };
    let shared = Some(SAMPLES as u64);
    let alone = Counts {
        parameters_shared_by: shared,
        digital: vec![beside.clone()],
        baselines: baselines([
            (
                "both regressions, wire by wire, and the interface".to_owned(),
                cascade + interface,
            ),
            (
                format!(
                    "{} time steps of each patch, and the interface",
                    steps / image.patches
                ),
                held + interface,
            ),
            (
                "the decoder of the U-Net".to_owned(),
                whole - encoder - last,
            ),
        ]),
        ..counted("inference, the decoder alone", "image", &image.run)
    };
    let processor = encoder + last;
    let with_rest = Counts {
        parameters_shared_by: shared,
        digital: vec![
            beside,
            left("the U-Net's encoder and bottleneck", encoder),
            left("the U-Net's last layer", last),
        ],
        baselines: baselines([
            (
                "the rest of the U-Net, both regressions and the interface".to_owned(),
                processor + cascade + interface,
            ),
            (
                "the rest of the U-Net, and the relaxation in time steps".to_owned(),
                processor + held + interface,
            ),
            ("the U-Net of this project, once".to_owned(), whole),
        ]),
        ..counted("inference", "image", &image.run)
    };
    Ok(vec![
        Billed {
            id: "inference.sample",
            title: "inference: a denoised image",
            counts: with_rest,
        },
        Billed {
            id: "inference.decoder",
            title: "inference: the decoder alone",
            counts: alone,
        },
    ])
}

/// A step of training by nudges: `force` multiply-accumulates for the forces of a chain, and a feed-forward network of
/// `wires` weights beside.
fn nudged(name: &str, run: &Run, update: Update, force: u64, wires: u64) -> Counts {
    let batch = update.batch;
    let per_update = |evaluations: u64| evaluations / run.results * force;
    Counts {
        digital: update.digital(run),
        baselines: baselines([
            (
                format!("three phases of {batch} chains by sweeps, and their contrast"),
                per_update(run.seen.evaluations) + update.total(),
            ),
            (
                format!("three phases of {batch} chains in Euler steps, and their contrast"),
                per_update(run.seen.steps) + update.total(),
            ),
            (
                format!(
                    "a feed-forward network of {wires} weights forwards and backwards, {batch} examples"
                ),
                BACKWARDS * batch * wires + update.optimiser(),
            ),
        ]),
        ..counted(name, "training step", run)
    }
}

/// Counts of a run in the place of those of the published system, with what the papers say is digital and what they
/// compare with.
pub fn as_published(closed: &Counts, run: &Run) -> Counts {
    let times = |piece: &Digital| Digital {
        work: piece.work.times(run.results as f64),
        ..piece.clone()
    };
    Counts {
        digital: closed.digital.iter().map(times).collect(),
        baselines: closed.baselines.clone(),
        ..counted(&closed.name, &closed.per, run)
    }
}

/// Counts of a run, without what is digital and what it is compared with.
fn counted(name: &str, per: &str, run: &Run) -> Counts {
    let counts = Counts::new(name, per, run.results, run.units, run.acts.clone());
    // Without time in a bath there is nothing to dissipate.
    let relaxes = !run.acts.relaxation.is_empty();
    Counts {
        dissipation: relaxes.then_some(Dissipation {
            heat: run.seen.heat,
            work: run.seen.work,
        }),
        ..counts
    }
}

/// Same function, simulated relaxation and whole network, each in multiply-accumulates for one result.
fn baselines(tasks: [(String, u64); 3]) -> Baselines {
    let [same_function, simulating_relaxation, whole_network] = tasks.map(|(about, macs)| {
        Some(Task {
            about,
            work: Work::Macs(macs as f64),
        })
    });
    Baselines {
        same_function,
        simulating_relaxation,
        whole_network,
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    /// Everything that is billed, for one result: a change of a protocol, a recipe or a network shows here, and a person
    /// can see what it costs. Times are rounded, as those of the decoder come from a fit.
    #[test]
    fn every_system_is_counted() {
        let all = all(1, &Interrupt::default(), |_| ()).unwrap();
        let mut table = String::from(
            "                                time  written   drives  parameters     read   forces  digital MAC\n",
        );
        for Billed { id, counts, .. } in &all {
            let (acts, results) = (&counts.acts, counts.results);
            let shared = counts.parameters_shared_by.unwrap_or(results);
            let each = |count: u64| count / results;
            let macs = counts
                .digital
                .iter()
                .fold(0.0, |sum, piece| match piece.work {
                    Work::Macs(macs) => sum + macs,
                    Work::Flop(_) | Work::Joules(_) => f64::NAN,
                });
            writeln!(
                table,
                "{id:<27}{:>9.1e}{:>9}{:>9}{:>12}{:>9}{:>9}{:>13.3e}",
                counts.unit_time().abs(),
                each(acts.states_written),
                each(acts.drives_written),
                acts.parameters_written / shared,
                each(acts.states_read),
                each(acts.forces_read),
                macs / results as f64,
            )
            .unwrap();
            counts.check().unwrap();
        }
        insta::assert_snapshot!(table);
    }
}

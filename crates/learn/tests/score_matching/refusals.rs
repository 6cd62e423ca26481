//! Bad input is refused with the value, its bound and a way out.

use std::sync::Arc;

use faer::Mat;
use overdamped_energy::{Energy, Modular, Module, Wires};
use overdamped_learn::{
    Backward, Conditioned, Examples, Ladder, LearnError, Nudging, Rule, Rung, ScoreMatching,
    ScoreMatchingSettings, ScoreModules, Settling,
};
use overdamped_substrate::{PerUnit, Settings, SimulatedSubstrate, stream};

use crate::toy::{
    LEVELS, MODULES, OnDevice, PIXELS, conditioned, device, energy, examples, joined, learned,
    rule, settings, substrate,
};

const NUDGED: Backward = Backward::Nudged(Nudging::constant_force(0.1));

/// Why settings are refused.
fn refusal(change: impl FnOnce(&mut ScoreMatchingSettings)) -> String {
    let mut settings = settings(NUDGED);
    change(&mut settings);
    let rule: Result<OnDevice<f64>, _> =
        ScoreMatching::new(energy(), substrate(), conditioned(), examples(), settings);
    rule.err().unwrap().to_string()
}

/// A change for the worse, and how the message about it starts.
type Case = (fn(&mut ScoreMatchingSettings), &'static str);

#[test]
fn settings_out_of_range_are_named_with_value_and_bound() {
    let cases: [Case; 20] = [
        (
            |s| s.modules.output = 4,
            "modules, counted from 0,: 4 given, 4 needed",
        ),
        (
            |s| s.modules.label = Some(9),
            "modules, counted from 0,: 9 given, 4 needed",
        ),
        (
            |s| s.modules.output = 1,
            "units of the output module: 4 given, 3 needed",
        ),
        (
            |s| s.modules.output = 2,
            "different modules for output, data and label",
        ),
        (
            |s| s.modules.label = Some(2),
            "different modules for output, data and label",
        ),
        (
            |s| s.levels_per_update = 3,
            "levels in an update (at most as many as there are): 3 given, 2 needed",
        ),
        (
            |s| s.levels_per_update = 0,
            "the number of levels in an update is 0; it must be positive",
        ),
        (|s| s.levels.truncate(1), "noise levels: 1 given, 2 needed"),
        (
            |s| s.levels[1].deviation = 0.0,
            "a noise level is 0; it must be positive",
        ),
        (
            |s| s.levels[0].deviation = f64::NAN,
            "a noise level is NaN; it must be positive",
        ),
        (
            |s| s.levels[0].weight = -1.0,
            "the weight of a noise level is -1; it must be positive",
        ),
        (|s| s.batch = 0, "the batch is 0; it must be positive"),
        (
            |s| s.free.time = f64::INFINITY,
            "the time of the free phase is inf; it must be positive",
        ),
        (
            |s| s.nudged = 0.0,
            "the time of a nudged phase is 0; it must be positive",
        ),
        (
            |s| s.backward = Backward::Nudged(Nudging::symmetric(-0.1)),
            "the nudge strength is -0.1; it must be positive",
        ),
        (
            |s| s.unfinished = Some(0.0),
            "the share of the nudge that may be left over is 0; it must be positive",
        ),
        (
            |s| s.margin = Some(0.0),
            "the margin of definiteness is 0; it must be positive and below 1",
        ),
        (
            |s| s.margin = Some(1.0),
            "the margin of definiteness is 1; it must be positive and below 1",
        ),
        (
            |s| s.margin = Some(f64::NAN),
            "the margin of definiteness is NaN; it must be positive and below 1",
        ),
        (
            |s| s.modules.label = None,
            "rows of an example: 5 given, 3 needed",
        ),
    ];
    for (change, expected) in cases {
        let message = refusal(change);
        assert!(message.starts_with(expected), "{message}, not {expected}");
    }
}

/// A label that counts as data would be noised.
#[test]
fn examples_whose_labels_are_marked_as_data_are_refused() {
    for mask in [[true; 5], [false, true, true, false, false]] {
        let examples = Examples::with_visible(Mat::zeros(5, 4), mask.to_vec()).unwrap();
        let rule: Result<OnDevice<f64>, _> = ScoreMatching::new(
            energy(),
            substrate(),
            conditioned(),
            examples,
            settings(NUDGED),
        );
        let error = rule.err().unwrap();
        let LearnError::Mask {
            row,
            visible: 3,
            clamped: 2,
        } = error
        else {
            panic!("another error: {error}")
        };
        assert_eq!(row, if mask[0] { 3 } else { 0 });
        assert!(error.to_string().contains("Examples::with_visible"));
    }
}

/// Output and data meet at the label alone, which is held and passes nothing on.
#[test]
fn an_output_that_no_signal_reaches_is_refused() {
    let module = |units| Module {
        units,
        quartic: false,
    };
    let wires = Wires::LowRank { rank: 1 };
    let modules = vec![module(PIXELS), module(4), module(PIXELS), module(2)];
    let couplings = vec![
        joined(0, 1, wires),
        joined(0, 3, wires),
        joined(3, 2, wires),
    ];
    let energy = Arc::new(Modular::new(modules, couplings).unwrap());
    let layout = Energy::<f64>::layout(energy.as_ref());
    let conditioned = Conditioned::new(&layout, LEVELS.len(), &[], &[]).unwrap();
    let device = SimulatedSubstrate::new(energy.clone(), device()).unwrap();
    let rule: Result<OnDevice<f64>, _> =
        ScoreMatching::new(energy, device, conditioned, examples(), settings(NUDGED));
    let error = rule.err().unwrap();
    assert!(
        matches!(error, LearnError::Disconnected { from: 2, to: 0 }),
        "{error}"
    );
    let message = error.to_string();
    assert!(
        message.contains("from module 2 to module 0") && message.contains("couple them"),
        "{message}"
    );
}

#[test]
fn parts_of_another_size_are_refused() {
    let module = Module {
        units: 11,
        quartic: false,
    };
    let small = Arc::new(Modular::new(vec![module], vec![]).unwrap());
    let device = SimulatedSubstrate::new(small, Settings::default()).unwrap();
    let rule: Result<OnDevice<f64>, _> = ScoreMatching::new(
        energy(),
        device,
        conditioned(),
        examples(),
        settings(NUDGED),
    );
    let message = rule.err().unwrap().to_string();
    assert_eq!(message, "units of the substrate: 11 given, 12 needed");
}

fn first_estimate(settings: ScoreMatchingSettings) -> Result<Vec<f64>, LearnError> {
    let theta = learned::<f64>();
    let mut gradient = vec![0.0; theta.len()];
    rule::<f64>(settings).estimate(&theta, &mut stream::of(8, 0), &mut gradient)?;
    Ok(gradient)
}

/// Frozen forces are those of the place where the network was: too early, they are refused with what is left and the time
/// that it needs, and with that time they are not. Springs to two sides are never refused.
#[test]
fn a_free_phase_too_short_for_a_constant_force_names_the_time_it_needs() {
    let short = |nudging| {
        let mut settings = settings(Backward::Nudged(nudging));
        settings.unfinished = Some(1e-6);
        settings.free = Settling {
            time: 2.0,
            tolerance: 1e-9,
            looks: 2,
            refuse: f64::INFINITY,
        };
        settings
    };
    let error = first_estimate(short(Nudging::constant_force(0.1))).unwrap_err();
    let message = error.to_string();
    let LearnError::Unrelaxed {
        phase: "free",
        time,
        median,
        bound,
        needed: Some(needed),
        ..
    } = error
    else {
        panic!("another error: {message}")
    };
    assert_eq!(time, 4.0);
    assert!(median > bound && needed > 4.0, "{message}");
    for part in [
        "after a free phase of 4 ".to_owned(),
        format!("{median:.2e} from rest"),
        format!("above the bound of {bound:.2e}"),
        format!("{needed:.3} in all"),
    ] {
        assert!(message.contains(&part), "{message} lacks {part}");
    }
    let mut longer = short(Nudging::constant_force(0.1));
    // The decay is that of the median chain, which the tail may exceed.
    longer.free = Settling::once(1.5 * needed);
    first_estimate(longer).unwrap();
    first_estimate(short(Nudging::symmetric(0.1))).unwrap();
    first_estimate(short(Nudging::one_sided(0.1))).unwrap_err();
    // One look sees no decay.
    let mut once = short(Nudging::constant_force(0.1));
    once.free = Settling::once(2.0);
    let message = first_estimate(once).unwrap_err().to_string();
    assert!(message.contains("one look cannot tell"), "{message}");
}

/// Data that moves while the network relaxes is other data.
#[test]
fn data_that_is_not_held_is_refused() {
    let loose = Settings {
        mobility: PerUnit::Uniform(1.0),
        ..device()
    };
    let device = SimulatedSubstrate::new(energy(), loose).unwrap();
    let mut rule = ScoreMatching::new(
        energy(),
        device,
        conditioned(),
        examples(),
        settings(NUDGED),
    )
    .unwrap();
    let theta = learned::<f64>();
    let mut gradient = vec![0.0; theta.len()];
    let error = rule
        .estimate(&theta, &mut stream::of(8, 0), &mut gradient)
        .unwrap_err();
    assert!(
        matches!(error, LearnError::NotHeld { unit: 7..10, .. }),
        "{error}"
    );
}

#[test]
fn ladders_that_do_not_fit_are_refused() {
    let rung = Rung {
        deviation: 0.5,
        duration: 2.0,
    };
    let refusal = |modules: ScoreModules, rungs: Vec<Rung>, learned: &[f64]| {
        let ladder = Ladder { modules, rungs };
        let protocol = ladder.protocol(&energy(), &conditioned::<f64>(), learned);
        protocol.err().map(|error| error.to_string())
    };
    let theta = learned::<f64>();
    assert_eq!(refusal(MODULES, vec![rung; 2], &theta), None);
    let lost = ScoreModules { data: 7, ..MODULES };
    let off = |deviation, duration| {
        let bad = Rung {
            deviation,
            duration,
        };
        refusal(MODULES, vec![rung, bad], &theta)
    };
    for (message, start) in [
        (
            refusal(MODULES, vec![rung; 3], &theta),
            "rungs of the ladder: 3 given, 2 needed",
        ),
        (
            refusal(lost, vec![rung; 2], &theta),
            "modules, counted from 0,: 7 given, 4 needed",
        ),
        (off(0.0, 1.0), "a noise level is 0; it must be positive"),
        (off(f64::NAN, 1.0), "a noise level is NaN; it must be"),
        (off(0.5, 0.0), "the time on a rung is 0; it must be"),
        (off(0.5, f64::INFINITY), "the time on a rung is inf"),
    ] {
        let message = message.unwrap();
        assert!(message.starts_with(start), "{message}, not {start}");
    }
    assert!(refusal(MODULES, vec![rung; 2], &theta[1..]).is_some());
}

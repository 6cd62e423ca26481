//! Bad input is refused by name, with the bound and a way out.

use overdamped_accounting::{
    AccountingError, Assumption, Baseline, Bill, Counts, HardwareModel, Pair, sensitivities,
};
use overdamped_substrate::Acts;

fn message(outcome: Result<impl Sized, AccountingError>) -> String {
    match outcome {
        Ok(_) => String::from("(accepted)"),
        Err(error) => error.to_string(),
    }
}

fn assert_says(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "`{part}` is not in: {message}");
    }
}

#[test]
fn unknown_presets_and_keys_list_the_near_ones() {
    assert_says(
        &message(HardwareModel::preset("typicle")),
        &["typicle", "`typical`"],
    );
    assert_says(
        &message(HardwareModel::preset("zzz")),
        &["ideal, record, typical, cmos, oscillator"],
    );
    let model = HardwareModel::preset("typical").unwrap();
    assert_says(
        &message(model.clone().with_processor("a10")),
        &["processor", "`a100`"],
    );
    let mut model = model;
    assert_says(
        &message(model.set("adc.bit", "8")),
        &["adc.bit", "`adc.bits`"],
    );
}

#[test]
fn bad_values_leave_the_model_as_it_was() {
    let mut model = HardwareModel::preset("typical").unwrap();
    let before = model.clone();
    for (key, text, parts) in [
        (
            "adc.femtojoule_per_step",
            "-1",
            &["-1", "not negative"] as &[_],
        ),
        ("adc.femtojoule_per_step", "inf", &["inf", "1e30"]),
        ("adc.femtojoule_per_step", "NaN", &["NaN", "1e30"]),
        ("adc.femtojoule_per_step", "20 ns", &["20 ns", "fJ"]),
        ("adc.femtojoule_per_step", "cheap", &["cheap", "number"]),
        ("adc.bits", "0", &["adc.bits", "1 to 64"]),
        ("processor.utilisation", "1.5", &["1.5", "at most 1"]),
        ("processor.utilisation", "0", &["more than 0"]),
        ("processor.watt", "0", &["more than 0"]),
        ("bath.kelvin", "300 J", &["300 J", "in K"]),
        ("converters.parallel", "0.5", &["at least 1"]),
        ("dac.share_of_adc", "50 %", &["no unit"]),
    ] {
        assert_says(&message(model.set(key, text)), parts);
        assert_eq!(model, before);
    }
}

#[test]
fn files_of_models_are_checked() {
    let refused = |text: &str| message(HardwareModel::from_toml(text));
    assert_says(&refused("name = "), &["hardware model", "cannot be read"]);
    assert_says(
        &refused("name = 'x'\nabout = 'y'\n[adc]\nbits = { value = 8, source = 's' }"),
        &["`x`", "bath.kelvin", "based_on"],
    );
    assert_says(
        &refused(
            "name = 'x'\nabout = 'y'\nbased_on = 'typical'\n[adc]\nbit = { value = 8, source = 's' }",
        ),
        &["adc.bit", "`adc.bits`"],
    );
    assert_says(
        &refused("name = 'x'\nabout = 'y'\nbased_on = 'typical'\n[adc]\nbits = { value = 8 }"),
        &["source"],
    );
    let own = "name = 'mine'\nabout = 'y'\nbased_on = 'typical'\n[adc]\nbits = { value = 6, source = 'chip' }";
    let model = HardwareModel::from_toml(own).unwrap();
    assert_eq!(model.value(Assumption::AdcBits), 6.0);
    assert_eq!(
        (model.name.as_str(), model.processor.as_str()),
        ("mine", "a100")
    );
}

#[test]
fn keys_that_are_no_groups_and_words_that_are_no_texts_are_named() {
    let refused = |text: &str| message(HardwareModel::from_toml(text));
    assert_says(
        &refused("name = 'x'\nabout = 'y'\nbase_on = 'typical'"),
        &["`base_on`", "`based_on`"],
    );
    assert_says(&refused("name = 4\nabout = 'y'"), &["`name`", "integer"]);
    assert_says(&refused("name = 'x'"), &["`about`", "missing"]);
}

#[test]
fn a_processor_that_is_changed_in_part_says_so() {
    let text = |constants: &str| {
        let text =
            format!("name = 'mine'\nabout = 'y'\nbased_on = 'typical'\n[processor]\n{constants}");
        HardwareModel::from_toml(&text).unwrap().processor
    };
    let utilisation = "utilisation = { value = 0.5, source = 'measured' }";
    assert_eq!(text(utilisation), "a100 (changed)");
    let whole =
        "teraflop_per_second = { value = 5, source = 's' }\nwatt = { value = 9, source = 's' }";
    assert_eq!(text(whole), "mine");
}

#[test]
fn sums_of_huge_counts_do_not_wrap() {
    let acts = Acts {
        states_written: u64::MAX,
        drives_written: 2,
        ..Acts::default()
    };
    let mut counts = Counts::new("huge", "sample", 1, 1 << 32, acts);
    counts.chains_at_once = 1 << 32;
    let bill = Bill::new(&counts, &HardwareModel::preset("cmos").unwrap()).unwrap();
    let charged = bill.energy_of(overdamped_accounting::Act::Charging).0;
    assert!(
        (charged / (1.8446744e19 * 9e-17) - 1.0).abs() < 1e-6,
        "{charged:e}"
    );
    let wide = Pair {
        width: usize::MAX,
        ..Pair::PUBLISHED
    };
    assert_says(&message(wide.inference()), &["width", "million"]);
}

#[test]
fn every_preset_is_complete_and_every_constant_has_a_source() {
    for preset in HardwareModel::presets() {
        for processor in HardwareModel::processors() {
            let model = HardwareModel::preset(preset).unwrap();
            let model = model.with_processor(processor).unwrap();
            assert_eq!(
                (model.name.as_str(), model.processor.as_str()),
                (preset, processor)
            );
            assert_eq!(model.constants().count(), Assumption::ALL.len());
            for (assumption, constant) in model.constants() {
                assert!(constant.source.len() > 8, "{preset}: {}", assumption.key());
            }
        }
    }
}

#[test]
fn counts_of_another_schema_or_shape_are_refused() {
    let text =
        |schema: u32, rest: &str| format!("schema = {schema}\nname = 'x'\nper = 'sample'\n{rest}");
    let refused = |text: &str| message(Counts::from_toml(text));
    assert_says(&refused(&text(2, "results = 1")), &["schema 2", "schema 1"]);
    assert_says(
        &message(Counts::from_json(r#"{"schema": 7}"#)),
        &["schema 7"],
    );
    assert_says(&refused(&text(1, "acts = {}")), &["results"]);
    assert_says(
        &refused(&text(1, "results = 1\nacts = { state_read = 4 }")),
        &["state_read", "states_read"],
    );
    assert_says(
        &refused(&text(1, "results = 0\nacts = { states_read = 4 }")),
        &["results", "0"],
    );
    assert_says(
        &refused(&text(1, "results = 1\nacts = {}")),
        &["no act", "Metered"],
    );
    let relaxing = "results = 1\nacts = { relaxation = [{ temperature = 1.0, unit_seconds = -2.0 }] }\nunits = 1";
    assert_says(&refused(&text(1, relaxing)), &["-2", "unit_seconds"]);
    let unitless =
        "results = 1\nacts = { relaxation = [{ temperature = 1.0, unit_seconds = 2.0 }] }";
    assert_says(&refused(&text(1, unitless)), &["units", "at least 1"]);
    let idle = "results = 1\nacts = { states_read = 1 }\nbaselines.same_function = { about = 'a', work = { macs = 0 } }";
    assert_says(&refused(&text(1, idle)), &["same_function", "above 0"]);
    let infinite = "results = 1\nacts = {}\ndigital = [{ name = 'd', place = 'interface', work = { macs = inf } }]";
    assert_says(&refused(&text(1, infinite)), &["`d`", "inf"]);
}

#[test]
fn counts_come_back_from_json_as_they_went() {
    let counts = Pair::PUBLISHED.training().unwrap();
    let text = counts.to_json().unwrap();
    assert_eq!(Counts::from_json(&text).unwrap(), counts);
}

#[test]
fn ratios_without_a_value_are_errors() {
    let acts = Acts {
        chains_prepared: 1,
        ..Acts::default()
    };
    let counts = Counts::new("nothing that costs", "sample", 1, 1, acts);
    let model = HardwareModel::preset("ideal").unwrap();
    let bill = Bill::new(&counts, &model).unwrap();
    assert_says(&message(bill.power()), &["time", "0"]);
    assert_says(
        &message(bill.gain(Baseline::SameFunction)),
        &["energy", "0"],
    );
    let study = sensitivities(&counts, &model, |bill| Ok(bill.energy().0));
    assert_says(&message(study), &["measure"]);
    assert_says(
        &message(
            Pair {
                rank: 65,
                ..Pair::PUBLISHED
            }
            .inference(),
        ),
        &["rank", "65", "width"],
    );
    assert_says(
        &message(
            Pair {
                time: 0.0,
                ..Pair::PUBLISHED
            }
            .training(),
        ),
        &["relaxation time", "0"],
    );
}

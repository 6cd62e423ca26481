//! The command from files to text.

use clap::Parser;
use tempfile::TempDir;

use super::*;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    bill: BillArgs,
}

/// Prices at `typical` beside an A100, worked out by hand for one of ten results:
///
/// | line | energy | time |
/// |---|---|---|
/// | 3 unit-seconds at 100 kT | 3 x 100 x 4.141947e-21 J | 3 / 2 units x 1 us |
/// | 4 drives, half of 256 x 20 fJ each | 10.24 pJ | 1 round of 10 ns |
/// | 1 parameter | 2.56 pJ | 10 ns |
/// | 2 states at 256 x 20 fJ | 10.24 pJ | 10 ns |
/// | 100 MACs at 800 / 93.6 pJ | 854.7008547 pJ | 100 ns |
///
/// 1e6 operations at .3 x 312 TFLOP/s and 400 W take 4.2735 uJ and 10.684 ns.
const COUNTS: &str = r#"
schema = 1
name = "a toy"
per = "sample"
results = 10
units = 2

[acts]
relaxation = [{ temperature = 1.0, unit_seconds = 30.0 }]
drives_written = 40
parameters_written = 10
states_read = 20

[[digital]]
name = "a small encoder"
place = "interface"
work = { macs = 1000.0 }

[baselines.same_function]
about = "the map that it computes"
work = { flop = 1e6 }

[dissipation]
heat = 25.0
work = -5.0
"#;

struct Files {
    folder: TempDir,
}

impl Files {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("counts.toml"), COUNTS).unwrap();
        Self { folder }
    }

    fn put(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().into()
    }

    fn bill(&self, more: &[&str]) -> Result<String, String> {
        let counts = self.folder.path().join("counts.toml");
        output_of(&[&["--counts", counts.to_str().unwrap()], more].concat())
    }

    fn json(&self, more: &[&str]) -> serde_json::Value {
        let text = self.bill(&[more, &["--json"]].concat()).unwrap();
        serde_json::from_str(&text).unwrap()
    }
}

/// What is printed, or the error with its causes.
fn output_of(arguments: &[&str]) -> Result<String, String> {
    let command = std::iter::once("bill").chain(arguments.iter().copied());
    let args = Cli::try_parse_from(command).map_err(|error| error.to_string())?;
    output(&args.bill).map_err(|error| format!("{error:#}"))
}

fn close(found: &serde_json::Value, expected: f64) {
    let found = found.as_f64().unwrap();
    assert!(
        (found / expected - 1.0).abs() < 1e-12,
        "{found} is not {expected}"
    );
}

#[test]
fn the_printed_bill() {
    insta::assert_snapshot!(Files::new().bill(&[]).unwrap());
}

#[test]
fn the_bill_is_that_worked_out_by_hand() {
    let bill = Files::new().json(&[]);
    let relaxation = 3.0 * 100.0 * 1.380649e-23 * 300.0;
    let interface = 100.0 * 800.0 / 93.6 * 1e-12;
    let energies = [relaxation, 10.24e-12, 2.56e-12, 10.24e-12, interface];
    let lines = bill["lines"].as_array().unwrap();
    let acts = [
        "relaxation",
        "write_drives",
        "write_parameters",
        "read_states",
        "interface",
    ];
    for (act, energy) in acts.iter().zip(energies) {
        let line = lines.iter().find(|line| line["act"] == *act);
        close(&line.unwrap()["energy"], energy);
    }
    let (energy, time) = (energies.iter().sum::<f64>(), 1.5e-6 + 3.0 * 10e-9 + 100e-9);
    close(&bill["energy"], energy);
    close(&bill["time"], time);
    close(&bill["power"], energy / time);
    let baselines = bill["baselines"].as_array().unwrap();
    let ids = [
        "same_function",
        "simulating_relaxation",
        "whole_network",
        "low_utilisation",
    ];
    assert!(
        baselines.iter().map(|means| &means["baseline"]).eq(ids),
        "{baselines:?}"
    );
    let same = &baselines[0]["cost"];
    close(&same["gain"], 1e6 / 93.6e12 * 400.0 / energy);
    close(&same["speed_up"], 1e6 / 93.6e12 / time);
    close(&baselines[3]["cost"]["energy"], 1e6 / 3.12e12 * 400.0);
    // 25 kT over ten results.
    close(&bill["dissipation"]["heat"], 2.5);
    close(&bill["dissipation"]["work"], -0.5);
    let kt = 1.380649e-23 * 300.0;
    close(&bill["dissipation"]["joules"][0], 2.5 * kt);
    // The interface is 97 % of the total, so its price moves it most, by 8.8 at ten times.
    let first = &bill["sensitivities"][0];
    assert_eq!(first["assumption"], "interface.picojoule_per_mac");
    close(&first["high"], energy + 9.0 * interface);
}

#[test]
fn missing_baselines_are_named_and_are_no_error() {
    let text = Files::new().bill(&[]).unwrap();
    for id in ["simulating_relaxation", "whole_network"] {
        assert!(
            text.contains(&format!("missing: baselines.{id}\n")),
            "{text}"
        );
    }
    assert!(!text.contains("missing: baselines.same_function"), "{text}");
    let files = Files::new();
    let without = COUNTS.replace("[baselines.same_function]", "[baselines.whole_network]");
    let path = files.put("without.toml", &without);
    let text = output_of(&["--counts", &path]).unwrap();
    // The same function at low utilisation is missing with it.
    assert_eq!(
        text.matches("missing: baselines.same_function").count(),
        2,
        "{text}"
    );
}

#[test]
fn a_sceptic_changes_constants_in_any_unit() {
    let files = Files::new();
    let bare = files.json(&["--set", "adc.femtojoule_per_step=2.4"]);
    let with_unit = files.json(&["--set", "adc.femtojoule_per_step = 0.0024 pJ"]);
    for bill in [&bare, &with_unit] {
        let mut lines = bill["lines"].as_array().unwrap().iter();
        let line = lines.find(|line| line["act"] == "read_states");
        close(&line.unwrap()["energy"], 2.0 * 256.0 * 2.4e-15);
        let rests = bill["assumptions"].as_array().unwrap();
        let set = rests
            .iter()
            .filter(|rest| rest["status"] == "set")
            .collect::<Vec<_>>();
        assert_eq!(set.len(), 1);
        assert_eq!(set[0]["key"], "adc.femtojoule_per_step");
        close(&set[0]["instead_of"], 20.0);
    }
    let text = files
        .bill(&["--set", "adc.femtojoule_per_step=2.4"])
        .unwrap();
    assert!(text.contains("set by the user; was 20 fJ"), "{text}");
    // The last one counts, and other processors bring their own constants.
    let twice = files.json(&["--set", "adc.bits=4", "--set", "adc.bits=8"]);
    assert_eq!(twice["energy"], files.json(&[])["energy"]);
    let h100 = files.json(&["--processor", "h100"]);
    assert_eq!(h100["processor"], "h100");
    close(
        &h100["baselines"][0]["cost"]["energy"],
        1e6 / (0.3 * 989e12) * 700.0,
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_text_without_end_is_refused() {
    let error = super::source::counts("/dev/zero".as_ref()).unwrap_err();
    let message = format!("{error:#}");
    assert!(message.contains("longer than 16 MiB"), "{message}");
}

#[test]
fn counts_are_json_or_toml_by_name_or_by_content() {
    let files = Files::new();
    let counts = overdamped_accounting::Counts::from_toml(COUNTS).unwrap();
    let json = counts.to_json().unwrap();
    let expected = files.bill(&[]).unwrap();
    for (name, text) in [
        ("a.json", json.as_str()),
        ("a.JSON", &json),
        ("a", &json),
        ("b", COUNTS),
    ] {
        let path = files.put(name, text);
        assert_eq!(output_of(&["--counts", &path]).unwrap(), expected, "{name}");
    }
}

#[test]
fn the_files_that_the_help_shows_can_be_read() {
    let between = |from: &str, to: &str| {
        let (_, rest) = LEARN.split_once(from).unwrap();
        rest.split_once(to)
            .map_or(rest, |(text, _)| text)
            .to_owned()
    };
    let files = Files::new();
    let counts = files.put("help.toml", &between("left out:\n", "How to read"));
    let model = files.put("chip.toml", &between("(my-chip.toml):\n", "\n\n"));
    let text = output_of(&["--counts", &counts, "--hardware", &model]).unwrap();
    assert!(
        text.starts_with("my sampler: one sample on `my chip`"),
        "{text}"
    );
}

#[test]
fn a_constant_that_was_set_in_vain_is_named() {
    let text = Files::new()
        .bill(&["--set", "optimiser.picojoule_per_mac=3"])
        .unwrap();
    assert!(
        text.contains("optimiser.picojoule_per_mac was set, but nothing"),
        "{text}"
    );
}

#[test]
fn a_model_of_ones_own_starts_from_a_preset() {
    let files = Files::new();
    let path = files.put(
        "chip.toml",
        "name = 'my chip'\nabout = 'first silicon'\nbased_on = 'typical'\n[adc]\n\
         bits = { value = 6, source = 'measured, chip 3' }",
    );
    let text = files.bill(&["--hardware", &path]).unwrap();
    assert!(text.starts_with("a toy: one sample on `my chip`"), "{text}");
    assert!(text.contains("measured, chip 3"), "{text}");
    let wrong = files.put("wrong.toml", "name = 'x'");
    let error = files.bill(&["--hardware", &wrong]).unwrap_err();
    assert!(
        error.contains("not a hardware model") && error.contains("about"),
        "{error}"
    );
}

#[test]
fn the_list_names_every_preset_processor_and_constant() {
    let text = output_of(&["--list"]).unwrap();
    let names = HardwareModel::presets()
        .into_iter()
        .chain(HardwareModel::processors());
    for name in names {
        assert!(text.contains(name), "{name}");
    }
    for assumption in overdamped_accounting::Assumption::ALL {
        assert!(text.contains(assumption.key()), "{}", assumption.key());
    }
    let sources = output_of(&["--list", "--hardware", "record"]).unwrap();
    let record = HardwareModel::preset("record").unwrap();
    let (_, bath) = record.constants().next().unwrap();
    assert!(sources.contains(&bath.source), "{sources}");
}

#[test]
fn what_cannot_be_billed_is_refused_with_the_fix() {
    let files = Files::new();
    let refused = |more: &[&str], words: &[&str]| {
        let error = files.bill(more).unwrap_err();
        for word in words {
            assert!(error.contains(word), "`{word}` is not in: {error}");
        }
    };
    refused(
        &["--hardware", "tipical"],
        &["tipical", "did you mean `typical`"],
    );
    refused(
        &["--hardware", "quantum"],
        &["quantum", "ideal, record, typical"],
    );
    refused(
        &["--hardware", "none.toml"],
        &["cannot read none.toml", "--hardware"],
    );
    refused(&["--processor", "a10"], &["`a100`"]);
    let set = |text: &str, words: &[&str]| refused(&["--set", text], words);
    set(
        "adc.femtojoules=1",
        &["adc.femtojoules", "`adc.femtojoule_per_step`"],
    );
    set("adc.femtojoule_per_step=20 ns", &["20 ns", "fJ"]);
    set("adc.femtojoule_per_step=-1", &["is -1", "not negative"]);
    set("adc.femtojoule_per_step=inf", &["is inf", "1e30"]);
    set("adc.femtojoule_per_step=NaN", &["is NaN", "1e30"]);
    set("processor.utilisation=1.5", &["1.5", "at most 1"]);
    set("adc.bits=many", &["many", "number"]);
    set("adc.bits", &["no `=`"]);
    set("=6", &["both needed"]);

    let counts = |name: &str, text: &str, words: &[&str]| {
        let error = output_of(&["--counts", &files.put(name, text)]).unwrap_err();
        for word in words.iter().chain([&name]) {
            assert!(error.contains(word), "`{word}` is not in: {error}");
        }
    };
    counts(
        "old.toml",
        &COUNTS.replace("schema = 1", "schema = 7"),
        &["schema 7", "reads schema 1"],
    );
    counts("no.json", "{}", &["schema"]);
    counts("broken.json", "{ \"schema\": 1, ", &["line 1"]);
    counts(
        "typo.toml",
        &COUNTS.replace("states_read", "states_red"),
        &["states_red"],
    );
    counts(
        "zero.toml",
        &COUNTS.replace("results = 10", "results = 0"),
        &["`results` is 0", "at least 1"],
    );
    counts(
        "negative.toml",
        &COUNTS.replace("1000.0", "-3.0"),
        &["a small encoder", "-3"],
    );
    counts(
        "nan.toml",
        &COUNTS.replace("30.0", "nan"),
        &["unit_seconds", "NaN"],
    );
    let idle = "schema = 1\nname = 'idle'\nper = 'sample'\nresults = 1\nacts = {}";
    counts("idle.toml", idle, &["nothing to bill"]);
    let binary = files.folder.path().join("binary");
    std::fs::write(&binary, [0xff, 0xfe, 0x00]).unwrap();
    for (path, why) in [
        (binary.as_path(), "not text"),
        (files.folder.path(), "is a folder"),
        (&files.folder.path().join("absent.toml"), "cannot read"),
    ] {
        let error = output_of(&["--counts", path.to_str().unwrap()]).unwrap_err();
        assert!(error.contains(why) && error.contains("--counts"), "{error}");
    }
}

#[test]
fn a_bill_of_zero_has_no_ratios_and_is_printed_all_the_same() {
    let files = Files::new();
    let free = [
        "--hardware",
        "ideal",
        "--set",
        "relaxation.kt_per_unit_time=0",
        "--set",
        "interface.picojoule_per_mac=0",
        "--set",
        "adc.femtojoule_per_step=0",
    ];
    let text = files.bill(&free).unwrap();
    assert!(text.contains("No constant moves the total."), "{text}");
    let bill = files.json(&free);
    assert!(bill["baselines"][0]["cost"]["gain"].is_null());
}

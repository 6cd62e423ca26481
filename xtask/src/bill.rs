//! `cargo xtask bill`: what counted acts cost, for whoever doubts a figure or has counts of their own.
//!
//! | file | what |
//! |---|---|
//! | `source` | counts and hardware models from files |
//! | `statement` | the bill, its baselines, what it rests on and what moves it |
//! | `print` | a statement as text |
//! | `list` | presets, processors and constants |

mod list;
mod print;
mod source;
mod statement;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use overdamped_accounting::HardwareModel;

use self::statement::Statement;

/// Without `--hardware`.
const USUAL_HARDWARE: &str = "typical";

/// Price counted acts: a bill in joules, line by line, that you can edit
///
/// Reads what a run did - relaxation, values written and read, digital work - from a file, multiplies it by what a hardware
/// model says that each act costs, and prints the bill for one result: every line with its count, price and share; the same
/// result by other means, four ways side by side; the assumptions behind it with who says so; and those that move the total
/// most.
#[derive(clap::Args, Debug)]
#[command(after_long_help = LEARN)]
pub struct BillArgs {
    /// Counts of a run, as JSON or TOML; `reproduce` writes some into counts/
    #[arg(long, value_name = "FILE", required_unless_present = "list")]
    counts: Option<PathBuf>,
    /// What each act costs: a preset, or a TOML file of your own [default: typical]
    #[arg(long, value_name = "PRESET|FILE.toml")]
    hardware: Option<String>,
    /// The processor that is compared with [default: that of the hardware; for presets a100]
    #[arg(long, value_name = "NAME")]
    processor: Option<String>,
    /// Change a constant, e.g. adc.femtojoule_per_step=20 or "adc.femtojoule_per_step=0.02 pJ"; repeatable
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = setting)]
    settings: Vec<(String, String)>,
    /// Print JSON: energies in joules, times in seconds, powers in watts
    #[arg(long, conflicts_with = "list")]
    json: bool,
    /// Print presets, processors and constants instead; with --hardware, the sources of its values
    #[arg(long, conflicts_with = "counts")]
    list: bool,
}

/// What `--help` ends with.
const LEARN: &str = "\
A file of counts (TOML; the same names in JSON). Whatever is zero may be left out:
  schema = 1
  name = \"my sampler\"
  per = \"sample\"             # what one result is
  results = 1000             # results that everything below was counted over
  units = 144                # mobile units of a chain: they relax side by side
  [acts]                     # what `Metered` counts, of all results together
  relaxation = [{ temperature = 1.0, unit_seconds = 576000 }]
  states_read = 144000
  drives_written = 10000
  parameters_written = 20880
  [[digital]]                # work around the substrate, of all results together
  name = \"the encoder\"
  place = \"interface\"        # or optimiser, or processor: what is left to it
  work = { macs = 2560000 }  # or flop, or joules
  [baselines.same_function]  # also simulating_relaxation, whole_network
  about = \"the same map on a processor\"
  work = { flop = 41472 }    # for one result

How to read the bill:
  A gain is the energy of a baseline over that of the bill, digital lines included; below 1 the
  substrate costs more. All four baselines are shown, since one system has a gain of ten millions or
  of three, depending on the one that is chosen. `assumed` marks a constant that nobody measured.
  The last table varies each constant by ten both ways: doubt the first ones first.

Examples:
  cargo xtask bill --list
  cargo xtask bill --counts target/reproduce/quick/counts/accounting.inference.json
  cargo xtask bill --counts my.toml --hardware cmos --processor h100
  cargo xtask bill --counts my.toml --set adc.femtojoule_per_step=2.4 --set adc.bits=6
  cargo xtask bill --counts my.toml --hardware my-chip.toml --json > bill.json

A hardware model of your own starts from a preset (my-chip.toml):
  name = \"my chip\"
  about = \"first silicon\"
  based_on = \"typical\"
  [adc]
  bits = { value = 6, source = \"measured, chip 3\" }";

/// `KEY=VALUE` as two parts.
pub(crate) fn setting(text: &str) -> Result<(String, String), String> {
    let (key, value) = text
        .split_once('=')
        .ok_or("it has no `=`; write it as in adc.bits=6")?;
    let (key, value) = (key.trim(), value.trim());
    if key.is_empty() || value.is_empty() {
        return Err("name and value are both needed, as in adc.bits=6".into());
    }
    Ok((key.into(), value.into()))
}

/// Prints the bill, or what it can be made of.
///
/// # Errors
/// Files that cannot be read, counts or constants that make no sense ([`overdamped_accounting::AccountingError`]).
pub fn run(args: &BillArgs) -> anyhow::Result<()> {
    print!("{}", output(args)?);
    Ok(())
}

/// What the command prints.
fn output(args: &BillArgs) -> anyhow::Result<String> {
    let Some(path) = &args.counts else {
        return match &args.hardware {
            None if args.processor.is_none() && args.settings.is_empty() => list::all(),
            _ => Ok(list::sources(&args.model()?.0)),
        };
    };
    let counts = source::counts(path)?;
    let (model, unset) = args.model()?;
    let statement = Statement::new(&counts, &model, &unset)?;
    if args.json {
        let json = serde_json::to_string_pretty(&statement)?;
        return Ok(json + "\n");
    }
    Ok(statement.to_string())
}

impl BillArgs {
    /// The hardware model with and without what `--set` changes.
    fn model(&self) -> anyhow::Result<(HardwareModel, HardwareModel)> {
        let mut model = source::hardware(self.hardware.as_deref().unwrap_or(USUAL_HARDWARE))?;
        if let Some(processor) = &self.processor {
            model = model.with_processor(processor)?;
        }
        let unset = model.clone();
        for (key, value) in &self.settings {
            model.set(key, value)?;
        }
        Ok((model, unset))
    }
}

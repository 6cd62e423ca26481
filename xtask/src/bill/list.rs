//! What a bill can be made of: presets, processors, constants.

use std::fmt::Write as _;

use overdamped_accounting::{Assumption, HardwareModel};

use super::USUAL_HARDWARE;
use super::print::constant;
use crate::report::number;
use crate::report::text::Align::{Left, Right};
use crate::report::text::{hanging, table};

/// All presets and processors with what they are, and the value of each constant in each of them.
///
/// # Errors
/// A preset that cannot be read.
pub fn all() -> anyhow::Result<String> {
    let presets = HardwareModel::presets()
        .into_iter()
        .map(HardwareModel::preset)
        .collect::<Result<Vec<_>, _>>()?;
    let processors = HardwareModel::processors()
        .into_iter()
        .map(|name| HardwareModel::preset(USUAL_HARDWARE)?.with_processor(name))
        .collect::<Result<Vec<_>, _>>()?;
    let mut text = String::from("Hardware (--hardware)\n");
    for model in &presets {
        let _ = writeln!(text, "  {:<12}{}", model.name, hanging(&model.about, 14));
    }
    text.push('\n');
    text.push_str(&values(
        &presets,
        |model| &model.name,
        |a| !a.is_of_processor(),
    ));
    text.push_str("\nProcessors (--processor)\n");
    text.push_str(&values(
        &processors,
        |model| &model.processor,
        Assumption::is_of_processor,
    ));
    text.push_str("\nSources: --list --hardware NAME. Change a value: --set KEY=VALUE.\n");
    Ok(text)
}

/// One row for each constant, one column for each model.
fn values(
    models: &[HardwareModel],
    name: impl Fn(&HardwareModel) -> &str,
    of: impl Fn(Assumption) -> bool,
) -> String {
    let names = models.iter().map(|model| (name(model), Right));
    let columns: Vec<_> = [("key", Left), ("unit", Left)]
        .into_iter()
        .chain(names)
        .chain([("meaning", Left)])
        .collect();
    let row = |assumption: Assumption| {
        let values = models
            .iter()
            .map(|model| number::plain(model.value(assumption)));
        [assumption.key(), assumption.unit().symbol]
            .map(str::to_owned)
            .into_iter()
            .chain(values)
            .chain([assumption.about().to_owned()])
            .collect::<Vec<_>>()
    };
    let rows = Assumption::ALL
        .into_iter()
        .filter(|assumption| of(*assumption))
        .map(row);
    table(&columns, &rows.collect::<Vec<_>>())
}

/// Every constant of one model with its source.
pub fn sources(model: &HardwareModel) -> String {
    let row = |assumption: Assumption| {
        let known = model.constant(assumption);
        [
            assumption.key().to_owned(),
            constant(assumption, known.value),
            if known.assumed { "assumed" } else { "" }.to_owned(),
            known.source.clone(),
        ]
    };
    let columns = [
        ("constant", Left),
        ("value", Right),
        ("", Left),
        ("source", Left),
    ];
    format!(
        "{}: {}\nprocessor {}\n\n{}",
        model.name,
        hanging(&model.about, 2),
        model.processor,
        table(&columns, &Assumption::ALL.map(row))
    )
}

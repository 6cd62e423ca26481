//! What can be wrong with counts, a hardware model, or a bill of both.

use crate::Baseline;

/// A bill cannot be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AccountingError {
    /// No preset has this name.
    #[error("there is no {kind} preset `{name}`; {near}")]
    UnknownPreset {
        /// `hardware` or `processor`.
        kind: &'static str,
        /// The name asked for.
        name: String,
        /// Names that come near, or all.
        near: String,
    },
    /// No constant has this name.
    #[error("there is no constant `{key}`; {near}")]
    UnknownKey {
        /// The name asked for.
        key: String,
        /// Names that come near, or all.
        near: String,
    },
    /// A value is no number.
    #[error(
        "`{key}` is to be `{text}`, which does not start with a number; write it as in `{key}=1` or with a unit"
    )]
    NotANumber {
        /// The constant.
        key: &'static str,
        /// What was given.
        text: String,
    },
    /// A value has a unit that measures something else.
    #[error(
        "`{key}` is to be `{text}`, which is not in {unit} nor converts to it; give the bare number in {unit}"
    )]
    Unit {
        /// The constant.
        key: &'static str,
        /// What was given.
        text: String,
        /// Its unit.
        unit: &'static str,
    },
    /// A constant is outside its range.
    #[error("`{key}` is {value}; it must be {bound}")]
    Constant {
        /// The constant.
        key: &'static str,
        /// Its value.
        value: f64,
        /// The range.
        bound: &'static str,
    },
    /// A file of a hardware model lacks constants.
    #[error(
        "the hardware model `{name}` lacks {missing}; give them, or start from a preset with \
         `based_on = \"typical\"`"
    )]
    Incomplete {
        /// Name of the model.
        name: String,
        /// Keys that are missing.
        missing: String,
    },
    /// A text is not the JSON or TOML that is expected.
    #[error("{what} cannot be read: {reason}")]
    Malformed {
        /// `the counts`, or `the hardware model`.
        what: &'static str,
        /// Where reading stopped, and why.
        reason: String,
    },
    /// Counts of another layout.
    #[error("these counts have schema {found}; this version reads schema {known}")]
    Schema {
        /// Their schema.
        found: u64,
        /// The schema that is read.
        known: u32,
    },
    /// A count is outside its range.
    #[error("{what} is {value}; it must be {bound}")]
    Count {
        /// Which count.
        what: String,
        /// Its value.
        value: f64,
        /// The range.
        bound: &'static str,
    },
    /// Nothing was done.
    #[error(
        "the counts hold no act and no digital work, so there is nothing to bill; count a run with `Metered`"
    )]
    NoWork,
    /// A baseline is asked for that the counts do not have.
    #[error(
        "the counts have no baseline `{0}`; add it under `baselines` with its work for each result, as \
         `{0} = {{ about = \"...\", work = {{ macs = 1e6 }} }}` (or `flop`, or `joules`)",
        baseline.entry()
    )]
    MissingBaseline {
        /// Which.
        baseline: Baseline,
    },
    /// A ratio has no finite value because one side costs nothing.
    #[error("{what} is {value}, so the ratio is not defined; set a constant that is above zero")]
    NoRatio {
        /// Which quantity.
        what: &'static str,
        /// Its value.
        value: f64,
    },
    /// A number of a bound or of a sweep is outside its range.
    #[error("{what} is {value}; it must be {bound}")]
    Setting {
        /// Which.
        what: &'static str,
        /// Its value.
        value: f64,
        /// The range.
        bound: &'static str,
    },
}

/// Words on which of the known names come near to one that is not known.
pub(crate) fn near(name: &str, known: &[&str]) -> String {
    const CLOSE: f64 = 0.75;
    let mut ranked: Vec<(f64, &str)> = known
        .iter()
        .map(|known| (strsim::jaro_winkler(name, known), *known))
        .filter(|(likeness, _)| *likeness > CLOSE)
        .collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    ranked.truncate(3);
    if ranked.is_empty() {
        return format!("choose from: {}", known.join(", "));
    }
    let names: Vec<_> = ranked.iter().map(|(_, name)| format!("`{name}`")).collect();
    format!("did you mean {}?", names.join(" or "))
}

/// A number that must be finite and more than zero.
pub(crate) fn positive(what: &'static str, value: f64) -> Result<f64, AccountingError> {
    if value.is_finite() && value > 0.0 {
        return Ok(value);
    }
    Err(AccountingError::Setting {
        what,
        value,
        bound: "finite and more than 0",
    })
}

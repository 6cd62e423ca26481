//! A bill with everything that a sceptic asks for: other means, assumptions, what moves it.

use std::collections::BTreeSet;

use overdamped_accounting::{
    AccountingError, Assumption, Baseline, Bill, Counts, HardwareModel, Joules, Line, Seconds,
    Sensitivity, Watts, sensitivities,
};
use serde::Serialize;

/// Layout of the JSON.
const SCHEMA: u32 = 1;

/// The bill of one result and what it rests on.
#[derive(Debug, Serialize)]
pub struct Statement {
    schema: u32,
    /// What was counted.
    pub name: String,
    /// What one result is.
    pub per: String,
    /// Name of the hardware model.
    pub hardware: String,
    /// Name of the processor.
    pub processor: String,
    /// Energy of one result.
    pub energy: Joules,
    /// Its time.
    pub time: Seconds,
    /// Its power; none if it takes no time.
    pub power: Option<Watts>,
    /// What adds up to it.
    pub lines: Vec<Line>,
    /// All four baselines.
    pub baselines: Vec<Means>,
    /// What the run gave to the bath, if it was measured.
    pub dissipation: Option<Heat>,
    /// The constants that energy, time and baselines depend on.
    pub assumptions: Vec<Rest>,
    /// Constants that were set although nothing here depends on them.
    pub set_in_vain: Vec<Assumption>,
    /// Energy with each of them at a tenth and at ten times its value, largest swing first.
    pub sensitivities: Vec<Sensitivity>,
}

/// The same result by other means.
#[derive(Debug, Serialize)]
pub struct Means {
    /// Which.
    pub baseline: Baseline,
    /// What it takes; none if the counts do not say.
    pub cost: Option<Cost>,
    /// Why there is no cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
}

/// What a baseline takes.
#[derive(Debug, Serialize)]
pub struct Cost {
    /// What is computed.
    pub about: String,
    /// Its energy.
    pub energy: Joules,
    /// Its time.
    pub time: Seconds,
    /// Its energy over that of the bill; none if that is zero.
    pub gain: Option<f64>,
    /// Its time over that of the bill; none if that is zero.
    pub speed_up: Option<f64>,
}

/// Heat and work of one result, as the simulated run measured them.
#[derive(Debug, Serialize)]
pub struct Heat {
    /// Heat given to the bath: in kT, or in the unit of the energy if the run had no bath.
    pub heat: f64,
    /// Work done by switching, likewise.
    pub work: f64,
    /// Both in joules, if the run had a bath.
    pub joules: Option<[Joules; 2]>,
}

/// A constant that the bill depends on.
#[derive(Debug, Serialize)]
pub struct Rest {
    /// Its name.
    pub key: Assumption,
    /// Its value.
    pub value: f64,
    /// The unit of the value.
    pub unit: &'static str,
    /// Who says so.
    pub source: String,
    /// How far to trust it.
    pub status: Status,
    /// Its value without `--set`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instead_of: Option<f64>,
}

/// How far to trust a constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Measured, or on a data sheet.
    Sourced,
    /// A choice that the source explains.
    Assumed,
    /// Changed by `--set`.
    Set,
}

impl Statement {
    /// Prices counts; `unset` is the model before `--set`.
    ///
    /// # Errors
    /// Those of [`Bill::new`].
    pub fn new(
        counts: &Counts,
        model: &HardwareModel,
        unset: &HardwareModel,
    ) -> Result<Self, AccountingError> {
        let bill = Bill::new(counts, model)?;
        let study = defined(sensitivities(counts, model, |bill| Ok(bill.energy().0)))?;
        let found = assumptions(&bill, counts, model)?;
        let set =
            |assumption: &Assumption| model.constant(*assumption) != unset.constant(*assumption);
        let others = Assumption::ALL
            .into_iter()
            .filter(|other| !found.contains(other));
        let set_in_vain = others.filter(set).collect();
        Ok(Self {
            schema: SCHEMA,
            energy: bill.energy(),
            time: bill.time(),
            power: bill.power().ok(),
            baselines: Baseline::ALL
                .map(|baseline| Means::new(&bill, baseline))
                .into(),
            dissipation: counts.dissipation.map(|of_all| {
                let share = 1.0 / counts.results as f64;
                let kt = model.thermal_energy();
                let (heat, work) = (of_all.heat * share, of_all.work * share);
                let joules = [kt * heat, kt * work];
                Heat {
                    heat,
                    work,
                    joules: counts.has_bath().then_some(joules),
                }
            }),
            assumptions: found
                .into_iter()
                .map(|assumption| Rest::new(assumption, model, unset))
                .collect(),
            set_in_vain,
            sensitivities: study.unwrap_or_default(),
            name: bill.name,
            per: bill.per,
            hardware: bill.hardware,
            processor: bill.processor,
            lines: bill.lines,
        })
    }
}

/// A bill of zero has no ratios; everything else that goes wrong is an error.
fn defined<T>(result: Result<T, AccountingError>) -> Result<Option<T>, AccountingError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(AccountingError::NoRatio { .. } | AccountingError::MissingBaseline { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What the lines name, zeros included, and whatever moves the time or a baseline.
fn assumptions(
    bill: &Bill,
    counts: &Counts,
    model: &HardwareModel,
) -> Result<BTreeSet<Assumption>, AccountingError> {
    let lines = bill.lines.iter().flat_map(|line| &line.assumptions);
    let mut found = lines.copied().collect::<BTreeSet<_>>();
    let mut add = |study: Option<Vec<Sensitivity>>| {
        found.extend(
            study
                .unwrap_or_default()
                .iter()
                .map(|entry| entry.assumption),
        );
    };
    add(defined(sensitivities(counts, model, |bill| {
        Ok(bill.time().0)
    }))?);
    for baseline in Baseline::ALL {
        let energy = |bill: &Bill| Ok(bill.baseline(baseline)?.energy.0);
        add(defined(sensitivities(counts, model, energy))?);
        let time = |bill: &Bill| Ok(bill.baseline(baseline)?.time.0);
        add(defined(sensitivities(counts, model, time))?);
    }
    Ok(found)
}

impl Means {
    fn new(bill: &Bill, baseline: Baseline) -> Self {
        let cost = bill.baseline(baseline).ok().map(|cost| Cost {
            about: cost.about.clone(),
            energy: cost.energy,
            time: cost.time,
            gain: bill.gain(baseline).ok(),
            speed_up: bill.speed_up(baseline).ok(),
        });
        let missing = || format!("missing: baselines.{}", baseline.entry());
        Self {
            baseline,
            missing: cost.is_none().then(missing),
            cost,
        }
    }
}

impl Rest {
    fn new(assumption: Assumption, model: &HardwareModel, unset: &HardwareModel) -> Self {
        let (now, before) = (model.constant(assumption), unset.constant(assumption));
        // `--set` leaves its own source, even where it repeats the value.
        let set = now != before;
        let status = match (set, now.assumed) {
            (true, _) => Status::Set,
            (false, true) => Status::Assumed,
            (false, false) => Status::Sourced,
        };
        Self {
            key: assumption,
            value: now.value,
            unit: assumption.unit().symbol,
            source: now.source.clone(),
            status,
            instead_of: set.then_some(before.value),
        }
    }
}

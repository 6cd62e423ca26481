//! Counts on their way to bills, figures and files.

use overdamped_accounting::{
    AccountingError, Act, Assumption, Baseline, Bill, Bits, Counts, HardwareModel, bounds,
};

use crate::experiments::Context;
use crate::export::atomic;
use crate::results::Entry;

/// The hardware model of the figures.
pub const SHOWN: &str = "typical";
/// The ones that stand beside each figure: no converters, and the best.
const BESIDE: [&str; 2] = ["ideal", "record"];
/// All of them with an A100 as in the papers, then the one that is shown with other processors: column, hardware,
/// processor, and title.
pub const PRICES: [(&str, &str, &str, &str); 7] = [
    ("ideal", "ideal", "a100", "ideal"),
    ("record", "record", "a100", "record"),
    ("typical", "typical", "a100", "typical"),
    ("cmos", "cmos", "a100", "CMOS"),
    ("oscillator", "oscillator", "a100", "oscillators"),
    ("over_h200", "typical", "h200", "typical, over an H200"),
    ("over_cpu", "typical", "cpu", "typical, over a CPU"),
];

/// The hardware model of the figures.
///
/// # Errors
/// None: the preset is part of the library.
pub fn shown() -> Result<HardwareModel, AccountingError> {
    HardwareModel::preset(SHOWN)
}

/// Writes counts to `counts/<name>.json`, where `cargo xtask bill` reads them.
///
/// # Errors
/// A folder that cannot be written.
pub fn keep(context: &Context, name: &str, counts: &Counts) -> anyhow::Result<()> {
    let text = counts.to_json()?;
    let path = context
        .recorder
        .folder()
        .join(format!("counts/{name}.json"));
    Ok(atomic::write(&path, |out| out.write_all(text.as_bytes()))?)
}

/// Bills of the same counts, as shown and at the prices beside it.
struct Bills {
    shown: Bill,
    beside: Vec<Bill>,
}

impl Bills {
    fn new(counts: &Counts) -> Result<Self, AccountingError> {
        let bill = |name: &str| Bill::new(counts, &HardwareModel::preset(name)?);
        Ok(Self {
            shown: bill(SHOWN)?,
            beside: BESIDE.into_iter().map(bill).collect::<Result<_, _>>()?,
        })
    }

    /// A figure of the bill that is shown, beside the same at other prices; none if it has no value.
    fn entry(&self, id: &str, of: impl Fn(&Bill) -> Result<f64, AccountingError>) -> Option<Entry> {
        let mut entry = Entry::new(id, of(&self.shown).ok()?);
        for other in &self.beside {
            // What costs nothing, or is a ratio to nothing, is no figure.
            if let Some(value) = of(other).ok().filter(|value| *value > 0.0) {
                entry = entry.reference(&format!("{} hardware", other.hardware), value);
            }
        }
        Some(entry)
    }

    /// A ratio to what a processor takes: above one is good.
    fn ratio(
        &self,
        id: &str,
        unit: &str,
        of: impl Fn(&Bill) -> Result<f64, AccountingError>,
    ) -> Option<Entry> {
        let entry = self.entry(id, &of)?.unit(unit).higher();
        Some(entry.baseline("break-even", 1.0))
    }
}

/// Id of a gain at one of [`PRICES`].
pub fn priced(prefix: &str, column: &str, baseline: Baseline) -> String {
    format!("{prefix}.on.{column}.gain.{}", baseline.id())
}

/// Records the gain over a baseline at all [`PRICES`] at which the bill is above zero.
///
/// # Errors
/// Counts that cannot be billed or lack the baseline, or an id that is taken.
pub fn at_all_prices(
    context: &mut Context,
    prefix: &str,
    counts: &Counts,
    baseline: Baseline,
) -> anyhow::Result<()> {
    for (column, hardware, processor, _) in PRICES {
        let model = HardwareModel::preset(hardware)?.with_processor(processor)?;
        let gain = match Bill::new(counts, &model)?.gain(baseline) {
            // Forces are read for nothing where converters are free.
            Err(AccountingError::NoRatio { .. }) => continue,
            gain => gain?,
        };
        let entry = Entry::new(&priced(prefix, column, baseline), gain)
            .unit("times less energy")
            .higher()
            .baseline("break-even", 1.0);
        context.recorder.record(entry)?;
    }
    Ok(())
}

/// Records energy, time, power, shares, heat and all gains under `prefix`; `more` may add references to a gain. Returns
/// the bill that is shown.
///
/// # Errors
/// Counts that cannot be billed, or an id that is taken.
pub fn record(
    context: &mut Context,
    prefix: &str,
    counts: &Counts,
    more: impl Fn(Baseline, Entry) -> Entry,
) -> anyhow::Result<Bill> {
    let bills = Bills::new(counts)?;
    let bill = &bills.shown;
    let per = &counts.per;
    let results = counts.results as f64;
    let mut entries = Vec::new();
    let energy = bills.entry(&format!("{prefix}.energy"), |bill| Ok(bill.energy().0));
    if let Some(mut energy) = energy {
        energy = energy.unit(&format!("J for each {per}")).lower();
        for cost in &bill.baselines {
            energy = energy.baseline(cost.baseline.title(), cost.energy.0);
        }
        let erased = counts.acts.states_written as f64 / results;
        if erased > 0.0 {
            let bits = Bits(erased * shown()?.value(Assumption::DacBits));
            let least = shown()?.thermal_energy() * bounds::landauer(bits)?;
            energy = energy.best("Landauer, if all bits written were unknown", least.0);
        }
        entries.push(energy);
    }
    let time = bills.entry(&format!("{prefix}.time"), |bill| Ok(bill.time().0));
    if let Some(mut time) = time {
        time = time.unit(&format!("s for each {per}")).lower();
        for cost in &bill.baselines {
            time = time.baseline(cost.baseline.title(), cost.time.0);
        }
        entries.push(time);
    }
    let power = bills.entry(&format!("{prefix}.power"), |bill| Ok(bill.power()?.0));
    entries.extend(power.map(|power| power.unit("W")));
    for act in Act::ALL {
        let id = format!("{prefix}.share.{}", act.id());
        let energy = bill.energy_of(act);
        if energy.0 > 0.0 {
            let share = energy / bill.energy();
            entries.push(Entry::new(&id, share).unit("of the energy"));
        }
    }
    if let Some(dissipation) = counts.dissipation {
        let heat = dissipation.heat / results;
        let runs = counts.results as usize;
        let kt = shown()?.thermal_energy().0;
        let work = dissipation.work / results;
        let heat_of = Entry::new(&format!("{prefix}.heat"), heat).n(runs);
        let heat_of = heat_of.reference("work by switching", work);
        if counts.has_bath() {
            entries.push(heat_of.unit("kT"));
            let joules = Entry::new(&format!("{prefix}.heat_joules"), heat * kt);
            let billed = bill.energy_of(Act::Relaxation).0;
            entries.push(joules.unit("J").n(runs).reference("billed for it", billed));
        } else {
            entries.push(heat_of.unit("of its energy unit, without a bath"));
        }
    }
    for baseline in Baseline::ALL {
        let id = format!("{prefix}.gain.{}", baseline.id());
        let gain = bills.ratio(&id, "times less energy", |bill| bill.gain(baseline));
        entries.extend(gain.map(|gain| more(baseline, gain)));
        let id = format!("{prefix}.speed_up.{}", baseline.id());
        entries.extend(bills.ratio(&id, "times less time", |bill| bill.speed_up(baseline)));
    }
    for entry in entries {
        context.recorder.record(entry)?;
    }
    Ok(bills.shown)
}

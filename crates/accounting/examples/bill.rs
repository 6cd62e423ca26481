//! From a run to a bill: a bistable unit is sampled, its acts are priced on two kinds of hardware, and the heat that the
//! simulation gave to the bath is shown beside what hardware would spend.
//!
//! ```text
//! cargo run --release -p overdamped-accounting --example bill
//! ```

use std::error::Error;
use std::sync::Arc;

use faer::Mat;
use overdamped_accounting::{
    Baselines, Bill, Counts, Dissipation, HardwareModel, Task, Work, sensitivities,
};
use overdamped_energy::{SiteTerm, Sites};
use overdamped_substrate::{
    Metered, Observe, Protocol, Settings, SimulatedSubstrate, Slice, Substrate,
};

const CHAINS: usize = 1000;
const SLICES: usize = 20;

fn main() -> Result<(), Box<dyn Error>> {
    let settings = Settings {
        observe: Observe::Energy,
        ..Settings::default()
    };
    let energy = Arc::new(Sites::new(1, &[SiteTerm::Stiffness, SiteTerm::Quartic]));
    let simulated = SimulatedSubstrate::<f64>::new(energy, settings.clone())?;
    let mut substrate = Metered::new(simulated, &settings)?;

    // One well becomes two, slowly: parameters are stiffness and quartic.
    let slice = |step: usize| {
        let share = (step + 1) as f64 / SLICES as f64;
        Slice::new(0.2, vec![1.0 - 5.0 * share, 1.0])
    };
    substrate.program(&[1.0, 1.0])?;
    substrate.prepare(Mat::zeros(1, CHAINS).as_ref(), 1)?;
    substrate.run(&Protocol::new((0..SLICES).map(slice).collect())?)?;
    substrate.read()?;

    let ledger = substrate.inner().ledger();
    let counts = Counts {
        // Each sample has the device to itself, so every sample takes the whole protocol.
        parameters_shared_by: Some(1),
        baselines: Baselines {
            same_function: Some(Task {
                about: "one force and one Gaussian number for each slice".to_owned(),
                work: Work::Flop(30.0 * SLICES as f64),
            }),
            ..Baselines::default()
        },
        dissipation: Some(Dissipation {
            heat: -ledger.heat.iter().sum::<f64>(),
            work: ledger.work.iter().sum(),
        }),
        ..Counts::new(
            "a bistable unit",
            "sample",
            CHAINS as u64,
            1,
            substrate.acts().clone(),
        )
    };
    for preset in ["typical", "cmos"] {
        let model = HardwareModel::preset(preset)?;
        let bill = Bill::new(&counts, &model)?;
        println!("{bill}");
        for entry in sensitivities(&counts, &model, |bill| Ok(bill.energy().0))?
            .iter()
            .take(3)
        {
            println!(
                "  {} from {} to {}: the total moves by a factor of {:.1}",
                entry.assumption.key(),
                entry.values[0],
                entry.values[1],
                entry.swing()
            );
        }
        if let Some(dissipation) = counts.dissipation {
            let heat = dissipation.heat / CHAINS as f64;
            let joules = model.thermal_energy() * heat;
            println!("  heat given to the bath by the simulated unit: {heat:.2} kT, {joules}\n");
        }
    }
    Ok(())
}

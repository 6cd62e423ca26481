//! One bistable unit in a heat bath: what it does at rest, how it hops, what tilting it costs.
//!
//! `cargo run --release -p overdamped-substrate --example bistable_unit`

use std::error::Error;
use std::f64::consts::PI;
use std::sync::Arc;

use faer::Mat;
use overdamped_energy::{SiteTerm, Sites};
use overdamped_substrate::{
    Integrator, Observe, Protocol, Settings, SimulatedSubstrate, Slice, Substrate, TimeStep,
};

/// Barrier between the wells at x = -1 and x = 1, in kT.
const BARRIER: f64 = 4.0;
const CHAINS: usize = 4000;
/// Largest tilt: a constant force that lowers the right well and raises the left one.
const TILT: f64 = 1.0;

/// Parameters of E(x) = -b x - 2 B x^2 + B x^4, whose barrier at b = 0 is B.
fn well(tilt: f64) -> Vec<f64> {
    vec![tilt, -4.0 * BARRIER, 4.0 * BARRIER]
}

fn energy(x: f64, tilt: f64) -> f64 {
    -tilt * x + BARRIER * (x.powi(4) - 2.0 * x.powi(2))
}

/// Integral of f from `a` to `b` by the midpoint rule.
fn integral(a: f64, b: f64, f: impl Fn(f64) -> f64) -> f64 {
    let width = (b - a) / 2000.0;
    (0..2000)
        .map(|i| f(a + (f64::from(i) + 0.5) * width) * width)
        .sum()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// 4,000 copies of the unit, all in the left well.
fn unit(seed: u64) -> Result<SimulatedSubstrate<f64>, Box<dyn Error>> {
    // An energy is a form; its strengths are programmed later.
    let terms = [SiteTerm::Bias, SiteTerm::Stiffness, SiteTerm::Quartic];
    let settings = Settings {
        integrator: Integrator::LeimkuhlerMatthews,
        time_step: TimeStep::AtMost(0.002),
        observe: Observe::Energy,
        ..Settings::default()
    };
    let mut unit = SimulatedSubstrate::new(Arc::new(Sites::new(1, &terms)), settings)?;
    unit.program(&well(0.0))?;
    unit.prepare(Mat::from_fn(1, CHAINS, |_, _| -1.0).as_ref(), seed)?;
    Ok(unit)
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("A unit with two wells, x = -1 and x = 1, {BARRIER} kT deep, in a bath at kT = 1.\n");
    hopping()?;
    resting()?;
    tilting()?;
    Ok(())
}

fn hopping() -> Result<(), Box<dyn Error>> {
    println!("1. Hopping. All {CHAINS} copies start on the left; noise carries them over.");
    let mut unit = unit(1)?;
    let imbalance = |unit: &mut SimulatedSubstrate<f64>| -> Result<f64, Box<dyn Error>> {
        let states = unit.read()?;
        let left = states.col_iter().filter(|x| x[0] < 0.0).count();
        Ok(2.0 * left as f64 / CHAINS as f64 - 1.0)
    };
    // Let each well fill first; afterwards the imbalance decays as exp(-2 rate t).
    unit.evolve(0.5)?;
    let early = imbalance(&mut unit)?;
    let time = 6.0;
    unit.evolve(time)?;
    let late = imbalance(&mut unit)?;
    let rate = (early / late).ln() / (2.0 * time);
    let spread = |share: f64| (1.0 - share * share).sqrt() / share;
    let error = spread(late) / (2.0 * time * (CHAINS as f64).sqrt());

    // Kramers 1940: curvatures of well and barrier top, 8 B and -4 B here.
    let kramers = (8.0 * BARRIER * 4.0 * BARRIER).sqrt() / (2.0 * PI) * (-BARRIER).exp();
    // No approximation: half of those that reach the top cross it.
    let passage = integral(-1.0, 0.0, |y| {
        energy(y, 0.0).exp() * integral(-3.0, y, |x| (-energy(x, 0.0)).exp())
    });
    println!("   hops per unit of time, measured    {rate:.4} +- {error:.4}");
    println!("   from the mean time to the top      {:.4}", 0.5 / passage);
    println!("   Kramers' formula                   {kramers:.4}");
    println!("   Kramers holds for barriers far above kT; its relative error is of order kT / B,");
    println!("   so that at B = {BARRIER} kT a tenth is what to expect.\n");
    Ok(())
}

fn resting() -> Result<(), Box<dyn Error>> {
    println!("2. Rest, under a tilt of 0.2. Bars: simulated; the mark: Boltzmann's exp(-E) / Z.");
    let tilt = 0.2;
    let mut unit = unit(2)?;
    unit.program(&well(tilt))?;
    unit.evolve(40.0)?;
    // 25 snapshots, far enough apart to be nearly independent within a well.
    let (low, width, bins) = (-1.8, 0.15, 24);
    let mut counts = vec![0.0; bins];
    for _ in 0..25 {
        unit.evolve(0.1)?;
        for x in unit.read()?.col_iter() {
            let bin = ((x[0] - low) / width).floor();
            if (0.0..bins as f64).contains(&bin) {
                counts[bin as usize] += 1.0 / (25 * CHAINS) as f64;
            }
        }
    }
    let boltzmann = |x: f64| (-energy(x, tilt)).exp();
    let partition = integral(-3.0, 3.0, boltzmann);
    println!("        x   found   exact");
    for (bin, &found) in counts.iter().enumerate() {
        let from = low + bin as f64 * width;
        let exact = integral(from, from + width, boltzmann) / partition;
        let (bar, mark) = (
            (found * 300.0).round() as usize,
            (exact * 300.0).round() as usize,
        );
        let line: String = (0..=bar.max(mark))
            .map(|at| match at {
                at if at == mark => '|',
                at if at < bar => '#',
                _ => ' ',
            })
            .collect();
        let (middle, line) = (from + 0.5 * width, line.trim_end());
        println!("   {middle:6.2}  {found:.4}  {exact:.4}  {line}");
    }
    println!();
    Ok(())
}

fn tilting() -> Result<(), Box<dyn Error>> {
    println!("3. Tilting from 0 to {TILT}, at different speeds. First law: dE = work + heat.");
    let boltzmann = |tilt: f64| integral(-3.0, 3.0, move |x| (-energy(x, tilt)).exp());
    let change = -(boltzmann(TILT) / boltzmann(0.0)).ln();
    println!(
        "   The free energy changes by {change:.4} kT: the least work that the tilt can cost."
    );
    println!("   duration      dE    work    heat   dissipated   -ln <exp(-work)>");
    for (run, duration) in [0.01, 1.0, 10.0, 100.0].into_iter().enumerate() {
        let mut unit = unit(3 + run as u64)?;
        // Equilibrium first. Half of the copies belong on the right: put them there.
        let halves = Mat::from_fn(1, CHAINS, |_, c| if c % 2 == 0 { -1.0 } else { 1.0 });
        unit.prepare(halves.as_ref(), 3 + run as u64)?;
        unit.evolve(1.0)?;
        let (before, booked) = (unit.energies()?, unit.ledger());
        // A protocol is a list of slices; switching from one to the next does the work.
        let pieces = 50;
        let slices = (1..=pieces).map(|k| {
            let tilt = TILT * f64::from(k) / f64::from(pieces);
            Slice::new(duration / f64::from(pieces), well(tilt))
        });
        unit.run(&Protocol::new(slices.collect())?)?;
        let (after, ledger) = (unit.energies()?, unit.ledger());
        let since = |now: &[f64], then: &[f64]| -> Vec<f64> {
            now.iter().zip(then).map(|(now, then)| now - then).collect()
        };
        let work = since(&ledger.work, &booked.work);
        let heat = since(&ledger.heat, &booked.heat);
        let exponentials: Vec<f64> = work.iter().map(|work| (-work).exp()).collect();
        println!(
            "   {duration:8} {:7.3} {:7.3} {:7.3} {:12.3} {:18.3}",
            mean(&since(&after, &before)),
            mean(&work),
            mean(&heat),
            mean(&work) - change,
            -mean(&exponentials).ln(),
        );
    }
    println!(
        "   Slower is cheaper: copies in the raised well need time to hop. The last column is"
    );
    println!("   Jarzynski's equality: it finds the free energy from work at any speed.");
    Ok(())
}

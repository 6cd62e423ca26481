//! All laws, each with its mutants, as plain text; the first argument is a seed. `cargo xtask validate` is the same with
//! a page.

use std::time::Instant;

use overdamped_validation::{Lab, ValidationError, all};

fn main() -> Result<(), ValidationError> {
    let seed = std::env::args()
        .nth(1)
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(1);
    for law in all() {
        let started = Instant::now();
        let clean = (law.measure)(&Lab { seed, mutant: None })?;
        let seconds = started.elapsed().as_secs_f64();
        println!(
            "{:<28} {} {:.2} of {} ({} comparisons, n = {}), {seconds:.1} s",
            law.id,
            if clean.holds() { "holds" } else { "FAILS" },
            clean.worst,
            clean.limit(),
            clean.comparisons,
            clean.n
        );
        for &mutant in law.mutants {
            let planted = Lab {
                seed,
                mutant: Some(mutant),
            };
            let found = (law.measure)(&planted)?;
            let verdict = if found.holds() { "MISSED" } else { "caught" };
            println!("    {verdict} {:<44} {:.3e}", mutant.about(), found.worst);
        }
    }
    Ok(())
}

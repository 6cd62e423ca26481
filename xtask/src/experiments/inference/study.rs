//! The experiment `inference`.

use super::decoder::Recipe;
use super::predictors::Bench;
use super::source::{Part, Source};

#[test]
#[ignore = "trial"]
fn trial() {
    let source = Source::open().unwrap();
    let sigma: f32 = std::env::var("SIGMA").map_or(0.5, |s| s.parse().unwrap());
    let train = source.view(Part::Train, 600, sigma, 1).unwrap();
    let held = source.view(Part::HeldOut, 180, sigma, 1).unwrap();
    let bench = Bench::new(&source.network, &train, &held, 1);
    let show = |o: &super::predictors::Outcome| eprintln!("{:34} {:>7} raw {:.4} cen {:.4} r2 {:.4} mse {:.4}", o.title.chars().take(34).collect::<String>(), o.parameters, o.score.raw, o.score.centred, o.score.r2, o.downstream);
    for o in bench.baselines().unwrap() { show(&o) }
    for o in bench.couplings(16).unwrap() { show(&o) }
    for stiffness in [2.0, 8.0, 32.0, 128.0, 1000.0] {
        for (outer, inner, interface) in [(16, 32, false), (64, 96, false), (64, 96, true)] {
            let recipe = Recipe { outer, inner, interface, stiffness, seed: 1 };
            let (o, d) = bench.full("full", &format!("full {outer} {inner} {interface} a2 {stiffness}"), &recipe).unwrap();
            show(&o);
            if let Some(w) = &d.network.weakened { eprintln!("   {w}"); }
        }
    }
}

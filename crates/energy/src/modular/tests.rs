//! What is refused, and how parameters are divided.

use serde::de::value::{Error, MapDeserializer};

use super::*;

fn module(units: usize) -> Module {
    Module {
        units,
        quartic: units.is_multiple_of(2),
    }
}

fn joined(l: usize, m: usize, wires: Wires) -> Coupling {
    Coupling {
        modules: (l, m),
        wires,
    }
}

fn refusal(couplings: Vec<Coupling>) -> String {
    let network = Modular::new(vec![module(3), module(4), module(3)], couplings);
    network.map_or_else(|error| error.to_string(), |_| "accepted".to_owned())
}

#[test]
fn a_refusal_names_the_coupling_the_value_and_what_to_do() {
    let low = |rank| Wires::LowRank { rank };
    let one = Wires::OneToOne;
    assert_eq!(
        refusal(vec![joined(0, 1, low(3)), joined(0, 2, one)]),
        "accepted"
    );
    let refused = [
        (
            vec![joined(0, 1, low(1)), joined(1, 3, low(1))],
            "coupling 1 joins modules 1 and 3, but they are numbered from 0 below 3",
        ),
        (
            vec![joined(2, 2, one)],
            "coupling 0 joins module 2 with itself; split it into two modules",
        ),
        (
            vec![
                joined(0, 1, low(1)),
                joined(2, 0, one),
                joined(1, 0, low(2)),
            ],
            "coupling 2 joins modules 1 and 0, as coupling 0 does; keep one of them, of higher rank",
        ),
        (
            vec![joined(1, 2, low(0))],
            "coupling 0 has rank 0; between 4 and 3 units it must lie between 1 and 3",
        ),
        (
            vec![joined(1, 2, low(4))],
            "coupling 0 has rank 4; between 4 and 3 units it must lie between 1 and 3",
        ),
        (
            vec![joined(0, 1, one)],
            "coupling 0 is one to one between 3 and 4 units; use the same number, or low-rank wires",
        ),
    ];
    for (couplings, message) in refused {
        assert_eq!(refusal(couplings), message);
    }
}

#[test]
fn a_network_needs_modules_with_units() {
    let refusal = |modules| Modular::new(modules, vec![]).map_err(|error| error.to_string());
    let missing = "module 0 is missing; a network needs at least one module";
    assert_eq!(refusal(vec![]), Err(missing.to_owned()));
    let empty = "module 1 has no units; give it at least one";
    let modules = vec![module(2), module(0)];
    assert_eq!(refusal(modules), Err(empty.to_owned()));
}

// A file is the only other way to a network.
#[test]
fn a_file_is_checked_as_lists_are() {
    let lists = [("modules", Vec::<u8>::new()), ("couplings", Vec::new())];
    let file = MapDeserializer::<_, Error>::new(lists.into_iter());
    let refused = Modular::deserialize(file).err().map(|e| e.to_string());
    let expected = "module 0 is missing; a network needs at least one module";
    assert_eq!(refused.as_deref(), Some(expected));
}

/// Two descriptions of the parameter vector, one with names and one with places.
#[test]
fn layout_and_places_agree() -> Result<(), EnergyError> {
    let wires = Wires::LowRank { rank: 2 };
    let couplings = vec![joined(0, 1, wires), joined(2, 0, Wires::OneToOne)];
    let network = Modular::new(vec![module(3), module(4), module(3)], couplings)?;
    let layout = Energy::<f64>::layout(&network);
    let blocks = Blocks::of(&network);
    assert_eq!(layout.len(), blocks.len);
    assert_eq!(layout.len(), 2 * 3 + 3 * 4 + 2 * 3 + 2 * (1 + 3 + 4) + 3);
    for (m, site) in blocks.sites.iter().enumerate() {
        assert_eq!(layout.range(&format!("bias.{m}"))?, site.bias);
        assert_eq!(layout.range(&format!("stiffness.{m}"))?, site.stiffness);
        let quartic = layout.range(&format!("quartic.{m}")).ok();
        assert_eq!(quartic, site.quartic);
    }
    for (c, wires) in blocks.wires.iter().enumerate() {
        assert_eq!(layout.range(&format!("strength.{c}"))?, wires.strength);
        let left = layout.range(&format!("left.{c}")).ok();
        let right = layout.range(&format!("right.{c}")).ok();
        assert_eq!(left.zip(right), wires.factors);
    }
    let amplitudes = layout.blocks().filter(|(b, _)| b.role == Role::Amplitude);
    assert_eq!(amplitudes.count(), 7 + 2);
    Ok(())
}

/// A ring of three needs three colours, a chain two; clamped modules pass nothing on.
#[test]
fn colours_components_and_signals_follow_the_graph() -> Result<(), EnergyError> {
    let wires = Wires::LowRank { rank: 1 };
    let network = |pairs: &[(usize, usize)]| {
        let couplings = pairs.iter().map(|&(l, m)| joined(l, m, wires)).collect();
        Modular::new(vec![module(2); 5], couplings)
    };
    let ring = network(&[(0, 1), (1, 2), (2, 0), (2, 3)])?;
    assert_eq!(ring.colours(), [0, 1, 2, 0, 0]);
    assert_eq!(
        ring.components(&[4, 3, 2, 1, 0, 9]),
        [vec![0, 1, 2, 3], vec![4]]
    );
    assert_eq!(ring.components(&[0, 1, 3]), [vec![0, 1], vec![3]]);
    let chain = network(&[(0, 1), (2, 1), (3, 2), (3, 4)])?;
    assert_eq!(chain.colours(), [0, 1, 0, 1, 0]);
    assert!(chain.reaches(0, 4, &[1, 2, 3]) && chain.reaches(4, 0, &[1, 2, 3]));
    assert!(chain.reaches(0, 2, &[1]) && !chain.reaches(0, 3, &[1]));
    assert!(!chain.reaches(0, 4, &[1, 3]) && chain.reaches(2, 2, &[]));
    assert!(!chain.reaches(0, 7, &[1]) && !chain.reaches(7, 0, &[1]));
    Ok(())
}

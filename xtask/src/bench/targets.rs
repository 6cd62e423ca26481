//! What the engine has to reach, figure by figure.

use crate::results::Entry;

/// Name of the reference that carries a target.
pub const REFERENCE: &str = "target";

/// A bound that a figure has to keep.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// Or more.
    AtLeast(f64),
    /// Or less.
    AtMost(f64),
}

/// A figure and its bound.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Id of the figure.
    pub id: &'static str,
    /// What it is, in words.
    pub about: &'static str,
    /// What it has to keep.
    pub bound: Bound,
}

/// All targets, in the order of the page.
pub const ALL: [Target; 10] = [
    Target {
        id: "bench.ratio.dense144.threads1",
        about: "dense 144, one thread: best peer / Overdamped",
        bound: Bound::AtLeast(2.5),
    },
    Target {
        id: "bench.ratio.dense144.threads2",
        about: "dense 144, two threads: best peer / Overdamped",
        bound: Bound::AtLeast(3.0),
    },
    Target {
        id: "bench.ratio.lattice12.threads1",
        about: "lattice 12 x 12, one thread: best peer / Overdamped",
        bound: Bound::AtLeast(10.0),
    },
    Target {
        id: "bench.over_floor.dense144",
        about: "dense 144: time / floor of multiply-adds and normals",
        bound: Bound::AtMost(1.25),
    },
    Target {
        id: "bench.ratio.rank8_vs_dense",
        about: "dense 144 / rank 8",
        bound: Bound::AtLeast(3.0),
    },
    Target {
        id: "bench.ratio.normals_vs_rand_distr",
        about: "normals: rand_distr / Overdamped",
        bound: Bound::AtLeast(6.0),
    },
    Target {
        id: "bench.scaling.threads2_efficiency",
        about: "dense 144: one thread / (2 x two threads)",
        bound: Bound::AtLeast(0.9),
    },
    Target {
        id: "bench.memory.ratio",
        about: "10⁶ chains x 144 units: peak memory beyond that of one chain / size of the state",
        bound: Bound::AtMost(1.3),
    },
    Target {
        id: "bench.ratio.small_vs_reference",
        about: "one chain x 144 units: plain loops / fused engine",
        bound: Bound::AtLeast(1.0),
    },
    Target {
        id: "bench.over_fma_floor.dense144",
        about: "dense 144: time / floor of multiply-adds alone",
        bound: Bound::AtMost(1.25),
    },
];

impl Bound {
    /// Whether a value keeps it.
    pub fn met_by(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::AtMost(most) => value <= most,
        }
    }

    /// As people write it.
    pub fn text(self) -> String {
        match self {
            Self::AtLeast(least) => format!("≥ {least}"),
            Self::AtMost(most) => format!("≤ {most}"),
        }
    }

    const fn value(self) -> f64 {
        match self {
            Self::AtLeast(value) | Self::AtMost(value) => value,
        }
    }
}

/// The target of a figure.
pub fn of(id: &str) -> Option<&'static Target> {
    ALL.iter().find(|target| target.id == id)
}

/// The entry with its target as a reference, where it has one.
pub fn attached(entry: Entry) -> Entry {
    match of(&entry.id).map(|target| target.bound) {
        None => entry,
        Some(bound @ Bound::AtLeast(_)) => entry.higher().reference(REFERENCE, bound.value()),
        Some(bound @ Bound::AtMost(_)) => entry.lower().reference(REFERENCE, bound.value()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::Better;

    #[test]
    fn bounds_are_kept_on_their_own_side() {
        assert!(Bound::AtLeast(2.5).met_by(2.5) && !Bound::AtLeast(2.5).met_by(2.4));
        assert!(Bound::AtMost(1.25).met_by(1.2) && !Bound::AtMost(1.25).met_by(1.3));
        assert!(!Bound::AtMost(1.25).met_by(f64::NAN));
    }

    #[test]
    fn every_target_has_an_id_that_can_be_recorded() {
        for target in ALL {
            let entry = attached(Entry::new(target.id, 1.0));
            assert!(entry.validate().is_ok(), "{}", target.id);
            assert_eq!(entry.references[0].name, REFERENCE);
            let higher = matches!(target.bound, Bound::AtLeast(_));
            assert_eq!(entry.better == Better::Higher, higher);
        }
        assert!(
            attached(Entry::new("bench.other", 1.0))
                .references
                .is_empty()
        );
    }
}

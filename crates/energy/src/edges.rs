//! Edge sets: which pairs of units are coupled.

use std::collections::HashSet;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::EnergyError;
use crate::layout::addressable;

/// An ordered list of distinct pairs of distinct units.
///
/// The order of the list is the order of the parameters of every pair term. For
/// terms that are not symmetric, such as x^2 y, the first unit of the edge is x.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Unchecked", into = "Unchecked")]
pub struct Edges {
    units: usize,
    pairs: Pairs,
}

/// A list, or a rule that makes one when somebody looks at it: all pairs of 1e5 units are 80 GB.
#[derive(Debug, Clone)]
enum Pairs {
    Listed(Vec<(usize, usize)>),
    All(OnceLock<Vec<(usize, usize)>>),
}

impl PartialEq for Edges {
    fn eq(&self, other: &Self) -> bool {
        let both_all = matches!((&self.pairs, &other.pairs), (Pairs::All(_), Pairs::All(_)));
        self.units == other.units && (both_all || self.pairs() == other.pairs())
    }
}

impl Eq for Edges {}

/// Edges as they come from a file, and go to one.
#[derive(Serialize, Deserialize)]
#[serde(rename = "Edges")]
struct Unchecked {
    units: usize,
    pairs: Vec<(usize, usize)>,
}

impl TryFrom<Unchecked> for Edges {
    type Error = EnergyError;

    fn try_from(file: Unchecked) -> Result<Self, EnergyError> {
        Self::list(file.units, file.pairs)
    }
}

impl From<Edges> for Unchecked {
    fn from(edges: Edges) -> Self {
        Self {
            units: edges.units,
            pairs: edges.into_pairs(),
        }
    }
}

impl Edges {
    /// Any list of edges on `units` units.
    ///
    /// # Errors
    /// [`EnergyError::EdgeOutOfRange`], [`EnergyError::SelfLoop`] or
    /// [`EnergyError::DuplicateEdge`] (in either orientation); [`EnergyError::TooLarge`].
    pub fn list(units: usize, pairs: Vec<(usize, usize)>) -> Result<Self, EnergyError> {
        if !addressable([units]) {
            let what = "the units";
            return Err(EnergyError::TooLarge { what });
        }
        let mut seen = HashSet::with_capacity(pairs.len());
        for &(first, second) in &pairs {
            if first >= units || second >= units {
                return Err(EnergyError::EdgeOutOfRange {
                    first,
                    second,
                    units,
                });
            }
            if first == second {
                return Err(EnergyError::SelfLoop { unit: first });
            }
            if !seen.insert((first.min(second), first.max(second))) {
                return Err(EnergyError::DuplicateEdge { first, second });
            }
        }
        let pairs = Pairs::Listed(pairs);
        Ok(Self { units, pairs })
    }

    /// Every pair of units: n (n - 1) / 2 edges. They are listed when [`Edges::pairs`] is first called.
    #[must_use]
    pub const fn all_to_all(units: usize) -> Self {
        let pairs = Pairs::All(OnceLock::new());
        Self { units, pairs }
    }

    fn every_pair(units: usize) -> Vec<(usize, usize)> {
        let offsets = 1..units;
        let pairs = offsets
            .flat_map(|offset| (0..units - offset).map(move |first| (first, first + offset)));
        pairs.collect()
    }

    /// The four nearest neighbours on a `rows x columns` lattice with open borders;
    /// unit = row x columns + column.
    #[must_use]
    pub fn four_neighbour(rows: usize, columns: usize) -> Self {
        Self::lattice(rows, columns, &[(0, 1), (1, 0)])
    }

    /// All pairs within Chebyshev distance `radius` on a `rows x columns` lattice
    /// with open borders: the `radius` innermost square shells around each unit.
    ///
    /// ```
    /// use overdamped_energy::Edges;
    /// // The 12 x 12 network with six shells of arXiv 2506.19136.
    /// assert_eq!(Edges::chebyshev(12, 12, 6).len(), 6426);
    /// ```
    #[must_use]
    pub fn chebyshev(rows: usize, columns: usize, radius: usize) -> Self {
        let radius = isize::try_from(radius.min(rows.max(columns))).unwrap_or(isize::MAX);
        // Half of the offsets, so that each pair appears once.
        let offsets: Vec<_> = (0..=radius)
            .flat_map(|down| (-radius..=radius).map(move |right| (down, right)))
            .filter(|&(down, right)| down > 0 || right > 0)
            .collect();
        Self::lattice(rows, columns, &offsets)
    }

    fn lattice(rows: usize, columns: usize, offsets: &[(isize, isize)]) -> Self {
        let mut pairs = Vec::new();
        // Offset by offset: neighbouring edges then read and write neighbouring units.
        for &(down, right) in offsets {
            for row in 0..rows {
                for column in 0..columns {
                    let (Some(to_row), Some(to_column)) = (
                        row.checked_add_signed(down).filter(|&r| r < rows),
                        column.checked_add_signed(right).filter(|&c| c < columns),
                    ) else {
                        continue;
                    };
                    pairs.push((row * columns + column, to_row * columns + to_column));
                }
            }
        }
        Self {
            units: rows * columns,
            pairs: Pairs::Listed(pairs),
        }
    }

    /// The same edges on `units` units, followed by `more`.
    ///
    /// # Errors
    /// As [`Edges::list`].
    pub fn extended(
        self,
        units: usize,
        more: impl IntoIterator<Item = (usize, usize)>,
    ) -> Result<Self, EnergyError> {
        let mut pairs = self.into_pairs();
        pairs.extend(more);
        Self::list(units, pairs)
    }

    fn into_pairs(self) -> Vec<(usize, usize)> {
        match self.pairs {
            Pairs::Listed(pairs) => pairs,
            Pairs::All(pairs) => pairs
                .into_inner()
                .unwrap_or_else(|| Self::every_pair(self.units)),
        }
    }

    /// Number of units.
    #[must_use]
    pub const fn units(&self) -> usize {
        self.units
    }

    /// Number of edges; those beyond all addresses are not counted.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.pairs {
            Pairs::Listed(pairs) => pairs.len(),
            Pairs::All(_) => usize::try_from(self.possible()).unwrap_or(usize::MAX),
        }
    }

    /// Whether no pair is coupled.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The edges, in parameter order. Those of [`Edges::all_to_all`] take 16 bytes each from now on.
    #[must_use]
    pub fn pairs(&self) -> &[(usize, usize)] {
        match &self.pairs {
            Pairs::Listed(pairs) => pairs,
            Pairs::All(pairs) => pairs.get_or_init(|| Self::every_pair(self.units)),
        }
    }

    /// Bytes for each edge that listing them still takes.
    pub(crate) fn bytes_each(&self) -> u128 {
        match &self.pairs {
            Pairs::All(pairs) if pairs.get().is_none() => size_of::<(usize, usize)>() as u128,
            _ => 0,
        }
    }

    /// Share of all possible pairs that are edges.
    #[must_use]
    pub fn density(&self) -> f64 {
        self.len() as f64 / self.possible().max(1) as f64
    }

    /// n (n - 1) / 2.
    const fn possible(&self) -> u128 {
        let units = self.units as u128;
        units * units.saturating_sub(1) / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lattices_have_the_expected_edges() {
        assert_eq!(Edges::four_neighbour(12, 12).len(), 264);
        assert_eq!(Edges::all_to_all(144).len(), 10_296);
        assert_eq!(Edges::four_neighbour(1, 3).pairs(), [(0, 1), (1, 2)]);
        // A radius beyond the lattice couples everything.
        assert_eq!(Edges::chebyshev(3, 4, 100).len(), 12 * 11 / 2);
        // The constructors never repeat a pair.
        let shells = Edges::chebyshev(5, 4, 2);
        assert!(Edges::list(20, shells.pairs().to_vec()).is_ok());
    }

    #[test]
    fn bad_edges_are_refused_with_their_reason() {
        let refuse = |pairs| Edges::list(3, pairs).unwrap_err();
        assert!(matches!(
            refuse(vec![(0, 3)]),
            EnergyError::EdgeOutOfRange { units: 3, .. }
        ));
        assert_eq!(refuse(vec![(1, 1)]), EnergyError::SelfLoop { unit: 1 });
        assert_eq!(
            refuse(vec![(0, 1), (1, 0)]).to_string(),
            "units 1 and 0 are joined twice; keep one edge for each pair"
        );
    }
}

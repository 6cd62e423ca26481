//! One network at several noise levels: which parameters the levels share.
//!
//! A substrate that denoises at every level keeps its wires and changes a few numbers from one level to
//! the next: the strength of each bus, the bias and stiffness of each unit. So the blocks of an energy's
//! layout are of three kinds:
//!
//! | kind | learned | in the vector that is learned |
//! |---|---|---|
//! | shared | yes, by all levels together | once |
//! | of each level | yes, by that level alone | once for each level, level by level |
//! | fixed | no | not at all |

use std::ops::Range;

use overdamped_energy::{EnergyError, Layout, Scalar};

use crate::LearnError;
use crate::error::positive;

/// The parameters of an energy at each of several levels, as one vector that is learned.
///
/// ```
/// use overdamped_energy::{Energy, SiteTerm, Sites};
/// use overdamped_learn::Conditioned;
///
/// // Two units: the wells are shared, each of three levels has its own bias.
/// let sites = Sites::new(2, &[SiteTerm::Bias, SiteTerm::Stiffness]);
/// let layout = Energy::<f64>::layout(&sites);
/// let levels = Conditioned::<f64>::new(&layout, 3, &["sites.bias"], &[])?;
/// let learned = levels.start(|level| vec![level as f64, 0.0, 1.0, 1.0])?;
/// assert_eq!(learned, [0.0, 0.0, 1.0, 0.0, 2.0, 0.0, 1.0, 1.0]);
/// assert_eq!(levels.at(&learned, 2)?, [2.0, 0.0, 1.0, 1.0]);
/// # Ok::<(), overdamped_learn::LearnError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Conditioned<T: Scalar> {
    levels: usize,
    parts: Vec<Part<T>>,
    /// Of the vector that is learned.
    layout: Layout,
    /// Parameters of the energy.
    parameters: usize,
}

/// A block of the energy, and where its values come from.
#[derive(Debug, Clone, PartialEq)]
struct Part<T> {
    /// Its place among the energy's parameters.
    place: Range<usize>,
    source: Source<T>,
}

#[derive(Debug, Clone, PartialEq)]
enum Source<T> {
    /// From here on in the learned vector.
    Shared(usize),
    /// The same, one run of values after another for each level.
    Level(usize),
    /// Not learned.
    Fixed(Vec<T>),
}

impl<T: Scalar> Part<T> {
    /// Its place in the learned vector at a level, if it is learned.
    fn learned(&self, level: usize) -> Option<Range<usize>> {
        let len = self.place.len();
        let start = match self.source {
            Source::Shared(start) => start,
            Source::Level(start) => start + level * len,
            Source::Fixed(_) => return None,
        };
        Some(start..start + len)
    }
}

impl<T: Scalar> Conditioned<T> {
    /// An energy of this layout at `levels` levels. The blocks named in `of_each_level` are learned for each
    /// level, those in `fixed` keep the values given; all others are shared.
    ///
    /// # Errors
    /// [`LearnError::Setting`] for no level; [`LearnError::Energy`] for a block that the layout does not
    /// have, or fixed values of another length or not finite.
    pub fn new(
        layout: &Layout,
        levels: usize,
        of_each_level: &[&str],
        fixed: &[(&str, Vec<T>)],
    ) -> Result<Self, LearnError> {
        positive("the number of noise levels", levels as f64)?;
        let named = of_each_level.iter().copied();
        for name in named.chain(fixed.iter().map(|(name, _)| *name)) {
            layout.range(name)?;
        }
        let mut learned = Layout::new();
        let mut parts = Vec::new();
        for (block, place) in layout.blocks() {
            let start = learned.len();
            let source = if let Some((_, values)) = fixed.iter().find(|(n, _)| *n == block.name) {
                Layout::new()
                    .with(&block.name, block.len, block.role)
                    .check(values)?;
                Source::Fixed(values.clone())
            } else if of_each_level.contains(&block.name.as_str()) {
                learned = learned.with(&block.name, levels * block.len, block.role);
                Source::Level(start)
            } else {
                learned = learned.with(&block.name, block.len, block.role);
                Source::Shared(start)
            };
            parts.push(Part { place, source });
        }
        Ok(Self {
            levels,
            parts,
            layout: learned,
            parameters: layout.len(),
        })
    }

    /// Number of levels.
    #[must_use]
    pub const fn levels(&self) -> usize {
        self.levels
    }

    /// Blocks of the vector that is learned.
    #[must_use]
    pub const fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Parameters of the energy at a level, from the learned vector.
    ///
    /// # Errors
    /// [`LearnError::Energy`] for a vector of another length or not finite, [`LearnError::Shape`] for
    /// a level that does not exist.
    pub fn at(&self, learned: &[T], level: usize) -> Result<Vec<T>, LearnError> {
        self.layout.check(learned)?;
        self.check_level(level)?;
        let mut parameters = vec![T::ZERO; self.parameters];
        for part in &self.parts {
            let slots = &mut parameters[part.place.clone()];
            match (&part.source, part.learned(level)) {
                (Source::Fixed(values), _) => slots.copy_from_slice(values),
                (_, Some(place)) => slots.copy_from_slice(&learned[place]),
                (_, None) => {}
            }
        }
        Ok(parameters)
    }

    /// Writes an energy's `parameters` at a level into the learned vector; fixed ones are left out.
    ///
    /// # Errors
    /// [`LearnError::Energy`] for lengths that do not fit, [`LearnError::Shape`] for the level.
    pub fn put(&self, learned: &mut [T], level: usize, parameters: &[T]) -> Result<(), LearnError> {
        self.each(learned, level, parameters, |slot, value| *slot = value)
    }

    /// Adds an energy's `gradient` at a level, times `weight`, to the gradient of the learned vector.
    ///
    /// # Errors
    /// As [`Conditioned::put`].
    pub fn add(
        &self,
        learned: &mut [T],
        level: usize,
        gradient: &[T],
        weight: T,
    ) -> Result<(), LearnError> {
        self.each(learned, level, gradient, |slot, slope| {
            *slot += weight * slope
        })
    }

    /// The learned vector in which each level has the energy's parameters that `parameters` says; what is
    /// shared is taken from the first.
    ///
    /// # Errors
    /// As [`Conditioned::put`].
    pub fn start(&self, parameters: impl Fn(usize) -> Vec<T>) -> Result<Vec<T>, LearnError> {
        let mut learned = vec![T::ZERO; self.layout.len()];
        for level in (0..self.levels).rev() {
            self.put(&mut learned, level, &parameters(level))?;
        }
        Ok(learned)
    }

    /// Pairs of a learned value and the energy's own at a level.
    fn each(
        &self,
        learned: &mut [T],
        level: usize,
        own: &[T],
        act: impl Fn(&mut T, T),
    ) -> Result<(), LearnError> {
        self.check_level(level)?;
        for (what, expected, found) in [
            ("the learned vector", self.layout.len(), learned.len()),
            ("the parameters of a level", self.parameters, own.len()),
        ] {
            if found != expected {
                let what = what.to_owned();
                return Err(EnergyError::Length {
                    what,
                    expected,
                    found,
                }
                .into());
            }
        }
        for part in &self.parts {
            if let Some(place) = part.learned(level) {
                let pairs = learned[place].iter_mut().zip(&own[part.place.clone()]);
                pairs.for_each(|(slot, &value)| act(slot, value));
            }
        }
        Ok(())
    }

    fn check_level(&self, level: usize) -> Result<(), LearnError> {
        if level < self.levels {
            return Ok(());
        }
        Err(LearnError::Shape {
            what: "noise levels, counted from 0,",
            expected: self.levels,
            found: level,
        })
    }
}

#[cfg(test)]
mod tests {
    use overdamped_energy::Role;

    use super::*;

    fn layout() -> Layout {
        Layout::new()
            .with("bias", 2, Role::Amplitude)
            .with("trap", 1, Role::Amplitude)
            .with("wires", 2, Role::Shape)
    }

    fn levels() -> Conditioned<f64> {
        Conditioned::new(&layout(), 2, &["bias"], &[("trap", vec![9.0])]).unwrap()
    }

    #[test]
    fn levels_share_wires_and_have_biases_of_their_own() {
        let levels = levels();
        let names: Vec<_> = levels
            .layout()
            .blocks()
            .map(|(b, r)| (b.name.clone(), r))
            .collect();
        assert_eq!(
            names,
            [("bias".to_owned(), 0..4), ("wires".to_owned(), 4..6)]
        );
        let mut learned = vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        assert_eq!(levels.at(&learned, 0).unwrap(), [1.0, 2.0, 9.0, 5.0, 6.0]);
        assert_eq!(levels.at(&learned, 1).unwrap(), [3.0, 4.0, 9.0, 5.0, 6.0]);
        levels
            .put(&mut learned, 1, &[0.5, 0.6, 0.7, 0.8, 0.9])
            .unwrap();
        assert_eq!(learned, [1.0, 2.0, 0.5, 0.6, 0.8, 0.9]);
    }

    // The gradient is the transpose of `at`: <at(d), g> = <d, add(g)> for any d without the fixed part.
    #[test]
    fn gradients_go_back_the_way_that_values_came() {
        let levels = levels();
        let direction = [0.3, -0.2, 0.5, 0.7, -0.1, 0.4];
        let own = [1.0, 2.0, 3.0, 4.0, 5.0];
        for level in 0..2 {
            let spread = levels.at(&direction, level).unwrap();
            let forward: f64 = (0..5).filter(|i| *i != 2).map(|i| spread[i] * own[i]).sum();
            let mut gradient = [0.0; 6];
            levels.add(&mut gradient, level, &own, 2.0).unwrap();
            let back: f64 = gradient.iter().zip(&direction).map(|(a, b)| a * b).sum();
            assert!((back - 2.0 * forward).abs() < 1e-14);
        }
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let refusal =
            |result: Result<Conditioned<f64>, LearnError>| result.unwrap_err().to_string();
        let unknown = refusal(Conditioned::new(&layout(), 2, &["bais"], &[]));
        assert!(
            unknown.contains("`bais`") && unknown.contains("bias, trap, wires"),
            "{unknown}"
        );
        let none = refusal(Conditioned::new(&layout(), 0, &[], &[]));
        assert!(none.contains("the number of noise levels is 0"), "{none}");
        let short = refusal(Conditioned::new(&layout(), 1, &[], &[("wires", vec![1.0])]));
        assert!(short.contains("needs 2 values, but 1"), "{short}");
        let level = levels().at(&[0.0; 6], 2).unwrap_err().to_string();
        assert!(level.contains("noise levels"), "{level}");
        assert!(levels().put(&mut [0.0; 6], 0, &[0.0]).is_err());
        assert!(levels().at(&[f64::NAN; 6], 0).is_err());
    }
}

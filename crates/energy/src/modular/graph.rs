//! The graph of the modules: who is joined with whom, near and far.

use super::{Coupling, Modular};

impl Coupling {
    /// The module at the other end, if `module` is at one.
    fn partner(&self, module: usize) -> Option<usize> {
        match self.modules {
            (l, m) if l == module => Some(m),
            (l, m) if m == module => Some(l),
            _ => None,
        }
    }
}

impl Modular {
    /// Modules joined with a module.
    pub(super) fn neighbours(&self, module: usize) -> impl Iterator<Item = usize> {
        let couplings = self.couplings.iter();
        couplings.filter_map(move |coupling| coupling.partner(module))
    }

    /// How many couplings away from a module each one is, if the way there leads through
    /// modules that pass signals on.
    pub(super) fn distances(
        &self,
        from: usize,
        passes: impl Fn(usize) -> bool,
    ) -> Vec<Option<usize>> {
        let mut distances = vec![None; self.modules.len()];
        let mut front = Vec::new();
        if let Some(own) = distances.get_mut(from) {
            *own = Some(0);
            front.push(from);
        }
        for distance in 1.. {
            if front.is_empty() {
                break;
            }
            let mut next = Vec::new();
            for module in front {
                for neighbour in self.neighbours(module) {
                    if distances[neighbour].is_none() {
                        distances[neighbour] = Some(distance);
                        next.extend(passes(neighbour).then_some(neighbour));
                    }
                }
            }
            front = next;
        }
        distances
    }

    /// The connected components of the graph of these modules alone, each in ascending order,
    /// as are the components. Modules that do not exist are left out.
    #[must_use]
    pub fn components(&self, modules: &[usize]) -> Vec<Vec<usize>> {
        let mut components: Vec<Vec<usize>> = Vec::new();
        for module in 0..self.modules.len() {
            let known = components.iter().any(|known| known.contains(&module));
            if known || !modules.contains(&module) {
                continue;
            }
            let distances = self.distances(module, |module| modules.contains(&module));
            let among = distances.iter().enumerate();
            let among =
                among.filter(|(other, distance)| distance.is_some() && modules.contains(other));
            components.push(among.map(|(other, _)| other).collect());
        }
        components
    }

    /// Whether what happens at module `from` is felt at module `to`: whether couplings lead there
    /// through modules that move. A clamped module on the way passes nothing on. A module reaches itself.
    #[must_use]
    pub fn reaches(&self, from: usize, to: usize, moving: &[usize]) -> bool {
        let distances = self.distances(from, |module| moving.contains(&module));
        distances.get(to).is_some_and(Option::is_some)
    }

    /// Colours such that no two modules that are joined have the same one: each module in turn takes
    /// the first that its neighbours leave. A chain needs two.
    pub(super) fn colours(&self) -> Vec<usize> {
        let mut colours = vec![usize::MAX; self.modules.len()];
        for module in 0..colours.len() {
            let free = (0..).find(|&c| self.neighbours(module).all(|other| colours[other] != c));
            colours[module] = free.unwrap_or(module);
        }
        colours
    }
}

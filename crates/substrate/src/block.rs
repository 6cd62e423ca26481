//! A block of chains and the explicit steps that move it.

use faer::{Mat, MatRef};
use overdamped_energy::{Potential, Scalar};
use rand::RngExt;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

use crate::stream::{self, Stream};
use crate::{Integrator, Ledger, Observe, Settings, SubstrateError};

/// How the units move during one slice: number and size of steps, drift and noise scales.
#[derive(Debug, Clone)]
pub(crate) struct Motion<T> {
    steps: u64,
    step: f64,
    integrator: Integrator,
    walls: Option<T>,
    mobility: Vec<f64>,
    /// mu h, for each unit.
    drift: Vec<T>,
    /// sqrt(2 mu kT h), for each unit.
    noise: Vec<T>,
    cold: bool,
}

impl<T: Scalar> Motion<T> {
    pub(crate) fn new(
        settings: &Settings,
        mobility: &[f64],
        temperature: &[f64],
        steps: u64,
        step: f64,
    ) -> Self {
        let pairs = mobility.iter().zip(temperature);
        Self {
            steps,
            step,
            integrator: settings.integrator,
            walls: settings.walls.map(T::of),
            mobility: mobility.to_vec(),
            drift: mobility.iter().map(|m| T::of(m * step)).collect(),
            noise: pairs
                .map(|(m, t)| T::of((2.0 * m * t * step).sqrt()))
                .collect(),
            cold: temperature.iter().all(|&t| t == 0.0),
        }
    }
}

/// A chain of a block that left the finite numbers.
pub(crate) struct Divergence {
    unit: usize,
    chain: usize,
    step: u64,
}

impl Divergence {
    pub(crate) const fn in_block(self, first_chain: u64) -> SubstrateError {
        SubstrateError::Diverged {
            unit: self.unit,
            chain: first_chain as usize + self.chain,
            step: self.step,
        }
    }
}

/// Matrix products take other paths, with other rounding, for a few columns than for many;
/// states are padded to a multiple of this, so that a chain's bits do not depend on its batch.
const LANES: usize = 16;

/// Chains that run together. Columns beyond the last chain are padding and stay zero.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub(crate) struct Block<T: Scalar> {
    #[serde(with = "columns")]
    states: Mat<T>,
    /// The draw of the previous step, for Leimkuhler-Matthews; else without columns.
    #[serde(with = "columns")]
    memory: Mat<T>,
    first_chain: u64,
    streams: Vec<Stream>,
    clock: u64,
    ledger: Ledger,
}

impl<T: Scalar> Block<T> {
    pub(crate) fn new(states: MatRef<'_, T>, seed: u64, first_chain: u64, remembers: bool) -> Self {
        let chains = states.ncols();
        let mut padded = Mat::zeros(states.nrows(), chains.next_multiple_of(LANES));
        padded.subcols_mut(0, chains).copy_from(states);
        let mut block = Self {
            states: padded,
            memory: Mat::zeros(states.nrows(), if remembers { chains } else { 0 }),
            first_chain,
            streams: vec![stream::of(seed, first_chain); chains],
            clock: 0,
            ledger: Ledger::new(chains),
        };
        block.reseed(seed);
        block
    }

    /// Whether the parts of a deserialised block agree with each other and with its substrate.
    pub(crate) fn fits(&self, units: usize, remembers: bool) -> bool {
        let chains = self.chains();
        let heat = self.ledger.unit_heat.len();
        chains > 0
            && self.states.nrows() == units
            && self.states.ncols() == chains.next_multiple_of(LANES)
            && self.memory.nrows() == units
            && self.memory.ncols() == if remembers { chains } else { 0 }
            && self.ledger.work.len() == chains
            && self.ledger.heat.len() == chains
            && (heat == 0 || heat == units)
            && self
                .states
                .col_iter()
                .all(|chain| chain.iter().all(|x| x.finite()))
    }

    /// New noise for every chain, from the seed and the chain's own number.
    pub(crate) fn reseed(&mut self, seed: u64) {
        for (stream, chain) in self.streams.iter_mut().zip(self.first_chain..) {
            *stream = stream::of(seed, chain);
        }
        for chain in 0..self.memory.ncols() {
            let stream = &mut self.streams[chain];
            for slot in self.memory.col_as_slice_mut(chain) {
                *slot = T::of(stream.sample(StandardNormal));
            }
        }
    }

    /// Number of its first chain.
    pub(crate) const fn first_chain(&self) -> u64 {
        self.first_chain
    }

    pub(crate) fn chains(&self) -> usize {
        self.streams.len()
    }

    /// The states of the chains (units x chains).
    pub(crate) fn states(&self) -> MatRef<'_, T> {
        self.states.subcols(0, self.chains())
    }

    /// Energy of each chain.
    pub(crate) fn energies(&self, potential: &dyn Potential<T>) -> Vec<f64> {
        let mut energies = potential.energy(self.states.as_ref());
        energies.truncate(self.chains());
        energies
    }

    /// Force on each unit of each chain (units x chains).
    pub(crate) fn force(&self, potential: &dyn Potential<T>) -> Mat<T> {
        let mut forces = potential.force(self.states.as_ref());
        forces.truncate(forces.nrows(), self.chains());
        forces
    }

    pub(crate) const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Largest |F| on any mobile unit, for each chain.
    pub(crate) fn residuals(&self, potential: &dyn Potential<T>, mobility: &[f64]) -> Vec<f64> {
        let forces = self.force(potential);
        let residual = |chain: usize| {
            let units = forces.col_as_slice(chain).iter().zip(mobility);
            let mobile = units.filter(|(_, mobility)| **mobility > 0.0);
            mobile.fold(0.0, |most, (force, _)| f64::max(most, force.wide().abs()))
        };
        (0..self.chains()).map(residual).collect()
    }

    /// Books the work of switching between potentials at fixed states.
    pub(crate) fn switch(&mut self, old: &dyn Potential<T>, new: &dyn Potential<T>) {
        let (old, new) = (self.energies(old), self.energies(new));
        for (work, (old, new)) in self.ledger.work.iter_mut().zip(old.iter().zip(new)) {
            *work += new - old;
        }
    }

    /// Refuses a step size that is certainly unstable at the first chain's state.
    pub(crate) fn check_stability(
        &self,
        potential: &dyn Potential<T>,
        motion: &Motion<T>,
    ) -> Result<(), SubstrateError> {
        if motion.steps == 0 {
            return Ok(());
        }
        let rate = potential.largest_rate(self.states.col_as_slice(0), &motion.mobility);
        let bound = 2.0 / rate;
        if rate > 0.0 && motion.step > bound {
            return Err(SubstrateError::UnstableStep {
                step: motion.step,
                bound,
                rate,
            });
        }
        Ok(())
    }

    /// All steps of one slice.
    pub(crate) fn evolve(
        &mut self,
        potential: &dyn Potential<T>,
        motion: &Motion<T>,
        observe: Observe,
    ) -> Result<(), Divergence> {
        let before = (observe != Observe::Nothing).then(|| self.energies(potential));
        let mut forces = potential.force(self.states.as_ref());
        for step in 0..motion.steps {
            let old = (observe == Observe::UnitHeat).then(|| (self.states.clone(), forces.clone()));
            self.step(&forces, motion)?;
            let last = step + 1 == motion.steps;
            if !last || old.is_some() {
                forces.fill(T::ZERO);
                potential.add_force(self.states.as_ref(), forces.as_mut());
            }
            if let Some((states, old_forces)) = old {
                self.book_unit_heat(&states, &old_forces, &forces);
            }
        }
        if let Some(before) = before {
            let after = self.energies(potential);
            let changes = before.iter().zip(after);
            for (heat, (before, after)) in self.ledger.heat.iter_mut().zip(changes) {
                *heat += after - before;
            }
        }
        Ok(())
    }

    fn step(&mut self, forces: &Mat<T>, motion: &Motion<T>) -> Result<(), Divergence> {
        let half = T::of(0.5);
        for chain in 0..self.chains() {
            let states = self.states.col_as_slice_mut(chain);
            let forces = forces.col_as_slice(chain);
            for ((x, &force), &drift) in states.iter_mut().zip(forces).zip(&motion.drift) {
                *x += drift * force;
            }
            let stream = &mut self.streams[chain];
            if !motion.cold {
                let mut draw = || T::of(stream.sample(StandardNormal));
                match motion.integrator {
                    Integrator::EulerMaruyama => {
                        for (x, &noise) in states.iter_mut().zip(&motion.noise) {
                            *x += noise * draw();
                        }
                    }
                    Integrator::LeimkuhlerMatthews => {
                        let memory = self.memory.col_as_slice_mut(chain);
                        for ((x, &noise), old) in states.iter_mut().zip(&motion.noise).zip(memory) {
                            let new = draw();
                            *x += noise * (half * (*old + new));
                            *old = new;
                        }
                    }
                }
            }
            // NaN fails every comparison, so that walls do not hide a divergence.
            if let Some(unit) = states.iter().position(|x| !x.finite()) {
                return Err(Divergence {
                    unit,
                    chain,
                    step: self.clock,
                });
            }
            if let Some(walls) = motion.walls {
                for x in states {
                    *x = if *x > walls {
                        walls
                    } else if *x < -walls {
                        -walls
                    } else {
                        *x
                    };
                }
            }
        }
        self.clock += 1;
        Ok(())
    }

    /// Heat drawn by each unit, -(F + F') / 2 . dx (Stratonovich).
    fn book_unit_heat(&mut self, states: &Mat<T>, old: &Mat<T>, new: &Mat<T>) {
        self.ledger.unit_heat.resize(states.nrows(), 0.0);
        for chain in 0..self.chains() {
            for unit in 0..states.nrows() {
                let at = (unit, chain);
                let force = 0.5 * (old[at].wide() + new[at].wide());
                let moved = self.states[at].wide() - states[at].wide();
                self.ledger.unit_heat[unit] -= force * moved;
            }
        }
    }
}

/// Matrices as (rows, values column by column).
mod columns {
    use faer::Mat;
    use overdamped_energy::Scalar;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<T: Scalar, S: Serializer>(
        matrix: &Mat<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let values: Vec<T> = matrix
            .col_iter()
            .flat_map(|col| col.iter().copied().collect::<Vec<_>>())
            .collect();
        (matrix.nrows(), matrix.ncols(), values).serialize(serializer)
    }

    pub(super) fn deserialize<'de, T: Scalar, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Mat<T>, D::Error> {
        let (rows, cols, values) = <(usize, usize, Vec<T>)>::deserialize(deserializer)?;
        if rows.checked_mul(cols) != Some(values.len()) {
            return Err(D::Error::custom("a matrix has another size than it states"));
        }
        Ok(Mat::from_fn(rows, cols, |row, col| {
            values[col * rows + row]
        }))
    }
}

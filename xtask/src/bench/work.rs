//! The works that are timed: energies with random couplings, written down for every implementation.
//!
//! E(x) = sum_i (k x_i^2 / 2 + q x_i^4 / 4) - x^T J x / 2
//!
//! with k = 1, q = 1/2, kT = 1, mobility 1 and steps of 0.01 from x = 0. Only J differs.

use std::path::Path;
use std::sync::Arc;

use npyz::WriterBuilder as _;
use overdamped_energy::{Edges, Energy, LowRank, PairTerm, Pairs, SiteTerm, Sites, Sum};
use rand::SeedableRng as _;
use rand_distr::{Distribution as _, Normal};
use rand_pcg::Pcg64Mcg;
use serde_json::json;

use crate::export;

/// Time step, in units of 1 / (mobility x stiffness).
pub const TIME_STEP: f64 = 0.01;
/// Chains of a work, unless chains are what is varied.
pub const CHAINS: usize = 4096;
const STIFFNESS: f32 = 1.0;
const QUARTIC: f32 = 0.5;
/// Standard deviation of a coupling between neighbours on a lattice.
const BOND: f32 = 0.3;

/// One energy, programmed.
pub struct Work {
    /// Segment of its ids.
    pub name: String,
    /// One line for people.
    pub about: String,
    /// The energy.
    pub energy: Arc<dyn Energy<f32>>,
    /// Its parameters.
    pub parameters: Vec<f32>,
    /// Number of units.
    pub units: usize,
    /// Multiply-adds that its couplings need for each unit-step.
    pub multiply_adds: f64,
    /// Steps from x = 0 after which implementations are compared.
    pub steps: u64,
    seed: u64,
    kind: Kind,
}

/// The couplings as the peers read them; none where they have no such kind.
enum Kind {
    Dense(Vec<f32>),
    Lattice { rows: usize, columns: usize },
    LowRank { rank: usize },
    Unshared,
}

impl Work {
    /// All units coupled to each other, J_ij from N(0, 0.09 / n).
    ///
    /// # Errors
    /// None for positive `units`; the energies check themselves.
    pub fn dense(name: &str, units: usize, seed: u64) -> anyhow::Result<Self> {
        Self::dense_with(name, units, seed, QUARTIC)
    }

    /// The same without quartic terms: an Ornstein-Uhlenbeck process.
    ///
    /// # Errors
    /// As [`Work::dense`].
    pub fn linear(name: &str, units: usize, seed: u64) -> anyhow::Result<Self> {
        Self::dense_with(name, units, seed, 0.0)
    }

    fn dense_with(name: &str, units: usize, seed: u64, quartic: f32) -> anyhow::Result<Self> {
        let pairs = Pairs::dense_bilinear(units);
        let couplings = normals(seed, pairs.edges().len(), BOND / (units as f32).sqrt());
        let mut matrix = vec![0.0; units * units];
        for (&(i, j), &coupling) in pairs.edges().pairs().iter().zip(&couplings) {
            matrix[i * units + j] = coupling;
            matrix[j * units + i] = coupling;
        }
        let about = if quartic == 0.0 {
            format!("{units} units without quartic terms, all coupled")
        } else {
            format!("{units} units, all coupled to each other")
        };
        Ok(Self {
            multiply_adds: (units - 1) as f64,
            kind: Kind::Dense(matrix),
            ..Self::coupled(name, about, pairs, couplings, quartic, seed)?
        })
    }

    /// Neighbours on a square lattice with open borders, each bond from N(0, 0.09).
    ///
    /// # Errors
    /// As [`Work::dense`].
    pub fn lattice(name: &str, side: usize, seed: u64) -> anyhow::Result<Self> {
        let edges = Edges::four_neighbour(side, side);
        let kind = Kind::Lattice {
            rows: side,
            columns: side,
        };
        let about = format!("{side} x {side} lattice, four neighbours");
        Self::of_edges(name, about, edges, kind, seed)
    }

    /// All pairs within Chebyshev distance `radius` on a square lattice.
    ///
    /// # Errors
    /// As [`Work::dense`].
    pub fn shells(name: &str, side: usize, radius: usize, seed: u64) -> anyhow::Result<Self> {
        let edges = Edges::chebyshev(side, side, radius);
        let about = format!("{side} x {side} lattice, {radius} shells of neighbours");
        Self::of_edges(name, about, edges, Kind::Unshared, seed)
    }

    fn of_edges(
        name: &str,
        about: String,
        edges: Edges,
        kind: Kind,
        seed: u64,
    ) -> anyhow::Result<Self> {
        let (units, bonds) = (edges.units(), edges.len());
        // Crowded neighbourhoods get weaker bonds, so that no unit is pulled apart.
        let degree = (2 * bonds) as f32 / units as f32;
        let couplings = normals(seed, bonds, BOND * (4.0 / degree.max(4.0)).sqrt());
        let pairs = Pairs::new(edges, &[PairTerm::Bilinear]);
        Ok(Self {
            multiply_adds: 2.0 * bonds as f64 / units as f64,
            kind,
            ..Self::coupled(name, about, pairs, couplings, QUARTIC, seed)?
        })
    }

    /// J = U diag(s) U^T with `rank` columns u from N(0, 1 / n) and s = 1/2.
    ///
    /// # Errors
    /// As [`Work::dense`].
    pub fn low_rank(name: &str, units: usize, rank: usize, seed: u64) -> anyhow::Result<Self> {
        let mut parameters = vec![0.5; rank];
        parameters.extend(normals(seed, rank * units, 1.0 / (units as f32).sqrt()));
        let about = format!("{units} units, coupling of rank {rank}");
        Ok(Self {
            multiply_adds: 2.0 * rank as f64,
            kind: Kind::LowRank { rank },
            ..Self::coupled(
                name,
                about,
                LowRank::new(units, rank),
                parameters,
                QUARTIC,
                seed,
            )?
        })
    }

    fn coupled(
        name: &str,
        about: String,
        coupling: impl Energy<f32> + 'static,
        couplings: Vec<f32>,
        quartic: f32,
        seed: u64,
    ) -> anyhow::Result<Self> {
        let units = coupling.units();
        let sites = Sites::new(units, &[SiteTerm::Stiffness, SiteTerm::Quartic]);
        let mut parameters = vec![STIFFNESS; units];
        parameters.extend(std::iter::repeat_n(quartic, units));
        parameters.extend(couplings);
        Ok(Self {
            name: name.to_owned(),
            about,
            energy: Arc::new(Sum::of(sites)?.and(coupling)?),
            parameters,
            units,
            multiply_adds: 0.0,
            // The larger works have the finer averages. Peers try a quarter of it in many layouts.
            steps: if units > 256 { 12 } else { 40 },
            seed,
            kind: Kind::Unshared,
        })
    }

    /// Writes the folder that the peers read: `work.json` and one array for each parameter.
    ///
    /// # Errors
    /// If the file system refuses, or the peers have no such kind of coupling.
    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let (sites, couplings) = self.parameters.split_at(2 * self.units);
        let (stiffness, quartic) = sites.split_at(self.units);
        let (kind, rows, columns) = match &self.kind {
            Kind::Dense(matrix) => {
                write_array(folder, "coupling", matrix, &[self.units, self.units])?;
                ("dense", 0, 0)
            }
            &Kind::Lattice { rows, columns } => {
                // Edges come offset by offset, each in row-major order.
                let (across, down) = couplings.split_at(rows * (columns - 1));
                write_array(folder, "horizontal", across, &[rows, columns - 1])?;
                write_array(folder, "vertical", down, &[rows - 1, columns])?;
                ("lattice", rows, columns)
            }
            &Kind::LowRank { rank } => {
                let (strengths, shapes) = couplings.split_at(rank);
                let factors: Vec<f32> = (0..self.units)
                    .flat_map(|unit| (0..rank).map(move |mode| shapes[mode * self.units + unit]))
                    .collect();
                write_array(folder, "strengths", strengths, &[rank])?;
                write_array(folder, "factors", &factors, &[self.units, rank])?;
                ("low_rank", 0, 0)
            }
            Kind::Unshared => anyhow::bail!("the peers have no work like {}", self.name),
        };
        write_array(folder, "stiffness", stiffness, &[self.units])?;
        write_array(folder, "quartic", quartic, &[self.units])?;
        let header = json!({
            "name": self.name, "kind": kind, "units": self.units, "rows": rows,
            "columns": columns, "chains": CHAINS, "steps": self.steps,
            "time_step": TIME_STEP, "temperature": 1.0, "seed": self.seed,
        });
        export::atomic::write(&folder.join("work.json"), |out| {
            serde_json::to_writer_pretty(out, &header).map_err(Into::into)
        })?;
        Ok(())
    }
}

/// `count` draws from N(0, deviation^2).
fn normals(seed: u64, count: usize, deviation: f32) -> Vec<f32> {
    let mut random = Pcg64Mcg::seed_from_u64(seed);
    // A positive finite deviation always makes a distribution.
    Normal::new(0.0, deviation).map_or_else(
        |_| vec![0.0; count],
        |normal| (0..count).map(|_| normal.sample(&mut random)).collect(),
    )
}

/// Writes `folder/name.npy` in C order.
fn write_array(folder: &Path, name: &str, values: &[f32], shape: &[usize]) -> anyhow::Result<()> {
    let shape: Vec<u64> = shape.iter().map(|&length| length as u64).collect();
    export::atomic::write(&folder.join(format!("{name}.npy")), |out| {
        let mut array = npyz::WriteOptions::<f32>::new()
            .default_dtype()
            .shape(&shape)
            .writer(out)
            .begin_nd()?;
        array.extend(values.iter().copied())?;
        array.finish()
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(folder: &Path, name: &str) -> (Vec<u64>, Vec<f32>) {
        let bytes = std::fs::read(folder.join(format!("{name}.npy"))).unwrap();
        let file = npyz::NpyFile::new(&bytes[..]).unwrap();
        (file.shape().to_vec(), file.into_vec::<f32>().unwrap())
    }

    /// -x^T J x / 2 of the energy itself, at a state.
    fn coupling_energy(work: &Work, state: &[f32]) -> f64 {
        let column = faer::Mat::from_fn(work.units, 1, |unit, _| state[unit]);
        let total = work.energy.bind(&work.parameters).unwrap();
        let sites = state.iter().map(|&x| f64::from(x));
        let sites: f64 = sites.map(|x| x.powi(2) / 2.0 + 0.5 * x.powi(4) / 4.0).sum();
        total.energy(column.as_ref())[0] - sites
    }

    // A transposed array or bonds in another order would give the peers another energy, which the
    // statistics might be too coarse to see.
    #[test]
    fn the_written_arrays_are_the_energy() {
        let folder = tempfile::tempdir().unwrap();
        let state: Vec<f32> = (0..12).map(|unit| (unit as f32 * 0.7).sin()).collect();
        let x = |unit: usize| f64::from(state[unit]);

        let dense = Work::dense("dense", 12, 1).unwrap();
        dense.write(&folder.path().join("d")).unwrap();
        let (shape, matrix) = read(&folder.path().join("d"), "coupling");
        assert_eq!(shape, [12, 12]);
        let pairs = (0..12).flat_map(|i| (0..12).map(move |j| (i, j)));
        let energy: f64 = pairs
            .map(|(i, j)| x(i) * x(j) * f64::from(matrix[12 * i + j]))
            .sum();
        assert!((coupling_energy(&dense, &state) + energy / 2.0).abs() < 1e-5);

        let lattice = Work::lattice("lattice", 3, 1).unwrap();
        lattice.write(&folder.path().join("l")).unwrap();
        let ((wide, across), (tall, down)) = (
            read(&folder.path().join("l"), "horizontal"),
            read(&folder.path().join("l"), "vertical"),
        );
        assert_eq!((wide, tall), (vec![3, 2], vec![2, 3]));
        let mut energy = 0.0;
        for row in 0..3 {
            for column in 0..2 {
                let at = 3 * row + column;
                energy -= x(at) * x(at + 1) * f64::from(across[2 * row + column]);
            }
        }
        for (at, &bond) in down.iter().enumerate() {
            energy -= x(at) * x(at + 3) * f64::from(bond);
        }
        assert!((coupling_energy(&lattice, &state[..9]) - energy).abs() < 1e-5);

        let modes = Work::low_rank("modes", 12, 2, 1).unwrap();
        modes.write(&folder.path().join("r")).unwrap();
        let (shape, factors) = read(&folder.path().join("r"), "factors");
        let strengths = read(&folder.path().join("r"), "strengths").1;
        assert_eq!(shape, [12, 2]);
        let energy: f64 = (0..2)
            .map(|mode| {
                let along: f64 = (0..12)
                    .map(|i| x(i) * f64::from(factors[2 * i + mode]))
                    .sum();
                -f64::from(strengths[mode]) * along * along / 2.0
            })
            .sum();
        assert!((coupling_energy(&modes, &state) - energy).abs() < 1e-5);
    }

    #[test]
    fn couplings_are_counted_and_confined() {
        let works = [
            (Work::dense("a", 144, 1), 143.0),
            (Work::lattice("b", 12, 1), 2.0 * 264.0 / 144.0),
            (Work::low_rank("c", 144, 8, 1), 16.0),
        ];
        for (work, expected) in works {
            let work = work.unwrap();
            assert_eq!(work.multiply_adds, expected, "{}", work.name);
            let potential = work.energy.bind(&work.parameters).unwrap();
            assert!(potential.check_confinement().is_ok(), "{}", work.name);
        }
        let shells = Work::shells("d", 12, 4, 1).unwrap();
        let folder = tempfile::tempdir().unwrap();
        assert!(shells.write(folder.path()).is_err());
    }
}

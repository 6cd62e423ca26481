//! A trained protocol: sampling, films of a sample being drawn, and files.

use std::path::Path;

use anyhow::Context as _;
use faer::Mat;
use overdamped_learn::{Interval, Noising};
use overdamped_substrate::{
    Acts, Metered, PerUnit, Protocol, Settings, SimulatedSubstrate, Slice, Substrate, TimeStep,
    stream,
};
use rand::RngExt;
use rand_distr::StandardNormal;

use super::network::{Network, WALLS};
use crate::export::model::Model;

/// Steps in each slice: at 16, a finer step changes no metric beyond its error.
const STEPS: usize = 16;

/// A network and the parameters that drive it from noise to data.
#[derive(Debug, Clone)]
pub struct Generator {
    /// The oscillators and springs.
    pub network: Network,
    /// Slices, noisiest first.
    pub schedule: Vec<Interval>,
    /// Denoiser-form parameters of each slice.
    pub parameters: Vec<Vec<f32>>,
}

impl Generator {
    /// The driving protocol: each slice for its span of noising time, then one
    /// with the bath switched off, in which the noise that the last slice left dies out.
    ///
    /// # Errors
    /// If parameters and network disagree.
    pub fn protocol(&self) -> anyhow::Result<Protocol<f32>> {
        let layout = self.network.energy()?.layout();
        let visible = self.network.visible();
        let mut slices = Vec::with_capacity(self.schedule.len() + 1);
        for (interval, parameters) in self.schedule.iter().zip(&self.parameters) {
            let denoiser = Noising::default().denoiser(interval.middle);
            let driving = denoiser.driving(&layout, parameters, &visible)?;
            slices.push(Slice::new(interval.duration(), driving));
        }
        let last = slices.last().context("the protocol has no slice")?;
        let cold = Slice {
            duration: self.schedule[self.schedule.len() - 1].clean,
            temperature: Some(PerUnit::Uniform(0.0)),
            parameters: last.parameters.clone(),
        };
        slices.push(cold);
        Ok(Protocol::new(slices)?)
    }

    /// `count` samples (pixels x samples) drawn from noise by the substrate, with the counts of
    /// what it did. `label` is the value at which a label oscillator is held.
    ///
    /// # Errors
    /// If the dynamics fail.
    pub fn sample(
        &self,
        count: usize,
        seed: u64,
        label: Option<&[f32]>,
    ) -> anyhow::Result<(Mat<f32>, Acts)> {
        let settings = self.settings();
        let simulated = SimulatedSubstrate::new(self.network.energy()?, settings.clone())?;
        let mut substrate = Metered::new(simulated, &settings)?;
        let pixels = self.sample_on(&mut substrate, count, seed, label)?;
        Ok((pixels, substrate.into_parts().1))
    }

    /// The same on a substrate of these [`settings`](Self::settings).
    ///
    /// # Errors
    /// As [`Generator::sample`].
    pub fn sample_on(
        &self,
        substrate: &mut impl Substrate<f32>,
        count: usize,
        seed: u64,
        label: Option<&[f32]>,
    ) -> anyhow::Result<Mat<f32>> {
        let start = self.noise(count, seed, label)?;
        substrate.prepare(start.as_ref(), stream::derive(seed, 1))?;
        substrate.run(&self.protocol()?)?;
        let states = substrate.read()?;
        Ok(states.subrows(0, self.network.pixels()).to_owned())
    }

    /// The states (pixels x samples) at the start and after each of the given numbers of slices.
    ///
    /// # Errors
    /// As [`Generator::sample`].
    pub fn film(
        &self,
        count: usize,
        seed: u64,
        label: Option<&[f32]>,
        stops: &[usize],
    ) -> anyhow::Result<Vec<Mat<f32>>> {
        let mut substrate = SimulatedSubstrate::new(self.network.energy()?, self.settings())?;
        let start = self.noise(count, seed, label)?;
        substrate.prepare(start.as_ref(), stream::derive(seed, 1))?;
        let pixels = self.network.pixels();
        let mut frames = vec![start.subrows(0, pixels).to_owned()];
        let slices = self.protocol()?.slices().to_vec();
        let mut done = 0;
        for &stop in stops {
            let stop = stop.min(slices.len());
            if stop > done {
                substrate.run(&Protocol::new(slices[done..stop].to_vec())?)?;
                done = stop;
            }
            frames.push(substrate.read()?.subrows(0, pixels).to_owned());
        }
        Ok(frames)
    }

    /// The bath, and the steps in which it is simulated.
    pub fn settings(&self) -> Settings {
        let network = &self.network;
        let mobility = (0..network.units())
            .map(|unit| if unit < network.pixels() { 1.0 } else { 0.0 })
            .collect();
        Settings {
            mobility: PerUnit::Each(mobility),
            time_step: TimeStep::PerSlice(STEPS),
            walls: Some(WALLS),
            ..Settings::default()
        }
    }

    /// States to start from (units x count): noise, and the label where there is one.
    fn noise(&self, count: usize, seed: u64, label: Option<&[f32]>) -> anyhow::Result<Mat<f32>> {
        let network = &self.network;
        let deviation = Noising::default().prior_deviation() as f32;
        let mut start = Mat::zeros(network.units(), count);
        for chain in 0..count {
            let mut stream = stream::of(stream::derive(seed, 2), chain as u64);
            for unit in 0..network.pixels() {
                start[(unit, chain)] = deviation * stream.sample::<f32, _>(StandardNormal);
            }
            if network.label {
                let labels = label.context("this network needs a label to hold")?;
                start[(network.pixels(), chain)] = labels[chain % labels.len()];
            }
        }
        Ok(start)
    }

    /// Writes the protocol as safetensors: one row of denoiser-form parameters for each slice.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        let layout = self.network.energy()?.layout();
        let slices = self.schedule.len();
        let mut model = Model::new(&self.network.topology())
            .describe(
                "form",
                "denoiser: E = (2 kT / sigma^2 - k0) |x|^2 / 2 + (2 kT a / sigma^2) E'",
            )
            .describe("walls", WALLS);
        for (block, range) in layout.blocks() {
            let values = self
                .parameters
                .iter()
                .flat_map(|slice| &slice[range.clone()]);
            model = model.f32(&block.name, &[slices, block.len], values.copied().collect())?;
        }
        for (name, value) in [
            (
                "schedule.noisy",
                (|i: &Interval| i.noisy) as fn(&Interval) -> f64,
            ),
            ("schedule.clean", |i| i.clean),
            ("schedule.fitted_at", |i| i.middle.time),
        ] {
            let times = self.schedule.iter().map(value).collect();
            model = model.f64(name, &[slices], times)?;
        }
        model.write(path)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use overdamped_energy::{Edges, PairTerm};
    use overdamped_learn::Examples;

    use super::super::exact;
    use super::super::network::CUBIC_QUARTIC;
    use super::*;
    use crate::data::embedded;
    use crate::experiments::Interrupt;
    use crate::experiments::testing::quantised;

    fn plain() -> Generator {
        let ones = embedded::digits(1).unwrap().train.of_classes(&[0]);
        let edges = Edges::all_to_all(144);
        let network = Network::new(12, &CUBIC_QUARTIC, edges, &[PairTerm::Bilinear]);
        let schedule = Noising::default().schedule(0.003, 4.0, 12).unwrap();
        let examples = Examples::new(ones.pixels).unwrap();
        let log = exact::Log {
            label: "test",
            interrupt: &Interrupt::default(),
        };
        Generator {
            parameters: exact::from_moments(&network, &examples, &schedule, log).unwrap(),
            network,
            schedule,
        }
    }

    /// Zeros as quantised text: a change of data, fit, noise format, protocol or dynamics shows here,
    /// and a person can see whether it matters.
    #[test]
    fn the_plain_network_draws_these_zeros() {
        let (images, acts) = plain().sample(6, 7, None).unwrap();
        insta::assert_snapshot!(quantised(&images, 12));
        insta::assert_json_snapshot!(acts);
    }

    #[test]
    fn a_film_ends_where_sampling_ends_and_starts_from_noise() {
        let generator = plain();
        let (images, _) = generator.sample(3, 5, None).unwrap();
        let frames = generator.film(3, 5, None, &[4, 13]).unwrap();
        assert_eq!(frames.len(), 3);
        assert!(frames[2] == images && frames[0] != images);
    }
}

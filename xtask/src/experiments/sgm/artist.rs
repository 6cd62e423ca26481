//! A made network that draws: one generator, or one for each class.

use faer::Mat;
use overdamped_substrate::Acts;

use super::generator::Generator;

/// Where a label oscillator is held for a class: evenly from -1 to 1.
pub fn label_value(class: usize, classes: usize) -> f32 {
    2.0 * class as f32 / (classes.max(2) - 1) as f32 - 1.0
}

/// A network that draws, ready to sample.
#[derive(Debug, Clone)]
pub struct Artist {
    /// One generator, or one for each class.
    pub generators: Vec<Generator>,
    /// Share of each class in the training data.
    pub shares: Vec<f64>,
    /// Loss curves of local training: (label, points (update, loss)).
    pub curves: Vec<(String, Vec<(f64, f64)>)>,
    /// Wall time of making it.
    pub seconds: f64,
}

/// Samples and what they are meant to be.
#[derive(Debug, Clone)]
pub struct Drawing {
    /// Pixels x samples.
    pub images: Mat<f32>,
    /// Index of the class that was asked for, where the network can be asked.
    pub asked: Option<Vec<usize>>,
    /// What the substrate did.
    pub acts: Vec<Acts>,
}

impl Artist {
    /// Draws `count` images, classes mixed in the proportions of the data.
    ///
    /// # Errors
    /// If the dynamics fail.
    pub fn draw(&self, count: usize, seed: u64) -> anyhow::Result<Drawing> {
        let classes = self.mixed_classes(count);
        if let [generator] = &self.generators[..] {
            let labels = generator.network.label.then(|| self.held_labels(&classes));
            let (images, acts) = generator.sample(count, seed, labels.as_deref())?;
            return Ok(Drawing {
                images,
                asked: labels.is_some().then_some(classes),
                acts: vec![acts],
            });
        }
        let mut images = Mat::zeros(self.generators[0].network.pixels(), count);
        let mut acts = Vec::new();
        for (class, generator) in self.generators.iter().enumerate() {
            let wanted: Vec<_> = (0..count)
                .filter(|&image| classes[image] == class)
                .collect();
            if wanted.is_empty() {
                continue;
            }
            let part_seed = seed.wrapping_add(0x1000 * (class as u64 + 1));
            let (part, spent) = generator.sample(wanted.len(), part_seed, None)?;
            for (column, &image) in wanted.iter().enumerate() {
                images.col_mut(image).copy_from(part.col(column));
            }
            acts.push(spent);
        }
        Ok(Drawing {
            images,
            asked: Some(classes),
            acts,
        })
    }

    /// A sample of each of `count` chains at the start and after the given numbers of slices.
    ///
    /// # Errors
    /// As [`Artist::draw`].
    pub fn film(&self, count: usize, seed: u64, stops: &[usize]) -> anyhow::Result<Vec<Mat<f32>>> {
        let generator = &self.generators[0];
        let classes = self.mixed_classes(count);
        let labels = generator.network.label.then(|| self.held_labels(&classes));
        generator.film(count, seed, labels.as_deref(), stops)
    }

    fn held_labels(&self, classes: &[usize]) -> Vec<f32> {
        let value = |&class: &usize| label_value(class, self.shares.len());
        classes.iter().map(value).collect()
    }

    /// Classes in the data's proportions, spread evenly by the golden ratio so that
    /// any first few images are a fair mixture.
    fn mixed_classes(&self, count: usize) -> Vec<usize> {
        const GOLDEN: f64 = 0.618_033_988_749_895;
        let class = |image: usize| {
            let mut rest = (image as f64 * GOLDEN + 0.5).fract();
            for (class, share) in self.shares.iter().enumerate() {
                rest -= share;
                if rest < 0.0 {
                    return class;
                }
            }
            self.shares.len() - 1
        };
        (0..count).map(class).collect()
    }
}

//! Ways to predict pooled decoder activations, and how the published ones and their rivals do.

use faer::{Mat, MatRef};
use overdamped_conditioning::{Interface, InterfaceSettings, holding_drive};
use overdamped_digital::UNet;
use overdamped_substrate::stream;
use rand_distr::{Distribution as _, StandardNormal};

use super::super::scores::means;
use super::super::source::{View, pooled, stacked};
use super::coded::{self, Coded};
use super::judged::Judged;
use super::rivals;
use super::shift::Shift;
use super::system::{Modules, System};
use crate::experiments::Interrupt;

/// Random couplings that the published one is compared with.
pub const CONTROLS: u64 = 8;

/// Spatial means of the outer blocks, 64 x images.
pub struct Pooled {
    /// x.
    pub encoder: Mat<f32>,
    /// d.
    pub decoder: Mat<f32>,
}

impl Pooled {
    /// Of the first `most` images of a view.
    pub fn of(view: &View, most: usize) -> Self {
        let columns = view.len().min(most) * UNet::PIXELS;
        let of = |all: MatRef<'_, f32>| pooled(all.subcols(0, columns), UNet::PIXELS);
        Self {
            encoder: of(view.encoder()),
            decoder: of(view.decoder()),
        }
    }

    /// Of `images` images of nothing but normal noise, which the network is told to be of sigma = 1.
    ///
    /// # Errors
    /// Those of the network.
    pub fn of_noise(network: &UNet, images: usize, seed: u64) -> anyhow::Result<Self> {
        let mut noise = Mat::<f32>::zeros(UNet::PIXELS, images);
        for image in 0..images {
            let mut draws = stream::of(seed, image as u64);
            for pixel in noise.col_as_slice_mut(image) {
                *pixel = StandardNormal.sample(&mut draws);
            }
        }
        let all = network.activations(noise.as_ref(), &[1.0])?;
        Ok(Self {
            encoder: pooled(all.e1.as_ref(), UNet::PIXELS),
            decoder: pooled(all.d1.as_ref(), UNet::PIXELS),
        })
    }

    /// The first `count` images, and the others.
    pub fn split(&self, count: usize) -> [Self; 2] {
        let count = count.min(self.len());
        [(0, count), (count, self.len() - count)].map(|(first, count)| Self {
            encoder: self.encoder.subcols(first, count).to_owned(),
            decoder: self.decoder.subcols(first, count).to_owned(),
        })
    }

    /// Number of images.
    pub fn len(&self) -> usize {
        self.encoder.ncols()
    }
}

/// One way, judged.
pub struct Way {
    /// Segments of its ids below the experiment's.
    pub id: &'static str,
    /// What people read.
    pub title: &'static str,
    /// How it did on images that nothing has seen.
    pub judged: Judged,
}

/// What the audit finds.
pub struct Findings {
    /// All ways, the mean first.
    pub ways: Vec<Way>,
    /// The full pipeline judged by as many images as are published.
    pub few: Judged,
    /// What the published skip moves.
    pub shift: Shift,
    /// What random skips of the same singular values move.
    pub random: Vec<Shift>,
    /// The bias-free interface.
    pub interface: Interface,
    /// Numbers of the interface with biases.
    pub with_biases: usize,
    /// Smallest and largest eigenvalue of the published system.
    pub extremes: [f64; 2],
}

impl Findings {
    /// The way of that id.
    pub fn way(&self, id: &str) -> Option<&Judged> {
        let way = self.ways.iter().find(|way| way.id == id)?;
        Some(&way.judged)
    }
}

/// Fits everything on `train` and judges it on `held`; `few` is the number of images that the published figure is made
/// of.
///
/// # Errors
/// An interrupt, or activations that cannot be fitted.
pub fn examine(
    modules: &Modules,
    train: &Pooled,
    held: &Pooled,
    few: usize,
    seed: u64,
    interrupt: &Interrupt,
) -> anyhow::Result<Findings> {
    let [a, b] = modules.stiffness.each_ref().map(Mat::as_ref);
    let (x, d) = (train.encoder.as_ref(), train.decoder.as_ref());
    let (ax, bd) = (holding_drive(a, x)?, holding_drive(b, d)?);
    let (settings, seen) = (seeded(seed), held.encoder.as_ref());
    let (interface, _) = Interface::fit(x, ax.as_ref(), bd.as_ref(), &settings)?;
    interrupt.check()?;
    let encoder = Coded::fit(x, ax.as_ref(), coded::ENCODER, seed)?;
    let transfer = Coded::fit(ax.as_ref(), bd.as_ref(), coded::TRANSFER, seed ^ 1)?;
    interrupt.check()?;

    let truth = held.decoder.as_ref();
    // As the substrate's numbers are kept: the mean is then exactly the prediction that centring leaves nothing of.
    let mean = means(d).into_iter().map(|mean| f64::from(mean as f32));
    let mean: Vec<f64> = mean.collect();
    let judge = |predicted: &Mat<f32>| Judged::of(predicted.as_ref(), truth, &mean);
    let mut ways = Vec::new();
    let mut add = |id, title, judged| ways.push(Way { id, title, judged });

    let constant = Mat::from_fn(truth.nrows(), truth.ncols(), |unit, _| mean[unit] as f32);
    add("mean", "mean of the training images", judge(&constant));

    // Drives, the oracle's and what is learned.
    let oracle = [holding_drive(a, seen)?, holding_drive(b, truth)?];
    let encoded = interface.encoder().encode(seen)?;
    let driven = interface.drive(seen)?;
    let none = Mat::zeros(driven.nrows(), driven.ncols());
    let skip = modules.skip.matrix();
    let (system, apart) = (
        System::new(modules, skip.as_ref()),
        System::new(modules, modules.apart().as_ref()),
    );
    let rest = |system: &System, encoder: &Mat<f32>, decoder: &Mat<f32>| {
        system.decoder(encoder.as_ref(), decoder.as_ref())
    };
    let states = stacked(seen, truth);
    let exact = holding_drive(system.matrix.as_ref(), states.as_ref())?;
    let exact = system.decoder(
        exact.subrows(0, seen.nrows()),
        exact.subrows(seen.nrows(), truth.nrows()),
    )?;
    let of_oracle = rest(&system, &oracle[0], &oracle[1])?;
    add("oracle", "oracle drives A x and B d", judge(&of_oracle));
    add("oracle.exact", "oracle drive M (x, d)", judge(&exact));
    let half = rest(&system, &encoded, &oracle[1])?;
    add(
        "published.encoder_oracle",
        "learned encoder, oracle decoder",
        judge(&half),
    );
    let alone = rest(&system, &encoded, &none)?;
    add(
        "published.skip_only",
        "learned encoder, skip only",
        judge(&alone),
    );
    let full = rest(&system, &encoded, &driven)?;
    add("published", "full published pipeline", judge(&full));
    let without = rest(&apart, &encoded, &driven)?;
    add(
        "published.no_skip",
        "the same without a skip",
        judge(&without),
    );

    let shift = Shift::of(&of_oracle, &full, &without, truth);
    let (mut random, mut judged) = (Vec::new(), Vec::new());
    for control in 0..CONTROLS {
        interrupt.check()?;
        let drawn = modules.skip.random_control(seed.wrapping_add(control));
        let system = System::new(modules, drawn.matrix().as_ref());
        let moved = rest(&system, &encoded, &driven)?;
        let of_oracle = rest(&system, &oracle[0], &oracle[1])?;
        random.push(Shift::of(&of_oracle, &moved, &without, truth));
        judged.push(judge(&moved));
    }
    add(
        "random_coupling",
        "the same with a random skip",
        Judged::mean(&judged),
    );
    let encoded = encoder.apply(seen);
    let driven = transfer.apply(encoded.as_ref());
    let as_coded = rest(&system, &encoded, &driven)?;
    add(
        "published.as_coded",
        "full pipeline, biases and training as in its code",
        judge(&as_coded),
    );
    add(
        "published.beside.pca4",
        "4 principal components of x, least squares",
        judge(&rivals::principal(x, d, seen, 4)?),
    );
    add(
        "published.beside.ridge",
        "ridge regression of d on x",
        judge(&rivals::ridge(x, d)?.predict(seen)?),
    );

    let few = few.min(truth.ncols());
    let few = Judged::of(full.subcols(0, few), truth.subcols(0, few), &mean);
    Ok(Findings {
        ways,
        few,
        shift,
        random,
        interface,
        with_biases: encoder.parameters() + transfer.parameters(),
        extremes: system.extremes()?,
    })
}

fn seeded(seed: u64) -> InterfaceSettings {
    let mut settings = InterfaceSettings::default();
    settings.transfer.seed = seed;
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waves(units: usize, images: usize, pace: f64, first: usize) -> Mat<f32> {
        Mat::from_fn(units, images, |unit, image| {
            let phase = pace * ((unit + 2) * (image + first) % 89) as f64;
            (1.0 + unit as f64 / 4.0 + 0.3 * phase.sin()) as f32
        })
    }

    #[test]
    fn every_way_is_fitted_and_judged() {
        let weights = |pace| waves(8, 8, pace, 1);
        let modules = Modules::of_weights(weights(0.9).as_ref(), weights(1.7).as_ref(), 3).unwrap();
        let images = |count, first| {
            let encoder = waves(8, count, 0.7, first);
            // The decoder follows the encoder in full.
            let decoder = Mat::from_fn(8, count, |unit, image| {
                4.0 - encoder[(unit, image)] + 0.5 * encoder[((unit + 3) % 8, image)]
            });
            Pooled { encoder, decoder }
        };
        let (train, held) = (images(60, 3), images(25, 71));
        let run = || examine(&modules, &train, &held, 10, 7, &Interrupt::default()).unwrap();
        let found = run();
        let way = |id| *found.way(id).unwrap();
        let mean = way("mean");
        assert_eq!((mean.centred, mean.r2), (0.0, 0.0));
        assert!(mean.raw > 0.9, "{}", mean.raw);
        let exact = way("oracle.exact");
        assert!((exact.raw - 1.0).abs() < 1e-9 && (exact.r2 - 1.0).abs() < 1e-6);
        assert!(way("published.beside.ridge").r2 > 0.99);
        // The drives A x and B d hold the decoder at d only without a skip.
        assert!(way("oracle").r2 < exact.r2);
        assert!(found.shift.relative > 1e-3);
        assert_eq!(found.random.len() as u64, CONTROLS);
        assert_eq!(found.interface.parameters(), 2 * 8 * 4 + 2 * 8 * 16);
        assert_eq!(
            found.with_biases,
            found.interface.parameters() + 4 + 8 + 16 + 8
        );
        // The same seed, the same bits.
        let again = run();
        let pairs = found.ways.iter().zip(&again.ways);
        assert!(pairs.clone().all(|(one, other)| one.judged == other.judged));
        assert_eq!(found.shift, again.shift);
    }

    #[test]
    fn images_are_split_in_order() {
        let all = Pooled {
            encoder: waves(3, 10, 0.7, 0),
            decoder: waves(3, 10, 1.1, 0),
        };
        let [first, rest] = all.split(7);
        assert_eq!((first.len(), rest.len()), (7, 3));
        assert_eq!(rest.decoder.col(0), all.decoder.col(7));
        assert_eq!(all.split(20)[1].len(), 0);
    }
}

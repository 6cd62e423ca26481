//! The contenders: everything that predicts the outer decoder's activations pixel by pixel, from the trivial to
//! the full substrate.

use faer::{Mat, MatRef};
use overdamped_conditioning::{
    Centring, Encoder, EncoderSettings, FittedOn, Interface, InterfaceSettings, Transfer,
    TransferSettings,
};
use overdamped_coupling::{Fit, FitSettings, LowRankMap, Method, Moments};
use overdamped_digital::UNet;

use super::decoder::{self, Decoder, Recipe};
use super::fits;
use super::scores::{Score, downstream, means, score};
use super::source::{View, shifted};
use super::study::Entrant;

/// What one contender reached.
pub struct Outcome {
    /// Segment of its ids.
    pub id: &'static str,
    /// What people read.
    pub title: String,
    /// Numbers that it is made of: weights, or wires.
    pub parameters: usize,
    /// On images that nothing has seen.
    pub score: Score,
    /// Mean squared error per pixel of the image that the U-Net reads out of its prediction.
    pub downstream: f64,
}

/// Everything that contenders are fitted to and judged on.
pub struct Bench<'a> {
    network: &'a UNet,
    train: &'a View,
    held: &'a View,
    /// Mean of the decoder over training pixels.
    mean: Vec<f64>,
    seed: u64,
}

impl<'a> Bench<'a> {
    /// A bench of these views.
    pub fn new(network: &'a UNet, train: &'a View, held: &'a View, seed: u64) -> Self {
        // In single precision, as predictions are: what predicts the mean then deviates from it by nothing.
        let mean = means(train.decoder());
        let mean = mean
            .into_iter()
            .map(|mean| f64::from(mean as f32))
            .collect();
        Self {
            network,
            train,
            held,
            mean,
            seed,
        }
    }

    /// Judges a prediction (64 x held-out pixels).
    ///
    /// # Errors
    /// A prediction of another shape.
    pub fn judge(
        &self,
        id: &'static str,
        title: &str,
        parameters: usize,
        predicted: Mat<f32>,
    ) -> anyhow::Result<Entrant> {
        let outcome = Outcome {
            id,
            title: title.to_owned(),
            parameters,
            score: score(predicted.as_ref(), self.held.decoder(), &self.mean),
            downstream: downstream(self.network, predicted.as_ref(), self.held)?,
        };
        Ok((outcome, predicted))
    }

    /// Pixels that contenders are judged on.
    pub fn pixels(&self) -> usize {
        self.held.decoder().ncols()
    }

    /// The U-Net.
    pub fn network(&self) -> &UNet {
        self.network
    }

    /// Moments of encoder and decoder on the training images.
    ///
    /// # Errors
    /// Activations that are not finite.
    pub fn moments(&self) -> anyhow::Result<Moments> {
        fits::moments(self.train.encoder(), self.train.decoder())
    }

    /// The same on held-out images.
    ///
    /// # Errors
    /// As [`moments`](Self::moments).
    pub fn held_moments(&self) -> anyhow::Result<Moments> {
        fits::moments(self.held.encoder(), self.held.decoder())
    }

    /// All contenders without couplings among modules that move, from the trivial upwards.
    ///
    /// # Errors
    /// Fits that fail.
    pub fn baselines(&self) -> anyhow::Result<Vec<Entrant>> {
        let (x, y) = (self.train.encoder(), self.train.decoder());
        let told = self.held.encoder();
        let pixels = told.ncols();
        let units = y.nrows();
        let constant = Mat::from_fn(units, pixels, |unit, _| self.mean[unit] as f32);
        let own = self.held.decoder();
        let mut outcomes = vec![
            self.judge(
                "unet",
                "the U-Net's own decoder",
                self.network.parameters(),
                own.to_owned(),
            )?,
            self.judge("mean", "mean of the training images", units, constant)?,
        ];

        let linear =
            |x: MatRef<'_, f32>, y: MatRef<'_, f32>| fits::regression(x, y, FitSettings::default());
        let mean = means(x);
        let [centred, told_centred] = [x, told].map(|x| shifted(x, &mean, -1.0));
        let modes = Encoder::principal(centred.as_ref(), 4)?;
        let code = |centred: &Mat<f32>| modes.encode(centred.as_ref());
        let few = linear(code(&centred)?.as_ref(), y)?.predict(code(&told_centred)?.as_ref())?;
        let parameters = 2 * 4 * units;
        outcomes.push(self.judge(
            "pca4",
            "four principal components of e1, least squares",
            parameters,
            few,
        )?);

        let map = linear(x, y)?;
        let predicted = map.predict(told)?;
        outcomes.push(self.judge("ridge", "least squares on e1", map.dense_wires(), predicted)?);
        let map = linear(self.train.surroundings()?.as_ref(), y)?;
        let predicted = map.predict(self.held.surroundings()?.as_ref())?;
        outcomes.push(self.judge(
            "ridge_below",
            "least squares on e1 and the U-Net's own d2",
            map.dense_wires(),
            predicted,
        )?);

        let settings = TransferSettings {
            hidden: 20,
            seed: self.seed,
            ..TransferSettings::default()
        };
        let (plain, _) = Transfer::fit(
            centred.as_ref(),
            shifted(y, &self.mean, -1.0).as_ref(),
            &settings,
        )?;
        let predicted = plain.apply(told_centred.as_ref())?;
        let predicted = shifted(predicted.as_ref(), &self.mean, 1.0);
        outcomes.push(self.judge(
            "mlp",
            "a perceptron of 64-20-64 from e1",
            plain.parameters(),
            predicted,
        )?);

        let interface = published(x, y, self.seed)?;
        let predicted = interface.drive(told)?;
        outcomes.push(self.judge(
            "interface",
            "the published interface, 64-4-64-16-64, from e1",
            interface.parameters(),
            predicted,
        )?);
        Ok(outcomes)
    }

    /// Couplings from e1 alone, of rank 16: as published, random, fitted.
    ///
    /// # Errors
    /// Fits that fail.
    pub fn couplings(&self, rank: usize) -> anyhow::Result<Vec<Entrant>> {
        let moments = self.moments()?;
        let fitted = Fit::new(&moments, Method::ReducedRank, FitSettings::default())?.rank(rank)?;
        let contenders: [(&str, String, LowRankMap); 3] = [
            (
                "published_coupling",
                format!("couplings of weights, after the paper, rank {rank}, best scale"),
                fits::of_weights(self.network)?
                    .rank(rank)?
                    .calibrated(&moments)?,
            ),
            (
                "random_coupling",
                format!("random couplings of rank {rank}, best scale"),
                fitted.random_control(self.seed).calibrated(&moments)?,
            ),
            (
                "reduced_rank",
                format!("couplings by reduced-rank regression, rank {rank}"),
                fitted,
            ),
        ];
        contenders
            .into_iter()
            .map(|(id, title, map)| {
                let predicted = map.predict(self.held.encoder())?;
                self.judge(id, &title, map.wires(), predicted)
            })
            .collect()
    }

    /// The substrate in the decoder's place.
    ///
    /// # Errors
    /// Fits that fail.
    pub fn full(
        &self,
        id: &'static str,
        title: &str,
        recipe: &Recipe,
    ) -> anyhow::Result<(Entrant, Decoder)> {
        let decoder = Decoder::fit(self.train, recipe)?;
        let predicted = decoder.decode(&self.held.activations)?;
        let digital = decoder
            .interface
            .as_ref()
            .map_or(0, decoder::Interface::parameters);
        let outcome = self.judge(id, title, decoder.wires + digital, predicted)?;
        Ok((outcome, decoder))
    }
}

/// The interface in its published form, with the means of both sides taken off and added.
fn published(x: MatRef<'_, f32>, y: MatRef<'_, f32>, seed: u64) -> anyhow::Result<Interface> {
    let settings = InterfaceSettings {
        encoder: EncoderSettings::default(),
        transfer: TransferSettings {
            seed,
            ..TransferSettings::default()
        },
        centring: Centring::Both,
        fitted_on: FittedOn::Encoded,
    };
    Ok(Interface::fit(x, x, y, &settings)?.0)
}

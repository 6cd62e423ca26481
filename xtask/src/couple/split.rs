//! Which images are held out: the same ones at each run, spread evenly over the file.
//!
//! Whole images are held out, never single pixels: neighbouring pixels resemble each other, and a
//! coupling that had seen one of them would be judged too kindly by the other.

use std::ops::Range;

use anyhow::ensure;

/// Images that are fitted and images that are held out.
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    /// Share of the images that is held out, at least 0 and less than 1.
    share: f64,
}

impl Split {
    /// A split that leaves images in both parts; without any held out if `share` is 0.
    ///
    /// # Errors
    /// A share outside 0 to 1, or one that leaves a part empty.
    pub fn new(images: usize, share: f64) -> anyhow::Result<Self> {
        ensure!(
            (0.0..1.0).contains(&share),
            "--held-out is {share}; it must be at least 0 and less than 1"
        );
        let split = Self { share };
        let held_out = split.before(images);
        ensure!(
            share == 0.0 || held_out > 0,
            "--held-out {share} of {images} images leaves none to judge by; export at least {}, or judge by the \
             fitted ones with --held-out 0",
            (1.0 / share).ceil()
        );
        ensure!(
            held_out < images,
            "--held-out {share} of {images} images leaves none to fit; choose a smaller share"
        );
        Ok(split)
    }

    /// Held-out images among the first `images`.
    fn before(&self, images: usize) -> usize {
        (images as f64 * self.share).floor() as usize
    }

    /// Whether the fit must not see this image.
    pub fn holds_out(&self, image: usize) -> bool {
        self.before(image + 1) > self.before(image)
    }

    /// Whether any image is held out.
    pub fn holds_any(&self) -> bool {
        self.share > 0.0
    }

    /// The share that was asked for.
    pub fn share(&self) -> f64 {
        self.share
    }

    /// Runs of consecutive images of the same part, with whether it is the held-out one.
    pub fn runs(&self, images: Range<usize>) -> impl Iterator<Item = (Range<usize>, bool)> {
        let mut next = images.start;
        std::iter::from_fn(move || {
            let (start, part) = (next, self.holds_out(next));
            if start >= images.end {
                return None;
            }
            while next < images.end && self.holds_out(next) == part {
                next += 1;
            }
            Some((start..next, part))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fifth_is_every_fifth_image() {
        let split = Split::new(1_000_000, 0.2).unwrap();
        assert!((0..1_000_000).all(|image| split.holds_out(image) == (image % 5 == 4)));
        let runs: Vec<_> = split.runs(3..11).collect();
        assert_eq!(
            runs,
            [
                (3..4, false),
                (4..5, true),
                (5..9, false),
                (9..10, true),
                (10..11, false)
            ]
        );
    }

    #[test]
    fn any_share_is_met_and_spread() {
        for share in [0.0, 0.1, 0.25, 0.3, 0.5, 0.9] {
            let split = Split::new(1000, share).unwrap();
            let held_out = (0..1000).filter(|&image| split.holds_out(image)).count();
            assert_eq!(held_out, (1000.0 * share) as usize);
            let first_half = (0..500).filter(|&image| split.holds_out(image)).count();
            assert_eq!(first_half, (500.0 * share) as usize);
            assert_eq!(split.holds_any(), held_out > 0);
        }
    }

    #[test]
    fn parts_without_images_are_refused_with_the_fix() {
        let message = |images, share| Split::new(images, share).unwrap_err().to_string();
        for share in [-0.1, 1.0, f64::NAN, f64::INFINITY] {
            assert!(message(10, share).contains("less than 1"));
        }
        assert!(message(4, 0.2).contains("export at least 5"));
        assert!(Split::new(5, 0.2).is_ok());
        assert!(Split::new(1, 0.0).is_ok());
    }
}

//! What the experiment shows.

use faer::Mat;

use super::{Drawn, SUBSTRATE, UNET};
use crate::experiments::Context;
use crate::report::{Axis, Block, Frame, LinePlot, Series, Strip, Table, png};

/// What the section says.
pub const INTRO: &str = "Does an error that is small at one noise level stay small where every step starts from the last? Noise becomes \
     digits on a ladder of noise levels. At each the U-Net's encoder and bottleneck look at the image of the moment \
     and are clamped, the couplings of that level are written, the decoder's modules come to rest, and the U-Net's \
     last layer reads out of them what the clean image might be; the next image lies on the line there, with the noise \
     of the next level. Nothing of the U-Net's own decoder is left but that layer.\n\n\
     All contenders start from the same noise, and differ in what stands in the decoder's place alone. The start is \
     the one Gaussian of the comparison with noise on top; what a contender adds to it, and how near it comes to the \
     U-Net itself, is the question. The mean of the decoder knows nothing of the image, and shows what the rest \
     of the network makes of that.";

/// Moments that a strip shows, at most.
const FRAMES: usize = 9;
/// Samples that a strip shows.
const SAMPLES: usize = 5;

/// The id of a contender's figure.
pub fn id(name: &str, contender: &str, figure: &str) -> String {
    if contender.is_empty() {
        format!("{name}.{figure}")
    } else {
        format!("{name}.{contender}.{figure}")
    }
}

/// The ways of the U-Net and of the substrate from the same noise, as two strips and a curve; the strips are kept as
/// pictures too.
///
/// # Errors
/// A folder that cannot be written.
pub fn ways(
    context: &Context,
    name: &str,
    drawn: &[Drawn],
    side: usize,
) -> anyhow::Result<Vec<Block>> {
    let of = |id: &str| drawn.iter().find(|drawn| drawn.contender.id == id);
    let (Some(own), Some(substrate)) = (of(UNET), of(SUBSTRATE)) else {
        return Ok(Vec::new());
    };
    let levels = own.moments.len();
    let shown = FRAMES.min(levels);
    let places: Vec<_> = (0..shown)
        .map(|frame| frame * (levels - 1) / (shown - 1).max(1))
        .collect();
    let frames = |pick: &dyn Fn(&Drawn, usize) -> Mat<f32>| -> Vec<Frame> {
        let frame = |&place: &usize| Frame {
            label: format!("{:.2}", own.moments[place].sigma),
            images: interleaved(&pick(own, place), &pick(substrate, place)),
        };
        places.iter().map(frame).collect()
    };
    let mut noisy = frames(&|drawn, place| drawn.moments[place].noisy.clone());
    noisy.push(Frame {
        label: "0".to_owned(),
        images: interleaved(&own.images, &substrate.images),
    });
    let clean = frames(&|drawn, place| drawn.moments[place].clean.clone());
    let folder = context.recorder.folder().join("images");
    let mut blocks = Vec::new();
    for (what, caption, frames) in [
        (
            "way",
            "Five images on their way down the noise levels named below, each twice: by the U-Net, and under it by the \
             substrate, from the same noise.",
            noisy,
        ),
        (
            "guesses",
            "What both take the clean images for on their ways.",
            clean,
        ),
    ] {
        let (rows, cols) = (2 * SAMPLES.min(own.images.ncols()), frames.len());
        let layout = png::Layout {
            rows,
            cols,
            side,
            scale: 4,
        };
        let all = Mat::from_fn(side * side, rows * cols, |pixel, cell| {
            frames[cell % cols].images[(pixel, cell / cols)]
        });
        png::write_grid(
            &folder.join(format!("{name}.{what}.png")),
            all.as_ref(),
            layout,
        )?;
        blocks.push(Block::Strip(Strip {
            caption: caption.to_owned(),
            frames,
            side,
            scale: 3,
        }));
    }
    Ok(blocks)
}

/// Images of both in turn.
fn interleaved(one: &Mat<f32>, other: &Mat<f32>) -> Mat<f32> {
    let samples = one.ncols().min(SAMPLES);
    Mat::from_fn(one.nrows(), 2 * samples, |pixel, image| {
        let from = if image % 2 == 0 { one } else { other };
        from[(pixel, image / 2)].clamp(-1.0, 1.0)
    })
}

/// How far apart what both take the clean images for is, level by level.
pub fn apart(curve: Vec<(f64, f64)>, elsewhere: f64) -> LinePlot {
    let level = curve.iter().map(|point| (point.0, elsewhere)).collect();
    LinePlot {
        title: "Substrate and U-Net, each on its own way from the same noise".to_owned(),
        x: Axis::log("noise level sigma"),
        y: Axis::log("squared difference of their guesses, per pixel"),
        series: vec![
            Series::line("substrate", curve).marked(),
            Series::line("images of the U-Net from other noise", level).dashed(),
        ],
    }
}

/// How near everyone comes to the U-Net.
pub fn differences(name: &str, drawn: &[Drawn]) -> Table {
    let caption = "Images against those that the U-Net makes of the same noise: mean squared difference, and share that \
                   the judge reads as the same digit.";
    let others = drawn.iter().filter(|drawn| drawn.contender.id != UNET);
    others.fold(Table::new(caption), |table, drawn| {
        let (id_of, title) = (drawn.contender.id, &drawn.contender.title);
        table
            .row(
                &format!("{title}: difference"),
                &id(name, id_of, "difference"),
            )
            .row(
                &format!("{title}: same digit"),
                &id(name, id_of, "same_digit"),
            )
    })
}

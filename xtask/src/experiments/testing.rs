//! What the tests of several experiments need.

use faer::Mat;

/// The images side by side, each pixel as one of five grey levels: coarse enough that another
/// processor's rounding does not show.
pub fn quantised(images: &Mat<f32>, side: usize) -> String {
    let shade =
        |value: f32| [' ', '.', ':', 'o', '#'][((value + 1.0) * 2.5).clamp(0.0, 4.0) as usize];
    let mut text = String::new();
    for row in 0..side {
        let line: Vec<String> = (0..images.ncols())
            .map(|image| {
                (0..side)
                    .map(|x| shade(images[(row * side + x, image)]))
                    .collect()
            })
            .collect();
        text.push_str(line.join(" | ").trim_end());
        text.push('\n');
    }
    text
}

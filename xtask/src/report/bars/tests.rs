//! What a reader sees of the bars, found in the SVG.

use super::*;

const WIDTH: u32 = 920;

fn bill() -> Waterfall {
    Waterfall::new("bill", Axis::log("energy per sample (J)"), "J")
        .part("read states", 3e-10)
        .part("relaxation", 2e-16)
        .part("sampling", 0.0)
        .part("interface", 7e-10)
        .reference("same function on the GPU", 6.2e-9)
        .reference("whole network", 8e-3)
}

fn sweep() -> Tornado {
    Tornado::new("sensitivity", Axis::log("energy (J)"), "J", 1e-9)
        .swing("small", 0.95e-9, 1.5e-9)
        .swing("none", 0.9999e-9, 1.001e-9)
        .swing("large", 0.2e-9, 9e-9)
        .swing("inverse", 4e-9, 0.7e-9)
}

/// Attributes of each rectangle in the order drawn.
fn bars(svg: &str) -> Vec<(f64, f64, String)> {
    let attribute = |rect: &str, name: &str| {
        let rest = rect.split(&format!(" {name}=\"")).nth(1).unwrap();
        rest.split('"').next().unwrap().to_string()
    };
    svg.split("<rect")
        .skip(1)
        .map(|rect| {
            let number = |name: &str| attribute(rect, name).parse::<f64>().unwrap();
            (number("x"), number("width"), attribute(rect, "fill"))
        })
        .collect()
}

fn places(text: &str, needles: &[&str]) -> Vec<usize> {
    needles
        .iter()
        .map(|needle| text.find(needle).expect(needle))
        .collect()
}

#[test]
fn a_waterfall_rises_to_its_sum_and_measures_the_references_by_it() {
    let chart = waterfall(&bill(), WIDTH).unwrap();
    assert_eq!(chart.left_out, ["sampling"]);
    let order = places(
        &chart.svg,
        &[
            "relaxation: 200 aJ",
            "read states: 300 pJ",
            "interface: 700 pJ",
            "total: 1 nJ",
            "whole network: 8 mJ",
        ],
    );
    assert!(order.is_sorted(), "{order:?}");
    for text in [
        "30 %",
        "70 %",
        "&lt; 0.01 %",
        "6.2 × total",
        "8×10⁶ × total",
        ">1 pJ</text>",
    ] {
        assert!(chart.svg.contains(text), "{text} is not in {}", chart.svg);
    }
    let bars = bars(&chart.svg);
    assert_eq!(bars.len(), 6);
    let widths = bars.iter().map(|bar| bar.1).collect::<Vec<_>>();
    assert!(widths.is_sorted(), "{widths:?}");
    // Equal ratios are equally long: 8 mJ is as far from 1 nJ as from 64 kJ.
    let decade = (widths[5] - widths[3]) / 8e6f64.log10();
    assert!(
        (widths[4] - widths[3] - decade * 6.2f64.log10()).abs() < 0.2,
        "{widths:?}"
    );
    assert_eq!(bars[3].2, "currentColor");
}

#[test]
fn bars_on_a_linear_axis_start_at_zero() {
    let plot = Waterfall::new("time", Axis::linear("time (s)"), "s")
        .part("a", 1.0)
        .part("b", 3.0);
    let bars = bars(&waterfall(&plot, WIDTH).unwrap().svg);
    let widths = bars.iter().map(|bar| bar.1).collect::<Vec<_>>();
    assert!((widths[1] / widths[0] - 3.0).abs() < 0.01, "{widths:?}");
    assert!((widths[2] / widths[0] - 4.0).abs() < 0.01, "{widths:?}");
}

#[test]
fn a_tornado_puts_the_largest_swing_first_around_the_base() {
    let chart = tornado(&sweep(), WIDTH).unwrap();
    assert_eq!(chart.left_out, ["none"]);
    let order = places(&chart.svg, &["large: ", "inverse: ", "small: "]);
    assert!(order.is_sorted(), "{order:?}");
    let bars = bars(&chart.svg);
    assert_eq!(bars.len(), 6);
    let [low, high] = end_colours().map(palette::hex);
    let reach = |index: usize, colour: &str| {
        let bar = bars[2 * index..2 * index + 2]
            .iter()
            .find(|bar| bar.2 == colour);
        bar.map(|bar| (bar.0, bar.0 + bar.1)).unwrap()
    };
    let base = reach(0, &low).1;
    assert!((reach(0, &high).0 - base).abs() < 0.2);
    // More of an inverse assumption lowers the result: its colours change sides.
    assert!((reach(1, &high).1 - base).abs() < 0.2 && (reach(1, &low).0 - base).abs() < 0.2);
    for text in [">200 pJ<", ">9 nJ<", ">1 nJ<", ">700 pJ<", ">4 nJ<"] {
        assert!(chart.svg.contains(text), "{text}");
    }
}

#[test]
fn no_text_leaves_the_picture_or_meets_the_labels() {
    let long = "an assumption with a name that is much longer than anybody would read in a chart";
    for width in [220, 446, 920] {
        let charts = [
            waterfall(&bill().part(long, 8e-3).reference(long, 9e-1), width).unwrap(),
            tornado(&sweep().swing(long, 1e-13, 1e-3), width).unwrap(),
        ];
        for chart in charts {
            for bar in bars(&chart.svg) {
                assert!(
                    bar.0 >= 0.0 && bar.0 + bar.1 < f64::from(width),
                    "{bar:?} of {width}"
                );
            }
            assert!(
                chart.svg.contains('…'),
                "the full name is in the tooltip alone"
            );
            assert!(chart.svg.contains(long));
        }
    }
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    let axis = || Axis::log("energy (J)");
    let with = |value: f64| waterfall(&Waterfall::new("bill", axis(), "J").part("a", value), WIDTH);
    assert!(with(1e-9).is_ok());
    assert!(matches!(with(0.0), Err(Error::Empty { .. })));
    assert!(matches!(with(-1e-9), Err(Error::Negative { .. })));
    assert!(matches!(with(f64::NAN), Err(Error::NotFinite { .. })));
    let empty = Waterfall::new("bill", axis(), "J").reference("a", 1.0);
    assert!(matches!(waterfall(&empty, WIDTH), Err(Error::Empty { .. })));
    let zero = bill().reference("free", 0.0);
    assert!(matches!(
        waterfall(&zero, WIDTH),
        Err(Error::NotPositive { .. })
    ));

    let sweep = |base: f64, high: f64| {
        tornado(
            &Tornado::new("s", axis(), "J", base).swing("a", 1.0, high),
            WIDTH,
        )
    };
    assert!(sweep(1.0, 2.0).is_ok());
    assert!(matches!(sweep(1.0, 1.0), Err(Error::Empty { .. })));
    assert!(matches!(sweep(0.0, 2.0), Err(Error::NotPositive { .. })));
    assert!(matches!(
        sweep(1.0, f64::INFINITY),
        Err(Error::NotFinite { .. })
    ));
}

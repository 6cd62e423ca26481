//! What a reader sees of a map, found in the SVG.

use super::drawing::Drawing;
use super::*;
use crate::report::palette;

/// Gain = width / 4 / rank; ranks beyond the width make no sense.
fn gains() -> HeatMap {
    let (widths, ranks) = ([1.0, 2.0, 4.0, 8.0], [1.0, 2.0, 4.0]);
    HeatMap::new(
        "gain",
        "gain",
        Steps::values("width", &widths),
        Steps::values("rank", &ranks),
        |column, row| {
            let (width, rank) = (widths[column], ranks[row]);
            (rank <= width).then(|| width / 4.0 / rank)
        },
    )
}

#[test]
fn every_cell_has_the_colour_and_the_text_of_its_value() {
    let svg = map(&gains(), 720).unwrap();
    // Columns and rows as a reader sees them: 0.25 0.5 1 2 / 0.25 0.5 1 / 0.25 0.5.
    for (text, count) in [("0.25", 3), ("0.5", 3), ("1", 2), ("2", 1)] {
        assert_eq!(
            svg.matches(&format!(">{text}</text>")).count() - labels(text),
            count,
            "{text}"
        );
    }
    // One is neutral and the largest distance, here a decade, has the strongest colour.
    let fill = |level: i32| format!("fill=\"{}\"", palette::hex(palette::diverging(level).light));
    assert_eq!(svg.matches(&fill(0)).count(), 2);
    assert!(svg.contains(&fill(-10)) && svg.contains(&fill(5)), "{svg}");
    assert_eq!(svg.matches("stroke=\"#E9E6DF\"").count(), 3, "blank cells");
}

/// Axis labels that read like the value of a cell.
fn labels(text: &str) -> usize {
    let axes = ["1", "2", "4", "8", "1", "2", "4"];
    axes.iter().filter(|label| **label == text).count()
}

#[test]
fn the_line_runs_where_neighbours_lie_on_both_sides_of_one() {
    let gains = gains();
    let drawing = Drawing::new(&gains, 720.0);
    let cells = |[(x0, y0), (x1, y1)]: [(f64, f64); 2]| {
        let column = |x: f64| (x - drawing.left) / drawing.cell.0;
        let row = |y: f64| (drawing.bottom() - y) / drawing.cell.1;
        [column(x0), row(y0), column(x1), row(y1)].map(|place| place.round() as i32)
    };
    let edges = drawing.edges().into_iter().map(cells).collect::<Vec<_>>();
    // Rank 1: 0.5 | 1 between columns 1 and 2, 1 below 0.5 in column 2; rank 2: 0.5 | 1
    // between columns 2 and 3, and 1 below 0.5 in column 3.
    assert_eq!(
        edges,
        [[2, 1, 2, 0], [2, 1, 3, 1], [3, 2, 3, 1], [3, 2, 4, 2]]
    );
    assert!(gains.crosses_one());
    let svg = map(&gains, 720).unwrap();
    assert_eq!(svg.matches("class=\"boundary\"").count(), 1);
}

#[test]
fn narrow_cells_keep_their_colour_and_lose_their_text() {
    let steps = (0..40).map(|k| 2f64.powi(k)).collect::<Vec<_>>();
    let wide = HeatMap::new(
        "g",
        "g",
        Steps::values("x", &steps),
        Steps::names("y", ["a"]),
        |c, _| Some(steps[c] / 1e6),
    );
    let svg = map(&wide, 440).unwrap();
    let cells = svg.matches("rx=\"2\"").count();
    assert_eq!(cells, 40);
    let texts = svg.matches("<text").count();
    assert!(
        texts < 30,
        "{texts} texts: labels are thinned, values left out"
    );
}

#[test]
fn a_mark_outlines_its_cell_and_one_outside_is_ignored() {
    let marked = map(&gains().mark(3, 0, "as published"), 720).unwrap();
    assert!(marked.contains("<title>as published</title>"));
    let outside = map(&gains().mark(4, 0, "as published"), 720).unwrap();
    assert!(!outside.contains("as published"));
}

#[test]
fn what_has_no_logarithm_is_refused() {
    let with = |value: Option<f64>| {
        let steps = || Steps::names("x", ["a"]);
        map(&HeatMap::new("g", "g", steps(), steps(), |_, _| value), 400)
    };
    assert!(with(Some(1.0)).is_ok());
    assert!(matches!(with(Some(0.0)), Err(Error::NotPositive { .. })));
    assert!(matches!(
        with(Some(f64::INFINITY)),
        Err(Error::NotFinite { .. })
    ));
    assert!(matches!(with(None), Err(Error::Empty { .. })));
    let none = Steps::names("x", [""; 0]);
    let empty = HeatMap::new("g", "g", none.clone(), none, |_, _| Some(1.0));
    assert!(matches!(map(&empty, 400), Err(Error::Empty { .. })));
}

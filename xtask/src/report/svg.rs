//! What hand-written SVG needs beyond markup: how wide a text will be.
//!
//! The reader's font is unknown, so widths are estimates on the wide side: a
//! label may leave some room, but it never runs into its neighbour.

/// Coordinates with a tenth of a pixel; more digits only grow the page.
pub fn px(value: f64) -> String {
    let text = format!("{value:.1}");
    match text.strip_suffix(".0") {
        Some("-0") => "0".into(),
        Some(whole) => whole.into(),
        None => text,
    }
}

/// Width of a text in a sans-serif font of that size, in pixels.
pub fn text_width(text: &str, size: f64) -> f64 {
    let share = |character: char| match character {
        '\u{2009}' => 0.2,
        ' ' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | 'i' | 'j' | 'l' | '(' | ')' => 0.34,
        'f' | 't' | 'r' | '-' | '/' => 0.42,
        '⁰'..='⁹' | '²' | '³' | '¹' | '⁻' => 0.44,
        'm' | 'w' | 'M' | 'W' | '%' => 0.96,
        'A'..='Z' | '×' | '+' | '=' | '−' => 0.74,
        _ => 0.62,
    };
    size * text.chars().map(share).sum::<f64>()
}

/// Breaks a text at its spaces into at most `lines` lines of at most `room`
/// pixels; what does not fit ends in an ellipsis.
pub fn wrap(text: &str, size: f64, room: f64, lines: usize) -> Vec<String> {
    let mut broken: Vec<String> = Vec::new();
    let mut words = text.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let joined = broken.last().map(|line| format!("{line} {word}"));
        match joined {
            Some(joined) if text_width(&joined, size) <= room => {
                broken.pop();
                broken.push(joined);
            }
            _ if broken.len() < lines => broken.push(word.into()),
            _ => {
                // No line is left: the last one takes the rest and is cut.
                let rest = words
                    .by_ref()
                    .fold(word.to_string(), |rest, word| rest + " " + word);
                if let Some(line) = broken.last_mut() {
                    *line = format!("{line} {rest}");
                }
            }
        }
    }
    for line in &mut broken {
        cut(line, size, room);
    }
    broken
}

fn cut(line: &mut String, size: f64, room: f64) {
    if text_width(line, size) <= room {
        return;
    }
    while line.pop().is_some() {
        let shortened = format!("{}…", line.trim_end());
        if line.is_empty() || text_width(&shortened, size) <= room {
            *line = shortened;
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_break_at_spaces_and_end_in_an_ellipsis_where_no_line_is_left() {
        let wrap = |text: &str, room: f64, lines: usize| wrap(text, 10.0, room, lines).join("|");
        assert_eq!(wrap("read states", 200.0, 2), "read states");
        assert_eq!(wrap("read states", 40.0, 2), "read|states");
        assert_eq!(
            wrap("read all of the states", 70.0, 2),
            "read all of|the states"
        );
        assert_eq!(wrap("read all of the states", 60.0, 1), "read all of…");
        assert_eq!(wrap("incomprehensibilities", 40.0, 2), "incom…");
        assert_eq!(wrap("", 40.0, 2), "");
        for room in 1..120 {
            for line in super::wrap(
                "write the programmed parameters twice",
                10.0,
                room.into(),
                2,
            ) {
                let fits = text_width(&line, 10.0) <= room.into();
                assert!(fits || line == "…", "`{line}` in {room}");
            }
        }
    }

    #[test]
    fn coordinates_keep_a_tenth_of_a_pixel() {
        assert_eq!([12.0, 3.25, -0.01, 0.97].map(px), ["12", "3.2", "0", "1"]);
    }
}

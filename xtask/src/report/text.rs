//! Tables of plain text.

/// Lines of prose are broken here.
const WIDTH: usize = 120;
/// Before each column.
const GAP: usize = 2;

/// Which side of a column is straight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// Rows below a heading, columns as wide as their widest cell. Words in the last column may be many: they are
/// broken into lines that hang below each other.
pub fn table(columns: &[(&str, Align)], rows: &[impl AsRef<[String]>]) -> String {
    let heading: Vec<String> = columns.iter().map(|(name, _)| (*name).to_owned()).collect();
    let rows = || std::iter::once(heading.as_slice()).chain(rows.iter().map(AsRef::as_ref));
    let length = |text: &str| text.chars().count();
    let widths: Vec<usize> = (0..columns.len())
        .map(|place| {
            rows()
                .filter_map(|row| row.get(place))
                .map(|cell| length(cell))
                .max()
        })
        .map(Option::unwrap_or_default)
        .collect();
    let last = columns.len().saturating_sub(1);
    let start = widths
        .iter()
        .take(last)
        .map(|width| width + GAP)
        .sum::<usize>()
        + GAP;
    let mut text = String::new();
    for row in rows() {
        let mut line = String::new();
        for (place, ((_, align), width)) in columns.iter().zip(&widths).enumerate() {
            let cell = row.get(place).map_or("", String::as_str);
            let padding = " ".repeat(width - length(cell));
            line.push_str(&" ".repeat(GAP));
            match align {
                Align::Left if place == last => line.push_str(&hanging(cell, start)),
                Align::Left => line.extend([cell, &padding]),
                Align::Right => line.extend([&padding, cell]),
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// A paragraph that starts at column `start` and stays to the right of it.
pub fn hanging(text: &str, start: usize) -> String {
    let room = WIDTH.saturating_sub(start).max(30);
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let Some(line) = lines.last_mut() else { break };
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= room {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines.join(&format!("\n{}", " ".repeat(start)))
}

//! Many ids as few patterns: `a.{b,c}.{d,e}`.

/// Ids of which those that differ in one segment only are written as one, segment by segment from the last.
pub fn fold(ids: &[&str]) -> Vec<String> {
    let split = |id: &&str| id.split('.').map(|s| vec![s.to_owned()]).collect();
    let mut patterns: Vec<Vec<Vec<String>>> = ids.iter().map(split).collect();
    let longest = patterns.iter().map(Vec::len).max().unwrap_or(0);
    for place in (0..longest).rev() {
        let mut merged: Vec<Vec<Vec<String>>> = Vec::new();
        for pattern in patterns {
            match merged
                .iter_mut()
                .find(|known| alike(known, &pattern, place))
            {
                Some(known) => known[place].extend_from_slice(&pattern[place]),
                None => merged.push(pattern),
            }
        }
        patterns = merged;
    }
    let segment = |choices: Vec<String>| match choices.as_slice() {
        [one] => one.clone(),
        many => format!("{{{}}}", many.join(",")),
    };
    let text = |pattern: Vec<Vec<String>>| {
        let segments: Vec<String> = pattern.into_iter().map(segment).collect();
        segments.join(".")
    };
    patterns.into_iter().map(text).collect()
}

/// Whether they are equal but for the segment at `place`.
fn alike(one: &[Vec<String>], other: &[Vec<String>], place: usize) -> bool {
    let rest = |pattern: &[Vec<String>]| -> Vec<Vec<String>> {
        let kept = pattern.iter().enumerate().filter(|(at, _)| *at != place);
        kept.map(|(_, segment)| segment.clone()).collect()
    };
    one.len() == other.len() && place < one.len() && rest(one) == rest(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_segment_at_a_time() {
        let fold = |ids: &[&str]| fold(ids);
        assert_eq!(fold(&["a.b.c", "a.d", "a.b.e"]), ["a.b.{c,e}", "a.d"]);
        assert_eq!(
            fold(&["a.b.x", "a.b.y", "a.c.x", "a.c.y"]),
            ["a.{b,c}.{x,y}"]
        );
        // Not every combination is there.
        assert_eq!(fold(&["a.b.x", "a.b.y", "a.c.x"]), ["a.b.{x,y}", "a.c.x"]);
        assert!(fold(&[]).is_empty());
    }
}

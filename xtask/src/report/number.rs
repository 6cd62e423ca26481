//! Numbers as people read them.

/// A thin space groups the digits of large whole numbers.
const GROUP: char = '\u{2009}';
const MINUS: char = '\u{2212}';

/// A figure with three to four significant digits: `0.0711`, `0.924`, `12.34`,
/// `19 854`, `3.2×10⁻⁷`. All digits stay in `results.json`.
pub fn figure(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() || size == 0.0 {
        return value.abs().to_string();
    }
    // A long count is read digit by digit, a long round number by its power.
    let is_count = size.fract() == 0.0 && size < 1e15;
    let is_round = size >= 1e7 && size % 1e5 == 0.0;
    let text = if is_count && !is_round {
        grouped(size)
    } else if !(9.995e-4..99_999.5).contains(&size) {
        scientific(size, 2)
    } else {
        let significant = if size < 1.0 { 3 } else { 4 };
        let decimals = (significant - 1 - size.log10().floor() as i32).max(0) as usize;
        let text = format!("{size:.decimals$}");
        if decimals == 0 {
            grouped(size.round())
        } else {
            text
        }
    };
    if value < 0.0 {
        format!("{MINUS}{text}")
    } else {
        text
    }
}

/// A figure with two significant digits, for narrow places: `0.031`, `6.2`,
/// `260`, `2.3×10⁴`.
pub fn brief(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() || size == 0.0 {
        return value.abs().to_string();
    }
    // Rounded first, so that 0.996 is written 1 and not 1.00.
    let power = 10f64.powi(1 - size.log10().floor() as i32);
    let rounded = (size * power).round() / power;
    let text = if (0.01..10_000.0).contains(&rounded) {
        let decimals = (1 - rounded.log10().floor() as i32).max(0) as usize;
        trimmed(&format!("{rounded:.decimals$}")).to_string()
    } else {
        scientific(rounded, 1)
    };
    if value < 0.0 {
        format!("{MINUS}{text}")
    } else {
        text
    }
}

/// A quantity with three significant digits and the prefix of its unit:
/// `5.1 pJ`, `8 mJ`, `4.14 zJ`. Without a unit, or beyond the prefixes, as
/// [`figure`].
pub fn si(value: f64, unit: &str) -> String {
    const PREFIXES: [&str; 19] = [
        "q", "r", "y", "z", "a", "f", "p", "n", "µ", "m", "", "k", "M", "G", "T", "P", "E", "Z",
        "Y",
    ];
    const ONE: i32 = 10;
    let size = value.abs();
    if unit.is_empty() {
        return figure(value);
    }
    if size == 0.0 || !value.is_finite() {
        return format!("{} {unit}", figure(value));
    }
    // Rounded first, so that 999.7 pJ is written 1 nJ.
    let digits = format!("{size:.2e}");
    let (rounded, exponent) = digits
        .split_once('e')
        .and_then(|(mantissa, exponent)| {
            Some((mantissa.parse::<f64>().ok()?, exponent.parse::<i32>().ok()?))
        })
        .unwrap_or((size, 0));
    let prefix = usize::try_from(exponent.div_euclid(3) + ONE)
        .ok()
        .and_then(|place| PREFIXES.get(place));
    let Some(prefix) = prefix else {
        return format!("{} {unit}", figure(value));
    };
    let within = exponent.rem_euclid(3);
    let decimals = (2 - within) as usize;
    let text = format!("{:.decimals$}", rounded * 10f64.powi(within));
    let sign = if value < 0.0 { "\u{2212}" } else { "" };
    format!("{sign}{} {prefix}{unit}", trimmed(&text))
}

/// A figure without the zeros at its end: `0.3`, `8.547`.
pub fn plain(value: f64) -> String {
    let text = figure(value);
    // The exponent of `3×10¹⁰` is written with digits of its own.
    trimmed(&text).to_string()
}

/// A share of a whole: `66 %`, `4.2 %`, `0.42 %`, `< 0.01 %`.
pub fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    if percent > 0.0 && percent < 0.01 {
        "< 0.01 %".into()
    } else if percent > 99.9 && share < 1.0 {
        "> 99.9 %".into()
    } else if percent == 0.0 || percent >= 9.95 {
        format!("{percent:.0} %")
    } else if percent >= 0.995 {
        format!("{percent:.1} %")
    } else {
        format!("{percent:.2} %")
    }
}

/// Decimals without the zeros at their end.
fn trimmed(text: &str) -> &str {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        text
    }
}

/// A tick label, exact to `step`, the distance to the next tick.
pub fn tick(value: f64, step: f64) -> String {
    // A tick computed as a multiple may miss zero by rounding.
    let value = if value.abs() < step * 1e-6 {
        0.0
    } else {
        value
    };
    let size = value.abs();
    let text = if size == 0.0 {
        "0".to_string()
    } else if !(1e-3..1e6).contains(&size) {
        scientific(size, 1)
    } else {
        let decimals = (-step.log10().floor()).max(0.0) as usize;
        if decimals == 0 {
            grouped(size.round())
        } else {
            format!("{size:.decimals$}")
        }
    };
    if value < 0.0 {
        format!("{MINUS}{text}")
    } else {
        text
    }
}

/// `3.2×10⁻⁷`; a mantissa of one is left out: `10⁻⁷`. The size must be positive and finite.
pub fn scientific(size: f64, decimals: usize) -> String {
    let text = format!("{size:.decimals$e}");
    let Some((mantissa, exponent)) = text.split_once('e') else {
        return text;
    };
    let mantissa = match mantissa.trim_end_matches('0').trim_end_matches('.') {
        "1" => String::new(),
        digits => format!("{digits}×"),
    };
    format!("{mantissa}10{}", superscript(exponent))
}

fn superscript(digits: &str) -> String {
    const RAISED: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let raise = |c: char| match c.to_digit(10) {
        Some(digit) => RAISED[digit as usize],
        None => '⁻',
    };
    digits.chars().map(raise).collect()
}

fn grouped(whole: f64) -> String {
    let digits = format!("{whole:.0}");
    if digits.len() < 5 {
        return digits;
    }
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 * GROUP.len_utf8());
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(GROUP);
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_keep_three_to_four_significant_digits() {
        let cases = [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (0.9241, "0.924"),
            (0.07114, "0.0711"),
            (-1.1577, "−1.158"),
            (12.344, "12.34"),
            (12345.6, "12\u{2009}346"),
            (19_854.0, "19\u{2009}854"),
            (3.2e-7, "3.2×10⁻⁷"),
            (2.5e6 + 0.5, "2.5×10⁶"),
            (2_085_617_664.0, "2\u{2009}085\u{2009}617\u{2009}664"),
            (3.8e13, "3.8×10¹³"),
        ];
        for (value, text) in cases {
            assert_eq!(figure(value), text, "{value}");
        }
    }

    #[test]
    fn brief_figures_have_two_digits() {
        let cases = [
            (0.0, "0"),
            (1.0, "1"),
            (0.996, "1"),
            (0.0314, "0.031"),
            (0.3, "0.3"),
            (6.23, "6.2"),
            (-62.3, "−62"),
            (258.0, "260"),
            (9_949.0, "9900"),
            (9_960.0, "10⁴"),
            (23_100.0, "2.3×10⁴"),
            (1e8, "10⁸"),
            (0.0031, "3.1×10⁻³"),
        ];
        for (value, text) in cases {
            assert_eq!(brief(value), text, "{value}");
        }
    }

    #[test]
    fn quantities_carry_the_prefix_of_their_size() {
        let cases = [
            (4.14e-21, "4.14 zJ"),
            (8e-3, "8 mJ"),
            (5.12e-12, "5.12 pJ"),
            (999.7e-12, "1 nJ"),
            (-1.5e-9, "−1.5 nJ"),
            (0.0, "0 J"),
            (1.0, "1 J"),
            (120.0, "120 J"),
            (3.5e6, "3.5 MJ"),
            (2e-33, "2×10⁻³³ J"),
        ];
        for (value, text) in cases {
            assert_eq!(si(value, "J"), text, "{value}");
        }
        assert_eq!(si(2.5e6 + 0.5, ""), "2.5×10⁶");
    }

    #[test]
    fn shares_never_round_to_nothing_or_to_everything() {
        let cases = [
            (0.0, "0 %"),
            (1e-9, "< 0.01 %"),
            (0.0048, "0.48 %"),
            (0.00998, "1.0 %"),
            (0.0424, "4.2 %"),
            (0.6649, "66 %"),
            (0.9996, "> 99.9 %"),
            (1.0, "100 %"),
        ];
        for (share, text) in cases {
            assert_eq!(percent(share), text, "{share}");
        }
    }

    #[test]
    fn ticks_have_the_decimals_of_their_step() {
        assert_eq!(tick(0.30000000000000004, 0.1), "0.3");
        assert_eq!(tick(-1e-17, 0.1), "0");
        assert_eq!(tick(-0.25, 0.05), "−0.25");
        assert_eq!(tick(20_000.0, 5_000.0), "20\u{2009}000");
        assert_eq!(tick(2e6, 1e6), "2×10⁶");
        assert_eq!(tick(1e-4, 1e-4), "10⁻⁴");
    }
}

//! Formatting of numbers for people. Parts that belong together are joined by non-breaking spaces.

/// A non-breaking space.
const SPACE: char = '\u{a0}';

/// A share between 0 and 1, as `85.87 %`.
pub fn percent(share: f64) -> String {
    format!("{:.2}{SPACE}%", share * 100.0)
}

/// The confidence of a network as a percentage, never 100 %.
pub fn confidence(probability: f32) -> String {
    if probability > 0.9999 { format!(">{SPACE}99.99{SPACE}%") } else { percent(f64::from(probability)) }
}

/// A difference of two shares in percentage points, with its sign.
pub fn points(difference: f64) -> String {
    let points = difference * 100.0;
    let sign = if points < -0.005 {
        "\u{2212}"
    } else if points < 0.005 {
        "\u{b1}"
    } else {
        "+"
    };
    format!("{sign}{:.2}", points.abs())
}

/// Any number to three digits: `0.412`, `1,350`, `4.2 × 10⁻⁵`.
pub fn number(value: f64) -> String {
    let magnitude = value.abs();
    let sign = if value < 0.0 { "\u{2212}" } else { "" };
    let text = match magnitude {
        0.0 => "0".to_owned(),
        m if !(1e-3..1e6).contains(&m) => scientific(m),
        m if m >= 1000.0 => crate::format::thousands(m.round() as usize),
        m if m >= 100.0 => format!("{m:.0}"),
        m if m >= 10.0 => format!("{m:.1}"),
        m if m >= 1.0 => format!("{m:.2}"),
        m => format!("{m:.3}"),
    };
    format!("{sign}{text}")
}

/// `4.2 × 10⁻⁵`
fn scientific(magnitude: f64) -> String {
    let text = format!("{magnitude:.1e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    format!("{mantissa}{SPACE}{}", power(exponent))
}

/// `× 10⁻⁵`, for -5
pub fn power(exponent: impl ToString) -> String {
    let digits = ["⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"];
    let exponent = exponent.to_string();
    let raised = exponent.chars().map(|c| c.to_digit(10).map_or("⁻", |digit| digits[digit as usize]));
    format!("×{SPACE}10{}", raised.collect::<String>())
}

/// A number of bytes.
pub fn bytes(count: usize) -> String {
    let text = crate::format::bytes(count);
    let (value, unit) = text.split_once(' ').unwrap_or((&text, ""));
    let value = if value.contains('.') { value.trim_end_matches('0').trim_end_matches('.') } else { value };
    format!("{value}{SPACE}{unit}")
}

/// Needed and available bytes, with the unit only once if it is the same: `3.2 of 128 KB`.
pub fn bytes_of(needed: usize, available: usize) -> String {
    let (needed, available) = (bytes(needed), bytes(available));
    match (needed.split_once(SPACE), available.split_once(SPACE)) {
        (Some((value, unit)), Some((_, same))) if unit == same => format!("{value} of {available}"),
        _ => format!("{needed} of {available}"),
    }
}

/// A multiple, as `×1,350` or `×0.04`.
pub fn multiple(ratio: f64) -> String {
    format!("×{}", number(ratio))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_for_people() {
        let plain = |text: String| text.replace(SPACE, " ");
        let numbers = [0.0, 0.412_34, -0.05, 1.0, 12.34, 999.7, 1350.2, 4.2e-5, -2e7].map(number).map(plain);
        let expected = ["0", "0.412", "−0.050", "1.00", "12.3", "1000", "1,350", "4.2 × 10⁻⁵", "−2.0 × 10⁷"];
        assert_eq!(numbers, expected);
        assert_eq!([0.8587, 1.0].map(percent).map(plain), ["85.87 %", "100.00 %"]);
        assert_eq!([0.857, 0.99995, 1.0].map(confidence).map(plain), ["85.70 %", "> 99.99 %", "> 99.99 %"]);
        assert_eq!([0.0028, -0.0097, 0.0, -0.00001].map(points), ["+0.28", "−0.97", "±0.00", "±0.00"]);
        let sizes = [bytes(900), bytes_of(3_277, 131_072), bytes_of(269_620, 4 << 20)].map(plain);
        assert_eq!(sizes, ["900 B", "3.2 of 128 KB", "263.3 KB of 4 MB"]);
        assert_eq!([1350.2, 0.04].map(multiple), ["×1,350", "×0.040"]);
    }
}

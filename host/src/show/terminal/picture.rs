//! An image in the terminal, probabilities as bars, and numbers as dots.

use super::bold::bold;
use foldnet_data::text;

/// Shades from dark to bright, for output without colours.
const SHADES: &[u8; 10] = b" .:-=+*#%@";

/// Width of the longest bar.
const BAR: usize = 40;

/// An image with `width` columns, two characters per pixel, with bright pixels drawn bright.
pub fn picture(pixels: &[u8], width: usize) -> String {
    let shade = |&pixel: &u8| {
        let shade = char::from(SHADES[usize::from(pixel) * SHADES.len() / 256]);
        [shade, shade]
    };
    let lines = pixels.chunks(width).map(|row| row.iter().flat_map(shade).collect::<String>());
    lines.map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

/// A line with a bar for every class; the most probable one is bold.
pub fn bars(labels: &[String], probabilities: &[f32]) -> String {
    let labels: Vec<String> = labels.iter().map(|label| text::name(label)).collect();
    let name_width = labels.iter().map(|label| label.chars().count()).max().unwrap_or(0);
    let best = probabilities.iter().copied().fold(0.0, f32::max);
    let line = |(label, &p): (&String, &f32)| {
        let filled = (p * BAR as f32).round() as usize;
        let line = format!("{label:name_width$}  {:5.1} %  {}", p * 100.0, "█".repeat(filled));
        let line = line.trim_end().to_owned();
        if p == best { bold(line) } else { line }
    };
    labels.iter().zip(probabilities).map(line).collect::<Vec<_>>().join("\n")
}

/// `values` as dots on a line from `low` to `high`; if several coincide, their number.
pub fn strip(values: &[f64], low: f64, high: f64) -> String {
    let mut counts = [0_u32; BAR];
    for value in values {
        let share = (value - low) / f64::max(high - low, f64::MIN_POSITIVE);
        counts[(share * (BAR - 1) as f64).round().clamp(0.0, (BAR - 1) as f64) as usize] += 1;
    }
    let mark = |&count: &u32| match count {
        0 => '·',
        1 => '●',
        2..=9 => char::from_digit(count, 10).unwrap_or('+'),
        _ => '+',
    };
    counts.iter().map(mark).collect()
}

#[cfg(test)]
mod tests {
    use super::{BAR, bars, picture, strip};

    #[test]
    fn dots_are_where_the_values_are() {
        let drawn: Vec<char> = strip(&[0.0, 1.0, 1.0, 0.5], 0.0, 1.0).chars().collect();
        assert_eq!((drawn.len(), drawn[0], drawn[BAR - 1], drawn[BAR / 2]), (BAR, '●', '2', '●'));
        assert_eq!(strip(&[0.3; 3], 0.3, 0.3).matches('3').count(), 1);
    }

    #[test]
    fn dark_is_blank_and_bright_is_dense() {
        assert_eq!(picture(&[0, 255, 128, 0, 0, 0], 3), "  @@++\n");
    }

    #[test]
    fn a_name_of_any_length_has_a_bar() {
        let text = bars(&["x".repeat(70_000), "\x1b[2J".into()], &[0.5, 0.5]);
        assert!(text.lines().all(|line| line.chars().count() < 300) && text.contains("\\u{1b}[2J"), "{text}");
    }

    #[test]
    fn bars_are_as_long_as_probabilities() {
        let text = bars(&["a".into(), "bcd".into()], &[0.25, 0.75]);
        assert_eq!(text.matches('█').count(), BAR);
        assert!(text.starts_with("a     25.0 %  █"), "{text}");
    }
}

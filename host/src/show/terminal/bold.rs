//! Bold text: marks that become a terminal's codes when it is printed.

use anstyle::Style;
use std::fmt::Display;

/// Placeholders for the start and end of bold text until it is printed: characters that do not occur in text.
const BOLD: (char, char) = ('\u{fdd0}', '\u{fdd1}');

/// `text` with its unmarked parts escaped by `safe` and its marks replaced by terminal codes.
pub(super) fn styled(text: &str, safe: fn(&str) -> String) -> String {
    let style = Style::new().bold();
    let part = |part: &str| match (part.strip_prefix(BOLD.0), part.strip_prefix(BOLD.1)) {
        (Some(part), _) => format!("{style}{}", safe(part)),
        (_, Some(part)) => format!("{style:#}{}", safe(part)),
        _ => safe(part),
    };
    let mut starts: Vec<usize> = text.match_indices([BOLD.0, BOLD.1]).map(|(at, _)| at).collect();
    starts.push(text.len());
    let mut from = 0;
    starts.into_iter().map(|to| part(&text[std::mem::replace(&mut from, to)..to])).collect()
}

/// `text` in bold if the terminal supports it, to be printed by [`Ui`](super::Ui).
pub fn bold(text: impl Display) -> String {
    format!("{}{text}{}", BOLD.0, BOLD.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use foldnet_data::text;

    #[test]
    fn only_our_own_marks_reach_the_terminal() {
        let line = |text: &str| styled(text, text::line);
        assert_eq!(line(&format!("a {} c", bold("\x1b]0;x\x07\nb"))), "a \x1b[1m\\u{1b}]0;x\\u{7}\\nb\x1b[0m c");
        assert_eq!(styled("a\nb\u{202e}", text::block), "a\nb\\u{202e}");
        assert_eq!((line(""), line(&bold(""))), (String::new(), "\x1b[1m\x1b[0m".into()));
    }
}

//! Makes text from files safe to display. Names, paths and messages may contain escape sequences that rename the
//! window, marks that change the reading order, line feeds that forge a line, or ten million characters.
//!
//! Everything that is printed passes through one of these functions once, where it is printed. Characters that are not
//! plain are shown as their number, `\u{1b}`, so that nothing disappears.

use std::fmt::Write;

/// Maximum number of characters shown of a name.
pub const NAME: usize = 120;

/// Maximum number of characters shown of a message.
pub const MESSAGE: usize = 2_000;

/// Whether a character is displayed as itself and in its place: not a control character, not one that changes the
/// reading order, separates lines or has no width, and not reserved by Unicode.
pub fn is_plain(character: char) -> bool {
    let code = u32::from(character);
    let special = matches!(
        code,
        0x61c | 0x180e | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0xfeff | 0xfff9..=0xfffb | 0xfdd0..=0xfdef
    );
    !(character.is_control() || special || (0xe0000..=0xe0fff).contains(&code) || code & 0xfffe == 0xfffe)
}

/// A name within a line or a table: every character visible, with the middle left out if it is very long.
pub fn name(text: &str) -> String {
    visible(&shortened(text, NAME), is_plain)
}

/// A one-line message, treated like `name`.
pub fn message(text: &str) -> String {
    visible(&shortened(text, MESSAGE), is_plain)
}

/// A line of any length, every character visible.
pub fn line(text: &str) -> String {
    visible(text, is_plain)
}

/// A text of several lines: line feeds and tabs are kept, everything else is made visible.
pub fn block(text: &str) -> String {
    visible(text, |character| matches!(character, '\n' | '\t') || is_plain(character))
}

/// Equivalent JSON, with characters that a terminal would interpret escaped as `\u202e`.
pub fn json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character == '\n' || is_plain(character) {
            out.push(character);
        } else {
            character.encode_utf16(&mut [0; 2]).iter().for_each(|unit| push(&mut out, format_args!("\\u{unit:04x}")));
        }
    }
    out
}

/// Its beginning, its end and its length, if it has more than `most` characters.
fn shortened(text: &str, most: usize) -> String {
    // A character has at least one byte.
    if text.len() <= most || text.chars().nth(most).is_none() {
        return text.to_owned();
    }
    let end: Vec<char> = text.chars().rev().take(most / 3).collect();
    let begin = text.chars().take(most - most / 3);
    let count = text.chars().count();
    begin.chain(format!("[... {count} characters ...]").chars()).chain(end.into_iter().rev()).collect()
}

fn visible(text: &str, stays: impl Fn(char) -> bool) -> String {
    if text.chars().all(&stays) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match stays(character) {
            true => out.push(character),
            false => push(&mut out, format_args!("{}", character.escape_default())),
        }
    }
    out
}

fn push(out: &mut String, text: std::fmt::Arguments) {
    let written = out.write_fmt(text);
    debug_assert!(written.is_ok(), "a String takes everything");
}

/// A number with a comma between thousands, such as `1,234,567`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let comma = |place: usize| place > 0 && (digits.len() - place) % 3 == 0;
    let grouped = digits.chars().enumerate();
    grouped.flat_map(|(place, digit)| comma(place).then_some(',').into_iter().chain([digit])).collect()
}

/// Bytes such as those of a digest, two hexadecimal digits each.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An error without its remedy, which follows the last semicolon, for a message that has a remedy of its own.
pub fn without_remedy(message: &str) -> &str {
    message.rsplit_once("; ").map_or(message, |(cause, _)| cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remedy_follows_the_last_semicolon() {
        let check = |message: &str, expected: &str| assert_eq!(without_remedy(message), expected);
        check("a;b.csv: is empty; save it again", "a;b.csv: is empty");
        check("is empty", "is empty");
    }

    #[test]
    fn what_a_terminal_would_obey_is_shown() {
        let check = |text: &str, expected: &str| assert_eq!(line(text), expected);
        check("T-shirt/top äpfel 猫 ✓ ─", "T-shirt/top äpfel 猫 ✓ ─");
        check("\x1b]0;owned\x07\x1b[2J", "\\u{1b}]0;owned\\u{7}\\u{1b}[2J");
        check("a\nfoldnet: all is well\r\t", "a\\nfoldnet: all is well\\r\\t");
        check("\u{9b}2J \u{85} \u{7f}", "\\u{9b}2J \\u{85} \\u{7f}");
        check("gpj.\u{202e}x\u{2066}\u{200f}\u{61c}", "gpj.\\u{202e}x\\u{2066}\\u{200f}\\u{61c}");
        check(
            "\u{feff}cat\u{200b}\u{2028}\u{e0041}\u{fdd0}\u{fffe}",
            "\\u{feff}cat\\u{200b}\\u{2028}\\u{e0041}\\u{fdd0}\\u{fffe}",
        );
    }

    #[test]
    fn digits_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (123_456, "123,456"), (1_234_567, "1,234,567")]
        {
            assert_eq!(thousands(number), text);
        }
    }

    #[test]
    fn a_block_keeps_its_lines() {
        assert_eq!(block("a\tb\nc\x1b[1m\r\n"), "a\tb\nc\\u{1b}[1m\\r\n");
    }

    #[test]
    fn long_names_are_cut_in_the_middle() {
        let long = "x".repeat(10_000_000) + "end";
        let cut = name(&long);
        assert!(cut.chars().count() < NAME + 40 && cut.ends_with("end"), "{cut}");
        assert!(cut.contains("[... 10000003 characters ...]"), "{cut}");
        assert_eq!(name(&"ä".repeat(NAME)), "ä".repeat(NAME));
        assert!(message(&long).chars().count() < MESSAGE + 40);
    }

    #[test]
    fn json_means_the_same() {
        for text in ["plain", "\u{202e}\u{7f}\u{9b}\u{e0041}ä"] {
            let value = format!("{{\"a\":\"{text}\"}}\n");
            let safe = json(&value);
            assert!(safe.chars().all(|c| c == '\n' || is_plain(c)), "{safe}");
        }
        assert_eq!(json("\"\u{202e}\u{e0041}\""), "\"\\u202e\\udb40\\udc41\"");
    }
}

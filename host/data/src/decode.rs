//! Decodes text files: UTF-8 with or without a byte order mark, or UTF-16 with one.

use std::char::{REPLACEMENT_CHARACTER, decode_utf16};

use unicode_normalization::UnicodeNormalization;

use crate::error::Problem;

const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";
const UTF16_LITTLE: &[u8] = b"\xff\xfe";
const UTF16_BIG: &[u8] = b"\xfe\xff";

/// Whether a text that starts with these bytes is UTF-16.
pub(crate) fn is_utf16(start: &[u8]) -> bool {
    start.starts_with(UTF16_LITTLE) || start.starts_with(UTF16_BIG)
}

/// The text without its byte order mark.
///
/// # Errors
/// If it is neither UTF-8 nor UTF-16 with a mark.
pub(crate) fn decode(bytes: &[u8]) -> Result<String, Problem> {
    if is_utf16(bytes) {
        let read = if bytes.starts_with(UTF16_LITTLE) { u16::from_le_bytes } else { u16::from_be_bytes };
        let units = bytes[2..].chunks_exact(2).map(|pair| read([pair[0], pair[1]]));
        return Ok(decode_utf16(units).map(|unit| unit.unwrap_or(REPLACEMENT_CHARACTER)).collect());
    }
    let bytes = bytes.strip_prefix(UTF8_MARK).unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|cause| Problem::NotUtf8(cause.valid_up_to()))?;
    Ok(text.to_owned())
}

/// A name in composed form for comparison: letters and their accents as one character each.
pub(crate) fn composed(name: &str) -> String {
    name.nfc().collect()
}

/// Whether a name is a single line of text without control characters.
pub(crate) fn is_plain(name: &str) -> bool {
    name.chars().all(crate::text::is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_no_text() {
        let check = |bytes: &[u8], expected: &str| assert_eq!(decode(bytes).as_deref(), Ok(expected));
        check(b"\xef\xbb\xbfcat", "cat");
        check(b"\xff\xfec\0a\0t\0", "cat");
        check(b"\xfe\xff\0c\0a\0t", "cat");
        check(b"", "");
        assert_eq!(decode(b"ab\xff"), Err(Problem::NotUtf8(2)));
        assert_eq!(composed("a\u{308}pfel"), "\u{e4}pfel");
        assert!(is_plain("T-shirt/top") && !is_plain("a\x1b[2J") && !is_plain("a\u{202e}b"));
    }
}

//! Errors in a file, each in one line with the remedy.

use std::fmt;
use std::path::PathBuf;

/// A file from which no network could be read.
#[derive(Debug, thiserror::Error)]
#[error("{}: {fault}", clean(&path.display().to_string()))]
pub struct ImportError {
    /// The file.
    pub path: PathBuf,
    /// The fault.
    pub fault: Fault,
}

/// A fault of a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The file cannot be read.
    #[error("cannot be read ({0}); check the path")]
    Unreadable(std::io::Error),
    /// A folder, a pipe or a device.
    #[error("not a regular file; give the model file itself")]
    NotRegular,
    /// More bytes than a dense network for a microcontroller could have.
    #[error("{bytes} bytes exceed the limit of {MAX_FILE} for a model")]
    TooLarge {
        /// Size of the file, or of its unpacked contents.
        bytes: u64,
    },
    /// The format is unknown.
    #[error(
        "not a model file that Foldnet reads; save it as .keras, .h5, .onnx, .tflite, .pt (a state dict) or .safetensors"
    )]
    Unknown,
    /// Only its name says that the file has this format.
    #[error("not {format} file ({}); check which file it is, or save it again", clean(why))]
    NotFormat {
        /// The format that it is named for, with its article.
        format: &'static str,
        /// What is invalid.
        why: String,
    },
    /// The bytes contradict their format.
    #[error("the {format} file is damaged: {}; copy or save it again", clean(why))]
    Broken {
        /// The format that it seems to have.
        format: &'static str,
        /// What is invalid.
        why: String,
    },
    /// The file is valid, but Foldnet does not support its network.
    #[error("{} ({}) {}", clean(node), clean(kind), clean(why))]
    Refused {
        /// The name of the layer or node.
        node: String,
        /// Its kind, as named in the file.
        kind: String,
        /// Why, and what the network could use instead.
        why: String,
    },
    /// The file is valid, but has something that is not supported.
    #[error("{}", clean(.0))]
    Unread(String),
}

/// Maximum size of a file, and of its unpacked contents.
pub const MAX_FILE: u64 = 128 << 20;

impl Fault {
    pub(crate) fn broken(format: &'static str, why: impl Into<String>) -> Self {
        Self::Broken { format, why: why.into() }
    }

    pub(crate) fn refused(node: &str, kind: &str, why: impl Into<String>) -> Self {
        Self::Refused { node: node.into(), kind: kind.into(), why: why.into() }
    }
}

/// A text from a file, made safe for a terminal: control characters and direction marks are escaped, and text longer
/// than a line of an error is cut.
pub fn clean(text: &str) -> Clean<'_> {
    Clean(text)
}

/// See [`clean`].
#[derive(Debug, Clone, Copy)]
pub struct Clean<'a>(&'a str);

/// Maximum number of characters shown of a text from a file.
const SHOWN: usize = 400;

impl fmt::Display for Clean<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        for (index, character) in self.0.chars().enumerate() {
            if index == SHOWN {
                return f.write_str("...");
            }
            let bidi = matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
            if character.is_control() || bidi {
                write!(f, "\\u{{{:x}}}", u32::from(character))?;
            } else {
                write!(f, "{character}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_fit_for_a_terminal() {
        let check = |text: &str, expected: &str| assert_eq!(clean(text).to_string(), expected);
        check("dense_1/kernel:0", "dense_1/kernel:0");
        check("a\x1b[31mb\nc", "a\\u{1b}[31mb\\u{a}c");
        check("a\u{202e}b", "a\\u{202e}b");
        assert_eq!(clean(&"x".repeat(10_000)).to_string().len(), SHOWN + 3);
    }
}

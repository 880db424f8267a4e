//! Problems with the names of classes.

/// A problem with the names of classes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameProblem {
    /// The number of class names is invalid.
    #[error("holds {0} class names; give 1 to 65535, one per line")]
    ClassCount(usize),
    /// A blank line between names.
    #[error("line {0} is blank; write the name of a class there, or remove the line")]
    BlankName(usize),
    /// A device model cannot store the name.
    #[error("the name in line {line} has {bytes} bytes; give one of at most 255")]
    LongName {
        /// Counted from 1.
        line: usize,
        /// Of the name.
        bytes: usize,
    },
    /// A name has characters that a terminal would interpret.
    #[error("the name in line {line} (\"{name}\") has control characters; remove them")]
    NotPlain {
        /// Counted from 1.
        line: usize,
        /// Escaped.
        name: String,
    },
    /// Two classes have the same name.
    #[error("lines {first} and {line} both name '{name}'; give every class its own name")]
    NamedTwice {
        /// The name.
        name: String,
        /// Counted from 1.
        first: usize,
        /// Counted from 1.
        line: usize,
    },
}

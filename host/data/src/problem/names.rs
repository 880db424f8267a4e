//! Problems with the names of classes.

/// A problem with the names of classes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameProblem {
    /// The number of class names is invalid.
    #[error("holds {0} class names; give 1 to 65535, one a line")]
    ClassCount(usize),
    /// A blank line between names.
    #[error("line {0} is blank, and so names no class; write its name there, or take the line out")]
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
    #[error("the name in line {line} (\"{name}\") has control characters; take them out")]
    NotPlain {
        /// Counted from 1.
        line: usize,
        /// Escaped.
        name: String,
    },
    /// Two classes have the same name.
    #[error("line {line} names '{name}', as line {first} does; give every class a name of its own")]
    NamedTwice {
        /// The name.
        name: String,
        /// Counted from 1.
        first: usize,
        /// Counted from 1.
        line: usize,
    },
}

//! Problems with the columns of a table.

/// A problem with a table's columns.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ColumnProblem {
    /// The column does not exist.
    #[error("{flag} {name}: no such column; there are {known}")]
    Unknown {
        /// Where it is named.
        flag: &'static str,
        /// As given.
        name: String,
        /// The first existing ones.
        known: String,
    },
    /// Two columns have this name.
    #[error(
        "{flag} {name}: columns {first} and {second} both have this name; give the number of the one that is meant"
    )]
    Which {
        /// Where it is named.
        flag: &'static str,
        /// As given.
        name: String,
        /// Number of the first, counted from 1.
        first: usize,
        /// Number of the second.
        second: usize,
    },
    /// A column is used for two purposes, or twice for one.
    #[error("column '{column}' is named twice, as {first} and as {flag}; name each column once")]
    UsedTwice {
        /// Its name.
        column: String,
        /// What it is named as first.
        first: &'static str,
        /// And then.
        flag: &'static str,
    },
    /// The number of columns differs from the model's.
    #[error("has {found} columns, but the model takes {expected}; give these, named as in the model or in its order")]
    Count {
        /// Number in the file.
        found: usize,
        /// Required number: one, or two alternatives.
        expected: String,
    },
    /// Only some of the model's inputs are among the names.
    #[error(
        "its header names {found} of the model's {channels} inputs, but not {missing}; name these too, or remove the header and give the columns in the model's order"
    )]
    Missing {
        /// The first ones.
        missing: String,
        /// Number that are named.
        found: usize,
        /// Number of the model's inputs.
        channels: usize,
    },
    /// A different number of columns has the name of a model's inputs.
    #[error("its header has {count} columns called '{name}', an input of the model; give each input one column")]
    Same {
        /// The name.
        name: String,
        /// Number of columns.
        count: usize,
    },
    /// The first line is ambiguous.
    #[error("its first line ({0}) could be column numbers or values; remove it, or put a line of names above it")]
    HeaderOrRow(String),
    /// A value is in a column without values in earlier lines, and without a name.
    #[error(
        "line {line} has a value in column {column}, which has no name and was empty before; name it, or remove it"
    )]
    Trailing {
        /// Counted from 1.
        line: u64,
        /// Counted from 1.
        column: usize,
    },
    /// There are more inputs than any network has.
    #[error("has {found} columns, but a network has at most {most} inputs; give fewer, or an image set as IDX or PNG")]
    TooWide {
        /// Number in the file.
        found: usize,
        /// Allowed.
        most: usize,
    },
    /// A line is longer than any table's.
    #[error("has a line of {found} bytes, more than the limit of {most}; give one example per line")]
    LongLine {
        /// Number in the file.
        found: usize,
        /// Allowed.
        most: usize,
    },
    /// There is no column besides the target.
    #[error(
        "has only one column, which leaves none for inputs; separate the fields of a line with commas, semicolons or tabs"
    )]
    OneColumn,
    /// All columns have other uses.
    #[error("has no column left for inputs; add some, or name fewer as --target, --group or --normal")]
    NoInputs,
}

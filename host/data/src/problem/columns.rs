//! What can be wrong with the columns of a table.

/// What is wrong with a table's columns.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ColumnProblem {
    /// A column that is not there.
    #[error("{flag} {name}: no such column; there are {known}")]
    Unknown {
        /// Where it is named.
        flag: &'static str,
        /// As given.
        name: String,
        /// The first ones that are there.
        known: String,
    },
    /// A name that two columns have.
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
    /// One column for two purposes, or twice for one.
    #[error("column '{column}' is named twice, as {first} and as {flag}; name each column once")]
    UsedTwice {
        /// Its name.
        column: String,
        /// What it is named as first.
        first: &'static str,
        /// And then.
        flag: &'static str,
    },
    /// Columns of another number than a model takes.
    #[error(
        "has {found} columns, the model takes {expected}; give these, by the names the model knows or in its order"
    )]
    Count {
        /// There.
        found: usize,
        /// Needed: one number, or two of which either will do.
        expected: String,
    },
    /// Some names are those of the model's inputs, and others are missing.
    #[error(
        "its header names {found} of the model's {channels} inputs, but not {missing}; name these too, or take the header out and give the columns in the model's order"
    )]
    Missing {
        /// The first ones.
        missing: String,
        /// How many are there.
        found: usize,
        /// How many the model has.
        channels: usize,
    },
    /// A name of the model's inputs that another number of columns have.
    #[error(
        "its header has {count} columns that are called '{name}', an input of the model; give each input one column"
    )]
    Same {
        /// The name.
        name: String,
        /// How many.
        count: usize,
    },
    /// A first line that can be read both ways.
    #[error(
        "its first line ({0}) could number the columns, or be values; take it out, or put a line of names above it"
    )]
    HeaderOrRow(String),
    /// A value where the lines before have none, nor a name.
    #[error(
        "line {line} has a value in column {column}, which has no name and was empty before; name it, or take it out"
    )]
    Trailing {
        /// Counted from 1.
        line: u64,
        /// Counted from 1.
        column: usize,
    },
    /// More inputs than any network has.
    #[error("has {found} columns, and a network has at most {most} inputs; give fewer, or an image set as IDX or PNG")]
    TooWide {
        /// There.
        found: usize,
        /// Allowed.
        most: usize,
    },
    /// A line that no table has.
    #[error("has a line of {found} bytes, more than {most}, which no table has; give one example a line")]
    LongLine {
        /// There.
        found: usize,
        /// Allowed.
        most: usize,
    },
    /// All columns have other uses.
    #[error("has no column left for inputs; add some, or name fewer as --target, --group or --normal")]
    NoInputs,
}

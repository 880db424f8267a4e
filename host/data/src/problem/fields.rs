//! Problems with the lines and fields of a table.

/// A problem with a line or a field of a table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldProblem {
    /// A table has only a header line.
    #[error("has a header and no rows; put the examples below it")]
    HeaderAlone,
    /// A line has a different number of fields.
    #[error("line {line} has {found} fields, but earlier lines have {expected}; give every line the same number")]
    Ragged {
        /// Counted from 1.
        line: u64,
        /// Fields there.
        found: usize,
        /// Fields of the first line.
        expected: usize,
    },
    /// A field has no value.
    #[error("line {line}, column '{column}': {what} where a value is needed; fill it in, or remove the line")]
    MissingValue {
        /// Counted from 1.
        line: u64,
        /// Name or number.
        column: String,
        /// What is there instead.
        what: String,
    },
    /// Text is in a column of numbers.
    #[error(
        "line {line}, column '{column}': '{text}' is not a number; correct it (with a decimal point, not a comma), or name the column as --target, --group or --normal"
    )]
    TextInNumbers {
        /// Counted from 1.
        line: u64,
        /// Name or number.
        column: String,
        /// What is there.
        text: String,
    },
    /// A number is outside the range of 32-bit floats.
    #[error("line {line}, column '{column}': {text} is beyond 32-bit floats; scale the column")]
    BeyondFloats {
        /// Counted from 1.
        line: u64,
        /// Name or number.
        column: String,
        /// What is there.
        text: String,
    },
    /// Text is in a column of numbers, in examples for a trained network.
    #[error("line {line}, column '{column}': '{text}' is not a number; correct it (with a decimal point, not a comma)")]
    TextInput {
        /// Counted from 1.
        line: u64,
        /// Name or number.
        column: String,
        /// What is there.
        text: String,
    },
    /// There are class names instead of values to estimate.
    #[error(
        "line {line}, column '{column}': '{text}' is not a number, which --task regress needs; use --task classify, or another --target"
    )]
    TextTarget {
        /// Counted from 1.
        line: u64,
        /// Name or number.
        column: String,
        /// What is there.
        text: String,
    },
}

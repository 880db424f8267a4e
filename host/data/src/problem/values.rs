//! Problems with the values of inputs, in any format.

/// A problem with the values of inputs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueProblem {
    /// Inputs are text.
    #[error("its inputs are text; give numbers")]
    TextInputs,
    /// NaN or infinity.
    #[error("input {input} of example {example} (both counted from 0) is {value}; give finite numbers")]
    NotFinite {
        /// Counted from 0.
        example: usize,
        /// Counted from 0.
        input: usize,
        /// What is there.
        value: String,
    },
    /// A value is outside the range of 32-bit floats.
    #[error("input {input} of example {example} (both counted from 0) is {value}, beyond 32-bit floats; scale it")]
    BeyondFloat {
        /// Counted from 0.
        example: usize,
        /// Counted from 0.
        input: usize,
        /// What is there.
        value: String,
    },
    /// A value is outside the range of the input type.
    #[error("column '{column}' holds {value}, which does not fit {wanted}; give values of that type")]
    BeyondType {
        /// Its name or number.
        column: String,
        /// The first such value.
        value: String,
        /// The type.
        wanted: &'static str,
    },
}

//! Problems with the answers of examples: classes, values, and what is normal.

/// A problem with the answers of examples.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerProblem {
    /// Inputs have no answers.
    #[error(
        "has no answers; put them into NAME_y.npy beside NAME_x.npy (or y beside x in an .npz), or use --task reconstruct"
    )]
    NoAnswers,
    /// The number of answers differs from the number of inputs.
    #[error("holds {labels} labels for {examples} examples; save one label per example")]
    AnswerCount {
        /// Number of labels.
        labels: usize,
        /// Number of examples.
        examples: usize,
    },
    /// Several columns of classes.
    #[error("--target names {0} columns for the class; name only one, or use --task regress")]
    ManyAnswers(usize),
    /// Numbers are not valid classes.
    #[error("holds {0} where classes are whole numbers or names; use --task regress for values")]
    NotClasses(String),
    /// Invalid classes in a column.
    #[error(
        "column '{column}' holds {value} where classes are whole numbers or names; use --task regress, or another --target"
    )]
    ColumnNotClasses {
        /// Its name.
        column: String,
        /// The first such value.
        value: String,
    },
    /// A text is not a valid class name.
    #[error("has the class name \"{0}\", which is blank, too long or not plain text; correct it")]
    ClassText(String),
    /// There is only one class.
    #[error("all {what} are of one class, '{class}'; give examples of at least two, or use --task reconstruct")]
    OneClass {
        /// `examples`, or `training examples` if there are others for testing.
        what: &'static str,
        /// Its name.
        class: String,
    },
    /// Class names in an array, instead of values to estimate.
    #[error("holds text such as '{0}', and --task regress needs numbers; use --task classify")]
    TextTargets(String),
    /// No example is normal.
    #[error("--normal {0}: no row has this value; give one that normal rows have")]
    NothingNormal(String),
}

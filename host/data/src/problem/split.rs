//! Problems with cutting windows and splitting examples into parts.

/// A problem with cutting windows, or with splitting examples into parts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SplitProblem {
    /// One training image cannot be split.
    #[error("leaves {0} for training and validation, which need one each; add more examples")]
    TooFewToSplit(usize),
    /// A split is requested, but the parts are given.
    #[error("has test examples of its own (x_test, test files or a folder test); leave --test-split out")]
    SplitGiven,
    /// Parts of one file do not match.
    #[error("its test examples have {test}, the training examples {train}; give both one shape and type")]
    PartsDiffer {
        /// Shape.
        test: String,
        /// Shape.
        train: String,
    },
    /// No examples for testing.
    #[error("no example is left for testing; give more examples of each class, or another --test-split")]
    NoTest,
    /// No recording is left for testing.
    #[error(
        "no recording is left for testing, as each class has one only; record more, or leave --group out and have parts of each recording tested"
    )]
    NoTestGroup,
    /// A window longer than every recording.
    #[error("--window {window}: the longest recording has {longest} rows; give a shorter window")]
    LongWindow {
        /// Asked for.
        window: usize,
        /// Rows.
        longest: usize,
    },
    /// A step without a window.
    #[error("--step is for windows; give --window as well, or leave --step out")]
    StepAlone,
    /// Windows are requested for examples that are already windows.
    #[error("--window cuts single rows, and each example here has {0} already; leave --window out")]
    WindowOfShape(String),
}

//! Problems with cutting windows and splitting examples into parts.

/// A problem with cutting windows, or with splitting examples into parts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SplitProblem {
    /// One training image cannot be split.
    #[error("leaves {0} for training and validation, which need one each; add more examples")]
    TooFewToSplit(usize),
    /// A split is requested, but the parts are given.
    #[error("has test examples of its own (x_test, test files or a folder test); leave out --test-split")]
    SplitGiven,
    /// Parts of one file do not match.
    #[error("its test examples have {test}, but the training examples have {train}; give both the same shape and type")]
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
        "no recording is left for testing, since each class has only one; record more, or leave out --group to test on parts of each recording"
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
    #[error("--step is for windows; also give --window, or leave out --step")]
    StepAlone,
    /// Windows are requested for examples that are already windows.
    #[error("--window cuts single rows, but each example already has {0}; leave out --window")]
    WindowOfShape(String),
}

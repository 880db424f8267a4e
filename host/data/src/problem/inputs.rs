//! Problems with examples for a trained network, which have no labels.

/// A problem with examples for a trained network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InputProblem {
    /// There is no file of examples for a trained network.
    #[error("no such file; check the path, or give - to read from standard input")]
    NoInput,
    /// An archive or a folder is given for inputs without labels.
    #[error(
        "is {found}, but inputs without labels are {formats} or raw values; give one of these here, or the whole set as --dataset"
    )]
    NoInputsAlone {
        /// What it is.
        found: &'static str,
        /// What to give.
        formats: String,
    },
    /// The file is of another kind.
    #[error("looks like {found}, but inputs without labels are {formats} or raw values; {remedy}")]
    OtherKind {
        /// What it looks like.
        found: &'static str,
        /// What to give.
        formats: String,
        /// What takes the file.
        remedy: &'static str,
    },
    /// An array's axes are not the model's.
    #[error("is an array of {found}, but the model takes {expected}; give the axes in this order, N examples first")]
    InputShape {
        /// There.
        found: String,
        /// Needed.
        expected: String,
    },
    /// The number of values is wrong.
    #[error("holds {found} values, but an example has {example} ({shape}); give whole examples")]
    InputCount {
        /// Number of values in the file.
        found: usize,
        /// Number of values in an example.
        example: usize,
        /// Shape of an example.
        shape: String,
    },
    /// All recordings are shorter than the model's window.
    #[error("the longest recording has {longest} rows, but one window of the model needs {window}; give a longer one")]
    ShortRecording {
        /// Samples of the longest.
        longest: usize,
        /// Samples of a window.
        window: usize,
    },
    /// An option for recordings is given for whole examples.
    #[error("{0} is for recordings, which are cut into windows, but this holds whole examples; leave it out")]
    NoRecording(&'static str),
    /// The length of raw bytes is not a multiple.
    #[error("holds {found} bytes, but {unit} of {input} values has {size}; give a whole number of them")]
    RawLength {
        /// There.
        found: usize,
        /// `an example` or `a sample`.
        unit: &'static str,
        /// Bytes of it.
        size: usize,
        /// The type.
        input: &'static str,
    },
}

//! Problems with an array in an `.npy`.

/// A problem with an array in an `.npy`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NpyProblem {
    /// The file is not in NumPy's format.
    #[error("is not an .npy file; save it with numpy.save")]
    NotNpy,
    /// The version is not supported.
    #[error("is an .npy of version {0}; save it with numpy.save, which writes 1 to 3")]
    Version(u8),
    /// The header is invalid.
    #[error("its header ({0}) cannot be understood; save it with numpy.save")]
    Header(String),
    /// The header is unreasonably long.
    #[error("its header has {found} bytes, more than {most}; save it with numpy.save")]
    LongHeader {
        /// Declared.
        found: usize,
        /// Read.
        most: usize,
    },
    /// The element type is not supported.
    #[error("holds {0}; save it as numbers or text, such as x.astype('float32') or y.astype('U')")]
    Type(String),
    /// An array is longer or shorter than declared.
    #[error("declares an array of {}, {declared} bytes, but holds {found}; save it again", sizes(shape))]
    Length {
        /// Declared.
        shape: Vec<usize>,
        /// Bytes.
        declared: u128,
        /// Bytes.
        found: usize,
    },
    /// The file ends early.
    #[error("ends early; save or fetch it again")]
    EndsEarly,
}

/// `2x3`
fn sizes(shape: &[usize]) -> String {
    shape.iter().map(usize::to_string).collect::<Vec<_>>().join("x")
}

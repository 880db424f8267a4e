//! Problems with a packed file.

/// A problem with a packed file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GzipProblem {
    /// Named `.gz`, but starts with other bytes.
    #[error("is named .gz but is not gzip; fetch it again, or drop .gz from its name if it is already unpacked")]
    NotGzip,
    /// The gzip stream has no end.
    #[error("its gzip stream ends early; fetch it again")]
    Truncated,
    /// The gzip stream contradicts itself.
    #[error("its gzip stream is damaged ({0}); fetch it again")]
    Damaged(String),
}

//! Problems with a file of Fashion-MNIST, found or downloaded.

/// A problem with a file of Fashion-MNIST.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FashionMnistProblem {
    /// The file is not Fashion-MNIST's.
    #[error(
        "is not Fashion-MNIST's (SHA-256 of the contents {found}, not {expected}); delete it and run again, or give the folder as --dataset DIR if it is another set"
    )]
    WrongHash {
        /// Hex.
        found: String,
        /// Hex.
        expected: String,
    },
    /// The downloaded data is not the requested file, and has been deleted.
    #[error(
        "{url} sent something other than Fashion-MNIST's file, which was deleted ({cause}); run again, try another network, or apt-get install dataset-fashion-mnist"
    )]
    BadDownload {
        /// Where it came from.
        url: String,
        /// What is wrong with it.
        cause: String,
    },
}

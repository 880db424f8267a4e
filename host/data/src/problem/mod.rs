//! Problems with a file or folder of data, each as one line with its remedy. A format's own are in a file of their own.

mod answers;
mod columns;
mod fashion_mnist;
mod fields;
mod gzip;
mod idx;
mod inputs;
mod names;
mod npy;
mod npz;
mod pictures;
mod split;
mod values;

pub use answers::AnswerProblem;
pub use columns::ColumnProblem;
pub use fashion_mnist::FashionMnistProblem;
pub use fields::FieldProblem;
pub use gzip::GzipProblem;
pub use idx::IdxProblem;
pub use inputs::InputProblem;
pub use names::NameProblem;
pub use npy::NpyProblem;
pub use npz::NpzProblem;
pub use pictures::PictureProblem;
pub use split::SplitProblem;
pub use values::ValueProblem;

use crate::file_kind::FileKind;

/// A problem with one file or folder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// IDX files.
    #[error(transparent)]
    Idx(#[from] IdxProblem),
    /// PNG pictures, and their folders.
    #[error(transparent)]
    Pictures(#[from] PictureProblem),
    /// A table's columns.
    #[error(transparent)]
    Columns(#[from] ColumnProblem),
    /// A table's lines and fields.
    #[error(transparent)]
    Fields(#[from] FieldProblem),
    /// An `.npy`.
    #[error(transparent)]
    Npy(#[from] NpyProblem),
    /// An `.npz`.
    #[error(transparent)]
    Npz(#[from] NpzProblem),
    /// The values of inputs.
    #[error(transparent)]
    Values(#[from] ValueProblem),
    /// The answers of examples.
    #[error(transparent)]
    Answers(#[from] AnswerProblem),
    /// Windows and parts.
    #[error(transparent)]
    Split(#[from] SplitProblem),
    /// Examples for a trained network.
    #[error(transparent)]
    Inputs(#[from] InputProblem),
    /// Names of classes.
    #[error(transparent)]
    Names(#[from] NameProblem),
    /// A packed file.
    #[error(transparent)]
    Gzip(#[from] GzipProblem),
    /// Files of Fashion-MNIST.
    #[error(transparent)]
    FashionMnist(#[from] FashionMnistProblem),
    /// The path does not exist.
    #[error("no such file or folder; give --dataset {formats}, or use --dataset fashion-mnist or synthetic")]
    NoFolder {
        /// What to give.
        formats: String,
    },
    /// Neither the file nor its uncompressed counterpart exists.
    #[error("no such file, packed or unpacked; put all four IDX files of the set into its folder, or name another one")]
    Missing,
    /// The system denies reading.
    #[error("cannot be read ({0}); check the file and its permissions")]
    Unreadable(String),
    /// The system denies writing.
    #[error("cannot be written ({0}); free some space, or set XDG_CACHE_HOME to a folder that can be written to")]
    Unwritable(String),
    /// A folder without any data.
    #[error(
        "holds no data set; put the set's four IDX files, or a folder of PNG pictures for each class, into this folder, or name another one"
    )]
    NoData,
    /// Zero bytes long.
    #[error("is empty; save or fetch it again")]
    Empty,
    /// A zero-length table, array or stream.
    #[error("is empty; write at least one row into it")]
    Blank,
    /// A dimension is zero.
    #[error("declares no {0}; put a file with at least one under this name")]
    Nothing(&'static str),
    /// The data does not fit in this machine's memory.
    #[error("needs {0} bytes of memory, more than are available; give a smaller set")]
    NoMemory(usize),
    /// The file is larger than any of its kind.
    #[error("has more than {0} bytes, the limit for a file of its kind; give a smaller one")]
    TooLarge(u64),
    /// Neither UTF-8 nor UTF-16.
    #[error("is not UTF-8 text (byte {0}); save it as UTF-8")]
    NotUtf8(usize),
    /// None of the formats.
    #[error("{}; give one of these, or a folder with {folders}", not_any(files, *kind))]
    UnknownFormat {
        /// What it seems to be.
        kind: Option<FileKind>,
        /// What it is not.
        files: String,
        /// What else there is.
        folders: String,
    },
    /// An option for columns is given for other data than a table.
    #[error("{0} is for the columns of a table of text, but this is none; leave it out")]
    NoColumns(&'static str),
    /// An option for rows is given for images.
    #[error("{flag} is for tables and arrays ({formats}), but this is a set of images; leave it out")]
    NoRows {
        /// The option.
        flag: &'static str,
        /// What it is for.
        formats: String,
    },
}

/// Says that a file has none of the formats `files`.
fn not_any(files: &str, kind: Option<FileKind>) -> String {
    match kind {
        Some(kind) => format!("looks like {}, but a data set is {files}", kind.name()),
        None => format!("is not {files}"),
    }
}

impl Problem {
    /// The system's error for a file.
    pub(crate) fn from_io(cause: &std::io::Error) -> Self {
        match cause.kind() {
            std::io::ErrorKind::NotFound => Self::Missing,
            _ => Self::Unreadable(cause.to_string()),
        }
    }
}

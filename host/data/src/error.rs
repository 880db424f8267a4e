//! What can go wrong with image data, each in one line: what, where, and the remedy.

use std::path::{Path, PathBuf};

/// The ways out when Fashion-MNIST is nowhere to be had.
const WAYS_OUT: &str = "apt-get install dataset-fashion-mnist, or give --dataset DIR, or set FOLDNET_DATA to a folder \
                        with its four files, or use --dataset synthetic";

/// Why no images could be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DataError {
    /// A file or folder on this machine is not what it should be.
    #[error("{}: {problem}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it.
        problem: Problem,
    },
    /// Not on this machine, and the server cannot be reached.
    #[error("Fashion-MNIST is not on this machine and {url} cannot be reached ({cause}): {WAYS_OUT}")]
    Offline {
        /// What was asked for.
        url: String,
        /// The system's words.
        cause: String,
    },
    /// Not on this machine, and the server (or a proxy) answers, but does not give the file.
    #[error("Fashion-MNIST is not on this machine and {url} answers with HTTP status {status}: {WAYS_OUT}")]
    Refused {
        /// What was asked for.
        url: String,
        /// HTTP status.
        status: u16,
    },
    /// The download broke off again and again; the next run goes on where it stopped.
    #[error("{url}: the download broke off after {done} bytes ({cause}): run again to go on from there, or {WAYS_OUT}")]
    BrokenOff {
        /// What was asked for.
        url: String,
        /// Bytes that are safe in the cache.
        done: u64,
        /// The last failure.
        cause: String,
    },
    /// Not on this machine, and there is no folder to download into.
    #[error(
        "Fashion-MNIST is not on this machine and there is no cache folder to download it into, as neither HOME nor XDG_CACHE_HOME is set: {WAYS_OUT}"
    )]
    NoCache,
}

impl DataError {
    /// The set is not on this machine and could not be fetched, through no fault of any file: what
    /// `demo` answers by going on with the synthetic set.
    pub fn is_unavailable(&self) -> bool {
        !matches!(self, Self::File { .. })
    }

    /// What is wrong, without path and remedy.
    pub(crate) fn what(&self) -> String {
        let text = match self {
            Self::File { problem, .. } => problem.to_string(),
            other => other.to_string(),
        };
        // Every problem names its remedy behind the semicolon.
        text.split(';').next().unwrap_or_default().to_owned()
    }

    pub(crate) fn file(path: &Path, problem: Problem) -> Self {
        Self::File { path: path.to_owned(), problem }
    }
}

/// What is wrong with one file or folder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The folder given does not exist, or is no folder.
    #[error(
        "no such folder; give --dataset a folder with four IDX files or with a folder of PNG pictures for each class, or use --dataset fashion-mnist or synthetic"
    )]
    NoFolder,
    /// Neither the file nor its unpacked twin is there.
    #[error(
        "no such file, packed or unpacked; put the set's four IDX files, or a folder of PNG pictures for each class, into this folder or name another one"
    )]
    Missing,
    /// The system does not let us read.
    #[error("cannot be read ({0}); check the file and its permissions")]
    Unreadable(String),
    /// The system does not let us write.
    #[error("cannot be written ({0}); make room, or set XDG_CACHE_HOME to a folder that can be written")]
    Unwritable(String),
    /// Zero bytes long.
    #[error("is empty; fetch it again")]
    Empty,
    /// Named `.gz`, but starts with other bytes.
    #[error("is named .gz but is not gzip; fetch it again, or drop .gz from its name if it is already unpacked")]
    NotGzip,
    /// The gzip stream has no end.
    #[error("its gzip stream breaks off; fetch it again")]
    Truncated,
    /// The gzip stream contradicts itself.
    #[error("its gzip stream is damaged ({0}); fetch it again")]
    Damaged(String),
    /// Another kind of IDX file, or none.
    #[error(
        "starts with {found:#010x} where an IDX file of {what} has {expected:#010x}; put the right file under this name"
    )]
    Magic {
        /// `images` or `labels`.
        what: &'static str,
        /// Big-endian first four bytes.
        found: u32,
        /// What they should be.
        expected: u32,
    },
    /// Shorter than an IDX header.
    #[error("ends within its IDX header; fetch it again")]
    NoHeader,
    /// A dimension is zero.
    #[error("declares no {0}; put a file with at least one under this name")]
    Nothing(&'static str),
    /// Fewer bytes than declared.
    #[error("declares {declared} bytes of {what} but holds {found}; fetch it again")]
    TooShort {
        /// `images` or `labels`.
        what: &'static str,
        /// By the header.
        declared: u128,
        /// Behind the header.
        found: usize,
    },
    /// More bytes than declared.
    #[error("goes on behind the {declared} bytes of {what} it declares; fetch it again")]
    TooLong {
        /// `images` or `labels`.
        what: &'static str,
        /// By the header.
        declared: u128,
    },
    /// Too large for this machine.
    #[error("needs {0} bytes of memory, more than there are; give a smaller set")]
    NoMemory(usize),
    /// Labels and images do not belong together.
    #[error("holds {labels} labels for {images} images; take both files from one set")]
    CountMismatch {
        /// In this file.
        labels: usize,
        /// In the images file beside it.
        images: usize,
    },
    /// A label has no class name.
    #[error(
        "label {label} of image {index} has no name in labels.txt, which has {classes}; add the names that are missing"
    )]
    LabelRange {
        /// Image, counted from 0.
        index: usize,
        /// Its label.
        label: u16,
        /// Number of class names.
        classes: usize,
    },
    /// Training and test images differ in size.
    #[error("its images are {test_height}x{test_width}, the training images {height}x{width}; take both from one set")]
    SizeMismatch {
        /// Rows of a test image.
        test_height: usize,
        /// Columns of a test image.
        test_width: usize,
        /// Rows of a training image.
        height: usize,
        /// Columns of a training image.
        width: usize,
    },
    /// One training image cannot be split.
    #[error("holds 1 image, and training and validation need one each; add more images")]
    TooFewToSplit,
    /// The class names are unusable.
    #[error("holds {0} class names; give 1 to 65535, one a line")]
    ClassCount(usize),
    /// A set of pictures has one part only.
    #[error(
        "no such folder, though the other part is there; split the pictures into the folders train and test, or put the classes' folders side by side without them"
    )]
    NoPart,
    /// A folder whose name is no class.
    #[error("is no class of {known}; give it the name of one, or move it away")]
    NoClass {
        /// The file or folder that says which classes there are.
        known: PathBuf,
    },
    /// A class without its folder.
    #[error("no such folder, though labels.txt names this class; make it, or take the name out of labels.txt")]
    NoClassFolder,
    /// A name that a device model cannot hold.
    #[error("the name of its folder {0:?} is not plain text of one line; rename that folder")]
    ClassName(std::ffi::OsString),
    /// More folders than labels.
    #[error("holds {0} folders of classes; give 1 to 65535")]
    FolderCount(usize),
    /// A class of which there is nothing.
    #[error("holds no PNG picture; put some there, or take the folder away")]
    NoPictures,
    /// Not enough for training and testing.
    #[error("holds 1 picture, and training and testing need one each; add more pictures")]
    TooFewPictures,
    /// A picture in another format.
    #[error("is no PNG; convert it, or move it away")]
    OtherFormat,
    /// Named `.png`, but is none, or is damaged.
    #[error("not a readable PNG ({0}); convert it again")]
    NotPng(String),
    /// Too large to be an input.
    #[error("{height} x {width} pixels are too many; scale it to the network's image size")]
    TooManyPixels {
        /// Rows.
        height: u32,
        /// Columns.
        width: u32,
    },
    /// Another size than the first picture's.
    #[error("{height} x {width} pixels, but {} has {first_height} x {first_width}; bring all pictures to one size", first.display())]
    PictureSize {
        /// Rows.
        height: usize,
        /// Columns.
        width: usize,
        /// The picture that came first.
        first: PathBuf,
        /// Its rows.
        first_height: usize,
        /// Its columns.
        first_width: usize,
    },
    /// Not the file of this name in Fashion-MNIST.
    #[error(
        "is not Fashion-MNIST's (SHA-256 of the contents {found}, not {expected}); delete it and run again, or give the folder as --dataset DIR if it is another set"
    )]
    WrongHash {
        /// Hex.
        found: String,
        /// Hex.
        expected: String,
    },
    /// What was downloaded is not what was asked for; it has been deleted.
    #[error(
        "what {url} sent in its place is not Fashion-MNIST's file and was deleted ({cause}); run again, try another network, or apt-get install dataset-fashion-mnist"
    )]
    BadDownload {
        /// Where it came from.
        url: String,
        /// What is wrong with it.
        cause: String,
    },
}

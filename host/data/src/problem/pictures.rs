//! Problems with a PNG picture, or with folders of them.

use std::path::PathBuf;

/// A problem with a PNG picture, or with folders of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PictureProblem {
    /// The file is named `.png`, but is not one, or is damaged.
    #[error("not a readable PNG ({0}); convert it again")]
    NotPng(String),
    /// The image is too large to be an input.
    #[error("{height} x {width} pixels are too many; scale it to the network's image size")]
    TooManyPixels {
        /// Rows.
        height: u32,
        /// Columns.
        width: u32,
    },
    /// The image's size differs from the first one's.
    #[error("{height} x {width} pixels, but {} has {first_height} x {first_width}; scale all pictures to the same size", first.display())]
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
    /// An image has another format.
    #[error("is not a PNG; convert it, or move it away")]
    OtherFormat,
    /// A set of images has only one part.
    #[error(
        "no such folder, although the other part has one; split the pictures into the folders train and test, or use only folders of classes"
    )]
    NoPart,
    /// Two folders are the same part of the set.
    #[error("its folders {0} and {1} could both be the same part of the set; keep one, or put their pictures together")]
    SamePart(String, String),
    /// A folder's name is not a class.
    #[error("is not a class of {known}; give it the name of one, or move it away")]
    NoClass {
        /// The file or folder that says which classes there are.
        known: PathBuf,
    },
    /// Two folders are the same class.
    #[error(
        "its folders {0} and {1} are one class, as their names differ only in how accents are written; put the pictures into one"
    )]
    SameClass(String, String),
    /// A class has no folder.
    #[error("no such folder, although labels.txt names this class; create it, or remove the name from labels.txt")]
    NoClassFolder,
    /// A device model cannot store the name.
    #[error("the name of its folder {0:?} is not plain text of one line; rename that folder")]
    ClassName(std::ffi::OsString),
    /// More folders than labels.
    #[error("holds {0} folders of classes; give 1 to 65535")]
    FolderCount(usize),
    /// A class has no images.
    #[error("holds no PNG picture; add some, or remove the folder")]
    NoPictures,
    /// A class does not have enough images for training and testing.
    #[error("holds 1 picture, but training and testing need one each; add more pictures")]
    TooFewPictures,
    /// Validation examples are given separately.
    #[error("already has a folder of validation examples; leave out --valid-split")]
    ValidGiven,
}

//! Problems with the files of an IDX set.

/// A problem with an IDX file, or with a set of four.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdxProblem {
    /// The file is not an IDX file.
    #[error(
        "starts with {found:#010x} where an IDX file of {what} has {expected:#010x}; put the right file under this name"
    )]
    Magic {
        /// `images` or `labels`.
        what: &'static str,
        /// Big-endian first four bytes.
        found: u32,
        /// What they usually are.
        expected: u32,
    },
    /// The element type does not exist in IDX.
    #[error(
        "says that its elements are of type {0}, but IDX has 8 (u8), 9 (i8), 11 (i16), 12 (i32), 13 (f32) and 14 (f64); write it as one of these"
    )]
    Element(u8),
    /// An array of labels instead of images.
    #[error(
        "is an IDX file of {0} dimensions, but images have 2 to 8, such as [N][height][width]; put the file of the images under this name"
    )]
    NoImages(u8),
    /// A list of single values instead of images.
    #[error(
        "is an IDX file of one dimension, as labels are, but images have more, such as [N][height][width]; put the file of the images under this name"
    )]
    OneDimension,
    /// An array instead of labels.
    #[error(
        "is an IDX file of {0} dimensions, but labels have one, the number of each image's class; put the file of the labels under this name, or write [N][1] and one-hot labels as [N] numbers"
    )]
    NoLabels(u8),
    /// Byte order is wrong.
    #[error("its header is little-endian, but IDX is big-endian; write its sizes (and elements) as big-endian")]
    LittleEndian,
    /// The file is shorter than an IDX header.
    #[error("ends within its IDX header; fetch it again")]
    NoHeader,
    /// Labels and images do not match.
    #[error("holds {labels} labels for {images} images; take both files from one set")]
    Count {
        /// Number in this file.
        labels: usize,
        /// Number in the corresponding images file.
        images: usize,
    },
    /// A label has no class name.
    #[error("label {label} of image {index} has no name in labels.txt, which has {classes}; add the missing names")]
    Label {
        /// Image, counted from 0.
        index: usize,
        /// Its label.
        label: u16,
        /// Number of class names.
        classes: usize,
    },
    /// Training and test images differ.
    #[error("its images are {test}, but the training images are {train}; take both from the same set")]
    Differ {
        /// Size, dimensions or type of a test image.
        test: String,
        /// The same of a training image.
        train: String,
    },
    /// Two files have one name, packed and unpacked.
    #[error("differs from the unpacked file of the same name beside it; remove one of them")]
    Twins,
    /// Several files could be meant.
    #[error("no such file, but {0} have names like it; rename the right one, or move the others away")]
    Several(String),
    /// Fewer bytes than declared.
    #[error("declares {declared} bytes of {what} but holds {found}; fetch it again")]
    TooShort {
        /// `images` or `labels`.
        what: &'static str,
        /// By the header.
        declared: u128,
        /// Bytes after the header.
        found: usize,
    },
    /// More bytes than declared.
    #[error("continues after the {declared} bytes of {what} that it declares; fetch it again")]
    TooLong {
        /// `images` or `labels`.
        what: &'static str,
        /// By the header.
        declared: u128,
    },
}

//! Problems with a file or folder of data, each as one line with its remedy.

mod columns;
mod idx;

use std::path::PathBuf;

pub use columns::ColumnProblem;
pub use idx::IdxProblem;

/// A problem with one file or folder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Of a table's columns.
    #[error(transparent)]
    Columns(#[from] ColumnProblem),
    /// Of IDX files.
    #[error(transparent)]
    Idx(#[from] IdxProblem),
    /// The path does not exist.
    #[error(
        "no such file or folder; give --dataset a CSV, NPY or NPZ file, a folder with four IDX files or with a folder of PNG pictures for each class, or use --dataset fashion-mnist or synthetic"
    )]
    NoFolder,
    /// There is no file of examples for a trained network.
    #[error("no such file; check the path, or give - to read from the standard input")]
    NoInput,
    /// Neither the file nor its unpacked twin is there.
    #[error(
        "no such file, packed or unpacked; put the set's four IDX files, or a folder of PNG pictures for each class, into this folder or name another one"
    )]
    Missing,
    /// The system denies reading.
    #[error("cannot be read ({0}); check the file and its permissions")]
    Unreadable(String),
    /// The system denies writing.
    #[error("cannot be written ({0}); make room, or set XDG_CACHE_HOME to a folder that can be written")]
    Unwritable(String),
    /// Zero bytes long.
    #[error("is empty; fetch it again")]
    Empty,
    /// A table, an array or a stream of zero bytes.
    #[error("is empty; write at least one row into it")]
    Blank,
    /// Named `.gz`, but starts with other bytes.
    #[error("is named .gz but is not gzip; fetch it again, or drop .gz from its name if it is already unpacked")]
    NotGzip,
    /// The gzip stream has no end.
    #[error("its gzip stream breaks off; fetch it again")]
    Truncated,
    /// The gzip stream contradicts itself.
    #[error("its gzip stream is damaged ({0}); fetch it again")]
    Damaged(String),
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
    /// The data does not fit in this machine's memory.
    #[error("needs {0} bytes of memory, more than there are; give a smaller set")]
    NoMemory(usize),
    /// One training image cannot be split.
    #[error("leaves {0} for training and validation, which need one each; add more examples")]
    TooFewToSplit(usize),
    /// The number of class names is invalid.
    #[error("holds {0} class names; give 1 to 65535, one a line")]
    ClassCount(usize),
    /// A set of images has only one part.
    #[error(
        "no such folder, though the other part is there; split the pictures into the folders train and test, or put the classes' folders side by side without them"
    )]
    NoPart,
    /// A folder's name is not a class.
    #[error("is no class of {known}; give it the name of one, or move it away")]
    NoClass {
        /// The file or folder that says which classes there are.
        known: PathBuf,
    },
    /// A class has no folder.
    #[error("no such folder, though labels.txt names this class; make it, or take the name out of labels.txt")]
    NoClassFolder,
    /// A device model cannot store the name.
    #[error("the name of its folder {0:?} is not plain text of one line; rename that folder")]
    ClassName(std::ffi::OsString),
    /// More folders than labels.
    #[error("holds {0} folders of classes; give 1 to 65535")]
    FolderCount(usize),
    /// A class has no images.
    #[error("holds no PNG picture; put some there, or take the folder away")]
    NoPictures,
    /// A class does not have enough images for training and testing.
    #[error("holds 1 picture, and training and testing need one each; add more pictures")]
    TooFewPictures,
    /// An image has another format.
    #[error("is no PNG; convert it, or move it away")]
    OtherFormat,
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
    /// The file is larger than any of its kind.
    #[error("has more than {0} bytes, which nothing of its kind has; give the right file")]
    TooLarge(u64),
    /// Neither UTF-8 nor UTF-16.
    #[error("is not UTF-8 text (byte {0}); save it as UTF-8")]
    NotUtf8(usize),
    /// An archive or a folder is given for inputs without labels.
    #[error(
        "is {0}, and inputs alone are a .npy, a table of text or raw values; give one of these here, or the whole set as --dataset"
    )]
    NoInputsAlone(&'static str),
    /// An array's axes are not the model's.
    #[error("is an array of {found}, and the model takes {expected}; give the axes in this order, N examples first")]
    InputShape {
        /// There.
        found: String,
        /// Needed.
        expected: String,
    },
    /// Two entries of one name.
    #[error("has two arrays that are called {0}; keep one")]
    TwoArrays(&'static str),
    /// Two sets in one file.
    #[error("has x and y as well as x_train and y_train; keep one pair, the other can be a file of its own")]
    TwoSets,
    /// Two folders are the same part of the set.
    #[error("its folders {0} and {1} could both be the same part of the set; keep one, or put their pictures together")]
    SamePart(String, String),
    /// Two folders are the same class.
    #[error(
        "its folders {0} and {1} are one class, as their names differ only in how accents are written; put the pictures into one"
    )]
    SameClass(String, String),
    /// The number of answers differs from the number of inputs.
    #[error("holds {labels} labels for {examples} examples; save as many of both")]
    AnswerCount {
        /// In this array.
        labels: usize,
        /// In that of the inputs.
        examples: usize,
    },
    /// A value is outside the range of 32-bit floats.
    #[error("input {input} of example {example} (both counted from 0) is {value}, beyond 32-bit floats; scale it")]
    BeyondFloat {
        /// Counted from 0.
        example: usize,
        /// Counted from 0.
        input: usize,
        /// What is there.
        value: String,
    },
    /// None of the formats.
    #[error("is no table of text, no .npy and no .npz; give one of these, or a folder with IDX files or PNG pictures")]
    UnknownFormat,
    /// An option for rows is given for images.
    #[error("{0} is for tables and arrays (CSV, NPY, NPZ), and this is a set of images; leave it out")]
    NoRows(&'static str),
    /// A blank line between names.
    #[error("line {0} is blank, and so names no class; write its name there, or take the line out")]
    BlankName(usize),
    /// A device model cannot store the name.
    #[error("the name in line {line} has {bytes} bytes; give one of at most 255")]
    LongName {
        /// Counted from 1.
        line: usize,
        /// Of the name.
        bytes: usize,
    },
    /// A name has characters that a terminal would interpret.
    #[error("the name in line {line} (\"{name}\") has control characters; take them out")]
    NotPlain {
        /// Counted from 1.
        line: usize,
        /// Escaped.
        name: String,
    },
    /// Two classes have the same name.
    #[error("line {line} names '{name}', as line {first} does; give every class a name of its own")]
    NamedTwice {
        /// The name.
        name: String,
        /// Counted from 1.
        first: usize,
        /// Counted from 1.
        line: usize,
    },
    /// A line has a different number of fields.
    #[error("line {line} has {found} fields, the lines before have {expected}; give every line as many")]
    Ragged {
        /// Counted from 1.
        line: u64,
        /// Fields there.
        found: usize,
        /// Fields of the first line.
        expected: usize,
    },
    /// A field has no value.
    #[error("line {line}, column '{column}': {what} where a value is needed; fill it in, or take the line out")]
    MissingValue {
        /// Counted from 1.
        line: u64,
        /// Name or number.
        column: String,
        /// What is there instead.
        what: String,
    },
    /// Text is in a column of numbers.
    #[error(
        "line {line}, column '{column}': '{text}' is no number; correct it (numbers have a point, no comma), or name the column as --target, --group or --normal"
    )]
    TextInNumbers {
        /// Counted from 1.
        line: u64,
        /// Name or number.
        column: String,
        /// What is there.
        text: String,
    },
    /// A number is outside the range of 32-bit floats.
    #[error("line {line}, column '{column}': {text} is beyond 32-bit floats; scale the column")]
    BeyondFloats {
        /// Counted from 1.
        line: u64,
        /// Name or number.
        column: String,
        /// What is there.
        text: String,
    },
    /// Text is in a column of numbers, in examples for a trained network.
    #[error("line {line}, column '{column}': '{text}' is no number; correct it (numbers have a point, no comma)")]
    TextInput {
        /// Counted from 1.
        line: u64,
        /// Name or number.
        column: String,
        /// What is there.
        text: String,
    },
    /// There are class names instead of values to estimate.
    #[error(
        "line {line}, column '{column}': '{text}' is no number, which --task regress needs; use --task classify, or another --target"
    )]
    TextTarget {
        /// Counted from 1.
        line: u64,
        /// Name or number.
        column: String,
        /// What is there.
        text: String,
    },
    /// The same in an array.
    #[error("holds text such as '{0}', and --task regress needs numbers; use --task classify")]
    TextTargets(String),
    /// All recordings are shorter than the model's window.
    #[error("the longest recording has {longest} rows, and one window of the model needs {window}; give a longer one")]
    ShortRecording {
        /// Samples of the longest.
        longest: usize,
        /// Samples of a window.
        window: usize,
    },
    /// A table has only a header line.
    #[error("has a header and no rows; put the examples below it")]
    HeaderAlone,
    /// Several columns of classes.
    #[error("{0} values are named as the class of an example; name one, or use --task regress")]
    ManyAnswers(usize),
    /// Numbers are not valid classes.
    #[error("holds {0} where classes are whole numbers or names; use --task regress for values")]
    NotClasses(String),
    /// The same in a column.
    #[error(
        "column '{column}' holds {value} where classes are whole numbers or names; use --task regress, or another --target"
    )]
    ColumnNotClasses {
        /// Its name.
        column: String,
        /// The first such value.
        value: String,
    },
    /// A text is not a valid class name.
    #[error("has the class name \"{0}\", which is blank, too long or no plain text; correct it")]
    ClassText(String),
    /// There is only one class.
    #[error("all {what} are of one class, '{class}'; give examples of at least two, or use --task reconstruct")]
    OneClass {
        /// `examples`, or `training examples` if there are others for testing.
        what: &'static str,
        /// Its name.
        class: String,
    },
    /// No example is normal.
    #[error("--normal {0}: no row has this value; give one that normal rows have")]
    NothingNormal(String),
    /// No recording is left for testing.
    #[error(
        "no recording is left for testing, as each class has one only; record more, or leave --group out and have parts of each recording tested"
    )]
    NoTestGroup,
    /// No examples for testing.
    #[error("no example is left for testing; give more examples of each class, or another --test-split")]
    NoTest,
    /// A split is requested, but the parts are given.
    #[error("has test examples of its own (x_test, test files or a folder test); leave --test-split out")]
    SplitGiven,
    /// Validation examples are given separately.
    #[error("has a folder of examples to validate on; leave --valid-split out")]
    ValidGiven,
    /// Parts of one file do not match.
    #[error("its test examples have {test}, the training examples {train}; give both one shape and type")]
    PartsDiffer {
        /// Shape.
        test: String,
        /// Shape.
        train: String,
    },
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
    /// Inputs have no answers.
    #[error(
        "has no answers; put them into NAME_y.npy beside NAME_x.npy (or y beside x in an .npz), or use --task reconstruct"
    )]
    NoAnswers,
    /// Inputs are text.
    #[error("its inputs are text; give numbers")]
    TextInputs,
    /// NaN or infinity.
    #[error("input {input} of example {example} (both counted from 0) is {value}; give finite numbers")]
    NotFinite {
        /// Counted from 0.
        example: usize,
        /// Counted from 0.
        input: usize,
        /// What is there.
        value: String,
    },
    /// A value is outside the range of the input type.
    #[error("column '{column}' holds {value}, which is no {wanted}; give values of that type")]
    BeyondType {
        /// Its name or number.
        column: String,
        /// The first such value.
        value: String,
        /// The type.
        wanted: &'static str,
    },
    /// The length of raw bytes is not a multiple.
    #[error("holds {found} bytes, and {unit} of {input} values has {size}; give whole ones")]
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
    /// The number of values is wrong.
    #[error("holds {found} values, and an example has {example} ({shape}); give whole examples")]
    InputCount {
        /// There.
        found: usize,
        /// Of one example.
        example: usize,
        /// Of one example.
        shape: String,
    },
    /// The file is not in NumPy's format.
    #[error("is no .npy file; save it with numpy.save")]
    NotNpy,
    /// The version is not supported.
    #[error("is an .npy of version {0}; save it with numpy.save, which writes 1 to 3")]
    NpyVersion(u8),
    /// The header is invalid.
    #[error("its header ({0}) cannot be understood; save it with numpy.save")]
    NpyHeader(String),
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
    NpyType(String),
    /// An array is longer or shorter than declared.
    #[error("declares an array of {}, {declared} bytes, but holds {found}; save it again", sizes(shape))]
    ArrayLength {
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
    /// The archive is invalid or of an unsupported kind.
    #[error("is no whole .npz; save it with numpy.savez or numpy.savez_compressed")]
    NotZip,
    /// The archive lacks the arrays.
    #[error("has no x_train and y_train, nor x and y, but {0}; save it as numpy.savez(file, x=..., y=...)")]
    NoArrays(String),
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
        "what {url} sent in its place is not Fashion-MNIST's file and was deleted ({cause}); run again, try another network, or apt-get install dataset-fashion-mnist"
    )]
    BadDownload {
        /// Where it came from.
        url: String,
        /// What is wrong with it.
        cause: String,
    },
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

/// `2x3`
fn sizes(shape: &[usize]) -> String {
    shape.iter().map(usize::to_string).collect::<Vec<_>>().join("x")
}

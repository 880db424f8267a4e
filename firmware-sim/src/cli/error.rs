//! Errors of the command, each in one line: the file, what is wrong, and the remedy.

use foldnet_core::model::ParseError;
use foldnet_data::file_kind::FileKind;
use foldnet_data::write::WouldBeLost;
use foldnet_data::{DataError, missing_columns};
use foldnet_sim::EmulateError;
use foldnet_sim::board::{BoardError, DoesNotFit};
use std::path::{Path, PathBuf};

/// Reason why the command stopped.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    /// The model file cannot be read.
    #[error("{}: cannot be read ({cause}); give the .fnet file that foldnet export wrote", path.display())]
    Unreadable { path: PathBuf, cause: std::io::Error },
    /// The file is not a model that this program can run.
    #[error("{}: {cause}{}; {}", path.display(), but(path, cause), remedy(cause))]
    NoModel { path: PathBuf, cause: ParseError },
    /// The output cannot be written.
    #[error("cannot write to stdout ({0}); free some space there")]
    Unwritable(std::io::Error),
    #[error(transparent)]
    Board(#[from] BoardError),
    #[error("{}: {cause}", path.display())]
    DoesNotFit { path: PathBuf, cause: DoesNotFit },
    #[error(transparent)]
    Data(#[from] DataError),
    /// There is no data set to run the model on.
    #[error("{}: the model takes {model}, but the set it was trained on is unknown here; give --dataset \
        FILE", path.display())]
    NoDataset { path: PathBuf, model: String },
    /// The model and the examples do not match.
    #[error(
        "{}: the model takes {model}, but the examples of {dataset} have {examples}; give the set it was trained on as \
         --dataset", path.display()
    )]
    Examples { path: PathBuf, model: String, dataset: String, examples: String },
    /// The model and the labels do not match.
    #[error(
        "{}: the model has {model} classes, but {dataset} has {labels}; give the set it was trained on as \
         --dataset", path.display()
    )]
    Classes { path: PathBuf, model: usize, dataset: String, labels: usize },
    /// The number of values differs from the model's.
    #[error(
        "{}: the model estimates {model} values, but {dataset} has {values}; select the columns with \
         --target COLUMN,...",
        path.display()
    )]
    Values { path: PathBuf, model: usize, dataset: String, values: usize },
    /// The set's labels are of another kind than the model's answers.
    #[error(
        "{}: the model's head is {head}, which does not match the answers of {dataset}; give the set it was trained on \
         as --dataset", path.display()
    )]
    Answers { path: PathBuf, head: &'static str, dataset: String },
    /// The classes have other names.
    #[error(
        "{}: the model lacks these classes of {dataset}: {unknown}; give the set it was trained on as --dataset",
        path.display()
    )]
    UnknownClasses { path: PathBuf, dataset: String, unknown: String },
    #[error("{}: {}", path.display(), missing_columns(missing))]
    Columns { path: PathBuf, missing: Vec<String> },
    #[error(transparent)]
    Overwrites(#[from] WouldBeLost),
    /// An output file cannot be written; the cause names it.
    #[error("{0}")]
    Output(std::io::Error),
    #[error(transparent)]
    Emulate(#[from] EmulateError),
    #[error(
        "{board}'s outputs differ from the simulator's, first for example {image} (counted from 0); was the firmware \
         built from this source?"
    )]
    Different { board: &'static str, image: usize },
    #[error("{bad} of {runs} runs failed; the first: {first}")]
    Survey { bad: usize, runs: usize, first: String },
    #[error("--images {asked}: {dataset} has {available} test examples; give at most that many, or omit --images")]
    TooFewImages { asked: usize, dataset: String, available: usize },
}

impl CliError {
    pub(crate) fn emulate(path: &Path, cause: EmulateError) -> Self {
        match cause {
            EmulateError::DoesNotFit(cause) => Self::DoesNotFit { path: path.to_owned(), cause },
            cause => Self::Emulate(cause),
        }
    }

    pub(crate) fn no_model(path: &Path, cause: ParseError) -> Self {
        Self::NoModel { path: path.to_owned(), cause }
    }
}

/// What a file without a model seems to be instead.
fn but(path: &Path, cause: &ParseError) -> String {
    let kind = FileKind::at(path).filter(|_| matches!(cause, ParseError::NoModel));
    kind.map_or(String::new(), |kind| format!(" but {}", kind.name()))
}

/// The remedy for a file that is not a model.
fn remedy(cause: &ParseError) -> &'static str {
    match cause {
        ParseError::NoModel => "give the .fnet file that foldnet export wrote",
        ParseError::Version { .. } => "export it with the foldnet of this version, or use the foldnet-sim of that one",
        _ => "copy the file again, or export it again with foldnet export",
    }
}

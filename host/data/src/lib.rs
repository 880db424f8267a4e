//! Data sets for Foldnet on the PC: found, verified, downloaded, read, or generated.
//!
//! ```text
//! Source ──► search (which folder?) ──► download (if not found) ──► format: idx ◄─ unpack (gzip, SHA-256)
//!    ├─────► format: images ────────────────────────────────────┐
//!    ├─────► format: tables, arrays ─► rows ─► assemble (windows, split) ─► Dataset
//!    └─────► synthetic (generated, never read) ─────────────────┘
//! ```
//!
//! - [`Source`] is the value of `--dataset`; [`Search`] says where Fashion-MNIST is searched.
//! - [`load`] returns a whole [`Dataset`], [`load_test`] only its test images.
//! - [`Options`] describe the columns of a table, how recordings are cut, and what is for testing.
//! - The returned data is consistent: as many answers as examples, every class below the number of classes, at least
//!   one example in every part (except for validation, if it was disabled), one shape and type. Callers need no further
//!   checks.
//! - A format is one file in `format`, listed in `format::list`; `format` says how to add one.
//! - Every error is a [`DataError`], one line with its remedy. [`DataError::is_unavailable`] distinguishes "not found
//!   and no network" from a damaged set.
//! - [`mod@write`] writes the files of every package on the PC, each completely or not at all.
//!
//! Shapes: `N` examples, `H` height, `W` width, `C` channels. Inputs are `[N][H][W][C]`, of the type in the file
//! ([`Values`]); targets are classes (`u16`, `[N]`) or real values (`f32`, `[N][outputs]`).
//!
//! This crate draws no progress bars (it reports [`LoadProgress`]) and scales no pixels.

#![deny(unsafe_code)]

mod array;
pub mod bounded;
mod columns;
mod dataset;
mod decode;
mod dice;
mod download;
mod error;
mod examples;
mod fashion_mnist;
pub mod file_kind;
mod format;
mod idx_names;
mod known;
mod lock;
mod names;
mod numbering;
mod open;
mod options;
mod picture;
mod problem;
mod progress;
mod search;
mod shape;
mod source;
mod split;
mod synthetic;
mod targets;
mod test_set;
pub mod text;
mod unpack;
mod values;
pub mod write;

pub use columns::{Columns, missing_columns};
pub use dataset::{Dataset, Part};
pub use download::{RemoteFile, download};
pub use error::{
    AnswerProblem, ColumnProblem, DataError, FashionMnistProblem, FieldProblem, GzipProblem, IdxProblem, InputProblem,
    NameProblem, NpyProblem, NpzProblem, PictureProblem, Problem, SplitProblem, ValueProblem,
};
pub use examples::{Examples, View, WrongKind};
pub use format::{Cut, Format, Wanted, formats, read_inputs};
pub use known::{Known, Stamp, changed};
pub use options::{Normal, Options, Task, TestSplit, share, share_or_none};
pub use picture::{Picture, read_png};
pub use progress::LoadProgress;
pub use search::Search;
pub use shape::Shape;
pub use source::{Source, load, load_test, load_test_with, load_with};
pub use targets::{Targets, TargetsRef};
pub use test_set::TestSet;
pub use values::{InputType, Values, ValuesRef};

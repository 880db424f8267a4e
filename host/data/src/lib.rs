//! Image sets for Foldnet on the PC: found, verified, downloaded, read, or drawn.
//!
//! ```text
//! Source ──► search (which folder?) ──► download (only when nowhere) ──► idx_folder (four files) ◄─ idx ◄─ unpack (gzip, SHA-256)
//!    ├─────► class_folders (a folder of PNG a class) ◄─ picture             │
//!    └─────► synthetic (drawn, never read) ─────────────► Dataset ◄─────────┘
//! ```
//!
//! - [`Source`] is what `--dataset` names; [`Search`] says where Fashion-MNIST is looked for.
//! - [`load`] gives a whole [`Dataset`], [`load_test`] only its test images.
//! - What is handed out is consistent: as many labels as images, every label below the number of
//!   classes, at least one image in every part, one image size. Callers check nothing again.
//! - Everything that can go wrong is a [`DataError`], one line with its remedy.
//!   [`DataError::is_unavailable`] tells "nothing here and no network" from a set that is broken.
//!
//! Shapes: `N` examples, `H` height, `W` width, `C` channels. Inputs are `[N][H][W][C]`, of the type that the file has
//! ([`Values`]); targets are classes (`u16`, `[N]`) or real values (`f32`, `[N][outputs]`).
//!
//! This crate draws no progress bars (it reports [`Progress`]) and scales no pixels.

#![deny(unsafe_code)]

pub mod bounded;
mod class_folders;
mod dataset;
mod dice;
mod download;
mod error;
mod fashion_mnist;
mod idx;
mod idx_folder;
mod lock;
mod names;
mod picture;
mod progress;
mod search;
mod source;
mod synthetic;
mod targets;
pub mod text;
mod unpack;
mod values;

pub use dataset::{Dataset, Examples, Part, Shape, TestSet, View, WrongKind};
pub use download::{RemoteFile, download};
pub use error::{DataError, Problem};
pub use picture::{Picture, read_png};
pub use progress::Progress;
pub use search::Search;
pub use source::{Source, load, load_test, load_test_with, load_with};
pub use targets::{Targets, TargetsRef};
pub use values::{InputType, Values, ValuesRef};

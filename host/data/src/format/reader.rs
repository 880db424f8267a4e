//! What a format consists of: names, how its data is recognized, and how it is read.

use std::path::Path;

use super::rows::Rows;
use super::wanted::Wanted;
use crate::dataset::Dataset;
use crate::error::DataError;
use crate::examples::Examples;
use crate::options::Options;
use crate::progress::LoadProgress;
use crate::test_set::TestSet;

/// A format in which data is stored. Each has a constant in its own file, and they are listed in `format/list.rs`.
#[derive(Debug)]
pub struct Format {
    pub(super) names: Names,
    /// Whether data with this beginning is in the format.
    pub(super) is: fn(&Start) -> bool,
    pub(super) content: Content,
    pub(super) inputs: Inputs,
}

/// Names of a format. Messages and help are built from them.
#[derive(Debug)]
pub(super) enum Names {
    File {
        /// `CSV`
        short: &'static str,
        /// `table of text`, as in "a table of text"
        kind: &'static str,
    },
    Folder {
        /// `PNG pictures`, as in "a folder with PNG pictures"
        short: &'static str,
        /// `a folder of PNG pictures for each class`, as in "a folder with a folder of PNG pictures for each class"
        whole: &'static str,
        /// `PNG files in one folder per class`, as in "a folder: PNG files in one folder per class"
        help: &'static str,
    },
}

/// What a format is recognized by.
#[derive(Debug, Clone, Copy)]
pub(super) enum Start<'a> {
    Folder(&'a Path),
    /// The first bytes of a file, at least 1. If there are fewer than 8, the file has no more.
    File(&'a [u8]),
}

/// Reads a file or folder and reports its progress.
pub(super) type Read<T> = fn(&Path, &Options, &mut dyn FnMut(LoadProgress)) -> Result<T, DataError>;

/// Reads the examples of a file, and those for testing if they are separate.
pub(super) type ReadParts = fn(&Path, &Options) -> Result<(Rows, Option<Rows>), DataError>;

/// A set in the format, and how it is read.
#[derive(Debug)]
pub(super) enum Content {
    /// Rows in the order of the file, without a shape: a model's windows are cut from them.
    Table(Read<Rows>),
    /// Examples of any shape.
    Arrays(ReadParts),
    /// A whole set of images, in which options for rows have no meaning.
    Images {
        set: Read<Dataset>,
        /// Only the test images.
        test: Read<TestSet>,
    },
}

/// How examples without labels are read, for `predict --input`.
#[derive(Debug)]
pub(super) enum Inputs {
    /// From a file, and from all bytes of a stream (with the name used in messages).
    Read {
        file: fn(&Path, &Wanted) -> Result<Examples, DataError>,
        stream: fn(&Path, Vec<u8>, &Wanted) -> Result<Examples, DataError>,
    },
    /// Not at all; what such a file or folder is, as in "is a folder".
    Refused(&'static str),
}

impl Format {
    /// Whether it is a table of rows, from which windows are cut.
    pub fn is_table(&self) -> bool {
        matches!(self.content, Content::Table(_))
    }

    /// Whether it can hold examples without labels.
    pub fn has_inputs(&self) -> bool {
        matches!(self.inputs, Inputs::Read { .. })
    }

    pub(super) fn is_images(&self) -> bool {
        matches!(self.content, Content::Images { .. })
    }
}

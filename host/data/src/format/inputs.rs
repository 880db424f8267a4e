//! Inputs without labels, for `predict --input`.

use std::io::Read;
use std::path::Path;

use super::examples::{self, MOST_STREAM};
use super::reader::{Format, Inputs, Start};
use super::wanted::Wanted;
use super::wording;
use crate::error::{DataError, InputProblem, Problem};
use crate::examples::Examples;

/// Reads examples from a table, an `.npy`, or raw little-endian values, distinguished by content; `-` is standard
/// input.
///
/// - A row of a table is one example, or one sample if the model takes windows. In that case the rows are one
///   recording, or those identified by the column `group`, and all their windows are cut; samples at the end that fill
///   no window are left out. Columns are matched with the names of the model's channels if the header has any of them,
///   otherwise by their order.
/// - The first axis of an array is the examples; the others are those of the model's shape, or one axis with all its
///   inputs. Axes of length 1 are ignored. An array with as many values as the model has inputs is one example. An
///   array of samples by channels is one recording if the model takes windows.
/// - Raw values are consecutive examples, or one recording if `step` is not a whole window.
///
/// # Errors
/// If there are no examples, or they do not match the model; the error names the file.
pub fn read_inputs(path: &Path, wanted: &Wanted) -> Result<Examples, DataError> {
    let fail = |problem: Problem| DataError::file(path, problem);
    if path == Path::new("-") {
        let path = Path::new("standard input");
        let fail = |problem: Problem| DataError::file(path, problem);
        let mut bytes = Vec::new();
        let read = std::io::stdin().lock().take(MOST_STREAM + 1).read_to_end(&mut bytes);
        read.map_err(|cause| fail(Problem::Unreadable(cause.to_string())))?;
        if bytes.len() as u64 > MOST_STREAM {
            return Err(fail(Problem::TooLarge(MOST_STREAM)));
        }
        return of_bytes(path, bytes, wanted);
    }
    if !path.exists() {
        return Err(fail(InputProblem::NoInput.into()));
    }
    match Format::of(path).map(|format| &format.inputs) {
        Ok(Inputs::Read { file, .. }) => file(path, wanted),
        Ok(Inputs::Refused(found)) => Err(fail(wording::no_inputs(found).into())),
        Err(DataError::File { problem: Problem::UnknownFormat { kind, .. }, .. }) => match kind {
            Some(kind) if kind.is_certain() => Err(fail(wording::no_inputs_in(kind).into())),
            _ => examples::of_raw_file(path, wanted),
        },
        Err(error) => Err(error),
    }
}

/// Examples from the bytes of a stream: in a format that allows it, or raw values.
fn of_bytes(path: &Path, bytes: Vec<u8>, wanted: &Wanted) -> Result<Examples, DataError> {
    if bytes.is_empty() {
        return Err(DataError::file(path, Problem::Blank));
    }
    let start = &bytes[..bytes.len().min(4096)];
    match Format::recognized(&Start::File(start)).map(|format| &format.inputs) {
        Some(Inputs::Read { stream, .. }) => stream(path, bytes, wanted),
        Some(Inputs::Refused(_)) | None => examples::of_raw(path, bytes, wanted),
    }
}

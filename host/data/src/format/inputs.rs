//! Inputs alone, without right answers: what `predict --input` takes.

use std::io::Read;
use std::path::Path;

use super::{Format, assemble, csv, npy};
use crate::array::narrowed;
use crate::dataset::{Examples, Shape};
use crate::error::{DataError, Problem};
use crate::open;
use crate::targets::Targets;
use crate::values::{InputType, Values};

/// Most bytes that are read from a stream, which has no length of its own.
const MOST_STREAM: u64 = 1 << 30;

/// What a model takes.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Type of its inputs.
    pub input: InputType,
    /// Of one example.
    pub shape: Shape,
    /// Names of its channels, or none.
    pub channels: &'a [String],
    /// Samples from the start of one window to that of the next, at least 1; as many as a window has if not given.
    pub step: Option<usize>,
    /// Column of a table that names the recording, where it has one.
    pub group: Option<&'a str>,
}

/// Reads examples from a table, an `.npy`, or raw little-endian values, told apart by content; `-` is the standard input.
/// A row of a table is one example, or one sample where the model takes windows: the rows then are one recording, or those
/// that the column `group` names, of which all windows are cut; samples at their ends that fill no window are left out.
///
/// # Errors
/// When there are none, or they are not what the model takes; the error names the file.
pub fn read_inputs(path: &Path, wanted: &Wanted) -> Result<Examples, DataError> {
    let fail = |problem| DataError::file(path, problem);
    if path == Path::new("-") {
        let path = Path::new("standard input");
        let fail = |problem| DataError::file(path, problem);
        let mut bytes = Vec::new();
        let read = std::io::stdin().lock().take(MOST_STREAM + 1).read_to_end(&mut bytes);
        read.map_err(|cause| fail(Problem::Unreadable(cause.to_string())))?;
        if bytes.len() as u64 > MOST_STREAM {
            return Err(fail(Problem::TooLarge(MOST_STREAM)));
        }
        return of_bytes(path, bytes, wanted);
    }
    if !path.exists() {
        return Err(fail(Problem::NoInput));
    }
    match Format::of(path) {
        Ok(Format::Npy) => examples_of_array(path, npy::read_array(path)?, wanted),
        Ok(Format::Csv) if !is_raw(path) => of_table(path, csv::Table::open(path)?, wanted),
        Ok(Format::Csv) | Err(DataError::File { problem: Problem::UnknownFormat, .. }) => {
            let bytes = open::small(path, MOST_STREAM)?;
            of_raw(path, bytes, wanted)
        }
        Ok(_) => Err(fail(Problem::UnknownFormat)),
        Err(error) => Err(error),
    }
}

/// Whether a file's name says that it is raw values.
fn is_raw(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ["bin", "raw", "dat"].iter().any(|raw| ending.eq_ignore_ascii_case(raw)))
}

/// Bytes of a stream: an array, text, or raw values.
fn of_bytes(path: &Path, bytes: Vec<u8>, wanted: &Wanted) -> Result<Examples, DataError> {
    if bytes.is_empty() {
        return Err(DataError::file(path, Problem::Empty));
    }
    if bytes.starts_with(npy::MAGIC) {
        let array =
            npy::parse(&mut &bytes[..], bytes.len() as u64).map_err(|problem| DataError::file(path, problem))?;
        return examples_of_array(path, array, wanted);
    }
    match super::looks_binary(&bytes[..bytes.len().min(4096)]) {
        true => of_raw(path, bytes, wanted),
        false => of_table(path, csv::Table::of_stream(path, bytes)?, wanted),
    }
}

fn of_table(path: &Path, table: csv::Table, wanted: &Wanted) -> Result<Examples, DataError> {
    let (inputs, channels) = (wanted.shape.inputs(), wanted.shape.channels);
    let named = !wanted.channels.is_empty() && table.has_columns(wanted.channels);
    let grouped = wanted.group.is_some_and(|name| table.has_columns(&[name.to_owned()]));
    let samples = channels < inputs && (named || table.columns() == channels + usize::from(grouped));
    let columns = if samples { channels } else { inputs };
    let expected = if channels < inputs { vec![channels, inputs] } else { vec![inputs] };
    let group = wanted.group.filter(|_| samples);
    let read = csv::read_inputs(table, wanted.channels, group, columns, &expected)?;
    let values = if samples { windows(path, &read, wanted)? } else { read.values };
    typed(path, values, wanted)
}

/// All windows of each recording, `[windows][height][channels]`.
fn windows(path: &Path, read: &csv::Inputs, wanted: &Wanted) -> Result<Vec<f32>, DataError> {
    let (channels, window) = (wanted.shape.channels, wanted.shape.height);
    let (rows, step) = (read.values.len() / channels, wanted.step.unwrap_or(window));
    let (ranges, order) = assemble::windows(read.groups.as_deref(), rows, window, step)
        .map_err(|longest| DataError::file(path, Problem::ShortRecording { longest, window }))?;
    let row = |at: usize| order.as_ref().map_or(at, |order| order[at]) * channels;
    let samples = ranges.into_iter().flatten().map(row);
    Ok(samples.flat_map(|start| read.values[start..start + channels].iter().copied()).collect())
}

fn examples_of_array(path: &Path, array: crate::array::Array, wanted: &Wanted) -> Result<Examples, DataError> {
    let fail = |problem| DataError::file(path, problem);
    let (values, _) = array.into_inputs().map_err(fail)?;
    match values.view().input_type() == wanted.input {
        true => whole(path, values, wanted),
        false => typed(path, values.view().to_f32(), wanted),
    }
}

fn of_raw(path: &Path, bytes: Vec<u8>, wanted: &Wanted) -> Result<Examples, DataError> {
    let (size, inputs) = (wanted.input.size(), wanted.shape.inputs());
    if bytes.is_empty() || bytes.len() % (size * inputs) != 0 {
        let problem = Problem::RawLength { found: bytes.len(), example: size * inputs, input: wanted.input.name() };
        return Err(DataError::file(path, problem));
    }
    let pairs = || bytes.chunks_exact(2).map(|pair| [pair[0], pair[1]]);
    let values = match wanted.input {
        InputType::U8 => Values::U8(bytes),
        InputType::I8 => Values::I8(bytes.into_iter().map(|byte| byte as i8).collect()),
        InputType::I16 => Values::I16(pairs().map(i16::from_le_bytes).collect()),
        InputType::U16 => Values::U16(pairs().map(u16::from_le_bytes).collect()),
        InputType::F32 => {
            let items = bytes.chunks_exact(4).map(|item| [item[0], item[1], item[2], item[3]]);
            Values::F32(items.map(f32::from_le_bytes).collect())
        }
    };
    whole(path, values, wanted)
}

fn typed(path: &Path, values: Vec<f32>, wanted: &Wanted) -> Result<Examples, DataError> {
    let beyond = |(at, value): (usize, f32)| Problem::BeyondType {
        column: (at % wanted.shape.inputs() + 1).to_string(),
        value: value.to_string(),
        wanted: wanted.input.name(),
    };
    let values = narrowed(&values, wanted.input).map_err(|found| DataError::file(path, beyond(found)))?;
    whole(path, values, wanted)
}

/// Whole examples, at least one.
fn whole(path: &Path, inputs: Values, wanted: &Wanted) -> Result<Examples, DataError> {
    let (found, example) = (inputs.len(), wanted.shape.inputs());
    if found == 0 || found % example != 0 {
        let problem = Problem::InputCount { found, example, shape: wanted.shape.to_string() };
        return Err(DataError::file(path, problem));
    }
    Ok(Examples { inputs, targets: Targets::None, shape: wanted.shape })
}

//! Examples without labels: what a file holds, brought to the shape and type of a model's inputs.

use std::path::Path;

use super::assemble;
use super::samples::{self, Samples};
use super::table::Table;
use super::wanted::Wanted;
use crate::array::{Array, narrowed};
use crate::error::{DataError, InputProblem, Problem, ValueProblem};
use crate::examples::Examples;
use crate::open;
use crate::shape::Shape;
use crate::targets::Targets;
use crate::values::{InputType, Values};

/// Maximum number of bytes read from a stream, whose length is unknown.
pub(super) const MOST_STREAM: u64 = 1 << 30;

/// Examples from the rows of a table.
pub(super) fn of_table(path: &Path, table: Table, wanted: &Wanted) -> Result<Examples, DataError> {
    let (inputs, channels) = (wanted.shape.inputs(), wanted.shape.channels);
    let named = match wanted.channels.len() == channels {
        true => table.channels(wanted.channels).map_err(|problem| table.fail(problem))?,
        false => None,
    };
    let grouped = wanted.group().is_some_and(|name| table.has(name));
    let samples = channels < inputs && (named.is_some() || table.columns() == channels + usize::from(grouped));
    let columns = if samples { channels } else { inputs };
    let expected = if channels < inputs { vec![channels, inputs] } else { vec![inputs] };
    if !samples {
        wanted.check_uncut().map_err(|problem| table.fail(problem.into()))?;
    }
    if let Some(name) = wanted.cut.group {
        table.column("--group", name).map_err(|problem| table.fail(problem))?;
    }
    let group = wanted.group().filter(|_| samples);
    let read = samples::read_inputs(table, named, group, columns, &expected)?;
    let values = if samples { windows(path, &read, wanted)? } else { read.values };
    typed(path, values, wanted)
}

/// All windows of each recording, `[windows][height][channels]`.
fn windows(path: &Path, read: &Samples, wanted: &Wanted) -> Result<Vec<f32>, DataError> {
    let (channels, window) = (wanted.shape.channels, wanted.shape.height);
    let (rows, step) = (read.values.len() / channels, wanted.step().unwrap_or(window));
    let (ranges, order) = assemble::windows(read.groups.as_deref(), rows, window, step)
        .map_err(|longest| DataError::file(path, InputProblem::ShortRecording { longest, window }))?;
    let row = |at: usize| order.as_ref().map_or(at, |order| order[at]) * channels;
    let samples = ranges.into_iter().flatten().map(row);
    Ok(samples.flat_map(|start| read.values[start..start + channels].iter().copied()).collect())
}

/// The meaning of an array's axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Axes {
    Examples,
    /// `[samples][channels]`
    Recording,
}

impl Axes {
    /// The axes of an array of shape `found` for a model that takes `shape`; `None` if they do not match.
    fn of(found: &[usize], shape: Shape) -> Option<Self> {
        let whole = |axes: &[usize]| axes.iter().copied().filter(|&size| size != 1).collect::<Vec<_>>();
        let rest = whole(found.get(1..).unwrap_or_default());
        let is = |axes: &[usize]| rest == whole(axes);
        if found.len() < 2 && found.iter().product::<usize>() == shape.inputs() {
            return Some(Self::Examples);
        }
        // Plain features have no inner axes that could be confused with others.
        let flat = shape == Shape::features(shape.channels) && rest.iter().product::<usize>() == shape.channels;
        if flat || is(&[shape.inputs()]) || is(&[shape.height, shape.width, shape.channels]) {
            return Some(Self::Examples);
        }
        (takes_windows(shape) && is(&[shape.channels])).then_some(Self::Recording)
    }

    /// A description of what a model takes.
    fn expected(shape: Shape) -> String {
        let Shape { height, width, channels } = shape;
        match (height, width) {
            (1, 1) => format!("Nx{channels}"),
            _ if takes_windows(shape) => {
                format!("Nx{height}x{channels}, Nx{}, or one recording of samples x {channels}", shape.inputs())
            }
            _ if channels == 1 => format!("Nx{height}x{width} or Nx{}", shape.inputs()),
            _ => format!("Nx{height}x{width}x{channels} or Nx{}", shape.inputs()),
        }
    }
}

/// Whether examples are windows of samples.
fn takes_windows(shape: Shape) -> bool {
    shape.height > 1 && shape.width == 1
}

/// Examples from an array.
pub(super) fn of_array(path: &Path, array: Array, wanted: &Wanted) -> Result<Examples, DataError> {
    let fail = |problem: Problem| DataError::file(path, problem);
    let Some(axes) = Axes::of(&array.shape, wanted.shape) else {
        let found = array.shape.iter().map(usize::to_string).collect::<Vec<_>>().join("x");
        let found = if found.is_empty() { "one value".to_owned() } else { found };
        return Err(fail(InputProblem::InputShape { found, expected: Axes::expected(wanted.shape) }.into()));
    };
    check_columns(path, wanted)?;
    if axes == Axes::Examples {
        wanted.check_uncut().map_err(|problem| fail(problem.into()))?;
    }
    let (values, _) = array.into_inputs().map_err(fail)?;
    match axes {
        Axes::Recording => recording(path, values.view().to_f32(), wanted),
        Axes::Examples if values.view().input_type() == wanted.input => whole(path, values, wanted),
        Axes::Examples => typed(path, values.view().to_f32(), wanted),
    }
}

/// Refuses to look for a column in data without any.
fn check_columns(path: &Path, wanted: &Wanted) -> Result<(), DataError> {
    match wanted.cut.group {
        Some(_) => Err(DataError::file(path, Problem::NoColumns("--group"))),
        None => Ok(()),
    }
}

/// Windows of one recording, `[samples][channels]`.
fn recording(path: &Path, values: Vec<f32>, wanted: &Wanted) -> Result<Examples, DataError> {
    let values = windows(path, &Samples { values, groups: None }, wanted)?;
    typed(path, values, wanted)
}

/// Examples from a file of raw values.
pub(super) fn of_raw_file(path: &Path, wanted: &Wanted) -> Result<Examples, DataError> {
    of_raw(path, open::small(path, MOST_STREAM)?, wanted)
}

/// Examples from raw little-endian values.
pub(super) fn of_raw(path: &Path, bytes: Vec<u8>, wanted: &Wanted) -> Result<Examples, DataError> {
    check_columns(path, wanted)?;
    let samples = takes_windows(wanted.shape) && wanted.step().is_some_and(|step| step != wanted.shape.height);
    if !takes_windows(wanted.shape) {
        wanted.check_uncut().map_err(|problem| DataError::file(path, problem))?;
    }
    let (unit, values) = match samples {
        true => ("a sample", wanted.shape.channels),
        false => ("an example", wanted.shape.inputs()),
    };
    let size = wanted.input.size() * values;
    if bytes.is_empty() || bytes.len() % size != 0 {
        let problem = InputProblem::RawLength { found: bytes.len(), unit, size, input: wanted.input.name() };
        return Err(DataError::file(path, problem));
    }
    let values = raw_values(bytes, wanted.input);
    if let Some(at) = (0..values.len()).find(|&at| !values.view().get(at).is_finite()) {
        let (example, input) = (at / wanted.shape.inputs(), at % wanted.shape.inputs());
        let problem = ValueProblem::NotFinite { example, input, value: values.view().get(at).to_string() };
        return Err(DataError::file(path, problem));
    }
    match samples {
        true => recording(path, values.view().to_f32(), wanted),
        false => whole(path, values, wanted),
    }
}

/// Decodes complete little-endian values of a type.
fn raw_values(bytes: Vec<u8>, input: InputType) -> Values {
    let pairs = || bytes.chunks_exact(2).map(|pair| [pair[0], pair[1]]);
    match input {
        InputType::U8 => Values::U8(bytes),
        InputType::I8 => Values::I8(bytes.into_iter().map(|byte| byte as i8).collect()),
        InputType::I16 => Values::I16(pairs().map(i16::from_le_bytes).collect()),
        InputType::U16 => Values::U16(pairs().map(u16::from_le_bytes).collect()),
        InputType::F32 => {
            let items = bytes.chunks_exact(4).map(|item| [item[0], item[1], item[2], item[3]]);
            Values::F32(items.map(f32::from_le_bytes).collect())
        }
    }
}

fn typed(path: &Path, values: Vec<f32>, wanted: &Wanted) -> Result<Examples, DataError> {
    let beyond = |(at, value): (usize, f32)| ValueProblem::BeyondType {
        column: (at % wanted.shape.inputs() + 1).to_string(),
        value: value.to_string(),
        wanted: wanted.input.name(),
    };
    let values = narrowed(&values, wanted.input).map_err(|found| DataError::file(path, beyond(found)))?;
    whole(path, values, wanted)
}

/// Checks that the examples are complete, and that there is at least one.
fn whole(path: &Path, inputs: Values, wanted: &Wanted) -> Result<Examples, DataError> {
    let (found, example) = (inputs.len(), wanted.shape.inputs());
    if found == 0 || found % example != 0 {
        let problem = InputProblem::InputCount { found, example, shape: wanted.shape.to_string() };
        return Err(DataError::file(path, problem));
    }
    Ok(Examples { inputs, targets: Targets::None, shape: wanted.shape })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_are_the_models() {
        let check = |found: &[usize], shape: Shape, expected| {
            assert_eq!(Axes::of(found, shape), expected, "{found:?} for {shape}");
        };
        let (examples, recording) = (Some(Axes::Examples), Some(Axes::Recording));
        let (features, window, image) = (Shape::features(30), Shape::window(32, 9), Shape::image(28, 28));
        [&[2, 30][..], &[30], &[1, 30], &[2, 1, 30], &[2, 5, 6]].iter().for_each(|a| check(a, features, examples));
        [&[30, 2][..], &[900], &[], &[31]].iter().for_each(|a| check(a, features, None));
        [&[2, 32, 9][..], &[2, 288], &[288], &[2, 32, 1, 9]].iter().for_each(|a| check(a, window, examples));
        [&[1760, 9][..], &[32, 9], &[1760, 1, 9]].iter().for_each(|a| check(a, window, recording));
        [&[2, 9, 32][..], &[9, 1760], &[9], &[1760], &[2, 18, 16]].iter().for_each(|a| check(a, window, None));
        [&[2, 28, 28][..], &[2, 784], &[784], &[2, 28, 28, 1], &[1, 28, 28]]
            .iter()
            .for_each(|a| check(a, image, examples));
        [&[28, 28][..], &[28, 28, 2], &[2, 56, 14], &[784, 2]].iter().for_each(|a| check(a, image, None));
        // Windows of one channel: a one-dimensional array is one recording.
        [&[100][..], &[100, 1]].iter().for_each(|a| check(a, Shape::window(8, 1), recording));
        check(&[100, 8], Shape::window(8, 1), examples);
        check(&[7], Shape::features(1), examples);
        check(&[7, 1], Shape::features(1), examples);
    }
}

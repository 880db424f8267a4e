//! From rows to a set: cuts windows, splits parts, and adds notes for the user.

use std::ops::Range;
use std::path::Path;

use super::rows::{Answers, Rows};
use crate::dataset::{Dataset, Part};
use crate::error::{DataError, Problem, SplitProblem};
use crate::examples::Examples;
use crate::options::Options;
use crate::shape::Shape;
use crate::split::{Facts, Parts, majority, split};
use crate::targets::Targets;
use crate::values::ValuesRef;

/// Class names of a set for anomaly detection.
const NORMAL: [&str; 2] = ["normal", "abnormal"];

/// Makes a set from `rows`, and from `test` if the file has separate test examples.
pub(super) fn dataset(path: &Path, rows: Rows, test: Option<Rows>, options: &Options) -> Result<Dataset, DataError> {
    let file = rows.path.clone();
    assembled(path, rows, test, options).map_err(|problem| DataError::file(&file, problem))
}

fn assembled(path: &Path, mut rows: Rows, mut test: Option<Rows>, options: &Options) -> Result<Dataset, Problem> {
    if let Some(test) = &mut test {
        if options.test_split.is_some() {
            return Err(SplitProblem::SplitGiven.into());
        }
        if (test.shape, test.inputs.view().input_type()) != (rows.shape, rows.inputs.view().input_type()) {
            let told = |rows: &Rows| format!("{} of {}", rows.shape, rows.inputs.view().input_type());
            return Err(SplitProblem::PartsDiffer { test: told(test), train: told(&rows) }.into());
        }
        Answers::align(&mut rows.answers, &mut test.answers);
    }
    let cut = Cut::of(&rows, options)?;
    let parts = split(&cut.facts(), options, test.is_some())?;
    let tests = match &test {
        Some(test) => {
            let cut = Cut::of(test, options)?;
            let all: Vec<usize> = (0..cut.rows.len()).collect();
            cut.examples(test, &all)
        }
        None => cut.examples(&rows, &parts.test),
    };
    let order: Vec<usize> = parts.train.iter().chain(&parts.valid).copied().collect();
    let training = cut.examples(&rows, &order);
    let labels = match &rows.answers {
        Answers::Classes { names, .. } => names.clone(),
        _ if rows.normal.is_some() => NORMAL.map(String::from).to_vec(),
        _ => Vec::new(),
    };
    let mut set = Dataset::split(path.to_string_lossy().into_owned(), labels, training, parts.valid.len(), tests);
    set.task = options.task;
    (set.channels, set.outputs, set.notes) = (rows.channels, rows.outputs, rows.notes);
    set.check_classes(options.task)?;
    note_parts(&mut set, &parts);
    set.note_classes();
    note_columns(&mut set);
    Ok(set)
}

fn note_parts(set: &mut Dataset, parts: &Parts) {
    if parts.left_out > 0 {
        set.notes
            .push(format!("{} windows are left out, since they share rows with those of another part", parts.left_out));
    }
}

/// Adds notes on columns that a network can hardly learn from: those with a single value in all of training, or with
/// values that lose digits as 32-bit floats.
fn note_columns(set: &mut Dataset) {
    let train = set.part(Part::Train);
    let (inputs, channels) = (train.inputs, train.shape.channels);
    if train.shape.is_image() {
        return;
    }
    let values = |channel: usize| (channel..inputs.len()).step_by(channels).map(move |at| inputs.get(at));
    let name = |channel: usize| set.channels.get(channel).cloned().unwrap_or_else(|| (channel + 1).to_string());
    let named = |what: &dyn Fn(usize) -> bool| (0..channels).filter(|&channel| what(channel)).map(name).collect();
    let constant: Vec<String> = named(&|channel| values(channel).all(|value| value == inputs.get(channel)));
    let tiny: Vec<String> = named(&|channel| {
        let largest = values(channel).fold(0.0, |largest: f32, value| largest.max(value.abs()));
        largest > 0.0 && largest < f32::MIN_POSITIVE
    });
    let told = |columns: &[String], what: &str| {
        let more = if columns.len() > 5 { ", ..." } else { "" };
        let shown = columns[..columns.len().min(5)].join(", ");
        (!columns.is_empty()).then(|| format!("{} of {channels} columns {what}: {shown}{more}", columns.len()))
    };
    let notes = [
        told(&constant, "have the same value in all training examples, so they carry no information"),
        told(&tiny, "hold only values below 1.2e-38, of which 32-bit floats keep few digits, and should be scaled"),
    ];
    set.notes.extend(notes.into_iter().flatten());
}

/// Rows as examples.
struct Cut {
    /// The rows of each example.
    rows: Vec<Range<usize>>,
    /// The order of the rows, if the rows of a recording are not contiguous.
    order: Option<Vec<usize>>,
    classes: Vec<u16>,
    groups: Option<Vec<u32>>,
    normal: Option<Vec<bool>>,
    shape: Shape,
}

impl Cut {
    fn of(rows: &Rows, options: &Options) -> Result<Self, Problem> {
        let (ranges, order, shape) = match options.window {
            None if options.step.is_some() => return Err(SplitProblem::StepAlone.into()),
            None => ((0..rows.len()).map(|row| row..row + 1).collect(), None, rows.shape),
            Some(window) => {
                if rows.shape.inputs() != rows.shape.channels {
                    return Err(SplitProblem::WindowOfShape(rows.shape.to_string()).into());
                }
                let step = options.step.unwrap_or(window);
                let (ranges, order) = windows(rows.groups.as_deref(), rows.len(), window, step)
                    .map_err(|longest| SplitProblem::LongWindow { window, longest })?;
                (ranges, order, Shape::window(window, rows.shape.channels))
            }
        };
        let row = |at: usize| order.as_ref().map_or(at, |order| order[at]);
        let of_rows = |of: &dyn Fn(usize) -> u16| {
            ranges.iter().map(|range| majority(range.clone().map(|at| of(row(at))))).collect()
        };
        let classes: Vec<u16> = match &rows.answers {
            Answers::Classes { classes, .. } => of_rows(&|row| classes[row]),
            _ => vec![0; ranges.len()],
        };
        let groups = rows.groups.as_ref().map(|groups| ranges.iter().map(|range| groups[row(range.start)]).collect());
        let normal = rows.normal.as_ref().map(|normal| {
            let strange: Vec<u16> = of_rows(&|row| u16::from(!normal[row]));
            strange.into_iter().map(|strange| strange == 0).collect()
        });
        Ok(Self { rows: ranges, order, classes, groups, normal, shape })
    }

    fn facts(&self) -> Facts<'_> {
        Facts {
            rows: &self.rows,
            classes: &self.classes,
            groups: self.groups.as_deref(),
            normal: self.normal.as_deref(),
        }
    }

    /// The examples with these indices.
    fn examples(&self, rows: &Rows, numbers: &[usize]) -> Examples {
        let row = |at: usize| self.order.as_ref().map_or(at, |order| order[at]);
        let taken: Vec<usize> = numbers.iter().flat_map(|&number| self.rows[number].clone().map(row)).collect();
        let inputs: ValuesRef = rows.inputs.view();
        let targets = match (&rows.answers, &self.normal) {
            (Answers::Classes { .. }, _) => {
                Targets::Classes(numbers.iter().map(|&number| self.classes[number]).collect())
            }
            (Answers::Values { values, outputs }, _) => {
                let mean = |number: usize, output: usize| {
                    let range = self.rows[number].clone();
                    let sum: f64 = range.clone().map(|at| f64::from(values[row(at) * outputs + output])).sum();
                    (sum / range.len() as f64) as f32
                };
                let values = numbers.iter().flat_map(|&number| (0..*outputs).map(move |output| (number, output)));
                Targets::Values {
                    values: values.map(|(number, output)| mean(number, output)).collect(),
                    outputs: *outputs,
                }
            }
            (Answers::None, Some(normal)) => {
                Targets::Classes(numbers.iter().map(|&number| u16::from(!normal[number])).collect())
            }
            (Answers::None, None) => Targets::None,
        };
        Examples { inputs: inputs.rows(&taken, rows.shape.inputs()), targets, shape: self.shape }
    }
}

/// Windows of each recording, none across two, and the order of the rows if they are not contiguous.
pub(super) type Windows = (Vec<Range<usize>>, Option<Vec<usize>>);

/// Cuts `rows` rows into windows; `groups` numbers the recordings if there are several. If no recording is as long as a
/// window, the error is the length of the longest.
pub(super) fn windows(groups: Option<&[u32]>, rows: usize, window: usize, step: usize) -> Result<Windows, usize> {
    let group_of = |row: usize| groups.map_or(0, |groups| groups[row]);
    let mut order: Vec<usize> = (0..rows).collect();
    order.sort_by_key(|&row| group_of(row));
    let (mut ranges, mut start) = (Vec::new(), 0);
    let mut longest = 0;
    while start < order.len() {
        let group = group_of(order[start]);
        let length = order[start..].iter().take_while(|&&row| group_of(row) == group).count();
        longest = longest.max(length);
        if length >= window {
            ranges.extend((start..=start + length - window).step_by(step.max(1)).map(|first| first..first + window));
        }
        start += length;
    }
    if ranges.is_empty() {
        return Err(longest);
    }
    let sorted = order.is_sorted();
    Ok((ranges, (!sorted).then_some(order)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::Values;

    fn rows(groups: &[u32], classes: &[u16]) -> Rows {
        let inputs = Values::U8((0..groups.len() as u8 * 2).collect());
        let names = ["a", "b"].map(String::from).to_vec();
        let answers = Answers::Classes { classes: classes.to_vec(), names };
        let mut rows = Rows::new(Path::new("x.csv"), inputs, Shape::features(2), answers);
        rows.groups = Some(groups.to_vec());
        rows
    }

    #[test]
    fn windows_stay_within_their_recording() {
        let rows = rows(&[0, 0, 0, 1, 1, 0], &[0, 0, 1, 1, 1, 1]);
        let options = Options { window: Some(2), step: Some(1), ..Options::default() };
        let cut = Cut::of(&rows, &options).unwrap();
        assert_eq!(cut.groups.as_deref(), Some(&[0, 0, 0, 1][..]));
        assert_eq!(cut.classes, [0, 0, 1, 1], "of equals the first");
        let examples = cut.examples(&rows, &[2, 3]);
        assert_eq!(examples.inputs, Values::U8(vec![4, 5, 10, 11, 6, 7, 8, 9]));
        assert_eq!(examples.shape, Shape::window(2, 2));
    }

    #[test]
    fn a_window_longer_than_every_recording_is_refused() {
        let options = Options { window: Some(5), ..Options::default() };
        let found = Cut::of(&rows(&[0, 0, 0, 1, 1, 0], &[0; 6]), &options).map(drop);
        assert_eq!(found, Err(SplitProblem::LongWindow { window: 5, longest: 4 }.into()));
    }
}

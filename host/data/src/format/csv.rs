//! Tables of text: a row for each example, or for each sample of a recording.
//!
//! The delimiter (comma, semicolon, tab or bar) is the one that every one of the first lines has equally often. The first
//! line is a header if it has text in a column that holds numbers below, or no number at all. Inputs are all columns
//! that are not named as target, group or normal; without `--target` the last column is the target, unless the task is to
//! reconstruct. Whole numbers become `u8`, `i16` or `u16` inputs, whichever holds all of them, else inputs are `f32`.

use std::io::{BufRead, BufReader, Cursor, Read, Seek};
use std::path::Path;

use csv::{ReaderBuilder, StringRecord, Trim};

use super::rows::{Answers, Rows};
use super::texts::Texts;
use crate::array::narrowed;
use crate::dataset::Shape;
use crate::error::{DataError, Problem};
use crate::options::{Options, Task};
use crate::progress::LoadProgress;
use crate::values::{InputType, Values};
use crate::{decode, open};

/// Bytes that the delimiter is found in.
const LOOK: usize = 1 << 16;

/// Delimiters that are looked for, the likelier first.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// What stands for a value that is missing.
const MISSING: [&str; 9] = ["", "NA", "N/A", "na", "null", "NULL", "None", "?", "-"];

/// Reads a file.
pub(crate) fn read(path: &Path, options: &Options, progress: &mut dyn FnMut(LoadProgress)) -> Result<Rows, DataError> {
    let mut table = Table::open(path)?;
    let roles = Roles::find(&table.names, options).map_err(|problem| DataError::file(path, problem))?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut columns = Columns::new(&roles);
    let total = table.length;
    table.each_record(|line, record, done| {
        if line % 4096 == 0 {
            progress(LoadProgress::Reading { file: &name, done, total });
        }
        columns.add(&roles, line, record)
    })?;
    columns.finish(path, &roles, options).map_err(|problem| DataError::file(path, problem))
}

/// Inputs of a file that needs no right answers.
pub(crate) struct Inputs {
    /// `[rows][columns]`
    pub(crate) values: Vec<f32>,
    /// Recording of each row, where a column names them.
    pub(crate) groups: Option<Vec<u32>>,
}

/// Reads the inputs of a file that needs no right answers: the columns of the names `channels` if the file has all of them,
/// else all columns, which must be `count`; `expected` are the counts that would do. The column `group`, if the file has
/// it, names the recordings.
pub(crate) fn read_inputs(
    table: Table,
    channels: &[String],
    group: Option<&str>,
    count: usize,
    expected: &[usize],
) -> Result<Inputs, DataError> {
    let mut table = table;
    let group = group.and_then(|name| find_column(&table.names, "--group", name).ok());
    let place = |name: &String| table.names.iter().position(|known| known == name);
    let named: Option<Vec<usize>> = channels.iter().map(place).collect();
    let chosen = match named.filter(|named| named.len() == count) {
        Some(named) => named,
        None if table.names.len() == count => (0..count).collect(),
        None if group.is_some() && table.names.len() == count + 1 => {
            (0..=count).filter(|&at| Some(at) != group).collect()
        }
        None => {
            let expected = expected.iter().map(usize::to_string).collect::<Vec<_>>().join(" or ");
            return Err(table.fail(Problem::ColumnCount { found: table.names.len(), expected }));
        }
    };
    let (mut values, names) = (Vec::new(), table.names.clone());
    let (mut groups, mut texts) = (group.map(|_| Vec::new()), Texts::default());
    table.each_record(|line, record, _| {
        if let (Some(groups), Some(column)) = (&mut groups, group) {
            groups.push(texts.number(record.get(column).unwrap_or("")));
        }
        for &column in &chosen {
            let of_text = |problem| match problem {
                Problem::TextInNumbers { line, column, text } => Problem::TextInput { line, column, text },
                other => other,
            };
            values.push(number(record.get(column).unwrap_or(""), line, &names[column]).map_err(of_text)? as f32);
        }
        Ok(())
    })?;
    Ok(Inputs { values, groups })
}

/// A file whose header is read.
pub(crate) struct Table {
    path: std::path::PathBuf,
    reader: csv::Reader<Box<dyn Read>>,
    names: Vec<String>,
    length: u64,
    /// Whether lines end with a carriage return and a line feed.
    returns: bool,
    /// The first record, where it is no header.
    first: Vec<(u64, StringRecord)>,
}

impl Table {
    /// Opens a file, UTF-8 or UTF-16.
    pub(crate) fn open(path: &Path) -> Result<Self, DataError> {
        let unreadable = |cause: std::io::Error| DataError::file(path, Problem::from_io(&cause));
        let mut file = open::regular(path)?;
        let length = file.metadata().map_err(unreadable)?.len();
        let mut start = Vec::new();
        (&mut file).take(LOOK as u64).read_to_end(&mut start).map_err(unreadable)?;
        if decode::is_utf16(&start) {
            file.read_to_end(&mut start).map_err(unreadable)?;
            let text = decode::decode(&start).map_err(|problem| DataError::file(path, problem))?;
            let start: Vec<u8> = text.bytes().take(LOOK).collect();
            return Self::new(path, &start, Box::new(Cursor::new(text.into_bytes())), length);
        }
        file.rewind().map_err(unreadable)?;
        let mut file = BufReader::new(file);
        if file.fill_buf().map_err(unreadable)?.starts_with(b"\xef\xbb\xbf") {
            file.consume(3);
        }
        Self::new(path, &start, Box::new(file), length)
    }

    /// Number of columns.
    pub(crate) fn columns(&self) -> usize {
        self.names.len()
    }

    /// Whether there is a column of each of these names.
    pub(crate) fn has_columns(&self, names: &[String]) -> bool {
        names.iter().all(|name| self.names.contains(name))
    }

    /// Text from a stream, as messages name it.
    pub(crate) fn of_stream(name: &Path, text: Vec<u8>) -> Result<Self, DataError> {
        let text = decode::decode(&text).map_err(|problem| DataError::file(name, problem))?.into_bytes();
        let (start, length) = (text[..text.len().min(LOOK)].to_vec(), text.len() as u64);
        Self::new(name, &start, Box::new(Cursor::new(text)), length)
    }

    fn new(path: &Path, start: &[u8], text: Box<dyn Read>, length: u64) -> Result<Self, DataError> {
        let returns = start.iter().position(|&byte| byte == b'\n').is_some_and(|at| at > 0 && start[at - 1] == b'\r');
        let mut builder = ReaderBuilder::new();
        let reader = builder.has_headers(false).trim(Trim::All).delimiter(delimiter(start)).from_reader(text);
        let mut table = Self { path: path.to_owned(), reader, names: Vec::new(), length, returns, first: Vec::new() };
        let first = table.record()?.ok_or_else(|| DataError::file(path, Problem::Empty))?;
        let second = table.record()?;
        let header = is_header(&first.1, second.as_ref().map(|(_, record)| record));
        match header {
            true => table.names = first.1.iter().map(decode::composed).collect(),
            false => {
                table.names = (1..=first.1.len()).map(|column| column.to_string()).collect();
                table.first.push(first);
            }
        }
        table.first.extend(second);
        table.first.reverse();
        Ok(table)
    }

    /// The next record with its line, counted from 1.
    fn record(&mut self) -> Result<Option<(u64, StringRecord)>, DataError> {
        let mut record = StringRecord::new();
        match self.reader.read_record(&mut record) {
            Ok(false) => Ok(None),
            Ok(true) => Ok(Some((record.position().map_or(0, |at| self.line(at)), record))),
            Err(cause) => Err(self.fail(broken(&cause, |at| self.line(at)))),
        }
    }

    /// The line of a record. The reader counts a line where its feed is read, which after a carriage return is only when
    /// the next record is.
    fn line(&self, at: &csv::Position) -> u64 {
        at.line() + u64::from(self.returns && at.byte() > 0)
    }

    fn fail(&self, problem: Problem) -> DataError {
        DataError::file(&self.path, problem)
    }

    /// Calls `each` for every record behind the header: line, record, bytes done.
    fn each_record(
        &mut self,
        mut each: impl FnMut(u64, &StringRecord, u64) -> Result<(), Problem>,
    ) -> Result<(), DataError> {
        let mut any = false;
        while let Some((line, record)) = self.first.pop().map_or_else(|| self.record(), |first| Ok(Some(first)))? {
            let done = self.reader.position().byte();
            each(line, &record, done).map_err(|problem| self.fail(problem))?;
            any = true;
        }
        if any { Ok(()) } else { Err(self.fail(Problem::HeaderAlone)) }
    }
}

fn broken(cause: &csv::Error, line_of: impl Fn(&csv::Position) -> u64) -> Problem {
    match cause.kind() {
        csv::ErrorKind::UnequalLengths { pos, expected_len, len } => Problem::Ragged {
            line: pos.as_ref().map_or(0, line_of),
            found: *len as usize,
            expected: *expected_len as usize,
        },
        csv::ErrorKind::Utf8 { pos, .. } => Problem::NotUtf8(pos.as_ref().map_or(0, |pos| pos.byte() as usize)),
        _ => Problem::Unreadable(cause.to_string()),
    }
}

/// The delimiter of a file that starts like this.
fn delimiter(start: &[u8]) -> u8 {
    let text = String::from_utf8_lossy(start);
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).take(10).collect();
    let whole = if lines.len() > 1 && start.len() == LOOK { &lines[..lines.len() - 1] } else { &lines[..] };
    let counts = |delimiter: u8| whole.iter().map(move |line| line.bytes().filter(|&byte| byte == delimiter).count());
    let even =
        |delimiter: u8| counts(delimiter).min().filter(|&least| Some(least) == counts(delimiter).max()).unwrap_or(0);
    let first = |delimiter: u8| counts(delimiter).next().unwrap_or(0);
    let best = |count: &dyn Fn(u8) -> usize| {
        DELIMITERS.into_iter().rev().max_by_key(|&delimiter| count(delimiter)).filter(|&delimiter| count(delimiter) > 0)
    };
    best(&even).or_else(|| best(&first)).unwrap_or(b',')
}

/// Whether the first line has names.
fn is_header(first: &StringRecord, second: Option<&StringRecord>) -> bool {
    let is_number = |field: &str| field.parse::<f64>().is_ok();
    let is_name = |field: &str| !is_number(field) && !MISSING.contains(&field);
    let Some(second) = second else { return first.iter().all(is_name) };
    first.iter().zip(second).any(|(name, value)| is_name(name) && is_number(value)) || first.iter().all(is_name)
}

/// What a column is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Input,
    Target,
    Group,
    Normal,
}

/// What every column is for.
struct Roles<'a> {
    names: Vec<String>,
    /// `[columns]`
    roles: Vec<Role>,
    /// Columns of the targets, in the order asked for.
    targets: Vec<usize>,
    normal: Option<(usize, &'a str)>,
    task: Task,
}

impl<'a> Roles<'a> {
    fn find(names: &[String], options: &'a Options) -> Result<Self, Problem> {
        let column = |flag, name: &String| find_column(names, flag, name);
        let mut roles = vec![Role::Input; names.len()];
        if let Some(name) = &options.group {
            roles[column("--group", name)?] = Role::Group;
        }
        let normal =
            options.normal.as_ref().map(|normal| Ok((column("--normal", &normal.column)?, normal.value.as_str())));
        let normal = normal.transpose()?;
        if let Some((column, _)) = normal {
            roles[column] = Role::Normal;
        }
        let mut targets: Vec<usize> =
            options.target.iter().map(|name| column("--target", name)).collect::<Result<_, _>>()?;
        if targets.is_empty() && options.task != Task::Reconstruct {
            targets.extend(roles.iter().rposition(|&role| role == Role::Input));
        }
        targets.iter().for_each(|&column| roles[column] = Role::Target);
        if options.task == Task::Classify && targets.len() > 1 {
            return Err(Problem::ManyAnswers(targets.len()));
        }
        if !roles.contains(&Role::Input) {
            return Err(Problem::NoInputs);
        }
        Ok(Self { names: names.to_vec(), roles, targets, normal, task: options.task })
    }

    fn names_of(&self, wanted: Role) -> Vec<String> {
        let all = self.names.iter().zip(&self.roles);
        all.filter(|(_, role)| **role == wanted).map(|(name, _)| name.clone()).collect()
    }
}

/// The column of this name, else of this number.
fn find_column(names: &[String], flag: &'static str, name: &str) -> Result<usize, Problem> {
    let composed = decode::composed(name);
    let by_name = names.iter().position(|known| *known == composed);
    let by_number =
        || name.parse().ok().filter(|&number| (1..=names.len()).contains(&number)).map(|number: usize| number - 1);
    by_name.or_else(by_number).ok_or_else(|| {
        let listed: Vec<&str> = names.iter().take(8).map(String::as_str).collect();
        let more = if names.len() > listed.len() { ", ..." } else { "" };
        Problem::NoColumn {
            flag,
            name: name.escape_default().to_string(),
            known: format!("{}{more}", listed.join(", ")),
        }
    })
}

/// Values as they are read.
struct Columns {
    /// `[rows][inputs]`
    inputs: Vec<f32>,
    /// How many of them 32 bits do not hold exactly.
    inexact: usize,
    /// Text of the class of each row.
    classes: Vec<u32>,
    class_texts: Texts,
    /// `[rows][targets]`
    targets: Vec<f32>,
    groups: Vec<u32>,
    group_texts: Texts,
    normal: Vec<bool>,
}

impl Columns {
    fn new(_: &Roles) -> Self {
        Self {
            inputs: Vec::new(),
            inexact: 0,
            classes: Vec::new(),
            class_texts: Texts::default(),
            targets: Vec::new(),
            groups: Vec::new(),
            group_texts: Texts::default(),
            normal: Vec::new(),
        }
    }

    fn add(&mut self, roles: &Roles, line: u64, record: &StringRecord) -> Result<(), Problem> {
        for ((field, role), name) in record.iter().zip(&roles.roles).zip(&roles.names) {
            match role {
                Role::Input => {
                    let value = number(field, line, name)?;
                    self.inexact += usize::from(value.fract() == 0.0 && f64::from(value as f32) != value);
                    self.inputs.push(value as f32);
                }
                Role::Group | Role::Normal | Role::Target if field.is_empty() => {
                    return Err(missing(field, line, name));
                }
                Role::Group => self.groups.push(self.group_texts.number(field)),
                Role::Normal => self.normal.push(roles.normal.is_some_and(|(_, value)| same(field, value))),
                Role::Target => {}
            }
        }
        for &column in &roles.targets {
            let field = record.get(column).unwrap_or("");
            match roles.task {
                Task::Classify => self.classes.push(self.class_texts.number(field)),
                Task::Regress => {
                    let of_text = |problem| match problem {
                        Problem::TextInNumbers { line, column, text } => Problem::TextTarget { line, column, text },
                        other => other,
                    };
                    self.targets.push(number(field, line, &roles.names[column]).map_err(of_text)? as f32);
                }
                Task::Reconstruct => {}
            }
        }
        Ok(())
    }

    fn finish(self, path: &Path, roles: &Roles, options: &Options) -> Result<Rows, Problem> {
        let channels = roles.names_of(Role::Input);
        let rows = self.inputs.len() / channels.len();
        let answers = match roles.task {
            Task::Classify => {
                let column = roles.targets.first().map(|&column| roles.names[column].clone()).unwrap_or_default();
                let known = Answers::classes(self.class_texts.all.iter().map(String::as_str));
                per_row(known.map_err(|problem| in_column(problem, &column))?, &self.classes)
            }
            Task::Regress => Answers::Values { values: self.targets, outputs: roles.targets.len() },
            Task::Reconstruct => Answers::None,
        };
        if roles.normal.is_some() && !self.normal.contains(&true) {
            return Err(Problem::NothingNormal(options.normal.as_ref().map(ToString::to_string).unwrap_or_default()));
        }
        let inputs = typed(&self.inputs, options.input, &channels)?;
        let outputs = match roles.task {
            Task::Regress => roles.targets.iter().map(|&column| roles.names[column].clone()).collect(),
            Task::Classify | Task::Reconstruct => Vec::new(),
        };
        let mut rows = Rows { outputs, ..Rows::new(path, inputs, Shape::features(self.inputs.len() / rows), answers) };
        rows.channels = channels;
        rows.groups = (!self.groups.is_empty()).then_some(self.groups);
        rows.normal = (!self.normal.is_empty()).then_some(self.normal);
        if self.inexact > 0 {
            rows.notes
                .push(format!("{} whole numbers are not exact as 32-bit floats, which inputs become", self.inexact));
        }
        Ok(rows)
    }
}

/// The classes of all rows, from those of all different texts.
fn per_row(known: Answers, rows: &[u32]) -> Answers {
    match known {
        Answers::Classes { classes, names } => {
            Answers::Classes { classes: rows.iter().map(|&text| classes[text as usize]).collect(), names }
        }
        other => other,
    }
}

/// A problem of classes, with the column they are in.
fn in_column(problem: Problem, column: &str) -> Problem {
    match problem {
        Problem::NotClasses(value) => Problem::ColumnNotClasses { column: column.escape_default().to_string(), value },
        other => other,
    }
}

/// Inputs of the type asked for, or of the one that fits.
fn typed(values: &[f32], wanted: Option<InputType>, channels: &[String]) -> Result<Values, Problem> {
    if let Some(wanted) = wanted {
        return narrowed(values, wanted).map_err(|(at, value)| Problem::BeyondType {
            column: channels[at % channels.len()].escape_default().to_string(),
            value: value.to_string(),
            wanted: wanted.name(),
        });
    }
    let fits = |kind| narrowed(values, kind).ok();
    Ok(fits(InputType::U8)
        .or_else(|| fits(InputType::I16))
        .or_else(|| fits(InputType::U16))
        .unwrap_or_else(|| Values::F32(values.to_vec())))
}

/// Whether two fields say the same, as text or as a number.
fn same(a: &str, b: &str) -> bool {
    a == b || matches!((a.parse::<f64>(), b.parse::<f64>()), (Ok(a), Ok(b)) if a == b)
}

/// The number in a field.
fn number(field: &str, line: u64, column: &str) -> Result<f64, Problem> {
    match field.parse::<f64>() {
        Ok(value) if value.is_finite() && (value as f32).is_finite() => Ok(value),
        Ok(value) if value.is_nan() => Err(missing(field, line, column)),
        Err(_) if MISSING.contains(&field) => Err(missing(field, line, column)),
        _ => Err(Problem::TextInNumbers {
            line,
            column: column.escape_default().to_string(),
            text: field.chars().take(40).collect::<String>().escape_default().to_string(),
        }),
    }
}

fn missing(field: &str, line: u64, column: &str) -> Problem {
    let what = if field.is_empty() { "no value".into() } else { field.to_owned() };
    Problem::MissingValue { line, column: column.escape_default().to_string(), what }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters_are_found() {
        let check = |text: &str, expected: u8| assert_eq!(delimiter(text.as_bytes()), expected, "{text:?}");
        check("a,b,c\n1,2,3\n", b',');
        check("a;b\n1,5;2,5\n", b';');
        check("a\tb, c\n1\t2\n", b'\t');
        check("a|b\n1|2", b'|');
        check("1\n2\n", b',');
    }

    #[test]
    fn headers_are_names() {
        let check = |first: &[&str], second: &[&str], expected| {
            let (first, second) = (StringRecord::from(first.to_vec()), StringRecord::from(second.to_vec()));
            assert_eq!(is_header(&first, Some(&second)), expected, "{first:?}");
        };
        check(&["a", "b"], &["1", "2"], true);
        check(&["0", "1", "label"], &["5", "6", "7"], true);
        check(&["1", "2"], &["3", "4"], false);
        check(&["1", "cat"], &["2", "dog"], false);
        check(&["a", "b"], &["x", "y"], true);
    }
}

//! A text table: detects its delimiter and header, and reads its records line by line.
//!
//! The delimiter (comma, semicolon, tab or bar) is the one that occurs equally often in every one of the first lines;
//! commas within numbers do not count if semicolons are possible. The first line is a header if it has text in a column
//! that has numbers below, if it has no number at all, or if it numbers the columns. A last column that is empty in
//! header and rows is left out.

use std::io::{BufRead, BufReader, Cursor, Read, Seek};
use std::path::{Path, PathBuf};

use csv::{ReaderBuilder, StringRecord, Trim};

use super::width::{Bounded, too_wide};
use crate::columns::{all_differ, places};
use crate::error::{ColumnProblem, DataError, FieldProblem, Problem};
use crate::file_kind::DELIMITERS;
use crate::{decode, open};

/// Number of bytes used to detect the delimiter.
const LOOK: usize = 1 << 16;

/// With at most this many columns, values may equal the columns' numbers by chance.
const FEW: usize = 6;

/// Texts that stand for a missing value.
pub(super) const MISSING: [&str; 9] = ["", "NA", "N/A", "na", "null", "NULL", "None", "?", "-"];

/// A file whose header has been read.
pub(crate) struct Table {
    path: PathBuf,
    reader: csv::Reader<Bounded>,
    /// Names of the columns: those of the header, otherwise their numbers, counted from 1.
    pub(super) names: Vec<String>,
    /// Whether the names come from a header.
    header: bool,
    /// Whether the names are just column numbers, which could also be values.
    numbered: bool,
    /// Whether a last column is empty, and so left out.
    trailing: bool,
    /// Size of the file in bytes.
    pub(super) length: u64,
    /// Notes for the user.
    pub(super) notes: Vec<String>,
    /// Whether lines end with a carriage return and a line feed.
    returns: bool,
    /// The records that were read to detect the header.
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

    /// Text from a stream, with the name used in messages.
    pub(crate) fn of_stream(name: &Path, text: Vec<u8>) -> Result<Self, DataError> {
        let text = decode::decode(&text).map_err(|problem| DataError::file(name, problem))?.into_bytes();
        let (start, length) = (text[..text.len().min(LOOK)].to_vec(), text.len() as u64);
        Self::new(name, &start, Box::new(Cursor::new(text)), length)
    }

    fn new(path: &Path, start: &[u8], text: Box<dyn Read>, length: u64) -> Result<Self, DataError> {
        let returns = start.iter().position(|&byte| byte == b'\n').is_some_and(|at| at > 0 && start[at - 1] == b'\r');
        let start = String::from_utf8_lossy(start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start));
        let delimiter = delimiter(&start, start.len() >= LOOK);
        let mut builder = ReaderBuilder::new();
        let builder = builder.has_headers(false).trim(Trim::All).delimiter(delimiter);
        let mut table = Self {
            path: path.to_owned(),
            reader: builder.from_reader(Bounded::new(text, delimiter)),
            names: Vec::new(),
            header: false,
            numbered: false,
            trailing: false,
            length,
            notes: Vec::new(),
            returns,
            first: Vec::new(),
        };
        let first = table.record()?.ok_or_else(|| DataError::file(path, Problem::Blank))?;
        let second = table.record()?;
        table.begin(first, second, &start, delimiter);
        Ok(table)
    }

    /// Determines the columns from the first two records.
    fn begin(&mut self, mut first: (u64, StringRecord), mut second: Option<(u64, StringRecord)>, start: &str, by: u8) {
        let ends_empty = |record: &StringRecord| record.len() > 1 && record.get(record.len() - 1) == Some("");
        if ends_empty(&first.1) && second.as_ref().is_some_and(|(_, second)| ends_empty(second)) {
            self.trailing = true;
            let columns = first.1.len() - 1;
            first.1.truncate(columns);
            second.iter_mut().for_each(|(_, second)| second.truncate(columns));
            self.notes.push(format!("column {} is empty in header and rows, and is left out", columns + 1));
        }
        let numbered = numbers_columns(&first.1, second.as_ref().map(|(_, record)| record), start, by);
        self.numbered = numbered && first.1.iter().all(is_number);
        self.header = numbered || is_header(&first.1, second.as_ref().map(|(_, record)| record));
        if numbered {
            let last = first.1.get(first.1.len() - 1).unwrap_or_default();
            self.notes.push(format!(
                "the first line ({}, ..., {}) numbers the columns, and is read as their names",
                &first.1[0],
                last.escape_default()
            ));
        }
        self.first.extend(second);
        if self.header {
            self.names = first.1.iter().map(decode::composed).collect();
        } else {
            self.names = (1..=first.1.len()).map(|column| column.to_string()).collect();
            self.first.push(first);
        }
    }

    /// Number of columns.
    pub(super) fn columns(&self) -> usize {
        self.names.len()
    }

    /// Whether a column has this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.names.contains(&decode::composed(name))
    }

    /// Refuses a first line that was taken for a header, but could also be an example of inputs.
    pub(super) fn check_header(&self) -> Result<(), DataError> {
        match self.numbered && self.columns() <= FEW {
            true => Err(self.fail(ColumnProblem::HeaderOrRow(self.names.join(", ")).into())),
            false => Ok(()),
        }
    }

    /// The column with this name, otherwise with this number.
    pub(super) fn column(&self, flag: &'static str, name: &str) -> Result<usize, Problem> {
        find_column(&self.names, flag, name)
    }

    /// The columns of these channels, by their names, ignoring case if no name matches exactly. `None` if the table has
    /// no header, or none of its names is a channel's: the columns are then in the model's order.
    ///
    /// # Errors
    /// If only some are present, or one occurs twice.
    pub(super) fn channels(&self, channels: &[String]) -> Result<Option<Vec<usize>>, Problem> {
        let found = places(&self.names, channels);
        let columns: Option<Vec<usize>> = found.iter().map(|found| found.ok()).collect();
        if let Some(columns) = columns.filter(|columns| all_differ(columns)) {
            return Ok(Some(columns));
        }
        if !self.header || found.iter().all(|found| *found == Err(0)) {
            return Ok(None);
        }
        if let Some(at) = found.iter().position(|found| found.is_err_and(|count| count > 0)) {
            let Err(count) = found[at] else { unreachable!("as was found") };
            return Err(ColumnProblem::Same { name: channels[at].escape_default().to_string(), count }.into());
        }
        let missing = || channels.iter().zip(&found).filter(|(_, found)| found.is_err()).map(|(name, _)| name);
        let shown: Vec<String> = missing().take(4).map(|name| format!("'{}'", name.escape_default())).collect();
        let more = match missing().count().saturating_sub(shown.len()) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let missing = format!("{}{more}", shown.join(", "));
        Err(ColumnProblem::Missing { missing, found: found.iter().flatten().count(), channels: channels.len() }.into())
    }

    /// The next record with its line, counted from 1.
    fn record(&mut self) -> Result<Option<(u64, StringRecord)>, DataError> {
        let mut record = StringRecord::new();
        match self.reader.read_record(&mut record) {
            Ok(false) => Ok(None),
            Ok(true) => {
                let line = record.position().map_or(0, |at| self.line(at));
                if self.trailing {
                    let last = record.len() - 1;
                    if !record[last].is_empty() {
                        return Err(self.fail(ColumnProblem::Trailing { line, column: last + 1 }.into()));
                    }
                    record.truncate(last);
                }
                Ok(Some((line, record)))
            }
            Err(cause) => Err(self.fail(broken(&cause, |at| self.line(at)))),
        }
    }

    /// The line of a record. The reader counts a line when it reads the line feed; after a carriage return, that is
    /// only when the next record is read.
    fn line(&self, at: &csv::Position) -> u64 {
        at.line() + u64::from(self.returns && at.byte() > 0)
    }

    pub(super) fn fail(&self, problem: Problem) -> DataError {
        DataError::file(&self.path, problem)
    }

    /// Calls `each` for every record after the header with line, record and bytes done.
    pub(super) fn each_record(
        &mut self,
        mut each: impl FnMut(u64, &StringRecord, u64) -> Result<(), Problem>,
    ) -> Result<(), DataError> {
        let mut any = false;
        while let Some((line, record)) = self.first.pop().map_or_else(|| self.record(), |first| Ok(Some(first)))? {
            let done = self.reader.position().byte();
            each(line, &record, done).map_err(|problem| self.fail(problem))?;
            any = true;
        }
        if any { Ok(()) } else { Err(self.fail(FieldProblem::HeaderAlone.into())) }
    }
}

fn broken(cause: &csv::Error, line_of: impl Fn(&csv::Position) -> u64) -> Problem {
    match cause.kind() {
        csv::ErrorKind::UnequalLengths { pos, expected_len, len } => FieldProblem::Ragged {
            line: pos.as_ref().map_or(0, line_of),
            found: *len as usize,
            expected: *expected_len as usize,
        }
        .into(),
        csv::ErrorKind::Utf8 { pos, .. } => Problem::NotUtf8(pos.as_ref().map_or(0, |pos| pos.byte() as usize)),
        csv::ErrorKind::Io(cause) => {
            too_wide(cause).cloned().map_or_else(|| Problem::Unreadable(cause.to_string()), Problem::from)
        }
        _ => Problem::Unreadable(cause.to_string()),
    }
}

/// The delimiter of a text with this beginning; `cut` if it continues.
fn delimiter(text: &str, cut: bool) -> u8 {
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).take(10).collect();
    let whole = if lines.len() > 1 && cut { &lines[..lines.len() - 1] } else { &lines[..] };
    let counts = |delimiter: u8| whole.iter().map(move |line| line.bytes().filter(|&byte| byte == delimiter).count());
    let even =
        |delimiter: u8| counts(delimiter).min().filter(|&least| Some(least) == counts(delimiter).max()).unwrap_or(0);
    if even(b';') > 0 && whole.iter().all(|line| line.split(';').all(has_decimal_commas)) {
        return b';';
    }
    let first = |delimiter: u8| counts(delimiter).next().unwrap_or(0);
    let best = |count: &dyn Fn(u8) -> usize| {
        DELIMITERS.into_iter().rev().max_by_key(|&delimiter| count(delimiter)).filter(|&delimiter| count(delimiter) > 0)
    };
    best(&even).or_else(|| best(&first)).unwrap_or(b',')
}

/// Whether a field has no comma, or is a number with a decimal comma.
fn has_decimal_commas(field: &str) -> bool {
    !field.contains(',') || is_decimal_comma(field.trim())
}

/// Whether a field is a number with a decimal comma.
fn is_decimal_comma(field: &str) -> bool {
    field.contains(',') && field.replacen(',', ".", 1).parse::<f64>().is_ok()
}

fn is_number(field: &str) -> bool {
    field.parse::<f64>().is_ok()
}

/// Whether the first line contains names.
fn is_header(first: &StringRecord, second: Option<&StringRecord>) -> bool {
    let is_name = |field: &str| !is_number(field) && !MISSING.contains(&field) && !is_decimal_comma(field);
    let Some(second) = second else { return first.iter().all(is_name) };
    first.iter().zip(second).any(|(name, value)| is_name(name) && is_number(value)) || first.iter().all(is_name)
}

/// Whether the first line numbers the columns from 0 or from 1, as pandas does for columns without names; the last one
/// may have a name, which no row of values has.
///
/// A row of numbers can look the same. `0,1` and `1,2,3` are more often values, so they only count as column numbers if
/// the numbers below have a decimal point, which values in the first line would also have.
fn numbers_columns(first: &StringRecord, second: Option<&StringRecord>, start: &str, by: u8) -> bool {
    let Some(second) = second.filter(|_| first.len() > 1) else { return false };
    let last = first.len() - 1;
    let named = !is_number(&first[last]) && !MISSING.contains(&&first[last]) && !is_decimal_comma(&first[last]);
    let counts = |record: &StringRecord, from: usize| {
        let fields = record.iter().take(if named { last } else { last + 1 });
        (from..).zip(fields).all(|(number, field)| field == number.to_string())
    };
    let Some(from) = [0, 1].into_iter().find(|&from| counts(first, from) && !counts(second, from)) else {
        return false;
    };
    let by = char::from(by);
    let rows = || start.lines().skip(1).take(100);
    let unquoted = |field: &str| field.trim().trim_matches('"').to_owned();
    match named {
        true => {
            rows().all(|row| row.trim_end_matches(by).rsplit(by).next().map(unquoted).as_deref() != first.get(last))
        }
        false => {
            let has_point = |field: &str| field.contains('.') && is_number(field);
            from == 0 && last > 1 || rows().any(|row| row.split(by).map(unquoted).any(|field| has_point(&field)))
        }
    }
}

/// The column with this name, otherwise with this number.
pub(super) fn find_column(names: &[String], flag: &'static str, name: &str) -> Result<usize, Problem> {
    let composed = decode::composed(name);
    let by_name: Vec<usize> = (0..names.len()).filter(|&column| names[column] == composed).collect();
    if let [first, second, ..] = by_name[..] {
        let (name, first, second) = (name.escape_default().to_string(), first + 1, second + 1);
        return Err(ColumnProblem::Which { flag, name, first, second }.into());
    }
    let by_number =
        || name.parse().ok().filter(|&number| (1..=names.len()).contains(&number)).map(|number: usize| number - 1);
    by_name.first().copied().or_else(by_number).ok_or_else(|| {
        let listed: Vec<&str> = names.iter().take(8).map(String::as_str).collect();
        let more = if names.len() > listed.len() { ", ..." } else { "" };
        let (name, known) = (name.escape_default().to_string(), format!("{}{more}", listed.join(", ")));
        ColumnProblem::Unknown { flag, name, known }.into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters_are_found() {
        let check = |text: &str, expected: u8| assert_eq!(delimiter(text, false), expected, "{text:?}");
        check("a,b,c\n1,2,3\n", b',');
        check("a;b\n1,5;2,5\n", b';');
        check("1,5;2,5\n3,5;4,5\n", b';');
        check("1,5;2,5", b';');
        check("a\tb, c\n1\t2\n", b'\t');
        check("a|b\n1|2", b'|');
        check("1\n2\n", b',');
        check("1,2,a;b\n3,4,c;d\n", b',');
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
        check(&["1,5", "2,5"], &["3,5", "4,5"], false);
    }

    #[test]
    fn headers_may_number_the_columns() {
        let check = |text: &str, expected| {
            let mut lines = text.lines().map(|line| StringRecord::from(line.split(',').collect::<Vec<_>>()));
            let (first, second) = (lines.next().unwrap(), lines.next());
            assert_eq!(numbers_columns(&first, second.as_ref(), text, b','), expected, "{text:?}");
        };
        check("0,1,y\n5,6,a\n7,8,b\n", true);
        check("0,1,2\n5,6,0\n", true);
        check("1,2,y\n5,6,a\n", true);
        check("1,2,3\n0.5,6,a\n", true);
        check("0,1\n0.5,1\n", true);
        // Rows that look like column numbers.
        check("0,1,y\n5,6,a\n7,8,y\n", false);
        check("0,1\n1,0\n", false);
        check("1,2,3\n4,5,6\n", false);
        check("0,1,2\n0,1,2\n", false);
        check("0,1,2\n", false);
        check("0\n1\n", false);
        check("0,2,y\n5,6,a\n", false);
    }
}

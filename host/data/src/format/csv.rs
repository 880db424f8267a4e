//! Text tables: a row for each example, or for each sample of a recording.
//!
//! Inputs are all columns that are not named as target, group or normal. Without `--target` the last column is the
//! target, unless the task is reconstruction. Whole numbers become `u8`, `i16` or `u16` inputs, whichever holds all of
//! them; otherwise inputs are `f32`.

use std::path::Path;

use csv::StringRecord;

use super::examples;
use super::reader::{Content, Format, Inputs, Names, Start};
use super::rows::{Answers, Rows};
use super::samples::{missing, number};
use super::table::{Table, find_column};
use super::texts::Texts;
use super::width::MOST_INPUTS;
use crate::array::{loses, narrowed};
use crate::error::{AnswerProblem, ColumnProblem, DataError, FieldProblem, Problem, ValueProblem};
use crate::options::{Options, Task};
use crate::progress::LoadProgress;
use crate::shape::Shape;
use crate::values::{InputType, Values};

pub(super) const FORMAT: Format = Format {
    names: Names::File { short: "CSV", kind: "table of text" },
    is: |start| matches!(start, Start::File(start) if !looks_binary(start)),
    content: Content::Table(read),
    inputs: Inputs::Read {
        file: |path, wanted| match is_raw(path) {
            true => examples::of_raw_file(path, wanted),
            false => examples::of_table(path, Table::open(path)?, wanted),
        },
        stream: |name, bytes, wanted| examples::of_table(name, Table::of_stream(name, bytes)?, wanted),
    },
};

/// Whether a file that starts with these bytes is not text.
fn looks_binary(start: &[u8]) -> bool {
    let control = |&byte: &u8| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r');
    !crate::decode::is_utf16(start) && start.iter().any(control)
}

/// Whether a file's name marks it as raw values.
fn is_raw(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ["bin", "raw", "dat"].iter().any(|raw| ending.eq_ignore_ascii_case(raw)))
}

/// Reads a file.
fn read(path: &Path, options: &Options, progress: &mut dyn FnMut(LoadProgress)) -> Result<Rows, DataError> {
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
    let mut rows = columns.finish(path, &roles, options).map_err(|problem| DataError::file(path, problem))?;
    rows.notes.splice(0..0, table.notes);
    Ok(rows)
}

/// The purpose of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Input,
    Target,
    Group,
    Normal,
}

/// The purpose of every column.
struct Roles<'a> {
    names: Vec<String>,
    /// `[columns]`
    roles: Vec<Role>,
    /// Columns of the targets, in the requested order.
    targets: Vec<usize>,
    normal: Option<(usize, &'a str)>,
    task: Task,
}

impl<'a> Roles<'a> {
    fn find(names: &[String], options: &'a Options) -> Result<Self, Problem> {
        let mut used: Vec<Option<&'static str>> = vec![None; names.len()];
        let mut column = |flag: &'static str, name: &str| {
            let column = find_column(names, flag, name)?;
            match used[column].replace(flag) {
                Some(first) => {
                    let column = names[column].escape_default().to_string();
                    Err(Problem::from(ColumnProblem::UsedTwice { column, first, flag }))
                }
                None => Ok(column),
            }
        };
        let mut roles = vec![Role::Input; names.len()];
        if let Some(name) = &options.group {
            roles[column("--group", name)?] = Role::Group;
        }
        let normal = match &options.normal {
            Some(normal) => Some((column("--normal", &normal.column)?, normal.value.as_str())),
            None => None,
        };
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
            return Err(AnswerProblem::ManyAnswers(targets.len()).into());
        }
        match roles.iter().filter(|&&role| role == Role::Input).count() {
            0 if names.len() == 1 => return Err(ColumnProblem::OneColumn.into()),
            0 => return Err(ColumnProblem::NoInputs.into()),
            1..=MOST_INPUTS => {}
            found => return Err(ColumnProblem::TooWide { found, most: MOST_INPUTS }.into()),
        }
        Ok(Self { names: names.to_vec(), roles, targets, normal, task: options.task })
    }

    fn names_of(&self, wanted: Role) -> Vec<String> {
        let all = self.names.iter().zip(&self.roles);
        all.filter(|(_, role)| **role == wanted).map(|(name, _)| name.clone()).collect()
    }
}

/// Values as they are read.
struct Columns {
    /// `[rows][inputs]`
    inputs: Vec<f32>,
    /// Number of inputs that lose significant information in 32 bits.
    lost: usize,
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
            lost: 0,
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
                    self.lost += usize::from(loses(value));
                    self.inputs.push(value as f32);
                }
                Role::Group | Role::Normal | Role::Target if field.is_empty() => {
                    return Err(missing(field, line, name).into());
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
                        FieldProblem::TextInNumbers { line, column, text } => {
                            FieldProblem::TextTarget { line, column, text }
                        }
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
            return Err(AnswerProblem::NothingNormal(
                options.normal.as_ref().map(ToString::to_string).unwrap_or_default(),
            )
            .into());
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
        rows.note_lost(self.lost);
        Ok(rows)
    }
}

/// The classes of all rows, from those of all distinct texts.
fn per_row(known: Answers, rows: &[u32]) -> Answers {
    match known {
        Answers::Classes { classes, names } => {
            Answers::Classes { classes: rows.iter().map(|&text| classes[text as usize]).collect(), names }
        }
        other => other,
    }
}

/// A problem with classes, and the column they are in.
fn in_column(problem: Problem, column: &str) -> Problem {
    match problem {
        Problem::Answers(AnswerProblem::NotClasses(value)) => {
            AnswerProblem::ColumnNotClasses { column: column.escape_default().to_string(), value }.into()
        }
        other => other,
    }
}

/// Inputs of the requested type, or of the smallest one that fits.
fn typed(values: &[f32], wanted: Option<InputType>, channels: &[String]) -> Result<Values, ValueProblem> {
    if let Some(wanted) = wanted {
        return narrowed(values, wanted).map_err(|(at, value)| ValueProblem::BeyondType {
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

/// Whether two fields are equal, as text or as numbers.
fn same(a: &str, b: &str) -> bool {
    a == b || matches!((a.parse::<f64>(), b.parse::<f64>()), (Ok(a), Ok(b)) if a == b)
}

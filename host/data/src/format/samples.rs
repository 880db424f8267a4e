//! Columns of a table as inputs without labels, and the numbers in its fields.

use super::table::{MISSING, Table};
use super::texts::Texts;
use crate::error::{ColumnProblem, DataError, FieldProblem, Problem};

/// Inputs of a file without labels.
pub(crate) struct Samples {
    /// `[rows][columns]`
    pub(crate) values: Vec<f32>,
    /// Recording of each row, if a column names them.
    pub(crate) groups: Option<Vec<u32>>,
}

/// Reads the inputs of a file without labels: the columns `named`, otherwise all columns, whose number must be `count`;
/// `expected` are the accepted numbers. The column `group`, if the file has it, identifies the recordings.
pub(crate) fn read_inputs(
    mut table: Table,
    named: Option<Vec<usize>>,
    group: Option<&str>,
    count: usize,
    expected: &[usize],
) -> Result<Samples, DataError> {
    if named.is_none() {
        table.check_header()?;
    }
    let group = match group.map(|name| table.column("--group", name)) {
        None | Some(Err(Problem::Columns(ColumnProblem::Unknown { .. }))) => None,
        Some(column) => Some(column.map_err(|problem| table.fail(problem))?),
    };
    let chosen = match named.filter(|named| named.len() == count) {
        Some(named) => named,
        None if table.names.len() == count => (0..count).collect(),
        None if group.is_some() && table.names.len() == count + 1 => {
            (0..=count).filter(|&at| Some(at) != group).collect()
        }
        None => {
            let expected = expected.iter().map(usize::to_string).collect::<Vec<_>>().join(" or ");
            return Err(table.fail(ColumnProblem::Count { found: table.names.len(), expected }.into()));
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
                FieldProblem::TextInNumbers { line, column, text } => FieldProblem::TextInput { line, column, text },
                other => other,
            };
            values.push(number(record.get(column).unwrap_or(""), line, &names[column]).map_err(of_text)? as f32);
        }
        Ok(())
    })?;
    Ok(Samples { values, groups })
}

/// The number in a field.
pub(super) fn number(field: &str, line: u64, column: &str) -> Result<f64, FieldProblem> {
    let named = || column.escape_default().to_string();
    let text = || field.chars().take(40).collect::<String>().escape_default().to_string();
    match field.parse::<f64>() {
        Ok(value) if (value as f32).is_finite() => Ok(value),
        Ok(value) if value.is_finite() => Err(FieldProblem::BeyondFloats { line, column: named(), text: text() }),
        Ok(value) if value.is_nan() => Err(missing(field, line, column)),
        Err(_) if MISSING.contains(&field) => Err(missing(field, line, column)),
        _ => Err(FieldProblem::TextInNumbers { line, column: named(), text: text() }),
    }
}

/// The field of a column is empty, or says that there is no value.
pub(super) fn missing(field: &str, line: u64, column: &str) -> FieldProblem {
    let what = if field.is_empty() { "no value".into() } else { field.to_owned() };
    FieldProblem::MissingValue { line, column: column.escape_default().to_string(), what }
}

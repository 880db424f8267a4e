//! Markdown tables with aligned columns, readable on a terminal and suitable for pasting.

use foldnet_data::text;
use std::fmt;

/// The name of a column, and whether it holds numbers, which are right-aligned.
pub(crate) type Column = (&'static str, bool);

/// Writes `rows`, with a cell for each of `columns`, below their names. Cells are escaped by [`text::name`].
pub(crate) fn table(f: &mut impl fmt::Write, columns: &[Column], rows: &[Vec<String>]) -> fmt::Result {
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| text::name(cell)).collect()).collect();
    let width = |(at, column): (usize, &Column)| {
        let cells = rows.iter().filter_map(|row| row.get(at)).map(String::len);
        cells.chain([column.0.len()]).max().unwrap_or_default()
    };
    let widths: Vec<usize> = columns.iter().enumerate().map(width).collect();
    let mut line = |cells: &[String]| {
        for ((cell, &width), (_, number)) in cells.iter().zip(&widths).zip(columns) {
            if *number { write!(f, "| {cell:>width$} ")? } else { write!(f, "| {cell:<width$} ")? }
        }
        writeln!(f, "|")
    };
    line(&columns.iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>())?;
    let rule = |(width, column): (&usize, &Column)| "-".repeat(width - 1) + if column.1 { ":" } else { "-" };
    line(&widths.iter().zip(columns).map(rule).collect::<Vec<_>>())?;
    rows.iter().try_for_each(|row| line(row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stand_in_columns() {
        let rows = [["a", "1,000"], ["long name", "7"]].map(|row| row.map(str::to_owned).to_vec());
        let mut text = String::new();
        table(&mut text, &[("name", false), ("n", true)], &rows).unwrap();
        let expected = "\
| name      |     n |
| --------- | ----: |
| a         | 1,000 |
| long name |     7 |
";
        assert_eq!(text, expected);
    }
}

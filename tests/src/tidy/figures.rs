//! Checks that measured figures quoted in a page equal those in the committed tables that measurements write.

use super::{File, Finding};
use foldnet::format::thousands;

/// A cell of a Markdown table in a page: how its row begins, its column from 0, and its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// How the row begins, after its first bar.
    pub row: &'static str,
    /// The column, from 0.
    pub column: usize,
    /// The figure, as the page writes it.
    pub figure: String,
}

/// A number in a committed table whose words are separated by spaces: the row that begins with `row`, the column from 0.
///
/// # Panics
/// If the table has no such number.
pub fn figure(table: &File, row: &[&str], column: usize) -> String {
    thousands(number(table, row, column))
}

/// The same as a number.
///
/// # Panics
/// If the table has no such number.
pub fn number(table: &File, row: &[&str], column: usize) -> usize {
    let line = table.text.lines().find(|line| line.split_ascii_whitespace().take(row.len()).eq(row.iter().copied()));
    let word = line.and_then(|line| line.split_ascii_whitespace().nth(column)).and_then(|word| word.parse().ok());
    word.unwrap_or_else(|| panic!("{}: {row:?} has no number in column {column}", table.path))
}

/// A cell of a page: the first table row that begins with `row`, the column from 0. Empty if there is none.
pub fn cell<'a>(page: &'a File, row: &str, column: usize) -> &'a str {
    let is_row = |line: &&str| line.strip_prefix("| ").is_some_and(|line| line.starts_with(row));
    let line = page.text.lines().find(is_row);
    line.and_then(|line| line.trim_matches('|').split('|').nth(column)).map_or("", str::trim)
}

/// Quotes that are missing in the page, or differ.
pub fn quotes(page: &File, quotes: &[Quote]) -> Vec<Finding> {
    let check = |Quote { row, column, figure }: &Quote| {
        let cell = cell(page, row, *column);
        let same = cell.split(' ').next() == Some(figure);
        (!same)
            .then(|| Finding::at(page, 1, format!("column {column} of `{row}` says '{cell}', measured was {figure}")))
    };
    quotes.iter().filter_map(check).collect()
}

/// The parts of a page between `<!-- ... scripts/NAME ... -->` and the next such line, with that first line.
pub fn written_by_scripts(page: &File) -> Vec<(&str, &str)> {
    let comments = page.text.split("<!-- ").skip(1).filter_map(|part| part.split_once(" -->"));
    comments.filter(|(mark, _)| mark.contains("scripts/") && !mark.starts_with("end")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_scripts_write_are_found() {
        let page = File::new("a.md", "a <!-- note --> b <!-- scripts/x --> c <!-- end of scripts/x --> d");
        assert_eq!(written_by_scripts(&page), [("scripts/x", " c ")]);
    }

    #[test]
    fn a_figure_that_drifted_is_found() {
        let table = File::new("a.golden", "# board bits flash\nmicrobit 4 1234567 rustc\nmicrobit 8 999 rustc\n");
        assert_eq!(
            (figure(&table, &["microbit", "4"], 2), figure(&table, &["microbit", "8"], 2)),
            ("1,234,567".into(), "999".into())
        );
        let page = File::new("README.md", "| core | bits |\n| M0, microbit | 1,234,567 (4 bits) | - |\n");
        let quote = |column, figure: &str| [Quote { row: "M0", column, figure: figure.into() }];
        assert_eq!(quotes(&page, &quote(1, "1,234,567")), []);
        for (column, figure) in [(1, "1,234,568"), (2, "999"), (9, "999")] {
            assert_eq!(quotes(&page, &quote(column, figure)).len(), 1, "column {column}: {figure}");
        }
    }
}

//! Measured figures that a page quotes are those of the committed tables that measurements write.

use super::{File, Finding};
use foldnet::format::thousands;

/// A cell of a page: a row of a Markdown table by what it begins with, the column from 0, and what stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// How the row begins, behind its first bar.
    pub row: &'static str,
    /// The column, from 0.
    pub column: usize,
    /// The figure, as the page writes it.
    pub figure: String,
}

/// A number of a committed table of words between spaces: the row that begins with `row`, the column from 0.
///
/// # Panics
/// If the table has no such number.
pub fn figure(table: &File, row: &[&str], column: usize) -> String {
    let line = table.text.lines().find(|line| line.split_ascii_whitespace().take(row.len()).eq(row.iter().copied()));
    let word = line.and_then(|line| line.split_ascii_whitespace().nth(column)).and_then(|word| word.parse().ok());
    thousands(word.unwrap_or_else(|| panic!("{}: {row:?} has no number in column {column}", table.path)))
}

/// Quotes that the page does not have, or has otherwise.
pub fn quotes(page: &File, quotes: &[Quote]) -> Vec<Finding> {
    let check = |Quote { row, column, figure }: &Quote| {
        let is_row = |line: &&str| line.strip_prefix("| ").is_some_and(|line| line.starts_with(row));
        let line = page.text.lines().find(is_row);
        let cell = line.and_then(|line| line.trim_matches('|').split('|').nth(*column)).map_or("", str::trim);
        let same = cell.split(' ').next() == Some(figure);
        (!same)
            .then(|| Finding::at(page, 1, format!("column {column} of `{row}` says '{cell}', measured was {figure}")))
    };
    quotes.iter().filter_map(check).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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

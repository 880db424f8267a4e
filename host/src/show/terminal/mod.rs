//! Output for people and programs: text, progress bars, tables, and one JSON object with `--json`.

mod bold;
mod picture;
mod progress;

pub use bold::bold;
pub use picture::{bars, picture, strip};
pub use progress::{EpochBar, LoadBars, QuantizeBar, StageBar};

use anyhow::Context;
use bold::styled;
use comfy_table::{CellAlignment, Table, TableComponent, presets};
use foldnet_data::text;
use foldnet_sim::print;
use serde::Serialize;
use std::fmt::Display;
use std::io::Write;

/// Destination of text: stdout, or stderr if `--json` reserves stdout for its object.
#[derive(Debug, Clone, Copy)]
pub struct Ui {
    json: bool,
    quiet: bool,
}

impl Ui {
    /// With `json`, [`result`](Self::result) prints an object and text goes to stderr. With `quiet` there is no text
    /// and, in the whole program, no progress bar.
    pub fn new(json: bool, quiet: bool) -> Self {
        if quiet {
            progress::hide_bars();
        }
        Self { json, quiet }
    }

    /// The same without text.
    pub fn quiet(self) -> Self {
        Self { quiet: true, ..self }
    }

    /// Prints a line for people. Control characters, including line feeds, are made visible.
    pub fn say(&self, line: impl Display) {
        self.print(&styled(&line.to_string(), text::line));
    }

    /// Prints lines for people, as [`Self::say`].
    pub fn say_all(&self, lines: Vec<String>) {
        lines.iter().for_each(|line| self.say(line));
    }

    /// Prints lines for people, such as a [`table`]; texts from files in them have passed [`text::name`].
    pub fn block(&self, lines: impl Display) {
        self.print(&styled(&lines.to_string(), text::block));
    }

    fn print(&self, text: &str) {
        match (self.quiet, self.json) {
            (true, _) => {}
            // Errors writing to stderr are ignored.
            (false, true) => drop(writeln!(anstream::stderr(), "{text}")),
            (false, false) => print::keep(writeln!(anstream::stdout(), "{text}")),
        }
    }

    /// Prints a text that is itself the result: on stdout, even with `quiet`, but not with `json`, whose object
    /// includes it.
    pub fn document(&self, text: &str) {
        if !self.json {
            print::keep(write!(anstream::stdout(), "{text}"));
        }
    }

    /// Prints the object for programs.
    ///
    /// # Errors
    /// If it cannot be represented as JSON.
    pub fn result(&self, value: &impl Serialize) -> anyhow::Result<()> {
        if self.json {
            let text = serde_json::to_string(value).context("the result cannot be written as JSON")?;
            print::keep(writeln!(anstream::stdout(), "{}", text::json(&text)));
        }
        Ok(())
    }
}

/// A table with a header; columns from the second on are right-aligned. Cells are escaped by [`text::name`].
pub fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(header.iter().map(|cell| text::name(cell)));
    for line in [TableComponent::TopBorder, TableComponent::TopBorderIntersections] {
        table.set_style(line, '─');
    }
    for line in [TableComponent::HeaderLines, TableComponent::MiddleHeaderIntersections] {
        table.set_style(line, '═');
    }
    for line in [TableComponent::BottomBorder, TableComponent::BottomBorderIntersections] {
        table.set_style(line, '─');
    }
    table.add_rows(rows.into_iter().map(|row| row.iter().map(|cell| text::name(cell)).collect::<Vec<_>>()));
    table.column_iter_mut().skip(1).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_shown_and_of_bounded_width() {
        let text =
            table(&["class\x07", "n"], [vec!["\x1b[2Ja\nb".into(), "1".into()], vec!["x".repeat(70_000), "2".into()]]);
        let text = text.to_string();
        assert!(text.contains("\\u{1b}[2Ja\\nb") && text.contains("class\\u{7}"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() < 300), "{text}");
    }
}

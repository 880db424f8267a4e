//! What people and programs see: text, progress bars, tables, and one JSON object where `--json` asks for it.

mod picture;
mod progress;

pub use picture::{bars, picture, strip};
pub use progress::{EpochBar, LoadBars, QuantizeBar, StageBar};

use anstyle::Style;
use anyhow::Context;
use comfy_table::{CellAlignment, Table, TableComponent, presets};
use serde::Serialize;
use std::fmt::Display;
use std::io::{ErrorKind, Write};

/// Where text goes: to stdout, or to stderr while `--json` keeps stdout for its object.
#[derive(Debug, Clone, Copy)]
pub struct Ui {
    json: bool,
    quiet: bool,
}

impl Ui {
    /// With `json`, [`result`](Self::result) prints an object and text goes to stderr; with `quiet` there is neither text
    /// nor, in the whole program, a progress bar.
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

    /// A line for people.
    pub fn say(&self, line: impl Display) {
        if self.quiet {
            return;
        }
        // Text that nobody takes any more is no reason to fail: `foldnet summary runs/after | head -1`.
        let _ = match self.json {
            true => writeln!(anstream::stderr(), "{line}"),
            false => writeln!(anstream::stdout(), "{line}"),
        };
    }

    /// A text that is itself the result: on stdout, also with `quiet`, but not with `json`, whose object holds it.
    ///
    /// # Errors
    /// When it cannot be written, unless its reader has gone away.
    pub fn document(&self, text: &str) -> anyhow::Result<()> {
        if self.json { Ok(()) } else { taken(write!(anstream::stdout(), "{text}")) }
    }

    /// The object for programs.
    ///
    /// # Errors
    /// When it cannot be written, unless its reader has gone away.
    pub fn result(&self, value: &impl Serialize) -> anyhow::Result<()> {
        if !self.json {
            return Ok(());
        }
        taken(writeln!(anstream::stdout(), "{}", serde_json::to_string(value)?))
    }
}

/// A reader that has gone away is no error.
fn taken(written: std::io::Result<()>) -> anyhow::Result<()> {
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error).context("stdout cannot be written"),
        _ => Ok(()),
    }
}

/// `text` in bold where the terminal has it.
pub fn bold(text: impl Display) -> String {
    let style = Style::new().bold();
    format!("{style}{text}{style:#}")
}

/// A table with a header; columns from the second on are aligned to the right.
pub fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(header);
    for line in [TableComponent::TopBorder, TableComponent::TopBorderIntersections] {
        table.set_style(line, '─');
    }
    for line in [TableComponent::HeaderLines, TableComponent::MiddleHeaderIntersections] {
        table.set_style(line, '═');
    }
    for line in [TableComponent::BottomBorder, TableComponent::BottomBorderIntersections] {
        table.set_style(line, '─');
    }
    table.add_rows(rows);
    table.column_iter_mut().skip(1).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    table
}

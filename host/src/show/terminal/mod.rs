//! What people and programs see: text, progress bars, tables, and one JSON object where `--json` asks for it.

mod picture;
mod progress;

pub use picture::{bars, picture, strip};
pub use progress::{EpochBar, LoadBars, QuantizeBar, StageBar};

use anstyle::Style;
use anyhow::Context;
use comfy_table::{CellAlignment, Table, TableComponent, presets};
use foldnet_data::text;
use foldnet_sim::print;
use serde::Serialize;
use std::fmt::Display;
use std::io::Write;

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

    /// A line for people. Whatever a terminal would obey in it is made visible, line feeds, too.
    pub fn say(&self, line: impl Display) {
        self.print(&styled(&line.to_string(), text::line));
    }

    /// Lines for people, such as a [`table`]; what stands in them from files has passed [`text::name`].
    pub fn block(&self, lines: impl Display) {
        self.print(&styled(&lines.to_string(), text::block));
    }

    fn print(&self, text: &str) {
        match (self.quiet, self.json) {
            (true, _) => {}
            // Nobody is told of what stderr does not take.
            (false, true) => drop(writeln!(anstream::stderr(), "{text}")),
            (false, false) => print::keep(writeln!(anstream::stdout(), "{text}")),
        }
    }

    /// A text that is itself the result: on stdout, also with `quiet`, but not with `json`, whose object holds it.
    pub fn document(&self, text: &str) {
        if !self.json {
            print::keep(write!(anstream::stdout(), "{text}"));
        }
    }

    /// The object for programs.
    ///
    /// # Errors
    /// When it has no form in JSON.
    pub fn result(&self, value: &impl Serialize) -> anyhow::Result<()> {
        if self.json {
            let text = serde_json::to_string(value).context("the result has no form in JSON")?;
            print::keep(writeln!(anstream::stdout(), "{}", text::json(&text)));
        }
        Ok(())
    }
}

/// Where bold begins and ends, until the text is printed: characters that no text has.
const BOLD: (char, char) = ('\u{fdd0}', '\u{fdd1}');

/// `text` with its unmarked parts made safe and its marks as the terminal has them.
fn styled(text: &str, safe: fn(&str) -> String) -> String {
    let style = Style::new().bold();
    let part = |part: &str| match (part.strip_prefix(BOLD.0), part.strip_prefix(BOLD.1)) {
        (Some(part), _) => format!("{style}{}", safe(part)),
        (_, Some(part)) => format!("{style:#}{}", safe(part)),
        _ => safe(part),
    };
    let mut starts: Vec<usize> = text.match_indices([BOLD.0, BOLD.1]).map(|(at, _)| at).collect();
    starts.push(text.len());
    let mut from = 0;
    starts.into_iter().map(|to| part(&text[std::mem::replace(&mut from, to)..to])).collect()
}

/// `text` in bold where the terminal has it, to be printed by [`Ui`].
pub fn bold(text: impl Display) -> String {
    format!("{}{text}{}", BOLD.0, BOLD.1)
}

/// A table with a header; columns from the second on are aligned to the right. Cells are shown as [`text::name`] has them.
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
    fn only_our_own_marks_reach_the_terminal() {
        let line = |text: &str| styled(text, text::line);
        assert_eq!(line(&format!("a {} c", bold("\x1b]0;x\x07\nb"))), "a \x1b[1m\\u{1b}]0;x\\u{7}\\nb\x1b[0m c");
        assert_eq!(styled("a\nb\u{202e}", text::block), "a\nb\\u{202e}");
        assert_eq!((line(""), line(&bold(""))), (String::new(), "\x1b[1m\x1b[0m".into()));
    }

    #[test]
    fn cells_are_shown_and_of_bounded_width() {
        let text =
            table(&["class\x07", "n"], [vec!["\x1b[2Ja\nb".into(), "1".into()], vec!["x".repeat(70_000), "2".into()]]);
        let text = text.to_string();
        assert!(text.contains("\\u{1b}[2Ja\\nb") && text.contains("class\\u{7}"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() < 300), "{text}");
    }
}

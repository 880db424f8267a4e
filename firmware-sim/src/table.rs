//! Options of both programs for reading a table of examples.

use clap::Args;
use foldnet_data::{Normal, Options, TestSplit};

/// Options for tables and arrays.
#[derive(Debug, Clone, Args)]
pub struct TableArgs {
    /// Column with the class or value, by name or number from 1; several for regression [default: the last]
    #[arg(long, value_name = "COLUMN,...", value_delimiter = ',', help_heading = "Tables and arrays")]
    target: Vec<String>,
    /// Column that identifies the recording; no recording is in both training and test
    #[arg(long, value_name = "COLUMN", help_heading = "Tables and arrays")]
    group: Option<String>,
    /// Number of rows in the windows that recordings are cut into [default: the model's window, if it has one]
    #[arg(long, value_name = "N", help_heading = "Tables and arrays", value_parser = count)]
    window: Option<usize>,
    /// Number of rows from the start of one window to the next [default: the length of a window]
    #[arg(long, value_name = "N", help_heading = "Tables and arrays", value_parser = count)]
    step: Option<usize>,
    /// Column that marks normal rows, and its value in them; all other rows are for testing
    #[arg(long, value_name = "COLUMN=VALUE", help_heading = "Tables and arrays")]
    normal: Option<Normal>,
    /// Fraction of the examples for testing, or every:N for every Nth [default: 0.2]
    #[arg(long, value_name = "SHARE|every:N", help_heading = "Tables and arrays")]
    test_split: Option<TestSplit>,
}

impl TableArgs {
    /// The options given, and defaults for the rest.
    pub fn options(&self) -> Options {
        let Self { target, group, window, step, normal, test_split } = self.clone();
        Options { target, group, window, step, normal, test_split, ..Options::default() }
    }
}

/// A number of at least 1, from the command line.
///
/// # Errors
/// What to give instead.
pub fn count(text: &str) -> Result<usize, &'static str> {
    text.parse().ok().filter(|&count| count > 0).ok_or("give a number of at least 1")
}

//! The lines of `history.jsonl`: one for the run, one for each finished epoch, one for the test.
//!
//! Each line is a self-contained JSON object: `record` says which of the three it is, and `seed`, `command`, `version`
//! and `machine` identify its origin. The file is replaced as a whole after each epoch, so that a reader always finds
//! complete lines.

use super::fit::Epoch;
use super::history::{History, Test};
use crate::write::atomic_write;
use anyhow::{anyhow, bail};
use foldnet_data::bounded::{self, limit};
use serde::{Deserialize, Serialize};
use std::fmt::Display;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// One line.
#[derive(Serialize)]
struct Line<'a, T> {
    record: &'a str,
    /// Number of the epoch, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<usize>,
    #[serde(flatten)]
    body: &'a T,
    #[serde(flatten)]
    origin: Option<Origin<'a>>,
}

/// The origin of a line; the run's line has it in its body.
#[derive(Clone, Copy, Serialize)]
struct Origin<'a> {
    seed: u64,
    command: &'a str,
    version: &'a str,
    machine: &'a str,
}

/// The kind of a line.
#[derive(Deserialize)]
struct Recorded {
    record: String,
}

impl History {
    /// Name of the file in the folder of a run.
    pub const FILE: &'static str = "history.jsonl";

    /// Its name in runs of earlier versions, with one JSON object.
    const OLD_FILE: &'static str = "history.json";

    /// Name of the table of epochs.
    pub const TABLE: &'static str = "history.csv";

    /// Path of the record beside a checkpoint.
    pub fn path_beside(checkpoint: &Path) -> PathBuf {
        let (path, old) = (checkpoint.with_file_name(Self::FILE), checkpoint.with_file_name(Self::OLD_FILE));
        if old.exists() && !path.exists() { old } else { path }
    }

    /// The record beside a checkpoint, if there is one.
    ///
    /// # Errors
    /// If the file exists but is not a valid record; the error names it.
    pub fn beside(checkpoint: &Path) -> anyhow::Result<Option<Self>> {
        let path = Self::path_beside(checkpoint);
        let no_record = |cause: &dyn Display| {
            anyhow!("{}: not a record of a training ({cause}); train again, or remove it", path.display())
        };
        let text = match bounded::read_text(&path, limit::HISTORY) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                bail!("{}: cannot be read ({error}); check its permissions", path.display());
            }
            text => text.map_err(|error| no_record(&error))?,
        };
        let old = path.file_name().is_some_and(|name| name == Self::OLD_FILE);
        let parsed = if old { serde_json::from_str(&text).map_err(|error| error.to_string()) } else { read(&text) };
        parsed.map(Some).map_err(|error| no_record(&error))
    }

    /// Writes `history.jsonl` into `folder`; on any error the old file remains.
    ///
    /// # Errors
    /// If the file cannot be written; the error names it.
    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let path = folder.join(Self::FILE);
        let text = write(self)?;
        Ok(atomic_write(&path, |out| out.write_all(text.as_bytes()))?)
    }

    /// Writes the epochs as a table, `history.csv`, into `folder`.
    ///
    /// # Errors
    /// If the file cannot be written; the error names it.
    pub fn write_table(&self, folder: &Path) -> anyhow::Result<()> {
        let text = csv(self);
        Ok(atomic_write(&folder.join(Self::TABLE), |out| out.write_all(text.as_bytes()))?)
    }
}

/// The text of the file.
///
/// # Errors
/// If a part of it cannot be represented as JSON.
fn write(history: &History) -> serde_json::Result<String> {
    let History { seed, command, version, machine, .. } = history;
    let origin = Some(Origin { seed: *seed, command, version, machine });
    let run = History { epochs: Vec::new(), test: None, ..history.clone() };
    let mut lines = vec![serde_json::to_string(&Line { record: "run", number: None, body: &run, origin: None })?];
    for (at, epoch) in history.epochs.iter().enumerate() {
        lines.push(serde_json::to_string(&Line { record: "epoch", number: Some(at + 1), body: epoch, origin })?);
    }
    if let Some(test) = &history.test {
        lines.push(serde_json::to_string(&Line { record: "test", number: None, body: test, origin })?);
    }
    Ok(lines.join("\n") + "\n")
}

/// Parses the text of a file.
///
/// # Errors
/// If a line is not one of the three records, or the first is not the run's.
fn read(text: &str) -> Result<History, String> {
    let mut lines = (1..).zip(text.lines());
    let (number, first) = lines.next().unwrap_or((1, ""));
    let mut history: History = record(number, first)?;
    for (number, line) in lines {
        match record::<Recorded>(number, line)?.record.as_str() {
            "epoch" => history.epochs.push(record::<Epoch>(number, line)?),
            "test" => history.test = Some(record::<Test>(number, line)?),
            other => return Err(format!("a record of '{other}' in line {number}")),
        }
    }
    Ok(history)
}

/// Parses the line with this number, counted from 1.
fn record<'a, T: Deserialize<'a>>(number: usize, line: &'a str) -> Result<T, String> {
    serde_json::from_str(line).map_err(|error| {
        // The parser sees a text of one line.
        error.to_string().replace(&format!(" at line {} ", error.line()), &format!(" at line {number} "))
    })
}

/// The epochs as a table for a spreadsheet or TensorBoard: one line each, with empty cells for unknown figures.
fn csv(history: &History) -> String {
    let mut text = String::from("epoch,loss,accuracy,val_loss,val_accuracy,seconds,learning_rate,gradient_norm\n");
    for (at, epoch) in history.epochs.iter().enumerate() {
        let Epoch { loss, accuracy, val_loss, val_accuracy, seconds, learning_rate, gradient_norm } = *epoch;
        let rate = learning_rate;
        let figures =
            [Some(loss), Some(accuracy), Some(val_loss), Some(val_accuracy), Some(seconds), rate, gradient_norm];
        let shown = figures.map(|figure| figure.filter(|f| f.is_finite()).map_or_else(String::new, |f| f.to_string()));
        text += &format!("{},{}\n", at + 1, shown.join(","));
    }
    text
}

//! The output of the command: text for people, and one JSON object (for a survey a list) for programs.
//!
//! Without `--json` the text goes to stdout, with it to stderr. A reader that closes the pipe early is not an error.

use super::error::CliError;
use super::table::Table;
use super::{layers, markdown, progress};
use foldnet_core::Model;
use foldnet_data::text;
use foldnet_sim::board::{Board, Footprint, Region};
use foldnet_sim::job::Booted;
use foldnet_sim::manual::Shell;
use foldnet_sim::metrics::{Anomaly, Metrics};
use foldnet_sim::record::{Measured, Record};
use foldnet_sim::{Emulation, Simulation, print};
use serde::Serialize;
use serde_json::json;
use std::fmt::Display;
use std::io::Write;
use std::path::Path;

/// Destination of the output.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    json: bool,
    quiet: bool,
}

/// A board, as JSON.
#[derive(Serialize)]
struct BoardRecord<'a> {
    name: &'a str,
    chip: &'a str,
    core: &'a str,
    target: &'a str,
    flash_bytes: u32,
    ram_bytes: u32,
    model_address: u32,
    model_bytes: u32,
    two_models_bytes: u32,
}

impl Output {
    /// With `json`, text goes to stderr. With `quiet` there is neither text nor, in the whole program, a progress bar.
    pub(crate) fn new(json: bool, quiet: bool) -> Self {
        if quiet {
            progress::hide();
        }
        Self { json, quiet }
    }

    /// Prints one line for people.
    fn line(&self, text: impl Display) {
        if self.quiet {
            return;
        }
        let text = text::block(&text.to_string());
        if self.json {
            // Errors while writing to stderr are ignored.
            let _ = writeln!(std::io::stderr(), "{text}");
        } else {
            print::keep(writeln!(std::io::stdout(), "{text}"));
        }
    }

    /// Prints one line for programs.
    fn record(&self, record: &impl Serialize) {
        if let (true, Ok(text)) = (self.json, serde_json::to_string(record)) {
            print::keep(writeln!(std::io::stdout(), "{}", text::json(&text)));
        }
    }

    /// Prints the completion script of a shell: as text, even with `quiet`, or in an object.
    pub(crate) fn completions(&self, shell: Shell, script: &str) -> Result<(), CliError> {
        self.document(script, &json!({ "shell": shell.to_string(), "script": script }))
    }

    /// Prints the man page, likewise.
    pub(crate) fn man_page(&self, page: &str) -> Result<(), CliError> {
        self.document(page, &json!({ "page": page }))
    }

    fn document(&self, text: &str, record: &impl Serialize) -> Result<(), CliError> {
        self.record(record);
        if !self.json {
            print::keep(write!(std::io::stdout(), "{text}"));
        }
        Ok(())
    }

    /// Prints the built-in boards as a board file, likewise.
    pub(crate) fn boards_toml(&self, file: &str) -> Result<(), CliError> {
        self.document(file, &json!({ "toml": file }))
    }

    pub(crate) fn boards(&self, boards: &[&Board]) {
        self.line("board          core             flash     RAM    one slot   two slots  chip (target)");
        for board in boards {
            let Board { name, core, chip, target, flash, ram, .. } = board;
            let (flash, ram) = (kilobytes(flash), kilobytes(ram));
            let (one, two) = (board.room().whole().model_len(), two_models(board));
            self.line(format_args!("{name:<14} {core:<15} {flash:>6} {ram:>7} {one:>11} {two:>11}  {chip} ({target})"));
        }
        let records: Vec<BoardRecord> = boards.iter().map(|board| BoardRecord::new(board)).collect();
        self.record(&records);
    }

    /// Describes the run and the memory it takes.
    pub(crate) fn model(&self, path: &Path, model: &Model, board: Option<&Board>, footprint: &Footprint) {
        let layers = model.header().layers;
        let shape: String = layers.iter().map(|layer| format!("-{}", layer.units)).collect();
        let bits: Vec<String> = layers.iter().map(|layer| layer.bits.to_string()).collect();
        let (inputs, bits, bytes) = (model.inputs(), bits.join(","), model.bytes());
        let kind = kind(model);
        self.line(format_args!("model     {}: {inputs}{shape}, {kind}, bits {bits}, {bytes} bytes", shown(path)));
        let (mut flash, mut ram) = (footprint.flash_bytes.to_string(), footprint.ram_bytes.to_string());
        if let Some(board) = board {
            self.line(format_args!("board     {}: {}, {}", board.name, board.chip, board.core));
            flash += &format!(" of {}", board.flash.len);
            ram += &format!(" of {}", board.ram.len);
            self.line(format_args!("slots     {}", slots(board, model)));
        }
        self.line(format_args!("flash     {flash} bytes at most, including the firmware"));
        self.line(format_args!("RAM       {ram} bytes at most, including example, stack and statics"));
    }

    /// Result of a simulation.
    pub(crate) fn simulation(&self, record: Record, takes: &Footprint, run: &Simulation) {
        self.metrics(run.metrics.as_ref(), run.correct, run.images, &record.dataset);
        self.line(format_args!("{} SHA-256 {}", outputs(run.metrics.as_ref()), run.logits_sha256));
        self.record(&Record { measured: Some(Measured::simulated(run, takes)), ..record });
    }

    /// Result of a run on an emulated board.
    pub(crate) fn emulation(&self, record: Record, board: &Board, run: &Emulation) {
        if run.identical() {
            self.metrics(run.metrics(), run.correct, run.images, &record.dataset);
        }
        let verdict = if run.identical() { "all equal to the simulator's" } else { "NOT equal to the simulator's" };
        self.line(format_args!("{} SHA-256 {}, {verdict}", outputs(run.metrics()), run.logits_sha256));
        let (mean, min, max) = (run.instructions.mean, run.instructions.min, run.instructions.max);
        self.line(format_args!("booted    {}", booted(&run.booted)));
        self.line(format_args!("kernel    {}: {mean:.0} instructions per example ({min} to {max})", run.kernel));
        self.layers(&record.bits, run);
        self.cycles(board, run);
        self.measured(board, run);
        if let Some(compiler) = &run.compiler {
            self.line(format_args!("built by  {}", text::name(compiler)));
        }
        self.record(&Record { measured: Some(Measured::emulated(run)), ..record });
    }

    /// Results of a survey.
    pub(crate) fn table(&self, table: &Table) {
        let text = table.to_string();
        self.line(text.trim_end());
        self.record(&table.records());
    }

    /// Prints a note on the data set.
    pub(crate) fn note(&self, note: &str) {
        self.line(format_args!("note: {note}"));
    }

    /// Prints the metrics of the answers.
    fn metrics(&self, metrics: Option<&Metrics>, correct: usize, examples: usize, dataset: &str) {
        let of = format!("{examples} examples of {}", text::name(dataset));
        match metrics {
            Some(Metrics::Classification(_)) => {
                let accuracy = correct as f64 / examples.max(1) as f64;
                self.line(format_args!("accuracy  {accuracy:.4} ({correct} of {of})"));
            }
            Some(Metrics::Regression(found)) => {
                let (rmse, mae, r2) = (found.rmse, found.mae, found.r2);
                self.line(format_args!("rmse      {rmse:.4}, mae {mae:.4}, r2 {r2:.4} ({of})"));
            }
            Some(Metrics::Anomaly(found)) => self.scores(found, &of),
            None => self.line(format_args!("answers   {of}; without labels, nothing is measured")),
        }
    }

    /// Describes the distribution of scores, and the effect of the threshold.
    fn scores(&self, found: &Anomaly, of: &str) {
        match found.auc {
            Some(auc) => self.line(format_args!("auc       {auc:.4} ({of})")),
            None => self.line(format_args!("scores    {of}; abnormal examples are not marked, so there is no AUC")),
        }
        for (name, spread) in [("normal", found.normal), ("abnormal", found.abnormal)] {
            if let Some(spread) = spread {
                let (examples, mean, min, median, max) =
                    (spread.examples, spread.mean, spread.min, spread.median, spread.max);
                self.line(format_args!(
                    "{name:<9} {examples}: mean {mean:.4}, median {median:.4}, {min:.4} to {max:.4}"
                ));
            }
        }
        if let Some(threshold) = found.threshold {
            let share = |share: Option<f64>, which: &str| {
                share.map_or(String::new(), |share| format!(", {:.1} % of the {which} above", 100.0 * share))
            };
            let (normal, abnormal) = (share(found.false_alarms, "normal"), share(found.detected, "abnormal"));
            self.line(format_args!("threshold {threshold:.4}{normal}{abnormal}"));
        }
    }

    /// Prints the instructions of each layer, if they were measured.
    fn layers(&self, bits: &[u8], run: &Emulation) {
        let (rows, mut text) = (layers::rows(bits, run), String::new());
        if !rows.is_empty() && markdown::table(&mut text, &layers::COLUMNS, &rows).is_ok() {
            self.line(text.trim_end());
        }
    }

    /// Prints cycles and milliseconds, if requested.
    fn cycles(&self, board: &Board, run: &Emulation) {
        let Some(cycles) = run.cycles else { return };
        let (mean, min, max, waiting) = (cycles.mean, cycles.min, cycles.max, cycles.waiting);
        let clock =
            run.ms.map_or(String::new(), |ms| format!(", {ms:.3} ms at {} MHz", f64::from(board.clock_hz) / 1e6));
        let states = board.wait_states;
        self.line(format_args!(
            "cycles    {mean:.0} per example ({min} to {max}){clock}; {waiting:.0} of them waiting, {states} wait states"
        ));
        self.line("          a model, not a measurement; 12 % below the only comparable measurement (docs/cycles.md)");
    }

    /// Prints the memory in use, as measured on the board.
    fn measured(&self, board: &Board, run: &Emulation) {
        let (all, flash) = (run.flash.total(), run.flash);
        let (of, firmware, model) = (board.flash.len, flash.firmware, flash.model);
        self.line(format_args!("measured  flash {all} of {of} bytes: firmware {firmware}, model {model}"));
        let (all, of, ram) = (run.ram.total(), board.ram.len, run.ram);
        let parts = format!(
            "statics {}, example {}, scratch {}, stack {}",
            ram.statics, ram.image, ram.scratch, ram.stack_peak
        );
        self.line(format_args!("          RAM {all} of {of} bytes: {parts}"));
    }
}

impl BoardRecord<'_> {
    fn new(board: &Board) -> BoardRecord<'static> {
        let Board { name, chip, core, target, flash, ram, model_address, .. } = *board;
        let (flash_bytes, ram_bytes, model_bytes) = (flash.len, ram.len, board.room().whole().model_len());
        let two_models_bytes = two_models(board);
        BoardRecord { name, chip, core, target, flash_bytes, ram_bytes, model_address, model_bytes, two_models_bytes }
    }
}

/// Describes the type of the inputs and the kind of answer.
fn kind(model: &Model) -> String {
    format!("{} inputs, {}", model.input_type().name(), model.head().name())
}

/// Name of the output words.
fn outputs(metrics: Option<&Metrics>) -> &'static str {
    if matches!(metrics, Some(Metrics::Classification(_))) { "logits   " } else { "outputs  " }
}

/// A path, escaped for display.
fn shown(path: &Path) -> String {
    text::name(&path.display().to_string())
}

/// Size of the largest model for which there are two slots, in bytes.
fn two_models(board: &Board) -> u32 {
    board.room().slot(1).map_or(0, |slot| slot.model_len())
}

/// Describes how many slots the board has for models like this one.
fn slots(board: &Board, model: &Model) -> String {
    match board.slots_for(model) {
        2 => "2: the model can be replaced while it runs".to_owned(),
        count => {
            let most = two_models(board);
            format!("{count}: no power-safe update; models of up to {most} bytes (fewer bits) have 2")
        }
    }
}

/// Describes the model that ran, and why the other one did not.
fn booted(booted: &Booted) -> String {
    let what = match booted.slot {
        Some(slot) => format!("slot {slot}, sequence {}", booted.sequence),
        None => "a bare model".to_owned(),
    };
    match booted.passed_over {
        Some(exit) => format!("{what}; the other slot was passed over: {exit}"),
        None => what,
    }
}

fn kilobytes(region: &Region) -> String {
    format!("{}K", region.len / 1024)
}

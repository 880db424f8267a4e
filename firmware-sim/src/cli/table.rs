//! The table of a survey: Markdown for people, a list of objects for programs, and whether all went well.

use super::error::CliError;
use super::output::Measured;
use foldnet_sim::Emulation;
use foldnet_sim::board::Board;
use serde::Serialize;
use std::fmt;
use std::path::PathBuf;

/// What came of one model on one board.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It ran to its end.
    Ran(Box<Emulation>),
    /// The board is too small, and by how much.
    DoesNotFit(String),
    /// It could not be run, or the firmware stopped.
    Failed(String),
}

/// A model on a board.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) board: &'static Board,
    pub(crate) model: PathBuf,
    /// Of each layer's weights.
    pub(crate) bits: Vec<u8>,
    pub(crate) outcome: Outcome,
}

/// All runs of a survey, and what they were made with.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) rows: Vec<Row>,
    pub(crate) dataset: String,
    /// Of each run.
    pub(crate) images: usize,
    /// A line a target.
    pub(crate) built_by: Vec<String>,
    /// A line an emulator.
    pub(crate) emulators: Vec<String>,
}

/// A row, as JSON: either what was measured, or the reason why nothing was.
#[derive(Serialize)]
pub(crate) struct RowRecord<'a> {
    board: &'a str,
    core: &'a str,
    target: &'a str,
    model: String,
    bits: &'a [u8],
    fits: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(flatten)]
    measured: Option<Measured<'a>>,
}

/// Columns, and whether they hold numbers.
const COLUMNS: [(&str, bool); 13] = [
    ("board", false),
    ("core", false),
    ("target", false),
    ("model", false),
    ("bits", true),
    ("kernel", false),
    ("accuracy", true),
    ("identical", false),
    ("instructions, mean", true),
    ("min", true),
    ("max", true),
    ("flash, bytes", true),
    ("RAM, bytes", true),
];

impl Row {
    /// The model's file, without folder and ending.
    fn name(&self) -> String {
        self.model.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// One width where all layers have the same.
    fn width(&self) -> String {
        let (first, rest) = self.bits.split_first().unwrap_or((&0, &[]));
        let all: Vec<String> = self.bits.iter().map(u8::to_string).collect();
        if rest.iter().all(|bits| bits == first) { first.to_string() } else { all.join(",") }
    }

    fn cells(&self) -> [String; COLUMNS.len()] {
        let Board { name, core, target, .. } = *self.board;
        let front = [name.to_owned(), core.to_owned(), target.to_owned(), self.name(), self.width()];
        let measured = match &self.outcome {
            Outcome::Ran(run) => measured(run),
            Outcome::DoesNotFit(_) => nothing("does not fit"),
            Outcome::Failed(_) => nothing("failed"),
        };
        let mut cells = front.into_iter().chain(measured);
        std::array::from_fn(|_| cells.next().unwrap_or_default())
    }

    /// Why there is nothing measured, or what is wrong with it.
    fn complaint(&self) -> Option<String> {
        let what = match &self.outcome {
            Outcome::Ran(run) => {
                let image = run.first_difference?;
                format!("not the simulator's logits, first for image {image} (counted from 0)")
            }
            Outcome::DoesNotFit(reason) | Outcome::Failed(reason) => reason.clone(),
        };
        Some(format!("{}, {}: {what}", self.board.name, self.name()))
    }

    fn record(&self) -> RowRecord<'_> {
        let Board { name, core, target, .. } = *self.board;
        let (reason, measured) = match &self.outcome {
            Outcome::Ran(run) => (None, Some(Measured::emulated(run))),
            Outcome::DoesNotFit(reason) | Outcome::Failed(reason) => (Some(reason.as_str()), None),
        };
        let (model, fits) = (self.model.display().to_string(), !matches!(self.outcome, Outcome::DoesNotFit(_)));
        RowRecord { board: name, core, target, model, bits: &self.bits, fits, reason, measured }
    }
}

/// The columns behind the model's.
fn measured(run: &Emulation) -> [String; 8] {
    [
        run.kernel.clone(),
        format!("{:.4}", run.accuracy()),
        if run.identical() { "yes" } else { "NO" }.to_owned(),
        grouped(run.instructions.mean.round() as u64),
        grouped(run.instructions.min),
        grouped(run.instructions.max),
        grouped(run.flash.total() as u64),
        grouped(run.ram.total() as u64),
    ]
}

/// The same without anything measured, `why` in place of the kernel.
fn nothing(why: &str) -> [String; 8] {
    std::array::from_fn(|column| if column == 0 { why.to_owned() } else { "-".to_owned() })
}

/// `1234567` as `1,234,567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let comma = |place: usize| place > 0 && (digits.len() - place) % 3 == 0;
    digits
        .chars()
        .enumerate()
        .flat_map(|(place, digit)| comma(place).then_some(',').into_iter().chain([digit]))
        .collect()
}

impl Table {
    /// The rows for programs.
    pub(crate) fn records(&self) -> Vec<RowRecord<'_>> {
        self.rows.iter().map(Row::record).collect()
    }

    /// # Errors
    /// When a run failed, or differs from the simulator. A model that does not fit is no error.
    pub(crate) fn verdict(&self) -> Result<(), CliError> {
        let bad = |row: &&Row| match &row.outcome {
            Outcome::Ran(run) => !run.identical(),
            Outcome::DoesNotFit(_) => false,
            Outcome::Failed(_) => true,
        };
        let mut bad = self.rows.iter().filter(bad).filter_map(Row::complaint);
        let Some(first) = bad.next() else { return Ok(()) };
        Err(CliError::Survey { bad: 1 + bad.count(), runs: self.rows.len(), first })
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: Vec<_> = self.rows.iter().map(Row::cells).collect();
        let width = |column: usize| rows.iter().map(|row| row[column].len()).chain([COLUMNS[column].0.len()]).max();
        let widths: [usize; COLUMNS.len()] = std::array::from_fn(|column| width(column).unwrap_or_default());
        line(f, &widths, &COLUMNS.map(|(name, _)| name.to_owned()))?;
        let rule = |column: usize| "-".repeat(widths[column] - 1) + if COLUMNS[column].1 { ":" } else { "-" };
        line(f, &widths, &std::array::from_fn(rule))?;
        rows.iter().try_for_each(|row| line(f, &widths, row))?;
        self.notes(f)
    }
}

impl Table {
    fn notes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (images, dataset) = (grouped(self.images as u64), &self.dataset);
        writeln!(
            f,
            "\n{images} test images of {dataset} each. identical: the class and all logits of all images are the \
             simulator's. Instructions are those of one image, from its bytes to its class, counted by the emulator; they \
             are not cycles. Flash: firmware with test harness, and model. RAM: statics, image, scratch memory, painted \
             stack."
        )?;
        let complaints: Vec<String> = self.rows.iter().filter_map(Row::complaint).collect();
        for (title, lines) in
            [("Not run, or different:", &complaints), ("Compilers:", &self.built_by), ("Emulators:", &self.emulators)]
        {
            if !lines.is_empty() {
                writeln!(f, "\n{title}\n")?;
                lines.iter().try_for_each(|line| writeln!(f, "- {line}"))?;
            }
        }
        Ok(())
    }
}

/// One line of the table, numbers to the right.
fn line(f: &mut fmt::Formatter<'_>, widths: &[usize; COLUMNS.len()], cells: &[String; COLUMNS.len()]) -> fmt::Result {
    for ((cell, &width), (_, number)) in cells.iter().zip(widths).zip(COLUMNS) {
        if number { write!(f, "| {cell:>width$} ")? } else { write!(f, "| {cell:<width$} ")? }
    }
    writeln!(f, "|")
}

#[cfg(test)]
mod tests {
    use super::*;
    use foldnet_sim::board::by_name;
    use foldnet_sim::emulate::{FlashUse, Instructions, RamUse};
    use foldnet_sim::job::Booted;

    fn emulation(first_difference: Option<usize>) -> Outcome {
        Outcome::Ran(Box::new(Emulation {
            images: 4,
            correct: 3,
            classes: vec![0; 4],
            logits_sha256: "00".into(),
            first_difference,
            booted: Booted { slot: Some(0), sequence: 1, passed_over: None },
            kernel: "portable".into(),
            instructions: Instructions { mean: 1234.5, min: 999, max: 1_234_567 },
            flash: FlashUse { firmware: 8000, model: 2000 },
            ram: RamUse { statics: 4, image: 16, scratch: 80, stack_peak: 900 },
        }))
    }

    fn table(outcomes: Vec<Outcome>) -> Table {
        let row = |outcome| Row {
            board: by_name("microbit").unwrap(),
            model: "runs/after4.fnet".into(),
            bits: vec![4, 4],
            outcome,
        };
        let rows = outcomes.into_iter().map(row).collect();
        Table { rows, dataset: "mine".into(), images: 4, built_by: Vec::new(), emulators: vec!["QEMU 7".into()] }
    }

    #[test]
    fn a_row_says_what_was_measured() {
        let text = table(vec![emulation(None), Outcome::DoesNotFit("too large".into())]).to_string();
        let lines: Vec<String> =
            text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        let expected = "| microbit | Cortex-M0 | thumbv6m-none-eabi | after4 | 4 | portable | 0.7500 | yes | 1,235 | 999 \
                        | 1,234,567 | 10,000 | 1,000 |";
        assert_eq!(lines[2], expected);
        assert!(lines[3].contains("| does not fit | - | - |"), "{text}");
        assert!(lines.contains(&"- microbit, after4: too large".to_owned()), "{text}");
        assert!(!text.contains("Compilers") && text.contains("Emulators:\n\n- QEMU 7\n"), "{text}");
        let widths: Vec<usize> = text.lines().take(4).map(str::len).collect();
        assert!(widths.iter().all(|width| *width == widths[0]), "{text}");
    }

    #[test]
    fn only_what_went_wrong_is_an_error() {
        let verdict = |outcomes| table(outcomes).verdict().map_err(|error| error.to_string());
        assert_eq!(verdict(vec![emulation(None), Outcome::DoesNotFit("too large".into())]), Ok(()));
        let two =
            verdict(vec![emulation(None), emulation(Some(7)), Outcome::Failed("no emulator".into())]).unwrap_err();
        assert!(two.contains("2 of 3 runs") && two.contains("image 7") && two.contains("microbit, after4"), "{two}");
        let one = verdict(vec![Outcome::Failed("no emulator".into())]).unwrap_err();
        assert!(one.contains("1 of 1 runs") && one.contains("no emulator"), "{one}");
    }

    #[test]
    fn digits_are_grouped_and_widths_told_apart() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (123_456, "123,456"), (1_234_567, "1,234,567")]
        {
            assert_eq!(grouped(number), text);
        }
        let mut mixed = table(vec![emulation(None)]).rows.remove(0);
        assert_eq!(mixed.width(), "4");
        mixed.bits = vec![8, 4, 2];
        assert_eq!(mixed.width(), "8,4,2");
    }
}

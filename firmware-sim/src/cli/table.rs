//! The table of a survey: Markdown for people, a list of objects for programs, and whether all runs were successful.

use super::error::CliError;
use super::layers;
use super::markdown::{Column, table};
use foldnet_data::text::{self, thousands};
use foldnet_sim::metrics::Metrics;
use foldnet_sim::record::Measured;
use foldnet_sim::{Emulation, Record};
use std::fmt;
use std::path::Path;

/// Result of one model on one board.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It ran to its end.
    Ran(Box<Emulation>),
    /// The board is too small; the text has the sizes.
    DoesNotFit(String),
    /// It could not be run, or the firmware stopped.
    Failed(String),
}

/// A model on a board.
#[derive(Debug)]
pub(crate) struct Row {
    /// Which model on which board.
    pub(crate) record: Record,
    pub(crate) outcome: Outcome,
}

/// All runs of a survey, with compilers and emulators.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) rows: Vec<Row>,
    pub(crate) dataset: String,
    /// Number of examples in each run.
    pub(crate) images: usize,
    /// One line per target.
    pub(crate) built_by: Vec<String>,
    /// One line per emulator.
    pub(crate) emulators: Vec<String>,
}

/// The name of the metric's column for classifiers.
const ACCURACY: &str = "accuracy";

/// Columns, and whether they hold numbers.
const COLUMNS: [Column; 13] = [
    ("board", false),
    ("core", false),
    ("target", false),
    ("model", false),
    ("bits", true),
    ("kernel", false),
    (ACCURACY, true),
    ("identical", false),
    ("instructions, mean", true),
    ("min", true),
    ("max", true),
    ("flash, bytes", true),
    ("RAM, bytes", true),
];

/// The column of modelled milliseconds, if there are any.
const MS: Column = ("ms, modelled", true);

impl Row {
    /// The model's file name without its extension.
    fn name(&self) -> String {
        Path::new(&self.record.model).file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// The width of all layers if it is the same, otherwise a list.
    fn width(&self) -> String {
        let (first, rest) = self.record.bits.split_first().unwrap_or((&0, &[]));
        let all: Vec<String> = self.record.bits.iter().map(u8::to_string).collect();
        if rest.iter().all(|bits| bits == first) { first.to_string() } else { all.join(",") }
    }

    fn board(&self) -> String {
        self.record.board.clone().unwrap_or_default()
    }

    fn cells(&self) -> Vec<String> {
        let [core, target] = [&self.record.core, &self.record.target].map(|name| name.clone().unwrap_or_default());
        let front = [self.board(), core, target, self.name(), self.width()];
        let measured = match &self.outcome {
            Outcome::Ran(run) => measured(run),
            Outcome::DoesNotFit(_) => nothing("does not fit"),
            Outcome::Failed(_) => nothing("failed"),
        };
        front.into_iter().chain(measured).collect()
    }

    /// Milliseconds per example in the timing model, on boards that have one.
    fn ms(&self) -> Option<f64> {
        match &self.outcome {
            Outcome::Ran(run) => run.ms,
            Outcome::DoesNotFit(_) | Outcome::Failed(_) => None,
        }
    }

    /// A row per layer, beginning with board and model.
    fn layers(&self) -> Vec<Vec<String>> {
        let Outcome::Ran(run) = &self.outcome else { return Vec::new() };
        let front = [self.board(), self.name()];
        let rows = layers::rows(&self.record.bits, run).into_iter();
        rows.map(|row| front.iter().cloned().chain(row).collect()).collect()
    }

    /// The reason why nothing was measured, or the difference found.
    fn complaint(&self) -> Option<String> {
        let what = match &self.outcome {
            Outcome::Ran(run) => {
                let image = run.first_difference?;
                format!("outputs differ from the simulator's, first for example {image} (counted from 0)")
            }
            Outcome::DoesNotFit(reason) | Outcome::Failed(reason) => reason.clone(),
        };
        Some(format!("{}, {}: {what}", self.board(), self.name()))
    }

    fn record(&self) -> Record {
        let (reason, measured) = match &self.outcome {
            Outcome::Ran(run) => (None, Some(Measured::emulated(run))),
            Outcome::DoesNotFit(reason) | Outcome::Failed(reason) => (Some(reason.clone()), None),
        };
        let fits = !matches!(self.outcome, Outcome::DoesNotFit(_));
        Record { fits, reason, measured, ..self.record.clone() }
    }
}

/// The name and value of the task's main metric; no value if the labels are unknown.
fn measure(run: &Emulation) -> (&'static str, Option<f64>) {
    match run.metrics() {
        Some(Metrics::Regression(found)) => ("rmse", Some(found.rmse)),
        Some(Metrics::Anomaly(found)) => ("auc", found.auc),
        Some(Metrics::Classification(_)) => (ACCURACY, Some(run.accuracy())),
        None => (ACCURACY, None),
    }
}

/// The columns after the model's.
fn measured(run: &Emulation) -> [String; 8] {
    [
        run.kernel.clone(),
        measure(run).1.map_or("-".to_owned(), |value| format!("{value:.4}")),
        if run.identical() { "yes" } else { "NO" }.to_owned(),
        thousands(run.instructions.mean.round() as u64),
        thousands(run.instructions.min),
        thousands(run.instructions.max),
        thousands(run.flash.total() as u64),
        thousands(run.ram.total() as u64),
    ]
}

/// The columns without measurements, with `why` in place of the kernel.
fn nothing(why: &str) -> [String; 8] {
    std::array::from_fn(|column| if column == 0 { why.to_owned() } else { "-".to_owned() })
}

impl Table {
    /// The rows for programs.
    pub(crate) fn records(&self) -> Vec<Record> {
        self.rows.iter().map(Row::record).collect()
    }

    /// # Errors
    /// If a run failed, or differs from the simulator. A model that does not fit is not an error.
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
        let ms = |row: &Row| row.ms().map_or("-".to_owned(), |ms| format!("{ms:.2}"));
        let cells = |row: &Row| row.cells().into_iter().chain(self.is_timed().then(|| ms(row))).collect();
        let rows: Vec<Vec<String>> = self.rows.iter().map(cells).collect();
        table(f, &self.columns(), &rows)?;
        let layers: Vec<_> = self.rows.iter().flat_map(Row::layers).collect();
        if !layers.is_empty() {
            writeln!(f, "\nLayers, each timed separately:\n")?;
            let columns: Vec<Column> = COLUMNS
                .iter()
                .filter(|(name, _)| ["board", "model"].contains(name))
                .chain(&layers::COLUMNS)
                .copied()
                .collect();
            table(f, &columns, &layers)?;
        }
        self.notes(f)
    }
}

impl Table {
    /// The columns, with the metric of the models' task.
    fn columns(&self) -> Vec<Column> {
        let ran = self.rows.iter().find_map(|row| match &row.outcome {
            Outcome::Ran(run) => run.metrics().map(|_| measure(run).0),
            _ => None,
        });
        let name = ran.unwrap_or(ACCURACY);
        let named = |column: Column| if column.0 == ACCURACY { (name, true) } else { column };
        COLUMNS.into_iter().chain(self.is_timed().then_some(MS)).map(named).collect()
    }

    /// Whether any run has milliseconds.
    fn is_timed(&self) -> bool {
        self.rows.iter().any(|row| row.ms().is_some())
    }

    fn notes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (images, dataset) = (thousands(self.images as u64), text::name(&self.dataset));
        writeln!(
            f,
            "\n{images} test examples of {dataset} each. identical: the answer and all outputs of all examples equal the \
             simulator's. Instructions are per example, from its raw values to the answer, counted by the emulator; \
             they are not cycles. Flash: firmware with test harness plus model. RAM: statics, example, scratch memory, \
             peak of the stack."
        )?;
        if self.is_timed() {
            writeln!(
                f,
                "\nms: modelled at the board's clock and wait states, not measured (docs/cycles.md); - if there is no \
                 timing model of the core."
            )?;
        }
        let complaints: Vec<String> = self.rows.iter().filter_map(Row::complaint).collect();
        for (title, lines) in
            [("Not run, or different:", &complaints), ("Compilers:", &self.built_by), ("Emulators:", &self.emulators)]
        {
            if !lines.is_empty() {
                writeln!(f, "\n{title}\n")?;
                lines.iter().try_for_each(|line| writeln!(f, "- {}", text::message(line)))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use foldnet_sim::Simulation;
    use foldnet_sim::emulate::{FlashUse, Instructions, RamUse};
    use foldnet_sim::job::Booted;
    use foldnet_sim::metrics::classification;

    /// Three of four classes are correct.
    fn simulation() -> Simulation {
        let classes = vec![0, 0, 0, 1];
        let metrics = Some(Metrics::Classification(classification(&classes, &[0; 4], 2)));
        let (values, scores, logits_sha256) = (Vec::new(), Vec::new(), "00".into());
        Simulation { images: 4, correct: 3, classes, values, scores, logits_sha256, metrics }
    }

    fn emulation(first_difference: Option<usize>) -> Outcome {
        Outcome::Ran(Box::new(Emulation {
            images: 4,
            correct: 3,
            classes: vec![0; 4],
            logits_sha256: "00".into(),
            first_difference,
            simulation: first_difference.is_none().then(simulation),
            booted: Booted { slot: Some(0), sequence: 1, passed_over: None },
            kernel: "portable".into(),
            compiler: None,
            instructions: Instructions { mean: 1234.5, min: 999, max: 1_234_567 },
            layers: Vec::new(),
            cycles: None,
            ms: None,
            wait_states: None,
            flash: FlashUse { firmware: 8000, model: 2000 },
            ram: RamUse { statics: 4, image: 16, scratch: 80, stack_peak: 900 },
        }))
    }

    fn table(outcomes: Vec<Outcome>) -> Table {
        let text = |text: &str| Some(text.to_owned());
        let record = Record {
            board: text("microbit"),
            core: text("Cortex-M0"),
            target: text("thumbv6m-none-eabi"),
            model: "runs/after4.fnet".into(),
            crc32: "00000000".into(),
            bits: vec![4, 4],
            dataset: "mine".into(),
            fits: true,
            reason: None,
            measured: None,
        };
        let rows = outcomes.into_iter().map(|outcome| Row { record: record.clone(), outcome }).collect();
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
    fn milliseconds_have_a_column_where_there_are_any() {
        let Outcome::Ran(mut run) = emulation(None) else { panic!("it ran") };
        assert!(!table(vec![emulation(None)]).to_string().contains("ms"));
        run.ms = Some(12.345);
        let text = table(vec![Outcome::Ran(run), emulation(None), Outcome::DoesNotFit("too large".into())]).to_string();
        let cells = |line: usize| text.lines().nth(line).map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
        let last = |line: usize| cells(line).and_then(|cells| cells.get(14).copied());
        assert_eq!([0, 2, 3, 4].map(last), [Some("ms, modelled"), Some("12.35"), Some("-"), Some("-")], "{text}");
        assert!(text.contains("not measured (docs/cycles.md)"), "{text}");
    }

    #[test]
    fn only_what_went_wrong_is_an_error() {
        let verdict = |outcomes| table(outcomes).verdict().map_err(|error| error.to_string());
        assert_eq!(verdict(vec![emulation(None), Outcome::DoesNotFit("too large".into())]), Ok(()));
        let two =
            verdict(vec![emulation(None), emulation(Some(7)), Outcome::Failed("no emulator".into())]).unwrap_err();
        assert!(two.contains("2 of 3 runs") && two.contains("example 7") && two.contains("microbit, after4"), "{two}");
        let one = verdict(vec![Outcome::Failed("no emulator".into())]).unwrap_err();
        assert!(one.contains("1 of 1 runs") && one.contains("no emulator"), "{one}");
    }

    #[test]
    fn layers_have_a_table_of_their_own() {
        let Outcome::Ran(mut run) = emulation(None) else { panic!("it ran") };
        let count = |mean, min, max| Instructions { mean, min, max };
        run.layers = vec![count(987.6, 900, 1_000_000), count(123.45, 9, 200)];
        let text = table(vec![Outcome::Ran(run), Outcome::DoesNotFit("too large".into())]).to_string();
        let lines: Vec<String> =
            text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        let first = "| microbit | after4 | 0 | 4 | 988 | 900 | 1,000,000 | 80.0 % |";
        let at = lines.iter().position(|line| line == first).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(lines[at + 1], "| microbit | after4 | 1 | 4 | 123 | 9 | 200 | 10.0 % |");
        assert_eq!(lines[at + 2], "", "none for runs that failed: {text}");
    }

    #[test]
    fn widths_are_told_apart() {
        let mut mixed = table(vec![emulation(None)]).rows.remove(0);
        assert_eq!(mixed.width(), "4");
        mixed.record.bits = vec![8, 4, 2];
        assert_eq!(mixed.width(), "8,4,2");
    }
}

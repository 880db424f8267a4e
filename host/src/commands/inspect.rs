//! `foldnet inspect`: contents and requirements of a device model.

use crate::files::open::{ImageSize, Opened, open, resolve};
use crate::format::bytes;
use crate::model::memory::{low_ram_words, scratch_words};
use crate::network::checkpoint::{Checkpoint, Hints};
use crate::show::summary::of_checkpoint;
use crate::show::terminal::{Ui, table};
use anyhow::bail;
use clap::Args;
use foldnet_core::Model;
use foldnet_sim::board::{Board, BoardFileArg, DoesNotFit, SlowLayer, ms_without_zeros, slow_layers_on};
use foldnet_sim::record::crc32;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Show the header of a .fnet, its layers, and the flash and RAM it needs; or the contents of a run
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  foldnet inspect after.fnet")]
pub(super) struct Inspect {
    /// Device model, folder of a run, or checkpoint
    #[arg(value_name = "MODEL.fnet|DIR|FILE")]
    path: PathBuf,
    #[command(flatten)]
    boards: BoardFileArg,
}

impl Inspect {
    /// Prints the tables.
    pub(super) fn run(&self, ui: Ui) -> anyhow::Result<()> {
        let (file, model) = match open(&self.path, &Hints::default())? {
            Opened::Model { file, model } => (file, model),
            Opened::Checkpoint(_) if self.boards.board_file.is_some() => bail!(
                "--board-file is for device models, and {} is a trained network; give a .fnet, or leave it out",
                self.path.display()
            ),
            Opened::Checkpoint(checkpoint) => return self.run_or_checkpoint(&checkpoint, ui),
        };
        let crc = crc32(file);
        let boards = self.boards.known()?;
        say(&model, &crc, &boards, ui);
        ui.result(&object(&model, &crc, &boards))
    }

    /// Describes a trained network and lists the device models next to it.
    fn run_or_checkpoint(&self, checkpoint: &Checkpoint, ui: Ui) -> anyhow::Result<()> {
        let summary = of_checkpoint(checkpoint.network());
        ui.block(&summary);
        ui.say(format!("a trained network with inputs of {}", ImageSize::of(checkpoint)));
        if let Some(averages) = checkpoint.averages() {
            ui.say(format!("its {} inputs are {averages}", checkpoint.inputs()));
        }
        let models = models_beside(&resolve(&self.path));
        match &models[..] {
            [] => ui.say(format!(
                "to run it on a board, export a device model: foldnet export {} --out MODEL.fnet",
                self.path.display()
            )),
            [first, ..] => {
                ui.say(format!("{} device models beside it: foldnet inspect {}", models.len(), first.display()))
            }
        }
        ui.result(&json!({ "checkpoint": summary, "labels": checkpoint.labels, "models": models }))
    }
}

/// The device models in the folder of a checkpoint, by name.
fn models_beside(checkpoint: &Path) -> Vec<PathBuf> {
    let entries = checkpoint.parent().and_then(|folder| folder.read_dir().ok()).into_iter().flatten().flatten();
    let mut models: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    models.retain(|path| path.extension().is_some_and(|extension| extension == "fnet") && path.is_file());
    models.sort();
    models
}

fn say(model: &Model, crc: &str, boards: &[&Board], ui: Ui) {
    let header = model.header();
    ui.say(format!("{} bytes, CRC-32 {crc} (verified), examples of {}", model.bytes(), ImageSize::of_model(model)));
    let rows = header.layers.iter().enumerate().map(|(index, layer)| {
        let relu = if layer.relu { "yes" } else { "no" };
        let words = [index.to_string(), layer.inputs.to_string(), layer.units.to_string(), layer.bits.to_string()];
        words.into_iter().chain([relu.to_owned(), layer.scale.to_string()]).collect()
    });
    ui.block(table(&["layer", "inputs", "units", "bits", "ReLU", "output scale"], rows));
    let first = header.layers.first().map_or(0, |layer| usize::from(layer.inputs));
    if first < model.inputs() {
        ui.say(format!("inputs: {first}, averages of {} values", model.inputs()));
    }
    if let Some(inverted) = inverted_inputs(model) {
        ui.say(inverted);
    }
    let threshold = model.threshold().map_or(String::new(), |score| format!(", abnormal above {score}"));
    ui.say(format!("head: {}{threshold}", model.head().name()));
    ui.say(format!("names: {}", model.labels().collect::<Vec<_>>().join(", ")));
    ui.say(format!("flash: {} for the model", bytes(model.bytes())));
    ui.say(format!(
        "RAM: {} for an example, plus scratch memory, which depends on the board\u{2019}s kernel",
        bytes(model.inputs() * model.input_type().bytes())
    ));
    say_scratch(model, ui);
    let rows = boards.iter().map(|board| {
        let [flash, ram, verdict] = match board.fit(model) {
            Ok(need) => {
                let slots = if board.slots_for(model) == 2 { "fits, 2 slots" } else { "fits, 1 slot: no safe update" };
                [bytes(need.flash_bytes), bytes(need.ram_bytes), slots.to_owned()]
            }
            Err(DoesNotFit::Flash { needed, available, .. }) => {
                ["-".into(), "-".into(), format!("needs {} of flash, {} available", bytes(needed), bytes(available))]
            }
            Err(DoesNotFit::Ram { needed, available, .. }) => {
                ["-".into(), "-".into(), format!("needs {} of RAM, {} available", bytes(needed), bytes(available))]
            }
        };
        vec![board.name.to_string(), bytes(scratch(model, board)), flash, ram, milliseconds(model, board), verdict]
    });
    ui.block(table(&["board", "scratch memory", "flash, at most", "RAM, at most", "ms, no zeros", ""], rows));
    slow_layers_on(model, boards).iter().for_each(|slow| ui.say(format!("note: {slow}")));
    ui.say(MS);
}

/// Prints the scratch memory of a model as a constant to paste.
pub(super) fn say_scratch(model: &Model, ui: Ui) {
    ui.say(format!("const SCRATCH_WORDS: usize = {}; // enough for every core", scratch_words(model)));
    ui.say(format!("// with the feature low-ram: {}", low_ram_words(model)));
}

/// What `ms` means in tables of boards.
pub(super) const MS: &str = "ms: modelled time of all layers for an example without zeros, not counting the conversion of its inputs; not available for cores with unpublished timing";

/// Modelled milliseconds for an example without zeros on a board that the model fits, if known.
fn milliseconds(model: &Model, board: &Board) -> String {
    let ms = ms_without_zeros(board, model).filter(|_| board.fit(model).is_ok());
    ms.map_or_else(|| "-".to_owned(), |ms| format!("{ms:.2}"))
}

fn object(model: &Model, crc: &str, boards: &[&Board]) -> Value {
    let header = model.header();
    let fitting = || boards.iter().filter(|board| board.fit(model).is_ok());
    let slots = fitting().map(|board| (board.name.to_owned(), json!(board.slots_for(model))));
    let times = fitting().filter_map(|board| Some((board.name.to_owned(), json!(ms_without_zeros(board, model)?))));
    let scratches = boards.iter().map(|board| (board.name.to_owned(), json!(scratch(model, board))));
    json!({
        "bytes": model.bytes(),
        "crc32": crc,
        "height": header.height,
        "width": header.width,
        "channels": header.channels,
        "input": model.input_type().name(),
        "turned_inputs": count_inverted(model),
        "head": model.head().name(),
        "threshold": model.threshold(),
        "scratch_words": scratch_words(model),
        "labels": model.labels().collect::<Vec<_>>(),
        "layers": header.layers,
        "logit_scale": header.logit_scale,
        "scratch_bytes": scratches.collect::<serde_json::Map<_, _>>(),
        "boards": fitting().map(|board| board.name).collect::<Vec<_>>(),
        "ms_without_zeros": times.collect::<serde_json::Map<_, _>>(),
        "slow_layers": slow_layers_on(model, boards).iter().map(slow_object).collect::<Vec<_>>(),
        "slots": slots.collect::<serde_json::Map<_, _>>(),
    })
}

fn slow_object(slow: &SlowLayer) -> Value {
    let SlowLayer { rows, units, kernel, instructions } = *slow;
    json!({
        "layer": rows.layer, "kernel": kernel.name(), "units": units, "wide_rows": rows.wide,
        "unsteady_rows": rows.unsteady, "instructions": instructions,
    })
}

/// Number of inverted values, in words; `None` if there are none.
pub(super) fn inverted_inputs(model: &Model) -> Option<String> {
    let inverted = count_inverted(model);
    (inverted > 0).then(|| format!("inputs: {inverted} of {} are inverted (255 - x)", model.inputs()))
}

fn count_inverted(model: &Model) -> usize {
    (0..model.inputs()).filter(|&value| model.is_inverted(value)).count()
}

/// Bytes of scratch memory on `board`, which depend on its kernel.
fn scratch(model: &Model, board: &Board) -> usize {
    model.scratch_words_with(board.kernel()) * size_of::<u32>()
}

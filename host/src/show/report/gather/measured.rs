//! Instructions counted by `foldnet-sim --emulate --layers --json`, matched to their device models. Nothing is
//! estimated: only measured values appear here.

use anyhow::{anyhow, bail};
use foldnet_core::Model;
use foldnet_data::bounded::{self, limit};
use foldnet_data::text::without_remedy;
use foldnet_sim::Record;
use foldnet_sim::emulate::Instructions;
use foldnet_sim::record::Emulated;
use serde::Serialize;
use serde_json::Value;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A device model on an emulated board.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measurement {
    /// Name of the board.
    pub board: String,
    /// Its processor.
    pub core: String,
    /// The kernel that ran.
    pub kernel: String,
    /// The compiler of the firmware, if known.
    pub compiler: Option<String>,
    /// Name of the data set.
    pub dataset: String,
    /// Images that were run.
    pub images: usize,
    /// From image bytes to class.
    pub all: Instructions,
    /// Instructions of each layer by itself, `[layers]`.
    pub layers: Vec<Instructions>,
    /// The file with the measurement.
    #[serde(skip)]
    file: PathBuf,
}

/// A model file for the report.
pub struct ModelFile<'a> {
    /// Its path.
    pub path: PathBuf,
    /// Its checksum, as records of `foldnet-sim` have it.
    pub crc32: String,
    /// Its contents.
    pub model: Model<'a>,
    /// Measurements on boards.
    pub measured: Vec<Measurement>,
}

/// Reads `path` and assigns each measurement to the one of `models` that it belongs to.
///
/// # Errors
/// If the file is not output of `foldnet-sim`, belongs to other models, is incomplete, or contains a board that has
/// been measured already. The error names the file.
pub fn measured(path: &Path, models: &mut [ModelFile]) -> anyhow::Result<()> {
    let records = read(path)?;
    let mut of_others = None;
    let mut any = false;
    for record in &records {
        let Some(at) = models.iter().position(|model| model.crc32 == record.crc32) else {
            of_others = of_others.or(Some(record));
            continue;
        };
        any = true;
        // A board that the model does not fit has no measurement; the table of boards says so.
        if record.fits {
            add(&mut models[at], measurement(path, record)?)?;
        }
    }
    match (any, of_others) {
        (true, _) => Ok(()),
        (false, Some(Record { model, crc32, .. })) => bail!(
            "{}: measured with {model} (CRC-32 {crc32}), which is none of the --model given; give that one as --model",
            path.display()
        ),
        (false, None) => bail!("{}: holds no measurement; {AGAIN}", path.display()),
    }
}

/// How to write a file that can be shown.
const AGAIN: &str = "write it with `foldnet-sim MODEL.fnet --board NAME --emulate --layers --json`";

/// The records of a file: of a single run, or a list.
fn read(path: &Path) -> anyhow::Result<Vec<Record>> {
    let text = bounded::read_text(path, limit::RECORD);
    let text = text.map_err(|cause| match cause.kind() {
        ErrorKind::InvalidData => anyhow!("{}: not a record of foldnet-sim ({cause}); {AGAIN}", path.display()),
        _ => anyhow!("{}: cannot be read ({cause}); check the path", path.display()),
    })?;
    let parsed = match serde_json::from_str(&text) {
        Ok(list @ Value::Array(_)) => serde_json::from_value(list),
        Ok(one) => serde_json::from_value(one).map(|record| vec![record]),
        Err(error) => Err(error),
    };
    parsed.map_err(|cause| anyhow!("{}: not a record of foldnet-sim ({cause}); {AGAIN}", path.display()))
}

/// The measurement in `record`.
fn measurement(path: &Path, record: &Record) -> anyhow::Result<Measurement> {
    let (file, board) = (path.display(), record.board.as_deref().unwrap_or("no board"));
    if let Some(reason) = record.reason.as_deref().map(without_remedy) {
        bail!("{file}: {board} was not measured ({reason}); {AGAIN}");
    }
    let measured = record.measured.as_ref();
    let run = measured.and_then(|measured| Some((measured.images, measured.emulated.clone()?)));
    let Some((images, Emulated { kernel, compiler, instructions_per_image, instructions_per_layer, identical, .. })) =
        run
    else {
        bail!("{file}: a simulation, which counts no instructions; {AGAIN}");
    };
    if !identical {
        bail!(
            "{file}: {board} did not give the simulator\u{2019}s logits; build its firmware from this source and measure again"
        );
    }
    let layers = instructions_per_layer.unwrap_or_default();
    if layers.len() != record.bits.len() {
        bail!("{file}: the instructions of {board} are not counted by layer; {AGAIN}");
    }
    Ok(Measurement {
        board: board.to_owned(),
        core: record.core.clone().unwrap_or_default(),
        kernel,
        compiler,
        dataset: record.dataset.clone(),
        images,
        all: instructions_per_image,
        layers,
        file: path.to_owned(),
    })
}

/// Adds a measurement, unless there is already one for the board.
fn add(model: &mut ModelFile, new: Measurement) -> anyhow::Result<()> {
    if let Some(old) = model.measured.iter().find(|old| old.board == new.board) {
        let (board, first, again) = (&new.board, old.file.display(), new.file.display());
        bail!("{again}: {} on {board} is already in {first}; give each once", model.path.display());
    }
    model.measured.push(new);
    Ok(())
}

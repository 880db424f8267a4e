//! Instructions that `foldnet-sim --emulate --layers --json` counted, with the device models that they are of. Nothing is
//! estimated: what was not measured is not here.

use anyhow::{Context, bail};
use foldnet_data::bounded::{self, limit};
use foldnet_sim::emulate::Instructions;
use foldnet_sim::record::{Emulated, crc32};
use foldnet_sim::{AlignedBytes, Record};
use serde::Serialize;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A device model on an emulated board.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measurement {
    /// What the board is called.
    pub board: String,
    /// Its processor.
    pub core: String,
    /// The kernel that ran.
    pub kernel: String,
    /// What built the firmware, where that is known.
    pub compiler: Option<String>,
    /// Name of the set that the images are of.
    pub dataset: String,
    /// Images that were run.
    pub images: usize,
    /// From image bytes to class.
    pub all: Instructions,
    /// `[layers]`, of each layer by itself.
    pub layers: Vec<Instructions>,
    /// The file that says so.
    #[serde(skip)]
    file: PathBuf,
}

/// A file to report on.
pub struct ModelFile {
    /// Where it is.
    pub path: PathBuf,
    /// What is in it, a device model.
    pub bytes: AlignedBytes,
    /// What was counted on boards.
    pub measured: Vec<Measurement>,
}

/// Reads `path` and gives each measurement to the one of `models` that it is of.
///
/// # Errors
/// When the file is not what `foldnet-sim` prints, when it is of other models, when something is missing in it, or when a board
/// has been measured already. The error names the file.
pub fn measured(path: &Path, models: &mut [ModelFile]) -> anyhow::Result<()> {
    let records = read(path)?;
    let crc32s: Vec<String> = models.iter().map(|model| crc32(&model.bytes)).collect();
    let mut of_others = None;
    let mut any = false;
    for record in &records {
        let Some(at) = crc32s.iter().position(|crc32| *crc32 == record.crc32) else {
            of_others = of_others.or(Some(record));
            continue;
        };
        any = true;
        // A board without room for the model has nothing to show, and says so in the table of boards.
        if record.fits {
            add(&mut models[at], measurement(path, record)?)?;
        }
    }
    match (any, of_others) {
        (true, _) => Ok(()),
        (false, Some(Record { model, crc32, .. })) => bail!(
            "{}: measured with {model} (CRC-32 {crc32}), which is none of the --model given; give that one, or measure again",
            path.display()
        ),
        (false, None) => bail!("{}: holds no measurement; {AGAIN}", path.display()),
    }
}

/// What to do for a file that can be shown.
const AGAIN: &str = "write it by `foldnet-sim MODEL.fnet --board NAME --emulate --layers --json`";

/// The records of a file: of one run, or a list.
fn read(path: &Path) -> anyhow::Result<Vec<Record>> {
    let text = bounded::read_text(path, limit::RECORD);
    let text = text.with_context(|| format!("{}: cannot be read; check the path", path.display()))?;
    let parsed = match serde_json::from_str(&text) {
        Ok(list @ Value::Array(_)) => serde_json::from_value(list),
        Ok(one) => serde_json::from_value(one).map(|record| vec![record]),
        Err(error) => Err(error),
    };
    parsed.with_context(|| format!("{}: not a record of foldnet-sim; {AGAIN}", path.display()))
}

/// What `record` has to show.
fn measurement(path: &Path, record: &Record) -> anyhow::Result<Measurement> {
    let (file, board) = (path.display(), record.board.as_deref().unwrap_or("no board"));
    if let Some(reason) = &record.reason {
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
            "{file}: {board} did not give the simulator\u{2019}s logits; build its firmware from this source, and {AGAIN}"
        );
    }
    let layers = instructions_per_layer.unwrap_or_default();
    if layers.len() != record.bits.len() {
        bail!("{file}: {board} has no instructions of the layers; {AGAIN}");
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

/// Adds a measurement of a board that there is none of yet.
fn add(model: &mut ModelFile, new: Measurement) -> anyhow::Result<()> {
    if let Some(old) = model.measured.iter().find(|old| old.board == new.board) {
        let (board, first, again) = (&new.board, old.file.display(), new.file.display());
        bail!("{again}: {} on {board} is in {first} already; give each once", model.path.display());
    }
    model.measured.push(new);
    Ok(())
}

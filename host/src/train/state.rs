//! `state.safetensors` beside a checkpoint: everything needed to resume a training as if it had never stopped.
//!
//! The file also holds the parameters, in the units of training, because the program may be killed between writing two
//! files: data that belongs together must be in one.

use super::fit::{Start, State};
use super::schedule::Plateau;
use crate::network::checkpoint::{Checkpoint, CheckpointError, read_tensors, write_tensors};
use anyhow::{anyhow, ensure};
use foldnet_data::text::without_remedy;
use serde::{Deserialize, Serialize};
use std::fmt::Display;
use std::path::Path;

/// Name of the file in the folder of a run.
pub const FILE: &str = "state.safetensors";

const PARAMS: &str = "params";
const OPTIMIZER: &str = "optimizer";
const TRAINING: &str = "training";

/// The numbers stored besides the tensors.
#[derive(Serialize, Deserialize)]
struct Numbers {
    origin: u64,
    epochs: usize,
    steps: u32,
    plateau: Plateau,
    best: Option<(usize, f64)>,
}

/// Writes the state of a training after an epoch.
///
/// # Errors
/// If the file cannot be written.
pub fn write(folder: &Path, network: &Checkpoint, start: &Start) -> anyhow::Result<()> {
    let State { epochs, steps, ref optimizer, plateau, best } = start.state;
    let numbers = Numbers { origin: start.origin, epochs, steps, plateau, best };
    let texts = [(TRAINING, serde_json::to_string(&numbers)?)];
    Ok(write_tensors(&folder.join(FILE), &[(PARAMS, &network.params), (OPTIMIZER, optimizer)], &texts)?)
}

/// Reads the state of the training of `network`, and restores its parameters.
///
/// # Errors
/// If there is no such file, or it belongs to another network; the error names it.
pub fn read(folder: &Path, network: &mut Checkpoint) -> anyhow::Result<Start> {
    let path = folder.join(FILE);
    let refuse = |cause: &dyn Display| {
        let init = folder.display();
        anyhow!(
            "{}: this training cannot be resumed ({cause}); train on from its network with --init {init}",
            path.display()
        )
    };
    let incomplete = || refuse(&"the state is incomplete");
    let (tensors, texts) = read_tensors(&path).map_err(|error| match error {
        CheckpointError::File { fault, .. } => refuse(&without_remedy(&fault.to_string())),
        CheckpointError::Write(cause) => refuse(&cause),
    })?;
    let find = |name: &str| tensors.iter().find(|(found, _)| found == name).map(|(_, values)| values.clone());
    let text = texts.get(TRAINING).ok_or_else(incomplete)?;
    let Numbers { origin, epochs, steps, plateau, best } =
        serde_json::from_str(text).map_err(|error| refuse(&error))?;
    let (params, optimizer) = (find(PARAMS).ok_or_else(incomplete)?, find(OPTIMIZER).ok_or_else(incomplete)?);
    ensure!(
        params.len() == network.params.len(),
        "{}: belongs to another network; train on from its network with --init {}",
        path.display(),
        folder.display()
    );
    network.params = params;
    Ok(Start { origin, state: State { epochs, steps, optimizer, plateau, best } })
}

/// A number that identifies a network, for [`Start::origin`]: FNV-1a over its parameters, never 0.
pub fn origin(network: &Checkpoint) -> u64 {
    let bytes = network.params.iter().flat_map(|value| value.to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)).max(1)
}

//! Reading and writing of checkpoints. A file is read if its network can run, one of integers on a device's code.

use crate::model::integers::integer_model;
use crate::network::checkpoint::encode::encode;
use crate::network::checkpoint::{Checkpoint, CheckpointError, Fault, Hints, read};
use crate::write::atomic_write;
use std::path::Path;

impl Checkpoint {
    /// Reads a checkpoint from Foldnet, Keras or PyTorch.
    ///
    /// # Errors
    /// If the file is not a complete checkpoint of finite numbers, or lacks information that `hints` does not have
    /// either: see [`Fault`].
    pub fn read(path: &Path, hints: &Hints) -> Result<Self, CheckpointError> {
        let decoded = read::file(path, hints).and_then(usable);
        decoded.map_err(|fault| CheckpointError::File { path: path.to_owned(), fault })
    }

    /// Writes a checkpoint atomically; equal checkpoints give equal bytes. A checkpoint that could not be read back
    /// (such as a diverged network with NaN) is not written.
    ///
    /// # Errors
    /// If the checkpoint contradicts itself, or the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), CheckpointError> {
        let encoded = self.encode().map_err(|fault| CheckpointError::File { path: path.to_owned(), fault })?;
        atomic_write(path, |out| out.write_all(&encoded)).map_err(CheckpointError::Write)
    }

    /// The bytes of the file.
    fn encode(&self) -> Result<Vec<u8>, Fault> {
        let encoded = encode(self)?;
        usable(read::decode(&encoded, &Hints::default())?)?;
        Ok(encoded)
    }
}

/// The checkpoint, if it is one of floats, or if its integers can be encoded.
fn usable(checkpoint: Checkpoint) -> Result<Checkpoint, Fault> {
    if checkpoint.about.quantized.is_some() {
        let unusable =
            |error: anyhow::Error| Fault::Metadata { key: "about", problem: format!("does not fit: {error:#}") };
        integer_model(&checkpoint).map_err(unusable)?;
    }
    Ok(checkpoint)
}

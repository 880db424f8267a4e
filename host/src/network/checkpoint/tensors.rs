//! Files of plain tensors by name, next to checkpoints: the state of a training.

use super::container::{self, Metadata};
use super::error::{CheckpointError, Fault};
use crate::write::atomic_write;
use foldnet_data::bounded::{self, limit};
use std::path::Path;

/// Writes vectors of finite numbers, and texts, each by name, atomically.
///
/// # Errors
/// If the file cannot be written.
pub fn write_tensors(path: &Path, tensors: &[(&str, &[f32])], texts: &[(&str, String)]) -> Result<(), CheckpointError> {
    let tensors: Vec<_> =
        tensors.iter().map(|(name, values)| (name.to_string(), vec![values.len()], values.to_vec())).collect();
    let texts: Metadata = texts.iter().map(|(name, text)| (name.to_string(), text.clone())).collect();
    let mut bytes = Vec::new();
    container::write(&mut bytes, &tensors, texts);
    atomic_write(path, |out| out.write_all(&bytes)).map_err(CheckpointError::Write)
}

/// Vectors and texts, each by name.
pub(super) type Contents = (Vec<(String, Vec<f32>)>, Metadata);

/// Reads a file written by [`write_tensors`].
///
/// # Errors
/// If the file is not a complete safetensors file of finite F32 numbers.
pub fn read_tensors(path: &Path) -> Result<Contents, CheckpointError> {
    let read = || -> Result<Contents, Fault> {
        let bytes = bounded::read(path, limit::CHECKPOINT).map_err(Fault::Unreadable)?;
        let (tensors, texts) = container::parse(&bytes)?;
        let values = tensors.iter().map(|tensor| Ok((tensor.name.clone(), tensor.values(&tensor.shape)?)));
        Ok((values.collect::<Result<_, Fault>>()?, texts))
    };
    read().map_err(|fault| CheckpointError::File { path: path.to_owned(), fault })
}

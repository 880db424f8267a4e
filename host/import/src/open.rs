//! Detects a file's format from its content, and reads it.
//!
//! `foldnet-data`, on which this crate does not depend, recognizes the same signatures for its messages (`file_kind`).

use crate::error::{Fault, ImportError};
use crate::file::read_file;
use crate::imported::Imported;
use crate::network::Network;
use crate::{hdf5, keras, onnx, tflite, torch, zip};
use std::fmt;
use std::path::Path;

/// The supported formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Keras 3's zip.
    Keras,
    /// HDF5, from Keras 2 and 3.
    H5,
    /// ONNX
    Onnx,
    /// TensorFlow Lite
    Tflite,
    /// PyTorch's zip.
    Torch,
}

impl Format {
    /// The name of its files, with its article.
    fn with_article(self) -> &'static str {
        match self {
            Self::Keras => "a .keras",
            Self::H5 => "an HDF5",
            Self::Onnx => "an ONNX",
            Self::Tflite => "a TFLite",
            Self::Torch => "a PyTorch",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::Keras => "Keras .keras",
            Self::H5 => "Keras .h5",
            Self::Onnx => "ONNX",
            Self::Tflite => "TFLite",
            Self::Torch => "PyTorch state dict",
        })
    }
}

/// The format of a file that begins with `bytes`; `None` if this crate does not support it. ONNX has no signature: it
/// is recognized by the file name's extension, or by its first field and the name of its producer.
pub fn format(bytes: &[u8], path: &Path) -> Option<Format> {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    let ending = ending.as_deref().unwrap_or_default();
    signed(bytes, ending).or_else(|| match ending {
        _ if bytes.starts_with(zip::MAGIC) => None,
        "tflite" => Some(Format::Tflite),
        "onnx" => Some(Format::Onnx),
        "pt" | "pth" => Some(Format::Torch),
        "keras" => Some(Format::Keras),
        "h5" | "hdf5" => Some(Format::H5),
        _ => None,
    })
}

/// The format that the content has, whatever the file's name. The `ending` of the name tells zip archives apart.
fn signed(bytes: &[u8], ending: &str) -> Option<Format> {
    if bytes.starts_with(hdf5::MAGIC) {
        Some(Format::H5)
    } else if bytes.starts_with(zip::MAGIC) {
        // PyTorch's zip begins with its pickle.
        let torch = bytes.windows(4).take(256).any(|window| window == b".pkl") || matches!(ending, "pt" | "pth");
        (ending != "npz").then_some(if torch { Format::Torch } else { Format::Keras })
    } else if bytes.get(4..8) == Some(b"TFL3") {
        Some(Format::Tflite)
    } else if onnx::looks_like(bytes) && ending != "tflite" {
        Some(Format::Onnx)
    } else {
        bytes.starts_with(b"\x80\x02\x8a\x0a").then_some(Format::Torch)
    }
}

/// Reads a file of any of the formats.
///
/// # Errors
/// If it has none of them, is damaged, or contains a network that Foldnet cannot run; see [`Fault`].
pub fn import(path: &Path) -> Result<Imported, ImportError> {
    let read = || {
        let bytes = read_file(path)?;
        parse(&bytes, path)
    };
    read().map_err(|fault| ImportError { path: path.to_owned(), fault })
}

/// As [`import`], for bytes in memory; `path` determines the format if they do not, and the folder of ONNX's external
/// data.
///
/// # Errors
/// See [`Fault`].
pub fn parse(bytes: &[u8], path: &Path) -> Result<Imported, Fault> {
    let format = format(bytes, path).ok_or(Fault::Unknown)?;
    read(bytes, path, format).map_err(|fault| match fault {
        Fault::Broken { why, .. } if signed(bytes, "").is_none() => {
            Fault::NotFormat { format: format.with_article(), why }
        }
        fault => fault,
    })
}

fn read(bytes: &[u8], path: &Path, format: Format) -> Result<Imported, Fault> {
    match format {
        Format::Keras => keras::from_zip(bytes).map(Imported::Network),
        Format::H5 => keras::from_hdf5(bytes),
        Format::Onnx => onnx::read(bytes, path.parent()).map(Imported::Network),
        Format::Tflite => tflite::read(bytes).map(Imported::Network),
        Format::Torch => torch::read(bytes).map(Imported::Tensors),
    }
}

/// Reads a file with only Keras weights, for the model described by `config`, the JSON from `model.to_json()`.
///
/// # Errors
/// See [`Fault`].
pub fn parse_weights(bytes: &[u8], path: &Path, config: &str) -> Result<Network, Fault> {
    match format(bytes, path) {
        Some(Format::H5) => keras::from_weights(bytes, config),
        _ => Err(Fault::Unread("--config is for weights-only .h5 files of Keras; omit it for this file".into())),
    }
}

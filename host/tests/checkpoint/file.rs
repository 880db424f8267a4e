//! Checkpoint files for tests: Keras's files, disassembled and reassembled with the reference implementation of
//! safetensors.

use foldnet::network::checkpoint::{Checkpoint, Hints};
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// `tests/golden` of the workspace.
pub(crate) fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden").join(name)
}

/// One of the small models that `make_keras_small.py` saved.
pub(crate) fn small(name: &str) -> PathBuf {
    golden("keras_small").join(format!("{name}.safetensors"))
}

/// A tensor that can be changed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tensor {
    pub(crate) dtype: Dtype,
    pub(crate) shape: Vec<usize>,
    pub(crate) bytes: Vec<u8>,
}

impl Tensor {
    pub(crate) fn new(shape: &[usize], values: &[f32]) -> Self {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        Self { dtype: Dtype::F32, shape: shape.to_vec(), bytes }
    }

    pub(crate) fn values(&self) -> Vec<f32> {
        assert_eq!(self.dtype, Dtype::F32);
        self.bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
    }

    pub(crate) fn set(&mut self, at: usize, value: f32) {
        self.bytes[4 * at..4 * at + 4].copy_from_slice(&value.to_le_bytes());
    }
}

/// A file that can be changed.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct File {
    pub(crate) tensors: BTreeMap<String, Tensor>,
    pub(crate) metadata: BTreeMap<String, String>,
}

impl File {
    pub(crate) fn read(path: &Path) -> Self {
        let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let (_, header) = SafeTensors::read_metadata(&bytes).expect("safetensors");
        let metadata = header.metadata().clone().unwrap_or_default().into_iter().collect();
        let tensors = SafeTensors::deserialize(&bytes).expect("safetensors").tensors().into_iter();
        let owned = tensors.map(|(name, view)| {
            (name, Tensor { dtype: view.dtype(), shape: view.shape().to_vec(), bytes: view.data().to_vec() })
        });
        Self { tensors: owned.collect(), metadata }
    }

    /// The small model, changed.
    pub(crate) fn changed(model: &str, change: impl FnOnce(&mut Self)) -> Self {
        let mut file = Self::read(&small(model));
        change(&mut file);
        file
    }

    pub(crate) fn get(&mut self, name: &str) -> &mut Tensor {
        self.tensors.get_mut(name).unwrap_or_else(|| panic!("no {name}"))
    }

    pub(crate) fn remove(&mut self, name: &str) -> Tensor {
        self.tensors.remove(name).unwrap_or_else(|| panic!("no {name}"))
    }

    pub(crate) fn rename(&mut self, from: &str, to: &str) {
        let tensor = self.remove(from);
        assert!(self.tensors.insert(to.into(), tensor).is_none(), "{to} is there already");
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let views = self.tensors.iter().map(|(name, tensor)| {
            (name, TensorView::new(tensor.dtype, tensor.shape.clone(), &tensor.bytes).expect("fits"))
        });
        let metadata = (!self.metadata.is_empty()).then(|| self.metadata.clone().into_iter().collect());
        serialize(views, metadata).expect("serialized")
    }

    /// Our reader's result.
    pub(crate) fn decode(&self, hints: &Hints) -> Result<Checkpoint, String> {
        decode(&self.bytes(), hints)
    }
}

/// Our reader's result for a file of these bytes; errors are checked to name the path, and returned without it.
pub(crate) fn decode(bytes: &[u8], hints: &Hints) -> Result<Checkpoint, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("model.safetensors");
    std::fs::write(&path, bytes).expect("written");
    Checkpoint::read(&path, hints).map_err(|error| {
        let text = error.to_string();
        assert!(!text.contains('\n'), "one line: {text}");
        let named = text.strip_prefix(&format!("{}: ", path.display()));
        named.unwrap_or_else(|| panic!("no path in: {text}")).to_owned()
    })
}

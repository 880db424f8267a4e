//! PyTorch's `.pt`: the tensors of a state dict. The pickle is parsed, never executed; anything else is refused with
//! the line of Python that exports ONNX.

mod element;
mod pickle;

use crate::error::{Fault, MAX_FILE};
use crate::imported::{Bare, BareTensor};
use crate::tensor::elements;
use crate::zip::Zip;
use pickle::{EXPORT, Tensor, tensors};
use std::collections::BTreeMap;

/// Reads a file written by `torch.save(model.state_dict(), ...)`.
pub(crate) fn read(bytes: &[u8]) -> Result<Bare, Fault> {
    if !bytes.starts_with(crate::zip::MAGIC) && bytes.first() != Some(&0x80) {
        return Err(Fault::broken("PyTorch", "it begins with neither a zip archive nor a pickle"));
    }
    if !bytes.starts_with(crate::zip::MAGIC) {
        return Err(Fault::Unread(format!("saved by PyTorch before 1.6; load it and save it again, or: {EXPORT}")));
    }
    let zip = Zip::parse(bytes)?;
    let find = |ending: &str| zip.entries.iter().map(|entry| &entry.name).find(|name| name.ends_with(ending));
    let Some(pickle) = find("/data.pkl") else {
        return Err(Fault::Unread(format!("a zip file without a state dict; {EXPORT}")));
    };
    if find("/constants.pkl").is_some() {
        return Err(Fault::Unread(format!("a TorchScript program, whose code is not read; {EXPORT}")));
    }
    let folder = pickle.trim_end_matches("data.pkl");
    let order = find("/byteorder").map(|name| zip.read(name)).transpose()?;
    if order.is_some_and(|order| order.starts_with(b"big")) {
        return Err(Fault::Unread("big-endian numbers; save the model on a PC".into()));
    }
    let mut storages: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut out = Vec::new();
    let mut total = 0_u64;
    for (name, tensor) in tensors(&zip.read(pickle)?)? {
        if !storages.contains_key(&tensor.storage) {
            storages.insert(tensor.storage.clone(), zip.read(&format!("{folder}data/{}", tensor.storage))?);
        }
        let storage = storages.get(&tensor.storage).map(Vec::as_slice).unwrap_or_default();
        let values = values(&name, &tensor, storage)?;
        total += 4 * values.len() as u64;
        if total > MAX_FILE {
            return Err(Fault::TooLarge { bytes: total });
        }
        out.push(BareTensor { name, shape: tensor.shape, values });
    }
    if out.is_empty() {
        return Err(Fault::Unread(format!("no tensors; save model.state_dict(), or: {EXPORT}")));
    }
    Ok(Bare { tensors: out })
}

/// The values of a view of a storage, in row-major order.
fn values(name: &str, tensor: &Tensor, storage: &[u8]) -> Result<Vec<f32>, Fault> {
    let broken = || Fault::broken("PyTorch", format!("{name} lies beyond its data"));
    let count = elements(&tensor.shape).filter(|&count| count as u64 <= MAX_FILE / 4).ok_or_else(broken)?;
    if tensor.strides.len() != tensor.shape.len() {
        return Err(broken());
    }
    let size = tensor.element.size();
    let read = |index: usize| -> Option<f32> {
        let (mut rest, mut at) = (index, tensor.offset);
        for (&length, &stride) in tensor.shape.iter().zip(&tensor.strides).rev() {
            at = at.checked_add((rest % length).checked_mul(stride)?)?;
            rest /= length;
        }
        let start = at.checked_mul(size)?;
        Some(tensor.element.value(storage.get(start..start.checked_add(size)?)?))
    };
    (0..count).map(|index| read(index).ok_or_else(broken)).collect()
}

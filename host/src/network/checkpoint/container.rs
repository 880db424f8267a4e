//! The safetensors container, read and written: a length, a JSON header, the tensors' bytes.
//!
//! | bytes | contents |
//! |---|---|
//! | 8 | `H`, the header's length, little-endian |
//! | `H` | JSON: a name -> `{"dtype", "shape", "data_offsets": [begin, end]}` for each tensor, offsets counted from the header's end; `__metadata__` -> texts by name; padded with spaces to a multiple of 8 |
//! | rest | the tensors, little-endian and row-major, without gap or overlap |
//!
//! [`names`](super::names) interprets the names. This is our own reader rather than the reference crate, because a user
//! must be told which name is duplicated and how much of a file is missing, and because equal checkpoints must give
//! equal bytes (the crate writes metadata in random order). The tests compare it with that crate.

use super::error::Fault;
use super::tensor::Tensor;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Texts by name.
pub(super) type Metadata = BTreeMap<String, String>;

const METADATA: &str = "__metadata__";

/// Maximum length of the header: far more than names and shapes of 64 layers and names of 65,535 classes need. The
/// format allows 100 MB, which would take 9 GB as a tree of values.
const MAX_HEADER: usize = 4 << 20;

/// Maximum length of a tensor's name.
const MAX_NAME: usize = 1024;

/// The tensors in the order of their bytes, and the metadata.
///
/// # Errors
/// If the bytes are not a complete safetensors file, or a name is duplicated.
pub(super) fn parse(bytes: &[u8]) -> Result<(Vec<Tensor<'_>>, Metadata), Fault> {
    let (header, data) = split(bytes)?;
    let SafetensorsHeader { declared, metadata, twice } =
        serde_json::from_slice(header).map_err(|error| not_safetensors(format!("header: {error}")))?;
    if let Some(name) = twice {
        return Err(Fault::Twice { name });
    }
    if let Some((name, _)) = declared.iter().find(|(name, _)| name.len() > MAX_NAME) {
        return Err(not_safetensors(format!("a name of {} bytes", name.len())));
    }
    Ok((place(declared, data, bytes.len() - data.len())?, metadata))
}

/// Header and data.
fn split(bytes: &[u8]) -> Result<(&[u8], &[u8]), Fault> {
    let Some((length, rest)) = bytes.split_first_chunk::<8>() else {
        return Err(not_safetensors(format!("only {} bytes", bytes.len())));
    };
    let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
    if length > MAX_HEADER || !rest.starts_with(b"{") {
        return Err(not_safetensors("it does not begin with a JSON header".into()));
    }
    let truncated = Fault::Truncated { expected: 8 + length as u64, found: bytes.len() as u64 };
    rest.split_at_checked(length).ok_or(truncated)
}

fn not_safetensors(why: String) -> Fault {
    Fault::NotSafetensors(why)
}

/// The header's entries, each parsed as its expected type, so that no generic tree of values is built.
#[derive(Default)]
struct SafetensorsHeader {
    declared: Vec<(String, Entry)>,
    metadata: Metadata,
    /// The first duplicated name.
    twice: Option<String>,
}

impl<'de> Deserialize<'de> for SafetensorsHeader {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = SafetensorsHeader;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("an object of tensors")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<SafetensorsHeader, A::Error> {
                let (mut header, mut names) = (SafetensorsHeader::default(), BTreeSet::new());
                while let Some(name) = map.next_key::<String>()? {
                    if !names.insert(name.clone()) {
                        header.twice.get_or_insert(name.clone());
                    }
                    let within = |error: A::Error| A::Error::custom(format!("{name}: {error}"));
                    if name == METADATA {
                        header.metadata = map.next_value().map_err(within)?;
                    } else {
                        let entry = map.next_value().map_err(within)?;
                        header.declared.push((name, entry));
                    }
                }
                Ok(header)
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

/// The header's entry for one tensor.
#[derive(serde::Deserialize)]
struct Entry {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: (u64, u64),
}

/// Assigns each tensor its bytes; `start` is the offset of `data` in the file.
fn place(mut declared: Vec<(String, Entry)>, data: &[u8], start: usize) -> Result<Vec<Tensor<'_>>, Fault> {
    declared.sort_by_key(|(_, entry)| entry.data_offsets);
    let end = declared.last().map_or(0, |(_, entry)| entry.data_offsets.1);
    let found = data.len() as u64;
    if end > found {
        let start = start as u64;
        return Err(Fault::Truncated { expected: start.saturating_add(end), found: start + found });
    }
    if end < found {
        return Err(not_safetensors(format!("{} bytes behind the last tensor", found - end)));
    }
    let (mut rest, mut next) = (data, 0);
    let mut tensors = Vec::with_capacity(declared.len());
    for (name, Entry { dtype, shape, data_offsets: (begin, end) }) in declared {
        let size = end.checked_sub(begin).and_then(|size| usize::try_from(size).ok());
        let cut = size.filter(|_| begin == next).and_then(|size| rest.split_at_checked(size));
        let Some((data, after)) = cut else {
            return Err(not_safetensors(format!("{name}: its bytes overlap others or leave a gap")));
        };
        let values = shape.iter().try_fold(4_usize, |size, &dimension| size.checked_mul(dimension));
        if dtype == "F32" && values != Some(data.len()) {
            return Err(not_safetensors(format!("{name}: {} bytes for shape {shape:?}", data.len())));
        }
        (rest, next) = (after, end);
        tensors.push(Tensor { name, dtype, shape, data, transposed: false });
    }
    Ok(tensors)
}

/// Appends a file with these F32 tensors in the given order, each with a name, a shape and its values.
pub(super) fn write(out: &mut Vec<u8>, tensors: &[(String, Vec<usize>, Vec<f32>)], metadata: Metadata) {
    let mut header = Map::new();
    header.insert(METADATA.into(), json!(metadata));
    let mut begin = 0;
    for (name, shape, values) in tensors {
        let end = begin + 4 * values.len();
        header.insert(name.clone(), json!({"dtype": "F32", "shape": shape, "data_offsets": [begin, end]}));
        begin = end;
    }
    let mut header = Value::Object(header).to_string().into_bytes();
    header.resize(header.len().next_multiple_of(8), b' ');
    out.extend((header.len() as u64).to_le_bytes());
    out.extend(header);
    out.extend(tensors.iter().flat_map(|(_, _, values)| values).flat_map(|value| value.to_le_bytes()));
}

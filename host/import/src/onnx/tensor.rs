//! Tensors of ONNX files, within the file or in an external one.

use super::wire::{Fields, doubles, floats, integers};
use crate::error::{Fault, MAX_FILE};
use crate::file::read_file;
use crate::tensor::{Data, Tensor, elements, from_half};
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

const FORMAT: &str = "ONNX";

/// Source of external data; each file is read once.
#[derive(Debug)]
pub(super) struct Store {
    folder: Option<PathBuf>,
    files: BTreeMap<String, Vec<u8>>,
}

impl Store {
    pub(super) fn new(folder: Option<&Path>) -> Self {
        Self { folder: folder.map(Path::to_owned), files: BTreeMap::new() }
    }

    /// A TensorProto: its name and values.
    pub(super) fn read(&mut self, message: &[u8]) -> Result<(String, Tensor), Fault> {
        let mut proto = Proto::default();
        let mut fields = Fields::of(message);
        while let Some((field, value)) = fields.next()? {
            match field {
                1 => integers(value, &mut proto.dims)?,
                2 => proto.kind = value.number(),
                4 => floats(value, &mut proto.floats),
                5 | 7 | 11 => integers(value, &mut proto.ints)?,
                6 => proto.texts.push(value.text()),
                8 => proto.name = value.text(),
                9 => proto.raw = Some(value.bytes()),
                10 => doubles(value, &mut proto.floats),
                13 => {
                    let (key, value) = entry(value.bytes())?;
                    proto.external.insert(key, value);
                }
                14 => proto.outside = value.number() == 1,
                _ => {}
            }
        }
        let shape = proto.dims.iter().map(|&size| usize::try_from(size)).collect::<Result<Vec<_>, _>>();
        let shape = shape.map_err(|_| Fault::broken(FORMAT, format!("{} has a negative size", proto.name)))?;
        let data = if proto.outside {
            let bytes = self.outside(&proto)?;
            raw(&proto, bytes)?
        } else {
            match proto.raw {
                Some(bytes) => raw(&proto, bytes)?,
                None => typed(&mut proto)?,
            }
        };
        if elements(&shape).is_none_or(|count| count as u64 > MAX_FILE) {
            return Err(Fault::broken(FORMAT, format!("{} has the shape {shape:?}", proto.name)));
        }
        Ok((proto.name, Tensor::of(shape, data)?))
    }

    /// Bytes of a file in the model's folder.
    fn outside(&mut self, proto: &Proto) -> Result<&[u8], Fault> {
        let location =
            proto.external.get("location").ok_or_else(|| Fault::broken(FORMAT, "external data without a location"))?;
        let mut parts = Path::new(location).components();
        let (Some(Component::Normal(_)), None, Some(folder)) = (parts.next(), parts.next(), &self.folder) else {
            return Err(Fault::Unread(format!(
                "its weights are in {location}, but only files in the model's own folder are read"
            )));
        };
        if !self.files.contains_key(location) {
            let path = folder.join(location);
            let linked = std::fs::symlink_metadata(&path).is_ok_and(|meta| meta.is_symlink());
            let read = if linked { Err(Fault::NotRegular) } else { read_file(&path) };
            let total: usize = self.files.values().map(Vec::len).sum();
            let bytes = read.map_err(|fault| {
                Fault::Unread(format!(
                    "the file of its weights, {location}, cannot be used: {fault}; keep both files together"
                ))
            })?;
            if (total + bytes.len()) as u64 > MAX_FILE {
                return Err(Fault::TooLarge { bytes: (total + bytes.len()) as u64 });
            }
            self.files.insert(location.clone(), bytes);
        }
        let number = |key: &str| proto.external.get(key).map(|value| value.trim().parse::<usize>());
        let bytes = self.files.get(location).map(Vec::as_slice).unwrap_or_default();
        let offset = number("offset").unwrap_or(Ok(0)).unwrap_or(usize::MAX);
        let length = number("length").unwrap_or(Ok(bytes.len().saturating_sub(offset))).unwrap_or(usize::MAX);
        let end = offset.checked_add(length);
        let slice = end.and_then(|end| bytes.get(offset..end));
        slice.ok_or_else(|| Fault::broken(FORMAT, format!("{} extends past the end of {location}", proto.name)))
    }
}

#[derive(Debug, Default)]
struct Proto<'a> {
    name: String,
    dims: Vec<i64>,
    kind: u64,
    floats: Vec<f32>,
    ints: Vec<i64>,
    texts: Vec<String>,
    raw: Option<&'a [u8]>,
    external: BTreeMap<String, String>,
    outside: bool,
}

/// A StringStringEntry.
pub(super) fn entry(message: &[u8]) -> Result<(String, String), Fault> {
    let (mut key, mut text) = (String::new(), String::new());
    let mut fields = Fields::of(message);
    while let Some((field, value)) = fields.next()? {
        match field {
            1 => key = value.text(),
            2 => text = value.text(),
            _ => {}
        }
    }
    Ok((key, text))
}

/// Little-endian bytes by type.
fn raw(proto: &Proto, bytes: &[u8]) -> Result<Data, Fault> {
    let ints = |size: usize, signed: bool| {
        let value = move |chunk: &[u8]| {
            let bits = chunk.iter().rev().fold(0_u64, |value, &byte| value << 8 | u64::from(byte));
            let free = 64 - 8 * size as u32;
            if signed { (bits << free) as i64 >> free } else { bits as i64 }
        };
        Data::I64(bytes.chunks_exact(size).map(value).collect())
    };
    let halves = |convert: fn(u16) -> f32| {
        Data::F32(bytes.chunks_exact(2).map(|b| convert(u16::from_le_bytes([b[0], b[1]]))).collect())
    };
    let mut out = Vec::new();
    Ok(match proto.kind {
        1 => {
            floats(super::wire::Value::Bytes(bytes), &mut out);
            Data::F32(out)
        }
        11 => {
            doubles(super::wire::Value::Bytes(bytes), &mut out);
            Data::F32(out)
        }
        2 | 9 => ints(1, false),
        3 => ints(1, true),
        4 => ints(2, false),
        5 => ints(2, true),
        6 => ints(4, true),
        12 => ints(4, false),
        7 | 13 => ints(8, true),
        10 => halves(from_half),
        16 => halves(from_brain),
        kind => return Err(strange(proto, kind)),
    })
}

/// Values in the field of their type.
fn typed(proto: &mut Proto) -> Result<Data, Fault> {
    Ok(match proto.kind {
        1 | 11 => Data::F32(std::mem::take(&mut proto.floats)),
        2..=7 | 9 | 12 | 13 => Data::I64(std::mem::take(&mut proto.ints)),
        8 => Data::Text(std::mem::take(&mut proto.texts)),
        10 => Data::F32(proto.ints.iter().map(|&bits| from_half(bits as u16)).collect()),
        16 => Data::F32(proto.ints.iter().map(|&bits| from_brain(bits as u16)).collect()),
        kind => return Err(strange(proto, kind)),
    })
}

fn strange(proto: &Proto, kind: u64) -> Fault {
    Fault::Unread(format!("{} has values of ONNX type {kind}; export the model with 32-bit floats", proto.name))
}

/// The upper half of a float.
fn from_brain(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

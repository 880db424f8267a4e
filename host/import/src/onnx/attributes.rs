//! The attributes of a node, by name.

use super::tensor::Store;
use super::wire::{Fields, floats, integers};
use crate::error::Fault;
use crate::tensor::{Data, Tensor};
use std::collections::BTreeMap;

/// Attributes by name; each has the values that its type fills.
#[derive(Debug, Default)]
pub(super) struct Attributes(BTreeMap<String, Attribute>);

#[derive(Debug, Default)]
struct Attribute {
    float: Option<f32>,
    int: Option<i64>,
    text: Option<String>,
    tensor: Option<Tensor>,
    floats: Vec<f32>,
    ints: Vec<i64>,
    texts: Vec<String>,
}

impl Attributes {
    /// Adds an AttributeProto.
    pub(super) fn take(&mut self, message: &[u8], store: &mut Store) -> Result<(), Fault> {
        let (mut name, mut attribute) = (String::new(), Attribute::default());
        let mut fields = Fields::of(message);
        while let Some((field, value)) = fields.next()? {
            match field {
                1 => name = value.text(),
                2 => attribute.float = Some(f32::from_bits(value.number() as u32)),
                3 => attribute.int = Some(value.number() as i64),
                4 => attribute.text = Some(value.text()),
                5 => attribute.tensor = Some(store.read(value.bytes())?.1),
                7 => floats(value, &mut attribute.floats),
                8 => integers(value, &mut attribute.ints)?,
                9 => attribute.texts.push(value.text()),
                _ => {}
            }
        }
        self.0.insert(name, attribute);
        Ok(())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(super) fn float(&self, name: &str, default: f32) -> f32 {
        self.0.get(name).and_then(|attribute| attribute.float).unwrap_or(default)
    }

    pub(super) fn int(&self, name: &str, default: i64) -> i64 {
        self.0.get(name).and_then(|attribute| attribute.int).unwrap_or(default)
    }

    pub(super) fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(|attribute| attribute.text.as_deref()).unwrap_or_default()
    }

    pub(super) fn floats(&self, name: &str) -> &[f32] {
        self.0.get(name).map(|attribute| &attribute.floats[..]).unwrap_or_default()
    }

    pub(super) fn ints(&self, name: &str) -> Option<&[i64]> {
        self.0.get(name).map(|attribute| &attribute.ints[..])
    }

    pub(super) fn texts(&self, name: &str) -> &[String] {
        self.0.get(name).map(|attribute| &attribute.texts[..]).unwrap_or_default()
    }

    /// The value of a Constant, from whichever attribute it is in.
    pub(super) fn constant(&self) -> Option<Tensor> {
        let attribute =
            ["value", "value_float", "value_floats", "value_int", "value_ints", "value_string", "value_strings"]
                .into_iter()
                .find_map(|name| self.0.get(name))?;
        if let Some(tensor) = &attribute.tensor {
            return Some(tensor.clone());
        }
        let one = |data| Some(Tensor { shape: Vec::new(), data });
        if let Some(value) = attribute.float {
            return one(Data::F32(vec![value]));
        }
        if let Some(value) = attribute.int {
            return one(Data::I64(vec![value]));
        }
        if !attribute.floats.is_empty() {
            return Some(Tensor::vector(attribute.floats.clone()));
        }
        (!attribute.ints.is_empty())
            .then(|| Tensor { shape: vec![attribute.ints.len()], data: Data::I64(attribute.ints.clone()) })
    }
}

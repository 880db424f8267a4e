//! Groups and data sets.

use super::file::{BUDGET, FORMAT, Hdf5};
use super::header::{self, ObjectHeader};
use super::{data, groups};
use crate::error::Fault;
use crate::tensor::Tensor;

/// A group or a data set.
#[derive(Debug)]
pub(crate) struct Object<'a> {
    file: Hdf5<'a>,
    header: ObjectHeader<'a>,
}

impl<'a> Hdf5<'a> {
    /// The root group.
    pub(crate) fn root(self) -> Result<Object<'a>, Fault> {
        self.object(self.root)
    }

    fn object(self, address: u64) -> Result<Object<'a>, Fault> {
        Ok(Object { file: self, header: header::header(self, address)? })
    }
}

impl<'a> Object<'a> {
    /// Names and positions of this group's members; empty for a data set.
    pub(crate) fn children(&self) -> Result<Vec<(String, u64)>, Fault> {
        groups::children(self.file, &self.header)
    }

    /// The object at a path like `a/b`, if it exists. Keras writes some paths as names that contain a slash.
    pub(crate) fn get(&self, path: &str) -> Result<Option<Object<'a>>, Fault> {
        let (name, rest) = path.split_once('/').map_or((path, None), |(name, rest)| (name, Some(rest)));
        let Some((_, address)) = self.children()?.into_iter().find(|(child, _)| child == name) else { return Ok(None) };
        let child = self.file.object(address)?;
        match rest {
            Some(rest) => child.get(rest),
            None => Ok(Some(child)),
        }
    }

    /// All data sets below, with paths relative to this group, in the file's order.
    pub(crate) fn data_sets(&self) -> Result<Vec<(String, Object<'a>)>, Fault> {
        let mut found = Vec::new();
        let mut waiting: Vec<(String, u64, usize)> =
            self.children()?.into_iter().rev().map(|(name, at)| (name, at, 0)).collect();
        let mut budget = BUDGET;
        while let Some((path, address, depth)) = waiting.pop() {
            budget -= 1;
            if budget == 0 || depth > 16 {
                return Err(Fault::broken(FORMAT, "its groups are nested too deeply"));
            }
            let object = self.file.object(address)?;
            if object.is_data() {
                found.push((path, object));
            } else {
                let children = object.children()?.into_iter().rev();
                waiting.extend(children.map(|(name, at)| (format!("{path}/{name}"), at, depth + 1)));
            }
        }
        Ok(found)
    }

    /// Whether it is a data set rather than a group.
    pub(crate) fn is_data(&self) -> bool {
        self.header.message(header::LAYOUT).is_some()
    }

    /// The numbers of a data set.
    ///
    /// # Errors
    /// If it is not a data set, or its type is not numeric.
    pub(crate) fn tensor(&self) -> Result<Tensor, Fault> {
        data::tensor(self.file, &self.header)
    }

    /// The strings of an attribute, if it exists: one, or one per array element.
    pub(crate) fn texts(&self, name: &str) -> Result<Option<Vec<String>>, Fault> {
        data::attribute(self.file, &self.header, name)
    }

    /// The string of an attribute that has exactly one.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, Fault> {
        Ok(self.texts(name)?.and_then(|texts| texts.into_iter().next()))
    }
}

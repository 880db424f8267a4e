//! The variables of layers, by the layers' names.

use super::config::FORMAT;
use crate::error::{Fault, MAX_FILE};
use crate::hdf5::{Hdf5, Object};
use crate::tensor::Tensor;
use std::cell::Cell;
use std::collections::BTreeMap;

/// Names of the group of all layers in a file with numbered variables.
pub(super) const FOLDERS: [&str; 2] = ["layers", "_layer_checkpoint_dependencies"];

/// The variables of a file.
#[derive(Debug)]
pub(super) enum Weights<'f> {
    /// `layers/.../vars/0, 1, ...`; the groups by the names of nested models and the layer.
    Numbered { layers: Vec<(Vec<String>, Object<'f>)>, read: Cell<usize> },
    /// `layer/.../variable`; paths split at slashes.
    Named { variables: Vec<(Vec<String>, Object<'f>)>, read: Cell<usize> },
}

/// Fails once more numbers have been read than a file can hold.
pub(super) fn check_size(numbers: usize) -> Result<(), Fault> {
    let bytes = 4 * numbers as u64;
    if bytes > MAX_FILE { Err(Fault::TooLarge { bytes }) } else { Ok(()) }
}

impl<'f> Weights<'f> {
    /// From the weights in a `.keras`.
    pub(super) fn of_zip(file: Hdf5<'f>) -> Result<Self, Fault> {
        let mut layers = Vec::new();
        collect(&file.root()?, &mut Vec::new(), &mut layers, 0)?;
        Ok(Self::Numbered { layers, read: Cell::new(0) })
    }

    /// From the group `model_weights` of a `.h5`.
    pub(super) fn of_h5(group: Object<'f>) -> Result<Self, Fault> {
        let variables = group.data_sets()?.into_iter();
        let split =
            |path: String| path.split('/').map(|part| part.split(':').next().unwrap_or(part).to_owned()).collect();
        Ok(Self::Named {
            variables: variables.map(|(path, object)| (split(path), object)).collect(),
            read: Cell::new(0),
        })
    }

    /// The variables of the layer `name`, within the nested models `scope`, in the order of `wanted`.
    ///
    /// # Errors
    /// If their number differs, or one cannot be read.
    pub(super) fn variables(
        &self,
        scope: &[String],
        name: &str,
        folder: &str,
        wanted: &[&str],
    ) -> Result<Vec<Tensor>, Fault> {
        let missing = |variable: &str| Fault::broken(FORMAT, format!("layer {name} has no {variable}"));
        match self {
            Self::Numbered { layers, read } => {
                let fits = |path: &[String], name: &str| {
                    path.split_last().is_some_and(|(last, before)| last == name && before == scope)
                };
                // Files from before 2024 contain no names; a slash marks a name taken from its folder only.
                let unnamed = format!("/{folder}");
                let group = layers.iter().find(|(path, _)| fits(path, name) || fits(path, &unnamed));
                let group = group.ok_or_else(|| missing("variables"))?;
                let found: BTreeMap<usize, u64> = group
                    .1
                    .children()?
                    .into_iter()
                    .filter_map(|(number, at)| Some((number.parse().ok()?, at)))
                    .collect();
                if found.len() < wanted.len() || (found.len() > wanted.len() && wanted.first() != Some(&"mean")) {
                    return Err(Fault::broken(
                        FORMAT,
                        format!("layer {name} has {} variables, {} expected", found.len(), wanted.len()),
                    ));
                }
                let get = |(number, variable): (usize, &&str)| {
                    let object = group.1.get(&number.to_string())?.ok_or_else(|| missing(variable))?;
                    counted(&object, read)
                };
                wanted.iter().enumerate().map(get).collect()
            }
            Self::Named { variables, read } => {
                let top = scope.first().map_or(name, |outer| outer);
                let get = |variable: &&str| {
                    let fits = |path: &[String]| {
                        path.first().is_some_and(|first| first == top)
                            && path.last().is_some_and(|last| last == variable)
                            && (path.len() == 2
                                || scope.is_empty()
                                || path.get(path.len() - 2).is_some_and(|layer| layer == name))
                    };
                    let mut found = variables.iter().filter(|(path, _)| fits(path));
                    let (Some((_, object)), None) = (found.next(), found.next()) else { return Err(missing(variable)) };
                    counted(object, read)
                };
                wanted.iter().map(get).collect()
            }
        }
    }
}

fn counted(object: &Object, read: &Cell<usize>) -> Result<Tensor, Fault> {
    let tensor = object.tensor()?;
    read.set(read.get().saturating_add(tensor.len()));
    check_size(read.get())?;
    Ok(tensor)
}

/// Finds the groups `vars` below, with their own names, otherwise those of their folders.
fn collect<'f>(
    group: &Object<'f>,
    scope: &mut Vec<String>,
    out: &mut Vec<(Vec<String>, Object<'f>)>,
    depth: usize,
) -> Result<(), Fault> {
    let children = group.children()?;
    let folder = FOLDERS.into_iter().find(|name| children.iter().any(|(child, _)| child == name));
    let Some(folder) = folder else { return Ok(()) };
    let Some(layers) = group.get(folder)? else { return Ok(()) };
    if depth > 8 {
        return Err(Fault::broken(FORMAT, "models nested too deeply"));
    }
    for (child, _) in layers.children()? {
        let Some(layer) = layers.get(&child)? else { continue };
        let vars = layer.get("vars")?;
        let name = match &vars {
            Some(vars) => vars.text("name")?,
            None => None,
        };
        scope.push(name.unwrap_or_else(|| format!("/{child}")));
        if out.len() > 4096 {
            return Err(Fault::broken(FORMAT, "more than 4096 layers"));
        }
        if let Some(vars) = vars {
            out.push((scope.clone(), vars));
        }
        collect(&layer, scope, out, depth + 1)?;
        scope.pop();
    }
    Ok(())
}

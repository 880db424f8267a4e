//! The entries of a checkpoint's `__metadata__`, which are listed in [`checkpoint`](super).

use super::container::Metadata;
use super::error::Fault;
use super::{About, Checkpoint, PixelStatistics};
use foldnet_core::Layer;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

const LAYERS: &str = "layers";
const PIXELS: &str = "pixels";
const IMAGE: &str = "image";
const LABELS: &str = "labels";
const ABOUT: &str = "about";

/// Maximum length of a class name.
const MAX_LABEL: usize = 256;

/// How pixels are scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Pixels {
    Raw,
    Unit,
    Standardized,
    Values,
}

/// The entries of a file.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) layers: Option<Vec<Layer>>,
    pub(super) pixels: Option<Pixels>,
    pub(super) image: Option<(usize, usize)>,
    pub(super) labels: Option<Vec<String>>,
    pub(super) about: Option<About>,
}

impl Told {
    /// # Errors
    /// If an entry is invalid.
    pub(super) fn parse(metadata: &Metadata) -> Result<Self, Fault> {
        Ok(Self {
            layers: entry(metadata, LAYERS)?,
            pixels: entry(metadata, PIXELS)?,
            image: entry(metadata, IMAGE)?,
            labels: entry(metadata, LABELS)?,
            about: entry(metadata, ABOUT)?,
        })
    }

    /// Number of inputs according to the image's shape.
    pub(super) fn inputs(&self) -> Option<usize> {
        self.image.and_then(|(height, width)| height.checked_mul(width))
    }

    /// # Errors
    /// If the image does not have `inputs` pixels, the number of labels is not `classes`, or two labels are equal.
    pub(super) fn check(&self, inputs: usize, classes: usize) -> Result<(), Fault> {
        if let Some((height, width)) = self.image.filter(|_| self.inputs() != Some(inputs)) {
            let problem = format!("is {height} by {width}, but the network has {inputs} inputs");
            return Err(Fault::Metadata { key: IMAGE, problem });
        }
        let long = self.labels.iter().flatten().map(|label| label.chars().count()).find(|&length| length > MAX_LABEL);
        if let Some(length) = long {
            let problem = format!("has a name of {length} characters, more than the limit of {MAX_LABEL}");
            return Err(Fault::Metadata { key: LABELS, problem });
        }
        let mut names = HashSet::new();
        if let Some(label) = self.labels.iter().flatten().find(|&label| !names.insert(label)) {
            return Err(Fault::Metadata { key: LABELS, problem: format!("names {label:?} twice") });
        }
        if let Some(about) = &self.about {
            about.check(inputs, classes).map_err(|problem| Fault::Metadata { key: ABOUT, problem })?;
        }
        let reproduces = self.about.as_ref().is_some_and(|about| about.task == foldnet_data::Task::Reconstruct);
        match self.labels.as_ref().map(Vec::len) {
            Some(labels) if labels != classes && !reproduces => {
                let problem = format!("names {labels} classes, but the network has {classes}");
                Err(Fault::Metadata { key: LABELS, problem })
            }
            _ => Ok(()),
        }
    }
}

fn entry<T: DeserializeOwned>(metadata: &Metadata, key: &'static str) -> Result<Option<T>, Fault> {
    let parse = |text: &String| serde_json::from_str(text);
    let unusable = |error| Fault::Metadata { key, problem: format!("cannot be understood ({error})") };
    metadata.get(key).map(parse).transpose().map_err(unusable)
}

/// The entries for a checkpoint.
///
/// # Errors
/// Never, because layers and texts can always be JSON.
pub(super) fn entries(checkpoint: &Checkpoint) -> Result<Metadata, Fault> {
    let pixels = match checkpoint.pixels {
        PixelStatistics::Raw => Pixels::Raw,
        PixelStatistics::Unit => Pixels::Unit,
        PixelStatistics::Standardized { .. } => Pixels::Standardized,
        PixelStatistics::Values { .. } => Pixels::Values,
    };
    let mut entries = Metadata::new();
    insert(&mut entries, LAYERS, &*checkpoint.layers)?;
    insert(&mut entries, PIXELS, &pixels)?;
    if let Some(image) = &checkpoint.image {
        insert(&mut entries, IMAGE, image)?;
    }
    if checkpoint.about != About::default() {
        insert(&mut entries, ABOUT, &checkpoint.about)?;
    }
    if !checkpoint.labels.is_empty() {
        insert(&mut entries, LABELS, &checkpoint.labels)?;
    }
    Ok(entries)
}

fn insert(entries: &mut Metadata, key: &'static str, value: &(impl Serialize + ?Sized)) -> Result<(), Fault> {
    let failed = |error| Fault::Metadata { key, problem: format!("cannot be written ({error})") };
    entries.insert(key.into(), serde_json::to_string(value).map_err(failed)?);
    Ok(())
}

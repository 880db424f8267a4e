//! What a run or a device model records about the data set it was trained on.

use crate::files::open::{Opened, open, resolve};
use crate::network::checkpoint::Hints;
use crate::train::history::History;
use anyhow::{anyhow, bail};
use foldnet_data::{Known, Options, Source, Task};
use foldnet_sim::described;
use std::path::Path;

/// The recorded set, and the file that names it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Record {
    /// Where it is.
    pub(super) source: Source,
    /// How it was read.
    pub(super) options: Options,
    /// Its digest, if there is one.
    pub(super) digest: Option<String>,
    /// Names of its channels, if known.
    pub(super) channels: Vec<String>,
    /// The file that names it, for messages.
    pub(super) by: String,
}

impl Record {
    /// The record of `file`. For a device model, the history beside it or the cache is searched by digest; for a run,
    /// or a device model without a digest, the history is used. `None` if there is none.
    ///
    /// # Errors
    /// If the history beside it is damaged, or a device model has a digest that is not known here, unless the set is
    /// `given`.
    pub(super) fn of(file: &Path, given: &Option<Source>) -> anyhow::Result<Option<Self>> {
        let file = &resolve(file);
        let digest = digest_of(file);
        let beside = Self::beside(file)?;
        match digest {
            None => Ok(beside),
            Some(digest) if beside.as_ref().is_some_and(|record| record.digest.as_ref() == Some(&digest)) => Ok(beside),
            Some(digest) => match Known::find(&digest) {
                Some(Known { path, options, channels, .. }) => {
                    let by = file.display().to_string();
                    Ok(Some(Self { source: Source::Path(path), options, digest: Some(digest), channels, by }))
                }
                None if given.is_some() => Ok(None),
                None => bail!(
                    "{}: was trained on a set that has never been read on this computer (digest {}); give --dataset",
                    file.display(),
                    &digest[..16]
                ),
            },
        }
    }

    /// Whether this is a different set than `other`, rather than the same one in another place.
    pub(super) fn differs(&self, other: &Self) -> bool {
        self.source != other.source && (self.digest.is_none() || self.digest != other.digest)
    }

    fn beside(file: &Path) -> anyhow::Result<Option<Self>> {
        let Some(history) = History::beside(file)? else { return Ok(None) };
        let by = History::path_beside(file).display().to_string();
        let source = history.dataset.parse::<Source>().map_err(|cause| anyhow!("{by}: {cause}"))?;
        let known = history.digest.as_deref().and_then(Known::find);
        let channels = known.map(|known| known.channels).unwrap_or_default();
        Ok(Some(Self { source, options: history.data, digest: history.digest, channels, by }))
    }
}

/// Names of the channels that a network was trained on: its own, otherwise those of its set, if that is remembered.
pub(super) fn channels(path: &Path, opened: &Opened) -> Vec<String> {
    match opened {
        Opened::Checkpoint(checkpoint) if !checkpoint.about.channels.is_empty() => checkpoint.about.channels.clone(),
        _ => Record::of(path, &None).ok().flatten().map(|record| record.channels).unwrap_or_default(),
    }
}

/// The digest in a device model or a checkpoint.
fn digest_of(file: &Path) -> Option<String> {
    match open(file, &Hints::default()).ok()? {
        Opened::Checkpoint(checkpoint) => checkpoint.about.dataset,
        Opened::Model { model, .. } => described::digest(&model),
    }
}

/// The task a file was trained for. Files that cannot be opened are reported where they are used.
pub(super) fn task_of(file: &Path) -> Task {
    open(file, &Hints::default()).map(|opened| opened.task()).unwrap_or_default()
}

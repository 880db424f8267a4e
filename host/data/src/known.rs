//! Sets that networks were trained on, remembered in the user's cache folder under their digest: a device model holds only
//! the digest, and is led back to its set by it.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::dataset::TestSet;
use crate::error::DataError;
use crate::options::Options;
use crate::progress::LoadProgress;
use crate::search::Search;
use crate::source::{Source, load_with};

/// Most bytes of an entry.
const MOST: u64 = 1 << 20;

/// Where a set lies, and how it was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Known {
    /// Its file or folder, absolute.
    pub path: PathBuf,
    /// How it was read.
    pub options: Options,
    /// Names of its channels, or none.
    #[serde(default)]
    pub channels: Vec<String>,
}

impl Known {
    /// Remembers the set with this digest. Where there is no cache folder, or it takes no files, nothing is remembered, and
    /// the set has to be named.
    pub fn remember(&self, digest: &str) {
        let Some(path) = entry(&Search::from_env(), digest) else { return };
        let write = || -> Option<()> {
            let text = serde_json::to_vec(self).ok()?;
            fs::create_dir_all(path.parent()?).ok()?;
            let partial = path.with_extension(format!("{}.part", std::process::id()));
            let written = fs::write(&partial, text).and_then(|()| fs::rename(&partial, &path));
            written.inspect_err(|_| drop(fs::remove_file(&partial))).ok()
        };
        write();
    }

    /// The set with this digest (64 hexadecimal digits), if it is remembered.
    pub fn find(digest: &str) -> Option<Self> {
        let path = entry(&Search::from_env(), digest)?;
        let text = crate::bounded::read(&path, MOST).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Its test examples, found under `digest` and read as they were then, but for what `own` says; a note among theirs says
    /// so where the set has changed since. All parts are read, as the digest is of all.
    ///
    /// # Errors
    /// Where the set is gone or cannot be read.
    pub fn test_set(
        &self,
        digest: &str,
        own: &Options,
        progress: &mut dyn FnMut(LoadProgress),
    ) -> Result<TestSet, DataError> {
        let (source, options) = (Source::Path(self.path.clone()), own.or(&self.options));
        let mut set = load_with(&source, &options, &Search::from_env(), progress)?;
        if options == self.options && set.digest() != digest {
            set.notes.push(changed(&self.path));
        }
        Ok(set.into_test())
    }
}

/// What is said of a set that is not what a network was trained on.
pub fn changed(path: &Path) -> String {
    format!("{} has changed since the network was trained on it", path.display())
}

/// The file of an entry.
fn entry(search: &Search, digest: &str) -> Option<PathBuf> {
    let whole = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    let cache = search.cache.as_ref()?.parent()?;
    whole.then(|| cache.join("sets").join(format!("{digest}.json")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_digest_names_an_entry() {
        let search = Search {
            chosen: None,
            cache: Some("/c/foldnet/fashion-mnist".into()),
            system: Vec::new(),
            url: String::new(),
        };
        let digest = "0123456789abcdef".repeat(4);
        assert_eq!(entry(&search, &digest), Some(format!("/c/foldnet/sets/{digest}.json").into()));
        for other in ["", "..", &digest[1..], &"../".repeat(22)[..64]] {
            assert_eq!(entry(&search, other), None, "{other}");
        }
    }
}

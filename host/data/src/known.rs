//! Sets that networks were trained on, remembered by digest in the user's cache folder. A device model holds only the
//! digest, through which its set is found again.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use crate::error::DataError;
use crate::options::Options;
use crate::progress::LoadProgress;
use crate::search::Search;
use crate::source::{Source, load_with};
use crate::test_set::TestSet;
use crate::write::atomic_write;

/// Maximum size of an entry in bytes.
const MOST: u64 = 1 << 20;

/// The location of a set, and how it was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Known {
    /// Its file or folder, absolute.
    pub path: PathBuf,
    /// How it was read.
    pub options: Options,
    /// Names of its channels, or empty.
    #[serde(default)]
    pub channels: Vec<String>,
    /// Size and modification time of its file when it was read, if it is a single file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stamp: Option<Stamp>,
}

/// Quickly tells whether a file has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    len: u64,
    /// Nanoseconds from the system's epoch to the last modification.
    changed: u64,
}

impl Stamp {
    /// The stamp of the file at `path`.
    pub fn of(path: &Path) -> Option<Self> {
        let file = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
        let changed = file.modified().ok()?.duration_since(UNIX_EPOCH).ok()?.as_nanos() as u64;
        Some(Self { len: file.len(), changed })
    }
}

/// Maximum number of places remembered for one set.
const MOST_PLACES: usize = 16;

/// An entry: the places where a set was found, the most recent first; in earlier versions a single one.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Entry {
    Places(Vec<Known>),
    Place(Box<Known>),
}

/// The contents of an entry, or empty.
fn read(path: &Path) -> Vec<Known> {
    let entry = crate::bounded::read(path, MOST).ok().and_then(|text| serde_json::from_slice(&text).ok());
    match entry {
        Some(Entry::Places(places)) => places,
        Some(Entry::Place(place)) => vec![*place],
        None => Vec::new(),
    }
}

impl Known {
    /// Remembers the set with this digest. If there is no cache folder, or it is not writable, nothing is remembered,
    /// and the user has to name the set.
    pub fn remember(&self, digest: &str) {
        self.remember_in(&Search::from_env(), digest);
    }

    fn remember_in(&self, search: &Search, digest: &str) {
        let Some(path) = entry(search, digest) else { return };
        let write = || -> Option<()> {
            let mut places = read(&path);
            places.retain(|known| known.path != self.path);
            places.insert(0, self.clone());
            places.truncate(MOST_PLACES);
            let text = serde_json::to_vec(&Entry::Places(places)).ok()?;
            fs::create_dir_all(path.parent()?).ok()?;
            atomic_write(&path, |out| out.write_all(&text)).ok()
        };
        write();
    }

    /// The remembered set with this digest (64 hexadecimal digits), if any: of several places one where it is
    /// unchanged, otherwise one that exists, otherwise the most recent.
    pub fn find(digest: &str) -> Option<Self> {
        Self::find_in(&Search::from_env(), digest)
    }

    fn find_in(search: &Search, digest: &str) -> Option<Self> {
        let mut places = read(&entry(search, digest)?);
        let unchanged = |known: &Self| known.stamp.is_some() && known.stamp == Stamp::of(&known.path);
        let best = places.iter().position(unchanged).or_else(|| places.iter().position(|known| known.path.exists()));
        (!places.is_empty()).then(|| places.swap_remove(best.unwrap_or(0)))
    }

    /// Its test examples, found under `digest` and read as they were then, except where `own` says otherwise. If the
    /// set has changed since, a note says so. All parts are read, because the digest covers all.
    ///
    /// # Errors
    /// If the set is missing or cannot be read.
    pub fn test_set(
        &self,
        digest: &str,
        own: &Options,
        progress: &mut dyn FnMut(LoadProgress),
    ) -> Result<TestSet, DataError> {
        let source = Source::Path(self.path.clone());
        let recorded = source.applicable(&self.options);
        let options = own.or(&recorded);
        let mut set = load_with(&source, &options, &Search::from_env(), progress)?;
        if options == recorded && set.digest() != digest {
            set.notes.push(changed(&self.path));
        }
        Ok(set.into_test())
    }
}

/// The note about a set that is not the one a network was trained on.
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
    fn of_several_places_the_unchanged_one_is_found() {
        let folder = std::env::temp_dir().join(format!("foldnet-known-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("written");
        let cache = Some(folder.join("foldnet/fashion-mnist"));
        let search = Search { chosen: None, cache, system: Vec::new(), url: String::new() };
        let digest = "0123456789abcdef".repeat(4);
        let known = |name: &str| {
            let path = folder.join(name);
            Known { stamp: Stamp::of(&path), path, options: Options::default(), channels: Vec::new() }
        };
        assert_eq!(Known::find_in(&search, &digest), None);
        for name in ["a.csv", "b.csv"] {
            fs::write(folder.join(name), "same").expect("written");
            known(name).remember_in(&search, &digest);
        }
        let found = || Known::find_in(&search, &digest).expect("remembered").path;
        assert_eq!(found(), folder.join("b.csv"), "the last one");
        fs::write(folder.join("b.csv"), "changed").expect("written");
        assert_eq!(found(), folder.join("a.csv"));
        fs::remove_file(folder.join("a.csv")).expect("removed");
        assert_eq!(found(), folder.join("b.csv"), "changed, but there");
        // As earlier versions wrote it.
        let old = serde_json::to_vec(&known("b.csv")).expect("JSON");
        fs::write(entry(&search, &digest).expect("a digest"), old).expect("written");
        assert_eq!(found(), folder.join("b.csv"));
        fs::remove_dir_all(folder).expect("removed");
    }

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

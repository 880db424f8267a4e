//! The places where Fashion-MNIST is searched, in order, and the folder it is downloaded to.

use std::env;
use std::path::{Path, PathBuf};

use crate::download::{RemoteFile, download};
use crate::error::DataError;
use crate::fashion_mnist;
use crate::idx_names::find;
use crate::progress::LoadProgress;

/// The places to search. Users get [`Search::from_env`]; tests construct their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// `$FOLDNET_DATA`: if set, only this folder is searched.
    pub chosen: Option<PathBuf>,
    /// The user's cache folder, created on a download.
    pub cache: Option<PathBuf>,
    /// Folders used by packages: `datasets/fashion-mnist` in each of `$XDG_DATA_DIRS`.
    pub system: Vec<PathBuf>,
    /// The site to download from, `$FOLDNET_DATA_URL` or the dataset's own; a file's name is appended.
    pub url: String,
}

impl Search {
    /// Reads `FOLDNET_DATA`, `FOLDNET_DATA_URL`, `XDG_DATA_DIRS`, `XDG_CACHE_HOME` and `HOME`; an empty one counts as
    /// unset.
    pub fn from_env() -> Self {
        Self::from_variables(|name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from))
    }

    fn from_variables(variable: impl Fn(&str) -> Option<PathBuf>) -> Self {
        // The XDG specification: relative paths must be ignored.
        let cache = variable("XDG_CACHE_HOME")
            .filter(|path| path.is_absolute())
            .or_else(|| variable("HOME").map(|home| home.join(".cache")));
        let url = variable("FOLDNET_DATA_URL").map(|url| url.to_string_lossy().into_owned());
        let shared = variable("XDG_DATA_DIRS").unwrap_or_else(|| "/usr/local/share:/usr/share".into());
        Self {
            chosen: variable("FOLDNET_DATA"),
            cache: cache.map(|cache| cache.join("foldnet").join(fashion_mnist::NAME)),
            system: env::split_paths(&shared).map(|folder| folder.join(fashion_mnist::PACKAGED)).collect(),
            url: url.unwrap_or_else(|| fashion_mnist::URL.into()),
        }
    }

    /// The first folder that has all of `files`; if there is none, the cache, completed by a download.
    pub(crate) fn locate(
        &self,
        files: &[RemoteFile],
        progress: &mut dyn FnMut(LoadProgress),
    ) -> Result<PathBuf, DataError> {
        if let Some(chosen) = &self.chosen {
            return Ok(chosen.clone());
        }
        let has_all = |folder: &&Path| files.iter().all(|file| find(folder, file.name).is_some());
        let mut places = self.cache.iter().chain(&self.system).map(PathBuf::as_path);
        if let Some(folder) = places.find(has_all) {
            return Ok(folder.to_owned());
        }
        let cache = self.cache.as_deref().ok_or(DataError::NoCache)?;
        let missing: Vec<_> = files.iter().filter(|file| find(cache, file.name).is_none()).copied().collect();
        download(&self.url, cache, &missing, progress)?;
        Ok(cache.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(variables: &[(&str, &str)]) -> Search {
        Search::from_variables(|name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into()))
    }

    #[test]
    fn the_cache_folder_follows_xdg_then_home() {
        let cache = |variables| search(variables).cache;
        assert_eq!(cache(&[("XDG_CACHE_HOME", "/x"), ("HOME", "/h")]), Some("/x/foldnet/fashion-mnist".into()));
        assert_eq!(cache(&[("XDG_CACHE_HOME", "x"), ("HOME", "/h")]), Some("/h/.cache/foldnet/fashion-mnist".into()));
        assert_eq!(cache(&[("HOME", "/h")]), Some("/h/.cache/foldnet/fashion-mnist".into()));
        assert_eq!(cache(&[]), None);
    }

    #[test]
    fn packages_are_looked_for_where_xdg_says() {
        let system = |variables| search(variables).system;
        let usual = ["/usr/local/share/datasets/fashion-mnist", "/usr/share/datasets/fashion-mnist"];
        assert_eq!(system(&[]), usual.map(PathBuf::from));
        assert_eq!(
            system(&[("XDG_DATA_DIRS", "/a:/b")]),
            ["/a", "/b"].map(|a| Path::new(a).join("datasets/fashion-mnist"))
        );
    }

    #[test]
    fn the_environment_overrides_folder_and_site() {
        let search = search(&[("FOLDNET_DATA", "/d"), ("FOLDNET_DATA_URL", "http://mirror/")]);
        assert_eq!((search.chosen, search.url.as_str()), (Some("/d".into()), "http://mirror/"));
    }
}

//! The names that IDX files of other sets have.

use std::path::{Path, PathBuf};

/// The file of a folder that goes by this name (with `.gz`) of Fashion-MNIST's: this one, its unpacked twin without, or
/// the only one that is named as other sets name it: `train-images.idx3-ubyte` with a dot, `emnist-letters-test-images-...`
/// with the set before and `test` for `t10k`, or a folder of that name with the file inside, as Kaggle's archive unpacks.
pub(crate) fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    let unpacked = name.strip_suffix(".gz").unwrap_or(name);
    let within = |name: &str| {
        let path = folder.join(name);
        let inside = path.join(name);
        if inside.is_file() { inside } else { path }
    };
    let exact = [name, unpacked].into_iter().map(within).find(|path| path.exists());
    exact.or_else(|| {
        let like: Vec<PathBuf> = std::fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).collect();
        let mut like = like.into_iter().filter(|path| is_like(path, unpacked));
        let first = like.next()?;
        like.next().is_none().then_some(first)
    })
}

/// Whether a file is named for the same part of another set as `unpacked` is of Fashion-MNIST.
fn is_like(path: &Path, unpacked: &str) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return false };
    let plain = name.strip_suffix(".gz").unwrap_or(name).replace(".idx", "-idx").replace("test-", "t10k-");
    // `images-idx3`: other sets may have other numbers of dimensions.
    let part = |name: &str| name.rsplit_once("-idx").map(|(front, _)| front.to_owned());
    match (part(&plain), part(unpacked)) {
        (Some(found), Some(wanted)) => found == wanted || found.ends_with(&format!("-{wanted}")),
        _ => false,
    }
}

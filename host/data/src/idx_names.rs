//! Names of the IDX files in other sets, and the folders that contain them.

use std::path::{Path, PathBuf};

use crate::fashion_mnist::ALL;

/// The file in a folder that corresponds to this name (with `.gz`) in Fashion-MNIST: the same name, the unpacked twin
/// without `.gz`, or the only one named as in other sets: `train-images.idx3-ubyte` with a dot, the short form
/// `train_images`, `Train-Images-...` in capitals, `emnist-letters-test-images-...` with the set's name and `test` for
/// `t10k`, or a folder with that name that contains the file, as Kaggle's archive unpacks.
pub(crate) fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    let unpacked = name.strip_suffix(".gz").unwrap_or(name);
    let within = |name: &str| {
        let path = folder.join(name);
        let inside = path.join(name);
        if inside.is_file() { inside } else { path }
    };
    let exact = [name, unpacked].into_iter().map(within).find(|path| path.exists());
    exact.or_else(|| match <[PathBuf; 1]>::try_from(alike(folder, name)) {
        Ok([only]) => Some(only),
        // Both a packed and an unpacked file, as is allowed for the exact names.
        Err(several) => match &several[..] {
            [unpacked, packed] if *packed == with_gz(unpacked) => Some(packed.clone()),
            _ => None,
        },
    })
}

/// Whether a folder has any file that is named like one of the set's.
pub(crate) fn any(folder: &Path) -> bool {
    ALL.iter().any(|file| find(folder, file.name).is_some() || !alike(folder, file.name).is_empty())
}

/// The files of a folder whose names resemble this one in Fashion-MNIST, sorted.
pub(crate) fn alike(folder: &Path, name: &str) -> Vec<PathBuf> {
    let unpacked = name.strip_suffix(".gz").unwrap_or(name);
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut like: Vec<PathBuf> = entries.filter(|path| is_like(path, unpacked) && path.is_file()).collect();
    like.sort();
    like
}

/// The folder with the IDX files for a given path: itself, or `raw` below it, or below a single folder within it, as in
/// torchvision's layout `MNIST/raw`.
pub(crate) fn folder(given: &Path) -> PathBuf {
    let has = |folder: &Path| ALL.iter().any(|file| find(folder, file.name).is_some());
    if has(given) {
        return given.to_owned();
    }
    let raw = given.join("raw");
    if has(&raw) {
        return raw;
    }
    let below = std::fs::read_dir(given).into_iter().flatten().flatten().map(|entry| entry.path().join("raw"));
    let mut below = below.filter(|raw| has(raw));
    match (below.next(), below.next()) {
        (Some(only), None) => only,
        _ => given.to_owned(),
    }
}

/// The packed twin of a file.
fn with_gz(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".gz");
    name.into()
}

/// Whether a file is named in another set like `unpacked` in Fashion-MNIST.
fn is_like(path: &Path, unpacked: &str) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return false };
    let name = name.to_ascii_lowercase().replace('_', "-");
    let plain = name.strip_suffix(".gz").unwrap_or(&name).replace(".idx", "-idx").replace("test-", "t10k-");
    // `images-idx3`: other sets may have other numbers of dimensions.
    let part = |name: &str| match name.rsplit_once("-idx") {
        Some((front, _)) => front.to_owned(),
        None => name.trim_end_matches("-ubyte").trim_end_matches(".ubyte").to_owned(),
    };
    let (found, wanted) = (part(&plain), part(unpacked));
    found == wanted || found.ends_with(&format!("-{wanted}"))
}

#[cfg(test)]
mod tests {
    use super::is_like;
    use std::path::Path;

    #[test]
    fn names_of_other_sets() {
        let check = |name: &str, expected| {
            assert_eq!(is_like(Path::new(name), "t10k-images-idx3-ubyte"), expected, "{name}");
        };
        [
            "t10k-images.idx3-ubyte",
            "emnist-letters-test-images-idx3-ubyte.gz",
            "test_images_idx3_ubyte",
            "test_images.idx",
            "T10k-Images-idx3-ubyte",
            "test_images",
            "t10k-images-ubyte.gz",
        ]
        .into_iter()
        .for_each(|name| check(name, true));
        ["t10k-labels-idx1-ubyte", "test_images.npy", "train_images", "images-idx3-ubyte", "test-images.txt"]
            .into_iter()
            .for_each(|name| check(name, false));
    }
}

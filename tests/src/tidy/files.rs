//! The files of the repository, without built or downloaded ones.

use super::File;
use std::path::{Path, PathBuf};

/// Folders that are not source, at any level.
const SKIPPED: [&str; 4] = [".git", "target", "__pycache__", ".venv"];

/// The repository this package is in.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("/")).to_path_buf()
}

/// Every file under `root`, by path; files that are not UTF-8 are read with replacement characters. Folders listed as
/// `/name` in the root's `.gitignore` are left out.
///
/// # Errors
/// A line with the path that cannot be read.
pub fn read(root: &Path) -> Result<Vec<File>, String> {
    let ignored = std::fs::read_to_string(root.join(".gitignore")).unwrap_or_default();
    let skipped: Vec<PathBuf> =
        ignored.lines().filter_map(|line| line.strip_prefix('/')).map(|n| root.join(n)).collect();
    let (mut folders, mut files) = (vec![root.to_path_buf()], Vec::new());
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        for entry in entries {
            let path = entry.map_err(|error| format!("{}: {error}", folder.display()))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let kind = std::fs::symlink_metadata(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            if SKIPPED.contains(&name.as_str()) || skipped.contains(&path) {
                continue;
            } else if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() {
                files.push(one(root, &path)?);
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn one(root: &Path, path: &Path) -> Result<File, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let relative = path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/");
    Ok(File { path: relative, text: String::from_utf8_lossy(&bytes).into_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_file_is_found_and_nothing_built_is() {
        let files = read(&root()).unwrap();
        let here = files.iter().find(|file| file.path == "tests/src/tidy/files.rs").unwrap();
        assert!(here.text.starts_with("//! The files of the repository"));
        assert!(files.iter().any(|file| file.path == "core/src/lib.rs"));
        assert!(files.iter().all(|file| !file.path.starts_with("target/") && !file.path.starts_with(".git/")));
    }
}

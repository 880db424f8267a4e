//! Atomic writing of files: every file that a command leaves behind goes through [`atomic_write`], except downloads, whose
//! parts stay until they are complete. Arrays are written as NumPy's `.npy`.

use crate::file_kind::NPY;
use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Prefix and suffix of a temporary file's name.
const TEMPORARY: (&str, &str) = (".foldnet-", ".part");

/// A temporary file not written to for this long was left by a killed program. (Another one of our programs may be
/// working in the same folder; that takes seconds.)
const FORGOTTEN: Duration = Duration::from_secs(3600);

/// Writes the output of `contents` to the file `path`. Afterwards the file holds all of it or, on any error, its
/// previous contents (nothing, if it did not exist).
///
/// A temporary file in the same folder is filled, synced to disk and renamed. It gets the permissions of the file that
/// it replaces, or of any new file, and is removed on failure. If the program is killed, it stays until a later run
/// writes into the same folder and finds it an hour old. A link keeps pointing at its file, even if that does not exist
/// yet. A device or pipe (`/dev/stdout`) cannot be replaced and is written to directly.
///
/// # Errors
/// One line with the path, the cause and the remedy, of the kind returned by the system (or `contents`).
pub fn atomic_write(path: &Path, contents: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let written = match fs::metadata(path) {
        Ok(found) if found.is_dir() => Err(ErrorKind::IsADirectory.into()),
        Ok(found) if !found.is_file() => File::options().write(true).open(path).and_then(|file| fill(&file, contents)),
        Ok(found) => fs::canonicalize(path).and_then(|path| replace(&path, Some(found.permissions()), contents)),
        Err(_) => followed(path).and_then(|path| replace(&path, None, contents)),
    };
    written.map_err(|error| io::Error::new(error.kind(), message(path, &error)))
}

/// Checks that [`atomic_write`] can write to `path`, before any time is spent on the contents: no file changes.
///
/// # Errors
/// As [`atomic_write`].
pub fn check_writable(path: &Path) -> io::Result<()> {
    let checked = match fs::metadata(path) {
        _ if path.as_os_str().is_empty() => Err(ErrorKind::IsADirectory.into()),
        Ok(found) if found.is_dir() => Err(ErrorKind::IsADirectory.into()),
        // A device or pipe is opened only once there is something to write.
        Ok(found) if !found.is_file() => Ok(()),
        Ok(_) => fs::canonicalize(path).and_then(|path| temporary_in(&folder(&path)).map(drop)),
        Err(_) => followed(path).and_then(|path| temporary_in(&folder(&path)).map(drop)),
    };
    checked.map_err(|error| io::Error::new(error.kind(), message(path, &error)))
}

/// Checks that files can be written to `folder`, or that it can be created, before any time is spent: no file changes.
///
/// # Errors
/// One line with the path, the cause and the remedy.
pub fn check_folder(folder: &Path) -> io::Result<()> {
    let existing = folder.ancestors().find(|folder| folder.as_os_str().is_empty() || folder.exists());
    let existing = existing.filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let checked = match existing.is_dir() {
        true => temporary_in(existing).map(drop),
        false if existing == folder => Err(io::Error::new(ErrorKind::NotADirectory, "it is a file, not a folder")),
        false => Err(io::Error::new(ErrorKind::NotADirectory, format!("{} is a file", existing.display()))),
    };
    checked.map_err(|error| io::Error::new(error.kind(), folder_message(folder, &error)))
}

/// The message for a folder that cannot be written to: what is wrong, and the remedy.
pub fn folder_message(folder: &Path, error: &io::Error) -> String {
    format!("{}: cannot be written to ({}); name another folder", folder.display(), cause(error))
}

/// Writes 32-bit floats `[N][columns]` as NumPy's `.npy`, version 1.0.
///
/// # Errors
/// As [`atomic_write`].
pub fn npy(path: &Path, values: &[f32], columns: usize) -> io::Result<()> {
    let header = npy_header(values.len() / columns.max(1), columns);
    atomic_write(path, |out| {
        out.write_all(&header)?;
        values.iter().try_for_each(|value| out.write_all(&value.to_le_bytes()))
    })
}

/// Everything before the elements, a multiple of 64 bytes long.
fn npy_header(rows: usize, columns: usize) -> Vec<u8> {
    let text = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {columns}), }}");
    let length = (10 + text.len() + 1).next_multiple_of(64) - 10;
    let mut header = [NPY, &[1, 0], &(length as u16).to_le_bytes()].concat();
    header.extend(text.bytes().chain(std::iter::repeat(b' ')).take(length - 1));
    header.push(b'\n');
    header
}

/// Refuses to write `output` over an input file, by any name and through any link, or over the data in an input folder.
///
/// # Errors
/// If it is one of `inputs`; the error names both and the remedy.
pub fn check_not_input(output: &Path, inputs: &[&Path]) -> Result<(), WouldBeLost> {
    // A folder cannot be written to as a file, which is another error.
    let lost = |input: &&&Path| !output.is_dir() && (is_same(output, input) || is_data_in(output, input));
    match inputs.iter().find(lost) {
        Some(input) => Err(WouldBeLost { output: output.to_owned(), input: (*input).to_owned() }),
        None => Ok(()),
    }
}

/// The output would replace one of its inputs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{}: would overwrite the input {}; write to another file",
    output.display(), input.display()
)]
pub struct WouldBeLost {
    /// The file to be written.
    pub output: PathBuf,
    /// The file that is read.
    pub input: PathBuf,
}

/// Whether the output is a file of a data set in this folder.
fn is_data_in(output: &Path, folder: &Path) -> bool {
    let name = output.file_name().unwrap_or_default().to_string_lossy();
    let data = ["ubyte", ".gz", ".png", "labels.txt"].iter().any(|ending| name.ends_with(ending));
    let (Ok(output), Ok(folder)) = (fs::canonicalize(output), fs::canonicalize(folder)) else { return false };
    data && output != folder && output.starts_with(&folder)
}

/// Whether two paths lead to the same file.
fn is_same(a: &Path, b: &Path) -> bool {
    let (Ok(a), Ok(b)) = (fs::canonicalize(a), fs::canonicalize(b)) else { return false };
    a == b || is_same_inode(&a, &b)
}

#[cfg(unix)]
fn is_same_inode(a: &Path, b: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let inode = |path: &Path| fs::metadata(path).ok().filter(|found| found.is_file()).map(|at| (at.dev(), at.ino()));
    inode(a).is_some_and(|a| inode(b) == Some(a))
}

#[cfg(not(unix))]
fn is_same_inode(_: &Path, _: &Path) -> bool {
    false
}

/// Maximum number of links followed one after the other, as in Linux.
const MOST_LINKS: usize = 40;

/// The final target of links, whether or not it exists.
fn followed(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::read_link(&path) {
            Ok(to) => path = folder(&path).join(to),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::new(ErrorKind::InvalidInput, "a link that leads to itself"))
}

/// `permissions` are those of the file being replaced.
fn replace(
    path: &Path,
    permissions: Option<fs::Permissions>,
    contents: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let folder = folder(path);
    remove_forgotten(&folder);
    let temporary = temporary_in(&folder)?;
    fill(temporary.as_file(), contents)?;
    if let Some(permissions) = permissions {
        temporary.as_file().set_permissions(permissions)?;
    }
    temporary.as_file().sync_all()?;
    temporary.persist(path).map(drop).map_err(|failed| failed.error)
}

/// A new temporary file, which is removed unless it is renamed.
fn temporary_in(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY.0).suffix(TEMPORARY.1);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

/// Removes files left by killed programs in `folder`, as far as possible.
fn remove_forgotten(folder: &Path) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries.filter(is_forgotten) {
        let _ = fs::remove_file(entry.path());
    }
}

fn is_forgotten(entry: &fs::DirEntry) -> bool {
    let name = entry.file_name();
    let ours = name.to_str().is_some_and(|name| name.starts_with(TEMPORARY.0) && name.ends_with(TEMPORARY.1));
    let age = || entry.metadata().ok()?.modified().ok()?.elapsed().ok();
    ours && age().is_some_and(|age| age > FORGOTTEN)
}

fn fill(file: &File, contents: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut buffer = BufWriter::new(file);
    contents(&mut buffer)?;
    buffer.flush()
}

/// The folder of `path`; for a bare file name the current folder.
fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn message(path: &Path, error: &io::Error) -> String {
    let remedy = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "free some space, or write to another disk",
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => "write to a folder you have permission for",
        ErrorKind::NotFound | ErrorKind::NotADirectory => "create its folder first",
        ErrorKind::IsADirectory => "name a file, not a folder",
        _ => "write to another place",
    };
    format!("{}: cannot be written ({}); {remedy}", path.display(), cause(error))
}

/// The system's error message, without the name of the deleted temporary file that `tempfile` adds.
fn cause(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" at path \"").next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .expect("readable")
            .map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// `contents` fails with `kind`: the previous file stays, nothing else is left, and the message says so.
    fn check_failure(kind: ErrorKind, remedy: &str) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("old");
        fs::write(&path, "old").expect("written");
        let failed = atomic_write(&path, |out| {
            out.write_all(&[1; 100_000])?;
            Err(kind.into())
        });
        let error = failed.expect_err("the contents fail");
        assert_eq!(error.kind(), kind);
        let expected = format!("{}: cannot be written ({}); {remedy}", path.display(), io::Error::from(kind));
        assert_eq!(error.to_string(), expected);
        assert_eq!(fs::read(&path).expect("still there"), b"old");
        assert_eq!(names(folder.path()), ["old"]);
    }

    #[test]
    fn a_failure_leaves_the_old_file_and_nothing_else() {
        check_failure(ErrorKind::StorageFull, "free some space, or write to another disk");
        check_failure(ErrorKind::QuotaExceeded, "free some space, or write to another disk");
        check_failure(ErrorKind::PermissionDenied, "write to a folder you have permission for");
        check_failure(ErrorKind::ReadOnlyFilesystem, "write to a folder you have permission for");
        check_failure(ErrorKind::BrokenPipe, "write to another place");
    }

    #[test]
    fn a_place_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("file"), "").expect("written");
        let check = |name: &str, expected: &str| {
            let path = folder.path().join(name);
            let error = atomic_write(&path, |out| out.write_all(b"new")).expect_err("no such place").to_string();
            assert!(error.starts_with(&format!("{}: cannot be written (", path.display())), "{error}");
            assert!(error.ends_with(expected) && !error.contains(".part"), "{error}");
            assert_eq!(check_writable(&path).expect_err("known beforehand").to_string(), error);
        };
        check("none/new", "; create its folder first");
        check("file/new", "; create its folder first");
        check("", "; name a file, not a folder");
        assert_eq!(names(folder.path()), ["file"]);
    }

    #[test]
    fn the_new_file_takes_the_old_one_s_place() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        for text in ["first", "second, which is longer", "third"] {
            atomic_write(&path, |out| out.write_all(text.as_bytes())).expect("written");
            assert_eq!(fs::read(&path).expect("there"), text.as_bytes());
        }
        assert_eq!(names(folder.path()), ["file"]);
    }

    #[test]
    fn what_a_killed_program_left_is_removed_when_it_is_old() {
        let folder = tempfile::tempdir().expect("a folder");
        let make = |name: &str, age: u64| {
            let file = File::create(folder.path().join(name)).expect("made");
            file.set_modified(std::time::SystemTime::now() - Duration::from_secs(age)).expect("aged");
        };
        make(".foldnet-old.part", 3700);
        make(".foldnet-new.part", 3500);
        make("foldnet-mine.part", 9999);
        make(".foldnet-mine", 9999);
        atomic_write(&folder.path().join("file"), |out| out.write_all(b"new")).expect("written");
        assert_eq!(names(folder.path()), [".foldnet-mine", ".foldnet-new.part", "file", "foldnet-mine.part"]);
    }

    #[test]
    fn an_array_begins_at_a_multiple_of_64() {
        for (rows, columns) in [(0, 1), (1, 2), (1_000_000, 65_535)] {
            let header = npy_header(rows, columns);
            assert!(header.len() % 64 == 0 && header.ends_with(b"\n"), "{rows} x {columns}");
            assert_eq!(usize::from(u16::from_le_bytes([header[8], header[9]])), header.len() - 10);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_named() {
        let error = atomic_write(Path::new("/dev/full"), |out| out.write_all(&[1; 100])).expect_err("full");
        assert_eq!(error.kind(), ErrorKind::StorageFull);
        let text = error.to_string();
        assert!(text.starts_with("/dev/full: cannot be written ("), "{text}");
        assert!(text.ends_with("; free some space, or write to another disk"), "{text}");
    }

    #[cfg(unix)]
    #[test]
    fn permissions_are_those_of_any_new_file_and_links_stay() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().expect("a folder");
        let [path, link, plain] = ["file", "link", "plain"].map(|name| folder.path().join(name));
        fs::write(&plain, "").expect("written");
        atomic_write(&path, |out| out.write_all(b"one")).expect("written");
        symlink("file", &link).expect("linked");
        atomic_write(&link, |out| out.write_all(b"two")).expect("written");
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode();
        assert_eq!(mode(&path), mode(&plain));
        assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
        assert_eq!(fs::read(&path).expect("there"), b"two");
    }

    #[cfg(unix)]
    #[test]
    fn permissions_of_a_replaced_file_and_links_to_nothing_stay() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().expect("a folder");
        let [path, link, far, circle] = ["file", "link", "far", "circle"].map(|name| folder.path().join(name));
        fs::write(&path, "").expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("set");
        atomic_write(&path, |out| out.write_all(b"one")).expect("written");
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        symlink("far", &link).expect("linked");
        atomic_write(&link, |out| out.write_all(b"two")).expect("written");
        assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
        assert_eq!(fs::read(&far).expect("there"), b"two");
        symlink("circle", &circle).expect("linked");
        let error = atomic_write(&circle, |out| out.write_all(b"three")).expect_err("no end").to_string();
        assert!(error.contains("circle: cannot be written"), "{error}");
        let names = names(folder.path());
        assert_eq!(names, ["circle", "far", "file", "link"]);
    }

    #[cfg(unix)]
    #[test]
    fn an_output_is_no_input_by_any_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let [input, link, twin, new] = ["in", "link", "twin", "new"].map(|name| folder.path().join(name));
        fs::write(&input, "").expect("written");
        std::os::unix::fs::symlink("in", &link).expect("linked");
        fs::hard_link(&input, &twin).expect("linked");
        let dotted = folder.path().join(".").join("in");
        for output in [&input, &link, &twin, &dotted] {
            let error = check_not_input(output, &[&new, &input]).expect_err("the input").to_string();
            assert!(error.contains("write to another file"), "{error}");
        }
        assert!(check_not_input(&new, &[&input]).is_ok() && check_not_input(&input, &[]).is_ok());
        let [images, page] = ["train-images-idx3-ubyte", "report.html"].map(|name| folder.path().join(name));
        [&images, &page].iter().for_each(|file| fs::write(file, "").expect("written"));
        assert!(
            check_not_input(&images, &[folder.path()]).is_err() && check_not_input(&page, &[folder.path()]).is_ok()
        );
    }
}

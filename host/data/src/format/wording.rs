//! Messages and help that name the formats, made from the list of them.

use super::list::FORMATS;
use super::reader::{Format, Names};
use crate::error::{InputProblem, Problem};
use crate::file_kind::FileKind;
use std::path::Path;

/// All formats, as in the help of `--dataset`: `a CSV, NPY or NPZ file, or a folder: ...`.
pub fn formats() -> String {
    format!("{}, or a folder: {}", a_file(), folders(|_, _, help| help).join(", or "))
}

/// There is nothing at a path.
pub(super) fn no_folder() -> Problem {
    let folders = folders(|_, whole, _| whole).join(" or with ");
    Problem::NoFolder { formats: format!("{}, a folder with {folders}", a_file()) }
}

/// The file at `path` has none of the formats.
pub(super) fn unknown(path: &Path) -> Problem {
    let files: Vec<String> = files().map(|(_, _, kind)| kind.to_owned()).collect();
    let (files, kind) = (format!("a {}", enumerated(&files, "or")), FileKind::at(path));
    Problem::UnknownFormat { kind, files, folders: folders(|short, _, _| short).join(" or ") }
}

/// An option for rows is given for images.
pub(crate) fn no_rows(flag: &'static str) -> Problem {
    let rows = files().filter(|(format, ..)| !format.is_images()).map(|(_, short, _)| short);
    Problem::NoRows { flag, formats: rows.collect::<Vec<_>>().join(", ") }
}

/// Data that cannot hold inputs without labels is given for them.
pub(super) fn no_inputs(found: &'static str) -> InputProblem {
    InputProblem::NoInputsAlone { found, formats: inputs() }
}

/// A file of another kind is given for inputs without labels.
pub(super) fn no_inputs_in(kind: FileKind) -> InputProblem {
    let remedy = kind.remedy().unwrap_or("give one of these");
    InputProblem::OtherKind { found: kind.name(), formats: inputs(), remedy }
}

/// The formats of inputs without labels.
fn inputs() -> String {
    let alone = files().rev().filter(|(format, ..)| format.has_inputs()).map(|(.., kind)| format!("a {kind}"));
    alone.collect::<Vec<_>>().join(", ")
}

/// `a CSV, NPY or NPZ file`
fn a_file() -> String {
    let files: Vec<String> = files().map(|(_, short, _)| short.to_owned()).collect();
    format!("a {} file", enumerated(&files, "or"))
}

/// The formats of files, with their short name and their kind.
fn files() -> impl DoubleEndedIterator<Item = (&'static Format, &'static str, &'static str)> {
    FORMATS.into_iter().filter_map(|format| match format.names {
        Names::File { short, kind } => Some((format, short, kind)),
        Names::Folder { .. } => None,
    })
}

/// One of the names of each format of folders: short, whole, or for help.
fn folders(name: fn(&'static str, &'static str, &'static str) -> &'static str) -> Vec<&'static str> {
    let names = FORMATS.into_iter().filter_map(|format| match format.names {
        Names::Folder { short, whole, help } => Some(name(short, whole, help)),
        Names::File { .. } => None,
    });
    names.collect()
}

/// `a, b or c`
fn enumerated(items: &[String], last: &str) -> String {
    match items {
        [front @ .., end] if !front.is_empty() => format!("{} {last} {end}", front.join(", ")),
        _ => items.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remedies_name_every_format() {
        let check = |found: Problem, remedy: &str| assert!(found.to_string().ends_with(remedy), "{found}");
        check(
            no_folder(),
            "give --dataset a CSV, NPY or NPZ file, a folder with four IDX files or with a folder of PNG pictures for each class, or use --dataset fashion-mnist or synthetic",
        );
        check(unknown(Path::new("none")), "give one of these, or a folder with IDX files or PNG pictures");
    }

    #[test]
    fn every_format_is_named() {
        let check = |found: String, expected: &str| assert_eq!(found.split(';').next(), Some(expected));
        check(formats(), "a CSV, NPY or NPZ file, or a folder: four IDX files, or PNG files in one folder per class");
        check(unknown(Path::new("none")).to_string(), "is not a table of text, .npy or .npz");
        check(
            no_rows("--window").to_string(),
            "--window is for tables and arrays (CSV, NPY, NPZ), but this is a set of images",
        );
        check(
            no_inputs("a folder").to_string(),
            "is a folder, but inputs without labels are a .npy, a table of text or raw values",
        );
    }
}

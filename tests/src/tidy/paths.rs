//! Paths of the repository that pages and doc comments name: each must exist.

use super::{File, Finding};

/// The paths in a page, or in a file's doc comments, that name no file or folder. `known` has the path of every file.
///
/// A path is what stands in backticks, begins with a folder of the repository's top, and has no space. It may begin at
/// the top or at any folder around the file, end in `/`, and have `*` for the rest of a name.
pub fn dead(file: &File, known: &[&str]) -> Vec<Finding> {
    let tops: Vec<&str> = known.iter().filter_map(|path| path.split_once('/')).map(|(top, _)| top).collect();
    let mut findings = Vec::new();
    for (number, line) in file.text.lines().enumerate().filter(|(_, line)| is_prose(file, line)) {
        // Every second part is between backticks.
        for quoted in line.split('`').skip(1).step_by(2).filter(|quoted| is_path(quoted, &tops)) {
            if !around(&file.path).any(|folder| exists(&format!("{folder}{quoted}"), known)) {
                findings.push(Finding::at(file, number + 1, format!("`{quoted}` is no path of the repository")));
            }
        }
    }
    findings
}

/// Whether a line is text for readers: in a page each one, in Rust a doc comment.
fn is_prose(file: &File, line: &str) -> bool {
    let line = line.trim_start();
    file.path.ends_with(".md") || file.path.ends_with(".rs") && (line.starts_with("//!") || line.starts_with("///"))
}

fn is_path(quoted: &str, tops: &[&str]) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || "/_-.*".contains(c);
    quoted.chars().all(part)
        && quoted.split_once('/').is_some_and(|(top, rest)| !rest.is_empty() && tops.contains(&top))
}

/// The repository's top (the empty path), and every folder around a file, each with `/` at its end.
fn around(path: &str) -> impl Iterator<Item = &str> {
    std::iter::once("").chain(path.match_indices('/').map(|(at, _)| &path[..=at]))
}

/// Whether a path is a file or folder; `*` stands for any characters of one name.
fn exists(path: &str, known: &[&str]) -> bool {
    let parts: Vec<&str> = path.trim_end_matches('/').split('/').collect();
    known.iter().any(|known| {
        let known: Vec<&str> = known.split('/').collect();
        known.len() >= parts.len() && parts.iter().zip(known).all(|(part, name)| matches(part, name))
    })
}

/// Whether a name has this pattern, in which one `*` may stand for any characters.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        Some((front, back)) => {
            name.len() >= front.len() + back.len() && name.starts_with(front) && name.ends_with(back)
        }
        None => pattern == name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 4] =
        ["core/src/lib.rs", "host/src/a/b.rs", "host/tests/cli/main.rs", "tests/tests/all/files.rs"];

    fn check(path: &str, text: &str, expected: &[usize]) {
        let found: Vec<_> = dead(&File::new(path, text), &KNOWN).iter().map(|finding| finding.line).collect();
        assert_eq!(found, expected, "{path}: {text}");
    }

    #[test]
    fn paths_that_do_not_exist_are_found() {
        check("docs/a.md", "see `core/src/lib.rs`, `core/`,\n`core/src` and `core/src/*.rs`", &[]);
        check("docs/a.md", "fine\n`tests/files.rs`, `core/src/lib.md`", &[2, 2]);
        check("docs/a.md", "`core/src/x*.rs`", &[1]);
        check("host/src/a/b.rs", "//! `tests/cli` beside it\n/// `tests/format.rs`\nlet x = 1; // `core/none`", &[2]);
    }

    #[test]
    fn other_words_in_backticks_are_none() {
        check("README.md", "`dense/kernel`, `runs/after`, `cargo test -p tests/x`, `core/`, `host/import: x`", &[]);
    }
}

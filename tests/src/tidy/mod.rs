//! The gates on the source of the whole repository: each is a function from the text of files to findings, so that
//! tests can show that it finds something.
//!
//! [`files`] finds the files; [`tokens`] reads Rust as tokens, so that comments and strings are not mistaken for code;
//! [`text`], [`functions`], [`code`], [`manifests`], [`dependencies`], [`paths`], [`rooms`] and [`figures`] contain
//! the gates.

pub mod circles;
pub mod code;
pub mod dependencies;
pub mod figures;
pub mod files;
pub mod functions;
pub mod manifests;
pub mod paths;
pub mod rooms;
pub mod scripts;
pub mod text;
pub mod tokens;

use std::fmt;

/// A file of the repository.
#[derive(Debug, Clone, PartialEq)]
pub struct File {
    /// Relative to the repository's root, with `/`.
    pub path: String,
    /// Its contents.
    pub text: String,
}

impl File {
    /// A file from its path and text.
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// Whether any folder of the path has one of these names.
    pub fn is_under(&self, folders: &[&str]) -> bool {
        let folder = self.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        folder.split('/').any(|name| folders.contains(&name))
    }

    /// Whether the whole file is test code: in a package's `tests` or `benches`, or a `tests.rs`. (The package at
    /// `tests/` has its own `src` and `tests`.)
    pub fn is_test(&self) -> bool {
        let inner = self.path.strip_prefix("tests/").unwrap_or(&self.path);
        File::new(inner, "").is_under(&["tests", "benches"]) || self.path.ends_with("/tests.rs")
    }
}

/// A violation of a gate.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// The fault and its remedy.
    pub what: String,
}

impl Finding {
    /// A finding at a line of `file`.
    pub fn at(file: &File, line: usize, what: impl Into<String>) -> Self {
        Self { path: file.path.clone(), line, what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_code_is_told_by_its_folder() {
        let is_test = |path| File::new(path, "").is_test();
        assert!(is_test("core/tests/a.rs") && is_test("tests/tests/a.rs") && is_test("host/data/tests/a/b.rs"));
        assert!(is_test("core/src/infer/tests.rs") && is_test("host/benches/a.rs"));
        assert!(!is_test("tests/src/a.rs") && !is_test("core/src/a.rs") && !is_test("core/build.rs"));
        assert!(!File::new("core/src/kernel.rs", "").is_under(&["kernel"]));
        assert!(File::new("core/src/kernel/x.rs", "").is_under(&["arch", "kernel"]));
    }
}

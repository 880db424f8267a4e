//! Gates on the text of a file: its opening, its length, its width, and forbidden mentions.

use super::{File, Finding};

/// Maximum number of lines in a file that is not a test.
pub const LONGEST_FILE: usize = 500;

/// A Rust file must begin with `//!`.
pub fn opening(file: &File) -> Vec<Finding> {
    let text = file.text.lines().next().and_then(|line| line.strip_prefix("//!"));
    if text.is_some_and(|text| !text.trim().is_empty()) {
        return Vec::new();
    }
    vec![Finding::at(file, 1, "must begin with a `//!` line that says what the file owns")]
}

/// A Rust file that is not a test may have at most [`LONGEST_FILE`] lines.
pub fn length(file: &File) -> Vec<Finding> {
    let lines = file.text.lines().count();
    if lines <= LONGEST_FILE || file.is_test() {
        return Vec::new();
    }
    vec![Finding::at(file, lines, format!("{lines} lines, {LONGEST_FILE} at most: split it by concern"))]
}

/// Maximum number of columns in a line of Markdown, except for tables, code blocks, and a single longer link.
pub const WIDEST_LINE: usize = 120;

/// A line of Markdown has at most [`WIDEST_LINE`] columns.
pub fn columns(file: &File) -> Vec<Finding> {
    let (mut findings, mut code) = (Vec::new(), false);
    for (number, line) in file.text.lines().enumerate() {
        let (start, columns) = (line.trim_start(), line.chars().count());
        code ^= start.starts_with("```");
        let whole = code || start.starts_with(['|', '`', '#', '<']) || !start.contains(' ');
        if columns > WIDEST_LINE && !whole {
            findings.push(Finding::at(file, number + 1, format!("{columns} columns, {WIDEST_LINE} at most: wrap it")));
        }
    }
    findings
}

/// Text that no file may mention, assembled here so that this file does not: paths on one machine, and hosts of package
/// registries (a lock file names its registry and is checked by [`sources`]).
const FORBIDDEN: [&str; 9] = [
    concat!("/wo", "rk/"),
    concat!("crates", ".io"),
    concat!("pypi", ".org"),
    concat!("pythonhosted", ".org"),
    concat!("deb.debian", ".org"),
    concat!("npmjs", ".org"),
    concat!("npmjs", ".com"),
    concat!("proxy.golang", ".org"),
    concat!("registry.yarn", "pkg.com"),
];

/// No file mentions a path on one machine or a registry's host.
pub fn mentions(file: &File) -> Vec<Finding> {
    if file.path.ends_with("Cargo.lock") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (line, text) in file.text.lines().enumerate() {
        let text = text.to_lowercase();
        for needle in FORBIDDEN.into_iter().filter(|needle| text.contains(needle)) {
            findings.push(Finding::at(
                file,
                line + 1,
                format!("mentions `{needle}`, which only some machines can reach"),
            ));
        }
    }
    findings
}

/// The one source that a lock file may name.
const REGISTRY: &str = concat!("registry+https://github.com/rust-lang/crates", ".io-index");

/// Every package of a lock file comes from the registry or from the workspace, which has no source.
pub fn sources(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (line, text) in file.text.lines().enumerate() {
        let Some(source) = text.trim().strip_prefix("source = ") else { continue };
        if source.trim_matches('"') != REGISTRY {
            findings.push(Finding::at(file, line + 1, format!("a source that is not the registry: {source}")));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(findings: Vec<Finding>) -> Vec<usize> {
        findings.iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn wide_lines_of_markdown_are_found() {
        let wide = "word ".repeat(25);
        let lines = |text: &str| columns(&File::new("a.md", text)).iter().map(|found| found.line).collect::<Vec<_>>();
        assert_eq!(lines(&format!("fine\n{wide}\n| {wide}\n```\n{wide}\n```\n{wide}")), [2, 7]);
        assert!(lines(&format!("{}\n{}", "w".repeat(200), &wide[..120])).is_empty());
    }

    #[test]
    fn a_file_without_an_opening_is_found() {
        let check = |text| lines(opening(&File::new("a.rs", text)));
        assert!(check("//! What it owns.\n").is_empty());
        for text in ["", "\n//! Late", "// Not a doc", "/// Of something else", "//!\n//!", "#![no_std]\n//! Late"] {
            assert_eq!(check(text), [1], "{text:?}");
        }
    }

    #[test]
    fn a_long_file_is_found_unless_it_is_a_test() {
        let check = |path, count| lines(length(&File::new(path, &"\n".repeat(count))));
        assert!(check("core/src/a.rs", 500).is_empty());
        assert_eq!(check("core/src/a.rs", 501), [501]);
        assert_eq!(check("tests/src/a.rs", 501), [501]);
        assert!(check("tests/tests/a.rs", 501).is_empty());
    }

    #[test]
    fn every_forbidden_mention_is_found() {
        for needle in FORBIDDEN {
            let file = File::new("README.md", &format!("fine\nsee {} for more", needle.to_uppercase()));
            assert_eq!(lines(mentions(&file)), [2], "{needle}");
            assert!(mentions(&File { path: "Cargo.lock".into(), ..file }).is_empty());
        }
        assert!(mentions(&File::new("a.rs", "a network / a framework / the work/ folder")).is_empty());
    }

    #[test]
    fn a_foreign_source_is_found() {
        let check = |source| lines(sources(&File::new("Cargo.lock", &format!("[[package]]\nsource = \"{source}\"\n"))));
        assert!(check(REGISTRY).is_empty());
        assert_eq!(check("git+https://example.org/a.git#0123"), [2]);
        assert_eq!(check("registry+https://example.org/index"), [2]);
        assert_eq!(check(&format!("{REGISTRY}-mirror")), [2]);
    }
}

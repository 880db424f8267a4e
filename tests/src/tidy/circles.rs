//! Circles of files: a file that uses another must not be used by it, neither directly nor through others. A parent may
//! re-export its children, but they must not use what its file defines.
//!
//! Uses are paths of names. Not seen: what goes through the crate's root (`crate::Name`), methods that another file
//! implements, and modules within a file, such as core's `cases`.

use super::tokens::Tokens;
use super::{File, Finding};
use proc_macro2::Delimiter;
use std::collections::{BTreeMap, BTreeSet};

/// What one file uses: modules of its crate, with the line of the first use.
type Uses = BTreeMap<String, usize>;

/// The circles among the crate's files in `folder`, such as `core/src/`; those of tests are left out.
///
/// # Errors
/// When a file is not Rust.
pub fn circles(folder: &str, files: &[File]) -> Result<Vec<Finding>, String> {
    let named = files.iter().filter(|file| !file.is_test()).filter_map(|file| Some((module(folder, file)?, file)));
    let modules: BTreeMap<String, &File> = named.collect();
    let mut graph: BTreeMap<&str, Uses> = BTreeMap::new();
    for (own, file) in &modules {
        let tokens = Tokens::read(file)?;
        let mut uses = Uses::new();
        for (names, line) in paths(&tokens) {
            let target = absolute(own, &names).and_then(|names| longest(&names, &modules));
            if let Some(target) = target.filter(|target| target != own) {
                uses.entry(target).or_insert(line);
            }
        }
        graph.insert(own, uses);
    }
    let mut findings = Vec::new();
    let mut seen = BTreeSet::new();
    for own in graph.keys() {
        let circle: BTreeSet<&str> =
            reached(&graph, own).into_iter().filter(|other| reached(&graph, other).contains(own)).collect();
        let (Some(file), Some(other)) =
            (modules.get(*own), graph[own].iter().find(|(to, _)| circle.contains(to.as_str())))
        else {
            continue;
        };
        if seen.insert(circle.clone()) {
            let names = circle.into_iter().collect::<Vec<_>>().join(", ");
            findings.push(Finding::at(file, *other.1, format!("these files use each other: {names}")));
        }
    }
    Ok(findings)
}

/// The module of a file, `a::b`; `None` for the crate's root and for other files.
fn module(folder: &str, file: &File) -> Option<String> {
    let path = file.path.strip_prefix(folder)?.strip_suffix(".rs")?;
    let path = path.strip_suffix("/mod").unwrap_or(path);
    (!["lib", "main"].contains(&path)).then(|| path.replace('/', "::"))
}

/// All modules that a module uses, directly or through others.
fn reached<'a>(graph: &'a BTreeMap<&'a str, Uses>, from: &str) -> BTreeSet<&'a str> {
    let (mut found, mut waiting) = (BTreeSet::new(), vec![from]);
    while let Some(module) = waiting.pop() {
        for to in graph.get(module).into_iter().flat_map(Uses::keys) {
            if found.insert(to.as_str()) {
                waiting.push(to);
            }
        }
    }
    found
}

/// The names of a path from the crate's root; `None` if it does not begin in this crate.
fn absolute(own: &str, names: &[String]) -> Option<Vec<String>> {
    let own: Vec<String> = own.split("::").map(str::to_owned).collect();
    let supers = names.iter().take_while(|name| *name == "super").count();
    let from = match names.first()?.as_str() {
        "crate" => return Some(names[1..].to_vec()),
        "self" => [&own, &names[1..]].concat(),
        "super" => [&own[..own.len().checked_sub(supers)?], &names[supers..]].concat(),
        _ => [&own, names].concat(),
    };
    Some(from)
}

/// The longest beginning of a path that is a module; for a path from a module without such a child, itself.
fn longest(names: &[String], modules: &BTreeMap<String, &File>) -> Option<String> {
    (1..=names.len()).rev().map(|len| names[..len].join("::")).find(|name| modules.contains_key(name))
}

/// The paths of a file outside tests, and outside modules within the file, each with its line. Paths in braces are
/// written out.
fn paths(tokens: &Tokens) -> Vec<(Vec<String>, usize)> {
    let (in_tests, mut found, mut at) = (tokens.in_tests(), Vec::new(), 0);
    while at < tokens.len() {
        let scope = tokens.ident(at + 2).is_some_and(|word| ["crate", "super", "self", "in"].contains(&word));
        let visibility = tokens.ident(at) == Some("pub") && scope;
        let inline = tokens.ident(at) == Some("mod") && tokens.group(at + 2, Delimiter::Brace).is_some();
        let skipped = if inline { at + 2 } else { at + 1 };
        if let Some(close) = tokens.any_group(skipped).filter(|_| inline || visibility) {
            at = close + 1;
            continue;
        }
        let begins = tokens.ident(at).is_some() && tokens.is_path_separator(at + 1);
        if begins && !in_tests[at] && !(at >= 2 && tokens.is_path_separator(at - 2)) {
            written_out(tokens, at, &[], &mut found);
        }
        at += 1;
    }
    found
}

/// Adds the path that begins at a place, after `before`.
fn written_out(tokens: &Tokens, mut at: usize, before: &[String], found: &mut Vec<(Vec<String>, usize)>) {
    let (mut names, line) = (before.to_vec(), tokens.line(at));
    while let Some(name) = tokens.ident(at) {
        names.push(name.to_owned());
        if !tokens.is_path_separator(at + 1) {
            return found.push((names, line));
        }
        at += 3;
    }
    let Some(close) = tokens.group(at, Delimiter::Brace) else { return found.push((names, line)) };
    let (mut at, mut first) = (at + 1, true);
    while at < close {
        if first {
            written_out(tokens, at, &names, found);
        }
        first = tokens.is(at, ',');
        at = tokens.any_group(at).unwrap_or(at) + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(files: &[(&str, &str)], expected: &[&str]) {
        let files: Vec<File> = files.iter().map(|(path, text)| File::new(&format!("a/src/{path}"), text)).collect();
        let found = circles("a/src/", &files).unwrap();
        let found: Vec<_> =
            found.iter().map(|finding| format!("{}:{}: {}", finding.path, finding.line, finding.what)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn files_that_use_each_other_are_found() {
        check(
            &[("x.rs", "use crate::y::A;"), ("y.rs", "fn f() {\n    super::x::g()\n}")],
            &["a/src/x.rs:1: these files use each other: x, y"],
        );
        check(
            &[("x/mod.rs", "mod y;\npub use y::A;\nstruct B;"), ("x/y.rs", "use super::{B, C};")],
            &["a/src/x/mod.rs:2: these files use each other: x, x::y"],
        );
        check(
            &[
                ("x.rs", "use crate::{m::{n, o::A}, y};"),
                ("y.rs", "use crate::m::B;"),
                ("m/mod.rs", ""),
                ("m/o.rs", "use crate::x::C;"),
            ],
            &["a/src/m/o.rs:1: these files use each other: m::o, x"],
        );
    }

    #[test]
    fn parents_that_re_export_and_tests_are_no_circles() {
        check(&[("x/mod.rs", "mod y;\nmod z;\npub use y::A;"), ("x/y.rs", "use super::z::B;"), ("x/z.rs", "")], &[]);
        check(&[("x.rs", "use crate::y::A;"), ("y.rs", "#[cfg(test)]\nmod tests { use crate::x::B; }")], &[]);
        check(
            &[("x.rs", "mod y;\nuse y::A;"), ("x/y.rs", "pub(in crate::x) fn f() {}\nmod of { use super::A; }")],
            &[],
        );
        check(&[("x.rs", "struct A(pub (u8, u8), pub(crate) u8);"), ("y.rs", "use crate::x::A;")], &[]);
        check(&[("lib.rs", "use x::A;"), ("x.rs", "use crate::B;\nuse super::C;\nuse std::x::D;")], &[]);
    }
}

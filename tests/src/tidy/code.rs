//! Gates on Rust's tokens: where `unsafe` is allowed, what core must not name, silenced lints, and crates that a crate
//! must not depend on.

use super::tokens::Tokens;
use super::{File, Finding};
use proc_macro2::Delimiter;

/// The folders where `unsafe` is allowed.
pub const UNSAFE_FOLDERS: [&str; 2] = ["kernel", "arch"];

/// The interface to C, whose functions take pointers: the other place where `unsafe` is allowed.
pub const UNSAFE_BORDER: &str = "c/src/ffi/";

/// Whether a file may contain `unsafe`, and the silenced lint that this requires.
fn may_be_unsafe(file: &File) -> bool {
    file.is_under(&UNSAFE_FOLDERS) || file.path.starts_with(UNSAFE_BORDER)
}

/// `unsafe` only under [`UNSAFE_FOLDERS`] and [`UNSAFE_BORDER`].
///
/// # Errors
/// When the file is not Rust.
pub fn no_unsafe(file: &File) -> Result<Vec<Finding>, String> {
    if may_be_unsafe(file) {
        return Ok(Vec::new());
    }
    let tokens = Tokens::read(file)?;
    let found = (0..tokens.len()).filter(|&at| tokens.ident(at) == Some("unsafe"));
    Ok(found
        .map(|at| {
            Finding::at(file, tokens.line(at), "`unsafe` outside a folder `kernel` or `arch`, and outside c/src/ffi")
        })
        .collect())
}

/// No lint is silenced, by `allow` or `expect`, outside [`UNSAFE_FOLDERS`] and [`UNSAFE_BORDER`].
///
/// # Errors
/// When the file is not Rust.
pub fn no_silenced_lint(file: &File) -> Result<Vec<Finding>, String> {
    if may_be_unsafe(file) {
        return Ok(Vec::new());
    }
    let tokens = Tokens::read(file)?;
    let mut findings = Vec::new();
    for (open, close) in (0..tokens.len()).filter_map(|at| tokens.attribute(at)) {
        for at in open..close {
            let silences = matches!(tokens.ident(at), Some("allow" | "expect"));
            if let Some(end) = tokens.group(at + 1, Delimiter::Parenthesis).filter(|_| silences) {
                let lints: Vec<_> = (at + 2..end).filter_map(|at| tokens.ident(at)).collect();
                let what = format!("silences `{}`: fix the cause instead", lints.join("::"));
                findings.push(Finding::at(file, tokens.line(at), what));
            }
        }
    }
    Ok(findings)
}

/// Neither `std` nor `alloc` is named as a crate, outside tests.
///
/// # Errors
/// When the file is not Rust.
pub fn no_std_no_alloc(file: &File) -> Result<Vec<Finding>, String> {
    named_crates(file, &["std", "alloc"], "not allowed in core")
}

/// None of `crates` is named, outside tests.
///
/// # Errors
/// When the file is not Rust.
pub fn named_crates(file: &File, crates: &[&str], why: &str) -> Result<Vec<Finding>, String> {
    if file.is_test() {
        return Ok(Vec::new());
    }
    let tokens = Tokens::read(file)?;
    let in_tests = tokens.in_tests();
    let mut findings = Vec::new();
    for at in (0..tokens.len()).filter(|&at| !in_tests[at] && is_crate(&tokens, at)) {
        if let Some(name) = tokens.ident(at).filter(|name| crates.contains(name)) {
            findings.push(Finding::at(file, tokens.line(at), format!("names the crate `{name}`, which {why}")));
        }
    }
    Ok(findings)
}

/// Whether the name at a position begins a path, or is imported by `use` or `extern crate`; a local variable called
/// `std` does not count.
fn is_crate(tokens: &Tokens, at: usize) -> bool {
    let before = |back: usize| at.checked_sub(back).and_then(|at| tokens.ident(at));
    let brought_in = before(1) == Some("use") || (before(1) == Some("crate") && before(2) == Some("extern"));
    // `a::std::b` is a module of `a`; `::std::b` and `<T>::std` are told apart by what comes before the colons.
    let inside_path = at >= 3 && tokens.is_path_separator(at - 2) && tokens.ident(at - 3).is_some_and(is_path_start);
    brought_in || (tokens.is_path_separator(at + 1) && !inside_path)
}

/// Keywords before `::` are not part of a path, as in `use ::std::mem` or `return ::std::mem::take(x)`.
fn is_path_start(ident: &str) -> bool {
    !["use", "return", "in", "as", "mut", "dyn", "impl", "else", "match", "if"].contains(&ident)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Gate = fn(&File) -> Result<Vec<Finding>, String>;

    fn check(gate: Gate, text: &str, expected: &[usize]) {
        check_at("core/src/a.rs", gate, text, expected);
    }

    fn check_at(path: &str, gate: Gate, text: &str, expected: &[usize]) {
        let lines: Vec<_> = gate(&File::new(path, text)).unwrap().iter().map(|finding| finding.line).collect();
        assert_eq!(lines, expected, "{path}: {text}");
    }

    #[test]
    fn unsafe_is_found_outside_its_folders() {
        let text = "fn a() {\n unsafe { b() }\n}";
        check(no_unsafe, text, &[2]);
        check(no_unsafe, "unsafe impl Send for A {}\nunsafe fn b() {}", &[1, 2]);
        check(no_unsafe, "macro_rules! m { () => { unsafe {} } }", &[1]);
        check(no_unsafe, "#[unsafe(no_mangle)]\nfn a() {}", &[1]);
        check(no_unsafe, "#![deny(unsafe_code)]\n// unsafe\nconst A: &str = \"unsafe\";", &[]);
        check_at("core/src/infer/kernel/a.rs", no_unsafe, text, &[]);
        check_at("firmware-sim/src/arch/a.rs", no_unsafe, text, &[]);
        check_at("c/src/ffi/a.rs", no_unsafe, text, &[]);
        check_at("c/src/a.rs", no_unsafe, text, &[2]);
        check_at("host/src/ffi/a.rs", no_unsafe, text, &[2]);
        check_at("core/src/kernel.rs", no_unsafe, text, &[2]);
        check_at("tests/tests/a.rs", no_unsafe, text, &[2]);
    }

    #[test]
    fn silenced_lints_are_found_outside_the_folders_of_unsafe() {
        check(no_silenced_lint, "//! A.\n#![allow(unsafe_code)]", &[2]);
        check(no_silenced_lint, "#[expect(dead_code)]\nfn a() {}", &[1]);
        check(no_silenced_lint, "#[cfg_attr(test, allow(clippy::all))]\nfn a() {}", &[1]);
        check(no_silenced_lint, "fn a() {\n #[allow(unused)]\n let b = 1;\n}", &[2]);
        check(no_silenced_lint, "#[should_panic(expected = \"a\")]\nfn a() { b.expect(\"c\"); allow(d) }", &[]);
        check_at("host/src/compute/arch/a.rs", no_silenced_lint, "#![allow(unsafe_code)]", &[]);
    }

    #[test]
    fn std_and_alloc_are_found_as_crates() {
        check(
            no_std_no_alloc,
            "use std::mem;\nuse alloc::vec::Vec;\nextern crate alloc;\nuse std as s;",
            &[1, 2, 3, 4],
        );
        check(no_std_no_alloc, "fn a() {\n std::mem::drop(1);\n ::std::mem::drop(1);\n}", &[2, 3]);
        check(no_std_no_alloc, "use ::alloc::vec;\nuse {std::mem, core::fmt};", &[1, 2]);
        check(no_std_no_alloc, "use core::mem;\nfn a(std: f32) -> f32 { std[0] + crate::alloc::b() + std }", &[]);
        check(no_std_no_alloc, "//! Without std::mem.\n// std::mem\nconst A: &str = \"std::mem\";", &[]);
        check(no_std_no_alloc, "#[cfg(test)]\nmod tests {\n extern crate std;\n use std::vec::Vec;\n}", &[]);
        check_at("core/tests/a.rs", no_std_no_alloc, "use std::mem;", &[]);
    }

    #[test]
    fn foreign_crates_are_found() {
        let gate: Gate = |file| named_crates(file, &["foldnet", "foldnet_sim"], "it does not know");
        check(gate, "use foldnet::train;\nfn a() { foldnet_sim::run() }\nuse foldnet_core::Layer;", &[1, 2]);
    }
}

//! Checks that the tests that scripts name exist: a filter that matches nothing passes.

use super::{File, Finding};

/// Whether the package that has `path` builds it as the test program `name`.
fn is_program(path: &str, name: &str) -> bool {
    path.ends_with(&format!("/tests/{name}.rs")) || path.ends_with(&format!("/tests/{name}/main.rs"))
}

/// The words of a line, without what quotes and brackets them.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let code = line.split(" # ").next().unwrap_or(line);
    let bracket = |c: char| c == '(' || c == ')' || c == '"' || c == '\'';
    code.split_whitespace().map(move |word| word.rsplit(bracket).find(|part| !part.is_empty()).unwrap_or_default())
}

/// The module and the function of a filter: `parity::the_m4f`, or `fold::` for a whole module.
fn filter(word: &str) -> Option<(&str, &str)> {
    let is_name =
        |name: &str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    let (module, function) = word.split_once("::")?;
    (!module.is_empty() && is_name(module) && is_name(function)).then_some((module, function))
}

/// Every `--test NAME` of a script must be a test program, and every filter a module of a file in `files`, with the function
/// that it names.
pub fn tests_exist(script: &File, files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in script.text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with('#')) {
        let programs = words(line).zip(words(line).skip(1)).filter(|(option, _)| *option == "--test");
        for (_, name) in programs.filter(|(_, name)| files.iter().all(|file| !is_program(&file.path, name))) {
            findings.push(Finding::at(script, index + 1, format!("no package has a test program `{name}`")));
        }
        for (module, function) in words(line).filter_map(filter) {
            let names = [format!("/{module}.rs"), format!("/{module}/mod.rs")];
            let mut modules = files.iter().filter(|file| names.iter().any(|name| file.path.ends_with(name)));
            if !modules.any(|file| function.is_empty() || file.text.contains(&format!("fn {function}()"))) {
                findings.push(Finding::at(script, index + 1, format!("no test is called `{module}::{function}`")));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: &[&str]) {
        let files = [
            File::new("a/tests/all/main.rs", ""),
            File::new("a/tests/tidy.rs", ""),
            File::new("a/tests/all/parity.rs", "#[test]\nfn the_m4f() {}\n"),
            File::new("a/src/compute/mod.rs", ""),
        ];
        let found = tests_exist(&File::new("scripts/x", line), &files);
        assert_eq!(found.iter().map(Finding::to_string).collect::<Vec<_>>(), expected, "{line}");
    }

    #[test]
    fn programs_and_filters_exist() {
        check("cargo test -p a --test all --test tidy -- --exact parity::the_m4f", &[]);
        check("across=(parity:: compute::)", &[]);
        check("# cargo test --test none", &[]);
        check("(cd a; cargo test --test fold)", &["scripts/x:1: no package has a test program `fold`"]);
        check("cargo test -- parity::the_m0", &["scripts/x:1: no test is called `parity::the_m0`"]);
        check("across=(compute:: fold::)", &["scripts/x:1: no test is called `fold::`"]);
    }
}

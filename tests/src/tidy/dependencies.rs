//! Checks the page on dependencies: each with its reason, their number, and their licences.

use super::{File, Finding, manifests};
use std::collections::BTreeSet;
use toml::{Table, Value};

/// Licences under which a dependency must be available: those of `deny.toml`.
///
/// # Errors
/// If the file has no such list.
pub fn licences(deny: &File) -> Result<Vec<String>, String> {
    let table: Table = deny.text.parse().map_err(|error| format!("{}: cannot be read: {error}", deny.path))?;
    let allowed = table.get("licenses").and_then(|licences| licences.get("allow")).and_then(Value::as_array);
    let names = allowed.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>();
    if names.is_empty() { Err(format!("{}: allows no licence", deny.path)) } else { Ok(names) }
}

/// Every permitted licence is named on the page, apart from its exception.
pub fn licences_are_named(page: &File, licences: &[String]) -> Vec<Finding> {
    let named = |licence: &str| licence.split(" WITH ").take(1).all(|name| page.text.contains(name));
    let missing = licences.iter().filter(|licence| !named(licence));
    missing.map(|licence| Finding::at(page, 1, format!("must name {licence}, which deny.toml allows"))).collect()
}

/// A row of the page: dependency, the packages that have it, and its line.
struct Row<'a> {
    name: &'a str,
    packages: Vec<&'a str>,
    line: usize,
}

/// The rows of three cells whose second names packages of Foldnet.
fn rows(page: &File) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for (index, text) in page.text.lines().enumerate() {
        let cells: Vec<_> = text.trim().trim_matches('|').split('|').map(str::trim).collect();
        let [name, packages, why] = cells[..] else { continue };
        let packages: Vec<_> = packages.split(", ").collect();
        if !why.is_empty() && packages.iter().all(|package| package.starts_with("foldnet")) {
            rows.push(Row { name, packages, line: index + 1 });
        }
    }
    rows
}

/// Every direct dependency of every package has its row on the page, and every row its dependency.
///
/// # Errors
/// When a manifest cannot be read.
pub fn reasons(page: &File, packages: &[File], workspace: &File) -> Result<Vec<Finding>, String> {
    let (mut findings, rows) = (Vec::new(), rows(page));
    let stated: BTreeSet<_> = rows.iter().flat_map(|row| row.packages.iter().map(|p| (*p, row.name))).collect();
    let mut found = BTreeSet::new();
    for manifest in packages {
        let (package, names) = manifests::foreign_dependencies(manifest, workspace)?;
        for name in names {
            if !stated.contains(&(package.as_str(), name.as_str())) {
                findings.push(Finding::at(page, 1, format!("no reason for {name} of {package}: add it to the table")));
            }
            found.insert((package.clone(), name));
        }
    }
    for row in &rows {
        let gone = row.packages.iter().filter(|package| !found.contains(&(package.to_string(), row.name.to_owned())));
        findings.extend(gone.map(|package| Finding::at(page, row.line, format!("{package} has no {}", row.name))));
    }
    Ok(findings)
}

/// Every direct dependency of a package is named in a Rust file of that package. `all` are the repository's files.
///
/// # Errors
/// If a manifest cannot be read.
pub fn unused(packages: &[File], all: &[File], workspace: &File) -> Result<Vec<Finding>, String> {
    let folder = |path: &str| path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    let folders: Vec<_> = packages.iter().map(|manifest| folder(&manifest.path)).collect();
    // A package may lie in another one's folder.
    let owner =
        |path: &str| folders.iter().filter(|folder| path.starts_with(*folder)).max_by_key(|folder| folder.len());
    let mut findings = Vec::new();
    for manifest in packages {
        let mine = folder(&manifest.path);
        let code: Vec<_> =
            all.iter().filter(|file| file.path.ends_with(".rs") && owner(&file.path) == Some(&mine)).collect();
        for name in manifests::dependency_names(manifest, workspace)? {
            if !code.iter().any(|file| names(&file.text, &name)) {
                findings.push(Finding::at(manifest, 1, format!("no file of the package names `{name}`: remove it")));
            }
        }
    }
    Ok(findings)
}

/// Whether a text has the name as a word.
fn names(text: &str, name: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name)
}

/// Checks that the page states the number of external packages in the lock file.
pub fn count(page: &File, lock: &File) -> Vec<Finding> {
    let expected = format!("names {} packages", lock.text.lines().filter(|line| line.starts_with("source = ")).count());
    if page.text.contains(&expected) {
        return Vec::new();
    }
    vec![Finding::at(page, 1, format!("must say that `Cargo.lock` {expected}; is each of them worth it?"))]
}

/// Whether an SPDX expression offers a choice whose parts are all in `licences`. Parentheses may enclose choices.
pub fn is_permitted(expression: &str, licences: &[String]) -> bool {
    // Written before SPDX: a slash for OR.
    let expression = expression.replace('/', " OR ");
    let part = |part: &str| {
        let choices = part.trim().trim_start_matches('(').trim_end_matches(')');
        choices.split(" OR ").any(|licence| licences.iter().any(|permitted| permitted == licence.trim()))
    };
    match expression.contains('(') {
        true => expression.split(" AND ").all(part),
        false => expression.split(" OR ").any(|choice| choice.split(" AND ").all(part)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(page: &str, dependencies: &str, expected: &[&str]) {
        let manifest = File::new("a/Cargo.toml", &format!("[package]\nname = \"foldnet-core\"\n{dependencies}"));
        let workspace = File::new("Cargo.toml", "[workspace.dependencies]\nfoldnet-core = { path = \"core\" }");
        let found = reasons(&File::new("page.md", page), &[manifest], &workspace).unwrap();
        assert_eq!(found.iter().map(Finding::to_string).collect::<Vec<_>>(), expected, "{page}");
    }

    #[test]
    fn a_row_for_each_and_each_for_a_row() {
        let libm = "[dependencies]\nlibm = \"0.2\"";
        check("| dependency | of | why |\n|---|---|---|\n| libm | foldnet-core | exp |", libm, &[]);
        check("", libm, &["page.md:1: no reason for libm of foldnet-core: add it to the table"]);
        check(
            "| libm | foldnet | exp |\n| libm | foldnet-core | |",
            libm,
            &["page.md:1: no reason for libm of foldnet-core: add it to the table", "page.md:1: foldnet has no libm"],
        );
        let dev = "[target.'cfg(unix)'.dev-dependencies]\nrand = \"1\"\n[dependencies]\nfoldnet = \"1\"";
        check("| rand | foldnet-core | dice |", dev, &[]);
        check("| crc | foldnet-core | sums |", "", &["page.md:1: foldnet-core has no crc"]);
    }

    #[test]
    fn a_dependency_that_no_file_names_is_found() {
        let workspace = File::new("Cargo.toml", "[workspace.dependencies]");
        let package =
            |path, dependency| File::new(path, &format!("[package]\nname = \"x\"\n[dependencies]\n{dependency}"));
        let packages =
            [package("a/Cargo.toml", "rand-core = \"1\"\nlibm = \"1\""), package("a/b/Cargo.toml", "libm = \"1\"")];
        let check = |a: &str, b: &str, expected: &[&str]| {
            let all = [File::new("a/src/lib.rs", a), File::new("a/b/src/lib.rs", b), File::new("a/README.md", "libm")];
            let found = unused(&packages, &all, &workspace).unwrap();
            assert_eq!(found.iter().map(|finding| finding.path.as_str()).collect::<Vec<_>>(), expected, "{a}, {b}");
        };
        check("use rand_core::Rng; libm::exp(1.0)", "use libm as _;", &[]);
        check("use rand_core::Rng; libmx::exp(1.0)", "use libm as _;", &["a/Cargo.toml"]);
        check("use rand_core::Rng; libm::exp(1.0)", "", &["a/b/Cargo.toml"]);
    }

    #[test]
    fn the_number_is_the_lock_file_s() {
        let lock = File::new("Cargo.lock", "name = \"foldnet\"\nname = \"a\"\nsource = \"x\"\nsource = \"y\"\n");
        assert!(count(&File::new("page.md", "`Cargo.lock` names 2 packages"), &lock).is_empty());
        assert_eq!(count(&File::new("page.md", "`Cargo.lock` names 12 packages"), &lock).len(), 1);
    }

    #[test]
    fn licences_with_a_choice_that_is_permitted() {
        let deny = "[licenses]\nallow = [\"MIT\", \"Apache-2.0\", \"Apache-2.0 WITH LLVM-exception\", \"Zlib\", \"Unicode-3.0\"]";
        let allowed = licences(&File::new("deny.toml", deny)).unwrap();
        let is_permitted = |expression| is_permitted(expression, &allowed);
        for permitted in ["MIT", "MIT OR GPL-3.0", "MPL-2.0/MIT", "(MIT OR Apache-2.0) AND Unicode-3.0", "MIT AND Zlib"]
        {
            assert!(is_permitted(permitted), "{permitted}");
        }
        assert!(is_permitted("Apache-2.0 WITH LLVM-exception OR GPL-2.0"));
        for other in ["", "GPL-3.0", "MIT AND GPL-3.0", "(MIT OR Apache-2.0) AND GPL-3.0", "MITX", "MPL-2.0"] {
            assert!(!is_permitted(other), "{other}");
        }
    }

    #[test]
    fn the_page_names_every_licence() {
        assert!(licences(&File::new("deny.toml", "[licenses]\nallow = []")).is_err());
        let allowed = ["MIT".to_owned(), "Apache-2.0 WITH LLVM-exception".to_owned()];
        let check = |page: &str| licences_are_named(&File::new("page.md", page), &allowed).len();
        assert_eq!([check("MIT, Apache-2.0"), check("MIT"), check("")], [0, 1, 2]);
    }
}

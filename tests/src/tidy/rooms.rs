//! Rooms: the modules at a crate's root, in an order in which each uses only those before it. The crate doc states the
//! order as a numbered list; rooms of one item stand side by side and do not use each other.
//!
//! ```text
//! //! 1. [`format`](mod@format), [`write`]: used everywhere
//! //! 2. [`network`]: ...
//! ```

use super::tokens::Tokens;
use super::{File, Finding};
use proc_macro2::Delimiter;

/// The rooms of a crate.
#[derive(Debug, Clone, PartialEq)]
pub struct Rooms {
    /// Folder of the crate's root, such as `host/src/`.
    folder: String,
    /// Names, floor by floor.
    floors: Vec<Vec<String>>,
}

impl Rooms {
    /// The order in the doc of the crate root `root`.
    pub fn stated(root: &File) -> Self {
        let item = |line: &str| {
            let text = line.strip_prefix("//! ")?.trim_start_matches(|digit: char| digit.is_ascii_digit());
            let names = text.strip_prefix(". ").filter(|_| !line.starts_with("//! ."))?.split_once(": ")?.0;
            Some(names.split('`').skip(1).step_by(2).map(str::to_owned).collect())
        };
        let folder = root.path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
        Self { folder, floors: root.text.lines().filter_map(item).collect() }
    }

    /// Number of rooms.
    pub fn len(&self) -> usize {
        self.floors.iter().map(Vec::len).sum()
    }

    /// Whether the doc states none.
    pub fn is_empty(&self) -> bool {
        self.floors.is_empty()
    }

    fn floor(&self, room: &str) -> Option<usize> {
        self.floors.iter().position(|floor| floor.iter().any(|name| name == room))
    }

    /// The module path of a file within the crate; `None` for the crate's roots and files elsewhere.
    fn modules<'a>(&self, file: &'a File) -> Option<Vec<&'a str>> {
        let path = file.path.strip_prefix(&self.folder)?.strip_suffix(".rs")?;
        let modules: Vec<&str> = path.strip_suffix("/mod").unwrap_or(path).split('/').collect();
        (!["lib", "main"].contains(&path)).then_some(modules)
    }

    /// The modules of the crate root that the list leaves out.
    ///
    /// # Errors
    /// When the file is not Rust.
    pub fn missing(&self, root: &File) -> Result<Vec<Finding>, String> {
        let tokens = Tokens::read(root)?;
        let modules = (1..tokens.len()).filter(|&at| tokens.ident(at - 1) == Some("mod"));
        let named = modules.filter_map(|at| Some((at, tokens.ident(at)?)));
        let missing = named.filter(|(_, name)| self.floor(name).is_none());
        let what = |name| format!("`{name}` is not in the crate doc's list of rooms");
        Ok(missing.map(|(at, name)| Finding::at(root, tokens.line(at), what(name))).collect())
    }

    /// Uses of rooms that do not come before the file's own, outside tests.
    ///
    /// # Errors
    /// When the file is not Rust.
    pub fn upward(&self, file: &File) -> Result<Vec<Finding>, String> {
        let Some(modules) = self.modules(file).filter(|_| !file.is_test()) else { return Ok(Vec::new()) };
        let Some(own) = self.floor(modules[0]) else { return Ok(Vec::new()) };
        let tokens = Tokens::read(file)?;
        let in_tests = tokens.in_tests();
        let mut findings = Vec::new();
        for at in (0..tokens.len()).filter(|&at| !in_tests[at]) {
            for used in behind_root(&tokens, at, modules.len()) {
                let Some(room) = tokens.ident(used).filter(|room| *room != modules[0]) else { continue };
                if self.floor(room).is_some_and(|floor| floor >= own) {
                    let what = format!("`{}` uses `{room}`, which does not come before it", modules[0]);
                    findings.push(Finding::at(file, tokens.line(used), what));
                }
            }
        }
        Ok(findings)
    }
}

/// The places of the names behind `crate::`, or behind as many `super::` as lead from a module of this depth to the
/// root, if such a path begins at a place.
fn behind_root(tokens: &Tokens, at: usize, depth: usize) -> Vec<usize> {
    let behind = match tokens.ident(at) {
        Some("crate") => at + 1,
        Some("super") if !(at >= 3 && tokens.ident(at - 3) == Some("super")) => {
            let supers = (0..).take_while(|step| tokens.ident(at + 3 * step) == Some("super")).count();
            if supers != depth {
                return Vec::new();
            }
            at + 3 * supers - 2
        }
        _ => return Vec::new(),
    };
    if !tokens.is_path_separator(behind) {
        return Vec::new();
    }
    match tokens.group(behind + 2, Delimiter::Brace) {
        Some(close) => first_names(tokens, behind + 3, close),
        None => vec![behind + 2],
    }
}

/// The first name of every path in the braces of a `use`.
fn first_names(tokens: &Tokens, from: usize, close: usize) -> Vec<usize> {
    let (mut names, mut at, mut first) = (Vec::new(), from, true);
    while at < close {
        if first {
            names.push(at);
        }
        first = tokens.is(at, ',');
        at = tokens.any_group(at).unwrap_or(at) + 1;
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "//! A crate.\n//!\n//! 1. `ground`, [`format`](mod@format): used everywhere\n\
        //! 2. [`network`]: below: it\n//! 10. [`show`]: above\n//!\n//! .5: `none`\n\nmod ground;\npub mod show;\n";

    fn root() -> File {
        File::new("host/src/lib.rs", ROOT)
    }

    fn check(path: &str, text: &str, expected: &[usize]) {
        let found = Rooms::stated(&root()).upward(&File::new(path, text)).unwrap();
        assert_eq!(found.iter().map(|finding| finding.line).collect::<Vec<_>>(), expected, "{path}: {text}");
    }

    #[test]
    fn the_order_is_that_of_the_doc() {
        let floors = [&["ground", "format"][..], &["network"], &["show"]];
        assert_eq!(Rooms::stated(&root()).floors, floors.map(|floor| floor.to_vec()));
        assert_eq!(Rooms::stated(&root()).len(), 4);
        assert!(Rooms::stated(&File::new("a/src/lib.rs", "//! 1 `a`\n//! * `b`: c\n")).is_empty());
    }

    #[test]
    fn rooms_above_and_beside_are_found() {
        check("host/src/network/a.rs", "use crate::format::x;\nuse crate::network::b;\nuse crate::show::c;", &[3]);
        check("host/src/network/mod.rs", "use crate::{format, show::{network, Ui}, ground};", &[1]);
        check("host/src/ground.rs", "use crate::format;\nfn a() { crate::show::b() }\nuse crate::Other;", &[1, 2]);
        check("host/src/show/a.rs", "use crate::{ground, network::show};\nuse foldnet::show;", &[]);
        check("host/src/network/a/b.rs", "use super::super::super::show::x;\nuse super::super::show;", &[1]);
    }

    #[test]
    fn tests_comments_and_the_roots_use_what_they_like() {
        check("host/src/network/a.rs", "#[cfg(test)]\nmod tests { use crate::show::a; }\n// crate::show::a\n", &[]);
        check("host/src/network/a.rs", "/// [`b`](crate::show::b)\nfn a() {}", &[]);
        check("host/src/network/tests.rs", "use crate::show::a;", &[]);
        check("host/src/main.rs", "use crate::show::a;", &[]);
        check("host/tests/a.rs", "use crate::show::a;", &[]);
    }

    #[test]
    fn a_module_that_the_list_leaves_out_is_found() {
        let lines = |root: &File| Rooms::stated(root).missing(root).unwrap().iter().map(|f| f.line).collect::<Vec<_>>();
        assert!(lines(&root()).is_empty());
        assert_eq!(lines(&File::new("host/src/lib.rs", &format!("{ROOT}mod attic;\n"))), [11]);
    }
}

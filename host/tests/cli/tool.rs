//! Runs the program in its own folder and keeps its output.

use foldnet::train::history::History;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// The program under test.
pub(crate) const FOLDNET: &str = env!("CARGO_BIN_EXE_foldnet");

/// Working folder of the program, so that tests can use bare file names; deleted at the end of the test.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The history of the run in folder `run`, as `train --json` prints it.
    pub(crate) fn history(&self, run: &str) -> serde_json::Value {
        let history = History::beside(&self.path(run).join("model.safetensors")).expect("it can be read");
        let text = serde_json::to_string(&history.expect("there is one")).expect("JSON");
        serde_json::from_str(&text).expect("JSON")
    }

    /// Makes a file, and the folders it lies in.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("made");
        fs::write(path, bytes).expect("written");
    }

    /// The program with space-separated arguments, isolated from the data sets on this machine.
    pub(crate) fn command(&self, arguments: &str) -> Command {
        let mut command = self.program(Path::new(FOLDNET));
        command.args(arguments.split_whitespace()).env_remove("FOLDNET_DATA").env_remove("FOLDNET_DATA_URL");
        command
    }

    /// Another program, in the folder.
    pub(crate) fn program(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.0.path());
        command
    }

    pub(crate) fn run(&self, arguments: &str) -> Done {
        Done::of(&mut self.command(arguments), arguments)
    }

    /// Every file with its contents; folders have empty contents.
    pub(crate) fn contents(&self) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
        let mut found = BTreeMap::new();
        list(self.0.path(), &mut found);
        found
    }
}

fn list(folder: &Path, found: &mut BTreeMap<PathBuf, Option<Vec<u8>>>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            list(&path, found);
            found.insert(path, None);
        } else {
            let bytes = fs::read(&path).expect("a file");
            found.insert(path, Some(bytes));
        }
    }
}

/// The outcome of a run.
#[derive(Debug)]
pub(crate) struct Done {
    arguments: String,
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Done {
    /// Runs `command`; `arguments` are for messages.
    pub(crate) fn of(command: &mut Command, arguments: &str) -> Self {
        Self::from_output(command.output().expect("the program starts"), arguments)
    }

    pub(crate) fn from_output(output: Output, arguments: &str) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("text");
        let (stdout, stderr) = (text(output.stdout), text(output.stderr));
        Self { arguments: arguments.to_owned(), code: output.status.code(), stdout, stderr }
    }

    pub(crate) fn succeeded(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:?}");
        self
    }

    /// The JSON object printed with `--json`: exactly one line on stdout.
    pub(crate) fn json(self) -> Value {
        let done = self.succeeded();
        let value: Value = serde_json::from_str(&done.stdout).unwrap_or_else(|error| panic!("{error}: {done:?}"));
        assert!(value.is_object() && done.stdout.lines().count() == 1, "{done:?}");
        value
    }

    /// Exit code 1 and one line on stderr that contains all of `words`.
    pub(crate) fn refused(self, words: &[&str]) -> Self {
        let line = self.stderr.strip_prefix("foldnet: ").and_then(|text| text.strip_suffix('\n'));
        let line = line.unwrap_or_else(|| panic!("no whole line of foldnet's: {self:?}"));
        assert_eq!((self.code, line.contains('\n')), (Some(1), false), "{self:?}");
        words.iter().for_each(|word| assert!(line.contains(word), "no {word:?} in: {line}\n{}", self.arguments));
        self
    }

    /// Exit code 2 and one line that contains `words` and refers to the help.
    pub(crate) fn misused(self, words: &str) -> Self {
        assert_eq!((self.code, self.stderr.starts_with("foldnet: ")), (Some(2), true), "{self:?}");
        assert!(self.stderr.lines().count() == 1 && self.stderr.ends_with(" --help\n"), "{self:?}");
        assert!(self.stderr.contains(words), "no {words:?}: {self:?}");
        self
    }
}

/// The number under a key.
pub(crate) fn number(value: &Value, key: &str) -> f64 {
    value[key].as_f64().unwrap_or_else(|| panic!("no number {key} in {value}"))
}

/// The keys of an object, sorted.
pub(crate) fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().expect("an object").keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

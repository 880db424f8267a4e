//! Finds a compiler for a board: one that has the target's core library, or otherwise one with the source to build it.
//!
//! It first tries the cargo and rustc on the `PATH`, then the system's. A rustup toolchain includes its linker; the
//! system's needs LLVM's (`ld.lld`).

use super::error::EmulateError;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How to build for a target.
#[derive(Debug, Clone)]
pub(super) struct Toolchain {
    /// The program.
    cargo: PathBuf,
    /// Additional arguments.
    arguments: Vec<String>,
    /// Variables to set.
    environment: Vec<(String, OsString)>,
    /// Compiler, and source of the core library.
    pub(super) description: String,
}

/// A compiler, with its cargo.
struct Compiler<'a> {
    cargo: PathBuf,
    rustc: PathBuf,
    /// Folder in which it is run, since a checkout may choose a toolchain.
    folder: &'a Path,
}

impl Toolchain {
    /// The first compiler that can build for `target` when run in `folder`.
    ///
    /// # Errors
    /// If there is none, or no linker for it.
    pub(super) fn find(target: &str, folder: &Path) -> Result<Self, EmulateError> {
        let compilers = ["", "/usr/bin"].map(|place| Compiler {
            cargo: Path::new(place).join("cargo"),
            rustc: Path::new(place).join("rustc"),
            folder,
        });
        if let Some(compiler) = compilers.iter().find(|compiler| compiler.has_target(target)) {
            return compiler.with_target(target);
        }
        if let Some(compiler) = compilers.iter().find(|compiler| compiler.has_source()) {
            return compiler.with_source(target);
        }
        Err(EmulateError::Missing {
            tool: format!("a Rust compiler for {target}"),
            remedy: format!("rustup target add {target} (or apt-get install cargo-web rustc-web rust-web-src lld)"),
        })
    }

    /// The command that builds the workspace at `folder` for `target`; the caller adds what to build.
    pub(super) fn build(&self, target: &str, folder: &Path) -> Command {
        let mut command = Command::new(&self.cargo);
        clear_environment(&mut command);
        command.current_dir(folder).envs(self.environment.iter().cloned());
        command.args(["build", "--target", target]).args(&self.arguments);
        command
    }
}

/// The cargo command that builds the workspace at `folder` for `target` like the firmware: `cargo build --target ...`,
/// without the environment of a cargo that may have started this program. The caller adds what to build.
///
/// # Errors
/// Without a compiler for the target, or a linker.
pub fn build_command(target: &str, folder: &Path) -> Result<Command, EmulateError> {
    Ok(Toolchain::find(target, folder)?.build(target, folder))
}

impl Compiler<'_> {
    /// The output of rustc for `--print what`.
    fn print(&self, what: &[&str]) -> Option<PathBuf> {
        let mut command = Command::new(&self.rustc);
        clear_environment(&mut command);
        let output = command.current_dir(self.folder).arg("--print").args(what).output().ok()?;
        let path = String::from_utf8(output.stdout).ok()?;
        (output.status.success() && self.version().is_some()).then(|| PathBuf::from(path.trim_end()))
    }

    /// `rustc 1.96.0 (...)`, if it works.
    fn version(&self) -> Option<String> {
        let mut command = Command::new(&self.rustc);
        clear_environment(&mut command);
        let output = command.current_dir(self.folder).arg("--version").output().ok()?;
        String::from_utf8(output.stdout).ok().map(|version| version.trim_end().to_owned())
    }

    fn has_target(&self, target: &str) -> bool {
        let libraries = self.print(&["target-libdir", "--target", target]).and_then(|folder| folder.read_dir().ok());
        let is_core = |name: OsString| name.to_string_lossy().starts_with("libcore-");
        libraries.is_some_and(|mut entries| entries.any(|entry| entry.is_ok_and(|entry| is_core(entry.file_name()))))
    }

    fn has_source(&self) -> bool {
        let library = |sysroot: PathBuf| sysroot.join("lib/rustlib/src/rust/library/core/src/lib.rs");
        self.print(&["sysroot"]).is_some_and(|sysroot| library(sysroot).is_file())
    }

    fn with_target(&self, target: &str) -> Result<Toolchain, EmulateError> {
        let description = format!("{} with the target's core library", self.version().unwrap_or_default());
        let environment = self.linker(target)?;
        Ok(Toolchain { cargo: self.cargo.clone(), arguments: Vec::new(), environment, description })
    }

    /// Also builds the core library, which requires a nightly cargo, or `RUSTC_BOOTSTRAP` with a stable one.
    fn with_source(&self, target: &str) -> Result<Toolchain, EmulateError> {
        let arguments = ["-Zbuild-std=core,compiler_builtins", "-Zbuild-std-features=compiler-builtins-mem"];
        let mut environment = self.linker(target)?;
        environment.push(("RUSTC_BOOTSTRAP".into(), "1".into()));
        environment.push(("RUSTC".into(), self.rustc.clone().into()));
        let description = format!("{}, core library built from source", self.version().unwrap_or_default());
        let arguments = arguments.map(str::to_owned).to_vec();
        Ok(Toolchain { cargo: self.cargo.clone(), arguments, environment, description })
    }

    /// The variable that names the linker, if the compiler does not include one.
    fn linker(&self, target: &str) -> Result<Vec<(String, OsString)>, EmulateError> {
        let own = |libraries: PathBuf| libraries.parent().is_some_and(|host| host.join("bin/rust-lld").is_file());
        if self.print(&["target-libdir"]).is_some_and(own) {
            return Ok(Vec::new());
        }
        let name = target.to_uppercase().replace(['-', '.'], "_");
        let linker = find_program("ld.lld").ok_or_else(|| EmulateError::Missing {
            tool: "ld.lld, the linker for firmware,".into(),
            remedy: "apt-get install lld".into(),
        })?;
        Ok(vec![(format!("CARGO_TARGET_{name}_LINKER"), linker.into())])
    }
}

/// The first file called `name` in the folders of the `PATH`.
pub(super) fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Prefixes of variables from a surrounding cargo or shell that would affect the build; some that configure access to a
/// registry are kept.
const CLEARED: [&str; 4] = ["CARGO_", "RUSTC", "RUSTFLAGS", "RUSTUP_TOOLCHAIN"];
const KEPT: [&str; 5] = ["CARGO_HOME", "CARGO_HTTP_", "CARGO_NET_", "CARGO_REGISTR", "CARGO_SOURCE"];

/// Removes the variables that a surrounding cargo has set for itself.
pub(super) fn clear_environment(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let starts = |prefix: &&str| text.starts_with(*prefix);
        if CLEARED.iter().any(&starts) && !KEPT.iter().any(starts) {
            command.env_remove(&name);
        }
    }
}

//! Keeps firmware that runs in the emulator away from the user's files and programs.
//!
//! Semihosting gives firmware access to the PC's files, and to `system()`. QEMU's own sandbox (seccomp) denies it
//! processes and privileges, but cannot restrict paths. Landlock, or bubblewrap if the kernel lacks it, leaves one
//! writable folder, and read access to what the emulator itself needs.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};

/// Stack size of the thread that restricts itself and starts the emulator, in bytes.
#[cfg(target_os = "linux")]
const STACK: usize = 512 << 10;

/// Restrictions that QEMU applies to its own process.
#[cfg(target_os = "linux")]
const SANDBOX: [&str; 2] = ["-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"];

/// Folders of programs and libraries, and files that every process may read; those that do not exist are left out.
const SYSTEM: [&str; 10] = [
    "/usr",
    "/lib",
    "/lib32",
    "/lib64",
    "/bin",
    "/etc/ld.so.cache",
    "/nix/store",
    "/gnu/store",
    "/dev/null",
    "/dev/urandom",
];

/// What keeps firmware away from files that are not its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confinement {
    /// The kernel's Landlock, used by this program.
    Landlock,
    /// The program `bwrap`.
    Bubblewrap,
    /// Nothing is available on this system.
    None,
}

/// What is available on this system.
pub fn confinement() -> Confinement {
    if has_landlock() {
        Confinement::Landlock
    } else if cfg!(target_os = "linux") && super::toolchain::find_program("bwrap").is_some() {
        Confinement::Bubblewrap
    } else {
        Confinement::None
    }
}

/// The emulator's command, to be started by [`spawn`] in `folder`; the caller adds arguments.
pub(super) fn command(emulator: &str, folder: &Path) -> Command {
    let mut command = match confinement() {
        Confinement::Bubblewrap => in_bubblewrap(emulator, folder),
        Confinement::Landlock | Confinement::None => Command::new(emulator),
    };
    #[cfg(target_os = "linux")]
    command.args(SANDBOX);
    command
}

/// Starts a command from [`command`], which may also read `plugin`.
///
/// # Errors
/// If the system does not start it, or confinement is available but fails.
pub(super) fn spawn(
    mut command: Command,
    emulator: &str,
    folder: &Path,
    plugin: Option<&Path>,
) -> std::io::Result<Child> {
    let mut paths = readable(emulator);
    paths.extend(plugin.map(Path::to_owned));
    match confinement() {
        Confinement::Landlock => spawn_in_landlock(command, &paths, folder),
        Confinement::Bubblewrap | Confinement::None => command.spawn(),
    }
}

/// Whether QEMU's sandbox stopped the process.
pub(super) fn was_forbidden(status: ExitStatus) -> bool {
    /// "Bad system call"
    const SIGSYS: i32 = 31;
    #[cfg(target_os = "linux")]
    return std::os::unix::process::ExitStatusExt::signal(&status) == Some(SIGSYS);
    #[cfg(not(target_os = "linux"))]
    return status.code() == Some(128 + SIGSYS);
}

/// Paths that the emulator has to read: the system's programs and libraries, and those next to it.
fn readable(emulator: &str) -> Vec<PathBuf> {
    let program = super::toolchain::find_program(emulator).and_then(|path| path.canonicalize().ok());
    let folder = program.as_deref().and_then(Path::parent);
    let beside = folder
        .and_then(Path::parent)
        .map(|prefix| ["lib", "lib64", "libexec", "share/qemu"].map(|name| prefix.join(name)));
    let own = folder.map(Path::to_owned).into_iter().chain(beside.into_iter().flatten());
    SYSTEM.iter().map(PathBuf::from).chain(own).filter(|path| path.exists()).collect()
}

/// Runs the emulator under `bwrap`: with a file system of only these folders, and without network.
fn in_bubblewrap(emulator: &str, folder: &Path) -> Command {
    let mut command = Command::new("bwrap");
    command.args(["--unshare-all", "--die-with-parent", "--dev", "/dev", "--proc", "/proc"]);
    for path in readable(emulator).iter().filter(|path| !path.starts_with("/dev")) {
        command.arg("--ro-bind").arg(path).arg(path);
    }
    command.arg("--bind").arg(folder).arg(folder).arg("--chdir").arg(folder).arg(emulator);
    command
}

#[cfg(target_os = "linux")]
use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError,
    RulesetStatus, path_beneath_rules,
};

/// The rights that are denied unless a rule allows them: those of the first version of Landlock are required, later
/// ones are used if the kernel supports them.
#[cfg(target_os = "linux")]
fn ruleset() -> Result<landlock::RulesetCreated, RulesetError> {
    Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(ABI::V1))?
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(ABI::V3))?
        .handle_access(AccessNet::from_all(ABI::V4))?
        .create()
}

#[cfg(target_os = "linux")]
fn has_landlock() -> bool {
    ruleset().is_ok()
}

/// Restricts a thread, whose child processes inherit this; the rest of this program is not affected.
#[cfg(target_os = "linux")]
fn spawn_in_landlock(mut command: Command, readable: &[PathBuf], folder: &Path) -> std::io::Result<Child> {
    let other = |error: RulesetError| std::io::Error::other(format!("Landlock: {error}"));
    let confined = || {
        let status = ruleset()
            .and_then(|rules| rules.add_rules(path_beneath_rules(readable, AccessFs::from_read(ABI::V3))))
            .and_then(|rules| rules.add_rules(path_beneath_rules([folder], AccessFs::from_all(ABI::V3))))
            .and_then(landlock::RulesetCreated::restrict_self)
            .map_err(other)?;
        if status.ruleset == RulesetStatus::NotEnforced {
            return Err(std::io::Error::other("Landlock does not confine it"));
        }
        command.spawn()
    };
    std::thread::scope(|scope| {
        // An explicit stack size, because RUST_MIN_STACK may be more than the system allows.
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, confined)?;
        thread.join().map_err(|_| std::io::Error::other("the thread panicked"))?
    })
}

#[cfg(not(target_os = "linux"))]
fn has_landlock() -> bool {
    false
}

#[cfg(not(target_os = "linux"))]
fn spawn_in_landlock(mut command: Command, _: &[PathBuf], _: &Path) -> std::io::Result<Child> {
    command.spawn()
}

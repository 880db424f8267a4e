//! Keeps firmware that runs in the emulator out of the user's files and programs.
//!
//! Semihosting gives firmware the files of the PC, and `system()`. QEMU's own sandbox (seccomp) denies it processes and
//! privileges; it does not know paths. Landlock, or bubblewrap where the kernel has none, leaves it one folder to write and
//! what the emulator itself has to read.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};

/// Stack of the thread that confines itself and starts the emulator, in bytes.
#[cfg(target_os = "linux")]
const STACK: usize = 512 << 10;

/// What QEMU denies its own process.
#[cfg(target_os = "linux")]
const SANDBOX: [&str; 2] = ["-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"];

/// Where programs and libraries are, and what every process may read; what is not there is left out.
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

/// What keeps firmware from files that are not its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confinement {
    /// The kernel, asked by this program.
    Landlock,
    /// The program `bwrap`.
    Bubblewrap,
    /// Nothing on this system.
    None,
}

/// What this system has.
pub fn confinement() -> Confinement {
    if has_landlock() {
        Confinement::Landlock
    } else if cfg!(target_os = "linux") && super::toolchain::find_program("bwrap").is_some() {
        Confinement::Bubblewrap
    } else {
        Confinement::None
    }
}

/// The emulator, to be started by [`spawn`] in `folder`; the caller adds arguments.
pub(super) fn command(emulator: &str, folder: &Path) -> Command {
    let mut command = match confinement() {
        Confinement::Bubblewrap => in_bubblewrap(emulator, folder),
        Confinement::Landlock | Confinement::None => Command::new(emulator),
    };
    #[cfg(target_os = "linux")]
    command.args(SANDBOX);
    command
}

/// Starts what [`command`] gave, which may also read `plugin`.
///
/// # Errors
/// When the system does not start it, or does not confine it although it can.
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

/// Whether QEMU's sandbox stopped it.
pub(super) fn was_forbidden(status: ExitStatus) -> bool {
    /// "Bad system call"
    const SIGSYS: i32 = 31;
    #[cfg(target_os = "linux")]
    return std::os::unix::process::ExitStatusExt::signal(&status) == Some(SIGSYS);
    #[cfg(not(target_os = "linux"))]
    return status.code() == Some(128 + SIGSYS);
}

/// What the emulator has to read: the system's programs and libraries, and those beside it.
fn readable(emulator: &str) -> Vec<PathBuf> {
    let program = super::toolchain::find_program(emulator).and_then(|path| path.canonicalize().ok());
    let folder = program.as_deref().and_then(Path::parent);
    let beside = folder
        .and_then(Path::parent)
        .map(|prefix| ["lib", "lib64", "libexec", "share/qemu"].map(|name| prefix.join(name)));
    let own = folder.map(Path::to_owned).into_iter().chain(beside.into_iter().flatten());
    SYSTEM.iter().map(PathBuf::from).chain(own).filter(|path| path.exists()).collect()
}

/// `bwrap` in front of the emulator: a file system of nothing but these folders, and no network.
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

/// What is denied where no rule allows it: all that the first version of Landlock knows must be, later rights where the
/// kernel knows them.
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

/// A thread takes the restrictions on itself, and what it starts inherits them; the rest of this program goes on as it was.
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
        // A stack of its own size: that of RUST_MIN_STACK may be more than the system gives.
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

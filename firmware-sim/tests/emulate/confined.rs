//! Firmware that attacks the PC through semihosting: it can neither run programs nor open files other than its own.

use foldnet_sim::board::by_name;
use foldnet_sim::emulate::{Confinement, EmulateError, Request, confinement, run};
use foldnet_sim::job::Job;
use foldnet_sim::{Firmware, emulate};
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

const BOARD: &str = "mps2-an386";
/// Exit codes of the attack: the attack succeeded or failed. Neither is one of [`foldnet_sim::exit::Exit`].
const WORKED: i32 = 99;
const REFUSED: i32 = 98;

/// Assembly that makes the semihosting `call` with the block `arguments`; a result of -1 is a refusal.
fn attack(call: u32, arguments: &str, text: &str) -> String {
    let id = by_name(BOARD).unwrap().id();
    format!(
        ".syntax unified\n.cpu cortex-m4\n.thumb\n.section .vectors,\"a\"\n.word 0x20010000\n.word start+1\n.text\n\
         .thumb_func\nstart:\n movs r0,#{call}\n ldr r1,=block\n bkpt #0xab\n ldr r1,=worked\n adds r0,#1\n bne 1f\n \
         ldr r1,=refused\n1: movs r0,#0x20\n bkpt #0xab\n2: b 2b\n.align 2\nblock: {arguments}\n\
         worked: .word 0x20026, {WORKED}\nrefused: .word 0x20026, {REFUSED}\ntext: .asciz \"{text}\"\nend:\n\
         .global _foldnet_board\n.equ _foldnet_board, {id}\n"
    )
}

/// Assembles, links and runs it; returns the outcome.
fn run_attack(source: &str) -> Result<(), EmulateError> {
    let room = TempDir::new().unwrap();
    let file = |name: &str| room.path().join(name);
    std::fs::write(file("evil.s"), source).unwrap();
    let mut gcc = Command::new("arm-none-eabi-gcc");
    gcc.args(["-mcpu=cortex-m4", "-nostdlib", "-Wl,--section-start=.vectors=0", "-Wl,-Ttext=0x40", "-Wl,-e,start"]);
    let output = gcc.arg("-o").arg(file("evil.elf")).arg(file("evil.s")).output();
    let output = output.unwrap_or_else(|error| panic!("arm-none-eabi-gcc: {error}; apt-get install gcc-arm-none-eabi"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let firmware = Firmware::open(&file("evil.elf"), by_name(BOARD).unwrap()).unwrap();
    let job = Job {
        examples: 0,
        example_len: 0,
        model_offset: 0,
        scratch_limit: 0,
        timed_layer: Job::ALL_LAYERS,
        more: false,
    };
    let request = Request { flash: &[], job, examples: &[], stall_limit: Duration::from_secs(20) };
    run(&firmware, &request, &mut |_| ()).map(|_| ())
}

/// Opens `path` in a mode of the C library: 0 is `r`, 4 is `w`.
fn open(path: &str, mode: u32) -> i32 {
    match run_attack(&attack(0x01, &format!(".word text, {mode}, end - text - 1"), path)) {
        Err(EmulateError::Emulator { status, .. }) if status.ends_with(&WORKED.to_string()) => WORKED,
        Err(EmulateError::Emulator { status, .. }) if status.ends_with(&REFUSED.to_string()) => REFUSED,
        other => panic!("{path}: {other:?}"),
    }
}

fn str(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn firmware_runs_no_program() {
    let room = TempDir::new().unwrap();
    let mark = room.path().join("PWNED");
    let source = attack(0x12, ".word text, end - text - 1", &format!("id > {}", mark.display()));
    let ended = run_attack(&source);
    assert!(matches!(ended, Err(EmulateError::Forbidden)), "{ended:?}");
    assert!(!mark.exists(), "it ran a program");
}

#[test]
fn firmware_opens_no_file_but_its_own() {
    if confinement() == Confinement::None {
        println!("SKIPPED: neither Landlock nor bubblewrap here; --firmware asks for --trust-firmware");
        return;
    }
    let room = TempDir::new().unwrap();
    let secret = room.path().join("secret");
    std::fs::write(&secret, "mine").unwrap();
    let link = room.path().join("new");
    for (path, mode, expected) in [
        ("job", 0, WORKED),
        ("results", 4, WORKED),
        (str(&secret), 0, REFUSED),
        (str(&secret), 4, REFUSED),
        (str(&link), 4, REFUSED),
        ("../evil", 4, REFUSED),
        ("/etc/passwd", 0, REFUSED),
        ("/proc/self/environ", 0, REFUSED),
    ] {
        assert_eq!(open(path, mode), expected, "{path}, mode {mode}");
    }
    assert_eq!(std::fs::read_to_string(&secret).unwrap(), "mine");
    // This process still has the permissions that the emulator's thread dropped.
    assert!(emulate::emulator_version(by_name(BOARD).unwrap()).is_ok() && std::fs::read("/etc/passwd").is_ok());
}

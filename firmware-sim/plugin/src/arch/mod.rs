//! QEMU's plugin interface, version 1 (QEMU 6.0 to 8.x), declared by hand, so neither a C compiler nor QEMU's headers
//! are needed. Arguments: `core=`, `origin=`, `end=`, `line=`, `wait=`, `out=`. Each inference writes a line to `out`:
//! instructions, half cycles, wait cycles.
#![allow(unsafe_code)]

use crate::count::{Block, Counter, Flash, START, STOP, Sum};
use crate::timing::{Core, half_cycles, taken};
use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::fs::File;
use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The version of the interface.
#[unsafe(export_name = "qemu_plugin_version")]
static VERSION: c_int = 1;

/// QEMU's block of translated instructions.
#[repr(C)]
struct Tb {
    _opaque: [u8; 0],
}

/// QEMU's instruction within a block.
#[repr(C)]
struct Insn {
    _opaque: [u8; 0],
}

type Id = u64;
type OnExec = extern "C" fn(c_uint, *mut c_void);
type OnAccess = extern "C" fn(c_uint, u32, u64, *mut c_void);

/// QEMU's number for accessing no registers.
const NO_REGISTERS: c_int = 0;

/// QEMU's number for loads and stores. Only loads matter, but in QEMU 7.2 the number for loads reports only stores.
const ACCESSES: c_int = 3;

unsafe extern "C" {
    fn qemu_plugin_register_vcpu_tb_trans_cb(id: Id, on_translate: extern "C" fn(Id, *mut Tb));
    fn qemu_plugin_register_vcpu_tb_exec_cb(tb: *mut Tb, call: OnExec, flags: c_int, data: *mut c_void);
    fn qemu_plugin_register_vcpu_insn_exec_cb(insn: *mut Insn, call: OnExec, flags: c_int, data: *mut c_void);
    fn qemu_plugin_register_vcpu_mem_cb(insn: *mut Insn, call: OnAccess, flags: c_int, rw: c_int, data: *mut c_void);
    fn qemu_plugin_tb_n_insns(tb: *const Tb) -> usize;
    fn qemu_plugin_tb_get_insn(tb: *const Tb, at: usize) -> *mut Insn;
    fn qemu_plugin_insn_data(insn: *const Insn) -> *const c_void;
    fn qemu_plugin_insn_size(insn: *const Insn) -> usize;
    fn qemu_plugin_insn_vaddr(insn: *const Insn) -> u64;
    fn qemu_plugin_insn_disas(insn: *const Insn) -> *mut c_char;
    fn qemu_plugin_mem_is_store(info: u32) -> bool;
}

/// Data of the plugin: the counter, and its output.
struct Plugin {
    core: Core,
    counter: Counter,
    out: File,
}

static PLUGIN: Mutex<Option<Plugin>> = Mutex::new(None);

fn plugin() -> MutexGuard<'static, Option<Plugin>> {
    PLUGIN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Called by QEMU when it has loaded the plugin; returns 0 on success.
///
/// # Safety
/// `argv` must contain `argc` strings.
#[unsafe(no_mangle)]
unsafe extern "C" fn qemu_plugin_install(
    id: Id,
    _info: *const c_void,
    argc: c_int,
    argv: *const *const c_char,
) -> c_int {
    let arguments: Vec<String> = (0..usize::try_from(argc).unwrap_or(0))
        // SAFETY: the caller's promise: each of them is a string that ends with 0.
        .map(|at| unsafe { CStr::from_ptr(*argv.add(at)) }.to_string_lossy().into_owned())
        .collect();
    let Some(new) = Plugin::new(&arguments) else {
        eprintln!("foldnet-plugin: needs core=, origin=, end=, line=, wait= and out=");
        return 1;
    };
    *plugin() = Some(new);
    // SAFETY: `id` is what QEMU gave, and `translate` lives as long as the program.
    unsafe { qemu_plugin_register_vcpu_tb_trans_cb(id, translate) };
    0
}

impl Plugin {
    fn new(arguments: &[String]) -> Option<Self> {
        let value = |name: &str| arguments.iter().find_map(|text| text.strip_prefix(name)?.strip_prefix('='));
        let number = |name| value(name)?.parse::<u64>().ok();
        let flash = Flash {
            origin: number("origin")?,
            end: number("end")?,
            line: number("line").filter(|line| *line > 0)?,
            wait_states: number("wait")?,
        };
        let out = File::create(value("out")?).ok()?;
        Some(Self { core: Core::named(value("core")?)?, counter: Counter::new(flash), out })
    }
}

/// An instruction as reported by QEMU.
struct Seen {
    insn: *mut Insn,
    text: String,
    bytes: Vec<u8>,
    address: u64,
}

/// Length of a Thumb instruction in bytes, from its first half-word (Armv7-M Architecture Reference Manual, A5.1). QEMU
/// 7.2 reports the bytes of an instruction in the last 3 bytes of a page twice, because it checks whether it crosses
/// into the next one.
fn length(bytes: &[u8]) -> u64 {
    if bytes.get(1).is_some_and(|high| high >> 3 >= 0b11101) { 4 } else { 2 }
}

/// # Safety
/// `tb` must be the block that QEMU is translating, and `at` below its number of instructions.
unsafe fn see(tb: *mut Tb, at: usize) -> Seen {
    // SAFETY: the caller's promise; `data` has `size` bytes, and the text, if any, is NUL-terminated. It is
    // deliberately leaked: a few bytes per translated block.
    unsafe {
        let insn = qemu_plugin_tb_get_insn(tb, at);
        let text = qemu_plugin_insn_disas(insn);
        let text = if text.is_null() { String::new() } else { CStr::from_ptr(text).to_string_lossy().into_owned() };
        let bytes = std::slice::from_raw_parts(qemu_plugin_insn_data(insn).cast::<u8>(), qemu_plugin_insn_size(insn));
        Seen { insn, text, bytes: bytes.to_vec(), address: qemu_plugin_insn_vaddr(insn) }
    }
}

/// Called when QEMU translates a block: its cycles are computed once, and kept for as long as the program runs.
extern "C" fn translate(_: Id, tb: *mut Tb) {
    let Some(core) = plugin().as_ref().map(|plugin| plugin.core) else { return };
    // SAFETY: `tb` is QEMU's, and valid during this call.
    let seen: Vec<Seen> = unsafe { (0..qemu_plugin_tb_n_insns(tb)).map(|at| see(tb, at)).collect() };
    let (Some(first), Some(last)) = (seen.first(), seen.last()) else { return };
    let previous = |at: usize| at.checked_sub(1).map_or("", |before| seen[before].text.as_str());
    let costs: Vec<u64> = seen.iter().enumerate().map(|(at, one)| half_cycles(core, &one.text, previous(at))).collect();
    let block = Block {
        start: first.address,
        end: last.address + length(&last.bytes),
        instructions: seen.len() as u64,
        half_cycles: costs.iter().sum(),
        taken: taken(core, &last.text),
    };
    let keep = |sum: Sum| Box::into_raw(Box::new(sum)).cast::<c_void>();
    let block = Box::into_raw(Box::new(block)).cast::<c_void>();
    // SAFETY: blocks and instructions belong to QEMU; the pointers passed to them are never freed.
    unsafe {
        qemu_plugin_register_vcpu_tb_exec_cb(tb, execute, NO_REGISTERS, block);
        for (at, one) in seen.iter().enumerate() {
            let rest = Sum {
                instructions: (seen.len() - at - 1) as u64,
                half_cycles: costs[at + 1..].iter().sum(),
                waiting: 0,
            };
            if one.bytes.starts_with(&START) {
                qemu_plugin_register_vcpu_insn_exec_cb(one.insn, start, NO_REGISTERS, keep(rest));
            } else if one.bytes.starts_with(&STOP) {
                qemu_plugin_register_vcpu_insn_exec_cb(one.insn, stop, NO_REGISTERS, keep(rest));
            }
            qemu_plugin_register_vcpu_mem_cb(one.insn, access, NO_REGISTERS, ACCESSES, std::ptr::null_mut());
        }
    }
}

extern "C" fn execute(_: c_uint, block: *mut c_void) {
    // SAFETY: `translate` gave a `Block` that is never freed.
    let block = unsafe { &*block.cast::<Block>() };
    if let Some(plugin) = plugin().as_mut() {
        plugin.counter.execute(block);
    }
}

extern "C" fn access(_: c_uint, info: u32, address: u64, _: *mut c_void) {
    // SAFETY: `info` is QEMU's, of this access.
    if unsafe { qemu_plugin_mem_is_store(info) } {
        return;
    }
    if let Some(plugin) = plugin().as_mut() {
        plugin.counter.read(address);
    }
}

extern "C" fn start(_: c_uint, rest: *mut c_void) {
    // SAFETY: `translate` gave a `Sum` that is never freed.
    let rest = unsafe { &*rest.cast::<Sum>() };
    if let Some(plugin) = plugin().as_mut() {
        plugin.counter.start(rest);
    }
}

extern "C" fn stop(_: c_uint, rest: *mut c_void) {
    // SAFETY: as in `start`.
    let rest = unsafe { &*rest.cast::<Sum>() };
    let mut plugin = plugin();
    let Some(plugin) = plugin.as_mut() else { return };
    if let Some(sum) = plugin.counter.stop(rest) {
        // The reader of the file notices a missing line.
        _ = writeln!(plugin.out, "{} {} {}", sum.instructions, sum.half_cycles, sum.waiting);
    }
}

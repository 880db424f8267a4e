//! The boards and their memory layout, read from TOML: by the PC, which checks what fits, and by the build of the
//! firmware, which writes linker scripts from it. `boards.toml` describes the format; the cores are those of
//! `foldnet-core`'s table.
//!
//! Flash, from its origin: the firmware ([`FIRMWARE_LEN`] at most), then, from `model_address`, the room for models:
//! two slots, each with as many erase blocks as possible, or one (`foldnet_core::slot`). RAM, from its origin: the
//! firmware's statics, an image, the scratch memory; the stack grows down from its end.

use foldnet_core::quantized::kernel::table::{CORES, Core};
use serde::Deserialize;

/// The built-in boards.
pub const BUILT_IN: &str = include_str!("boards.toml");

/// Flash reserved for the firmware.
pub const FIRMWARE_LEN: u32 = 36 * 1024;

/// RAM reserved for the firmware: its statics and its stack.
pub const FIRMWARE_RAM: u32 = STATICS_LEN + STACK_LEN;

/// Maximum RAM for the firmware's statics.
pub const STATICS_LEN: u32 = 256;

/// Maximum RAM for the stack.
pub const STACK_LEN: u32 = 2 * 1024;

/// A memory region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// Address of the first byte.
    pub origin: u32,
    /// Length in bytes.
    pub len: u32,
}

impl Region {
    /// Address after the last byte.
    pub const fn end(&self) -> u32 {
        self.origin + self.len
    }
}

/// The cores that firmware can be built for: the rows of core's table that are not a PC's.
pub fn cores() -> impl Iterator<Item = &'static Core> {
    CORES.iter().filter(|core| core.target.contains("-none-"))
}

/// The QEMU machine that emulates a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Qemu {
    /// QEMU's name for it.
    pub machine: &'static str,
    /// Clock of the emulated processor in Hz; 0 if it is unknown and not needed, as for RISC-V, which counts
    /// instructions.
    pub clock_hz: u32,
}

/// A board: a chip with its memory, and the QEMU machine that emulates it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Board {
    /// Its name on the command line.
    pub name: &'static str,
    /// The chip, or the FPGA image of one.
    pub chip: &'static str,
    /// The processor core's name.
    pub core: &'static str,
    /// Rust target of its firmware.
    pub target: &'static str,
    /// Feature of `foldnet-core` for an extension that the target does not imply.
    pub feature: Option<&'static str>,
    /// Flash, or the memory that replaces it.
    pub flash: Region,
    /// Contiguous RAM.
    pub ram: Region,
    /// Start of the room for models in flash, at the boundary of an erase block.
    pub model_address: u32,
    /// Size of the largest erase block from there on, in bytes.
    pub erase_block: u32,
    /// Clock of the processor in Hz; 0 if unknown.
    pub clock_hz: u32,
    /// Wait states for a read of flash at this clock.
    pub wait_states: u32,
    /// Bytes per read of flash.
    pub flash_line: u32,
    /// The QEMU machine; `None` for a board that is not emulated.
    pub qemu: Option<Qemu>,
    /// The file it was read from, as given; `None` for a built-in board.
    pub file: Option<&'static str>,
}

impl Board {
    /// The flash reserved for models.
    pub const fn model_region(&self) -> Region {
        Region { origin: self.model_address, len: self.flash.end() - self.model_address }
    }

    /// A hash (FNV-1a) of the properties that firmware is linked for: name, core and memory. The ELF file contains it.
    pub fn id(&self) -> u32 {
        let Self { name, core, flash, ram, model_address, erase_block, .. } = self;
        let text = format!("{name} {core} {flash:?} {ram:?} {model_address} {erase_block}");
        text.bytes().fold(0x811C_9DC5, |hash: u32, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
    }
}

/// A board file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    board: Vec<Entry>,
}

/// A board in a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    chip: String,
    core: String,
    flash: Region,
    ram: Region,
    model_address: u32,
    erase_block: u32,
    #[serde(default)]
    clock_hz: u32,
    #[serde(default)]
    wait_states: u32,
    #[serde(default = "default_line")]
    flash_line: u32,
    qemu: Option<QemuEntry>,
}

/// The `qemu` entry of a board in a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QemuEntry {
    machine: String,
    clock_hz: Option<u32>,
}

const fn default_line() -> u32 {
    16
}

/// The boards described by the TOML `text`; `file` is its path. The boards' texts are kept for as long as the program
/// runs, so that a `Board` can be copied freely.
///
/// # Errors
/// If the text is invalid, as one line.
pub fn read(text: &str, file: Option<&str>) -> Result<Vec<Board>, String> {
    if text.trim().is_empty() {
        return Err(NO_BOARD.to_owned());
    }
    let entries = toml::from_str::<File>(text).map_err(|error| in_one_line(text, &error))?.board;
    let file = file.map(|file| keep(file.to_owned()));
    let boards: Vec<Board> = entries.into_iter().map(|entry| entry.board(file)).collect::<Result<_, _>>()?;
    match boards.iter().enumerate().find(|(at, board)| boards[..*at].iter().any(|other| other.name == board.name)) {
        _ if boards.is_empty() => Err(NO_BOARD.to_owned()),
        Some((_, board)) => Err(format!("describes two boards called '{}'; rename one", board.name)),
        None => Ok(boards),
    }
}

const NO_BOARD: &str = "contains no board; foldnet-sim --boards --toml prints a file to start from";

/// Expressions of the parser, and what they mean to a user.
const PLAIN: [(&str, &str); 3] = [
    ("expected u32", "expected a whole number from 0 to 4294967295"),
    ("expected struct Region", "expected { origin = ADDRESS, len = BYTES }"),
    ("expected struct QemuEntry", "expected { machine = \"NAME\" }"),
];

/// The parser's message with the line it refers to.
fn in_one_line(text: &str, error: &toml::de::Error) -> String {
    let message = error.message().lines().collect::<Vec<_>>().join(" ");
    let message = PLAIN.iter().fold(message, |message, (said, plain)| message.replace(said, plain));
    let message = match message.strip_prefix("missing field ") {
        Some("`board`") => return NO_BOARD.to_owned(),
        Some(field) => format!("{field} is missing"),
        None => message,
    };
    let remedy = "foldnet-sim --boards --toml prints a file to start from";
    match error.span().and_then(|span| text.get(..span.start)) {
        Some(before) => format!("line {}: {message}; {remedy}", before.matches('\n').count() + 1),
        None => format!("{message}; {remedy}"),
    }
}

fn keep(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

impl Entry {
    /// # Errors
    /// If the entry is inconsistent.
    fn board(self, file: Option<&'static str>) -> Result<Board, String> {
        let named = |what: &str| format!("board '{}': {what}", self.name);
        let name_is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.+".contains(&byte);
        if self.name.is_empty() || !self.name.bytes().all(name_is_plain) || self.name == "all" {
            return Err(format!("{:?} is not a valid board name; use letters, digits and -_.+", self.name));
        }
        let Some(core) = cores().find(|core| core.name == self.core) else {
            let known = cores().map(|core| core.name).collect::<Vec<_>>().join(", ");
            return Err(named(&format!("unknown core {:?}; use one of {known}", self.core)));
        };
        self.memory().map_err(|what| named(&what))?;
        let clock_hz = self.clock_hz;
        let qemu =
            self.qemu.map(|qemu| Qemu { machine: keep(qemu.machine), clock_hz: qemu.clock_hz.unwrap_or(clock_hz) });
        if qemu.is_some_and(|qemu| qemu.clock_hz == 0) && !core.target.starts_with("riscv") {
            return Err(format!(
                "board '{}': clock_hz is 0 or missing, and the emulator's ticks are counted with it; give the clock of the \
                 emulated processor in Hz",
                self.name
            ));
        }
        Ok(Board {
            name: keep(self.name),
            chip: keep(self.chip),
            core: core.name,
            target: core.target,
            feature: core.feature,
            flash: self.flash,
            ram: self.ram,
            model_address: self.model_address,
            erase_block: self.erase_block,
            clock_hz,
            wait_states: self.wait_states,
            flash_line: self.flash_line,
            qemu,
            file,
        })
    }

    /// Checks that the regions are as linker scripts and slots need them.
    fn memory(&self) -> Result<(), String> {
        let Self { flash, ram, model_address, erase_block, .. } = *self;
        let end = |name: &str, region: Region| {
            let wrong = || format!("{name} extends past the 32-bit address space; correct its origin or len");
            region.origin.checked_add(region.len).ok_or_else(wrong)
        };
        let (flash_end, ram_end) = (end("flash", flash)?, end("ram", ram)?);
        let first = flash.origin.saturating_add(FIRMWARE_LEN);
        let refuse = |wrong: bool, what: String| if wrong { Err(what) } else { Ok(()) };
        refuse(
            flash.len <= FIRMWARE_LEN,
            format!("flash has {} bytes; give a len above the firmware's {FIRMWARE_LEN}", flash.len),
        )?;
        refuse(
            ram.len <= FIRMWARE_RAM,
            format!("ram has {} bytes; give a len above the firmware's {FIRMWARE_RAM} bytes", ram.len),
        )?;
        refuse(
            flash.origin < ram_end && ram.origin < flash_end,
            "flash and ram overlap; correct the origin or len of either".to_owned(),
        )?;
        refuse(
            model_address < first || model_address >= flash_end,
            format!(
                "model_address {model_address:#x} is not in flash after the firmware; give at least {first:#x} and less \
                 than {flash_end:#x}"
            ),
        )?;
        refuse(
            erase_block == 0 || erase_block % 16 != 0,
            format!("erase_block {erase_block}: give a multiple of 16 bytes, at least 16"),
        )?;
        refuse(
            (model_address - flash.origin) % erase_block != 0
                || flash_end.wrapping_sub(model_address) % erase_block != 0,
            "model_address and the end of flash are not both erase block boundaries; correct one of them, or erase_block"
                .to_owned(),
        )?;
        refuse(
            ram.origin % 8 != 0 || ram.len % 8 != 0,
            "ram does not begin and end at multiples of 8; correct its origin or len".to_owned(),
        )?;
        let (line, states) = (self.flash_line, self.wait_states);
        refuse(!line.is_power_of_two() || line > 256, format!("flash_line {line}: give a power of two up to 256"))?;
        refuse(states > 64, format!("wait_states {states}: give at most 64"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINE: &str = r#"
[[board]]
name = "mine"
chip = "STM32L4R5"
core = "Cortex-M4F"
flash = { origin = 0x0800_0000, len = 0x10_0000 }
ram = { origin = 0x2000_0000, len = 0x2_0000 }
model_address = 0x0800_9000
erase_block = 0x1000
clock_hz = 120_000_000
wait_states = 5
qemu = { machine = "netduinoplus2", clock_hz = 168_000_000 }
"#;

    /// Checks the message for `MINE` with `old` replaced by `new`.
    fn check(old: &str, new: &str, said: &str) {
        assert!(MINE.contains(old), "{old}");
        let error = read(&MINE.replace(old, new), None).unwrap_err();
        assert!(error.contains(said) && !error.contains('\n'), "{old} -> {new}: {error}");
    }

    #[test]
    fn a_board_is_read() {
        let boards = read(MINE, Some("/here/mine.toml")).unwrap();
        let [board] = &boards[..] else { panic!("{boards:?}") };
        assert_eq!((board.name, board.core, board.target), ("mine", "Cortex-M4F", "thumbv7em-none-eabihf"));
        assert_eq!((board.clock_hz, board.wait_states, board.flash_line), (120_000_000, 5, 16));
        assert_eq!(board.qemu, Some(Qemu { machine: "netduinoplus2", clock_hz: 168_000_000 }));
        assert_eq!((board.model_region().len, board.file), (0x10_0000 - 0x9000, Some("/here/mine.toml")));
        let bare = read(&MINE.replace("qemu", "# qemu").replace("clock_hz", "# clock_hz"), None).unwrap();
        assert_eq!((bare[0].qemu, bare[0].clock_hz), (None, 0));
        assert_eq!(bare[0].id(), board.id(), "the same firmware runs on both");
        assert_ne!(read(&MINE.replace("0x2_0000", "0x1_0000"), None).unwrap()[0].id(), board.id());
    }

    #[test]
    fn every_core_has_boards_and_is_named_in_the_template() {
        let names: Vec<_> = cores().map(|core| core.name.trim_start_matches("Cortex-")).collect();
        let (last, others) = names.split_last().unwrap();
        let listed = format!("# core Cortex-{} or {last};", others.join(", "));
        let words = BUILT_IN.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(&listed), "boards.toml must say: {listed}");
        for core in cores() {
            let [board] = read(&MINE.replace("Cortex-M4F", core.name), None).unwrap()[..] else { panic!("{core:?}") };
            assert_eq!((board.core, board.target, board.feature), (core.name, core.target, core.feature));
        }
        assert!(read(&MINE.replace("Cortex-M4F", "x86-64"), None).is_err(), "a PC is not a board");
    }

    #[test]
    fn what_is_wrong_is_said_in_one_line() {
        check("chip =", "chips =", "line 4: unknown field `chips`");
        check("\"Cortex-M4F\"", "\"Cortex-M9\"", "use one of Cortex-M0");
        check("\"mine\"", "\"a\\u001Bb\"", "not a valid board name");
        check("\"mine\"", "\"all\"", "not a valid board name");
        check(
            "0x0800_9000",
            "0x0800_4000",
            "model_address 0x8004000 is not in flash after the firmware; give at least 0x8009000",
        );
        check("0x0800_9000", "0x0800_9800", "erase block boundaries");
        check("erase_block = 0x1000", "erase_block = 0", "erase_block");
        check("len = 0x10_0000", "len = 0xFFFF_FFFF", "past the 32-bit address space");
        check("origin = 0x2000_0000", "origin = 0x0800_0000", "overlap");
        check("len = 0x2_0000", "len = 0x200", "firmware's 2304 bytes");
        check("wait_states = 5", "wait_states = 500", "wait_states");
        check("wait_states = 5", "flash_line = 12", "flash_line");
        check("wait_states = 5", "flash_line = 0x8000_0000", "flash_line");
        check(", clock_hz = 168_000_000 }\n", ", clock_hz = 0 }\n", "clock_hz");
        check("len = 0x10_0000", "len = 0", "flash has 0 bytes; give a len above the firmware's 36864");
        check("core =", "# core =", "line 2: `core` is missing; foldnet-sim --boards --toml prints");
        check("erase_block = 0x1000", "erase_block = \"4K\"", "expected a whole number from 0 to 4294967295");
        check("ram = {", "ram = 3 # {", "expected { origin = ADDRESS, len = BYTES }");
        check("[[board]]", "board = []\n[other]", "line 3");
        for empty in ["board = []", "", "\n", "# no board\n"] {
            assert!(read(empty, None).unwrap_err().starts_with("contains no board; foldnet-sim --boards"), "{empty:?}");
        }
        assert!(read(&[MINE, MINE].concat(), None).unwrap_err().contains("two boards called 'mine'"));
    }
}

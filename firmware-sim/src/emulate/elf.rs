//! Reads from an ELF file of the firmware how much flash and RAM it takes, and for which board it was built.

use crate::board::{BOARDS, Board, STATICS_LEN};
use object::read::elf::{ElfFile32, ProgramHeader};
use object::{Endianness, Object, ObjectSymbol};

/// Memory of the firmware itself, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Flash: vector table, code, constants, initial values of statics.
    pub flash: usize,
    /// RAM: statics.
    pub statics: usize,
}

/// The symbol whose value is the board's [`Board::id`], from the linker script.
const BOARD_SYMBOL: &str = "_foldnet_board";

/// The board that `elf` was built for, `wanted` or a built-in one, and the memory it takes.
///
/// # Errors
/// What is wrong with the file, and the remedy.
pub(super) fn inspect(elf: &[u8], wanted: &'static Board) -> Result<(&'static Board, Sizes), String> {
    let no_firmware = "is not firmware; give the ELF file built by foldnet-sim for the board";
    let file = ElfFile32::<Endianness>::parse(elf).map_err(|_| no_firmware)?;
    let id = file.symbols().find(|symbol| symbol.name() == Ok(BOARD_SYMBOL)).map(|symbol| symbol.address());
    let id = id.ok_or(no_firmware)?;
    let mut known = std::iter::once(wanted).chain(BOARDS.iter());
    let board = known.find(|board| u64::from(board.id()) == id).ok_or_else(|| {
        let name = wanted.name;
        format!("was built for an unknown board or an older definition of {name}; rebuild it for {name}")
    })?;
    let mut sizes = Sizes { flash: 0, statics: 0 };
    for segment in file.elf_program_headers() {
        let endian = file.endian();
        if segment.p_type(endian) != object::elf::PT_LOAD {
            continue;
        }
        sizes.flash += segment.p_filesz(endian) as usize;
        let address = segment.p_vaddr(endian);
        if (board.ram.origin..board.ram.end()).contains(&address) {
            sizes.statics += segment.p_memsz(endian) as usize;
        }
    }
    if sizes.statics > STATICS_LEN as usize {
        return Err(format!("has {} bytes of statics, but only {STATICS_LEN} are reserved", sizes.statics));
    }
    Ok((board, sizes))
}

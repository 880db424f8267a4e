//! Runs the real firmware on an emulated board (QEMU), and compares every output word with the PC's simulation.
//!
//! ```text
//! Firmware (build | open) ──► run (qemu: job in, results out) ──► Emulation ◄── simulate, on the PC
//!       toolchain, elf              job, exit (shared with the device)
//! ```
//!
//! Instructions are counted by the emulated clock: with `-icount shift=0`, an instruction takes a nanosecond of virtual
//! time, and the board's timer ticks at its clock. The counts are exact to one tick, repeatable, and not cycles. RISC-V
//! has an instruction counter.

mod cases;
mod confine;
mod cycles;
mod elf;
mod error;
mod expected;
mod firmware;
mod many;
mod one;
mod qemu;
mod results;
mod toolchain;
mod update;

pub use cases::{CasesRun, run_cases};
pub use confine::{Confinement, confinement};
pub use cycles::{Cycles, build_plugin, is_modelled};
pub use elf::Sizes;
pub use error::EmulateError;
pub use firmware::{Firmware, bare_sizes, bare_with_panic, inference_sizes, low_ram_bare_sizes};
pub use many::{Survey, Surveyed, emulate_all};
pub use one::{Emulation, FlashUse, Instructions, RamUse, Task, emulate, runs};
pub use qemu::{Request, Run, STALL_LIMIT, check_emulator, emulator_version, run, run_all};
pub use results::Answer;
pub use toolchain::build_command;
pub use update::{Answered, Update, Updated, run_update};

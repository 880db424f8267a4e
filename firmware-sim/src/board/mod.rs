//! The known boards, and whether a model fits one. `table.rs`, which the firmware's build also reads, has the
//! description of a board.

mod built_in;
mod choice;
mod cost;
mod fit;
mod slow;
mod table;

pub use built_in::{BOARDS, UnknownBoard, by_name};
pub use choice::{BoardArgs, BoardError, BoardFileArg, known};
pub use cost::{cycles_without_zeros, ms_without_zeros, timed_cores};
pub use fit::{DoesNotFit, Footprint, example_bytes};
pub use slow::{SlowLayer, slow_layers, slow_layers_on};
pub use table::{BUILT_IN, Board, FIRMWARE_LEN, FIRMWARE_RAM, Qemu, Region, STACK_LEN, STATICS_LEN, cores, read};

//! The firmware of every board, built once for all tests of this program.

use foldnet_sim::Firmware;
use foldnet_sim::board::BOARDS;
use std::sync::OnceLock;

/// In the order of [`BOARDS`].
pub(crate) fn all() -> &'static [Firmware] {
    static FIRMWARE: OnceLock<Vec<Firmware>> = OnceLock::new();
    let build = |board| Firmware::build(board).unwrap_or_else(|error| panic!("{error}"));
    FIRMWARE.get_or_init(|| BOARDS.iter().map(build).collect())
}

/// With the feature `low-ram`, for an M0 and an M3; built after the others, whose files these replace.
pub(crate) fn low_ram() -> &'static [Firmware] {
    static FIRMWARE: OnceLock<Vec<Firmware>> = OnceLock::new();
    let build = |board| Firmware::build_low_ram(of(board).board()).unwrap_or_else(|error| panic!("{error}"));
    FIRMWARE.get_or_init(|| ["mps2-an385-m0", "mps2-an385"].map(build).to_vec())
}

/// That of `board`.
pub(crate) fn of(board: &str) -> &'static Firmware {
    all().iter().find(|firmware| firmware.board().name == board).expect("a board of the table")
}

//! The built-in boards, by name.

use super::table::{self, BUILT_IN, Board};
use std::sync::LazyLock;

/// The built-in boards, from `boards.toml`.
pub static BOARDS: LazyLock<Vec<Board>> =
    LazyLock::new(|| table::read(BUILT_IN, None).unwrap_or_else(|cause| unreachable!("boards.toml: {cause}")));

/// The built-in board with this name.
///
/// # Errors
/// If there is none; the message lists all.
pub fn by_name(name: &str) -> Result<&'static Board, UnknownBoard> {
    BOARDS.iter().find(|board| board.name == name).ok_or_else(|| UnknownBoard { name: name.to_owned() })
}

/// There is no built-in board with this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown board '{name}': use one of {}, or describe it in a file (--board-file)", names(&BOARDS))]
pub struct UnknownBoard {
    /// The requested name.
    pub name: String,
}

/// The names of `boards`, separated by commas.
pub(super) fn names(boards: &[Board]) -> String {
    boards.iter().map(|board| board.name).collect::<Vec<_>>().join(", ")
}

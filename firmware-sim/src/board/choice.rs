//! The choice of a board: by name, or from the user's file. Both programs have these options.

use super::built_in::{BOARDS, UnknownBoard, by_name};
use super::table::{Board, read};
use foldnet_data::bounded::{self, limit};
use std::path::{Path, PathBuf};

/// The options that choose a board.
#[derive(Debug, Clone, Default, clap::Args)]
#[group(id = "for_board", multiple = true)]
pub struct BoardArgs {
    /// The board (foldnet-sim --boards lists them)
    #[arg(long, value_name = "NAME")]
    pub board: Option<String>,
    /// A file that describes your own boards; if it has several, --board selects one (foldnet-sim --boards --toml
    /// prints one to start from)
    #[arg(long, value_name = "TOML")]
    pub board_file: Option<PathBuf>,
}

/// The option that adds the user's boards to the built-in ones.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct BoardFileArg {
    /// Also show your own boards, from the file that describes them (foldnet-sim --boards --toml prints one to start
    /// from)
    #[arg(long, value_name = "TOML")]
    pub board_file: Option<PathBuf>,
}

impl BoardFileArg {
    /// All boards, as [`known`].
    ///
    /// # Errors
    /// If the file is invalid.
    pub fn known(&self) -> Result<Vec<&'static Board>, BoardError> {
        known(self.board_file.as_deref())
    }
}

/// No board could be chosen.
#[derive(Debug, thiserror::Error)]
pub enum BoardError {
    /// There is no board with this name.
    #[error(transparent)]
    Unknown(#[from] UnknownBoard),
    /// The file cannot be used.
    #[error("{}: {cause}", path.display())]
    File {
        /// The board file.
        path: PathBuf,
        /// What is wrong, and the remedy.
        cause: String,
    },
}

impl BoardArgs {
    /// The chosen board; `None` without either option.
    ///
    /// # Errors
    /// If there is none with this name, the file is invalid, or it has several boards and none is named.
    pub fn chosen(&self) -> Result<Option<&'static Board>, BoardError> {
        let Some(path) = &self.board_file else { return Ok(self.board.as_deref().map(by_name).transpose()?) };
        let boards = open(path)?;
        let named = || boards.iter().map(|board| board.name).collect::<Vec<_>>().join(", ");
        let refuse = |cause| BoardError::File { path: path.clone(), cause };
        match (&self.board, &boards[..]) {
            (None, [board]) => Ok(Some(*board)),
            (None, _) => Err(refuse(format!("describes several boards; select one with --board NAME: {}", named()))),
            (Some(name), _) => match boards.iter().find(|board| board.name == name) {
                Some(board) => Ok(Some(*board)),
                None => Err(refuse(format!("has no board named '{name}'; give one of {}", named()))),
            },
        }
    }
}

/// All boards: those of the file, if there is one, followed by the built-in ones with other names.
///
/// # Errors
/// If the file is invalid.
pub fn known(file: Option<&Path>) -> Result<Vec<&'static Board>, BoardError> {
    let mut boards = file.map_or(Ok(Vec::new()), open)?;
    let others = BOARDS.iter().filter(|built_in| boards.iter().all(|board| board.name != built_in.name));
    let others: Vec<_> = others.collect();
    boards.extend(others);
    Ok(boards)
}

/// The boards of a file, at least one.
fn open(path: &Path) -> Result<Vec<&'static Board>, BoardError> {
    let refuse = |cause| BoardError::File { path: path.to_owned(), cause };
    let unreadable = |error: std::io::Error| refuse(format!("cannot be read ({error}); give a TOML file of boards"));
    let text = bounded::read_text(path, limit::BOARDS).map_err(unreadable)?;
    // Made absolute, because the firmware build runs in a different folder.
    let absolute = std::path::absolute(path).map_err(unreadable)?;
    let boards = read(&text, absolute.to_str()).map_err(refuse)?;
    Ok(boards.into_iter().map(|board| &*Box::leak(Box::new(board))).collect())
}

//! Reads the model that the command works on.

use super::error::CliError;
use foldnet_core::Model;
use foldnet_core::quantized::KernelKind;
use foldnet_data::bounded::{self, limit};
use foldnet_sim::AlignedBytes;
use foldnet_sim::aligned::PARSER_ALIGNMENT;
use foldnet_sim::board::{Board, Footprint};
use std::path::Path;

/// The file's bytes with exactly the alignment that the parser requires, because a board may put a model at any such
/// address.
pub(crate) fn read(path: &Path) -> Result<AlignedBytes, CliError> {
    match bounded::read(path, limit::MODEL) {
        Ok(bytes) => Ok(AlignedBytes::at_offset(&bytes, PARSER_ALIGNMENT)),
        Err(cause) => Err(CliError::Unreadable { path: path.to_owned(), cause }),
    }
}

pub(crate) fn parse<'a>(path: &Path, bytes: &'a [u8]) -> Result<Model<'a>, CliError> {
    Model::parse(bytes).map_err(|cause| CliError::no_model(path, cause))
}

/// Memory that the model takes on `board`, or in general.
pub(crate) fn footprint(path: &Path, model: &Model, board: Option<&Board>) -> Result<Footprint, CliError> {
    let Some(board) = board else { return Ok(Footprint::of(model, KernelKind::CURRENT)) };
    board.fit(model).map_err(|cause| CliError::DoesNotFit { path: path.to_owned(), cause })
}

//! Information that a user gives because the file lacks it.

use super::pixels::PixelRange;
use super::scale::InputScale;
use super::words::Words;
use crate::network::architecture::NormPlacement;
use foldnet_data::InputType;
use std::path::PathBuf;

/// The user's information on a file that lacks it: `--norm`, `--layers`, `--pixels`, `--epsilon`, `--config`,
/// `--input-type` and `--input-scale`.
///
/// If the file has the information, hints must agree with it; anything else is an error.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hints {
    /// Position of the hidden layers' BatchNormalizations; the hidden activations are then ReLU.
    pub norm: Option<NormPlacement>,
    /// All layers in order, as words.
    pub layers: Option<Words>,
    /// The configuration for weights-only files of Keras: a file with the output of `model.to_json()`.
    pub config: Option<PathBuf>,
    /// The range of pixels, if there are no statistics.
    pub pixels: Option<PixelRange>,
    /// Positive epsilons of the BatchNormalizations: one for all, one for each, or empty.
    pub epsilon: Vec<f32>,
    /// Type of the raw inputs, if the file does not have it.
    pub input: Option<InputType>,
    /// Scale of the raw inputs, if the file does not have it.
    pub scale: Option<InputScale>,
}

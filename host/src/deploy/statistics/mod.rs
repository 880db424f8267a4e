//! Calibration examples for a network without data: generated so that their mean and variance at every
//! BatchNormalization match the moving statistics from training.
//!
//! ```text
//! checkpoint ─► source (what is known of each input) ─► examples drawn input by input
//!            └► chain (layers and stored statistics) ─► matching: move the examples until their statistics match
//! ```
//!
//! A BatchNormalization only stores the mean and variance of every value. The network reveals correlations between the
//! inputs of a layer only through later values. So these examples are a substitute, worth less than real ones;
//! `docs/quantization.md` has measurements. A value that nothing describes is refused, because a guessed range would be
//! silently wrong.

mod chain;
mod matching;
mod source;
mod undescribed;

#[cfg(test)]
mod tests;

pub use chain::Fit;
pub use undescribed::Undescribed;

use crate::files::open::ImageSize;
use crate::network::checkpoint::Checkpoint;
use chain::Chain;
use foldnet_core::Compute;
use foldnet_data::{Examples, Shape, Targets, Values};
use source::Source;

/// Generated examples that replace those that a network was trained on.
#[derive(Debug, Clone, PartialEq)]
pub struct Made {
    /// `[N][I]`, without answers.
    pub examples: Examples,
    /// How closely they match the network's statistics.
    pub fit: Fit,
}

/// Generates `count` examples for `checkpoint`. The seed is fixed: equal networks get equal examples.
///
/// # Errors
/// If the network does not sufficiently describe what reaches its layers.
pub fn examples<C: Compute>(checkpoint: &Checkpoint, count: usize, compute: &C) -> Result<Made, Undescribed> {
    if checkpoint.about.pool.is_some() || checkpoint.about.quantized.is_some() {
        return Err(Undescribed::Trained);
    }
    let source = Source::of(checkpoint)?;
    let chain = Chain::of(checkpoint, &source)?;
    let (rows, fit) = matching::examples(&chain, &source, count, compute);
    let size = ImageSize::of(checkpoint);
    let shape = size.shape.unwrap_or(Shape::features(size.pixels));
    let inputs = Values::cast(size.input, rows.into_iter().map(f64::from));
    Ok(Made { examples: Examples { inputs, targets: Targets::None, shape }, fit })
}

//! Examples for calibration where there are none: made so that they leave at every BatchNormalization of a network the
//! mean and the variance that it holds from training.
//!
//! ```text
//! checkpoint ─► source (what is known of each input) ─► examples drawn input by input
//!            └► chain (layers, and the statistics that they hold) ─► matching: the examples move until the chain's
//!                                                                    statistics are those held
//! ```
//!
//! What a BatchNormalization holds is mean and variance of every value alone. That the inputs of a layer hang together
//! the network tells by the values behind it, no more; so these examples are a stand-in, worth less than real ones, and
//! how much less is measured in `docs/quantization.md`. A value that nothing describes is refused: a guessed range would
//! be wrong in silence.

mod chain;
mod matching;
mod source;

#[cfg(test)]
mod tests;

pub use chain::Fit;

use crate::network::checkpoint::Checkpoint;
use crate::network::open::ImageSize;
use chain::Chain;
use foldnet_core::Compute;
use foldnet_data::{Examples, InputType, Shape, Targets, Values};
use source::Source;

/// Why a network alone does not say what its layers get.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Undescribed {
    /// A hidden layer without BatchNormalization.
    #[error(
        "no BatchNormalization stands beside the ReLU of layer {layer}, so nothing says how large its outputs become"
    )]
    Relu {
        /// Its place in the list of layers.
        layer: usize,
    },
    /// Inputs that may be anything.
    #[error("nothing in the network says how large its inputs of {input} are")]
    Inputs {
        /// Their type.
        input: InputType,
    },
    /// Moving statistics as they are before training.
    #[error("the BatchNormalization of layer {layer} was never trained: mean 0 and variance 1 everywhere")]
    Untrained {
        /// Its place in the list of layers.
        layer: usize,
    },
    /// Networks that no other tool makes.
    #[error("a network trained with --bits or --pool holds no statistics of what its inputs are")]
    Trained,
}

/// Examples that stand for those that a network was trained on.
#[derive(Debug, Clone, PartialEq)]
pub struct Made {
    /// `[N][I]`, without answers.
    pub examples: Examples,
    /// How near they come to what the network holds.
    pub fit: Fit,
}

/// Makes `count` examples for `checkpoint`. The seed is fixed: equal networks get equal examples.
///
/// # Errors
/// When the network does not say enough of what its layers get.
pub fn examples<C: Compute>(checkpoint: &Checkpoint, count: usize, compute: &C) -> Result<Made, Undescribed> {
    if checkpoint.about.pool.is_some() || checkpoint.about.quantized.is_some() {
        return Err(Undescribed::Trained);
    }
    let source = Source::of(checkpoint)?;
    let chain = Chain::of(checkpoint, &source)?;
    let (rows, fit) = matching::examples(&chain, &source, count, compute);
    let size = ImageSize::of(checkpoint);
    let shape = size.shape.unwrap_or(Shape::features(size.pixels));
    Ok(Made { examples: Examples { inputs: values(size.input, rows), targets: Targets::None, shape }, fit })
}

/// Raw values of their type; those of integers are whole.
fn values(input: InputType, rows: Vec<f32>) -> Values {
    match input {
        InputType::U8 => Values::U8(rows.into_iter().map(|value| value as u8).collect()),
        InputType::I8 => Values::I8(rows.into_iter().map(|value| value as i8).collect()),
        InputType::I16 => Values::I16(rows.into_iter().map(|value| value as i16).collect()),
        InputType::U16 => Values::U16(rows.into_iter().map(|value| value as u16).collect()),
        InputType::F32 => Values::F32(rows),
    }
}

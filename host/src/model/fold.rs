//! The folded network on the PC: the result of [`foldnet_core::fold`], row by row, in f64.

use crate::network::checkpoint::Checkpoint;
use foldnet_core::fold::{Fold, FoldError};

/// One Dense, with or without a ReLU after it.
#[derive(Debug, Clone, PartialEq)]
pub struct FoldedLayer {
    /// `I`
    pub inputs: usize,
    /// `O`
    pub units: usize,
    /// Whether a ReLU follows.
    pub relu: bool,
    /// `[O][I]`; the first layer takes raw pixels, 0 to 255.
    pub kernel: Vec<f64>,
    /// `[O]`
    pub bias: Vec<f64>,
}

/// Folds pixel scaling and every BatchNormalization of a trained network into its Dense layers.
///
/// # Errors
/// If the layers cannot be folded; the error names the layer.
pub fn fold(checkpoint: &Checkpoint) -> Result<Vec<FoldedLayer>, FoldError> {
    let scaling = checkpoint.pixels.scaling();
    let fold = Fold::new(checkpoint.network(), &checkpoint.params, scaling)?;
    let (mut row, mut scratch) = (vec![0.0; fold.widest()], vec![0.0; fold.widest()]);
    let mut layers = Vec::new();
    for (index, block) in fold.blocks().iter().enumerate() {
        let (mut kernel, mut bias) = (Vec::with_capacity(block.units * block.inputs), Vec::new());
        for unit in 0..block.units {
            bias.push(fold.row(index, unit, &mut row, &mut scratch));
            kernel.extend_from_slice(&row[..block.inputs]);
        }
        layers.push(FoldedLayer { inputs: block.inputs, units: block.units, relu: block.relu, kernel, bias });
    }
    Ok(layers)
}

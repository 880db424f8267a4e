//! Encodes a [`Checkpoint`] as a file, with Keras's names and layout.

use super::error::Fault;
use super::layers::{BATCH_NORM, LayerKind};
use super::pixels::{PIXEL_MEAN, PIXEL_STD};
use super::{Checkpoint, PixelStatistics, container, metadata};
use foldnet_core::network::Placed;
use foldnet_core::{BatchNorm, Layer, Shape};

/// A tensor's name, shape and values.
type Named = (String, Vec<usize>, Vec<f32>);

/// Encodes tensors in the order of the layers, each layer's as in Keras's `model.weights`.
///
/// # Errors
/// If the number of parameters does not match.
pub(crate) fn encode(checkpoint: &Checkpoint) -> Result<Vec<u8>, Fault> {
    let Checkpoint { layers, params, .. } = checkpoint;
    let network = layers.network(Shape::count(layers.inputs()));
    let needed = network.params();
    if params.len() != needed {
        return Err(Fault::Params { needed, found: params.len() });
    }
    let (mut tensors, mut dense, mut norms) = (Vec::new(), 0, 0);
    for place in network.placed() {
        let values = &params[place.range()];
        match place.layer {
            Layer::Dense { .. } => push_dense(&mut tensors, &mut dense, place, values),
            Layer::BatchNorm { .. } => push_batch_norm(&mut tensors, &mut norms, values),
            _ => {}
        }
    }
    if let PixelStatistics::Standardized { mean, std } | PixelStatistics::Values { mean, std } = &checkpoint.pixels {
        tensors.push((PIXEL_MEAN.into(), vec![mean.len()], mean.clone()));
        tensors.push((PIXEL_STD.into(), vec![std.len()], std.clone()));
    }
    let mut bytes = Vec::new();
    container::write(&mut bytes, &tensors, metadata::entries(checkpoint)?);
    Ok(bytes)
}

/// Adds the kernel, transposed from `[O][I]` to `[I][O]`, then the bias if there is one.
fn push_dense(tensors: &mut Vec<Named>, number: &mut u64, place: Placed, values: &[f32]) {
    let (inputs, units) = (place.inputs, place.outputs);
    let (kernel, bias) = values.split_at(inputs * units);
    let transposed = (0..inputs).flat_map(|input| kernel[input..].iter().step_by(inputs)).copied().collect();
    let layer = LayerKind::Dense.layer(*number);
    tensors.push((format!("{layer}/kernel"), vec![inputs, units], transposed));
    if !bias.is_empty() {
        tensors.push((format!("{layer}/bias"), vec![units], bias.to_vec()));
    }
    *number += 1;
}

/// Adds the four variables, each over all units.
fn push_batch_norm(tensors: &mut Vec<Named>, number: &mut u64, values: &[f32]) {
    let layer = LayerKind::BatchNorm.layer(*number);
    for (at, variable) in BATCH_NORM.iter().enumerate() {
        let column: Vec<f32> = values[at..].iter().step_by(BatchNorm::VALUES).copied().collect();
        tensors.push((format!("{layer}/{variable}"), vec![column.len()], column));
    }
    *number += 1;
}

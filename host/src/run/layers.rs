//! The outputs of every layer of a model file, in the device's arithmetic.

use anyhow::Context;
use foldnet_core::infer::Input;
use foldnet_core::{Inference, Model};
use foldnet_data::{ValuesRef, View};

/// The real outputs of every layer of an integer model, `[N][O]` each, in the order of its units.
///
/// # Errors
/// If the examples do not have the model's size and type.
pub fn layer_outputs(model: &Model, view: View) -> anyhow::Result<Vec<Vec<f64>>> {
    match view.inputs {
        ValuesRef::U8(values) => each(model, values),
        ValuesRef::I8(values) => each(model, values),
        ValuesRef::I16(values) => each(model, values),
        ValuesRef::U16(values) => each(model, values),
        ValuesRef::F32(values) => each(model, values),
    }
}

fn each<I: Input>(model: &Model, values: &[I]) -> anyhow::Result<Vec<Vec<f64>>> {
    let mut scratch = vec![0; model.scratch_words()];
    let mut inference = Inference::new(model.clone(), &mut scratch)?;
    let layers = model.header().layers;
    let (_, hidden) = layers.split_last().context("a model without layers")?;
    let (last, mut outputs) = (hidden.len(), vec![Vec::new(); layers.len()]);
    for example in values.chunks_exact(model.inputs()) {
        for (index, layer) in hidden.iter().enumerate() {
            inference.run_layers(example, index..index + 1)?;
            let real = |&code: &u8| f64::from(code) * f64::from(layer.scale);
            outputs[index].extend(inference.activations(index).iter().map(real));
        }
        inference.run_layers(example, last..last + 1)?;
        outputs[last].extend(inference.outputs().values().map(f64::from));
    }
    Ok(outputs)
}

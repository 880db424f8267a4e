//! An image through the layers of an integer model.

use super::parse::Model;
use crate::int::kernel::Width;
use crate::int::{hidden, last};

/// Every layer in turn; `even` and `odd` take the outputs of even and odd layers: activations as bytes, logits as words.
pub(super) fn run(model: &Model, image: &[u8], even: &mut [u32], odd: &mut [u32]) {
    let count = model.header().layers.len();
    let (mut x, mut y) = (odd, even);
    for (index, (layer, sections)) in model.layers().enumerate() {
        let Some(width) = Width::from_bits(layer.bits) else { return };
        let (inputs, units) = (usize::from(layer.inputs), usize::from(layer.units));
        let input = if index == 0 { image } else { bytemuck::must_cast_slice(x) };
        let input = input.get(..inputs).unwrap_or(input);
        if index + 1 == count {
            let logits = y.get_mut(..units).unwrap_or_default();
            last(width, sections.first, sections.second, input, inputs, layer.relu, logits);
        } else {
            let output = bytemuck::must_cast_slice_mut(y).get_mut(..units).unwrap_or_default();
            hidden(width, sections.first, sections.second, input, inputs, output);
        }
        core::mem::swap(&mut x, &mut y);
    }
}

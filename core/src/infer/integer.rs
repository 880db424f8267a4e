//! Runs an example through the layers of an integer model.

use super::dense::{hidden, last};
use super::layer::Dense;
use super::memory::Memory;
use super::source::{Listed, Order, Source};
use crate::model::{LayerShape, Model, Sections};
use crate::quantized::Traits;
use core::ops::Range;

/// Runs these layers in turn. `even` and `odd` take the outputs of even and odd layers: activations as bytes, logits as
/// words. `list` is the kernel's memory. The first layer's inputs are `image`, or `odd` if that is `None`.
pub(super) fn run(model: &Model, layers: Range<usize>, image: Option<&[u8]>, memory: Memory) {
    let count = model.depth();
    let Memory { even, odd, list } = memory;
    let (mut x, mut y) = (odd, even);
    for (index, (layer, sections)) in model.layers().enumerate().take(layers.end) {
        if layers.contains(&index) {
            let traits = model.traits(index);
            let strip = if cfg!(feature = "wide") && traits.wide { model.strip(index) } else { 0 };
            let Some(dense) = dense(&layer, sections, traits, strip) else { return };
            let units = layer.units();
            let source = match index {
                0 => Source::new(image.unwrap_or(bytemuck::must_cast_slice(x)), order(&layer, sections)),
                _ => Source::new(bytemuck::must_cast_slice(x), Order::Plain(layer.inputs())),
            };
            // Parsing has compared the shapes and the order with the values of an example.
            debug_assert!(source.is_whole(), "no input is missing");
            if index + 1 == count {
                last(&dense, &source, list, layer.relu, y.get_mut(..units).unwrap_or_default());
            } else {
                let output = bytemuck::must_cast_slice_mut(y).get_mut(..units).unwrap_or_default();
                hidden(&dense, &source, list, output);
            }
        }
        core::mem::swap(&mut x, &mut y);
    }
}

/// The order of the first layer's inputs.
fn order<'a>(layer: &LayerShape, sections: Sections<'a>) -> Order<'a> {
    match bytemuck::try_cast_slice(sections.order) {
        Ok([]) | Err(_) => Order::Plain(layer.inputs()),
        Ok(list) => Order::Listed(Listed::checked(list)),
    }
}

/// The layer's sections as words; the file begins at a word, and all sections at multiples of 16.
fn dense<'a>(layer: &LayerShape, sections: Sections<'a>, traits: Traits, strip: usize) -> Option<Dense<'a>> {
    let width = layer.width()?;
    let rows = bytemuck::try_cast_slice(sections.rows).ok()?;
    Some(Dense { width, rows, weights: bytemuck::try_cast_slice(sections.weights).ok()?, traits, strip })
}

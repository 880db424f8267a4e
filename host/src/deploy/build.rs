//! Builds a device model: folds a network, or takes its trained integers, quantizes it, and encodes it.

use super::arrange::arrange;
use super::inputs::{InputLoss, choose, invert_integers};
use super::plan::{Built, ExportPlan, Folded};
use super::quantize::QuantizeProgress;
use super::quantizer::Quantizer;
use super::shrink::Wanted;
use crate::model::encode::encode_float;
use crate::model::fold::fold;
use crate::model::integers::Integers;
use crate::network::checkpoint::Checkpoint;
use crate::network::windows::Inputs;
use anyhow::{Context, bail};
use foldnet_core::Compute;
use foldnet_core::model::FLOAT_BITS;

/// The fold of `checkpoint`, for examples in the form its inputs take ([`Checkpoint::seen`]); `None` for a network that
/// was trained in integers, which is already folded.
///
/// # Errors
/// If the layers cannot be folded, or the fold exceeds 32-bit floats or the format.
pub fn folded(checkpoint: &Checkpoint, plan: &ExportPlan) -> anyhow::Result<Option<Folded>> {
    if checkpoint.about.quantized.is_some() {
        return Ok(None);
    }
    let layers = fold(checkpoint).context("this network cannot be exported")?;
    // After averaging of pooled inputs, which a float model would not round.
    let seen = checkpoint.seen(plan.test);
    let behind = ExportPlan { test: seen.view(), ..*plan };
    let model = encode_float(&layers, checkpoint, &Inputs::plain(behind.test), behind.examples())?;
    Ok(Some(Folded { layers, model }))
}

/// The model of `checkpoint`, whose fold is `folded`; reduced if `wanted` says so.
///
/// # Errors
/// If the format does not support the bits, or no smaller model is within the limit.
pub fn build<C: Compute>(
    checkpoint: &Checkpoint,
    folded: Option<Folded>,
    plan: &ExportPlan,
    wanted: Option<&Wanted>,
    compute: &C,
    progress: &mut dyn FnMut(QuantizeProgress),
) -> anyhow::Result<Built> {
    let Some(Folded { layers, model }) = folded else {
        check_bits(checkpoint, plan.bits)?;
        return trained(Integers::of(checkpoint)?, checkpoint, plan);
    };
    let bits = bits_per_layer(plan.bits, layers.len())?;
    if bits.contains(&FLOAT_BITS) {
        let groups = checkpoint.groups();
        let inputs = Inputs::plain(plan.test).grouped(&groups);
        let of_values = || encode_float(&layers, checkpoint, &inputs, plan.examples());
        let model = if groups.is_empty() { model } else { of_values()? };
        return Ok(Built {
            model,
            bits,
            errors: Vec::new(),
            kept: Vec::new(),
            loss: InputLoss::default(),
            shrunk: None,
        });
    }
    Quantizer { checkpoint, plan, bits: &bits }.run(layers, wanted, compute, progress)
}

/// The model of a network that was trained in integers, with its inputs and units in the order that is fastest on a
/// device.
fn trained(mut integers: Integers, checkpoint: &Checkpoint, plan: &ExportPlan) -> anyhow::Result<Built> {
    let bits = integers.layers.iter().map(|layer| layer.bits).collect();
    let (seen, groups) = (checkpoint.seen(plan.calibration), checkpoint.groups());
    let mut codes = seen.view().bytes()?.to_vec();
    if groups.is_empty() && plan.calibration.bytes().is_ok() {
        let inputs = invert_integers(choose(plan.calibration).inputs, &mut integers.layers[0]);
        integers = integers.converted(checkpoint, inputs)?;
        codes = integers.inputs.codes(plan.calibration.inputs, checkpoint.inputs());
    }
    let arranged = arrange(&mut integers.layers, &codes, &groups);
    integers.inputs = integers.inputs.grouped(&arranged.groups);
    let model = integers.encode(checkpoint, &arranged.order, plan.examples())?;
    let (errors, kept) = (Vec::new(), Vec::new());
    Ok(Built { model, bits, errors, kept, loss: InputLoss::default(), shrunk: None })
}

/// # Errors
/// If the requested widths differ from those of a network trained in integers.
fn check_bits(checkpoint: &Checkpoint, asked: &[u8]) -> anyhow::Result<()> {
    let trained = checkpoint.about.quantized.as_ref().map_or(&[][..], |quantized| &quantized.bits);
    if bits_per_layer(asked, trained.len())? != trained {
        let trained = trained.iter().map(u8::to_string).collect::<Vec<_>>().join(",");
        bail!(
            "--bits: this network was trained with weights of {trained} bits, which export keeps; give --bits {trained}"
        );
    }
    Ok(())
}

/// One width per layer, from one for all or one for each.
fn bits_per_layer(bits: &[u8], layers: usize) -> anyhow::Result<Vec<u8>> {
    let listed = bits.iter().map(u8::to_string).collect::<Vec<_>>().join(",");
    let bits = match bits {
        [all] => vec![*all; layers],
        _ if bits.len() == layers => bits.to_vec(),
        _ => bail!(
            "--bits {listed}: give one number, or one for each of the {layers} layers that are left after the fold"
        ),
    };
    if let Some(unknown) = bits.iter().find(|bits| ![2, 4, 8, FLOAT_BITS].contains(bits)) {
        bail!("--bits {unknown}: weights have 32, 8, 4 or 2 bits; give one of these");
    }
    if bits.contains(&FLOAT_BITS) && bits.iter().any(|&bits| bits != FLOAT_BITS) {
        bail!("--bits {listed}: a model is all float or all integer; give 32 alone, or 8, 4 and 2");
    }
    Ok(bits)
}

#[cfg(test)]
mod tests {
    use super::bits_per_layer;

    fn check(bits: &[u8], expected: Result<&[u8], &str>) {
        let found = bits_per_layer(bits, 3).map_err(|error| error.to_string());
        match (&found, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected),
            (Err(found), Err(expected)) => assert!(found.starts_with(expected), "{found}"),
            _ => panic!("{bits:?}: {found:?}"),
        }
    }

    #[test]
    fn bits_are_for_all_layers_or_each() {
        check(&[8], Ok(&[8, 8, 8]));
        check(&[4, 4, 8], Ok(&[4, 4, 8]));
        check(&[32], Ok(&[32, 32, 32]));
        check(&[4, 8], Err("--bits 4,8: give one number"));
        check(&[7], Err("--bits 7: "));
        check(&[32, 8, 8], Err("--bits 32,8,8: a model is all float or all integer"));
    }
}

//! Runs a model file with the device's code.

use super::outputs::{Outputs, Scored, two_classes};
use foldnet_core::infer::{Answer, Input};
use foldnet_core::model::HeadKind;
use foldnet_core::{Inference, Model};
use foldnet_data::{ValuesRef, View, text};
use sha2::{Digest, Sha256};

/// Runs a model file, image by image, as a device does.
///
/// # Panics
/// If the images do not have the model's size: see [`Model::inputs`].
pub fn run_model(model: &Model, view: View) -> Outputs {
    assert_eq!(view.shape.inputs(), model.inputs(), "image size and model");
    let (mut logits, mut digest, mut scores) = (Vec::new(), Sha256::new(), Vec::new());
    let known = model.threshold().is_some();
    let mut each = |answer: Answer, outputs: foldnet_core::infer::Outputs| {
        if let Answer::Score { score, above } = answer {
            scores.push(Scored { score: score.value(), above: known.then_some(above) });
        }
        logits.extend(outputs.values());
        outputs.words().iter().for_each(|word| digest.update(word.to_le_bytes()));
    };
    match view.inputs {
        ValuesRef::U8(values) => run_values(model, values, &mut each),
        ValuesRef::I8(values) => run_values(model, values, &mut each),
        ValuesRef::I16(values) => run_values(model, values, &mut each),
        ValuesRef::U16(values) => run_values(model, values, &mut each),
        ValuesRef::F32(values) => run_values(model, values, &mut each),
    }
    let sha256 = text::hex(&digest.finalize());
    let (logits, classes) = two_classes(logits, model.outputs(), model.head() == HeadKind::Sigmoid);
    Outputs { logits, classes, scores, logits_sha256: Some(sha256) }
}

/// Runs a model on examples of its type, one after the other.
fn run_values<I: Input>(model: &Model, values: &[I], each: &mut dyn FnMut(Answer, foldnet_core::infer::Outputs)) {
    let mut scratch = vec![0; model.scratch_words()];
    let mut inference = Inference::<I>::new(model.clone(), &mut scratch)
        .expect("the door has seen that the types agree, and the scratch memory is as long as declared");
    for example in values.chunks_exact(model.inputs()) {
        let answer = inference.run(example).expect("chunks of this length");
        each(answer, inference.outputs());
    }
}

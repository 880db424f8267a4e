//! `simulate` against inference called directly, and against answers worked out by hand.

use crate::models;
use crate::typed_models::{Typed, examples, typed, windows};
use foldnet_core::Model;
use foldnet_core::infer::{Answer, Inference, Input, Outputs};
use foldnet_core::model::{HeadKind, InputType, ParseError};
use foldnet_core::slot::bare;
use foldnet_data::{Targets, Values, View};
use foldnet_sim::app::{App, AppError, Examples, Shell};
use foldnet_sim::metrics::Metrics;
use foldnet_sim::simulate::simulate_each;
use foldnet_sim::{AlignedBytes, Simulation, simulate};
use sha2::{Digest, Sha256};

#[test]
fn a_handmade_model_gives_the_digest_worked_out_by_hand() {
    let bytes = AlignedBytes::from_vec(models::tiny());
    let model = Model::parse(&bytes).unwrap();
    // h = [3, 0, 0] and [10, 0, 410]; z = [3.5, -0.25] and [10.5, 409.75].
    let pixels = [1, 5, 0, 2, 10, 20, 255, 0];
    let run = simulate(&model, models::view(&pixels, &[0, 0]), &mut |_| ());
    assert_eq!((run.images, run.correct, &run.classes[..]), (2, 1, &[0, 1][..]));
    // SHA-256 of 00006040 000080be 00002841 00e0cc43 (hex), computed by another program.
    assert_eq!(run.logits_sha256, "f04942410b9c8bfda50a679a59b361ecd4fc90ddcc9e34c4110e3bf54e6052b5");
}

#[test]
fn no_images_are_no_error() {
    let bytes = AlignedBytes::from_vec(models::tiny());
    let run = simulate(&Model::parse(&bytes).unwrap(), View::images(&[], &[], 2, 2), &mut |_| {
        panic!("no image, no progress")
    });
    assert_eq!((run.images, run.accuracy()), (0, 0.0));
    assert_eq!(run.logits_sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/// The app, with strict and poisoned memory, compared with inference in larger memory with leftover contents.
fn check(model: &[u8]) {
    let bytes = AlignedBytes::at_offset(model, 4);
    let model = Model::parse(&bytes).unwrap();
    let (pixels, labels) = models::images(20, model.inputs(), 3);
    let mut scratch = vec![0; model.scratch_words() + 100];
    let mut inference = Inference::new(model.clone(), &mut scratch).unwrap();
    let (mut classes, mut digest, mut correct) = (Vec::new(), Sha256::new(), 0);
    for (image, label) in pixels.chunks(model.inputs()).zip(&labels) {
        let class = inference.run(image).unwrap().class().unwrap();
        classes.push(class as u16);
        correct += usize::from(class == usize::from(*label));
        inference.outputs().words().iter().for_each(|word| digest.update(word.to_le_bytes()));
    }
    let mut seen = Vec::new();
    let run = simulate(&model, models::view(&pixels, &labels), &mut |done| seen.push(done));
    let digest: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!((run.correct, run.classes, run.logits_sha256), (correct, classes, digest), "{:?}", model.header());
    assert_eq!(seen, (1..=20).collect::<Vec<_>>());
}

#[test]
fn the_app_answers_as_inference_does() {
    for (height, width, units) in
        [(28, 28, &[300, 100, 10][..]), (1, 1, &[1]), (3, 5, &[7, 40, 2]), (9, 9, &[2, 33, 3, 34, 4, 1, 9, 10])]
    {
        check(&models::random(height, width, units, 7));
        [8, 4, 2].into_iter().for_each(|bits| check(&models::random_integer(height, width, units, bits, 7)));
    }
}

#[test]
fn each_image_shows_its_logits() {
    let bytes = AlignedBytes::from_vec(models::tiny());
    let model = Model::parse(&bytes).unwrap();
    let mut seen = Vec::new();
    simulate_each(&model, models::view(&[1, 5, 0, 2, 10, 20, 255, 0], &[0, 0]), &mut |image, _, logits| {
        seen.push((image, logits.values().collect::<Vec<_>>()));
    });
    assert_eq!(seen, [(0, vec![3.5, -0.25]), (1, vec![10.5, 409.75])]);
}

#[test]
#[should_panic(expected = "values of an example and of the model")]
fn examples_of_another_size_are_refused() {
    let bytes = AlignedBytes::from_vec(models::tiny());
    simulate(&Model::parse(&bytes).unwrap(), models::view(&[0; 6], &[0, 0]), &mut |_| ());
}

/// Direct inference on each of `values`: output words and answer.
fn direct<I: Input>(model: &Model, values: &[I]) -> Vec<(Vec<u32>, Answer)> {
    let mut scratch = vec![0; model.scratch_words() + 7];
    let mut inference = Inference::<I>::new(model.clone(), &mut scratch).unwrap();
    let mut answer = |example: &[I]| {
        let answer = inference.run(example).unwrap();
        (inference.outputs().words().to_vec(), answer)
    };
    values.chunks(model.inputs()).map(&mut answer).collect()
}

#[test]
fn every_type_and_every_head_answers_as_inference_does() {
    for (of, seed) in Typed::all().zip(1..) {
        let bytes = AlignedBytes::from_vec(typed(of, seed));
        let model = Model::parse(&bytes).unwrap();
        let values = examples(of.kind, 40, seed);
        let expected = match &values {
            Values::U8(values) => direct(&model, values),
            Values::I8(values) => direct(&model, values),
            Values::I16(values) => direct(&model, values),
            Values::U16(values) => direct(&model, values),
            Values::F32(values) => direct(&model, values),
        };
        let mut found = Vec::new();
        let run = simulate_each(&model, windows(&values), &mut |_, answer, outputs| {
            found.push((outputs.words().to_vec(), answer));
        });
        assert_eq!(found, expected, "{of:?}");
        let (classes, scores) = match of.head {
            HeadKind::Softmax | HeadKind::Sigmoid => (40, 0),
            HeadKind::Values => (0, 0),
            HeadKind::Reconstruction => (0, 40),
        };
        assert_eq!((run.classes.len(), run.scores.len(), run.values.len()), (classes, scores, 40 * model.outputs()));
        // Random networks whose answers are not all the same.
        assert!(found.iter().any(|(words, _)| *words != found[0].0), "{of:?}");
        assert_eq!(run.metrics.is_some(), of.head == HeadKind::Reconstruction, "{of:?}");
    }
}

#[test]
fn right_answers_are_measured_by_the_task() {
    let run = |head, targets: &dyn Fn(&Simulation) -> Targets| {
        let bytes = AlignedBytes::from_vec(typed(Typed { kind: InputType::I16, head, bits: 8, grouped: false }, 3));
        let (model, values) = (Model::parse(&bytes).unwrap(), examples(InputType::I16, 40, 3));
        let first = simulate(&model, windows(&values), &mut |_| ());
        let targets = targets(&first);
        simulate(&model, View { targets: targets.view(), ..windows(&values) }, &mut |_| ())
    };
    let classes = run(HeadKind::Softmax, &|run| Targets::Classes(run.classes.clone()));
    assert!(matches!(&classes.metrics, Some(Metrics::Classification(found)) if found.macro_f1 == 1.0));
    assert_eq!((classes.correct, classes.accuracy()), (40, 1.0));
    let off_by_two =
        |run: &Simulation| Targets::Values { values: run.values.iter().map(|v| v + 2.0).collect(), outputs: 4 };
    let values = run(HeadKind::Values, &off_by_two);
    assert!(matches!(values.metrics, Some(Metrics::Regression(found)) if (found.mae - 2.0).abs() < 1e-4));
    // The higher half of the scores counts as abnormal.
    let abnormal = |run: &Simulation| {
        let mut sorted = run.scores.clone();
        sorted.sort_by(f32::total_cmp);
        Targets::Classes(run.scores.iter().map(|score| u16::from(*score > sorted[19])).collect())
    };
    let scores = run(HeadKind::Reconstruction, &abnormal);
    let Some(Metrics::Anomaly(found)) = scores.metrics else { panic!("scores") };
    assert_eq!(found.auc, Some(1.0));
    assert!(found.threshold.is_some_and(|threshold| (threshold - 200.0).abs() < 1e-3), "{found:?}");
}

/// A shell with no examples.
struct Nothing;

impl Examples<u8> for Nothing {
    fn next_example(&mut self, _: &mut [u8]) -> Result<bool, ()> {
        Ok(false)
    }
}

impl Shell for Nothing {
    type Error = ();

    fn answer(&mut self, _: Answer, _: Outputs) -> Result<(), ()> {
        Err(())
    }
}

#[test]
fn memory_that_is_too_small_is_refused() {
    let bytes = AlignedBytes::from_vec(models::tiny());
    let model = Model::parse(&bytes).unwrap();
    let needed = model.scratch_words();
    let new = |words: usize, bytes: usize| {
        let (mut scratch, mut image) = (vec![0; words], vec![0; bytes]);
        App::new(&model, &mut scratch, &mut image).map(|app| app.run(&mut Nothing))
    };
    assert_eq!(new(needed, 4), Ok(Ok(0)));
    assert_eq!(new(needed + 9, 99), Ok(Ok(0)));
    assert_eq!(new(needed - 1, 4), Err(AppError::Scratch { needed, available: needed - 1 }));
    assert_eq!(new(needed, 3), Err(AppError::Example { needed: 4, available: 3 }));
}

#[test]
fn a_model_is_found_at_the_front_of_flash() {
    let model = models::tiny();
    let flash = |front: &[u8], behind: usize| {
        let bytes = AlignedBytes::from_vec([front, &vec![0xff; behind]].concat());
        bare(&bytes).map(|model| model.bytes())
    };
    let len = model.len();
    assert_eq!(flash(&model, 0), Ok(len));
    assert_eq!(flash(&model, 1000), Ok(len));
    // Flashed to the end of the flash, or by half.
    assert_eq!(flash(&model[..len - 1], 0), Err(ParseError::Length { declared: len as u32, found: len - 1 }));
    assert_eq!(flash(&model[..len / 2], 1000), Err(ParseError::Crc));
    // Erased, never written, or too short.
    assert_eq!(flash(&[], 1000), Err(ParseError::NoModel));
    assert_eq!(flash(&[0; 1000], 0), Err(ParseError::NoModel));
    assert_eq!(flash(&model[..11], 0), Err(ParseError::TooShort));
    for short in [0, 1, 11, 12, 19] {
        let mut bytes = model.clone();
        bytes[8..12].copy_from_slice(&u32::to_le_bytes(short));
        assert!(flash(&bytes, 100).is_err(), "a model of {short} bytes");
    }
}

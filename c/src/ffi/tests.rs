//! Tests of the C interface as called from C: correct calls give results, and incorrect ones a status, never a crash.

use super::*;
use core::ffi::CStr;
use core::ptr::null_mut;
use foldnet_core::Refusal;
use foldnet_core::model::{Aligned, FLOAT_BITS, HeadSpec, InputSpec, LayerHeader, LayerWeights, ModelSpec, encode};

/// Maximum length of the model below, in bytes.
const LEN: usize = 256;

/// Two pixels, two classes, float weights: the logits are `p0 - p1` and `p1`.
fn model_file() -> (Aligned<[u8; LEN]>, usize) {
    let header = LayerHeader { inputs: 2, units: 2, bits: FLOAT_BITS, relu: false, scale: 1.0 };
    let weights = LayerWeights::Float { kernel: &[1.0, -1.0, 0.0, 1.0], bias: &[0.0; 2] };
    let layers = [(header, weights)].into_iter().collect();
    let mut file = Aligned([0xFF; LEN]);
    let len = encode(&ModelSpec { height: 1, width: 2, layers, ..ModelSpec::default() }, &mut file.0).unwrap();
    (file, len)
}

fn closed() -> Storage {
    Storage { opaque: [MaybeUninit::new(0); MODEL_WORDS] }
}

fn opened(file: &Aligned<[u8; LEN]>, len: usize) -> Storage {
    let mut storage = closed();
    // SAFETY: all pointers are valid and outlive the storage in every test.
    assert_eq!(unsafe { foldnet_parse(&mut storage, file.0.as_ptr(), len) }, 0);
    storage
}

#[test]
fn an_image_is_classified() {
    let (file, len) = model_file();
    let model = opened(&file, len);
    let mut scratch = [0xFFFF_FFFF; 8];
    // SAFETY: a valid model, and a buffer of the stated length.
    unsafe {
        assert_eq!((foldnet_inputs(&model), foldnet_classes(&model), foldnet_scratch_words(&model)), (2, 2, 4));
        assert_eq!(foldnet_logit_scale(&model), 0.0, "float weights");
        for (image, class, logits) in [([9, 3], 0, [6.0, 3.0]), ([3, 9], 1, [-6.0, 9.0])] {
            let mut found = 77;
            assert_eq!(foldnet_classify(&model, image.as_ptr(), 2, scratch.as_mut_ptr(), 8, &mut found), 0);
            let words = from_raw_parts(foldnet_logits(&model, scratch.as_mut_ptr(), 8), 2);
            let values = [words[0], words[1]].map(|word| f32::from_bits(word as u32));
            assert_eq!((found, values), (class, logits));
        }
    }
}

/// A reconstruction of two `i16` values with float weights: both outputs are `x0 + x1`, compared with `x`. The mean of
/// two squares is abnormal above 10.
fn reconstruction() -> (Aligned<[u8; LEN]>, usize) {
    let header = LayerHeader { inputs: 2, units: 2, bits: FLOAT_BITS, relu: false, scale: 1.0 };
    let weights = LayerWeights::Float { kernel: &[1.0; 4], bias: &[0.0; 2] };
    let layers = [(header, weights)].into_iter().collect();
    let head = HeadSpec::FloatReconstruction { targets: &[[1.0, 0.0]; 2], score_scale: 0.5, threshold: 10.0 };
    let input = InputSpec { kind: InputType::I16, ..InputSpec::default() };
    let mut file = Aligned([0xFF; LEN]);
    let spec =
        ModelSpec { height: 1, width: 2, layers, head, input, labels: "left\nright\tmm\n", ..ModelSpec::default() };
    let len = encode(&spec, &mut file.0).unwrap();
    (file, len)
}

#[test]
fn values_of_any_type_get_any_answer() {
    let (file, len) = reconstruction();
    let model = opened(&file, len);
    let (mut scratch, mut answer, mut values) = ([0u32; 8], Answered::default(), [0.0; 2]);
    let memory = scratch.as_mut_ptr();
    // SAFETY: a model, and memory as long as is said.
    unsafe {
        assert_eq!((foldnet_inputs(&model), foldnet_outputs(&model), foldnet_classes(&model)), (2, 2, 0));
        assert_eq!((foldnet_input_type(&model), foldnet_head(&model), foldnet_threshold(&model)), (2, 3, 10.0));
        // Off by -5 and 3, and by 2 and -3: (25 + 9) / 2 and (4 + 9) / 2.
        for (example, above, score) in [([3i16, -5], 1, 17.0), ([-3, 2], 0, 6.5)] {
            let run = foldnet_run_i16(&model, example.as_ptr(), 2, memory, 8, &mut answer);
            assert_eq!((run, answer.class_index, answer.above), (0, 0, above));
            assert_eq!(foldnet_score(&model, &answer), score);
            assert_eq!(foldnet_values(&model, memory, 8, values.as_mut_ptr(), 2), 0);
            assert_eq!(values, [f32::from(example[0] + example[1]); 2]);
        }
        let wrong = foldnet_run_u16(&model, [1u16, 2].as_ptr(), 2, memory, 8, &mut answer);
        assert_eq!(wrong, Status::Refused(Refusal::Input).code());
        assert_eq!(foldnet_values(&model, memory, 8, values.as_mut_ptr(), 1), Status::Outputs.code());
        let none = foldnet_probabilities(&model, memory, 8, values.as_mut_ptr(), 2);
        assert_eq!(none, Status::Head.code());
        let label = |index| {
            let mut len = 0;
            let text = foldnet_label(&model, index, &mut len);
            (!text.is_null()).then(|| from_raw_parts(text.cast::<u8>(), len))
        };
        assert_eq!([0, 1, 2].map(label), [Some(&b"left"[..]), Some(b"right\tmm"), None]);
    }
}

#[test]
fn probabilities_are_those_of_the_logits() {
    let (file, len) = model_file();
    let model = opened(&file, len);
    let (mut scratch, mut answer, mut shares) = ([0u32; 8], Answered::default(), [0.0; 2]);
    let memory = scratch.as_mut_ptr();
    // SAFETY: a model, and memory as long as is said.
    unsafe {
        assert_eq!(foldnet_run_u8(&model, [4, 2].as_ptr(), 2, memory, 8, &mut answer), 0);
        assert_eq!((answer.class_index, foldnet_score(&model, &answer)), (0, 0.0));
        assert_eq!(foldnet_probabilities(&model, memory, 8, shares.as_mut_ptr(), 2), 0);
        assert_eq!(shares, [0.5; 2], "logits 2 and 2");
        let short = foldnet_probabilities(&model, memory, 8, shares.as_mut_ptr(), 1);
        assert_eq!(short, Status::Outputs.code());
        assert!(foldnet_threshold(&model).is_infinite() && foldnet_threshold(null()).is_infinite());
        assert_eq!((foldnet_input_type(null()), foldnet_head(null()), foldnet_outputs(null())), (-1, -1, 0));
    }
}

#[test]
fn what_is_not_there_is_a_status() {
    let (file, len) = model_file();
    let (model, nothing) = (opened(&file, len), closed());
    let (image, mut scratch, mut class) = ([1, 2, 3], [0u32; 8], 0);
    let (right, memory) = (image.as_ptr(), scratch.as_mut_ptr());
    // SAFETY: null, or a buffer of the stated length, except for the deliberately impossible lengths.
    let check = |model: *const Storage, image, image_len, scratch, words, class: *mut u32, expected: Status| unsafe {
        assert_eq!(foldnet_classify(model, image, image_len, scratch, words, class), expected.code());
    };
    check(null(), right, 2, memory, 8, &mut class, Status::Pointer);
    check(&nothing, right, 2, memory, 8, &mut class, Status::NotParsed);
    check(&model, null(), 2, memory, 8, &mut class, Status::Pointer);
    check(&model, right, usize::MAX, memory, 8, &mut class, Status::Pointer);
    check(&model, right, 1, memory, 8, &mut class, Status::Refused(Refusal::Example));
    check(&model, right, 3, memory, 8, &mut class, Status::Refused(Refusal::Example));
    check(&model, right, 2, null_mut(), 8, &mut class, Status::Pointer);
    check(&model, right, 2, memory.wrapping_byte_add(2), 7, &mut class, Status::Pointer);
    check(&model, right, 2, memory, usize::MAX / 4, &mut class, Status::Pointer);
    check(&model, right, 2, memory, 3, &mut class, Status::Refused(Refusal::Scratch));
    check(&model, right, 2, memory, 8, null_mut(), Status::Pointer);
    // SAFETY: as above.
    unsafe {
        assert!(foldnet_logits(null(), memory, 8).is_null() && foldnet_logits(&nothing, memory, 8).is_null());
        assert!(foldnet_logits(&model, null_mut(), 8).is_null() && foldnet_logits(&model, memory, 3).is_null());
        for model in [null(), &raw const nothing] {
            assert_eq!((foldnet_inputs(model), foldnet_classes(model), foldnet_scratch_words(model)), (0, 0, 0));
            assert_eq!(foldnet_logit_scale(model), 0.0);
        }
    }
}

#[test]
fn a_bad_model_leaves_none_open() {
    let (file, len) = model_file();
    let mut other = file;
    other.0[len - 9] ^= 1;
    let bytes = file.0.as_ptr();
    let mut storage = opened(&file, len);
    // SAFETY: null, or memory as long as is said, but for the length that no memory has.
    let mut check = |bytes: *const u8, len: usize, expected: Status| unsafe {
        assert_eq!(foldnet_parse(&mut storage, bytes, len), expected.code());
        assert_eq!(foldnet_classes(&storage), 0, "{expected:?}: the previously opened model is closed");
    };
    check(null(), len, Status::Pointer);
    check(bytes, usize::MAX, Status::Pointer);
    check(bytes.wrapping_add(1), len, Status::Refused(Refusal::Unaligned));
    check(bytes, len - 1, Status::Refused(Refusal::Length));
    check(bytes, 3, Status::Refused(Refusal::TooShort));
    check(other.0.as_ptr(), len, Status::Refused(Refusal::Crc));
    // SAFETY: null, or storage that is not aligned.
    unsafe {
        assert_eq!(foldnet_parse(null_mut(), bytes, len), Status::Pointer.code());
        let odd = (&raw mut storage).wrapping_byte_add(1);
        assert_eq!(foldnet_parse(odd, bytes, len), Status::Pointer.code());
    }
}

#[test]
fn flash_boots_its_newest_model() {
    let (file, len) = model_file();
    let mut flash = Aligned([0xFF; 4 * LEN]);
    let (mut model, address) = (closed(), flash.0.as_ptr());
    let (mut scratch, mut class) = ([0; 8], 0);
    let mut boot = |flash: &Aligned<[u8; 4 * LEN]>, block: u32| {
        // SAFETY: the flash is there, and outlives the model.
        unsafe {
            let status = foldnet_boot(&mut model, flash.0.as_ptr(), flash.0.len(), block);
            foldnet_classify(&model, [9, 3].as_ptr(), 2, scratch.as_mut_ptr(), 8, &mut class);
            status
        }
    };
    assert_eq!(boot(&flash, LEN as u32), Status::Refused(Refusal::NoModel).code());
    flash.0[..len].copy_from_slice(&file.0[..len]);
    assert_eq!(boot(&flash, LEN as u32), 0, "a bare model, whatever follows it");
    let room = Room::halves(address.addr() as u32, 4 * LEN as u32, LEN as u32);
    let header = foldnet_core::slot::SlotHeader::for_slot(&room, 1, 7, &file.0[..len]).unwrap().to_bytes();
    flash.0 = [0xFF; 4 * LEN];
    flash.0[2 * LEN..][..header.len()].copy_from_slice(&header);
    flash.0[2 * LEN + header.len()..][..len].copy_from_slice(&file.0[..len]);
    assert_eq!(boot(&flash, LEN as u32), 0, "slot 1");
    flash.0[2 * LEN + header.len() + len - 9] ^= 1;
    assert_eq!(boot(&flash, LEN as u32), Status::Refused(Refusal::Crc).code());
    flash.0[2 * LEN + header.len() - 1] = 0;
    assert_eq!(boot(&flash, LEN as u32), Status::Refused(Refusal::SlotUnfinished).code());
    assert_eq!(class, 0);
}

#[test]
fn a_message_ends() {
    for status in Status::all() {
        // SAFETY: a static C string.
        let text = unsafe { CStr::from_ptr(foldnet_message(status.code())) };
        assert_eq!(text, status.message());
    }
}

//! The functions of `include/foldnet.h`, which documents them; this module checks their arguments. It has the only
//! `unsafe` of this crate: a C pointer becomes a reference once it is known not to be null, to be aligned, and to have
//! a length that memory can have. Only the caller can guarantee that the memory is valid and belongs to it.
#![allow(unsafe_code)]

mod panic;
#[cfg(test)]
mod tests;

use crate::status::Status;
use core::ffi::c_char;
use core::mem::MaybeUninit;
use core::ptr::null;
use core::slice::{from_raw_parts, from_raw_parts_mut};
use foldnet_core::Model;
use foldnet_core::infer::{Answer, Inference, Input, Outputs};
use foldnet_core::model::InputType;
use foldnet_core::slot::{Room, boot};

/// Number of pointer-sized words in the header's `foldnet_model`: a parsed model, with some spare space.
pub const MODEL_WORDS: usize = 96;

/// The header's `foldnet_model`: the caller's memory, which becomes a `Parsed`.
#[repr(C)]
pub struct Storage {
    opaque: [MaybeUninit<usize>; MODEL_WORDS],
}

/// The content of [`Storage`].
struct Parsed {
    /// [`MARK`] if there is a model.
    mark: usize,
    model: MaybeUninit<Model<'static>>,
}

/// The header's `foldnet_answer`.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Answered {
    /// The class, if the model classifies.
    pub class_index: u32,
    /// 1 if a score is above the threshold, otherwise 0.
    pub above: u32,
    /// The sum from which the score is computed.
    pub sum: u64,
}

/// Distinguishes a parsed model from zeroed memory, and from memory in which parsing failed.
const MARK: usize = 0x464E_4D44;

const _: () = assert!(size_of::<Parsed>() <= size_of::<Storage>() && align_of::<Parsed>() <= align_of::<Storage>());

/// # Safety
/// `bytes` must point to `len` bytes that do not change while the model is in use, `model` to a `foldnet_model`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn foldnet_parse(model: *mut Storage, bytes: *const u8, len: usize) -> i32 {
    // SAFETY: as promised by the caller.
    code(unsafe { open(model, bytes, len, |bytes| Ok(Model::parse(bytes)?)) })
}

/// # Safety
/// As for [`foldnet_parse`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn foldnet_boot(model: *mut Storage, flash: *const u8, len: usize, erase_block: u32) -> i32 {
    let newest = |bytes: &'static [u8]| {
        // A device's addresses have 32 bits.
        let len = u32::try_from(len).map_err(|_| Status::Pointer)?;
        Ok(boot(bytes, &Room::halves(flash.addr() as u32, len, erase_block))?.model)
    };
    // SAFETY: as promised by the caller.
    code(unsafe { open(model, flash, len, newest) })
}

/// # Safety
/// `model` must be null or point to a `foldnet_model`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn foldnet_inputs(model: *const Storage) -> usize {
    // SAFETY: as promised by the caller.
    unsafe { parsed(model) }.map_or(0, Model::inputs)
}

/// # Safety
/// `model` must be null or point to a `foldnet_model`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn foldnet_classes(model: *const Storage) -> usize {
    // SAFETY: as promised by the caller.
    unsafe { parsed(model) }.map_or(0, Model::classes)
}

/// # Safety
/// `model` must be null or point to a `foldnet_model`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn foldnet_outputs(model: *const Storage) -> usize {
    // SAFETY: as promised by the caller.
    unsafe { parsed(model) }.map_or(0, Model::outputs)
}

/// # Safety
/// `model` must be null or point to a `foldnet_model`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn foldnet_input_type(model: *const Storage) -> i32 {
    // SAFETY: as promised by the caller.
    unsafe { parsed(model) }.map_or(NONE, |model| model.input_type() as i32)
}

/// # Safety
/// `model` must be null or point to a `foldnet_model`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn foldnet_head(model: *const Storage) -> i32 {
    // SAFETY: as promised by the caller.
    unsafe { parsed(model) }.map_or(NONE, |model| model.head() as i32)
}

/// # Safety
/// `model` must be null or point to a `foldnet_model`, `len` must be null or point to a `size_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn foldnet_label(model: *const Storage, index: usize, len: *mut usize) -> *const c_char {
    let label = || {
        // SAFETY: as promised by the caller.
        let (model, len) = unsafe { (parsed(model)?, slice_mut(len, 1)?) };
        let label = model.labels().nth(index).ok_or(Status::Head)?;
        len.fill(label.len());
        Ok::<_, Status>(label.as_ptr().cast())
    };
    label().unwrap_or(null())
}

/// # Safety
/// `model` must be null or point to a `foldnet_model`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn foldnet_scratch_words(model: *const Storage) -> usize {
    // SAFETY: as promised by the caller.
    unsafe { parsed(model) }.map_or(0, Model::scratch_words)
}

/// # Safety
/// `model` must be null or point to a `foldnet_model`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn foldnet_logit_scale(model: *const Storage) -> f32 {
    // SAFETY: as promised by the caller.
    match unsafe { parsed(model) } {
        Ok(model) if !model.is_float() => model.header().logit_scale,
        _ => 0.0,
    }
}

/// # Safety
/// The pointers must be null or point to memory of the given lengths; nothing else may read or write `scratch` during
/// the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn foldnet_classify(
    model: *const Storage,
    image: *const u8,
    image_len: usize,
    scratch: *mut u32,
    scratch_words: usize,
    class_index: *mut u32,
) -> i32 {
    let classify = || {
        // SAFETY: as promised by the caller.
        let (model, image) = unsafe { (parsed(model)?, slice(image, image_len)?) };
        // SAFETY: as promised by the caller; nothing else uses the scratch memory.
        let (scratch, class_index) = unsafe { (slice_mut(scratch, scratch_words)?, slice_mut(class_index, 1)?) };
        let class = Inference::<u8>::new(model.clone(), scratch)?.run(image)?.class().ok_or(Status::Head)?;
        class_index.fill(if panic::PANICKING { u32::from(image[class]) } else { class as u32 });
        Ok(())
    };
    code(classify())
}

/// # Safety
/// As for [`foldnet_classify`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn foldnet_run_u8(
    model: *const Storage,
    example: *const u8,
    example_len: usize,
    scratch: *mut u32,
    scratch_words: usize,
    answer: *mut Answered,
) -> i32 {
    // SAFETY: as promised by the caller.
    code(unsafe { run(model, example, example_len, scratch, scratch_words, answer) })
}

/// # Safety
/// As for [`foldnet_classify`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn foldnet_run_i8(
    model: *const Storage,
    example: *const i8,
    example_len: usize,
    scratch: *mut u32,
    scratch_words: usize,
    answer: *mut Answered,
) -> i32 {
    // SAFETY: as promised by the caller.
    code(unsafe { run(model, example, example_len, scratch, scratch_words, answer) })
}

/// # Safety
/// As for [`foldnet_classify`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn foldnet_run_i16(
    model: *const Storage,
    example: *const i16,
    example_len: usize,
    scratch: *mut u32,
    scratch_words: usize,
    answer: *mut Answered,
) -> i32 {
    // SAFETY: as promised by the caller.
    code(unsafe { run(model, example, example_len, scratch, scratch_words, answer) })
}

/// # Safety
/// As for [`foldnet_classify`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn foldnet_run_u16(
    model: *const Storage,
    example: *const u16,
    example_len: usize,
    scratch: *mut u32,
    scratch_words: usize,
    answer: *mut Answered,
) -> i32 {
    // SAFETY: as promised by the caller.
    code(unsafe { run(model, example, example_len, scratch, scratch_words, answer) })
}

/// # Safety
/// As for [`foldnet_classify`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn foldnet_run_f32(
    model: *const Storage,
    example: *const f32,
    example_len: usize,
    scratch: *mut u32,
    scratch_words: usize,
    answer: *mut Answered,
) -> i32 {
    // SAFETY: as promised by the caller.
    code(unsafe { run(model, example, example_len, scratch, scratch_words, answer) })
}

/// # Safety
/// The pointers must be null or point to memory of the given lengths; nothing else may read or write `scratch` during
/// the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn foldnet_logits(model: *const Storage, scratch: *mut u32, scratch_words: usize) -> *const i32 {
    // SAFETY: as promised by the caller.
    unsafe { of_outputs(model, scratch, scratch_words, |outputs| outputs.words().as_ptr().cast()) }.unwrap_or(null())
}

/// # Safety
/// As for [`foldnet_logits`]; `values` must be null or point to `len` floats.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn foldnet_values(
    model: *const Storage,
    scratch: *mut u32,
    scratch_words: usize,
    values: *mut f32,
    len: usize,
) -> i32 {
    let write = || {
        // SAFETY: as promised by the caller; nothing else uses the values.
        let (model, values) = unsafe { (parsed(model)?, slice_mut(values, len)?) };
        if len != model.outputs() {
            return Err(Status::Outputs);
        }
        let copy = |outputs: Outputs| values.iter_mut().zip(outputs.values()).for_each(|(to, value)| *to = value);
        // SAFETY: as promised by the caller; nothing else uses the scratch memory.
        of_model(model, unsafe { slice_mut(scratch, scratch_words)? }, copy)
    };
    code(write())
}

/// # Safety
/// As for [`foldnet_logits`]; `probabilities` must be null or point to `len` floats.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn foldnet_probabilities(
    model: *const Storage,
    scratch: *mut u32,
    scratch_words: usize,
    probabilities: *mut f32,
    len: usize,
) -> i32 {
    let write = || {
        // SAFETY: as promised by the caller; nothing else uses the probabilities.
        let (model, probabilities) = unsafe { (parsed(model)?, slice_mut(probabilities, len)?) };
        if model.classes() == 0 {
            return Err(Status::Head);
        }
        if len != model.classes() {
            return Err(Status::Outputs);
        }
        // SAFETY: as promised by the caller; nothing else uses the scratch memory.
        of_model(model, unsafe { slice_mut(scratch, scratch_words)? }, |outputs| outputs.probabilities(probabilities))
    };
    code(write())
}

/// # Safety
/// `model` must be null or point to a `foldnet_model`, `answer` must be null or point to a `foldnet_answer`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn foldnet_score(model: *const Storage, answer: *const Answered) -> f32 {
    // SAFETY: as promised by the caller.
    match unsafe { (parsed(model), slice(answer, 1)) } {
        (Ok(model), Ok([answer])) => model.score(answer.sum).unwrap_or(0.0),
        _ => 0.0,
    }
}

/// # Safety
/// `model` must be null or point to a `foldnet_model`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn foldnet_threshold(model: *const Storage) -> f32 {
    // SAFETY: as promised by the caller.
    unsafe { parsed(model) }.map_or(None, Model::threshold).unwrap_or(f32::INFINITY)
}

/// The text is constant.
#[unsafe(no_mangle)]
pub extern "C" fn foldnet_message(status: i32) -> *const c_char {
    Status::message_of(status).as_ptr()
}

/// Returned for an unknown input type or head.
const NONE: i32 = -1;

/// Runs a model that takes values of type `I`.
///
/// # Safety
/// As for [`foldnet_classify`].
unsafe fn run<I: Input>(
    model: *const Storage,
    example: *const I,
    example_len: usize,
    scratch: *mut u32,
    scratch_words: usize,
    answer: *mut Answered,
) -> Result<(), Status> {
    // SAFETY: as promised by the caller.
    let (model, example) = unsafe { (parsed(model)?, slice(example, example_len)?) };
    // SAFETY: as promised by the caller; nothing else uses the scratch memory or the answer.
    let (scratch, place) = unsafe { (slice_mut(scratch, scratch_words)?, slice_mut(answer, 1)?) };
    let none = Answered::default();
    place.fill(match Inference::<I>::new(model.clone(), scratch)?.run(example)? {
        Answer::Class(class) if panic::PANICKING => Answered { class_index: [1, 2][class], ..none },
        Answer::Class(class) => Answered { class_index: class as u32, ..none },
        Answer::Values => none,
        Answer::Score { score, above } => Answered { above: above.into(), sum: score.sum(), ..none },
    });
    Ok(())
}

/// Applies `take` to the outputs of the last example in `scratch`.
///
/// # Safety
/// As for [`foldnet_logits`].
unsafe fn of_outputs<R>(
    model: *const Storage,
    scratch: *mut u32,
    scratch_words: usize,
    take: impl FnOnce(Outputs) -> R,
) -> Result<R, Status> {
    // SAFETY: as promised by the caller; nothing else uses the scratch memory.
    let (model, scratch) = unsafe { (parsed(model)?, slice_mut(scratch, scratch_words)?) };
    of_model(model, scratch, take)
}

/// The same for a parsed model.
fn of_model<R>(model: &Model, scratch: &mut [u32], take: impl FnOnce(Outputs) -> R) -> Result<R, Status> {
    let model = model.clone();
    Ok(match model.input_type() {
        InputType::U8 => take(Inference::<u8>::new(model, scratch)?.outputs()),
        InputType::I8 => take(Inference::<i8>::new(model, scratch)?.outputs()),
        InputType::I16 => take(Inference::<i16>::new(model, scratch)?.outputs()),
        InputType::U16 => take(Inference::<u16>::new(model, scratch)?.outputs()),
        InputType::F32 => take(Inference::<f32>::new(model, scratch)?.outputs()),
    })
}

/// The return value of a function.
fn code(result: Result<(), Status>) -> i32 {
    result.err().unwrap_or(Status::Ok).code()
}

/// Parses `bytes` with `parse` into `model`.
///
/// # Safety
/// As for [`foldnet_parse`].
unsafe fn open(
    model: *mut Storage,
    bytes: *const u8,
    len: usize,
    parse: impl FnOnce(&'static [u8]) -> Result<Model<'static>, Status>,
) -> Result<(), Status> {
    check(model, 1)?;
    let place = model.cast::<Parsed>();
    // SAFETY: the caller's memory, checked above, and large enough for a `Parsed` (asserted); it is written, never read.
    unsafe { (&raw mut (*place).mark).write(0) };
    // SAFETY: as promised by the caller.
    let found = parse(unsafe { slice(bytes, len)? })?;
    // SAFETY: as above.
    unsafe { place.write(Parsed { mark: MARK, model: MaybeUninit::new(found) }) };
    Ok(())
}

/// The model in `model`.
///
/// # Safety
/// `model` must be null or point to a `foldnet_model`, which must not be written meanwhile.
unsafe fn parsed<'a>(model: *const Storage) -> Result<&'a Model<'static>, Status> {
    check(model, 1)?;
    let place = model.cast::<Parsed>();
    // SAFETY: the caller's memory, checked above; any bytes are a word.
    if unsafe { (&raw const (*place).mark).read() } != MARK {
        return Err(Status::NotParsed);
    }
    // SAFETY: the mark says that `open` has put a model here.
    Ok(unsafe { (*place).model.assume_init_ref() })
}

/// # Safety
/// `pointer` must be null or point to `len` values that are not written while the slice lives.
unsafe fn slice<'a, T>(pointer: *const T, len: usize) -> Result<&'a [T], Status> {
    check(pointer, len)?;
    // SAFETY: checked, except for what only the caller can guarantee.
    Ok(unsafe { from_raw_parts(pointer, len) })
}

/// # Safety
/// `pointer` must be null or point to `len` values that nothing else reads or writes while the slice lives.
unsafe fn slice_mut<'a, T>(pointer: *mut T, len: usize) -> Result<&'a mut [T], Status> {
    check(pointer, len)?;
    // SAFETY: checked, except for what only the caller can guarantee.
    Ok(unsafe { from_raw_parts_mut(pointer, len) })
}

/// The possible checks of a pointer to `len` values.
fn check<T>(pointer: *const T, len: usize) -> Result<(), Status> {
    let bytes = len.checked_mul(size_of::<T>()).filter(|bytes| *bytes <= isize::MAX as usize);
    let fits = bytes.is_some_and(|bytes| pointer.addr().checked_add(bytes).is_some());
    if pointer.is_null() || !pointer.is_aligned() || !fits { Err(Status::Pointer) } else { Ok(()) }
}

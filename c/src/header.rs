//! Tests that the C header matches [`crate::ffi`] and [`Status`]: every function with its types, every status with its
//! number, and the size of a model, and nothing else.

use crate::Status;
use crate::ffi::{Answered, MODEL_WORDS};
use foldnet_core::model::{HeadKind, InputType};

const HEADER: &str = include_str!("../include/foldnet.h");
const FUNCTIONS: &str = include_str!("ffi/mod.rs");

/// Rust's types, and their names in C.
const TYPES: [(&str, &str); 18] = [
    ("*const Storage", "const foldnet_model *"),
    ("*mut Storage", "foldnet_model *"),
    ("*const u8", "const uint8_t *"),
    ("*const i8", "const int8_t *"),
    ("*const i16", "const int16_t *"),
    ("*const u16", "const uint16_t *"),
    ("*const f32", "const float *"),
    ("*mut f32", "float *"),
    ("*mut usize", "size_t *"),
    ("*const Answered", "const foldnet_answer *"),
    ("*mut Answered", "foldnet_answer *"),
    ("*mut u32", "uint32_t *"),
    ("*const i32", "const int32_t *"),
    ("*const c_char", "const char *"),
    ("usize", "size_t"),
    ("u32", "uint32_t"),
    ("i32", "int32_t"),
    ("f32", "float"),
];

/// A C type followed by a name: `const uint8_t *image`, `size_t len`.
fn declare(rust_type: &str, name: &str) -> String {
    let (_, c) =
        TYPES.iter().find(|(rust, _)| *rust == rust_type).unwrap_or_else(|| panic!("no C type for {rust_type}"));
    if c.ends_with('*') { format!("{c}{name}") } else { format!("{c} {name}") }
}

/// The words of a text separated by single spaces.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `foldnet_a(model: *const Storage) -> usize` as a prototype.
fn prototype(function: &str) -> String {
    let (name, rest) = function.split_once('(').unwrap();
    let (arguments, result) = rest.split_once(") -> ").unwrap();
    let arguments = arguments.split(',').map(str::trim).filter(|argument| !argument.is_empty());
    let arguments = arguments.map(|argument| {
        let (name, rust_type) = argument.split_once(": ").unwrap();
        declare(rust_type, name)
    });
    declare(result, &format!("{name}({});", arguments.collect::<Vec<_>>().join(", ")))
}

/// The header without its comments, on one line.
fn code() -> String {
    let parts = HEADER.split("/*").map(|part| part.split_once("*/").map_or(part, |(_, code)| code));
    words(&parts.collect::<Vec<_>>().join(" "))
}

#[test]
fn every_function_is_declared() {
    let code = code();
    let functions: Vec<_> = FUNCTIONS.split("extern \"C\" fn ").skip(1).map(|text| text.split(" {").next()).collect();
    for function in &functions {
        let prototype = prototype(&words(function.unwrap()));
        assert!(code.contains(&prototype), "{prototype} is not in foldnet.h");
    }
    // A call, or a prototype: the name and a parenthesis.
    let types = code.matches("foldnet_model").count() + code.matches("foldnet_answer").count();
    assert_eq!((code.matches("foldnet_").count() - types, functions.len()), (22, 22));
}

#[test]
fn every_status_has_its_number() {
    let code = code();
    for status in Status::all() {
        let shown = format!("{status:?}");
        let variant = shown.trim_start_matches("Refused(").trim_end_matches(')');
        let name = variant.chars().fold(String::from("FOLDNET"), |mut name, letter| {
            name.extend(letter.is_uppercase().then_some('_').into_iter().chain(letter.to_uppercase()));
            name
        });
        let number = status.code();
        let declared = [format!(" {name} = {number},"), format!(" {name} = {number} }}")];
        assert!(declared.iter().any(|text| code.contains(text)), "{name} = {number} is not in foldnet.h");
    }
    assert_eq!(code.matches(" = ").count(), Status::all().count() + InputType::ALL.len() + HEADS.len());
}

/// The values that [`crate::ffi::foldnet_head`] returns.
const HEADS: [HeadKind; 4] = [HeadKind::Softmax, HeadKind::Sigmoid, HeadKind::Values, HeadKind::Reconstruction];

#[test]
fn every_type_and_head_has_its_number() {
    let code = code();
    let types = InputType::ALL.map(|kind| (kind.name(), kind as i32));
    for (name, number) in types.into_iter().chain(HEADS.map(|head| (head.name(), head as i32))) {
        let declared = format!(" FOLDNET_{} = {number}", name.to_uppercase());
        assert!(
            [',', ' '].iter().any(|end| code.contains(&format!("{declared}{end}"))),
            "{declared} is not in foldnet.h"
        );
    }
}

#[test]
fn an_answer_is_laid_out_as_said() {
    assert!(code().contains("{ uint32_t class_index; uint32_t above; uint64_t sum; } foldnet_answer;"));
    assert_eq!(size_of::<Answered>(), 16);
}

#[test]
fn a_model_is_as_large_as_said() {
    assert!(code().contains(&format!("#define FOLDNET_MODEL_WORDS {MODEL_WORDS} typedef struct foldnet_model {{")));
    assert!(code().contains("{ uintptr_t opaque[FOLDNET_MODEL_WORDS]; } foldnet_model;"));
}

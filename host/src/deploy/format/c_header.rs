//! A model as a single C header: the file as an array, its inputs and outputs, the sizes of its buffers, and an example
//! call.
//!
//! Everything in it is `static`: include it in one source file, and other models in other files.

use crate::model::memory::scratch_words;
use foldnet_core::Model;
use foldnet_core::model::{HeadKind, InputType};

/// Bytes of the array per line.
const PER_LINE: usize = 20;

/// The header of `model`, whose file is `bytes`.
pub(super) fn write(model: &Model, bytes: &[u8]) -> String {
    let scratch = scratch_words(model);
    let (kind, inputs, outputs) = (c_type(model.input_type()), model.inputs(), model.outputs());
    let mut text = format!("{}{FRONT}", about(model));
    text += &format!("/* Values of an example, and their type: what foldnet_run_{} takes. */\n", suffix(model));
    text += &format!("#define MODEL_INPUTS {inputs}\ntypedef {kind} model_input;\n\n");
    text += "/* Outputs, and classes; 0 classes if the model does not classify. */\n";
    text += &format!("#define MODEL_OUTPUTS {outputs}\n#define MODEL_CLASSES {}\n\n", model.classes());
    text += &format!(
        "/* 32-bit words of scratch memory, enough for every core. */\n#define MODEL_SCRATCH_WORDS {scratch}\n\n"
    );
    text += &names(model);
    text += &format!(
        "/* The model file, in place. */\nMODEL_ALIGNED static const uint8_t model_bytes[{}] = {{\n",
        bytes.len()
    );
    for line in bytes.chunks(PER_LINE) {
        let line: Vec<String> = line.iter().map(u8::to_string).collect();
        text += &format!("    {},\n", line.join(", "));
    }
    text + "};\n\n" + &example(model) + "\n#endif\n"
}

/// A description of the model, as a comment.
fn about(model: &Model) -> String {
    let header = model.header();
    let units: String = header.layers.iter().map(|layer| format!("-{}", layer.units)).collect();
    let bits: Vec<String> = header.layers.iter().map(|layer| layer.bits.to_string()).collect();
    format!(
        "/*\n * A model for Foldnet: {}{units}, weights of {} bits, {} inputs, {}. Made by `foldnet export --format c`; link with\n * \
         libfoldnet_c.a. For one file of a program; the end of this one has a call to copy.\n */\n",
        model.inputs(),
        bits.join(","),
        model.input_type().name(),
        model.head().name()
    )
}

const FRONT: &str = "\
#ifndef FOLDNET_THIS_MODEL_H
#define FOLDNET_THIS_MODEL_H

#include <stdint.h>

#if defined(__cplusplus)
#define MODEL_ALIGNED alignas(16)
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define MODEL_ALIGNED _Alignas(16)
#else
#define MODEL_ALIGNED __attribute__((aligned(16)))
#endif

";

/// The type's name in C.
fn c_type(kind: InputType) -> &'static str {
    match kind {
        InputType::U8 => "uint8_t",
        InputType::I8 => "int8_t",
        InputType::I16 => "int16_t",
        InputType::U16 => "uint16_t",
        InputType::F32 => "float",
    }
}

/// Suffix of the function that runs the model, `foldnet_run_...`.
fn suffix(model: &Model) -> &'static str {
    model.input_type().name()
}

/// Names of classes or outputs, and the units of values, if the model has them. They are macros, so that unused ones
/// take no space and give no warning.
fn names(model: &Model) -> String {
    let names: Vec<&str> = model.labels().collect();
    if names.is_empty() {
        return String::new();
    }
    let parts = names.iter().map(|name| name.split_once('\t').unwrap_or((name, "")));
    let (names, units): (Vec<String>, Vec<String>) = parts.map(|(name, unit)| (quoted(name), quoted(unit))).unzip();
    let list = |names: &[String]| names.join(", \\\n    ");
    let mut text = format!(
        "/* Names in UTF-8, in order: static const char *const names[] = {{ MODEL_NAMES }}; */\n#define MODEL_NAMES \\\n    {}\n\n",
        list(&names)
    );
    if units.iter().any(|unit| unit != "\"\"") {
        text += &format!("/* Their units, likewise. */\n#define MODEL_UNITS \\\n    {}\n\n", list(&units));
    }
    text
}

/// A string literal; everything except plain characters becomes an octal escape, which ends after three digits.
fn quoted(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'"' | b'\\' | b'?' => format!("\\{}", char::from(byte)),
        b' '..=b'~' => char::from(byte).to_string(),
        _ => format!("\\{byte:03o}"),
    };
    format!("\"{}\"", text.bytes().map(byte).collect::<String>())
}

/// An example call, which compiles if `MODEL_EXAMPLE` is defined.
fn example(model: &Model) -> String {
    let result = match model.head() {
        HeadKind::Softmax | HeadKind::Sigmoid => "(int32_t)answer.class_index",
        HeadKind::Reconstruction => "(int32_t)answer.above",
        HeadKind::Values => {
            "-foldnet_values(&model_open, model_scratch, MODEL_SCRATCH_WORDS, model_values, MODEL_OUTPUTS)"
        }
    };
    let values = if model.head() == HeadKind::Values { "static float model_values[MODEL_OUTPUTS];\n" } else { "" };
    let says = match model.head() {
        HeadKind::Softmax | HeadKind::Sigmoid => "The class of an example",
        HeadKind::Reconstruction => "1 if the example is abnormal, otherwise 0",
        HeadKind::Values => "The values for an example, in model_values, and 0",
    };
    format!(
        "#ifdef MODEL_EXAMPLE
#include \"foldnet.h\"

static foldnet_model model_open;
static uint32_t model_scratch[MODEL_SCRATCH_WORDS];
{values}
/* {says}; below 0 a status of the library's, negated. */
int32_t model_run(const model_input example[MODEL_INPUTS]) {{
    foldnet_answer answer;
    int32_t status = FOLDNET_OK;
    if (foldnet_inputs(&model_open) == 0) status = foldnet_parse(&model_open, model_bytes, sizeof model_bytes);
    if (status == FOLDNET_OK)
        status = foldnet_run_{}(&model_open, example, MODEL_INPUTS, model_scratch, MODEL_SCRATCH_WORDS, &answer);
    return status == FOLDNET_OK ? {result} : -status;
}}
#endif
",
        suffix(model)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use foldnet_core::model::{HeadSpec, InputSpec, LayerHeader, LayerWeights, ModelSpec, encode, encoded_len};
    use foldnet_sim::AlignedBytes;
    use std::path::Path;
    use std::process::Command;

    /// A model with two float inputs of a type, and two outputs or one.
    fn model(kind: InputType, head: HeadSpec, labels: &str) -> AlignedBytes {
        let units = if head == HeadSpec::Sigmoid { 1 } else { 2 };
        let header = LayerHeader { inputs: 2, units, bits: 32, relu: false, scale: 1.0 };
        let weights =
            LayerWeights::Float { kernel: &[1.0; 4][..2 * usize::from(units)], bias: &[0.0; 2][..units.into()] };
        let (layers, input) = ([(header, weights)].into_iter().collect(), InputSpec { kind, ..InputSpec::default() });
        let spec = ModelSpec { height: 1, width: 2, layers, head, input, labels, ..ModelSpec::default() };
        let mut bytes = vec![0; encoded_len(&spec)];
        let len = encode(&spec, &mut bytes).unwrap();
        bytes.truncate(len);
        AlignedBytes::from_vec(bytes)
    }

    /// Runs a C compiler; the test requires one, as Rust's linker does.
    fn compile(folder: &Path, args: &[&str]) {
        let include = concat!("-I", env!("CARGO_MANIFEST_DIR"), "/../c/include");
        let mut command = Command::new("cc");
        command.current_dir(folder).args(["-Wall", "-Wextra", "-Werror", "-pedantic", include]).args(args);
        let output = command.output().expect("cc: install a C compiler");
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// The header compiles with its example in both standards, and a program that includes it finds the file and the names.
    fn check(bytes: &AlignedBytes, names: &str) {
        let folder = tempfile::tempdir().unwrap();
        let model = Model::parse(bytes).unwrap();
        std::fs::write(folder.path().join("model.h"), write(&model, bytes)).unwrap();
        std::fs::write(folder.path().join("example.c"), "#define MODEL_EXAMPLE\n#include \"model.h\"\n").unwrap();
        ["-std=c99", "-std=c11"].iter().for_each(|standard| compile(folder.path(), &[standard, "-c", "example.c"]));
        let print = if names.is_empty() {
            ""
        } else {
            "static const char *const names[] = { MODEL_NAMES };\nfor (i = 0; i < MODEL_OUTPUTS; i++) puts(names[i]);"
        };
        let program = format!(
            "#include <stdio.h>\n#include \"model.h\"\nint main(void) {{ int i = 0; (void)i; \
             fwrite(model_bytes, 1, sizeof model_bytes, stdout); {{ {print} }} return (uintptr_t)model_bytes % 16 != 0; }}\n"
        );
        std::fs::write(folder.path().join("print.c"), program).unwrap();
        compile(folder.path(), &["-std=c99", "print.c", "-o", "print"]);
        let output = Command::new(folder.path().join("print")).output().unwrap();
        assert!(output.status.success(), "the array is not aligned");
        assert_eq!(output.stdout, [&bytes[..], names.as_bytes()].concat());
    }

    #[test]
    fn a_program_finds_the_model_and_its_names() {
        check(
            &model(InputType::U8, HeadSpec::Softmax, "T-shirt\n\"größer\" \\ 1??/\n"),
            "T-shirt\n\"größer\" \\ 1??/\n",
        );
        check(&model(InputType::I8, HeadSpec::Sigmoid, ""), "");
        check(&model(InputType::I16, HeadSpec::Values(&[[1.0, 0.0]; 2]), "x\tmm\ny\tmm/s\n"), "x\ny\n");
        let targets = &[[1.0, 0.0]; 2];
        let head = HeadSpec::FloatReconstruction { targets, score_scale: 0.5, threshold: 1.0 };
        check(&model(InputType::U16, head, ""), "");
        check(&model(InputType::F32, HeadSpec::Softmax, ""), "");
    }
}

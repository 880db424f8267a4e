//! `examples/stm32f405`, the firmware that users copy: it builds unchanged for a debug probe, and reports the right
//! class when its messages go to the emulator instead. Needs what `foldnet-sim --emulate` needs.

use foldnet_core::Model;
use foldnet_sim::board::{Board, by_name};
use foldnet_sim::emulate::build_command;
use foldnet_tests::exported::{Exported, test};
use foldnet_tests::programs::{check_flash_in_page, emulate, run, said};
use foldnet_tests::tidy::files::root;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

const SEMIHOSTING: [&str; 3] = ["--no-default-features", "--features", "semihosting"];

fn board() -> &'static Board {
    by_name("netduinoplus2").expect("the board with this chip")
}

/// The notebook's network.
fn model() -> &'static [u8] {
    static MODEL: OnceLock<Exported> = OnceLock::new();
    &MODEL.get_or_init(|| Exported::keras("after", 4, 1)).model
}

fn example() -> PathBuf {
    root().join("examples/stm32f405")
}

/// Builds the example with its Cargo.lock, and returns its ELF file.
fn build(features: &[&str]) -> PathBuf {
    let mut cargo = build_command(board().target, &example()).unwrap_or_else(|error| panic!("{error}"));
    let target = root().join("target/examples");
    let output = run(cargo.args(["--release", "--locked"]).args(features).arg("--target-dir").arg(&target));
    assert!(output.status.success(), "{}", said(&output));
    target.join(board().target).join("release/foldnet-stm32f405")
}

#[test]
fn it_builds_for_a_probe_and_says_the_class_to_an_emulator() {
    let probe = build(&[]);
    check_flash_in_page("flash: `examples/stm32f405`", 1, &probe);
    let elf = std::fs::read(probe).unwrap();
    // defmt's log messages are looked up in a section of this name.
    assert!(elf.windows(6).any(|bytes| bytes == b".defmt"), "no defmt strings");

    let (elf, folder) = (build(&SEMIHOSTING), Path::new(env!("CARGO_TARGET_TMPDIR")).join("board_example"));
    std::fs::create_dir_all(&folder).unwrap();
    let says = |flash: &[u8], expected: &str| {
        let output = emulate(board(), &elf, &folder, flash);
        let text = said(&output);
        assert!(output.status.success() && text.starts_with(expected), "'{expected}', but: {text}");
    };
    says(&board().slot_image(0, 1, model()).expect("a slot"), "class 9 (Ankle boot), ");
    says(model(), "class 9 (Ankle boot), ");
    says(&model()[..model().len() - 1], "no model: the checksum does not match: the model is damaged");
    says(&[0xFF; 64], "no model: not a .fnet model");
}

/// The image is the one described in its comment.
#[test]
fn the_image_is_the_first_of_the_test_images() {
    let image = std::fs::read(example().join("image.raw")).unwrap();
    let first = test(1);
    assert_eq!((image.as_slice(), first.classes().unwrap()), (first.bytes().unwrap(), &[9][..]));
}

/// The example's memory matches the table of boards, and its scratch memory is sufficient.
#[test]
fn the_memory_is_the_boards() {
    let read = |name: &str| std::fs::read_to_string(example().join(name)).unwrap();
    let (flash, models, ram) = (board().flash, board().model_region(), board().ram);
    let (memory, main) = (read("memory.x"), read("src/main.rs"));
    let firmware = (models.origin - flash.origin) / 1024;
    for line in [
        format!("FLASH : ORIGIN = {:#010x}, LENGTH = {firmware}K\n", flash.origin),
        format!("RAM : ORIGIN = {:#010x}, LENGTH = {}K\n", ram.origin, ram.len / 1024),
        format!("_model_start = {:#010x};\n_model_end = {:#010x};\n", models.origin, models.end()),
    ] {
        assert!(memory.contains(&line), "memory.x: not '{line}'");
    }
    assert!(main.contains(&format!("const ERASE_BLOCK: u32 = {} * 1024;", board().erase_block / 1024)));
    let words = Model::parse(model()).unwrap().scratch_words_with(board().kernel());
    assert!(main.contains(&format!("the notebook's network takes {words} of them")), "{words} words");
}

//! The C library as laid out by `scripts/c-library`, and `c/example`, compiled by arm-none-eabi-gcc with make for one
//! board and with CMake for the other, emulated. Class and logits of every image equal the simulator's, every error is
//! an exit code with its message, and the program links only if nothing can panic.
//!
//! Needs gcc-arm-none-eabi, make, cmake, and what `foldnet-sim --emulate` needs; without them these tests fail.

use foldnet_core::Model;
use foldnet_core::model::{
    HeadSpec, InputMap, InputSpec, InputType, LayerHeader, LayerWeights, ModelSpec, Sharing, encode, encoded_len,
};
use foldnet_core::quantized::Row;
use foldnet_data::{Shape, TargetsRef, ValuesRef, View};
use foldnet_sim::AlignedBytes;
use foldnet_sim::board::{Board, by_name};
use foldnet_sim::job::{score, verdict};
use foldnet_sim::simulate::simulate_each;
use foldnet_tests::exported::{Exported, test};
use foldnet_tests::programs::{self, check_flash_in_page, run, said};
use foldnet_tests::tidy::files::root;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, OnceLock, PoisonError};

/// Number of test images.
const IMAGES: usize = 200;

const BOARDS: [&str; 2] = ["netduinoplus2", "microbit"];

/// The notebook's network at 4 bits, which fits every board.
fn model() -> &'static [u8] {
    static MODEL: OnceLock<Exported> = OnceLock::new();
    &MODEL.get_or_init(|| Exported::keras("after", 4, 1)).model
}

/// The library for a board, laid out in `out/foldnet`; it cannot panic, or has an inserted panic. Built in the target
/// folder of the board's firmware, where core and its dependencies are already built, one at a time.
fn library(board: &Board, out: &Path, panicking: bool) -> PathBuf {
    static BUILDING: Mutex<()> = Mutex::new(());
    let _alone = BUILDING.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = out.join("foldnet");
    let mut script = Command::new(root().join("scripts/c-library"));
    script.arg("--out").arg(&folder).args(["--features", "prove-no-panic", board.target]);
    let output = run(script.envs(panicking.then_some(("FOLDNET_PANICKING", "1"))));
    assert!(output.status.success(), "{}", said(&output));
    folder
}

/// A separate folder for a test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("c_example").join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Compiles and links the example.
fn make(board: &Board, library: &Path, out: &Path) -> Output {
    let set = |name: &str, path: &Path| format!("{name}={}", path.display());
    let mut make = Command::new("make");
    make.arg("--always-make").arg("-C").arg(root().join("c/example"));
    run(make.arg(format!("BOARD={}", board.name)).args([set("FOLDNET", library), set("OUT", out)]))
}

/// The same by CMake, for a board of this name.
fn cmake(board: &str, library: &Path, out: &Path) -> Output {
    let mut configure = Command::new("cmake");
    configure.arg("-S").arg(root().join("c/example")).arg("-B").arg(out).arg("--fresh");
    let configured = run(configure.arg(format!("-DBOARD={board}")).arg(format!("-DFOLDNET={}", library.display())));
    if configured.status.success() { run(Command::new("cmake").arg("--build").arg(out)) } else { configured }
}

/// The example for a board: by make for the M4F, by CMake for the M0.
fn program(board: &Board, out: &Path) {
    let library = library(board, out, false);
    let output = if board.name == BOARDS[0] { make(board, &library, out) } else { cmake(board.name, &library, out) };
    assert!(output.status.success(), "{}", said(&output));
}

/// Runs the example in `folder`, with these bytes in the flash for models.
fn emulate(board: &Board, folder: &Path, flash: &[u8], images: &[u8]) -> Output {
    std::fs::write(folder.join("images"), images).unwrap();
    programs::emulate(board, &folder.join(format!("{}.elf", board.name)), folder, flash)
}

/// Checks the answers word by word against the simulator's: for each image the class, then the logits.
fn check(name: &str) {
    let (board, folder) = (by_name(name).unwrap(), folder(name));
    program(board, &folder);
    let column = 1 + BOARDS.iter().position(|board| *board == name).expect("a column");
    check_flash_in_page("flash: `c/example`", column, &folder.join(format!("{name}.elf")));
    let images = test(IMAGES);
    // Into the second slot if there is one.
    let room = board.room();
    let slot = |number| Some((room.slot(number)?.offset as usize, board.slot_image(number, 1, model())?));
    let (offset, flash) = slot(1).or_else(|| slot(0)).expect("a slot");
    let output = emulate(board, &folder, &[&vec![0xFF; offset], &flash[..]].concat(), images.bytes().unwrap());
    assert!(output.status.success(), "{name}: {:?}: {}", output.status, said(&output));

    let mut expected = Vec::new();
    simulate_each(&Model::parse(model()).unwrap(), images, &mut |_, answer, logits| {
        expected.push(answer.class().unwrap() as u32);
        expected.extend_from_slice(logits.words());
    });
    let answers = std::fs::read(folder.join("answers")).unwrap();
    let words: Vec<u32> = answers.chunks(4).map(|word| u32::from_le_bytes(word.try_into().unwrap())).collect();
    assert_eq!(words.len(), IMAGES * 11, "{name}: one class and ten logits per image");
    let differing = words.chunks(11).zip(expected.chunks(11)).position(|(board, pc)| board != pc);
    assert_eq!(differing, None, "{name}: the first image whose answer is not the simulator's");
    let right =
        words.chunks(11).zip(images.classes().unwrap()).filter(|(words, label)| words[0] == u32::from(**label)).count();
    assert!(right >= IMAGES * 8 / 10, "{name}: {right} of {IMAGES} classified correctly");
}

/// A reconstruction of four `i16` values with integers, each nearly equal to its input.
fn scorer() -> Vec<u8> {
    let header = LayerHeader { inputs: 4, units: 4, bits: 8, relu: false, scale: 1.0 };
    let weights: Vec<i8> = (0..16).map(|at| if at % 5 == 0 { 100 } else { 7 }).collect();
    let rows = [Row { bias: -50, multiplier: 16_000, shift: 6, worst: 0 }; 4];
    let layers = [(header, LayerWeights::Integer { weights: &weights, rows: &rows })].into_iter().collect();
    let maps = [InputMap::Integer { low: -1000, multiplier: 8_000, shift: 16 }];
    let input = InputSpec { kind: InputType::I16, sharing: Sharing::All, maps: &maps, ..InputSpec::default() };
    let head = HeadSpec::Reconstruction { targets: &[[200, -5]; 4], shift: 8, score_scale: 0.01, threshold: 1_000 };
    let spec = ModelSpec { height: 4, layers, input, head, ..ModelSpec::default() };
    let mut bytes = vec![0; encoded_len(&spec)];
    let len = encode(&spec, &mut bytes).unwrap();
    bytes.truncate(len);
    bytes
}

#[test]
fn a_score_is_the_simulator_s() {
    let (board, folder) = (by_name("microbit").unwrap(), folder("scores"));
    program(board, &folder);
    let model = AlignedBytes::from_vec(scorer());
    let values: Vec<i16> = (0..80i32).map(|at| (at * 137 % 2500 - 1200) as i16).collect();
    let view = View { inputs: ValuesRef::I16(&values), targets: TargetsRef::None, shape: Shape::window(4, 1) };
    let output = emulate(board, &folder, &model, &view.inputs.to_le_bytes());
    assert!(output.status.success(), "{:?}: {}", output.status, said(&output));
    let (mut expected, mut above) = (Vec::new(), 0);
    simulate_each(&Model::parse(&model).unwrap(), view, &mut |_, answer, outputs| {
        above += verdict(answer);
        expected.push(verdict(answer));
        expected.extend_from_slice(outputs.words());
        expected.extend(score(answer).unwrap());
    });
    let answers = std::fs::read(folder.join("answers")).unwrap();
    let words: Vec<u32> = answers.chunks(4).map(|word| u32::from_le_bytes(word.try_into().unwrap())).collect();
    assert_eq!(words, expected);
    assert!((1..20).contains(&above), "{above} of 20 are above the threshold: it separates nothing");
}

#[test]
fn the_m4f_is_the_simulator() {
    check("netduinoplus2");
}

#[test]
fn the_m0_is_the_simulator() {
    check("microbit");
}

#[test]
fn errors_are_exit_codes_with_a_message() {
    let (board, folder) = (by_name("netduinoplus2").unwrap(), folder("errors"));
    program(board, &folder);
    let mut damaged = model().to_vec();
    damaged[5_000] ^= 1;
    let unfinished = &board.slot_image(0, 1, model()).unwrap()[..40];
    let cases: [(&[u8], i32, &str); 4] = [
        (&[0xFF; 64], 12, "there is no .fnet model"),
        (&damaged, 15, "the model is damaged or only partially flashed"),
        (unfinished, 22, "the model's slot was not written completely"),
        (model(), 0, ""),
    ];
    for (flash, code, message) in cases {
        let output = emulate(board, &folder, flash, test(1).bytes().unwrap());
        let text = said(&output);
        assert_eq!((output.status.code(), text.starts_with(message)), (Some(code), true), "{message}: {text}");
    }
}

#[test]
fn a_panic_would_be_found() {
    let board = by_name("netduinoplus2").unwrap();
    let folder = folder("panicking");
    let output = make(board, &library(board, &folder, true), &folder);
    let text = said(&output);
    assert!(!output.status.success() && text.contains("undefined reference to `foldnet_can_panic'"), "{text}");
}

#[test]
fn a_target_without_its_library_says_which_there_are() {
    let (board, folder) = (by_name("netduinoplus2").unwrap(), folder("missing"));
    let library = library(board, &folder, false);
    let output = cmake("microbit", &library, &folder);
    // CMake breaks lines.
    let text = said(&output).split_whitespace().collect::<Vec<_>>().join(" ");
    let says = "FOLDNET_TARGET 'thumbv6m-none-eabi': no library for it; there are: thumbv7em-none-eabihf. \
                scripts/c-library TARGET builds one";
    assert!(!output.status.success() && text.contains(says), "{text}");
}

/// The linker scripts for users match the table of boards.
#[test]
fn the_linker_scripts_are_the_boards() {
    for name in BOARDS {
        let (board, path) = (by_name(name).unwrap(), root().join(format!("c/example/{name}.ld")));
        let script = std::fs::read_to_string(&path).unwrap();
        let (flash, model, ram) = (board.flash, board.model_region(), board.ram);
        for line in [
            format!("RAM : ORIGIN = {:#010x}, LENGTH = {}K\n", ram.origin, ram.len / 1024),
            format!(
                "FLASH : ORIGIN = {:#010x}, LENGTH = {}K\n",
                flash.origin,
                (board.model_address - flash.origin) / 1024
            ),
            format!("model_flash = {:#010x};\nmodel_flash_end = {:#010x};\n", model.origin, model.end()),
            format!("erase_block = {:#x};\n", board.erase_block),
        ] {
            assert!(script.contains(&line), "{}: not '{line}'", path.display());
        }
    }
}

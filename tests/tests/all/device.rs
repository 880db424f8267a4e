//! The notebook's two networks, trained by Keras and exported by the library, on emulated boards: every logit of every
//! image must equal the simulator's, and the accuracy must be the one reported by export. Needs what
//! `foldnet-sim --emulate` needs, and the real images; without them these tests fail.
//!
//! Both networks at 8, 4 and 2 bits run on every board that they fit, with 500 test images each; all 10,000 run once on
//! an M4F and once on an M0 (`scripts/boards` runs them on every board). Each model is exported only once per test.

use crate::firmware;
use foldnet::compute::Fast;
use foldnet::deploy::export::{ExportPlan, export, export_shrunk};
use foldnet::deploy::shrink::{Limits, Wanted};
use foldnet::network::architecture::NormPlacement;
use foldnet::network::checkpoint::{Checkpoint, PixelStatistics};
use foldnet::run::run_checkpoint;
use foldnet::train::fit::{Config, fit, initial_params};
use foldnet::train::qat::{Quantize, begin, fit_quantized};
use foldnet::train::standardize::pixel_statistics;
use foldnet_core::Model;
use foldnet_data::{Part, View};
use foldnet_sim::board::{BOARDS, DoesNotFit, by_name};
use foldnet_sim::emulate::{Survey, Task, emulate_all};
use foldnet_sim::{EmulateError, Emulation, emulate, simulate};
use foldnet_tests::exported::{Exported, dataset, test};

/// Number of test images in a short run.
const SOME: usize = 500;

/// Number of test images in a full run.
const ALL: usize = 10_000;

const M4F: &str = "netduinoplus2";
const M0: &str = "microbit";

/// Boards with 256 KB of flash, which the notebook's network exceeds at 8 bits.
const SMALL: [&str; 2] = ["microbit", "lm3s6965evb"];

/// Runs the images of `test`; all results must equal the simulator's, and the accuracy be at least `floor`.
fn check(board: &str, exported: &Exported, test: View, floor: f64) -> Emulation {
    let task = Task { firmware: firmware::of(board), model: &exported.model, examples: test, layers: false };
    let run = emulate(&task, &mut |_| ()).unwrap_or_else(|error| panic!("{} on {board}: {error}", exported.name));
    check_against_simulation(board, exported, &run, test, floor);
    run
}

/// Runs some images on every board that the model fits, which are all except those `without_room`.
fn check_everywhere(exported: &Exported, without_room: &[&str], floor: f64) {
    let (firmware, test) = (firmware::all(), test(SOME));
    let models = [&*exported.model];
    // Tests already run in parallel.
    let survey = Survey { firmware, models: &models, examples: test, layers: false, threads: 1 };
    let runs = emulate_all(&survey, &|_| ());
    assert_eq!(runs.len(), BOARDS.len());
    for (firmware, run) in firmware.iter().zip(runs.into_iter().flatten()) {
        let board = firmware.board().name;
        match run {
            Ok(run) => check_against_simulation(board, exported, &run, test, floor),
            Err(EmulateError::DoesNotFit(DoesNotFit::Flash { .. })) if without_room.contains(&board) => (),
            Err(error) => panic!("{} on {board}: {error}", exported.name),
        }
    }
}

/// Checks a run against our simulation.
fn check_against_simulation(board: &str, exported: &Exported, run: &Emulation, test: View, floor: f64) {
    let (what, images, instructions) = (format!("{} on {board}", exported.name), test.len(), run.instructions);
    println!(
        "{what}: {images} images, accuracy {:.4}, {:.0} instructions ({} to {}), kernel {}, flash {}, RAM {}, logits {}",
        run.accuracy(),
        instructions.mean,
        instructions.min,
        instructions.max,
        run.kernel,
        run.flash.total(),
        run.ram.total(),
        &run.logits_sha256[..8],
    );
    assert_eq!(run.first_difference, None, "{what}: the first image that differs");
    assert!(run.identical() && run.images == images, "{what}: {} images", run.images);
    let model = Model::parse(&exported.model).expect("a model");
    let simulation = simulate(&model, test, &mut |_| ());
    assert_eq!((&run.logits_sha256, run.correct), (&simulation.logits_sha256, simulation.correct), "{what}");
    assert!(run.accuracy() >= floor, "{what}: {} is below {floor}", run.accuracy());
}

#[test]
fn after_at_8_bits() {
    let exported = Exported::keras("after", 8, ALL);
    let run = check(M4F, &exported, test(ALL), 0.85);
    assert_eq!(run.accuracy(), exported.report.accuracy, "what export reports");
    check_everywhere(&exported, &SMALL, 0.8);
}

#[test]
fn after_at_4_bits() {
    let exported = Exported::keras("after", 4, ALL);
    let run = check(M0, &exported, test(ALL), 0.85);
    assert_eq!(run.accuracy(), exported.report.accuracy, "what export reports");
    check_everywhere(&exported, &[], 0.8);
}

#[test]
fn after_at_2_bits() {
    check_everywhere(&Exported::keras("after", 2, SOME), &[], 0.75);
}

#[test]
fn before_at_8_bits() {
    check_everywhere(&Exported::keras("before", 8, SOME), &SMALL, 0.8);
}

#[test]
fn before_at_4_bits() {
    check_everywhere(&Exported::keras("before", 4, SOME), &[], 0.8);
}

#[test]
fn before_at_2_bits() {
    check_everywhere(&Exported::keras("before", 2, SOME), &[], 0.75);
}

/// The notebook's shape in floats takes 1,065 KB, more than the board's 1,024 KB of flash. So this trains a narrower
/// network, which fits.
#[test]
fn floats_where_they_fit() {
    let notebooks = Exported::keras("after", 32, 1).model;
    let refused = by_name(M4F).unwrap().fit(&Model::parse(&notebooks).unwrap());
    assert!(matches!(refused, Err(DoesNotFit::Flash { .. })), "{refused:?}");
    check(M4F, &Exported::new("100,32 as floats", &narrow_network(), 32, SOME), test(SOME), 0.75);
}

/// Hidden layers of 100 and 32 units, trained for an epoch on 8,000 images.
fn narrow_network() -> Checkpoint {
    let train = dataset().part(Part::Train).slice(0..8_000);
    let config = Config { epochs: 1, learning_rate: 0.05, ..Config::default() };
    trained(&[100, 32], &config, train, &dataset().labels)
}

fn trained(hidden: &[u32], config: &Config, train: View, labels: &[String]) -> Checkpoint {
    let (mean, std) = pixel_statistics(train.bytes().unwrap(), train.shape.inputs());
    let layers = NormPlacement::After.layers(hidden, labels.len() as u32);
    let pixels = PixelStatistics::Standardized { mean, std };
    let mut network = Checkpoint {
        image: Some((train.shape.height, train.shape.width)),
        labels: labels.to_vec(),
        ..Checkpoint::new(layers, train.shape.inputs(), Vec::new(), pixels).expect("a network")
    };
    initial_params(&mut network, config.seed);
    let valid = train.slice(0..train.len().min(SOME));
    fit(&mut network, config, train, valid, &Fast::new(1), &mut ()).expect("it trains");
    network
}

/// Generated images: 12 x 9 pixels in three classes, which differ in the position of a bright bar.
fn bars(images: usize) -> (Vec<u8>, Vec<u16>) {
    let labels: Vec<u16> = (0..images).map(|image| (image % 3) as u16).collect();
    let pixel = |image: usize, at: usize| match at / 9 / 4 == image % 3 && at % 9 != image % 5 {
        true => 100 + (image * 7 % 150) as u8,
        false => (at * 31 + image * 13) as u8 % 60,
    };
    ((0..images).flat_map(|image| (0..108).map(move |at| pixel(image, at))).collect(), labels)
}

#[test]
fn own_images_on_an_m0() {
    let (pixels, labels) = bars(240);
    let view = View::images(&pixels, &labels, 12, 9);
    let (train, test) = (view.slice(0..200), view.slice(200..240));
    let names = ["top", "middle", "bottom"].map(String::from);
    let config = Config { epochs: 5, batch_size: 8, learning_rate: 0.05, seed: 1, ..Config::default() };
    let network = trained(&[8], &config, train, &names);
    for bits in [8, 4, 2, 32] {
        let plan = ExportPlan { bits: &[bits], calibration: train, test, labels: &names };
        let (model, report) = export(&network, &plan, &Fast::new(1), &mut |_| ()).expect("exported");
        let header = Model::parse(&model).expect("a model").header();
        assert_eq!((header.height, header.width), (12, 9));
        let exported = Exported { name: format!("12 x 9 pixels at {bits} bits"), model, report };
        // Chance is .33.
        let run = check(M0, &exported, test, 0.9);
        assert_eq!((run.ram.image, run.accuracy()), (108, exported.report.accuracy), "{bits} bits");
    }
}

/// A network that merging and pruning can make smaller.
struct Student<'a> {
    /// To train on, to judge by, to test on.
    parts: [View<'a>; 3],
    names: [String; 3],
    config: Config,
    network: Checkpoint,
}

/// Trains a network on the first half of 400 images.
fn student<'a>(pixels: &'a [u8], labels: &'a [u16]) -> Student<'a> {
    let view = View::images(pixels, labels, 12, 9);
    let parts = [0..200, 200..360, 360..400].map(|part| view.slice(part));
    let names = ["top", "middle", "bottom"].map(String::from);
    let config = Config { epochs: 5, batch_size: 8, learning_rate: 0.05, seed: 1, ..Config::default() };
    let network = trained(&[24], &config, parts[0], &names);
    Student { parts, names, config, network }
}

/// Averages of inputs, and fewer units, on each kind of kernel.
#[test]
fn merged_and_pruned_models_are_equal_on_every_kind_of_core() {
    let (pixels, labels) = bars(400);
    let Student { parts: [train, valid, test], names, network, .. } = student(&pixels, &labels);
    let wanted = Wanted::new(Limits { merge: true, prune: true, max_loss: 1.0 }, [train, valid]);
    for (bits, boards) in [(8, &[M4F, M0, "riscv32"][..]), (4, &["riscv32"]), (2, &[M4F])] {
        let plan = ExportPlan { bits: &[bits], calibration: train, test, labels: &names };
        let made = export_shrunk(&network, &plan, Some(&wanted), &Fast::new(1), &mut |_| ());
        let (model, report) = made.unwrap_or_else(|error| panic!("{bits} bits: {error:#}"));
        let smaller = report.smaller.clone().expect("something is smaller");
        println!("{bits} bits: {smaller:?}");
        let ([fours, twos, ones], inputs) = (smaller.groups, smaller.inputs[1]);
        assert!(inputs < 70 && fours > 0 && fours + twos + ones == inputs, "{smaller:?}");
        assert!(smaller.units[0][1] < 24 && smaller.is_within() && smaller.judged == 360, "{smaller:?}");
        let exported = Exported { name: format!("merged at {bits} bits"), model, report };
        for board in boards {
            check(board, &exported, test, 0.9);
        }
    }
}

/// Merged and pruned first, then trained in integers.
#[test]
fn a_merged_network_that_was_trained_in_integers_is_equal_on_every_kind_of_core() {
    let (pixels, labels) = bars(400);
    let Student { parts: [train, valid, test], names, config, network } = student(&pixels, &labels);
    let compute = Fast::new(1);
    for (bits, boards) in [(8, &[M0][..]), (4, &[M4F, "riscv32"]), (2, &[M4F])] {
        let smaller = Some(Limits { merge: true, prune: true, max_loss: 1.0 });
        let how = Quantize { bits: vec![bits], teacher: Some(network.clone()), smaller };
        let mut learner = begin(&network, &how, [train, valid], &compute).expect("a student");
        let config = Config { epochs: 4, batch_size: 8, learning_rate: 0.01, ..config.clone() };
        let epochs = fit_quantized(&mut learner, how.teacher.as_ref(), &config, [train, valid], &compute, &mut ());
        assert_eq!(epochs.expect("trained").len(), 4);
        let plan = ExportPlan { bits: &[bits], calibration: train, test, labels: &names };
        let (model, report) = export(&learner.network, &plan, &compute, &mut |_| ()).expect("exported");
        let layer = Model::parse(&model).expect("a model").header().layers[0];
        assert!(layer.inputs < 70 && layer.units < 24, "{layer:?}");
        let exported = Exported { name: format!("merged, trained at {bits} bits"), model, report };
        for board in boards {
            let run = check(board, &exported, test, 0.9);
            let outputs = run_checkpoint(&learner.network, test, &compute);
            assert_eq!(run.accuracy(), outputs.accuracy(test.classes().expect("classes")), "{bits} bits on {board}");
        }
    }
}

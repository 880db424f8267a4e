//! The notebook's two networks, trained by Keras and exported by the library, on emulated boards: every logit of every
//! image is the simulator's, and the accuracy is what export reports. Needs what `foldnet-sim --emulate` needs, and the
//! real images; without them these tests fail.
//!
//! All 10,000 test images run once on an M4F and once on an M0, 500 in every other case. A test exports one model once.

use foldnet::architecture::Norm;
use foldnet::checkpoint::{Checkpoint, Hints, PixelStatistics};
use foldnet::compute::Fast;
use foldnet::export::{Export, Plan, export};
use foldnet::standardize::pixel_statistics;
use foldnet::train::{Config, Epoch, Observer, Progress, fit, initial_params};
use foldnet_core::Model;
use foldnet_data::{Dataset, Part, Source, View};
use foldnet_sim::board::{DoesNotFit, by_name};
use foldnet_sim::emulate::Task;
use foldnet_sim::{AlignedBytes, Emulation, Firmware, emulate, simulate};
use std::path::Path;
use std::sync::OnceLock;

/// Training images for calibration, as the command takes them.
const CALIBRATION: usize = 4_000;

/// Test images of a run that is not on all of them.
const SOME: usize = 500;

/// Test images of a run on all of them.
const ALL: usize = 10_000;

/// A board, with its firmware built once.
struct Device {
    board: &'static str,
    firmware: OnceLock<Firmware>,
}

static M4F: Device = Device { board: "netduinoplus2", firmware: OnceLock::new() };
static M0: Device = Device { board: "microbit", firmware: OnceLock::new() };

impl Device {
    fn firmware(&self) -> &Firmware {
        let build = || Firmware::build(by_name(self.board)?).map_err(anyhow::Error::from);
        self.firmware.get_or_init(|| build().unwrap_or_else(|error| panic!("{}: {error}", self.board)))
    }

    /// Runs the first `images` test images; all is the simulator's, and at least `floor` of them are recognized.
    fn check(&self, exported: &Exported, images: usize, floor: f64) -> Emulation {
        self.check_on(exported, test(images), floor)
    }

    /// Likewise on other images.
    fn check_on(&self, exported: &Exported, test: View, floor: f64) -> Emulation {
        let (what, images) = (format!("{} on {}", exported.name, self.board), test.len());
        let task = Task {
            firmware: self.firmware(),
            model: &exported.model,
            pixels: test.pixels,
            labels: test.labels,
            layer: None,
        };
        let run = emulate(&task, &mut |_| ()).unwrap_or_else(|error| panic!("{what}: {error}"));
        let instructions = run.instructions;
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
        let simulation = simulate(&model, test.pixels, test.labels, &mut |_| ());
        assert_eq!((&run.logits_sha256, run.correct), (&simulation.logits_sha256, simulation.correct), "{what}");
        assert!(run.accuracy() >= floor, "{what}: {} is below {floor}", run.accuracy());
        run
    }
}

/// A model file, and what export says of it.
struct Exported {
    name: String,
    model: AlignedBytes,
    report: Export,
}

impl Exported {
    /// Keras's network `name` at `bits`, compared with its float original on the first `images` test images.
    fn keras(name: &str, bits: u8, images: usize) -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("golden/keras_{name}.safetensors"));
        let checkpoint = Checkpoint::read(&file, &Hints::default()).unwrap_or_else(|error| panic!("{error}"));
        Self::new(&format!("{name} at {bits} bits"), &checkpoint, bits, images)
    }

    fn new(name: &str, checkpoint: &Checkpoint, bits: u8, images: usize) -> Self {
        let calibration = dataset().part(Part::Train).slice(0..CALIBRATION);
        let plan = Plan { bits: &[bits], calibration, test: test(images), labels: &dataset().labels };
        let exported = export(checkpoint, &plan, &Fast::new(1), &mut |_| ());
        let (model, report) = exported.unwrap_or_else(|error| panic!("{name}: {error:#}"));
        Self { name: name.to_owned(), model, report }
    }
}

fn dataset() -> &'static Dataset {
    static DATASET: OnceLock<Dataset> = OnceLock::new();
    DATASET.get_or_init(|| foldnet_data::load(&Source::FashionMnist, &mut |_| ()).expect("Fashion-MNIST"))
}

/// The first `images` test images.
fn test(images: usize) -> View<'static> {
    dataset().part(Part::Test).slice(0..images)
}

#[test]
fn after_at_8_bits_on_all_test_images() {
    let exported = Exported::keras("after", 8, ALL);
    let run = M4F.check(&exported, ALL, 0.85);
    assert_eq!(run.accuracy(), exported.report.accuracy, "what export reports");
}

#[test]
fn after_at_4_bits_on_all_test_images() {
    let exported = Exported::keras("after", 4, ALL);
    let run = M0.check(&exported, ALL, 0.85);
    assert_eq!(run.accuracy(), exported.report.accuracy, "what export reports");
    M4F.check(&exported, SOME, 0.8);
}

#[test]
fn after_at_2_bits() {
    let exported = Exported::keras("after", 2, SOME);
    M4F.check(&exported, SOME, 0.75);
    M0.check(&exported, SOME, 0.75);
}

#[test]
fn before_at_8_bits() {
    M4F.check(&Exported::keras("before", 8, SOME), SOME, 0.8);
}

#[test]
fn before_at_4_bits() {
    let exported = Exported::keras("before", 4, SOME);
    M4F.check(&exported, SOME, 0.8);
    M0.check(&exported, SOME, 0.8);
}

#[test]
fn before_at_2_bits() {
    let exported = Exported::keras("before", 2, SOME);
    M4F.check(&exported, SOME, 0.75);
    M0.check(&exported, SOME, 0.75);
}

/// The notebook's shape as floats is 1,065 KB, more than the board's 1,024 KB of flash. So a narrower network is
/// trained here, which fits.
#[test]
fn floats_where_they_fit() {
    let notebooks = Exported::keras("after", 32, 1).model;
    let refused = by_name(M4F.board).unwrap().fit(&Model::parse(&notebooks).unwrap());
    assert!(matches!(refused, Err(DoesNotFit::Flash { .. })), "{refused:?}");
    M4F.check(&Exported::new("100,32 as floats", &narrow_network(), 32, SOME), SOME, 0.75);
}

/// Hidden layers of 100 and 32 units, trained for an epoch on 8,000 images.
fn narrow_network() -> Checkpoint {
    let train = dataset().part(Part::Train).slice(0..8_000);
    let config = Config { epochs: 1, batch_size: 32, learning_rate: 0.05, seed: 42, shuffle: true };
    trained(&[100, 32], &config, train, &dataset().labels)
}

fn trained(hidden: &[u32], config: &Config, train: View, labels: &[String]) -> Checkpoint {
    let (mean, std) = pixel_statistics(train.pixels, train.image_len());
    let mut network = Checkpoint {
        layers: Norm::After.layers(hidden, labels.len() as u32),
        inputs: train.image_len(),
        params: Vec::new(),
        pixels: PixelStatistics::Standardized { mean, std },
        image: Some((train.height, train.width)),
        labels: labels.to_vec(),
    };
    initial_params(&mut network, config.seed);
    let valid = train.slice(0..train.len().min(SOME));
    fit(&mut network, config, train, valid, &Fast::new(1), &mut Silent).expect("it trains");
    network
}

/// Images of one's own: 12 x 9 pixels in three classes, which a bright bar tells apart by where it lies.
#[test]
fn own_images_on_an_m0() {
    let labels: Vec<u8> = (0..240).map(|image| (image % 3) as u8).collect();
    let pixel = |image: usize, at: usize| match at / 9 / 4 == image % 3 && at % 9 != image % 5 {
        true => 100 + (image * 7 % 150) as u8,
        false => (at * 31 + image * 13) as u8 % 60,
    };
    let pixels: Vec<u8> = (0..240).flat_map(|image| (0..108).map(move |at| pixel(image, at))).collect();
    let view = View { pixels: &pixels, labels: &labels, height: 12, width: 9 };
    let (train, test) = (view.slice(0..200), view.slice(200..240));
    let names = ["top", "middle", "bottom"].map(String::from);
    let config = Config { epochs: 5, batch_size: 8, learning_rate: 0.05, seed: 1, shuffle: true };
    let network = trained(&[8], &config, train, &names);
    for bits in [8, 4, 2, 32] {
        let plan = Plan { bits: &[bits], calibration: train, test, labels: &names };
        let (model, report) = export(&network, &plan, &Fast::new(1), &mut |_| ()).expect("exported");
        let header = Model::parse(&model).expect("a model").header().clone();
        assert_eq!((header.height, header.width), (12, 9));
        let exported = Exported { name: format!("12 x 9 pixels at {bits} bits"), model, report };
        // Chance is .33.
        let run = M0.check_on(&exported, test, 0.9);
        assert_eq!((run.ram.image, run.accuracy()), (108, exported.report.accuracy), "{bits} bits");
    }
}

/// Lets training run to its end.
struct Silent;

impl Observer for Silent {
    fn step(&mut self, _: Progress) -> bool {
        true
    }

    fn epoch(&mut self, _: usize, _: Epoch, _: &Checkpoint) -> anyhow::Result<()> {
        Ok(())
    }
}

//! The notebook's networks as device models: exported by the library, from Keras's checkpoints or others.

use foldnet::compute::Fast;
use foldnet::deploy::export::{ExportPlan, export};
use foldnet::deploy::measure::Export;
use foldnet::network::checkpoint::{Checkpoint, Hints};
use foldnet_data::{Dataset, Part, Source, View};
use foldnet_sim::AlignedBytes;
use std::path::Path;
use std::sync::OnceLock;

/// Training images for calibration, as the command takes them.
pub const CALIBRATION: usize = 4_000;

/// A model file, and what export says of it.
pub struct Exported {
    /// What it is called in messages.
    pub name: String,
    /// The file.
    pub model: AlignedBytes,
    /// What export says.
    pub report: Export,
}

impl Exported {
    /// Keras's network `name` at `bits`, compared with its float original on the first `images` test images.
    ///
    /// # Panics
    /// When it cannot be exported.
    pub fn keras(name: &str, bits: u8, images: usize) -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("golden/keras_{name}.safetensors"));
        let norm = name.parse().expect("a placement of BatchNormalization");
        let hints = Hints { norm: Some(norm), ..Hints::default() };
        let checkpoint = Checkpoint::read(&file, &hints).unwrap_or_else(|error| panic!("{error}"));
        Self::new(&format!("{name} at {bits} bits"), &checkpoint, bits, images)
    }

    /// Exports `checkpoint` with all layers at `bits`, compared on the first `images` test images.
    ///
    /// # Panics
    /// When it cannot be exported.
    pub fn new(name: &str, checkpoint: &Checkpoint, bits: u8, images: usize) -> Self {
        let calibration = dataset().part(Part::Train).slice(0..CALIBRATION);
        let plan = ExportPlan { bits: &[bits], calibration, test: test(images), labels: &dataset().labels };
        let exported = export(checkpoint, &plan, &Fast::new(1), &mut |_| ());
        let (model, report) = exported.unwrap_or_else(|error| panic!("{name}: {error:#}"));
        Self { name: name.to_owned(), model, report }
    }
}

/// Fashion-MNIST, read once.
///
/// # Panics
/// Where it is not to be had.
pub fn dataset() -> &'static Dataset {
    static DATASET: OnceLock<Dataset> = OnceLock::new();
    DATASET.get_or_init(|| foldnet_data::load(&Source::FashionMnist, &mut |_| ()).expect("Fashion-MNIST"))
}

/// The first `images` test images.
pub fn test(images: usize) -> View<'static> {
    dataset().part(Part::Test).slice(0..images)
}

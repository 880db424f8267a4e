//! The notebook's networks as device models: exported by the library, from Keras's checkpoints or others.

use foldnet::compute::Fast;
use foldnet::deploy::export::{ExportPlan, export};
use foldnet::deploy::measure::Export;
use foldnet::network::checkpoint::{Checkpoint, Hints, PixelStatistics};
use foldnet_core::BatchNorm;
use foldnet_data::{Dataset, Part, Source, View};
use foldnet_sim::AlignedBytes;
use std::path::Path;
use std::sync::OnceLock;

/// Number of training images for calibration, as in the command.
pub const CALIBRATION: usize = 4_000;

/// A model file with its export report.
pub struct Exported {
    /// Its name in messages.
    pub name: String,
    /// The file.
    pub model: AlignedBytes,
    /// The export report.
    pub report: Export,
}

impl Exported {
    /// Keras's network `name` at `bits`, compared with its float original on the first `images` test images.
    ///
    /// # Panics
    /// If it cannot be exported.
    pub fn keras(name: &str, bits: u8, images: usize) -> Self {
        Self::new(&format!("{name} at {bits} bits"), &keras(name), bits, images)
    }

    /// Keras's network `after` for images on a light background, `255 - x`: it computes for them what `after` computes
    /// for `x`. Compared on `light`, see [`light_images`].
    ///
    /// # Panics
    /// If it cannot be exported.
    pub fn light(bits: u8, light: View) -> Self {
        let mut checkpoint = keras("after");
        let PixelStatistics::Standardized { mean, .. } = &mut checkpoint.pixels else {
            panic!("no statistics of pixels")
        };
        mean.iter_mut().for_each(|mean| *mean = 1.0 - *mean);
        // Standardized pixels change their sign, so the first BatchNormalization's scale and mean do.
        let first = checkpoint.network().placed().next().expect("a layer").range();
        for norm in checkpoint.params[first].chunks_exact_mut(BatchNorm::VALUES) {
            let norm_of = BatchNorm::from_array([norm[0], norm[1], norm[2], norm[3]]);
            let negated = BatchNorm { gamma: -norm_of.gamma, moving_mean: -norm_of.moving_mean, ..norm_of };
            norm.copy_from_slice(&negated.to_array());
        }
        let (train, labels) = light_images(Part::Train, CALIBRATION);
        let calibration = View::images(&train, &labels, 28, 28);
        Self::of(&format!("after on light images at {bits} bits"), &checkpoint, bits, calibration, light)
    }

    /// Exports `checkpoint` with all layers at `bits`, compared on the first `images` test images.
    ///
    /// # Panics
    /// If it cannot be exported.
    pub fn new(name: &str, checkpoint: &Checkpoint, bits: u8, images: usize) -> Self {
        let calibration = dataset().part(Part::Train).slice(0..CALIBRATION);
        Self::of(name, checkpoint, bits, calibration, test(images))
    }

    fn of(name: &str, checkpoint: &Checkpoint, bits: u8, calibration: View, test: View) -> Self {
        let plan = ExportPlan { bits: &[bits], calibration, test, labels: &dataset().labels };
        let exported = export(checkpoint, &plan, &Fast::new(1), &mut |_| ());
        let (model, report) = exported.unwrap_or_else(|error| panic!("{name}: {error:#}"));
        Self { name: name.to_owned(), model, report }
    }
}

/// Keras's network `name`.
fn keras(name: &str) -> Checkpoint {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("golden/keras_{name}.safetensors"));
    let norm = name.parse().expect("a placement of BatchNormalization");
    let hints = Hints { norm: Some(norm), ..Hints::default() };
    Checkpoint::read(&file, &hints).unwrap_or_else(|error| panic!("{error}"))
}

/// The first `images` images of a part, inverted, and their labels.
///
/// # Panics
/// If there are none.
pub fn light_images(part: Part, images: usize) -> (Vec<u8>, Vec<u16>) {
    let dark = dataset().part(part).slice(0..images);
    let labels = dark.classes().expect("classes").to_vec();
    (dark.bytes().expect("bytes").iter().map(|x| 255 - x).collect(), labels)
}

/// Fashion-MNIST, read once.
///
/// # Panics
/// If it is not available.
pub fn dataset() -> &'static Dataset {
    static DATASET: OnceLock<Dataset> = OnceLock::new();
    DATASET.get_or_init(|| foldnet_data::load(&Source::FashionMnist, &mut |_| ()).expect("Fashion-MNIST"))
}

/// The first `images` test images.
pub fn test(images: usize) -> View<'static> {
    dataset().part(Part::Test).slice(0..images)
}

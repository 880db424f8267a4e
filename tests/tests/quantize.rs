//! The quantizer on the real Fashion-MNIST: Keras's own two networks as model files of 8, 4 and 2 bits keep their
//! accuracy. Where the images are missing, these tests fail.

use foldnet::checkpoint::{Checkpoint, Hints};
use foldnet::compute::Fast;
use foldnet::evaluate::{Outputs, run_checkpoint, run_model};
use foldnet::fold::{FoldedLayer, fold};
use foldnet::quantize::{Quantization, QuantizedLayer, quantize};
use foldnet_core::model::{LayerHeader, LayerWeights, Model, Spec};
use foldnet_data::{Dataset, Part, Source};
use foldnet_tests::model_file::aligned_file;
use foldnet_tests::tolerance::{
    CHANGED_AT_2_BITS, CHANGED_AT_4_BITS, CHANGED_AT_8_BITS, LOST_AT_2_BITS, LOST_AT_4_BITS, LOST_AT_8_BITS, Tolerance,
};
use std::path::Path;

/// Training images for calibration, as `export` takes them.
const CALIBRATION: usize = 4_000;

/// A network, the images, and what it makes of the test images.
struct Case {
    name: &'static str,
    layers: Vec<FoldedLayer>,
    dataset: Dataset,
    float: Outputs,
}

impl Case {
    fn keras(name: &'static str) -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("golden/keras_{name}.safetensors"));
        let checkpoint = Checkpoint::read(&file, &Hints::default()).expect("a checkpoint");
        let dataset = foldnet_data::load(&Source::FashionMnist, &mut |_| ()).expect("Fashion-MNIST");
        let float = run_checkpoint(&checkpoint, dataset.part(Part::Test), &Fast::new(1));
        Self { name, layers: fold(&checkpoint).expect("foldable"), dataset, float }
    }

    fn quantized(&self, bits: &[u8]) -> Vec<QuantizedLayer> {
        let calibration = self.dataset.part(Part::Train).slice(0..CALIBRATION).pixels;
        quantize(&self.layers, &Quantization { bits, calibration }, &mut |_| ()).expect("quantizable")
    }

    /// Runs `layers` as a model file, as a device does, and compares.
    fn check(&self, layers: &[QuantizedLayer], lost: &Tolerance, changed: &Tolerance) {
        let test = self.dataset.part(Part::Test);
        let outputs = run(layers, &self.dataset);
        let found = self.float.accuracy(test.labels) - outputs.accuracy(test.labels);
        assert!(found <= lost.value, "{}: {found} lost, beyond {}: {}", self.name, lost.name, lost.reason);
        let found = self.float.changed(&outputs) as f64 / test.len() as f64;
        assert!(found <= changed.value, "{}: {found} changed, beyond {}: {}", self.name, changed.name, changed.reason);
    }
}

/// The logits of the model file of these layers.
fn run(layers: &[QuantizedLayer], dataset: &Dataset) -> Outputs {
    let test = dataset.part(Part::Test);
    let header = |layer: &QuantizedLayer| {
        let (inputs, units) = (layer.inputs as u16, layer.units as u16);
        LayerHeader { inputs, units, bits: layer.bits, relu: layer.relu, scale: layer.scale as f32 }
    };
    let with_weights = layers.iter().map(|l| (header(l), LayerWeights::Integer { weights: &l.weights, rows: &l.rows }));
    let logit_scale = layers.last().expect("a layer").scale as f32;
    let (height, width) = (test.height as u16, test.width as u16);
    let spec = Spec { height, width, labels: "", layers: with_weights.collect(), logit_scale };
    let file = aligned_file(&spec).expect("writable");
    run_model(&Model::parse(&file).expect("a model"), test)
}

fn check_keras(name: &'static str) {
    let case = Case::keras(name);
    case.check(&case.quantized(&[8; 3]), &LOST_AT_8_BITS, &CHANGED_AT_8_BITS);
    case.check(&case.quantized(&[4; 3]), &LOST_AT_4_BITS, &CHANGED_AT_4_BITS);
    case.check(&case.quantized(&[2; 3]), &LOST_AT_2_BITS, &CHANGED_AT_2_BITS);
}

#[test]
fn keras_after_keeps_its_accuracy() {
    check_keras("after");
}

#[test]
fn keras_before_keeps_its_accuracy() {
    check_keras("before");
}

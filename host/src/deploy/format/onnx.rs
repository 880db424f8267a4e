//! Exports a checkpoint to ONNX, to compare it with any other runtime: as trained, or folded.
//!
//! The file takes raw values as `f32` `[N][I]`, with pixels from 0 to 255, and outputs what the network does:
//! probabilities if it ends with Softmax or Sigmoid, otherwise its values.

use crate::model::fold::fold;
use crate::network::checkpoint::Checkpoint;
use anyhow::bail;
use foldnet_core::{BatchNorm, Layer};
use foldnet_data::{Examples, Shape, Targets, Values};
use foldnet_import::{Head, Piece, write_onnx};

/// The bytes of the file.
///
/// # Errors
/// If the network cannot be folded, or has a layer that ONNX lacks.
pub fn onnx(checkpoint: &Checkpoint, folded: bool) -> anyhow::Result<Vec<u8>> {
    if checkpoint.about.pool.is_some() {
        bail!("ONNX cannot express pooled inputs; give --format fnet, c, bin or hex, or train without --pool");
    }
    let head = match checkpoint.layers.last() {
        Some(Layer::Softmax) => Head::Softmax,
        Some(Layer::Sigmoid) => Head::Sigmoid,
        _ => Head::Values,
    };
    let layers = if folded { folded_layers(checkpoint)? } else { trained_layers(checkpoint)? };
    let pieces: Vec<Piece> = layers.iter().map(Owned::piece).collect();
    Ok(write_onnx(checkpoint.inputs(), &pieces, head, &checkpoint.labels))
}

/// Three examples of plausible raw values: the mean, and three standard deviations below and above it, or the ends of
/// the range of pixels.
pub fn probes(checkpoint: &Checkpoint) -> Examples {
    let scaling = checkpoint.pixels.scaling();
    let raw = |deviations: f64| {
        (0..checkpoint.inputs()).map(move |input| {
            let (scale, shift) = scaling.affine(input);
            (deviations - shift) / scale
        })
    };
    let values = [0.0, -3.0, 3.0].into_iter().flat_map(raw);
    let inputs = Values::cast(checkpoint.about.input.0, values);
    Examples { inputs, targets: Targets::None, shape: Shape::features(checkpoint.inputs()) }
}

/// A layer with its own parameters.
enum Owned {
    Affine { scale: Vec<f32>, shift: Vec<f32> },
    Dense { units: usize, kernel: Vec<f32>, bias: Option<Vec<f32>> },
    BatchNorm { momentum: f32, epsilon: f32, values: Vec<f32> },
    Relu,
}

impl Owned {
    fn piece(&self) -> Piece<'_> {
        match self {
            Self::Affine { scale, shift } => Piece::Affine { scale, shift },
            Self::Dense { units, kernel, bias } => Piece::Dense { units: *units, kernel, bias: bias.as_deref() },
            Self::BatchNorm { momentum, epsilon, values } => {
                Piece::BatchNorm { momentum: *momentum, epsilon: *epsilon, values }
            }
            Self::Relu => Piece::Relu,
        }
    }
}

fn folded_layers(checkpoint: &Checkpoint) -> anyhow::Result<Vec<Owned>> {
    let narrow = |values: Vec<f64>| values.into_iter().map(|value| value as f32).collect::<Vec<f32>>();
    let mut layers = Vec::new();
    for layer in fold(checkpoint)? {
        let (kernel, bias) = (narrow(layer.kernel), Some(narrow(layer.bias)));
        layers.push(Owned::Dense { units: layer.units, kernel, bias });
        if layer.relu {
            layers.push(Owned::Relu);
        }
    }
    Ok(layers)
}

fn trained_layers(checkpoint: &Checkpoint) -> anyhow::Result<Vec<Owned>> {
    let mut layers: Vec<Owned> = affine(checkpoint).into_iter().collect();
    for place in checkpoint.network().placed() {
        let values = &checkpoint.params[place.range()];
        match place.layer {
            Layer::Dense { .. } => {
                let (kernel, bias) = values.split_at(place.inputs * place.outputs);
                let bias = (!bias.is_empty()).then(|| bias.to_vec());
                layers.push(Owned::Dense { units: place.outputs, kernel: kernel.to_vec(), bias });
            }
            Layer::BatchNorm { momentum, epsilon } => {
                // Stored unit by unit here, variable by variable in ONNX.
                let column = |at: usize| values.iter().skip(at).step_by(BatchNorm::VALUES).copied();
                let values = (0..BatchNorm::VALUES).flat_map(column).collect();
                layers.push(Owned::BatchNorm { momentum, epsilon, values });
            }
            Layer::Relu => layers.push(Owned::Relu),
            Layer::Softmax | Layer::Sigmoid | Layer::Dropout { .. } => {}
            other => bail!("{other:?} is not an ONNX layer; export the network with --folded"),
        }
    }
    Ok(layers)
}

/// Conversion from raw values to inputs; `None` if they are the same.
fn affine(checkpoint: &Checkpoint) -> Option<Owned> {
    let scaling = checkpoint.pixels.scaling();
    let pairs: Vec<(f64, f64)> = (0..checkpoint.inputs()).map(|input| scaling.affine(input)).collect();
    if pairs.iter().all(|&pair| pair == (1.0, 0.0)) {
        return None;
    }
    let (scale, shift) = pairs.into_iter().map(|(scale, shift)| (scale as f32, shift as f32)).unzip();
    Some(Owned::Affine { scale, shift })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::checkpoint::{Hints, PixelStatistics};
    use foldnet_core::{Network, Shape};

    fn checkpoint() -> Checkpoint {
        let layers = vec![
            Layer::batch_norm(),
            Layer::dense(5),
            Layer::batch_norm(),
            Layer::Relu,
            Layer::dense_without_bias(3),
            Layer::Softmax,
        ];
        let count = Network::of(&layers, Shape::count(6)).params();
        let params = (0..count).map(|at| 0.2 + ((at * 37 % 101) as f32) / 101.0).collect();
        let pixels = PixelStatistics::Standardized { mean: vec![0.3; 6], std: vec![0.2; 6] };
        let labels = ["a", "b", "c"].map(str::to_owned).to_vec();
        Checkpoint { labels, ..Checkpoint::new(layers, 6, params, pixels).expect("a network") }
    }

    fn answers(bytes: &[u8]) -> Vec<Vec<f64>> {
        let imported = foldnet_import::parse(bytes, "back.onnx".as_ref()).expect("ONNX");
        let foldnet_import::Imported::Network(network) = imported else { panic!("no network") };
        assert_eq!(network.labels, ["a", "b", "c"]);
        let example = |at: usize| (0..6).map(|input| ((at * 53 + input * 29) % 256) as f32).collect::<Vec<f32>>();
        (0..20).map(|at| network.answer(&example(at))).collect()
    }

    /// The trained and the folded form are the same function, up to rounding of folded weights to f32.
    #[test]
    fn folded_answers_as_trained() {
        let [trained, folded] = [false, true].map(|folded| answers(&onnx(&checkpoint(), folded).expect("ONNX")));
        let pairs = trained.iter().flatten().zip(folded.iter().flatten());
        let worst = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(worst < 1e-5, "{worst}");
        let spread = trained.iter().flatten().copied().fold(0.0, f64::max);
        assert!(spread > 0.4 && trained[0] != trained[1], "{trained:?}");
    }

    /// Reading the file back gives the same checkpoint.
    #[test]
    fn there_and_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("back.onnx");
        std::fs::write(&path, onnx(&checkpoint(), false).expect("ONNX")).expect("written");
        let back = Checkpoint::read(&path, &Hints::default()).expect("read");
        let whole = checkpoint();
        assert_eq!((back.inputs(), back.params.len()), (6, whole.params.len() + 3));
        assert_eq!(back.labels, whole.labels);
        let PixelStatistics::Standardized { mean, std } = back.pixels else { panic!("{:?}", back.pixels) };
        assert!(mean.iter().all(|mean| (mean - 0.3).abs() < 1e-5) && std.iter().all(|std| (std - 0.2).abs() < 1e-5));
    }
}

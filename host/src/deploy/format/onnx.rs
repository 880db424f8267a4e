//! Exports a checkpoint to ONNX, to compare it with any other runtime: as trained, or folded.
//!
//! The file takes raw values as `f32` `[N][I]`, with pixels from 0 to 255, and outputs what the network does:
//! probabilities if it ends with Softmax or Sigmoid, otherwise its values.

use crate::model::fold::fold;
use crate::network::checkpoint::Checkpoint;
use anyhow::bail;
use foldnet_core::layer::Role;
use foldnet_core::{BatchNorm, Layer};
use foldnet_data::{Examples, Shape, Targets, Values};
use foldnet_import::{self as import, Affine, write_onnx};

/// The bytes of the file.
///
/// # Errors
/// If the network cannot be folded, or has a layer that ONNX lacks.
pub fn onnx(checkpoint: &Checkpoint, folded: bool) -> anyhow::Result<Vec<u8>> {
    if checkpoint.about.pool.is_some() {
        bail!("ONNX cannot express pooled inputs; give --format fnet, c, bin or hex, or train without --pool");
    }
    let (affine, mut layers) = match folded {
        true => (None, folded_layers(checkpoint)?),
        false => (affine(checkpoint), trained_layers(checkpoint)?),
    };
    layers.extend(match checkpoint.layers.last() {
        Some(Layer::Softmax) => Some(import::Layer::Softmax { log: false }),
        Some(Layer::Sigmoid) => Some(import::Layer::Sigmoid),
        _ => None,
    });
    Ok(write_onnx(checkpoint.inputs(), affine.as_ref(), &layers, &checkpoint.labels))
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

fn folded_layers(checkpoint: &Checkpoint) -> anyhow::Result<Vec<import::Layer>> {
    let narrow = |values: Vec<f64>| values.into_iter().map(|value| value as f32).collect::<Vec<f32>>();
    let mut layers = Vec::new();
    for layer in fold(checkpoint)? {
        let (kernel, bias) = (narrow(layer.kernel), Some(narrow(layer.bias)));
        layers.push(import::Layer::Dense { units: layer.units, kernel, bias });
        layers.extend(layer.relu.then_some(import::Layer::Relu));
    }
    Ok(layers)
}

/// The layers as trained, without the head.
fn trained_layers(checkpoint: &Checkpoint) -> anyhow::Result<Vec<import::Layer>> {
    let mut layers = Vec::new();
    for place in checkpoint.network().placed() {
        let values = &checkpoint.params[place.range()];
        layers.push(match place.layer {
            Layer::Dense { .. } => {
                let (kernel, bias) = values.split_at(place.inputs * place.outputs);
                let bias = (!bias.is_empty()).then(|| bias.to_vec());
                import::Layer::Dense { units: place.outputs, kernel: kernel.to_vec(), bias }
            }
            Layer::BatchNorm { momentum, epsilon } => {
                let column = |at: usize| values.iter().skip(at).step_by(BatchNorm::VALUES).copied().collect();
                let [gamma, beta, mean, variance] = [0, 1, 2, 3].map(column);
                import::Layer::BatchNorm { momentum, epsilon, gamma, beta, mean, variance }
            }
            Layer::Relu => import::Layer::Relu,
            layer if matches!(layer.role(), Role::Head | Role::Nothing) => continue,
            _ => bail!(
                "was trained in integers, whose layers ONNX lacks; also give --folded, which writes them as floats"
            ),
        });
    }
    Ok(layers)
}

/// Conversion from raw values to inputs; `None` if they are the same.
fn affine(checkpoint: &Checkpoint) -> Option<Affine> {
    let scaling = checkpoint.pixels.scaling();
    let pairs: Vec<(f64, f64)> = (0..checkpoint.inputs()).map(|input| scaling.affine(input)).collect();
    if pairs.iter().all(|&pair| pair == (1.0, 0.0)) {
        return None;
    }
    let (scale, shift) = pairs.into_iter().unzip();
    Some(Affine { scale, shift })
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

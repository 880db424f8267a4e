//! Other tools' models as checkpoints: the same layers, with the operations before the first of them as pixel
//! statistics.

use super::checkpoint::{About, Checkpoint, Fault, Hints, Input, PixelRange, PixelStatistics, Scales};
use foldnet_core::network::LayerList;
use foldnet_core::{BatchNorm, Layer};
use foldnet_data::{InputType, Task};
use foldnet_import::{self as import, Affine, Placed, Range};
use std::io::ErrorKind;
use std::path::Path;

/// Imports `bytes` of a file at `path`, with the configuration given in `hints`; `None` if they are not in another
/// tool's format.
///
/// # Errors
/// If the file, or the configuration, is damaged or not a network that Foldnet can run.
pub(crate) fn parse(bytes: &[u8], path: &Path, hints: &Hints) -> Result<Option<import::Imported>, Fault> {
    let Some(config) = &hints.config else {
        let known = import::format(bytes, path).is_some();
        return known.then(|| import::parse(bytes, path).map_err(Fault::Import)).transpose();
    };
    let text = foldnet_data::bounded::read_text(config, MAX_CONFIG).map_err(|error| match error.kind() {
        ErrorKind::InvalidData => Fault::ConfigText { path: config.clone(), error: error.to_string() },
        _ => Fault::Config { path: config.clone(), error },
    })?;
    serde_json::from_str::<serde::de::IgnoredAny>(&text)
        .map_err(|error| Fault::ConfigText { path: config.clone(), error: error.to_string() })?;
    let network = import::parse_weights(bytes, path, &text).map_err(Fault::Import)?;
    Ok(Some(import::Imported::Network(network)))
}

/// Maximum length of a configuration.
const MAX_CONFIG: u64 = 2 << 20;

/// Converts a network to a checkpoint; `hints` give the range of its inputs if its graph does not.
///
/// # Errors
/// If it is larger than core's networks, or the range of its inputs is unknown.
pub(crate) fn checkpoint(mut network: import::Network, hints: &Hints) -> Result<Checkpoint, Fault> {
    let inputs = network.inputs();
    let about = about(&network, hints);
    let known = match network.range() {
        Some(Range::Raw) => Some(PixelRange::Raw),
        Some(Range::Unit) => Some(PixelRange::Unit),
        // Values of another type than bytes are taken as they are.
        None => (about.input.0 != InputType::U8).then_some(PixelRange::Raw),
    };
    let range = hints.pixels.or(known).ok_or(Fault::RangeUnknown)?;
    let pixels = match network.affine.take() {
        None => match range {
            PixelRange::Raw => PixelStatistics::Raw,
            PixelRange::Unit => PixelStatistics::Unit,
        },
        Some(affine) => statistics(rest(affine, &mut network.layers)?, range, about.input.0),
    };
    let pixels = match hints.scale {
        Some(scale) => scale.of(&pixels, inputs),
        None => pixels,
    };
    let (layers, params) = layers(&network.layers);
    let layers = LayerList::new(layers, inputs).map_err(Fault::Layers)?;
    let image = if about.input.0 == InputType::U8 { image(&network.shape) } else { None };
    Ok(Checkpoint { layers, params, pixels, image, labels: network.labels, about })
}

/// The network's task: classes if it ends with Softmax or Sigmoid, or has several values; one value if it has one;
/// reconstruction if it has as many outputs as inputs.
fn about(network: &import::Network, hints: &Hints) -> About {
    let head = matches!(
        network.layers.last().map(|placed| &placed.layer),
        Some(import::Layer::Softmax { .. } | import::Layer::Sigmoid)
    );
    let units = network.layers.iter().rev().find_map(|placed| match placed.layer {
        import::Layer::Dense { units, .. } => Some(units),
        _ => None,
    });
    let task = match units {
        Some(1) if !head => Task::Regress,
        Some(units) if !head && units == network.inputs() => Task::Reconstruct,
        _ => Task::Classify,
    };
    let values = task == Task::Reconstruct && network.range().is_none() && hints.pixels.is_none();
    let input = hints.input.unwrap_or(if values { InputType::F32 } else { InputType::U8 });
    About { task, input: Input(input), scales: scales(network), ..About::default() }
}

/// The scales of the file's integers, for the layers that [`layers`] makes: one Sigmoid has a row of zeros more.
fn scales(network: &import::Network) -> Vec<Scales> {
    let mut all: Vec<Scales> = network
        .scales
        .iter()
        .map(|import::Scales { rows, output }| Scales { rows: rows.clone(), output: *output })
        .collect();
    if let (Some(import::Layer::Sigmoid), Some(last)) =
        (network.layers.last().map(|placed| &placed.layer), all.last_mut())
    {
        last.rows.insert(0, 1.0);
    }
    all
}

/// Height and width of a shape with one channel.
fn image(shape: &[usize]) -> Option<(usize, usize)> {
    match *shape {
        [height, width] | [height, width, 1] | [1, height, width] => Some((height, width)),
        _ => None,
    }
}

/// Splits off what statistics cannot express: they scale and shift, but never negate. The rest goes into the first
/// Dense.
fn rest(affine: Affine, layers: &mut [Placed]) -> Result<Affine, Fault> {
    let Affine { mut scale, mut shift } = affine;
    let negative: Vec<usize> = (0..scale.len()).filter(|&input| scale[input] <= 0.0).collect();
    if negative.is_empty() {
        return Ok(Affine { scale, shift });
    }
    match layers.first_mut().map(|placed| &mut placed.layer) {
        Some(import::Layer::Dense { units, kernel, bias }) => {
            let bias = bias.get_or_insert_with(|| vec![0.0; *units]);
            for (row, bias) in kernel.chunks_exact_mut(scale.len()).zip(bias) {
                for &input in &negative {
                    let weight = f64::from(row[input]);
                    *bias = (f64::from(*bias) + weight * shift[input]) as f32;
                    row[input] = (weight * scale[input]) as f32;
                }
            }
            for input in negative {
                (scale[input], shift[input]) = (1.0, 0.0);
            }
        }
        Some(import::Layer::BatchNorm { epsilon, gamma, beta, mean, variance, .. }) => {
            for input in negative {
                if scale[input] < 0.0 {
                    // gamma (-u - mean) = -gamma (u + mean)
                    (scale[input], shift[input]) = (-scale[input], -shift[input]);
                    (gamma[input], mean[input]) = (-gamma[input], -mean[input]);
                } else {
                    let std = (f64::from(variance[input]) + f64::from(*epsilon)).sqrt();
                    let always = f64::from(gamma[input]) * (shift[input] - f64::from(mean[input])) / std;
                    beta[input] = (f64::from(beta[input]) + always) as f32;
                    gamma[input] = 0.0;
                    (scale[input], shift[input]) = (1.0, 0.0);
                }
            }
        }
        _ => return Err(Fault::NegatedInputs),
    }
    Ok(Affine { scale, shift })
}

/// Expresses `scale x + shift` for inputs of a range as mean and standard deviation: for pixels from 0 to 1, or for
/// other values unscaled.
fn statistics(Affine { scale, shift }: Affine, range: PixelRange, input: InputType) -> PixelStatistics {
    let full = match (range, input) {
        (PixelRange::Raw, InputType::U8) => 255.0,
        _ => 1.0,
    };
    let unit = |scale: &f64| (full * scale - 1.0).abs() < 1e-6;
    if input == InputType::U8 && scale.iter().all(unit) && shift.iter().all(|&shift| shift == 0.0) {
        return PixelStatistics::Unit;
    }
    let mean = scale.iter().zip(&shift).map(|(scale, shift)| (-shift / (full * scale)) as f32).collect();
    let std = scale.iter().map(|scale| (1.0 / (full * scale)) as f32).collect();
    if input == InputType::U8 {
        PixelStatistics::Standardized { mean, std }
    } else {
        PixelStatistics::Values { mean, std }
    }
}

/// Layers and parameters in core's layout. One Sigmoid becomes a Softmax with an additional zero, which is exact.
fn layers(placed: &[Placed]) -> (Vec<Layer>, Vec<f32>) {
    let sigmoid = placed.last().is_some_and(|placed| placed.layer == import::Layer::Sigmoid);
    let last_dense = placed.iter().rposition(|placed| matches!(placed.layer, import::Layer::Dense { .. }));
    let (mut layers, mut params) = (Vec::new(), Vec::new());
    for (index, placed) in placed.iter().enumerate() {
        match &placed.layer {
            import::Layer::Dense { units, kernel, bias } => {
                let zeros = usize::from(sigmoid && Some(index) == last_dense);
                params.extend(vec![0.0; zeros * kernel.len()]);
                params.extend(kernel);
                params.extend(bias.iter().flat_map(|bias| vec![0.0; zeros].into_iter().chain(bias.iter().copied())));
                let units = u32::try_from(units + zeros).unwrap_or(u32::MAX);
                layers.push(Layer::Dense { units, bias: bias.is_some() });
            }
            import::Layer::BatchNorm { momentum, epsilon, gamma, beta, mean, variance } => {
                let epsilon = if *epsilon > 0.0 { *epsilon } else { f32::MIN_POSITIVE };
                layers.push(Layer::BatchNorm { momentum: *momentum, epsilon });
                for unit in 0..mean.len() {
                    let (gamma, beta) = (gamma[unit], beta[unit]);
                    let (moving_mean, moving_variance) = (mean[unit], variance[unit]);
                    params.extend(BatchNorm { gamma, beta, moving_mean, moving_variance }.to_array());
                }
            }
            import::Layer::Relu => layers.push(Layer::Relu),
            import::Layer::Softmax { .. } | import::Layer::Sigmoid => layers.push(Layer::Softmax),
        }
    }
    (layers, params)
}

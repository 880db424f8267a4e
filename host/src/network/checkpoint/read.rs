//! From a file's bytes to a [`Checkpoint`], checked value by value.

use super::container::Metadata;
use super::error::Fault;
use super::metadata::{Pixels, Told};
use super::names::{self, BATCH_NORM, Group, Kind, Layers, Origin};
use super::tensor::Tensor;
use super::{Checkpoint, Hints, PixelRange, PixelStatistics, container, infer, torch};
use crate::network::import;
use foldnet_core::train::BatchNorm;
use foldnet_core::{Layer, Network, Shape};
use foldnet_import::{Bare, Imported};
use std::path::Path;

/// Reads a file of any format.
///
/// # Errors
/// When it is no regular file of a bearable size, and as [`decode`].
pub(super) fn file(path: &Path, hints: &Hints) -> Result<Checkpoint, Fault> {
    let bytes = foldnet_data::bounded::read(path, foldnet_import::MAX_FILE).map_err(Fault::Unreadable)?;
    if foldnet_import::format(&bytes, path).is_none() {
        return decode(&bytes, hints);
    }
    match foldnet_import::parse(&bytes, path).map_err(Fault::Import)? {
        Imported::Network(network) => import::checkpoint(network, hints),
        Imported::Tensors(Bare { tensors }) => {
            let tensors: Vec<_> =
                tensors.into_iter().map(|tensor| (tensor.name, tensor.shape, tensor.values)).collect();
            let mut bytes = Vec::new();
            container::write(&mut bytes, &tensors, Metadata::new());
            decode(&bytes, hints)
        }
    }
}

/// # Errors
/// The first [`Fault`] found: container, names, layer list, shapes and values, pixels.
pub(super) fn decode(bytes: &[u8], hints: &Hints) -> Result<Checkpoint, Fault> {
    let (tensors, metadata) = container::parse(bytes)?;
    let told = Told::parse(&metadata)?;
    let found = if torch::is(&tensors) { torch::sort(tensors)? } else { names::sort(tensors)? };
    let widths = infer::widths(&found, told.inputs())?;
    let inputs = widths[0];
    let layers = layers(&told, &found, &widths, hints)?;
    let network = Network::new(&layers, Shape::count(inputs)).map_err(Fault::Layers)?;
    let params = params(network, &found)?;
    let pixels = pixels(&told, &found, inputs, hints)?;
    told.check(inputs, network.outputs())?;
    let (image, labels) = (told.image, told.labels.unwrap_or_default());
    let about = told.about.unwrap_or_default();
    Ok(Checkpoint { layers, inputs, params, pixels, image, labels, about })
}

fn layers(told: &Told, found: &Layers, widths: &[usize], hints: &Hints) -> Result<Vec<Layer>, Fault> {
    match (&told.layers, hints.norm) {
        (None, norm) => Ok(with_epsilon(infer::layers(found, widths, norm)?, found.origin, hints.epsilon)),
        (Some(layers), _) if !agrees(layers, hints.epsilon) => Err(Fault::EpsilonContradicts),
        (Some(layers), Some(norm)) if !norm.describes(layers) => Err(Fault::NormContradicts { norm }),
        (Some(layers), _) => Ok(layers.clone()),
    }
}

/// BatchNormalization as the tool of the file has it by default, but for the epsilon that the user gives.
fn with_epsilon(mut layers: Vec<Layer>, origin: Origin, given: Option<f32>) -> Vec<Layer> {
    for layer in &mut layers {
        if let Layer::BatchNorm { .. } = layer {
            *layer = origin.batch_norm();
        }
        if let (Layer::BatchNorm { epsilon, .. }, Some(given)) = (layer, given) {
            *epsilon = given;
        }
    }
    layers
}

/// Whether a layer list has the epsilon that the user gives.
fn agrees(layers: &[Layer], given: Option<f32>) -> bool {
    let same = |layer: &Layer| match (layer, given) {
        (Layer::BatchNorm { epsilon, .. }, Some(given)) => *epsilon == given,
        _ => true,
    };
    layers.iter().all(same)
}

/// The parameters of all layers, in core's layout; every tensor of a layer must have its place.
fn params(network: Network, found: &Layers) -> Result<Vec<f32>, Fault> {
    let (mut dense, mut norms) = (found.dense.iter(), found.batch_norm.iter());
    let (mut params, mut unused) = (Vec::new(), Vec::new());
    for place in network.placed() {
        match place.layer {
            Layer::Dense { bias, .. } => {
                let group = dense.next().ok_or_else(|| missing(Kind::Dense, &found.dense, "kernel"))?;
                push_dense(group, [place.inputs, place.outputs], bias, &mut params)?;
                unused.extend(group.get("bias").filter(|_| !bias).map(|tensor| tensor.name.clone()));
            }
            Layer::BatchNorm { .. } => {
                let group = norms.next().ok_or_else(|| missing(Kind::BatchNorm, &found.batch_norm, "gamma"))?;
                push_batch_norm(group, place.outputs, &mut params)?;
            }
            _ => {}
        }
    }
    unused.extend(dense.chain(norms).flat_map(Group::names).map(str::to_owned));
    if unused.is_empty() { Ok(params) } else { Err(names::unknown_names(unused)) }
}

/// The first variable of the layer behind the last that is there, or of the first where there is none.
fn missing(kind: Kind, groups: &[Group], variable: &str) -> Fault {
    let layer = groups.last().map_or_else(|| kind.layer(0), Group::next_path);
    Fault::Missing { name: format!("{layer}/{variable}") }
}

/// The kernel as `[O][I]`, turned from Keras's `[I][O]`, then the bias.
fn push_dense(group: &Group, [inputs, units]: [usize; 2], bias: bool, params: &mut Vec<f32>) -> Result<(), Fault> {
    let kernel = group.require("kernel")?;
    let values = kernel.values(&[inputs, units])?;
    match kernel.turned {
        true => params.extend(values),
        false => params.extend((0..units).flat_map(|unit| values[unit..].iter().step_by(units))),
    }
    if bias {
        params.extend(group.require("bias")?.values(&[units])?);
    }
    Ok(())
}

/// The four variables, unit by unit.
fn push_batch_norm(group: &Group, units: usize, params: &mut Vec<f32>) -> Result<(), Fault> {
    let mut columns = Vec::with_capacity(BatchNorm::VALUES);
    for variable in BATCH_NORM {
        columns.push(group.require(variable)?.values(&[units])?);
    }
    let [gamma, beta, moving_mean, moving_variance] = [0, 1, 2, 3].map(|column: usize| &columns[column]);
    if let Some(at) = moving_variance.iter().position(|&variance| variance < 0.0) {
        let expected = "a variance of 0 or more";
        return Err(group.require("moving_variance")?.value_fault(at, moving_variance[at], expected));
    }
    for unit in 0..units {
        let (gamma, beta) = (gamma[unit], beta[unit]);
        let (moving_mean, moving_variance) = (moving_mean[unit], moving_variance[unit]);
        params.extend(BatchNorm { gamma, beta, moving_mean, moving_variance }.to_array());
    }
    Ok(())
}

/// What the file says of pixels or, where it says nothing, the hint.
fn pixels(told: &Told, found: &Layers, inputs: usize, hints: &Hints) -> Result<PixelStatistics, Fault> {
    let statistics = match (&found.pixel_mean, &found.pixel_std) {
        (Some(mean), Some(std)) => Some(standardized(mean, std, inputs)?),
        (None, None) => None,
        (None, Some(_)) => return Err(Fault::Missing { name: names::PIXEL_MEAN.into() }),
        (Some(_), None) => return Err(Fault::Missing { name: names::PIXEL_STD.into() }),
    };
    let range = match (told.pixels, statistics) {
        (None | Some(Pixels::Standardized), Some(statistics)) => return no_hint(hints, statistics),
        (Some(Pixels::Raw | Pixels::Unit), Some(_)) => {
            let names = [names::PIXEL_MEAN, names::PIXEL_STD].map(str::to_owned);
            return Err(names::unknown_names(names.to_vec()));
        }
        (Some(Pixels::Values), Some(PixelStatistics::Standardized { mean, std })) => {
            return no_hint(hints, PixelStatistics::Values { mean, std });
        }
        (Some(Pixels::Standardized | Pixels::Values), _) => {
            return Err(Fault::Missing { name: names::PIXEL_MEAN.into() });
        }
        (Some(Pixels::Raw), None) => PixelRange::Raw,
        (Some(Pixels::Unit), None) => PixelRange::Unit,
        (None, None) => hints.pixels.ok_or(Fault::PixelsUnknown)?,
    };
    let (pixels, found) = match range {
        PixelRange::Raw => (PixelStatistics::Raw, "raw"),
        PixelRange::Unit => (PixelStatistics::Unit, "unit"),
    };
    match hints.pixels {
        Some(said) if said != range => Err(Fault::PixelsContradict { found, said }),
        _ => Ok(pixels),
    }
}

fn no_hint(hints: &Hints, statistics: PixelStatistics) -> Result<PixelStatistics, Fault> {
    match hints.pixels {
        Some(said) => Err(Fault::PixelsContradict { found: "standardized", said }),
        None => Ok(statistics),
    }
}

fn standardized(mean: &Tensor, std: &Tensor, inputs: usize) -> Result<PixelStatistics, Fault> {
    let (mean, values) = (mean.values(&[inputs])?, std.values(&[inputs])?);
    match values.iter().position(|&std| std <= 0.0) {
        Some(at) => Err(std.value_fault(at, values[at], "a positive number")),
        None => Ok(PixelStatistics::Standardized { mean, std: values }),
    }
}

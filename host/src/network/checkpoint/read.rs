//! From a file's bytes to a [`Checkpoint`], checked value by value.

use super::container::Metadata;
use super::error::Fault;
use super::layers::{BATCH_NORM, Group, LayerKind, Layers, Origin, unknown_names};
use super::metadata::{Pixels, Told};
use super::names;
use super::pixels::{PIXEL_MEAN, PIXEL_STD};
use super::tensor::Tensor;
use super::words::Words;
use super::{Checkpoint, Hints, Input, PixelRange, PixelStatistics, container, infer, torch};
use crate::network::import;
use foldnet_core::network::LayerList;
use foldnet_core::{BatchNorm, Layer, Network, Shape};
use foldnet_data::file_kind::{FileKind, START};
use foldnet_data::{InputType, Task};
use foldnet_import::{Bare, Imported};
use std::collections::HashMap;
use std::path::Path;

/// Reads a file of any format.
///
/// # Errors
/// If it is not a regular file of acceptable size, and as [`decode`].
pub(crate) fn file(path: &Path, hints: &Hints) -> Result<Checkpoint, Fault> {
    let bytes = foldnet_data::bounded::read(path, foldnet_import::MAX_FILE).map_err(Fault::Unreadable)?;
    if bytes.is_empty() {
        return Err(Fault::Empty);
    }
    let kind = FileKind::of(&bytes[..bytes.len().min(START)]);
    if let Some(kind) = kind.filter(|kind| !matches!(kind, FileKind::Checkpoint | FileKind::Foreign)) {
        return Err(Fault::OtherKind(kind));
    }
    match import::parse(&bytes, path, hints)? {
        None if kind.is_none() && path.extension().is_none_or(|ending| ending != "safetensors") => {
            Err(Fault::Import(foldnet_import::Fault::Unknown))
        }
        None => decode(&bytes, hints),
        Some(Imported::Network(network)) => {
            let checkpoint = import::checkpoint(network, hints)?;
            agree(hints, &checkpoint.layers)?;
            Ok(checkpoint)
        }
        Some(Imported::Tensors(Bare { tensors })) => {
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
pub(crate) fn decode(bytes: &[u8], hints: &Hints) -> Result<Checkpoint, Fault> {
    let (tensors, metadata) = container::parse(bytes)?;
    let told = Told::parse(&metadata)?;
    let tensors = with_aliases(tensors, &metadata)?;
    let found = if torch::is(&tensors) { torch::sort(tensors)? } else { names::sort(tensors)? };
    let widths = infer::widths(&found, told.inputs())?;
    let inputs = widths[0];
    let layers = LayerList::new(layers(&told, &found, &widths, hints)?, inputs).map_err(Fault::Layers)?;
    let sigmoid = told.layers.is_none() && hints.layers.as_ref().is_some_and(Words::end_in_sigmoid);
    let network = layers.network(Shape::count(inputs));
    let params = params(network, &found)?;
    let pixels = pixels(&told, &found, inputs, hints)?;
    let outputs = network.outputs();
    let (layers, params) =
        if sigmoid { two_classes(layers, params, widths[widths.len() - 2])? } else { (layers, params) };
    let two = sigmoid || layers.last() == Some(&Layer::Sigmoid);
    told.check(inputs, if two { 2 } else { outputs })?;
    let (image, labels) = (told.image, told.labels.unwrap_or_default());
    let mut about = told.about.unwrap_or_default();
    if hints.scale.is_some() && told.layers.is_some() {
        return Err(Fault::ScaleContradicts);
    }
    let pixels = match hints.scale {
        Some(scale) => scale.of(&pixels, inputs),
        None => pixels,
    };
    if let (Some(said), true) = (hints.input.filter(|said| *said != about.input.0), told.layers.is_some()) {
        return Err(Fault::InputContradicts { found: about.input.0, said });
    }
    if told.layers.is_none() {
        about.input = hints.input.map_or(about.input, Input);
        about.task = if outputs == 1 && !two { Task::Regress } else { about.task };
    }
    Ok(Checkpoint { layers, params, pixels, image, labels, about })
}

/// The tensors, with those that metadata names a second time, as safetensors does for shared ones.
///
/// # Errors
/// If such a name refers to no tensor, or there are too many.
fn with_aliases<'f>(mut tensors: Vec<Tensor<'f>>, metadata: &Metadata) -> Result<Vec<Tensor<'f>>, Fault> {
    let own: HashMap<&str, usize> = tensors.iter().enumerate().map(|(at, tensor)| (tensor.name.as_str(), at)).collect();
    let aliases: Vec<_> = metadata.iter().filter(|(alias, name)| is_variable(alias) && is_variable(name)).collect();
    if aliases.len() > MAX_ALIASES {
        return Err(Fault::Aliases(aliases.len()));
    }
    let mut copies = Vec::new();
    for (alias, name) in aliases.into_iter().filter(|(alias, _)| !own.contains_key(alias.as_str())) {
        // Aliases may be chained; a cycle never reaches a tensor.
        let ends = std::iter::successors(Some(name), |name| metadata.get(*name)).take(MAX_ALIASES);
        let Some(&at) = ends.filter_map(|name| own.get(name.as_str())).next() else {
            return Err(Fault::AliasOfNothing { alias: alias.clone(), name: name.clone() });
        };
        copies.push(Tensor { name: alias.clone(), ..tensors[at].clone() });
    }
    tensors.extend(copies);
    Ok(tensors)
}

/// Whether a text is the name of a PyTorch or Keras variable, rather than other metadata.
fn is_variable(name: &str) -> bool {
    let last = name.rsplit(['.', '/']).next().unwrap_or_default();
    let known = LayerKind::ALL.into_iter().flat_map(LayerKind::variables);
    last.len() < name.len() && known.flat_map(|&(keras, torch)| [keras, torch]).any(|known| known == last)
}

/// Maximum number of metadata entries that may be aliases.
const MAX_ALIASES: usize = 1024;

fn layers(told: &Told, found: &Layers, widths: &[usize], hints: &Hints) -> Result<Vec<Layer>, Fault> {
    if let Some(layers) = &told.layers {
        Network::new(layers, Shape::count(widths[0])).map_err(Fault::Layers)?;
        agree(hints, layers)?;
        return Ok(layers.clone());
    }
    let layers = match (&hints.layers, hints.norm) {
        (Some(words), _) => infer::spelled(found, widths, &words.0)?,
        (None, Some(norm)) => infer::layers(found, widths, norm)?,
        (None, None) => return Err(Fault::Unsaid { layers: infer::example(found) }),
    };
    if let Some(norm) = hints.norm.filter(|norm| !norm.describes(&layers) && hints.layers.is_some()) {
        return Err(Fault::NormContradicts { norm });
    }
    with_epsilon(layers, Some(found.origin), &hints.epsilon)
}

/// Checks that hints do not contradict the layers that a file describes.
fn agree(hints: &Hints, layers: &[Layer]) -> Result<(), Fault> {
    if with_epsilon(layers.to_vec(), None, &hints.epsilon)? != layers {
        return Err(Fault::EpsilonContradicts);
    }
    if hints.layers.as_ref().is_some_and(|words| !words.describe(layers)) {
        return Err(Fault::LayersContradict);
    }
    match hints.norm {
        Some(norm) if !norm.describes(layers) => Err(Fault::NormContradicts { norm }),
        _ => Ok(()),
    }
}

/// BatchNormalization with the defaults of the file's tool, except for the epsilons given by the user: one for all, or
/// one for each.
fn with_epsilon(mut layers: Vec<Layer>, origin: Option<Origin>, given: &[f32]) -> Result<Vec<Layer>, Fault> {
    let norms = layers.iter_mut().filter(|layer| matches!(layer, Layer::BatchNorm { .. }));
    let mut found = 0;
    for layer in norms {
        if let Some(origin) = origin {
            *layer = origin.batch_norm();
        }
        let given = if given.len() == 1 { given.first() } else { given.get(found) };
        if let (Layer::BatchNorm { epsilon, .. }, Some(&given)) = (layer, given) {
            *epsilon = given;
        }
        found += 1;
    }
    if given.len() > 1 && given.len() != found { Err(Fault::Epsilons { said: given.len(), found }) } else { Ok(layers) }
}

/// Converts one Sigmoid to a Softmax of two: a unit of zeros is inserted before that of the last Dense, which has
/// `inputs` inputs. This is exact.
fn two_classes(
    layers: LayerList<Vec<Layer>>,
    mut params: Vec<f32>,
    inputs: usize,
) -> Result<(LayerList<Vec<Layer>>, Vec<f32>), Fault> {
    let (words, mut both) = (super::words::of(&layers), layers.to_vec());
    let last = both.len().checked_sub(2).and_then(|at| both.get_mut(at));
    let Some(Layer::Dense { units: units @ 1, bias }) = last else { return Err(Fault::OneOutput { layers: words }) };
    *units = 2;
    let row = params.split_off(params.len() - inputs - usize::from(*bias));
    let (kernel, bias) = row.split_at(inputs);
    params.extend(vec![0.0; inputs]);
    params.extend(kernel);
    params.extend(bias.iter().flat_map(|&bias| [0.0, bias]));
    Ok((LayerList::new(both, layers.inputs()).map_err(Fault::Layers)?, params))
}

/// The parameters of all layers, in core's layout; every tensor of a layer must be used.
fn params(network: Network, found: &Layers) -> Result<Vec<f32>, Fault> {
    let (mut dense, mut norms) = (found.dense.iter(), found.batch_norm.iter());
    let (mut params, mut unused) = (Vec::new(), Vec::new());
    for place in network.placed() {
        match place.layer {
            Layer::Dense { bias, .. } => {
                let group = dense.next().ok_or_else(|| missing(LayerKind::Dense, &found.dense, "kernel"))?;
                push_dense(group, [place.inputs, place.outputs], bias, &mut params)?;
                unused.extend(group.get("bias").filter(|_| !bias).map(|tensor| tensor.name.clone()));
            }
            Layer::BatchNorm { .. } => {
                let group = norms.next().ok_or_else(|| missing(LayerKind::BatchNorm, &found.batch_norm, "gamma"))?;
                push_batch_norm(group, place.outputs, &mut params)?;
            }
            _ => {}
        }
    }
    unused.extend(dense.chain(norms).flat_map(Group::names).map(str::to_owned));
    if unused.is_empty() { Ok(params) } else { Err(unknown_names(unused)) }
}

/// The first variable of the layer after the last existing one, or of the first layer if there is none.
fn missing(kind: LayerKind, groups: &[Group], variable: &str) -> Fault {
    let layer = groups.last().map_or_else(|| kind.layer(0), Group::next_path);
    Fault::Missing { name: format!("{layer}/{variable}") }
}

/// Adds the kernel as `[O][I]`, transposed from Keras's `[I][O]`, then the bias.
fn push_dense(group: &Group, [inputs, units]: [usize; 2], bias: bool, params: &mut Vec<f32>) -> Result<(), Fault> {
    let kernel = group.require("kernel")?;
    let values = kernel.values(&[inputs, units])?;
    match kernel.transposed {
        true => params.extend(values),
        false => params.extend((0..units).flat_map(|unit| values[unit..].iter().step_by(units))),
    }
    if bias {
        params.extend(group.require("bias")?.values(&[units])?);
    }
    Ok(())
}

/// Adds the four variables, unit by unit.
fn push_batch_norm(group: &Group, units: usize, params: &mut Vec<f32>) -> Result<(), Fault> {
    let mut columns = Vec::with_capacity(BatchNorm::VALUES);
    for (variable, absent) in BATCH_NORM.into_iter().zip([Some(1.0), Some(0.0), None, None]) {
        // Without gamma it is 1, without beta 0: `scale=False`, `center=False`, `affine=False`.
        columns.push(match (group.get(variable), absent) {
            (None, Some(value)) => vec![value; units],
            _ => group.require(variable)?.values(&[units])?,
        });
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

/// The pixel scaling in the file or, if there is none, the hint.
fn pixels(told: &Told, found: &Layers, inputs: usize, hints: &Hints) -> Result<PixelStatistics, Fault> {
    if hints.scale.is_some() {
        return match (hints.pixels, &found.pixel_mean) {
            (None | Some(PixelRange::Raw), None) if told.pixels.is_none_or(|told| told == Pixels::Raw) => {
                Ok(PixelStatistics::Raw)
            }
            _ => Err(Fault::ScaleContradicts),
        };
    }
    let statistics = match (&found.pixel_mean, &found.pixel_std) {
        (Some(mean), Some(std)) => Some(standardized(mean, std, inputs, told.pixels.is_none())?),
        (None, None) => None,
        (None, Some(_)) => return Err(Fault::Missing { name: PIXEL_MEAN.into() }),
        (Some(_), None) => return Err(Fault::Missing { name: PIXEL_STD.into() }),
    };
    let range = match (told.pixels, statistics) {
        (None | Some(Pixels::Standardized), Some(statistics)) => return no_hint(hints, statistics),
        (Some(Pixels::Raw | Pixels::Unit), Some(_)) => {
            let names = [PIXEL_MEAN, PIXEL_STD].map(str::to_owned);
            return Err(unknown_names(names.to_vec()));
        }
        (Some(Pixels::Values), Some(PixelStatistics::Standardized { mean, std })) => {
            return no_hint(hints, PixelStatistics::Values { mean, std });
        }
        (Some(Pixels::Standardized | Pixels::Values), _) => {
            return Err(Fault::Missing { name: PIXEL_MEAN.into() });
        }
        (Some(Pixels::Raw), None) => PixelRange::Raw,
        (Some(Pixels::Unit), None) => PixelRange::Unit,
        (None, None) => hints.pixels.or(as_they_are(hints)).ok_or(Fault::PixelsUnknown)?,
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

/// Values of another type than bytes are taken as they are, unless the file or a hint says otherwise.
fn as_they_are(hints: &Hints) -> Option<PixelRange> {
    hints.input.is_some_and(|input| input != InputType::U8).then_some(PixelRange::Raw)
}

fn no_hint(hints: &Hints, statistics: PixelStatistics) -> Result<PixelStatistics, Fault> {
    match hints.pixels {
        Some(said) => Err(Fault::PixelsContradict { found: "standardized", said }),
        None => Ok(statistics),
    }
}

/// A single value applies to all pixels. If a file does not say that these are statistics of pixels from 0 to 1
/// (`bare`), their magnitude must.
fn standardized(mean: &Tensor, std: &Tensor, inputs: usize, bare: bool) -> Result<PixelStatistics, Fault> {
    let read = |tensor: &Tensor| match tensor.shape[..] {
        [] | [1] => Ok(vec![tensor.values(&tensor.shape)?.first().copied().unwrap_or(0.0); inputs]),
        _ => tensor.values(&[inputs]),
    };
    let (mean_values, values) = (read(mean)?, read(std)?);
    if let Some(at) = values.iter().position(|&std| std <= 0.0) {
        return Err(std.value_fault(if std.len() == Some(inputs) { at } else { 0 }, values[at], "a positive number"));
    }
    let large = |values: &[f32]| values.iter().copied().filter(|&value| value > 1.0).reduce(f32::max);
    for (tensor, values) in [(mean, &mean_values), (std, &values)] {
        if let Some(value) = large(values).filter(|_| bare) {
            return Err(Fault::LargeStatistics { name: tensor.name.clone(), value });
        }
    }
    Ok(PixelStatistics::Standardized { mean: mean_values, std: values })
}

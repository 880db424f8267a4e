//! The initial network of a training: fresh layers for a set and a task, or those of another network.

use super::plan::TrainPlan;
use crate::files::open::ImageSize;
use crate::format::{bytes, thousands};
use crate::network::architecture::with_dropout;
use crate::network::checkpoint::{About, Checkpoint, Output, PixelStatistics};
use crate::network::pool::{self, Seen};
use crate::train::answers::without_units;
use crate::train::fit::initial_params;
use crate::train::method::{Head, Method, Standardize};
use crate::train::standardize::{pixel_statistics, raise, value_statistics};
use anyhow::{Context, bail};
use foldnet_core::network::LayerList;
use foldnet_core::{Layer, Network};
use foldnet_data::{Dataset, InputType, Task, ValuesRef, View};

/// The initial network.
pub(super) fn network(plan: &TrainPlan, dataset: &Dataset, train: View) -> anyhow::Result<Checkpoint> {
    check_method(&plan.config.method, dataset)?;
    let values = train.shape.inputs();
    if let Some(init) = &plan.init {
        if init.about.quantized.is_some() && plan.extras.quantized.is_none() {
            bail!(
                "--init: the network was trained in integers and cannot be trained further in floats; give the float network it came from"
            );
        }
        let classes = init.classes();
        let (size, needed) = (ImageSize::of(init), dataset.labels.len());
        let needed = if init.about.task == Task::Classify { needed } else { classes };
        if !size.takes(train) || classes != needed || init.about.task != dataset.task {
            let shape = train.shape;
            bail!(
                "--init: the network takes {size} and has {classes} classes, but the dataset has {shape} and {needed}; give the --dataset it was trained on"
            );
        }
        return Ok(without_units(init));
    }
    if values > usize::from(u16::MAX) {
        bail!(
            "the dataset's examples of {} have {} inputs, but a network takes at most 65,535; scale them down",
            train.shape,
            thousands(values)
        );
    }
    let mut about = About { pool: plan.config.method.pool, ..About::of(dataset) };
    let seen = match about.pool {
        Some(side) => pooled(side, dataset.task, train)?,
        None => Seen::plainly(train),
    };
    let seen = seen.view();
    let outputs = outputs(&mut about, dataset, train)?;
    let method = &plan.config.method;
    let layers = with_dropout(&layers(plan, dataset.task, outputs), &method.dropout);
    let mut network = Checkpoint {
        layers: LayerList::new(layers, seen.shape.inputs()).context("--hidden")?,
        params: Vec::new(),
        pixels: statistics(seen, method.standardize, method.std_floor),
        image: (train.shape.channels == 1 && about.pool.is_none()).then_some((train.shape.height, train.shape.width)),
        labels: dataset.labels.clone(),
        // Byte images are the default and need no description.
        about: if is_plain(&about) { About::default() } else { about },
    };
    check_memory(network.network())?;
    initial_params(&mut network, plan.config.seed);
    Ok(network)
}

/// The examples with 2x2 pixels averaged, if possible.
fn pooled(side: usize, task: Task, train: View) -> anyhow::Result<Seen> {
    if task == Task::Reconstruct {
        bail!("--pool: a network that reconstructs its inputs needs all of them; leave it out");
    }
    pool::check(side, train.shape, train.inputs.input_type()).map_err(anyhow::Error::msg)?;
    Ok(Seen::pooled(train))
}

/// Number of outputs for a set; adds descriptions of real values.
fn outputs(about: &mut About, dataset: &Dataset, train: View) -> anyhow::Result<usize> {
    match dataset.task {
        Task::Classify => Ok(dataset.labels.len()),
        Task::Reconstruct => Ok(train.shape.inputs()),
        Task::Regress => {
            let values = train.values()?;
            let outputs = values.len() / train.len();
            let (mean, std) = value_statistics(ValuesRef::F32(values), outputs);
            let name = |at: usize| dataset.outputs.get(at).cloned().unwrap_or_else(|| format!("output {at}"));
            let described = mean.into_iter().zip(std).enumerate();
            about.outputs = described.map(|(at, (mean, std))| Output { name: name(at), mean, std }).collect();
            Ok(outputs)
        }
    }
}

/// Refuses a head that does not match the set.
fn check_method(method: &Method, dataset: &Dataset) -> anyhow::Result<()> {
    let classes = dataset.labels.len();
    if method.head == Head::Sigmoid && classes != 2 {
        bail!("--head sigmoid is for two classes, but the dataset has {classes}; leave it out")
    }
    Ok(())
}

/// The layers according to the plan; without Softmax if there are no classes, with Sigmoid instead if one output
/// represents two.
fn layers(plan: &TrainPlan, task: Task, outputs: usize) -> Vec<Layer> {
    let sigmoid = plan.config.method.head == Head::Sigmoid;
    let mut layers = plan.norm.layers(&plan.hidden, if sigmoid { 1 } else { outputs as u32 });
    if sigmoid || task != Task::Classify {
        layers.pop();
    }
    layers.extend(sigmoid.then_some(Layer::Sigmoid));
    plan.config.method.norm_momentum.into_iter().for_each(|share| keep(&mut layers, share));
    layers
}

/// Sets the momentum of the moving statistics.
fn keep(layers: &mut [Layer], share: f32) {
    for layer in layers {
        if let Layer::BatchNorm { momentum, .. } = layer {
            *momentum = share;
        }
    }
}

/// The standardization for inputs like these.
fn statistics(train: View, standardize: Standardize, floor: f32) -> PixelStatistics {
    let inputs = train.shape.inputs();
    let each = match standardize {
        Standardize::None => return PixelStatistics::Raw,
        Standardize::Channel => train.shape.channels,
        Standardize::Input => inputs,
    };
    let repeated = |of_each: Vec<f32>| of_each.iter().copied().cycle().take(inputs).collect();
    match train.inputs {
        ValuesRef::U8(bytes) => {
            let (mean, mut std) = pixel_statistics(bytes, each);
            raise(&mut std, floor);
            PixelStatistics::Standardized { mean: repeated(mean), std: repeated(std) }
        }
        values => {
            let (mean, mut std) = value_statistics(values, each);
            raise(&mut std, floor);
            PixelStatistics::Values { mean: repeated(mean), std: repeated(std) }
        }
    }
}

/// Whether a network classifies grey `u8` images.
fn is_plain(about: &About) -> bool {
    let grey = about.pool.is_none() && about.shape.is_none_or(|[_, _, channels]| channels == 1);
    about.task == Task::Classify && about.input.0 == InputType::U8 && grey && about.channels.is_empty()
}

/// Maximum size of the trained parameters, in bytes of f32: far above any device model, and below a PC's memory.
const MOST_PARAMETER_BYTES: usize = 1 << 30;

/// Refuses a network that would exhaust memory, before any other failure.
fn check_memory(network: Network) -> anyhow::Result<()> {
    let parameters = network.params();
    let needed = parameters.saturating_mul(size_of::<f32>());
    if needed > MOST_PARAMETER_BYTES {
        bail!(
            "--hidden: {} parameters need {}, more than the limit of {}; give fewer units",
            thousands(parameters),
            bytes(needed),
            bytes(MOST_PARAMETER_BYTES)
        );
    }
    Ok(())
}

//! The cost around training: loading, unpacking and standardizing the real images, evaluating, and memory including an
//! epoch of training.

use anyhow::Context;
use foldnet::compute::Fast;
use foldnet::network::architecture::NormPlacement;
use foldnet::network::checkpoint::{Checkpoint, PixelStatistics};
use foldnet::run::run_checkpoint;
use foldnet::train::fit::{Config, fit, initial_params};
use foldnet::train::standardize::pixel_statistics;
use foldnet_data::{Dataset, Part, Source, load};
use std::fmt::Write;
use std::time::Instant;

/// Times and memory, or a note that there are no images.
pub(crate) fn section() -> anyhow::Result<String> {
    let mut text = String::from("## Loading, evaluation and memory\n\n");
    let start = Instant::now();
    let dataset = match load(&Source::FashionMnist, &mut |_| {}) {
        Ok(dataset) => dataset,
        Err(error) => return Ok(format!("{text}Not measured: {error}\n")),
    };
    let train = dataset.part(Part::Train);
    let (mean, std) = pixel_statistics(train.bytes().unwrap(), train.shape.inputs());
    let loading = start.elapsed().as_secs_f64();
    writeln!(text, "- Loading, checking, unpacking and standardizing 70,000 images: {loading:.2} s")?;
    for threads in crate::THREADS {
        let (mut network, fast) = (network(&dataset, mean.clone(), std.clone()), Fast::new(threads));
        let config = Config { epochs: 1, batch_size: crate::BATCH, ..Config::default() };
        fit(&mut network, &config, train, dataset.part(Part::Valid), &fast, &mut ())?;
        let start = Instant::now();
        run_checkpoint(&network, dataset.part(Part::Test), &fast);
        let (threads, seconds) = (fast.description(), start.elapsed().as_secs_f64());
        writeln!(text, "- {threads}: evaluating 10,000 images with `after` {seconds:.3} s")?;
    }
    writeln!(text, "- Peak memory for all of this: {:.0} MB", peak_memory()?)?;
    Ok(text)
}

fn network(dataset: &Dataset, mean: Vec<f32>, std: Vec<f32>) -> Checkpoint {
    let layers = NormPlacement::After.layers(&[300, 100], dataset.labels.len() as u32);
    let (inputs, pixels) = (mean.len(), PixelStatistics::Standardized { mean, std });
    let mut network = Checkpoint {
        image: Some((dataset.shape().height, dataset.shape().width)),
        labels: dataset.labels.clone(),
        ..Checkpoint::new(layers, inputs, Vec::new(), pixels).expect("a network")
    };
    initial_params(&mut network, 42);
    network
}

/// The largest resident set of this process, in MB.
fn peak_memory() -> anyhow::Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM in /proc/self/status")?;
    let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes / 1000.0)
}

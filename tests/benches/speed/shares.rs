//! Both models compared with their matrix products, and with a busy core.

use crate::{BATCH, THREADS, model};
use foldnet::compute::Fast;
use foldnet::network::architecture::NormPlacement;
use foldnet_core::Network;
use foldnet_tests::speed::busy::Busy;
use foldnet_tests::speed::products::Products;
use foldnet_tests::speed::steps::{Data, Steps};
use foldnet_tests::speed::{EPOCH, INPUTS, SHAPE, in_turn, median, operations, ratio};
use std::fmt::Write;

const NORMS: [NormPlacement; 2] = [NormPlacement::After, NormPlacement::Before];
/// Number of steps timed at once.
const STEPS: usize = 20;
const ROUNDS: usize = 301;

const OPENING: &str = "## Training steps compared with their matrix products

An epoch counts as 62 GFLOP for either model. A step is everything that training does: gathering, standardizing,
forward, loss, backward, SGD. It is compared, alternating in the same process and on the same threads, with only the
matrix products of such a step, and with the largest forward product (784 x 300 x 32) alone, which is the fastest.
Shares are medians of ratios.

| model | threads | seconds per epoch | images/s | GFLOP/s | its products alone, GFLOP/s | step / products | largest \
    product alone, GFLOP/s | step / largest |
|---|---|---|---|---|---|---|---|---|
";

/// The speed relative to the products, by model and number of threads.
pub(crate) fn section(data: &Data) -> anyhow::Result<String> {
    let mut text = String::from(OPENING);
    for threads in THREADS {
        for norm in NORMS {
            writeln!(text, "{}", line(data, norm, threads))?;
        }
    }
    Ok(text)
}

fn line(data: &Data, norm: NormPlacement, threads: usize) -> String {
    let (layers, fast) = (model(norm), Fast::new(threads));
    let network = Network::of(&layers, SHAPE);
    let work = STEPS as f64 * operations(network, BATCH) / 1e9;
    let largest_work = (STEPS * 2 * INPUTS * 300 * BATCH) as f64 / 1e9;
    let mut products = Products::new(network, BATCH);
    let mut largest = Products::new(network, BATCH);
    let mut steps = Steps::new(data, layers.clone(), BATCH);
    let [products, largest, steps] = in_turn(
        ROUNDS,
        [&mut || products.time(&fast, STEPS), &mut || largest.time_largest(&fast, STEPS), &mut || {
            steps.time(&fast, STEPS)
        }],
    );
    let (share, of_largest) = (ratio(&products, &steps), ratio(&largest, &steps) * work / largest_work);
    let step = median(steps) / STEPS as f64;
    format!(
        "| `{norm}` | {threads} | {:.3} | {:.0} | {:.1} | {:.1} | {:.1} % | {:.1} | {:.1} % |",
        step * EPOCH as f64 / BATCH as f64,
        BATCH as f64 / step,
        work / STEPS as f64 / step,
        work / median(products),
        100.0 * share,
        largest_work / median(largest),
        100.0 * of_largest
    )
}

/// Two threads compared with one while other processes keep half of the cores busy.
pub(crate) fn busy(data: &Data) -> anyhow::Result<String> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let busy = cores.div_ceil(2);
    let _busy = Busy::cores(busy)?;
    let mut text = format!(
        "## With {busy} of {cores} cores kept busy by another process\n\n\
         | model | one thread, images/s | two threads, images/s | two against one |\n|---|---|---|---|\n"
    );
    for norm in NORMS {
        let (one, two) = (Fast::new(1), Fast::new(2));
        let (mut a, mut b) = (Steps::new(data, model(norm), BATCH), Steps::new(data, model(norm), BATCH));
        let [one, two] = in_turn(21, [&mut || a.time(&one, 500), &mut || b.time(&two, 500)]);
        let factor = ratio(&one, &two);
        let rate = |seconds: Vec<f64>| (500 * BATCH) as f64 / median(seconds);
        writeln!(text, "| `{norm}` | {:.0} | {:.0} | {factor:.2} |", rate(one), rate(two))?;
    }
    Ok(text)
}

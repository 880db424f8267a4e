//! Throughput over batch size, hidden width and threads.

use crate::THREADS;
use foldnet::compute::Fast;
use foldnet::network::architecture::NormPlacement;
use foldnet_core::Network;
use foldnet_tests::speed::steps::{Data, Steps};
use foldnet_tests::speed::{CLASSES, SHAPE, median, operations};
use std::fmt::Write;
use std::time::Duration;

const BATCHES: [usize; 5] = [1, 8, 32, 128, 512];
const WIDTHS: [u32; 5] = [32, 128, 300, 512, 2048];
/// Time spent on each cell.
const TIME: Duration = Duration::from_millis(500);

/// GFLOP/s of `after` with one hidden layer.
pub(crate) fn section(data: &Data) -> anyhow::Result<String> {
    let mut text = String::from(
        "## Batch size and width\n\nGFLOP/s of whole steps of `after` with one hidden layer, as median over half a second.\n\n",
    );
    for threads in THREADS {
        let fast = Fast::new(threads);
        writeln!(text, "| {} | {} |", fast.description(), WIDTHS.map(|width| format!("{width} units")).join(" | "))?;
        writeln!(text, "|---|{}", "---|".repeat(WIDTHS.len()))?;
        for batch in BATCHES {
            let cells = WIDTHS.map(|width| format!("{:.1}", cell(data, &fast, batch, width)));
            writeln!(text, "| batch of {batch} | {} |", cells.join(" | "))?;
        }
        text.push('\n');
    }
    Ok(text)
}

fn cell(data: &Data, fast: &Fast, batch: usize, width: u32) -> f64 {
    let layers = NormPlacement::After.layers(&[width], CLASSES as u32);
    let work = operations(Network::of(&layers, SHAPE), batch) / 1e9;
    let mut steps = Steps::new(data, layers, batch);
    let (mut seconds, mut total) = (Vec::new(), Duration::ZERO);
    while total < TIME {
        let time = steps.time(fast, 1);
        total += time;
        seconds.push(time.as_secs_f64());
    }
    work / median(seconds)
}

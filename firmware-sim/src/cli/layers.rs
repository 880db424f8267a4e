//! The layers of a run with `--layers`: instructions of each per image, as rows of a table.

use super::markdown::Column;
use foldnet_data::text::thousands;
use foldnet_sim::Emulation;
use foldnet_sim::emulate::Instructions;

/// Columns of [`rows`].
pub(crate) const COLUMNS: [Column; 6] =
    [("layer", true), ("bits", true), ("instructions, mean", true), ("min", true), ("max", true), ("share", true)];

/// One row per layer, whose weights have `bits` bits; empty if the layers were not timed.
pub(crate) fn rows(bits: &[u8], run: &Emulation) -> Vec<Vec<String>> {
    let row = |(layer, (count, bits)): (usize, (&Instructions, &u8))| {
        vec![
            layer.to_string(),
            bits.to_string(),
            thousands(count.mean.round() as u64),
            thousands(count.min),
            thousands(count.max),
            format!("{:.1} %", 100.0 * count.mean / run.instructions.mean),
        ]
    };
    run.layers.iter().zip(bits).enumerate().map(row).collect()
}

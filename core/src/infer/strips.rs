//! Layers in strips with the feature `low-ram`: as many inputs at a time as the memory has room to list.
//!
//! A layer's memory begins with the sums of a group of its blocks; the rest is for lists. Each group goes through all
//! inputs, list after list. The kernels of Cortex-M cores without DSP instructions list the inputs that are not zero
//! until the memory is full, so that an example takes no more lists than its inputs need; for other kernels a strip has
//! [`LOW_RAM_STRIP`] inputs. Lists never go across a strip of a wide layer, whose sums are within the bound.

use super::kernel::{Current, Kernel};
use super::layer::Dense;
use super::source::Source;
use crate::quantized::KernelKind;
use crate::quantized::kernel::LOW_RAM_STRIP;

/// Calls `put` with the rows of each group of blocks and their sums.
pub(super) fn each_group<P>(dense: &Dense, source: &Source, memory: &mut [u32], put: &mut P)
where
    P: FnMut(&[[u32; 2]], &[i32]) + ?Sized,
{
    let Dense { mut rows, mut weights, .. } = *dense;
    let (width, inputs) = (dense.width(), source.inputs());
    let strip = if dense.is_wide(source) { dense.strip } else { inputs };
    let strip = if KernelKind::CURRENT.lists_singles() { strip } else { strip.min(LOW_RAM_STRIP) };
    let room = memory.len().saturating_sub(KernelKind::CURRENT.list_words(width, strip.min(LOW_RAM_STRIP)));
    let stride = width.block_words(inputs);
    while !rows.is_empty() {
        let all = rows.len().next_multiple_of(width.rows());
        let len = if all <= room { all } else { room / width.rows() * width.rows() };
        let Some((sums, list)) = memory.split_at_mut_checked(len) else { return };
        let sums = bytemuck::must_cast_slice_mut(sums);
        add_up(dense, source, strip, list, weights, sums);
        let (of_group, behind) = rows.split_at(len.min(rows.len()));
        put(of_group, sums);
        if behind.is_empty() || len == 0 {
            return;
        }
        weights = weights.get(len / width.rows() * stride..).unwrap_or_default();
        rows = behind;
    }
}

/// The sums of all rows of the blocks that begin at `weights`.
#[inline(never)]
fn add_up(dense: &Dense, source: &Source, strip: usize, memory: &mut [u32], weights: &[u32], sums: &mut [i32]) {
    let (width, inputs) = (dense.width(), source.inputs());
    let (stride, mut start) = (width.block_words(inputs), 0);
    sums.fill(0);
    while start < inputs {
        let (part, mut from) = (source.part(start, strip), 0);
        let blocks = weights.get(width.block_words(start)..).unwrap_or_default();
        while from < part.inputs() {
            let before = from;
            let list = Current::list_from(width, &part, &mut from, memory);
            if from == before {
                return;
            }
            Current::add(width, &list, blocks, stride, sums);
        }
        start += strip;
    }
}

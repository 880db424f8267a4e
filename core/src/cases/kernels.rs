//! The sums of products of a layer by one kernel alone, for tests with layers of their own.

use crate::infer::kernel::{Current, Kernel, Portable, Sums};
use crate::infer::source::{Listed, Order, Source};
use crate::quantized::layout::MAX_ROWS;
use crate::quantized::{BitWidth, KernelKind};

/// Hands the sums of the rows of each block of `weights` to `each`, block by block, as this target's kernel or the
/// portable one adds them up in `memory`.
///
/// `order` is that of the inputs in the file, or empty; `memory` has [`KernelKind::list_words`] words.
///
/// # Panics
/// If `kernel` is not compiled here, or the order names an input that does not exist.
pub fn row_sums(
    kernel: KernelKind,
    width: BitWidth,
    (activations, order): (&[u8], &[u16]),
    weights: &[u32],
    memory: &mut [u32],
    each: impl FnMut(&[i32]),
) {
    let order = match order {
        [] => Order::Plain(activations.len()),
        order => Order::Listed(Listed::new(order).expect("every number is an input's")),
    };
    let source = Source::new(activations, order);
    match kernel {
        KernelKind::CURRENT => sums::<Current>(width, &source, weights, memory, each),
        KernelKind::Portable => sums::<Portable>(width, &source, weights, memory, each),
        other => panic!("{other:?} is not compiled here"),
    }
}

fn sums<K: Kernel>(
    width: BitWidth,
    source: &Source,
    weights: &[u32],
    memory: &mut [u32],
    mut each: impl FnMut(&[i32]),
) {
    let (list, block_words) = (K::list(width, source, memory), width.block_words(source.inputs()));
    for group in weights.chunks(block_words * K::AT_ONCE) {
        let mut sums: [Sums; 2] = [[0; MAX_ROWS]; 2];
        let sums = &mut sums[..group.len() / block_words];
        K::sums_of_blocks(width, &list, group, block_words, sums);
        sums.iter().for_each(|sums| each(&sums[..width.rows()]));
    }
}

//! The [`Kernel`] trait, which every kernel implements.

#[cfg(feature = "low-ram")]
use crate::infer::requantize::requantize_to_byte;
use crate::infer::source::Source;
#[cfg(feature = "low-ram")]
use crate::quantized::Row;
use crate::quantized::layout::MAX_ROWS;
use crate::quantized::{BitWidth, KernelKind};

/// Sums of a block's rows; entries beyond [`BitWidth::rows`] are undefined.
pub(crate) type Sums = [i32; MAX_ROWS];

/// Computes the sums of products of an integer layer on one kind of core.
pub(crate) trait Kernel {
    /// The kind of this kernel.
    const KIND: KernelKind;

    /// Number of blocks that the kernel processes most efficiently in one call.
    const AT_ONCE: usize = 1;

    /// Whether the kernel implements [`bytes`](Self::bytes).
    const MAKES_BYTES: bool = Self::KIND.makes_bytes();

    /// The list of a layer's inputs.
    type List<'s>;

    /// Builds the list of inputs in `memory`, which has at least [`KernelKind::list_words`] words.
    fn list<'s>(width: BitWidth, source: &Source, memory: &'s mut [u32]) -> Self::List<'s>;

    /// The sums of a block of at least [`BitWidth::block_words`] words, exact for all rows within the
    /// [bound](KernelKind::bound).
    fn sums(width: BitWidth, list: &Self::List<'_>, block: &[u32], sums: &mut Sums);

    /// Like `sums`, for 1 to [`AT_ONCE`](Self::AT_ONCE) blocks that start `stride` words apart, at least 1. If there
    /// are no inputs, there are no blocks and the sums are left unchanged.
    #[inline(always)]
    fn sums_of_blocks(width: BitWidth, list: &Self::List<'_>, blocks: &[u32], stride: usize, sums: &mut [Sums]) {
        // Not `chunks`: it divides, which costs some 80 instructions on a core without a divide instruction.
        let mut rest = blocks;
        for sums in sums {
            let (block, behind) = rest.split_at_checked(stride).unwrap_or((rest, &[]));
            Self::sums(width, list, block, sums);
            rest = behind;
        }
    }

    /// Builds a list in `memory` of the inputs from number `from` on, in whatever order the kernel uses, and advances
    /// `from` past those listed. The default lists all of them, so the list must fit.
    #[cfg(feature = "low-ram")]
    fn list_from<'s>(width: BitWidth, source: &Source, from: &mut usize, memory: &'s mut [u32]) -> Self::List<'s> {
        *from = source.inputs();
        Self::list(width, source, memory)
    }

    /// Adds the sums of [`BitWidth::rows`] rows of each block to `sums`; blocks begin `stride` words apart.
    #[cfg(feature = "low-ram")]
    fn add(width: BitWidth, list: &Self::List<'_>, blocks: &[u32], stride: usize, sums: &mut [i32]) {
        const { assert!(Self::AT_ONCE <= 2) };
        let mut blocks = blocks;
        for sums in sums.chunks_mut(width.rows() * Self::AT_ONCE) {
            let mut of_blocks = [[0; MAX_ROWS]; 2];
            let into = of_blocks.get_mut(..sums.len() / width.rows()).unwrap_or_default();
            Self::sums_of_blocks(width, list, blocks, stride, into);
            for (sums, of_block) in sums.chunks_mut(width.rows()).zip(of_blocks) {
                sums.iter_mut().zip(of_block).for_each(|(sum, of_block)| *sum = sum.wrapping_add(of_block));
            }
            blocks = blocks.get(stride * Self::AT_ONCE..).unwrap_or_default();
        }
    }

    /// Requantizes the sums of rows with ReLU to bytes.
    #[cfg(feature = "low-ram")]
    fn requantize(rows: &[[u32; 2]], sums: &[i32], y: &mut [u8]) {
        for ((&row, &sum), y) in rows.iter().zip(sums).zip(y) {
            let row = Row::from_words(row);
            *y = requantize_to_byte(row.bias.wrapping_add(sum), row);
        }
    }

    /// The outputs `y [O]` of a layer with ReLU, `clamp(requantize(sum + bias), 0, 255)`. Requires every row to be
    /// within the [bound](KernelKind::bound) and, if [`KernelKind::needs_steady`], to be steady (`Row::is_steady`).
    fn bytes(_: BitWidth, _: &Self::List<'_>, _weights: &[u32], _rows: &[[u32; 2]], _y: &mut [u8]) {}
}

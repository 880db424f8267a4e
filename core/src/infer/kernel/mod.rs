//! Kernel selection and the `Kernel` trait: the sums of products of an integer layer.
//!
//! A kernel converts a layer's inputs once into a *list* in its own format, then computes the sums of one block of rows
//! after another ([layout](crate::quantized::layout)). `Portable` is the fallback for targets without a kernel of their
//! own; the oracle in the tests sums weight by weight. A layer with a row beyond the kernel's
//! [bound](crate::quantized::bound) is summed in strips of inputs (`super::dense`).

#[cfg(foldnet_kernel = "armv6m")]
mod armv6m;
#[cfg(foldnet_kernel = "armv7m")]
mod armv7m;
mod contract;
#[cfg(foldnet_kernel = "dsp")]
mod dsp;
#[cfg(foldnet_kernel = "mve")]
mod mve;
#[cfg(any(foldnet_kernel = "portable", test, feature = "cases"))]
mod portable;
#[cfg(foldnet_kernel = "rv32im")]
mod rv32im;
#[cfg(any(foldnet_kernel = "armv6m", foldnet_kernel = "armv7m"))]
mod singles;
#[cfg(foldnet_kernel = "sse2")]
mod sse2;

pub(crate) use contract::{Kernel, Sums};
#[cfg(any(foldnet_kernel = "portable", test, feature = "cases"))]
pub(crate) use portable::Portable;
#[cfg(any(test, feature = "cases"))]
pub(crate) use portable::dot;

use crate::quantized::KernelKind;

/// Makes the alias `Current` of the one kernel that is compiled for this target.
macro_rules! current {
    ($($kind:ident $name:literal in $module:ident,)*) => {$(
        /// The kernel of this target.
        #[cfg(foldnet_kernel = $name)]
        pub(crate) type Current = $module::$kind;
    )*};
}

current! {
    Portable "portable" in portable,
    Dsp "dsp" in dsp,
    Mve "mve" in mve,
    Rv32im "rv32im" in rv32im,
    Sse2 "sse2" in sse2,
    Armv6m "armv6m" in armv6m,
    Armv7m "armv7m" in armv7m,
}

// The kernel that programs on a PC report is the compiled one.
const _: () = assert!(Current::KIND as u8 == KernelKind::CURRENT as u8);

#[cfg(any(test, feature = "cases"))]
pub(crate) mod cases {
    use super::*;
    use crate::dice::Dice;
    use crate::infer::requantize::requantize_to_byte;
    use crate::infer::source::{Listed, Order, Source};
    use crate::quantized::layout::MAX_ROWS;
    use crate::quantized::{BitWidth, Row};

    /// Maximum number of inputs in a test case.
    const INPUTS: usize = 41;

    /// Number of inputs in a large test case: with every input 255 and every weight at its largest magnitude, one more
    /// input would exceed the bound of a row.
    const fn many(width: BitWidth) -> usize {
        match width {
            BitWidth::Eight => 259,
            BitWidth::Four => 276,
            BitWidth::Two => 483,
        }
    }

    /// Maximum size of a block of [`INPUTS`] inputs, in words.
    const BLOCK_WORDS: usize = INPUTS.div_ceil(2) * 3;

    /// Maximum of `AT_ONCE` over all kernels.
    const BLOCKS: usize = 2;

    /// Every width, every number of inputs around the edges of pairs and unrolled loops, zeros and runs of all kinds,
    /// against sums over unpacked weights.
    fn sums_are_exact<K: Kernel>() {
        let mut dice = Dice(1);
        for width in [BitWidth::Eight, BitWidth::Four, BitWidth::Two] {
            for inputs in 0..=INPUTS {
                for zeros in [0, 1, 3, 8] {
                    check::<K>(width, inputs, zeros, &mut dice);
                }
            }
        }
        for width in [BitWidth::Eight, BitWidth::Four, BitWidth::Two, BitWidth::Eight, BitWidth::Four, BitWidth::Two] {
            check_many::<K>(width, &mut dice);
        }
    }

    /// The largest inputs and weights, as many as the bounds allow, so that sums sharing a word are at their limits.
    #[inline(never)]
    fn check_many<K: Kernel>(width: BitWidth, dice: &mut Dice) {
        static WHITE: [u8; many(BitWidth::Two)] = [255; many(BitWidth::Two)];
        // Stack is scarce on a device: one size for all widths, that of 2 bits on ARMv6-M.
        let mut words = [0xa5a5_a5a5; 1272];
        let inputs = many(width);
        let (source, (block, memory)) =
            (Source::new(&WHITE, Order::Plain(inputs)), words.split_at_mut(width.block_words(inputs)));
        block.fill(0);
        let expected = weigh(width, &source, true, block, dice);
        let list = K::list(width, &source, &mut memory[..K::KIND.list_words(width, inputs)]);
        let mut found = [[0; MAX_ROWS]];
        K::sums_of_blocks(width, &list, block, block.len(), &mut found);
        assert_eq!(found[0], expected, "{width:?}, {inputs} inputs");
    }

    /// On average `zeros` of 8 inputs are zero; everything else is random, occasionally extreme.
    #[inline(never)]
    fn check<K: Kernel>(width: BitWidth, inputs: usize, zeros: u32, dice: &mut Dice) {
        let (mut x, mut order, mut words) = ([0u8; INPUTS], [0u16; INPUTS], [0; BLOCKS * BLOCK_WORDS]);
        let extreme = dice.below(4) == 0;
        x.iter_mut().for_each(|x| *x = if dice.below(8) < zeros { 0 } else { 255 });
        x.iter_mut().filter(|x| **x > 0 && !extreme).for_each(|x| *x = 1 + dice.below(255) as u8);
        order.iter_mut().enumerate().for_each(|(i, from)| *from = ((i * 7 + 3) % inputs.max(1)) as u16);
        let missing = if dice.below(4) == 0 { inputs / 3 } else { 0 };
        let source = match dice.below(2) {
            0 => Source::new(&x[..inputs - missing], Order::Plain(inputs)),
            _ => Source::new(&x[..inputs - missing], Order::Listed(Listed::new(&order[..inputs]).unwrap())),
        };
        let (blocks, block_words) = (1 + dice.below(K::AT_ONCE as u32) as usize, width.block_words(inputs));
        let (mut found, mut expected) = ([[0; MAX_ROWS]; BLOCKS], [[0; MAX_ROWS]; BLOCKS]);
        for (block, expected) in expected[..blocks].iter_mut().enumerate() {
            *expected = weigh(width, &source, extreme, &mut words[block * block_words..][..block_words], dice);
        }
        let mut memory = [0xa5a5_a5a5; 128];
        let list = K::list(width, &source, &mut memory[..K::KIND.list_words(width, inputs)]);
        let words = &words[..blocks * block_words];
        K::sums_of_blocks(width, &list, words, block_words.max(1), &mut found[..blocks]);
        for (found, expected) in found.iter().zip(expected) {
            let rows = ..width.rows();
            assert_eq!(found[rows], expected[rows], "{width:?}, {inputs} inputs, {zeros} of 8 are zero");
        }
    }

    /// Fills a block with random weights, or with the largest ones, and returns its sums.
    fn weigh(width: BitWidth, source: &Source, extreme: bool, block: &mut [u32], dice: &mut Dice) -> Sums {
        let (mut sums, largest) = ([0; MAX_ROWS], i32::from(width.max_weight()));
        for (row, sum) in sums.iter_mut().take(width.rows()).enumerate() {
            let sign = if dice.below(2) == 0 { 1 } else { -1 };
            for input in 0..source.inputs().next_multiple_of(2) {
                let any = dice.below(2 * largest as u32 + 1) as i32 - largest;
                let weight = if extreme { sign * largest } else { any };
                let weight = if input < source.inputs() { weight } else { 0 };
                let place = width.place(row, input);
                block[place.word] |= place.pack(weight as i8);
                *sum += weight * i32::from(source.at(input));
            }
        }
        block.iter_mut().for_each(|word| *word = word.to_le());
        sums
    }

    /// Every number of rows, sums of every size and sign, every shift the kernel supports, and a single row on its own.
    pub(crate) fn bytes_are_requantized_sums() {
        if !Current::MAKES_BYTES {
            return;
        }
        let (mut dice, mut kept) = (Dice(7), 0);
        for round in 0..300 {
            let width = [BitWidth::Eight, BitWidth::Four, BitWidth::Two][round % 3];
            kept += check_bytes(width, 1 + round % 7, round % 25, &mut dice);
        }
        assert!(kept > 300, "only {kept} bytes lie strictly between 0 and 255");
    }

    /// Checks a layer of `inputs` x `units`; returns how many of its bytes are neither 0 nor 255.
    #[inline(never)]
    fn check_bytes(width: BitWidth, inputs: usize, units: usize, dice: &mut Dice) -> usize {
        let (mut words, mut x, mut rows, mut found) = ([0; 4 * 12], [0; 7], [[0; 2]; 25], [0xa5; 25]);
        x.iter_mut().for_each(|x| *x = dice.below(256) as u8);
        let source = Source::new(&x, Order::Plain(inputs));
        let (blocks, block_words) = (units.div_ceil(width.rows()), width.block_words(inputs));
        let weights = words.get_mut(..blocks * block_words).unwrap();
        let mut sums = [[0; MAX_ROWS]; 5];
        for (block, sums) in weights.chunks_exact_mut(block_words).zip(&mut sums) {
            *sums = weigh(width, &source, false, block, dice);
        }
        for (unit, row) in rows[..units].iter_mut().enumerate() {
            // Outputs have up to 11 bits before clamping, apart from what the sum adds.
            let shift = if Current::KIND.needs_steady() { 1 + dice.below(17) } else { dice.below(31) };
            let bias = 1i32 << (shift + dice.below(12)).min(30);
            let bias = if unit % 3 == 0 { bias.wrapping_neg() } else { bias };
            let bias = if dice.below(16) == 0 { i32::MAX - dice.below(2) as i32 } else { bias };
            let [low, high] = (dice.below(1 << 15) as u16).to_le_bytes();
            *row = [bias.to_le() as u32, u32::from_ne_bytes([low, high, shift as u8, dice.below(249) as u8])];
        }
        let mut memory = [0xa5a5_a5a5; 64];
        let list = Current::list(width, &source, &mut memory[..Current::KIND.list_words(width, inputs)]);
        Current::bytes(width, &list, weights, &rows[..units], &mut found[..units]);
        for (unit, &found) in found.iter().enumerate() {
            let (row, sum) = (Row::from_words(rows[unit]), sums[unit / width.rows()][unit % width.rows()]);
            let expected = requantize_to_byte(row.bias.wrapping_add(sum), row);
            let expected = if unit < units { expected } else { 0xa5 };
            assert_eq!(found, expected, "{width:?}, {inputs} inputs, row {unit} of {units}: {row:?}, sum {sum}");
        }
        found[..units].iter().filter(|byte| (1..255).contains(*byte)).count()
    }

    pub(crate) fn portable_sums_are_exact() {
        sums_are_exact::<Portable>();
    }

    pub(crate) fn sums_of_this_target_are_exact() {
        sums_are_exact::<Current>();
    }
}

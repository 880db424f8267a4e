//! The committed table of instructions, `instructions.golden`, with a row for each network, board and width: reading
//! and writing it, and limits for the growth of a count.

use crate::table::{self, Comparison};
use std::fmt;
use std::str::FromStr;

/// Instructions of a network, a mean over its inputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The network.
    pub network: String,
    /// The board.
    pub board: String,
    /// Bits per weight.
    pub bits: u8,
    /// The kernel that ran.
    pub kernel: String,
    /// Counts of the layers one by one (0 for one that the network does not have), and from image bytes to class.
    pub counts: [u64; 4],
    /// The compiler of the firmware.
    pub compiler: String,
}

/// Names of the counts.
const NAMES: [&str; 4] = ["layer 0", "layer 1", "layer 2", "all"];

const HEAD: &str = "\
# Instructions per inference under QEMU's -icount, of each layer by itself, and from the first byte to the class:
#
# after    the notebook's network (784, 300, 100, 10; Keras's weights), means over the first 1,000 test images
# light    the same on inverted images, 255 - x
# low-ram  `after` with firmware built with the feature low-ram
# 784      the same shape; weights from a generator, 10 inputs of which half are zero
# 784-32   784, 32, 10, likewise
# 3136     3136, 32, 10 (56x56 pixels), likewise
# 4096     4096, 32, 10 (64x64 pixels), likewise
#
# The test of instructions fails when a count grows by more than 1 % under the compiler named here, or 10 % under another,
# and when a product of 3136 or 4096 costs more than 1.2 times what one of 784-32 does: as many units share a list of inputs.
# This rewrites the file, for growth that is wanted and for a new compiler:
#
# FOLDNET_BLESS=1 cargo test -p foldnet-tests --test all instructions
#
# network board         bits kernel     layer 0  layer 1  layer 2      all  compiler
";

impl Row {
    /// Compares with the committed row: `None`, or a notice about a different compiler.
    ///
    /// # Errors
    /// The counts that grew too much, or a different kernel.
    pub fn check(&self, golden: &Self) -> Result<Option<String>, String> {
        let what = format!("{} on {} at {} bits", self.network, self.board, self.bits);
        if self.kernel != golden.kernel {
            return Err(format!("{what}: kernel {}, it was {}", self.kernel, golden.kernel));
        }
        let (numbers, compilers) = ([&golden.counts[..], &self.counts], [&*golden.compiler, &self.compiler]);
        let grown = "more instructions";
        Comparison { what: &what, names: &NAMES, numbers, compilers, percent: 1, grown }.check()
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Self { network, board, bits, kernel, counts: [first, second, third, all], compiler } = self;
        write!(f, "{network:9} {board:13} {bits:4} {kernel:9} {first:8} {second:8} {third:8} {all:8}  {compiler}")
    }
}

impl FromStr for Row {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let (names, counts, compiler) = table::words("instructions.golden", line, 4)?;
        let [network, board, bits, kernel] = [0, 1, 2, 3].map(|at| names[at].to_owned());
        let bits = bits
            .parse()
            .map_err(|_| format!("instructions.golden: '{line}' is not a valid row; regenerate the file"))?;
        Ok(Self { network, board, bits, kernel, counts, compiler })
    }
}

/// The file with these rows.
pub fn write(rows: &[Row]) -> String {
    table::write(HEAD, rows)
}

/// The rows of the file.
///
/// # Errors
/// If a line is not a row.
pub fn read(file: &str) -> Result<Vec<Row>, String> {
    table::read(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(all: u64, compiler: &str) -> Row {
        let [network, board, kernel] = ["after", "board", "dsp"].map(str::to_owned);
        Row { network, board, bits: 8, kernel, counts: [70_000, 20_000, 1_000, all], compiler: compiler.to_owned() }
    }

    #[test]
    fn rows_are_read_as_written() {
        let rows = [row(1, "rustc 1.85.0 with everything"), row(100_000, "rustc")];
        assert_eq!(read(&write(&rows)).unwrap(), rows);
        assert!(read("after board 8 dsp 1 2 three 4 rustc").is_err());
    }

    #[test]
    fn growth_and_another_kernel_are_found() {
        let golden = row(100_000, "rustc");
        assert_eq!(row(101_000, "rustc").check(&golden), Ok(None));
        assert!(row(101_001, "rustc").check(&golden).unwrap_err().contains("all 100000 -> 101001"));
        assert!(row(110_000, "another").check(&golden).unwrap().is_some());
        assert!(row(110_001, "another").check(&golden).is_err());
        let portable = Row { kernel: "portable".to_owned(), ..golden.clone() };
        assert!(portable.check(&golden).unwrap_err().contains("kernel portable, it was dsp"));
    }
}

//! The committed figures of `footprint.golden`: reading and writing them, and how much they may grow.

use crate::table::{self, Comparison};
use std::fmt;
use std::str::FromStr;

/// Memory that Foldnet takes on a board, in bytes, for a network of the notebook's shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Footprint {
    /// Its name is followed by `+low-ram` with that feature, and by `+alone` for firmware of one width.
    pub(crate) board: String,
    /// Bits per weight.
    pub(crate) bits: u8,
    /// In the order of [`NAMES`].
    pub(crate) figures: [u64; 5],
    /// The firmware's compiler.
    pub(crate) compiler: String,
}

/// Explanation of the figures.
const NAMES: [&str; 5] = ["flash", "harnessed", "statics", "stack", "ram"];

const HEAD: &str = "\
# Bytes that Foldnet takes of each board, for a network of the notebook's shape (784, 300, 100, 10).
#
# flash      the firmware without test harness and model
# harnessed  the firmware with the test harness
# statics    RAM: statics of the firmware with the harness
# stack      RAM: the stack at its peak, parsing included
# ram        RAM in all: statics, image, scratch memory, stack
#
# +low-ram   the firmware is built with the feature low-ram
# +alone     firmware of one model and one width, `examples/inference`: its flash without the vector table; it is not run
#
# The test of footprints fails when a figure grows by more than 2 % under the compiler named here, or 10 % under
# another. This rewrites the file, for growth that is wanted and for a new compiler:
#
# FOLDNET_BLESS=1 cargo test -p foldnet-sim --test emulate footprint
#
# board                bits   flash harnessed statics   stack     ram  compiler
";

impl Footprint {
    /// Compares with the figures of `golden`: none, or a notice about another compiler.
    ///
    /// # Errors
    /// The figures that grew too much.
    pub(crate) fn check(&self, golden: &Self) -> Result<Option<String>, String> {
        let (board, bits, was) = (&self.board, self.bits, golden.bits);
        if bits != was {
            return Err(format!("{board}: {bits} bits, then {was}"));
        }
        let (numbers, compilers) = ([&golden.figures[..], &self.figures], [&*golden.compiler, &self.compiler]);
        Comparison { what: board, names: &NAMES, numbers, compilers, percent: 2, grown: "larger" }.check()
    }
}

impl fmt::Display for Footprint {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Self { board, bits, figures: [flash, harnessed, statics, stack, ram], compiler } = self;
        write!(f, "{board:22} {bits:4} {flash:7} {harnessed:9} {statics:7} {stack:7} {ram:7}  {compiler}")
    }
}

impl FromStr for Footprint {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let (names, figures, compiler) = table::words("footprint.golden", line, 2)?;
        let bits = names[1]
            .parse()
            .map_err(|_| format!("footprint.golden: '{line}' is not a valid row; regenerate the file"))?;
        Ok(Self { board: names[0].to_owned(), bits, figures, compiler })
    }
}

/// The file with these rows.
pub(crate) fn write(rows: &[Footprint]) -> String {
    table::write(HEAD, rows)
}

fn example() -> Footprint {
    let figures = [10_000, 12_000, 100, 1_000, 4_000];
    Footprint { board: "board".into(), bits: 8, figures, compiler: "rustc 1.85.0 with everything".into() }
}

#[test]
fn footprint_rows_are_read_as_written() {
    let rows = [example(), Footprint { bits: 4, ..example() }];
    assert_eq!(table::read::<Footprint>(&write(&rows)).unwrap(), rows);
    assert!(table::read::<Footprint>("board 8 1 2 3 four 5 rustc").is_err());
}

#[test]
fn footprint_growth_is_found() {
    let grown = |place: usize, to: u64, compiler: &str| {
        let mut found = Footprint { compiler: compiler.into(), ..example() };
        found.figures[place] = to;
        found.check(&example())
    };
    let same = example().compiler;
    assert_eq!(example().check(&example()), Ok(None));
    assert_eq!(grown(4, 1, &same), Ok(None), "shrinking");
    for (place, to) in [(0, 10_201), (1, 12_241), (2, 103), (3, 1_021), (4, 4_081)] {
        let message = grown(place, to, &same).unwrap_err();
        assert!(message.contains(&format!("2 % larger: {} ", NAMES[place])), "{message}");
    }
    assert!(Footprint { bits: 4, ..example() }.check(&example()).is_err(), "another model");
}

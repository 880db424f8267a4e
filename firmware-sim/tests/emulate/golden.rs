//! The committed figures of `footprint.golden`: reading and writing them, and how much they may grow.

use std::fmt;
use std::str::FromStr;

/// Memory that Foldnet takes on a board, in bytes, for a network of the notebook's shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Footprint {
    /// With the feature `low-ram`, its name is followed by `+low-ram`.
    pub(crate) board: String,
    /// Bits per weight.
    pub(crate) bits: u32,
    /// In the order of [`NAMES`].
    pub(crate) figures: [usize; 5],
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
        let same = self.compiler == golden.compiler;
        let percent = if same { 2 } else { 10 };
        let grown = |((name, was), is): ((&str, &usize), &usize)| {
            (is * 100 > was * (100 + percent)).then(|| format!("{name} {was} -> {is}"))
        };
        let grown: Vec<String> = NAMES.into_iter().zip(&golden.figures).zip(&self.figures).filter_map(grown).collect();
        if !grown.is_empty() || self.bits != golden.bits {
            let (board, bits, was) = (&self.board, self.bits, golden.bits);
            return Err(format!(
                "{board}: more than {percent} % larger ({bits} bits, then {was}): {}",
                grown.join(", ")
            ));
        }
        let (board, now, then) = (&self.board, &self.compiler, &golden.compiler);
        Ok((!same).then(|| format!("notice: {board}: built by {now}, the figures are from {then}; 10 % is tolerated")))
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
        let mut words = line.split_ascii_whitespace();
        let board = words.next().unwrap_or_default().to_owned();
        let mut number = || {
            let word = words.next().and_then(|word| word.parse().ok());
            word.ok_or_else(|| format!("footprint.golden: '{line}' is not a valid row; regenerate the file"))
        };
        let bits = number()? as u32;
        let figures = [number()?, number()?, number()?, number()?, number()?];
        Ok(Self { board, bits, figures, compiler: words.collect::<Vec<_>>().join(" ") })
    }
}

/// The file with these rows.
pub(crate) fn write(rows: &[Footprint]) -> String {
    rows.iter().fold(HEAD.to_owned(), |file, row| format!("{file}{row}\n"))
}

/// The rows of the file.
///
/// # Errors
/// When a line is no row.
pub(crate) fn read(file: &str) -> Result<Vec<Footprint>, String> {
    file.lines().filter(|line| !line.starts_with('#')).map(str::parse).collect()
}

fn example() -> Footprint {
    let figures = [10_000, 12_000, 100, 1_000, 4_000];
    Footprint { board: "board".into(), bits: 8, figures, compiler: "rustc 1.85.0 with everything".into() }
}

#[test]
fn footprint_rows_are_read_as_written() {
    let rows = [example(), Footprint { bits: 4, ..example() }];
    assert_eq!(read(&write(&rows)).unwrap(), rows);
    assert!(read("board 8 1 2 3 four 5 rustc").is_err());
}

#[test]
fn footprint_growth_is_found() {
    let grown = |place: usize, to: usize, compiler: &str| {
        let mut found = Footprint { compiler: compiler.into(), ..example() };
        found.figures[place] = to;
        found.check(&example())
    };
    let same = example().compiler;
    assert_eq!(example().check(&example()), Ok(None));
    assert_eq!(grown(0, 10_200, &same), Ok(None), "2 %");
    assert_eq!(grown(4, 1, &same), Ok(None), "shrinking");
    for (place, to) in [(0, 10_201), (1, 12_241), (2, 103), (3, 1_021), (4, 4_081)] {
        let message = grown(place, to, &same).unwrap_err();
        assert!(message.contains(&format!("2 % larger (8 bits, then 8): {} ", NAMES[place])), "{message}");
        let notice = grown(place, to, "rustc 2").unwrap().expect("a notice");
        assert!(notice.contains("rustc 2") && notice.contains(&same), "{notice}");
    }
    assert!(grown(0, 11_001, "rustc 2").unwrap_err().contains("10 % larger"));
    assert!(Footprint { bits: 4, ..example() }.check(&example()).is_err(), "another model");
}

//! Committed tables of measured numbers, a row for each measurement: reading, writing, and what may grow. Each row has
//! the compiler it was measured with; another one may give other numbers.
//!
//! `firmware-sim/tests/emulate` includes this file for its own table, so it only depends on std.

use std::fmt::Display;
use std::str::FromStr;

/// Tolerated growth in percent with another compiler.
const OTHER_COMPILER: u64 = 10;

/// A measurement and the committed one, compared.
#[derive(Debug)]
pub(crate) struct Comparison<'a> {
    /// What is measured, as messages say it.
    pub(crate) what: &'a str,
    /// Names of the numbers.
    pub(crate) names: &'a [&'a str],
    /// The committed numbers, and those found.
    pub(crate) numbers: [&'a [u64]; 2],
    /// The compilers of both.
    pub(crate) compilers: [&'a str; 2],
    /// Tolerated growth in percent.
    pub(crate) percent: u64,
    /// How a number that grew is told, such as `more instructions`.
    pub(crate) grown: &'a str,
}

impl Comparison<'_> {
    /// Compares the numbers: `None`, or a notice about a different compiler.
    ///
    /// # Errors
    /// The numbers that grew too much.
    pub(crate) fn check(&self) -> Result<Option<String>, String> {
        let Self { what, numbers: [were, are], compilers: [then, now], .. } = self;
        let same = then == now;
        let percent = if same { self.percent } else { OTHER_COMPILER };
        let numbers = self.names.iter().zip(*were).zip(*are);
        let grown = numbers.filter(|&((_, was), is)| is * 100 > was * (100 + percent));
        let grown: Vec<String> = grown.map(|((name, was), is)| format!("{name} {was} -> {is}")).collect();
        if !grown.is_empty() {
            return Err(format!("{what}: more than {percent} % {}: {}", self.grown, grown.join(", ")));
        }
        Ok((!same)
            .then(|| format!("notice: {what}: built with {now}, but measured with {then}: {percent} % is tolerated")))
    }
}

/// The file with this head and these rows.
pub(crate) fn write(head: &str, rows: &[impl Display]) -> String {
    rows.iter().fold(head.to_owned(), |file, row| format!("{file}{row}\n"))
}

/// The rows of a file.
///
/// # Errors
/// If a line is not a row.
pub(crate) fn read<R: FromStr<Err = String>>(file: &str) -> Result<Vec<R>, String> {
    file.lines().filter(|line| !line.starts_with('#')).map(str::parse).collect()
}

/// The words of a row: `front` names, then the numbers of which there are `N`, then the compiler.
///
/// # Errors
/// If the row has fewer, or others. `table` is named in the error.
pub(crate) fn words<'a, const N: usize>(
    table: &str,
    line: &'a str,
    front: usize,
) -> Result<(Vec<&'a str>, [u64; N], String), String> {
    let bad = || format!("{table}: '{line}' is not a valid row; regenerate the file");
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let (names, rest) = words.split_at_checked(front).ok_or_else(bad)?;
    let (numbers, compiler) = rest.split_at_checked(N).ok_or_else(bad)?;
    let numbers: Vec<u64> = numbers.iter().map(|word| word.parse()).collect::<Result<_, _>>().map_err(|_| bad())?;
    let numbers = numbers.try_into().map_err(|_| bad())?;
    Ok((names.to_vec(), numbers, compiler.join(" ")))
}

#[test]
fn growth_is_found() {
    let check = |are: &[u64], now: &str| {
        let (numbers, compilers) = ([&[10_000, 100][..], are], ["rustc 1", now]);
        let grown = "more";
        Comparison { what: "x", names: &["a", "b"], numbers, compilers, percent: 2, grown }.check()
    };
    assert_eq!(check(&[10_200, 1], "rustc 1"), Ok(None));
    assert_eq!(check(&[10_201, 103], "rustc 1"), Err("x: more than 2 % more: a 10000 -> 10201, b 100 -> 103".into()));
    let notice = check(&[11_000, 110], "rustc 2").unwrap().expect("a notice");
    assert!(notice.contains("rustc 1") && notice.contains("rustc 2"), "{notice}");
    assert!(check(&[11_001, 100], "rustc 2").unwrap_err().contains("more than 10 % more: a 10000 -> 11001"));
}

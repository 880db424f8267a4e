//! The length of functions, from `fn` to the closing brace, including macros' bodies, but not tests.

use super::tokens::Tokens;
use super::{File, Finding};
use proc_macro2::Delimiter;

/// Maximum number of lines of any function.
pub const LONGEST: usize = 80;

/// Maximum number of lines at the 90th percentile.
pub const PERCENTILE_90: usize = 30;

/// A function with a body.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The line of its `fn`.
    pub line: usize,
    /// Lines from there to its closing brace.
    pub lines: usize,
}

/// The functions of a file that are not tests.
///
/// # Errors
/// When the file is not Rust.
pub fn functions(file: &File) -> Result<Vec<Function>, String> {
    if file.is_test() {
        return Ok(Vec::new());
    }
    let tokens = Tokens::read(file)?;
    let in_tests = tokens.in_tests();
    let mut functions = Vec::new();
    for at in (0..tokens.len()).filter(|&at| !in_tests[at] && tokens.ident(at) == Some("fn")) {
        // `fn(u8) -> u8` is a type; a macro's function is called `$name`.
        let name = at + 1 + usize::from(tokens.is(at + 1, '$'));
        let (Some(name), Some(close)) = (tokens.ident(name), body_end(&tokens, name)) else { continue };
        let lines = tokens.line(close) + 1 - tokens.line(at);
        functions.push(Function { name: name.to_owned(), line: tokens.line(at), lines });
    }
    Ok(functions)
}

/// The closing brace of the body of the function whose name is at `name`; none for a declaration. A constant among
/// the types of the signature, `[u8; { N + 1 }]` or `Vec<u8, { N + 1 }>`, is no body.
fn body_end(tokens: &Tokens, name: usize) -> Option<usize> {
    let mut at = name + 1;
    while at < tokens.len() && !tokens.is(at, ';') {
        match tokens.group(at, Delimiter::Brace) {
            Some(close) if !tokens.is(close + 1, '>') && !tokens.is(close + 1, ',') => return Some(close),
            _ => at = tokens.any_group(at).unwrap_or(at) + 1,
        }
    }
    None
}

/// No function is longer than [`LONGEST`].
///
/// # Errors
/// When the file is not Rust.
pub fn longest(file: &File) -> Result<Vec<Finding>, String> {
    let long = functions(file)?.into_iter().filter(|function| function.lines > LONGEST);
    Ok(long
        .map(|Function { name, line, lines }| {
            Finding::at(file, line, format!("`{name}` has {lines} lines (maximum {LONGEST}): split it into steps"))
        })
        .collect())
}

/// The 90th percentile of function length (nearest rank); 0 if there are no functions.
pub fn percentile_90(lengths: &[usize]) -> usize {
    let mut sorted = lengths.to_vec();
    sorted.sort_unstable();
    let rank = (sorted.len() * 9).div_ceil(10);
    rank.checked_sub(1).map_or(0, |index| sorted[index])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(text: &str) -> Vec<(String, usize)> {
        let functions = functions(&File::new("core/src/a.rs", text)).unwrap();
        functions.into_iter().map(|function| (function.name, function.lines)).collect()
    }

    fn check(text: &str, expected: &[(&str, usize)]) {
        let expected: Vec<_> = expected.iter().map(|(name, lines)| ((*name).to_owned(), *lines)).collect();
        assert_eq!(lengths(text), expected, "{text}");
    }

    #[test]
    fn functions_are_measured_from_fn_to_brace() {
        check("fn a() {}", &[("a", 1)]);
        check("/// doc\n#[inline]\nfn a(\n  b: u8,\n) {\n}\n", &[("a", 4)]);
        check("impl A {\n fn b(&self) {\n }\n fn c() {}\n}", &[("b", 2), ("c", 1)]);
        check("fn a() {\n fn b() {\n }\n}", &[("a", 4), ("b", 2)]);
        check("trait A {\n fn a();\n fn b() {\n }\n}", &[("b", 2)]);
        check("fn a(f: fn(u8) -> u8) -> Vec<u8, { N + 1 }> {\n}", &[("a", 2)]);
        check("fn a() -> [u8; { N + 1 }]\nwhere A: B<{ N }, u8>\n{\n}", &[("a", 4)]);
        check("macro_rules! m { ($n:ident) => { fn $n() {\n\n} } }", &[("n", 3)]);
        check("// fn a() {\nconst A: &str = \"fn b() {}\";", &[]);
        check("fn a() {}\n#[cfg(test)]\nmod tests {\n #[test]\n fn b() {\n }\n}", &[("a", 1)]);
    }

    #[test]
    fn a_long_function_is_found() {
        let file = |lines: usize| File::new("core/src/a.rs", &format!("\nfn a() {{{}}}", "\n".repeat(lines - 1)));
        assert!(longest(&file(80)).unwrap().is_empty());
        let found = longest(&file(81)).unwrap();
        assert_eq!(found[0].to_string(), "core/src/a.rs:2: `a` has 81 lines (maximum 80): split it into steps");
    }

    #[test]
    fn the_percentile_is_the_nearest_rank() {
        assert_eq!(percentile_90(&[]), 0);
        assert_eq!(percentile_90(&[5]), 5);
        assert_eq!(percentile_90(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), 9);
        assert_eq!(percentile_90(&[40, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]), 1);
        assert_eq!(percentile_90(&[40, 1, 1, 1, 1, 1, 1, 1, 1, 40]), 40);
    }
}

//! Rust source as a flat list of tokens with their lines. Comments and strings are no tokens here; doc comments are
//! attributes, whose text is a literal.

use super::File;
use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A token.
#[derive(Debug, Clone, PartialEq)]
pub struct Token {
    /// Its kind.
    pub kind: TokenKind,
    /// Its line, from 1.
    pub line: usize,
}

/// Kind of a token.
#[derive(Debug, Clone, PartialEq)]
pub enum TokenKind {
    /// A name or keyword, raw names without `r#`.
    Ident(String),
    /// One character of punctuation.
    Punct(char),
    /// The beginning of a group.
    Open {
        /// Its bracket.
        delimiter: Delimiter,
        /// Index of its [`TokenKind::Close`] in the list.
        close: usize,
    },
    /// The end of a group.
    Close,
    /// A literal.
    Literal,
}

/// The tokens of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Tokens(Vec<Token>);

impl Tokens {
    /// Reads a file.
    ///
    /// # Errors
    /// A line that names the file when it is not Rust.
    pub fn read(file: &File) -> Result<Self, String> {
        let stream: TokenStream =
            file.text.parse().map_err(|error| format!("{}: cannot be read as Rust: {error}", file.path))?;
        let mut tokens = Vec::new();
        flatten(stream, &mut tokens);
        Ok(Self(tokens))
    }

    /// Number of tokens.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the list is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The line of a token.
    pub fn line(&self, at: usize) -> usize {
        self.0.get(at).map_or(0, |token| token.line)
    }

    /// The identifier at an index, if there is one.
    pub fn ident(&self, at: usize) -> Option<&str> {
        match self.0.get(at)? {
            Token { kind: TokenKind::Ident(name), .. } => Some(name),
            _ => None,
        }
    }

    /// Whether this punctuation is at a place.
    pub fn is(&self, at: usize, punct: char) -> bool {
        matches!(self.0.get(at), Some(Token { kind: TokenKind::Punct(found), .. }) if *found == punct)
    }

    /// Whether `::` begins at a place.
    pub fn is_path_separator(&self, at: usize) -> bool {
        self.is(at, ':') && self.is(at + 1, ':')
    }

    /// The place of the bracket that closes the one at a place, if a group of that kind begins there.
    pub fn group(&self, at: usize, wanted: Delimiter) -> Option<usize> {
        match self.0.get(at)?.kind {
            TokenKind::Open { delimiter, close } if delimiter == wanted => Some(close),
            _ => None,
        }
    }

    /// The place of the bracket that closes the one at a place, if any group begins there.
    pub fn any_group(&self, at: usize) -> Option<usize> {
        match self.0.get(at)?.kind {
            TokenKind::Open { close, .. } => Some(close),
            _ => None,
        }
    }

    /// The attribute at a place, `#[..]` or `#![..]`: the places of its brackets.
    pub fn attribute(&self, at: usize) -> Option<(usize, usize)> {
        let open = if self.is(at + 1, '!') { at + 2 } else { at + 1 };
        let close = self.group(open, Delimiter::Bracket)?;
        self.is(at, '#').then_some((open, close))
    }

    /// For every token whether it belongs to an item under `#[cfg(test)]` or `#[test]`.
    pub fn in_tests(&self) -> Vec<bool> {
        let mut in_tests = vec![false; self.len()];
        let mut at = 0;
        while at < self.len() {
            match self.attribute(at) {
                Some((open, close)) if self.is_test_attribute(open, close) => {
                    let end = self.item_end(close + 1);
                    in_tests[at..end].fill(true);
                    at = end;
                }
                _ => at += 1,
            }
        }
        in_tests
    }

    /// `[test]` or `[cfg(test)]`; no other conditions, so that code that is compiled outside tests too is still
    /// checked.
    fn is_test_attribute(&self, open: usize, close: usize) -> bool {
        match self.ident(open + 1) {
            Some("test") => close == open + 2,
            Some("cfg") => self.ident(open + 3) == Some("test") && close == open + 5,
            _ => false,
        }
    }

    /// Index after the first `{..}` or `;` from `at` on, skipping further attributes.
    fn item_end(&self, mut at: usize) -> usize {
        while at < self.len() {
            if let Some(close) = self.group(at, Delimiter::Brace) {
                return close + 1;
            } else if self.is(at, ';') {
                return at + 1;
            }
            at = self.any_group(at).unwrap_or(at) + 1;
        }
        at
    }
}

fn flatten(stream: TokenStream, tokens: &mut Vec<Token>) {
    for tree in stream {
        let line = tree.span().start().line;
        let kind = match tree {
            TokenTree::Ident(ident) => TokenKind::Ident(ident.to_string().trim_start_matches("r#").to_owned()),
            TokenTree::Punct(punct) => TokenKind::Punct(punct.as_char()),
            TokenTree::Literal(_) => TokenKind::Literal,
            TokenTree::Group(group) => {
                let open = tokens.len();
                tokens.push(Token { kind: TokenKind::Close, line });
                flatten(group.stream(), tokens);
                tokens[open].kind = TokenKind::Open { delimiter: group.delimiter(), close: tokens.len() };
                tokens.push(Token { kind: TokenKind::Close, line: group.span_close().end().line });
                continue;
            }
        };
        tokens.push(Token { kind, line });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tested_lines(text: &str) -> Vec<usize> {
        let tokens = Tokens::read(&File::new("a.rs", text)).unwrap();
        let mut lines: Vec<_> =
            tokens.in_tests().iter().zip(&tokens.0).filter(|(t, _)| **t).map(|(_, t)| t.line).collect();
        lines.dedup();
        lines
    }

    #[test]
    fn items_under_test_attributes_are_tests_and_no_others() {
        assert_eq!(tested_lines("fn a() {}\n#[cfg(test)]\nmod t {\nfn b() {}\n}\nfn c() {}"), [2, 3, 4, 5]);
        assert_eq!(tested_lines("#[test]\n#[should_panic]\nfn a() {}\nfn b() {}"), [1, 2, 3]);
        assert_eq!(tested_lines("#[cfg(test)]\nuse a::b;\nfn b() {}"), [1, 2]);
        assert!(tested_lines("#[cfg(not(test))]\nmod t {}\n#[cfg(any(test, unix))]\nmod u {}").is_empty());
        assert!(tested_lines("// #[cfg(test)]\nmod t {}\nconst A: &str = \"#[cfg(test)]\";\nfn f() {}").is_empty());
    }

    #[test]
    fn what_is_not_rust_is_named() {
        let error = Tokens::read(&File::new("a.rs", "fn a( {}")).unwrap_err();
        assert!(error.starts_with("a.rs: cannot be read as Rust"), "{error}");
    }
}

//! Numbers the texts of a column, such as classes and recordings.

use std::collections::HashMap;

/// Distinct texts, numbered in the order of their first occurrence.
#[derive(Default)]
pub(super) struct Texts {
    numbers: HashMap<String, u32>,
    pub(super) all: Vec<String>,
}

impl Texts {
    pub(super) fn number(&mut self, text: &str) -> u32 {
        if let Some(&number) = self.numbers.get(text) {
            return number;
        }
        let number = self.all.len() as u32;
        self.numbers.insert(text.to_owned(), number);
        self.all.push(text.to_owned());
        number
    }
}

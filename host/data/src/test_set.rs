//! Only the test examples of a set.

use crate::columns::{Columns, order_as};
use crate::examples::Examples;
use crate::numbering::number_as;
use crate::options::Task;

/// Only the test examples of a set, which is all that a simulator needs.
#[derive(Debug, Clone, PartialEq)]
pub struct TestSet {
    /// `fashion-mnist`, `synthetic`, or the file or folder as given.
    pub name: String,
    /// Class names, at most 65,535; a class is an index into them. Empty if targets are not classes.
    pub labels: Vec<String>,
    /// Names of the channels, one for each, or empty.
    pub channels: Vec<String>,
    /// Notes about the set for the user, one per line.
    pub notes: Vec<String>,
    /// What a network should learn from it.
    pub task: Task,
    /// At least one.
    pub examples: Examples,
}

impl TestSet {
    /// As [`Dataset::number_as`](crate::Dataset::number_as).
    ///
    /// # Errors
    /// The names that the model does not have.
    pub fn number_as(&mut self, names: &[String]) -> Result<(), Vec<String>> {
        number_as(&mut self.labels, &mut [&mut self.examples], names)
    }

    /// As [`Dataset::order_as`](crate::Dataset::order_as).
    ///
    /// # Errors
    /// The missing columns of the model, if others are present.
    pub fn order_as(&mut self, channels: &[String]) -> Result<Columns, Vec<String>> {
        order_as(&mut self.channels, &mut [&mut self.examples], channels)
    }
}

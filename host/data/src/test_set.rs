//! Only the test examples of a set.

use crate::columns::{self, Columns};
use crate::examples::Examples;
use crate::numbering::{Named, places, renumber, used};
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
        let used = used(&[self.examples.targets.view()], self.labels.len());
        let Some(moved) = places(Named { names: &self.labels, used: &used }, names)? else { return Ok(()) };
        renumber(&mut self.examples.targets, &moved);
        self.labels = names.to_vec();
        Ok(())
    }

    /// As [`Dataset::order_as`](crate::Dataset::order_as).
    ///
    /// # Errors
    /// The missing columns of the model, if others are present.
    pub fn order_as(&mut self, channels: &[String]) -> Result<Columns, Vec<String>> {
        let (found, order) = columns::order(&self.channels, channels)?;
        if found == Columns::Moved {
            columns::reorder(&mut self.examples.inputs, &order);
            self.channels = channels.to_vec();
        }
        Ok(found)
    }
}

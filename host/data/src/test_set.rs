//! The test examples of a set alone.

use crate::columns::{self, Columns};
use crate::examples::Examples;
use crate::numbering::{Named, places, renumber, used};
use crate::options::Task;

/// The test examples of a set alone, which is all a simulator needs.
#[derive(Debug, Clone, PartialEq)]
pub struct TestSet {
    /// `fashion-mnist`, `synthetic`, or the file or folder as it was given.
    pub name: String,
    /// Class names, at most 65,535; a class is an index into them. Empty where targets are not classes.
    pub labels: Vec<String>,
    /// Names of the channels, as many as there are, or none.
    pub channels: Vec<String>,
    /// What the user should know of the set, a line each.
    pub notes: Vec<String>,
    /// What a network learns from it.
    pub task: Task,
    /// At least one.
    pub examples: Examples,
}

impl TestSet {
    /// As [`Dataset::number_as`](crate::Dataset::number_as).
    ///
    /// # Errors
    /// The names that the model does not know.
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
    /// The model's columns that are missing, where others are there.
    pub fn order_as(&mut self, channels: &[String]) -> Result<Columns, Vec<String>> {
        let (found, order) = columns::order(&self.channels, channels)?;
        if found == Columns::Moved {
            columns::reorder(&mut self.examples.inputs, &order);
            self.channels = channels.to_vec();
        }
        Ok(found)
    }
}

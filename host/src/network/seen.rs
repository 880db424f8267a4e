//! Examples in the form that a network's inputs take: their values, averages of them, or a device's bytes.

use super::checkpoint::{Checkpoint, PixelStatistics};
use super::groups::Groups;
use super::pool::{Seen, groups};
use super::windows::Inputs;
use foldnet_data::{Shape, View};

impl Checkpoint {
    /// Converts `examples` to the form of this network's inputs: averages if it is pooled, and a device's bytes if it
    /// is a network of integers. Panics if they do not have its [`ImageSize`](crate::files::open::ImageSize).
    pub fn seen<'a>(&self, examples: View<'a>) -> Seen<'a> {
        if self.about.pool.is_some() {
            return Seen::pooled(examples);
        }
        let merged = self.about.merged();
        if self.about.quantized.is_none() || (merged.is_none() && examples.bytes().is_ok()) {
            return Seen::plainly(examples);
        }
        let inputs = Inputs::trained(self).expect("reading a checkpoint has looked at its windows");
        let codes = inputs.codes(examples.inputs, self.values());
        match merged {
            Some(groups) => Seen::coded(examples, groups.average(&codes).into_owned(), Shape::features(self.inputs())),
            None => Seen::coded(examples, codes, examples.shape),
        }
    }

    /// The affine map from the inputs' values to those that the first layer computes with: the standardization, or, for
    /// a network of integers, division of the bytes by 255. `[I]` factors and `[I]` summands.
    pub fn standardization(&self) -> [Vec<f32>; 2] {
        self.tables(if self.about.quantized.is_some() { &PixelStatistics::Unit } else { &self.pixels })
    }

    fn tables(&self, pixels: &PixelStatistics) -> [Vec<f32>; 2] {
        let mut tables = [vec![0.0; self.inputs()], vec![0.0; self.inputs()]];
        let [scale, shift] = &mut tables;
        pixels.scaling().tables(scale, shift);
        tables
    }

    /// The groups of values that form this network's inputs; none if every value is an input.
    pub fn groups(&self) -> Groups {
        match (self.about.pool, self.about.data_shape()) {
            (Some(_), Some(shape)) => groups(shape),
            _ => self.about.merged().cloned().unwrap_or_default(),
        }
    }

    /// Number of values in an example.
    pub fn values(&self) -> usize {
        let groups = self.groups();
        if groups.is_empty() { self.inputs() } else { groups.members().len() }
    }

    /// What the inputs are averages of, in words; `None` if every value is an input.
    pub fn averages(&self) -> Option<String> {
        let merged = || self.about.merged().map(|groups| format!("averages of {} values", groups.members().len()));
        self.about.pool.map(|_| "averages of 2x2 pixels".to_owned()).or_else(merged)
    }

    /// The standardized inputs of all examples, `[N][I]`.
    pub fn standardized(&self, view: View) -> Vec<f32> {
        let inputs = self.inputs();
        let [scale, shift] = self.tables(&self.pixels);
        (0..view.inputs.len()).map(|at| view.inputs.get(at) * scale[at % inputs] + shift[at % inputs]).collect()
    }
}

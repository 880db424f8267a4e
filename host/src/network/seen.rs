//! Examples as a network's inputs take them.

use super::checkpoint::Checkpoint;
use super::groups::Groups;
use super::pool::{Seen, groups};
use foldnet_data::View;

impl Checkpoint {
    /// `examples` as this network's inputs take them: averaged where they are pooled. Panics where they are not of its
    /// [`ImageSize`](super::open::ImageSize).
    pub fn seen<'a>(&self, examples: View<'a>) -> Seen<'a> {
        if self.about.pool.is_some() { Seen::pooled(examples) } else { Seen::plainly(examples) }
    }

    /// The groups of pixels that this network's inputs are; none where every value is an input.
    pub fn groups(&self) -> Groups {
        match (self.about.pool, self.about.data_shape()) {
            (Some(_), Some(shape)) => groups(shape),
            _ => Groups::default(),
        }
    }

    /// The standardized inputs of all examples, `[N][I]`.
    pub fn standardized(&self, view: View) -> Vec<f32> {
        let inputs = self.inputs;
        let (mut scale, mut shift) = (vec![0.0; inputs], vec![0.0; inputs]);
        self.pixels.scaling().tables(&mut scale, &mut shift);
        (0..view.inputs.len()).map(|at| view.inputs.get(at) * scale[at % inputs] + shift[at % inputs]).collect()
    }
}

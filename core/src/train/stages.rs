//! The stages of a network in the caller's buffers, one at a time.

use super::memory::Memory;
use super::stage::{Above, Below, Maker, Stage};
use super::workspace::{BeforeDense, first_units, of_layer};
use crate::layer::{Layer, MAX_DENSE};
use crate::network::Network;
use heapless::Vec;

/// Start of a stage.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Site {
    /// Index of its first layer.
    layer: usize,
    /// Offset in the parameters.
    params: usize,
    /// Offset in the workspace.
    workspace: usize,
}

impl Site {
    /// Distance from `from` to this, in parameters and workspace.
    const fn behind(self, from: Self) -> [usize; 2] {
        [self.params - from.params, self.workspace - from.workspace]
    }
}

/// The stages of a network on `n` examples: one before the first Dense, and one for each Dense. They are built one at a
/// time, and lent to a closure, never returned.
#[derive(Debug)]
pub(super) struct Stages<'a> {
    pub(super) maker: Maker<'a>,
    memory: Memory<'a>,
    sites: Vec<Site, { MAX_DENSE + 1 }>,
}

impl<'a> Stages<'a> {
    /// Stages over memory that is long enough.
    pub(super) fn new(network: Network<'a>, memory: Memory<'a>, n: usize, key: u32) -> Self {
        let (layers, inputs) = (network.layers(), network.inputs());
        let before = BeforeDense::of(layers).workspace(inputs, first_units(layers), n);
        let (mut site, mut sites) = (Site { workspace: before + inputs * n, ..Site::default() }, Vec::new());
        let mut fits = sites.push(Site::default()).is_ok();
        for place in network.placed() {
            if let Layer::Dense { .. } = place.layer {
                fits &= sites.push(Site { layer: place.index, ..site }).is_ok();
            }
            site.params = place.range().end;
            site.workspace += of_layer(place.layer, place.outputs, n);
        }
        debug_assert!(fits, "a network has at most MAX_DENSE Dense");
        Self { maker: Maker { network, n, key }, memory, sites }
    }

    /// Number of stages.
    pub(super) fn len(&self) -> usize {
        self.sites.len()
    }

    /// Calls `work` with stage number `index`.
    pub(super) fn one<R>(&mut self, index: usize, work: impl FnOnce(&mut Stage) -> R) -> R {
        let (maker, [_, first]) = (self.maker, self.layers(index));
        let [_, memory] = self.memories(index);
        let mut stage = Stage::empty();
        maker.build(&mut stage, index == 0, first, memory);
        work(&mut stage)
    }

    /// Calls `work` with stage number `index`, at least 1, and the output of the stage below.
    pub(super) fn with_input(&mut self, index: usize, work: impl FnOnce(&mut Stage, &[f32])) {
        let (maker, [of_below, first]) = (self.maker, self.layers(index));
        let [below, memory] = self.memories(index);
        let x = maker.output(index == 1, of_below, below);
        let mut stage = Stage::empty();
        maker.build(&mut stage, false, first, memory);
        work(&mut stage, x);
    }

    /// Calls `work` with stage number `index`, at least 1, and what its update needs from the stage below.
    pub(super) fn with_below(&mut self, index: usize, work: impl FnOnce(&mut Stage, Below)) {
        let (maker, [of_below, first]) = (self.maker, self.layers(index));
        let [below, memory] = self.memories(index);
        let below = maker.below(index == 1, of_below, below);
        let mut stage = Stage::empty();
        maker.build(&mut stage, false, first, memory);
        work(&mut stage, below);
    }

    /// Calls `work` with the stage below number `index`, at least 1, and what its backward pass needs from that one.
    pub(super) fn with_above(&mut self, index: usize, work: impl FnOnce(&mut Stage, &Above)) {
        let (maker, [of_below, first]) = (self.maker, self.layers(index));
        let [below, memory] = self.memories(index);
        let above = maker.above(first, memory);
        let mut stage = Stage::empty();
        maker.build(&mut stage, index == 1, of_below, below);
        work(&mut stage, &above);
    }

    /// The first layers of stage `index - 1` and of stage `index`.
    fn layers(&self, index: usize) -> [usize; 2] {
        [self.sites[index.saturating_sub(1)].layer, self.sites[index].layer]
    }

    /// The memory of stage `index - 1`, and the memory after it; the former is empty for `index` 0.
    fn memories(&mut self, index: usize) -> [Memory<'_>; 2] {
        let (below, site) = (self.sites[index.saturating_sub(1)], self.sites[index]);
        let mut memory = Memory { params: self.memory.params.reborrow(), workspace: self.memory.workspace };
        memory.take(below.behind(Site::default()));
        [memory.take(site.behind(below)), memory]
    }
}

//! A stage: the input or a Dense, and the layers behind it up to the next Dense, over the caller's buffers; and its
//! split by units into parts.

use super::batch_norm::{self, Keeps};
use super::dense::Dense;
use super::dropout::Dropout;
use super::input_norm::InputNorm;
use super::optimizer::Step;
use super::params::Params;
use super::relu;
use super::workspace::{BeforeDense, first_units, of_layer};
use crate::compute::{Compute, MAX_PARTS, share};
use crate::layer::{Layer, MAX_BETWEEN, MAX_DENSE};
use crate::network::{Network, Placed};
use heapless::Vec;

/// Cuts the first `len` values off `slice`.
pub(super) fn cut<'a>(slice: &mut &'a mut [f32], len: usize) -> &'a mut [f32] {
    let (head, tail) = core::mem::take(slice).split_at_mut(len);
    *slice = tail;
    head
}

/// A layer's parameters and what its forward pass leaves for the backward pass.
#[derive(Debug)]
enum StageKind<'a> {
    Input,
    Dense(Dense<'a>),
    BatchNorm(batch_norm::State<'a>),
    InputNorm(InputNorm<'a>),
    Relu,
    QuantizedRelu(f32),
    Dropout(Dropout),
}

/// A layer of a stage and its output `[units][N]`.
#[derive(Debug)]
struct Slot<'a> {
    kind: StageKind<'a>,
    out: &'a mut [f32],
}

impl Slot<'_> {
    fn reborrow(&mut self) -> Slot<'_> {
        let kind = match &mut self.kind {
            StageKind::Input => StageKind::Input,
            StageKind::Dense(dense) => StageKind::Dense(dense.reborrow()),
            StageKind::BatchNorm(state) => StageKind::BatchNorm(state.reborrow()),
            StageKind::InputNorm(norm) => StageKind::InputNorm(norm.reborrow()),
            StageKind::Relu => StageKind::Relu,
            StageKind::QuantizedRelu(step) => StageKind::QuantizedRelu(*step),
            StageKind::Dropout(dropout) => StageKind::Dropout(*dropout),
        };
        Slot { kind, out: self.out }
    }
}

impl<'a> Slot<'a> {
    /// Where the layer is a BatchNormalization, it leaves its gradients to the Dense's update, with this `room`.
    fn becomes_input_norm(&mut self, room: &mut &'a mut [f32]) {
        if let StageKind::BatchNorm(norm) = &mut self.kind {
            self.kind = StageKind::InputNorm(InputNorm { norm: core::mem::take(norm), room: core::mem::take(room) });
        }
    }

    fn take(&mut self, units: usize, n: usize) -> Slot<'a> {
        let kind = match &mut self.kind {
            StageKind::Input => StageKind::Input,
            StageKind::Dense(dense) => StageKind::Dense(dense.take(units)),
            StageKind::BatchNorm(state) => StageKind::BatchNorm(state.take(units)),
            StageKind::InputNorm(norm) => StageKind::InputNorm(norm.take(units)),
            StageKind::Relu => StageKind::Relu,
            StageKind::QuantizedRelu(step) => StageKind::QuantizedRelu(*step),
            StageKind::Dropout(dropout) => StageKind::Dropout(*dropout),
        };
        Slot { kind, out: cut(&mut self.out, units * n) }
    }
}

/// A stage, or some of its units.
#[derive(Debug)]
pub(super) struct Stage<'a> {
    /// Number of the first unit within the stage.
    pub(super) first: usize,
    /// Units of this stage, or part of one.
    pub(super) units: usize,
    slots: Vec<Slot<'a>, { MAX_BETWEEN + 1 }>,
    /// Gradient `[units][N]`: with respect to the stage's output, and in the end to its Dense's output. Empty in the
    /// first stage where nobody needs it.
    pub(super) grad: &'a mut [f32],
}

impl<'a> Stage<'a> {
    fn push(&mut self, slot: Slot<'a>) {
        let fits = self.slots.push(slot).is_ok();
        debug_assert!(fits, "a network has at most MAX_BETWEEN layers between two Dense");
    }

    /// Calls `work` for every part of the stage.
    pub(super) fn each_part<C: Compute>(&mut self, compute: &C, n: usize, work: impl Fn(&mut Stage) + Sync) {
        let share = share(compute, self.units);
        if share >= self.units {
            return work(self);
        }
        self.split(compute, share, n, work);
    }

    /// Calls `work` for parts of `share` units. Not inlined: a compute that never splits needs no room for the parts.
    #[inline(never)]
    fn split<C: Compute>(&mut self, compute: &C, share: usize, n: usize, work: impl Fn(&mut Stage) + Sync) {
        let mut slots: Vec<Slot, { MAX_BETWEEN + 1 }> = self.slots.iter_mut().map(Slot::reborrow).collect();
        let mut grad = &mut *self.grad;
        let mut tasks: Vec<Stage, MAX_PARTS> = (0..self.units)
            .step_by(share)
            .map(|first| {
                let units = share.min(self.units - first);
                let slots = slots.iter_mut().map(|slot| slot.take(units, n)).collect();
                let room = (units * n).min(grad.len());
                Stage { first, units, slots, grad: cut(&mut grad, room) }
            })
            .collect();
        compute.each(&mut tasks, work);
    }

    /// The output of the stage's last layer, `[units][N]`.
    pub(super) fn output(&self) -> &[f32] {
        self.slots.last().map_or(&[], |slot| slot.out)
    }

    /// The output of the last layer and the room for its gradient.
    pub(super) fn output_and_grad(&mut self) -> (&[f32], &mut [f32]) {
        (self.slots.last().map_or(&[], |slot| slot.out), self.grad)
    }

    /// The gradient with respect to the inputs of the stage's Dense, of those that begin with `first`: `d_x [..][N]`.
    pub(super) fn input_gradient<C: Compute>(&self, compute: &C, first: usize, d_x: &mut [f32], n: usize) {
        if let Some(Slot { kind: StageKind::Dense(dense), .. }) = self.slots.first() {
            dense.backward(compute, self.grad, first, d_x, n);
        }
    }

    /// Whether the gradient with respect to the stage's output is needed.
    pub(super) fn needs_gradient(&self) -> bool {
        !self.grad.is_empty()
    }

    /// Where the examples of the first stage go.
    pub(super) fn input_mut(&mut self) -> &mut [f32] {
        self.slots.first_mut().map_or(&mut [], |slot| slot.out)
    }

    /// All layers forward; `x [I][N]` is the whole output of the stage before, or empty in the first.
    pub(super) fn forward<C: Compute>(&mut self, compute: &C, x: &[f32], n: usize) {
        if let Some(Slot { kind: StageKind::Dense(dense), out }) = self.slots.first_mut() {
            dense.forward(compute, x, out, n);
        }
        compute.vectorize(
            #[inline(always)]
            || {
                for index in 1..self.slots.len() {
                    let (before, after) = self.slots.split_at_mut(index);
                    let (x, slot) = (&mut *before[index - 1].out, &mut after[0]);
                    let (norm, keeps) = match &mut slot.kind {
                        StageKind::BatchNorm(norm) => (norm, Keeps::X),
                        StageKind::InputNorm(input) => (&mut input.norm, Keeps::XHat),
                        StageKind::QuantizedRelu(step) => {
                            relu::forward_quantized(x, slot.out, *step);
                            continue;
                        }
                        StageKind::Dropout(dropout) => {
                            dropout.forward(x, slot.out, self.first * n);
                            continue;
                        }
                        StageKind::Input | StageKind::Dense(_) | StageKind::Relu => {
                            relu::forward(x, slot.out);
                            continue;
                        }
                    };
                    norm.forward(x, slot.out, n, keeps);
                }
            },
        );
    }

    /// All layers behind the first one backward, on `grad` in place; what they learn changes by `step`.
    pub(super) fn backward<C: Compute, S: Step>(&mut self, compute: &C, n: usize, step: &S) {
        compute.vectorize(
            #[inline(always)]
            || {
                for index in (1..self.slots.len()).rev() {
                    let (before, after) = self.slots.split_at_mut(index);
                    let (x, slot) = (&*before[index - 1].out, &mut after[0]);
                    match &mut slot.kind {
                        StageKind::BatchNorm(state) => state.backward(x, self.grad, n, self.first, step),
                        StageKind::Relu => relu::backward(slot.out, self.grad),
                        StageKind::QuantizedRelu(step) => relu::backward_quantized(x, self.grad, *step),
                        StageKind::Dropout(dropout) => dropout.backward(self.grad, self.first * n),
                        StageKind::Input | StageKind::Dense(_) | StageKind::InputNorm(_) => {}
                    }
                }
            },
        );
    }

    /// Hands the gradients of the Dense to `step`, and of an [`InputNorm`] at the end of the stage `before`.
    pub(super) fn update<C: Compute, S: Step>(&mut self, compute: &C, before: &mut Stage, n: usize, step: &S) {
        let Some(Slot { kind: StageKind::Dense(dense), .. }) = self.slots.first_mut() else { return };
        if let [.., Slot { out: x_hat, .. }, Slot { kind: StageKind::InputNorm(norm), .. }] = &mut before.slots[..] {
            return norm.update(compute, x_hat, dense, self.grad, n, step);
        }
        let x = before.output();
        self.each_part(compute, n, |part| {
            if let Some(Slot { kind: StageKind::Dense(dense), .. }) = part.slots.first_mut() {
                dense.update(compute, x, part.grad, n, part.first, step);
            }
        });
    }
}

/// A network's parameters with the optimizer's state, and the workspace; or what of both belongs to some stages.
#[derive(Debug)]
pub(super) struct Memory<'a> {
    pub(super) params: Params<'a>,
    pub(super) workspace: &'a mut [f32],
}

impl<'a> Memory<'a> {
    /// Cuts off what lies before a stage.
    fn take(&mut self, site: Site, from: Site) -> Memory<'a> {
        let params = self.params.take(site.params - from.params);
        Memory { params, workspace: cut(&mut self.workspace, site.workspace - from.workspace) }
    }
}

/// Where a stage begins.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Site {
    /// Its first layer.
    layer: usize,
    /// In the parameters.
    params: usize,
    /// In the workspace.
    workspace: usize,
}

/// The stages of a network on `n` examples: one before the first Dense, and one for each. They are made one or two at a
/// time, and lent, never returned: each takes some hundred bytes of stack, and would once more while it is moved.
#[derive(Debug)]
pub(super) struct Stages<'a> {
    pub(super) network: Network<'a>,
    pub(super) memory: Memory<'a>,
    pub(super) n: usize,
    /// Of the step, for [`Dropout`].
    pub(super) key: u32,
    sites: Vec<Site, { MAX_DENSE + 1 }>,
}

impl<'a> Stages<'a> {
    /// Over memory that is long enough.
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
        Self { network, memory, n, key, sites }
    }

    /// Number of stages.
    pub(super) fn len(&self) -> usize {
        self.sites.len()
    }

    /// Calls `work` with stage number `index`.
    pub(super) fn one<R>(&mut self, index: usize, work: impl FnOnce(&mut Stage) -> R) -> R {
        let site = self.sites[index];
        let mut memory = Memory { params: self.memory.params.reborrow(), workspace: self.memory.workspace };
        memory.take(site, Site::default());
        work(&mut stage(self.network, site, memory, self.n, self.key))
    }

    /// Calls `work` with the stage before number `index`, which is at least 1, and that one.
    pub(super) fn pair(&mut self, index: usize, work: impl FnOnce(&mut Stage, &mut Stage)) {
        let (below, above) = (self.sites[index - 1], self.sites[index]);
        let mut memory = Memory { params: self.memory.params.reborrow(), workspace: self.memory.workspace };
        memory.take(below, Site::default());
        let of_below = memory.take(above, below);
        let (network, n, key) = (self.network, self.n, self.key);
        let mut below = stage(network, below, of_below, n, key);
        let mut above = stage(network, above, memory, n, key);
        work(&mut below, &mut above);
    }
}

/// The stage that begins at `site`, where `memory` begins, too. Not inlined: so it is written where its caller keeps it, and
/// nothing of it is moved.
#[inline(never)]
fn stage<'a>(network: Network, site: Site, mut memory: Memory<'a>, n: usize, key: u32) -> Stage<'a> {
    let mut stage = Stage { first: 0, units: network.inputs(), slots: Vec::new(), grad: &mut [] };
    let (before, mut room): (_, &mut [f32]) = (BeforeDense::of(network.layers()), &mut []);
    let input = site.workspace == 0;
    if input {
        let len = before.workspace(network.inputs(), first_units(network.layers()), n);
        room = cut(&mut memory.workspace, len);
        if before == BeforeDense::More {
            stage.grad = core::mem::take(&mut room);
        }
        stage.push(Slot { kind: StageKind::Input, out: cut(&mut memory.workspace, network.inputs() * n) });
    }
    for place in network.placed().skip(site.layer) {
        let dense = matches!(place.layer, Layer::Dense { .. });
        if dense && (input || place.index > site.layer) {
            break;
        }
        let Some(mut slot) = slot(place, &mut memory, n, key) else { continue };
        if input && before == BeforeDense::InputNorm {
            slot.becomes_input_norm(&mut room);
        }
        if dense {
            (stage.units, stage.grad) = (place.outputs, cut(&mut memory.workspace, place.outputs * n));
        }
        stage.push(slot);
    }
    stage
}

/// The slot of a layer; none for Softmax and Sigmoid, which the loss carries out.
fn slot<'a>(place: Placed, memory: &mut Memory<'a>, n: usize, key: u32) -> Option<Slot<'a>> {
    let mut params = memory.params.take(place.range().len());
    let kind = match place.layer {
        Layer::Softmax | Layer::Sigmoid => return None,
        Layer::Relu => StageKind::Relu,
        Layer::QuantizedRelu { step } => StageKind::QuantizedRelu(step),
        Layer::Dropout { rate } => StageKind::Dropout(Dropout::new(rate, key, place.index)),
        Layer::Dense { .. } => {
            let kernel = params.take(place.outputs * place.inputs);
            StageKind::Dense(Dense { inputs: place.inputs, layer: place.index, kernel, bias: params })
        }
        Layer::BatchNorm { momentum, epsilon } => {
            let stats = cut(&mut memory.workspace, 2 * place.outputs);
            StageKind::BatchNorm(batch_norm::State { momentum, epsilon, layer: place.index, params, stats })
        }
    };
    Some(Slot { kind, out: cut(&mut memory.workspace, place.outputs * n) })
}

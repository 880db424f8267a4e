//! A stage: the input or a Dense, and the layers after it up to the next Dense, over the caller's buffers; and its
//! split by units into parts.
//!
//! A stage takes a few hundred bytes of stack, whatever the network. So only one is on the stack at a time, with the
//! little it needs from its neighbours: [`Below`] or [`Above`].

use super::batch_norm::{self, Keeps};
use super::dense::Dense;
use super::elementwise::Elementwise;
use super::input_norm::InputNorm;
use super::memory::Memory;
use super::optimizer::Step;
use super::params::cut;
use super::workspace::{BeforeDense, first_units};
use crate::compute::{Compute, MAX_PARTS, share};
use crate::layer::{Layer, MAX_BETWEEN};
use crate::network::{Network, Placed};
use heapless::Vec;

/// A layer's parameters and what its forward pass leaves for the backward pass.
#[derive(Debug)]
enum StageKind<'a> {
    Input,
    Dense(Dense<'a>),
    BatchNorm(batch_norm::State<'a>),
    InputNorm(InputNorm<'a>),
    Elementwise(Elementwise),
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
            StageKind::Elementwise(one) => StageKind::Elementwise(*one),
        };
        Slot { kind, out: self.out }
    }
}

impl<'a> Slot<'a> {
    /// If the layer is a BatchNormalization, makes it leave its gradients to the Dense's update, with `room` as a
    /// buffer.
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
            StageKind::Elementwise(one) => StageKind::Elementwise(*one),
        };
        Slot { kind, out: cut(&mut self.out, units * n) }
    }
}

/// A stage, or some of its units.
#[derive(Debug)]
pub(super) struct Stage<'a> {
    /// Number of the first unit within the stage.
    pub(super) first: usize,
    /// Number of units of this stage or part.
    pub(super) units: usize,
    slots: Vec<Slot<'a>, { MAX_BETWEEN + 1 }>,
    /// Gradient `[units][N]`: first with respect to the stage's output, finally with respect to its Dense's output.
    /// Empty in the first stage if it is not needed.
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

    /// Calls `work` for parts of `share` units. Not inlined: a compute that never splits needs no stack for the parts.
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

    /// An empty stage, see [`Maker::build`].
    pub(super) fn empty() -> Self {
        Stage { first: 0, units: 0, slots: Vec::new(), grad: &mut [] }
    }

    /// The output of the last layer, and the buffer for its gradient.
    pub(super) fn output_and_grad(&mut self) -> (&[f32], &mut [f32]) {
        (self.slots.last().map_or(&[], |slot| slot.out), self.grad)
    }

    /// Whether the gradient with respect to the stage's output is needed.
    pub(super) fn needs_gradient(&self) -> bool {
        !self.grad.is_empty()
    }

    /// Buffer for the examples, in the first stage.
    pub(super) fn input_mut(&mut self) -> &mut [f32] {
        self.slots.first_mut().map_or(&mut [], |slot| slot.out)
    }

    /// Runs all layers forward; `x [I][N]` is the whole output of the previous stage, or empty in the first.
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
                        StageKind::Elementwise(one) => {
                            one.forward(x, slot.out, self.first * n);
                            continue;
                        }
                        // Only ever the first of a stage.
                        StageKind::Input | StageKind::Dense(_) => continue,
                    };
                    norm.forward(x, slot.out, n, keeps);
                }
            },
        );
    }

    /// Runs all layers after the first backward, on `grad` in place; their parameters are updated by `step`.
    pub(super) fn backward<C: Compute, S: Step>(&mut self, compute: &C, n: usize, step: &S) {
        compute.vectorize(
            #[inline(always)]
            || {
                for index in (1..self.slots.len()).rev() {
                    let (before, after) = self.slots.split_at_mut(index);
                    let (x, slot) = (&*before[index - 1].out, &mut after[0]);
                    match &mut slot.kind {
                        StageKind::BatchNorm(state) => state.backward(x, self.grad, n, self.first, step),
                        StageKind::Elementwise(one) => one.backward(x, slot.out, self.grad, self.first * n),
                        StageKind::Input | StageKind::Dense(_) | StageKind::InputNorm(_) => {}
                    }
                }
            },
        );
    }

    /// Hands the gradients of the Dense, and of an [`InputNorm`] at the end of the stage `below`, to `step`.
    pub(super) fn update<C: Compute, S: Step>(&mut self, compute: &C, below: Below, n: usize, step: &S) {
        let Some(Slot { kind: StageKind::Dense(dense), .. }) = self.slots.first_mut() else {
            return;
        };
        let Below { x, norm } = below;
        if let Some(mut norm) = norm {
            return norm.update(compute, x, dense, self.grad, n, step);
        }
        self.each_part(compute, n, |part| {
            if let Some(Slot { kind: StageKind::Dense(dense), .. }) = part.slots.first_mut() {
                dense.update(compute, x, part.grad, n, part.first, step);
            }
        });
    }
}

/// What the update of a Dense needs from the stage below.
#[derive(Debug)]
pub(super) struct Below<'a> {
    /// Its output `[I][N]`, or the `xhat` left by an InputNorm at its end.
    x: &'a [f32],
    /// The InputNorm at its end.
    norm: Option<InputNorm<'a>>,
}

/// What the backward pass of a stage needs from the one above.
#[derive(Debug)]
pub(super) struct Above<'a> {
    dense: Dense<'a>,
    /// Gradient of the Dense's output, `[units][N]`.
    grad: &'a [f32],
}

impl Above<'_> {
    /// The gradient `d_x [..][N]` with respect to those inputs of the Dense that begin with `first`.
    pub(super) fn input_gradient<C: Compute>(&self, compute: &C, first: usize, d_x: &mut [f32], n: usize) {
        self.dense.backward(compute, self.grad, first, d_x, n);
    }
}

/// The data from which every stage of a step is built.
#[derive(Debug, Clone, Copy)]
pub(super) struct Maker<'a> {
    pub(super) network: Network<'a>,
    pub(super) n: usize,
    /// Key of the step, for [`Dropout`].
    pub(super) key: u32,
}

impl Maker<'_> {
    /// Builds in `stage` the stage that begins with layer number `first`, at the start of `memory`; with `input`, the
    /// stage before the first Dense. In place and not inlined, so that a stage is never moved.
    #[inline(never)]
    pub(super) fn build<'m>(&self, stage: &mut Stage<'m>, input: bool, first: usize, mut memory: Memory<'m>) {
        let Self { network, n, key } = *self;
        stage.units = network.inputs();
        let (before, mut room): (_, &mut [f32]) = (BeforeDense::of(network.layers()), &mut []);
        if input {
            let len = before.workspace(network.inputs(), first_units(network.layers()), n);
            room = cut(&mut memory.workspace, len);
            if before == BeforeDense::More {
                stage.grad = core::mem::take(&mut room);
            }
            stage.push(Slot { kind: StageKind::Input, out: cut(&mut memory.workspace, network.inputs() * n) });
        }
        for place in network.placed().skip(first) {
            let dense = matches!(place.layer, Layer::Dense { .. });
            if dense && (input || place.index > first) {
                break;
            }
            let Some(mut slot) = slot(place, &mut memory, n, key) else {
                continue;
            };
            if input && before == BeforeDense::InputNorm {
                slot.becomes_input_norm(&mut room);
            }
            if dense {
                (stage.units, stage.grad) = (place.outputs, cut(&mut memory.workspace, place.outputs * n));
            }
            stage.push(slot);
        }
    }

    /// The output of a stage, `[units][N]`.
    #[inline(never)]
    pub(super) fn output<'m>(&self, input: bool, first: usize, memory: Memory<'m>) -> &'m [f32] {
        let mut stage = Stage::empty();
        self.build(&mut stage, input, first, memory);
        stage.slots.pop().map_or(&[], |slot| slot.out)
    }

    /// What the update of the stage above needs from a stage.
    #[inline(never)]
    pub(super) fn below<'m>(&self, input: bool, first: usize, memory: Memory<'m>) -> Below<'m> {
        let mut stage = Stage::empty();
        self.build(&mut stage, input, first, memory);
        match stage.slots.pop() {
            Some(Slot { kind: StageKind::InputNorm(norm), .. }) => {
                Below { x: stage.slots.pop().map_or(&[], |slot| slot.out), norm: Some(norm) }
            }
            last => Below { x: last.map_or(&[], |slot| slot.out), norm: None },
        }
    }

    /// What the backward pass of the stage below needs from a stage.
    #[inline(never)]
    pub(super) fn above<'m>(&self, first: usize, memory: Memory<'m>) -> Above<'m> {
        let mut stage = Stage::empty();
        self.build(&mut stage, false, first, memory);
        let dense = match stage.slots.first_mut() {
            Some(Slot { kind: StageKind::Dense(dense), .. }) => core::mem::take(dense),
            _ => Dense::default(),
        };
        Above { dense, grad: stage.grad }
    }
}

/// The slot of a layer; `None` for Softmax and Sigmoid, which the loss computes.
fn slot<'a>(place: Placed, memory: &mut Memory<'a>, n: usize, key: u32) -> Option<Slot<'a>> {
    let mut params = memory.params.take(place.range().len());
    let kind = match place.layer {
        Layer::Dense { .. } => {
            let kernel = params.take(place.outputs * place.inputs);
            StageKind::Dense(Dense { inputs: place.inputs, layer: place.index, kernel, bias: params })
        }
        Layer::BatchNorm { momentum, epsilon } => {
            let stats = cut(&mut memory.workspace, 2 * place.outputs);
            StageKind::BatchNorm(batch_norm::State { momentum, epsilon, layer: place.index, params, stats })
        }
        _ => StageKind::Elementwise(Elementwise::of(place, key)?),
    };
    Some(Slot { kind, out: cut(&mut memory.workspace, place.outputs * n) })
}

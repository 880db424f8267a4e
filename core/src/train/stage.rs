//! A stage: the input or a Dense, and the layers behind it up to the next Dense, over the caller's buffers; and its
//! split by units into parts.

use super::batch_norm::{self, Keeps};
use super::dense::Dense;
use super::input_norm::InputNorm;
use super::relu;
use super::workspace::{BeforeDense, first_units};
use crate::compute::{Compute, MAX_PARTS, share};
use crate::layer::{Layer, MAX_BETWEEN, MAX_DENSE};
use crate::network::{Network, Placed};
use heapless::Vec;

/// The stages of a network: one before the first Dense, and one for each.
pub(super) type Stages<'a> = Vec<Stage<'a>, { MAX_DENSE + 1 }>;

/// Cuts the first `len` values off `slice`.
pub(super) fn cut<'a>(slice: &mut &'a mut [f32], len: usize) -> &'a mut [f32] {
    let (head, tail) = core::mem::take(slice).split_at_mut(len);
    *slice = tail;
    head
}

/// A layer's parameters and what its forward pass leaves for the backward pass.
#[derive(Debug)]
enum Kind<'a> {
    Input,
    Dense(Dense<'a>),
    BatchNorm(batch_norm::State<'a>),
    InputNorm(InputNorm<'a>),
    Relu,
}

/// A layer of a stage and its output `[units][N]`.
#[derive(Debug)]
struct Slot<'a> {
    kind: Kind<'a>,
    out: &'a mut [f32],
}

impl Slot<'_> {
    fn reborrow(&mut self) -> Slot<'_> {
        let kind = match &mut self.kind {
            Kind::Input => Kind::Input,
            Kind::Dense(dense) => Kind::Dense(dense.reborrow()),
            Kind::BatchNorm(state) => Kind::BatchNorm(state.reborrow()),
            Kind::InputNorm(norm) => Kind::InputNorm(norm.reborrow()),
            Kind::Relu => Kind::Relu,
        };
        Slot { kind, out: self.out }
    }
}

impl<'a> Slot<'a> {
    /// Where the layer is a BatchNormalization, it leaves its gradients to the Dense's update, with this `room`.
    fn becomes_input_norm(&mut self, room: &mut &'a mut [f32]) {
        if let Kind::BatchNorm(norm) = &mut self.kind {
            self.kind = Kind::InputNorm(InputNorm { norm: core::mem::take(norm), room: core::mem::take(room) });
        }
    }

    fn take(&mut self, units: usize, n: usize) -> Slot<'a> {
        let kind = match &mut self.kind {
            Kind::Input => Kind::Input,
            Kind::Dense(dense) => Kind::Dense(dense.take(units)),
            Kind::BatchNorm(state) => Kind::BatchNorm(state.take(units)),
            Kind::InputNorm(norm) => Kind::InputNorm(norm.take(units)),
            Kind::Relu => Kind::Relu,
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
    /// Calls `work` for every part of the stage.
    pub(super) fn each_part<C: Compute>(&mut self, compute: &C, n: usize, work: impl Fn(&mut Stage) + Sync) {
        let share = share(compute, self.units);
        if share >= self.units {
            return work(self);
        }
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
        if let Some(Slot { kind: Kind::Dense(dense), .. }) = self.slots.first() {
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
        if let Some(Slot { kind: Kind::Dense(dense), out }) = self.slots.first_mut() {
            dense.forward(compute, x, out, n);
        }
        compute.vectorize(
            #[inline(always)]
            || {
                for index in 1..self.slots.len() {
                    let (before, after) = self.slots.split_at_mut(index);
                    let (x, slot) = (&mut *before[index - 1].out, &mut after[0]);
                    let (norm, keeps) = match &mut slot.kind {
                        Kind::BatchNorm(norm) => (norm, Keeps::X),
                        Kind::InputNorm(input) => (&mut input.norm, Keeps::XHat),
                        Kind::Input | Kind::Dense(_) | Kind::Relu => {
                            relu::forward(x, slot.out);
                            continue;
                        }
                    };
                    norm.forward(x, slot.out, n, keeps);
                }
            },
        );
    }

    /// All layers behind the first one backward, on `grad` in place, with SGD on what they learn.
    pub(super) fn backward<C: Compute>(&mut self, compute: &C, n: usize, rate: f32) {
        compute.vectorize(
            #[inline(always)]
            || {
                for index in (1..self.slots.len()).rev() {
                    let (before, after) = self.slots.split_at_mut(index);
                    let (x, slot) = (&*before[index - 1].out, &mut after[0]);
                    match &mut slot.kind {
                        Kind::BatchNorm(state) => state.backward(x, self.grad, n, rate),
                        Kind::Relu => relu::backward(slot.out, self.grad),
                        Kind::Input | Kind::Dense(_) | Kind::InputNorm(_) => {}
                    }
                }
            },
        );
    }

    /// SGD on the Dense, and on an [`InputNorm`] at the end of the stage `before`.
    pub(super) fn update<C: Compute>(&mut self, compute: &C, before: &mut Stage, n: usize, rate: f32) {
        let Some(Slot { kind: Kind::Dense(dense), .. }) = self.slots.first_mut() else { return };
        if let [.., Slot { out: x_hat, .. }, Slot { kind: Kind::InputNorm(norm), .. }] = &mut before.slots[..] {
            return norm.update(compute, x_hat, dense, self.grad, n, rate);
        }
        let x = before.output();
        self.each_part(compute, n, |part| {
            if let Some(Slot { kind: Kind::Dense(dense), .. }) = part.slots.first_mut() {
                dense.update(compute, x, part.grad, n, rate);
            }
        });
    }
}

/// The stages of `network` over parameters and a workspace that are long enough, for `n` examples.
pub(super) fn stages<'a>(
    network: Network,
    mut params: &'a mut [f32],
    mut workspace: &'a mut [f32],
    n: usize,
) -> Stages<'a> {
    let mut stages = Stages::new();
    let (layers, inputs) = (network.layers(), network.inputs());
    let before = BeforeDense::of(layers);
    let mut for_before = cut(&mut workspace, before.workspace(inputs, first_units(layers), n));
    let grad = if before == BeforeDense::More { core::mem::take(&mut for_before) } else { &mut [] };
    push_stage(&mut stages, inputs, Slot { kind: Kind::Input, out: cut(&mut workspace, inputs * n) }, grad);
    for place in network.placed() {
        let values = cut(&mut params, place.layer.params(place.inputs));
        let Some(mut slot) = slot(place, values, &mut workspace, n) else { continue };
        if before == BeforeDense::InputNorm && stages.len() == 1 {
            slot.becomes_input_norm(&mut for_before);
        }
        if let Layer::Dense { .. } = place.layer {
            push_stage(&mut stages, place.outputs, slot, cut(&mut workspace, place.outputs * n));
        } else if let Some(stage) = stages.last_mut() {
            let fits = stage.slots.push(slot).is_ok();
            debug_assert!(fits, "a valid list has at most MAX_BETWEEN layers between two Dense");
        }
    }
    stages
}

fn push_stage<'a>(stages: &mut Stages<'a>, units: usize, first: Slot<'a>, grad: &'a mut [f32]) {
    let fits = stages.push(Stage { first: 0, units, slots: [first].into_iter().collect(), grad }).is_ok();
    debug_assert!(fits, "a valid list has at most MAX_DENSE Dense");
}

/// The slot of a layer; none for Softmax, which the loss carries out.
fn slot<'a>(place: Placed, params: &'a mut [f32], workspace: &mut &'a mut [f32], n: usize) -> Option<Slot<'a>> {
    let kind = match place.layer {
        Layer::Softmax => return None,
        Layer::Relu => Kind::Relu,
        Layer::Dense { units, .. } => {
            let (kernel, bias) = params.split_at_mut(units as usize * place.inputs);
            Kind::Dense(Dense { inputs: place.inputs, kernel, bias })
        }
        Layer::BatchNorm { momentum, epsilon } => {
            let stats = cut(workspace, 2 * place.outputs);
            Kind::BatchNorm(batch_norm::State { momentum, epsilon, params, stats })
        }
    };
    Some(Slot { kind, out: cut(workspace, place.outputs * n) })
}

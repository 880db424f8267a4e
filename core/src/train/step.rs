//! One batch through a network: forward, loss, backward, and passing the gradients to the optimizer.
//!
//! Each of the four is a separate function, never inlined: each keeps a stage on the stack, and their frames must not
//! add up in one function. This costs a microcontroller one call per batch and saves several KB.

use super::loss::{Loss, Metrics, Outputs, Targets};
use super::optimizer::Step;
use super::stages::Stages;
use crate::compute::Compute;
use crate::examples::Examples;

/// The targets of a batch, and what is done with the gradients.
pub(super) struct Task<'a, S> {
    pub(super) loss: Loss,
    pub(super) targets: Targets<'a>,
    /// Weight of each class, or empty.
    pub(super) weights: &'a [f32],
    /// What is done with the gradients.
    pub(super) step: &'a S,
}

/// Executes a task that has been checked.
#[inline(never)]
pub(super) fn run<C: Compute, S: Step>(
    compute: &C,
    stages: &mut Stages,
    examples: &impl Examples,
    task: &Task<S>,
) -> Metrics {
    forward(compute, stages, examples);
    let metrics = loss(compute, stages, examples, task);
    backward(compute, stages, task.step);
    update(compute, stages, task.step);
    metrics
}

#[inline(never)]
fn forward<C: Compute>(compute: &C, stages: &mut Stages, examples: &impl Examples) {
    let n = stages.maker.n;
    stages.one(0, |first| {
        first.each_part(compute, n, |part| {
            let features = part.first..part.first + part.units;
            compute.vectorize(
                #[inline(always)]
                || examples.fill(features, part.input_mut()),
            );
            part.forward(compute, &[], n);
        })
    });
    for index in 1..stages.len() {
        stages.with_input(index, |stage, x| stage.each_part(compute, n, |part| part.forward(compute, x, n)));
    }
}

#[inline(never)]
fn loss<C: Compute, S>(compute: &C, stages: &mut Stages, examples: &impl Examples, task: &Task<S>) -> Metrics {
    let (n, inputs) = (stages.maker.n, stages.maker.network.inputs());
    stages.one(stages.len() - 1, |last| {
        let (z, d) = last.output_and_grad();
        compute.vectorize(
            #[inline(always)]
            || {
                if let Targets::Inputs = task.targets {
                    examples.fill(0..inputs, d);
                }
                Outputs { z, d, n }.evaluate(task.loss, task.targets, task.weights)
            },
        )
    })
}

/// Propagates the gradient from the outputs down to every Dense's outputs; passes the gradients of BatchNormalizations
/// to `step` on the way.
#[inline(never)]
fn backward<C: Compute, S: Step>(compute: &C, stages: &mut Stages, step: &S) {
    let n = stages.maker.n;
    stages.one(stages.len() - 1, |last| last.each_part(compute, n, |part| part.backward(compute, n, step)));
    for index in (1..stages.len()).rev() {
        stages.with_above(index, |stage, above| {
            if !stage.needs_gradient() {
                return;
            }
            stage.each_part(compute, n, |part| {
                above.input_gradient(compute, part.first, part.grad, n);
                part.backward(compute, n, step);
            });
        });
    }
}

/// Passes the gradients of every Dense, and of a BatchNormalization before the first, to `step`.
#[inline(never)]
fn update<C: Compute, S: Step>(compute: &C, stages: &mut Stages, step: &S) {
    let n = stages.maker.n;
    for index in 1..stages.len() {
        stages.with_below(index, |stage, below| stage.update(compute, below, n, step));
    }
}

//! Inference on a batch of floats with the moving statistics, like Keras's `training=False`.

use super::buffers::BufferError;
use super::params::cut;
use super::{batch_norm, dense, elementwise};
use crate::compute::{Compute, MAX_PARTS, share};
use crate::examples::Examples;
use crate::layer::Layer;
use crate::network::{Network, Placed};
use core::ops::Range;
use heapless::Vec;

/// Writes the logits `[C][N]` of the examples, before Softmax or Sigmoid.
///
/// # Errors
/// If a buffer does not have the length [`Network::params`], [`Network::predict_workspace`] or `C * N`.
pub fn predict<C: Compute>(
    compute: &C,
    network: Network,
    params: &[f32],
    workspace: &mut [f32],
    examples: &impl Examples,
    logits: &mut [f32],
) -> Result<(), BufferError> {
    let n = examples.len();
    check(network, params, workspace, n, logits)?;
    let (inputs, half) = (network.inputs(), network.widest() * n);
    let (mut x, mut y) = workspace[..2 * half].split_at_mut(half);
    each_part(compute, inputs, &mut x[..inputs * n], n, |units, out| {
        compute.vectorize(
            #[inline(always)]
            || examples.fill(units, out),
        );
    });
    for place in network.placed() {
        let (params, width) = (&params[place.range()], place.inputs * n);
        if let Layer::Dense { .. } = place.layer {
            let input = &x[..width];
            let out = &mut y[..place.outputs * n];
            each_part(compute, place.outputs, out, n, |units, out| {
                forward(compute, place, params, units, input, out, n)
            });
            core::mem::swap(&mut x, &mut y);
        } else {
            let out = &mut x[..width];
            each_part(compute, place.outputs, out, n, |units, out| {
                in_place(compute, place.layer, params, units, out, n)
            });
        }
    }
    logits.copy_from_slice(&x[..logits.len()]);
    Ok(())
}

fn check(network: Network, params: &[f32], workspace: &[f32], n: usize, logits: &[f32]) -> Result<(), BufferError> {
    let needed = network.params();
    if params.len() != needed {
        return Err(BufferError::Params { needed });
    }
    let needed = network.predict_workspace(n);
    if workspace.len() < needed {
        return Err(BufferError::Workspace { needed });
    }
    let needed = network.outputs() * n;
    if n == 0 || logits.len() != needed {
        return Err(BufferError::Output { needed });
    }
    Ok(())
}

/// Calls `work` with the number and the rows of `out [units][N]` for every part of the units.
fn each_part<C: Compute>(
    compute: &C,
    units: usize,
    mut out: &mut [f32],
    n: usize,
    work: impl Fn(Range<usize>, &mut [f32]) + Sync,
) {
    let share = share(compute, units);
    let mut tasks: Vec<(Range<usize>, &mut [f32]), MAX_PARTS> = (0..units)
        .step_by(share)
        .map(|first| {
            let units = first..units.min(first + share);
            let rows = cut(&mut out, units.len() * n);
            (units, rows)
        })
        .collect();
    compute.each(&mut tasks, |(units, out)| work(units.clone(), out));
}

/// Computes some `units` of a Dense.
fn forward<C: Compute>(
    compute: &C,
    place: Placed,
    params: &[f32],
    units: Range<usize>,
    x: &[f32],
    z: &mut [f32],
    n: usize,
) {
    let (kernel, bias) = params.split_at(place.outputs * place.inputs);
    let kernel = &kernel[units.start * place.inputs..units.end * place.inputs];
    let bias = if bias.is_empty() { bias } else { &bias[units] };
    dense::forward(compute, kernel, bias, x, z, n);
}

/// Computes some `units` of a layer that is not a Dense; Softmax and Sigmoid are left to the caller.
fn in_place<C: Compute>(compute: &C, layer: Layer, params: &[f32], units: Range<usize>, x: &mut [f32], n: usize) {
    const VALUES: usize = crate::math::BatchNorm::VALUES;
    compute.vectorize(
        #[inline(always)]
        || match layer {
            Layer::BatchNorm { epsilon, .. } => {
                batch_norm::infer(&params[units.start * VALUES..units.end * VALUES], epsilon, x, n)
            }
            other => elementwise::infer(other, x),
        },
    );
}

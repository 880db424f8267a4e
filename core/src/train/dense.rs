//! Dense: `z = kernel x + bias`, its gradients, and its update within the product that computes them.

use super::optimizer::{MAX_STATE, Step, Tensor, TensorKind};
use super::params::{Params, part};
use crate::compute::Compute;
use crate::math;
use crate::matrix::{Mat, Tile, Write};

/// Parameters of all or some of the units `0..O` of a Dense: kernel `[O][I]`, bias `[O]` or empty.
#[derive(Debug, Default)]
pub(super) struct Dense<'a> {
    pub(super) inputs: usize,
    /// Position of the layer in the network.
    pub(super) layer: usize,
    pub(super) kernel: Params<'a>,
    pub(super) bias: Params<'a>,
}

impl Dense<'_> {
    pub(super) fn reborrow(&mut self) -> Dense<'_> {
        let Self { inputs, layer, .. } = *self;
        Dense { inputs, layer, kernel: self.kernel.reborrow(), bias: self.bias.reborrow() }
    }

    /// `z [O][N] = kernel [O][I] x [I][N] + bias [O]`
    pub(super) fn forward<C: Compute>(&self, compute: &C, x: &[f32], z: &mut [f32], n: usize) {
        forward(compute, self.kernel.values, self.bias.values, x, z, n);
    }

    /// `d_x [rows][N] = kernel^T d_z [O][N]`, for the `rows` of the inputs that begin with `first`.
    pub(super) fn backward<C: Compute>(&self, compute: &C, d_z: &[f32], first: usize, d_x: &mut [f32], n: usize) {
        let (units, rows) = (d_z.len() / n, d_x.len() / n);
        let kernel = Mat::new(self.kernel.values, units, self.inputs);
        compute.product(d_x, Write::Replace, kernel.columns(first, rows).transposed(), Mat::new(d_z, units, n));
    }

    /// Hands `d_kernel = d_z x^T` and `d_bias = sum_n d_z` to `step`, the former in tiles, or as the product itself if
    /// `step` is just a scaled addition. `d_z [O][N]`, `x [I][N]`; the first unit has number `first` within the layer.
    pub(super) fn update<C: Compute, S: Step>(
        &mut self,
        compute: &C,
        x: &[f32],
        d_z: &[f32],
        n: usize,
        first: usize,
        step: &S,
    ) {
        let (d_z_matrix, x) = (Mat::new(d_z, d_z.len() / n, n), Mat::new(x, self.inputs, n));
        match step.factor() {
            Some(factor) => compute.product(self.kernel.values, Write::Add { factor }, d_z_matrix, x.transposed()),
            None => {
                let (tensor, state) = (self.tensor(TensorKind::Kernel, first), &mut self.kernel.state);
                compute.product_in_tiles(
                    self.kernel.values,
                    d_z_matrix,
                    x.transposed(),
                    #[inline(always)]
                    |tile| apply(step, tensor, tile, state),
                );
            }
        }
        let tensor = self.tensor(TensorKind::Bias, first);
        compute.vectorize(
            #[inline(always)]
            || {
                for (unit, d_z) in d_z.chunks_exact(n).enumerate().take(self.bias.values.len()) {
                    self.bias.apply(step, tensor.from(unit), unit, &[math::sum(d_z)]);
                }
            },
        );
    }

    /// A tensor of this layer from unit number `first` on.
    pub(super) fn tensor(&self, kind: TensorKind, first: usize) -> Tensor {
        let columns = if kind == TensorKind::Kernel { self.inputs } else { 1 };
        Tensor { layer: self.layer, kind, first: first * columns, columns }
    }
}

impl Tensor {
    /// The same tensor, starting `offset` values later.
    #[inline(always)]
    pub(super) fn from(self, offset: usize) -> Self {
        Self { first: self.first + offset, ..self }
    }
}

/// Hands a tile of the kernel's gradient to `step`, row by row; `state [O][I]`.
#[inline(always)]
fn apply<S: Step>(step: &S, tensor: Tensor, tile: Tile, state: &mut [&mut [f32]; MAX_STATE]) {
    for row in 0..tile.rows {
        let at = (tile.row + row) * tensor.columns + tile.col;
        let values = &mut tile.out[row * tensor.columns..][..tile.width];
        let gradient = &tile.product[row * tile.stride..][..tile.width];
        let [a, b] = &mut *state;
        let state = [part(a, at, tile.width), part(b, at, tile.width)];
        step.apply(tensor.from(at), values, state, gradient);
    }
}

impl<'a> Dense<'a> {
    /// Splits off the first `units` units.
    pub(super) fn take(&mut self, units: usize) -> Dense<'a> {
        let Self { inputs, layer, .. } = *self;
        let bias = units.min(self.bias.values.len());
        Dense { inputs, layer, kernel: self.kernel.take(units * inputs), bias: self.bias.take(bias) }
    }
}

/// `z [O][N] = kernel [O][I] x [I][N] + bias [O]`; without a bias if it is empty.
pub(super) fn forward<C: Compute>(compute: &C, kernel: &[f32], bias: &[f32], x: &[f32], z: &mut [f32], n: usize) {
    let (units, inputs) = (z.len() / n, x.len() / n);
    compute.product(z, Write::Replace, Mat::new(kernel, units, inputs), Mat::new(x, inputs, n));
    compute.vectorize(
        #[inline(always)]
        || {
            for (z, bias) in z.chunks_exact_mut(n).zip(bias.iter()) {
                z.iter_mut().for_each(|z| *z += bias);
            }
        },
    );
}

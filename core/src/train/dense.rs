//! Dense: `z = kernel x + bias`, its gradients, and its update by SGD in the same product.

use super::stage::cut;
use crate::compute::Compute;
use crate::math;
use crate::matrix::{Mat, Write};

/// Parameters of the units `0..O` of a Dense, or of some of them: kernel `[O][I]`, bias `[O]` or empty.
#[derive(Debug, Default)]
pub(super) struct Dense<'a> {
    pub(super) inputs: usize,
    pub(super) kernel: &'a mut [f32],
    pub(super) bias: &'a mut [f32],
}

impl Dense<'_> {
    pub(super) fn reborrow(&mut self) -> Dense<'_> {
        Dense { inputs: self.inputs, kernel: self.kernel, bias: self.bias }
    }

    /// `z [O][N] = kernel [O][I] x [I][N] + bias [O]`
    pub(super) fn forward<C: Compute>(&self, compute: &C, x: &[f32], z: &mut [f32], n: usize) {
        forward(compute, self.kernel, self.bias, x, z, n);
    }

    /// `d_x [rows][N] = kernel^T d_z [O][N]`, for the `rows` of the inputs that begin with `first`.
    pub(super) fn backward<C: Compute>(&self, compute: &C, d_z: &[f32], first: usize, d_x: &mut [f32], n: usize) {
        let (units, rows) = (d_z.len() / n, d_x.len() / n);
        let kernel = Mat::new(self.kernel, units, self.inputs);
        compute.product(d_x, Write::Replace, kernel.columns(first, rows).transposed(), Mat::new(d_z, units, n));
    }

    /// `kernel -= rate d_z x^T`, `bias -= rate sum_n d_z`: the update is the product itself. `d_z [O][N]`, `x [I][N]`.
    pub(super) fn update<C: Compute>(&mut self, compute: &C, x: &[f32], d_z: &[f32], n: usize, rate: f32) {
        let (d_z_matrix, x) = (Mat::new(d_z, d_z.len() / n, n), Mat::new(x, self.inputs, n));
        compute.product(self.kernel, Write::Add { factor: -rate }, d_z_matrix, x.transposed());
        compute.vectorize(
            #[inline(always)]
            || {
                for (bias, d_z) in self.bias.iter_mut().zip(d_z.chunks_exact(n)) {
                    *bias -= rate * math::sum(d_z);
                }
            },
        );
    }
}

impl<'a> Dense<'a> {
    /// Cuts off the first `units` units.
    pub(super) fn take(&mut self, units: usize) -> Dense<'a> {
        let bias = units.min(self.bias.len());
        Dense {
            inputs: self.inputs,
            kernel: cut(&mut self.kernel, units * self.inputs),
            bias: cut(&mut self.bias, bias),
        }
    }
}

/// `z [O][N] = kernel [O][I] x [I][N] + bias [O]`; no bias where it is empty.
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

//! Only the products of a step, with the same sizes and split over threads in the same way: the speed of the machine's
//! arithmetic when nothing else has to be done.

use foldnet::compute::Aligned;
use foldnet_core::matrix::{Mat, Write};
use foldnet_core::{Compute, Layer, Network};
use std::time::{Duration, Instant};

/// Minimum number of units in a part, as in core.
const LEAST_UNITS: usize = 16;

/// One Dense: `kernel [O][I]`, `x [I][N]`, `z [O][N]`.
struct Dense {
    inputs: usize,
    units: usize,
    kernel: Aligned,
    x: Aligned,
    z: Aligned,
}

/// The Dense of a network, with constant values.
pub struct Products {
    dense: Vec<Dense>,
    batch: usize,
}

/// Values of both signs below 1.
fn values(count: usize) -> Aligned {
    let mut values = Aligned::zeros(count);
    values.iter_mut().enumerate().for_each(|(i, value)| *value = (i * 613 % 1021) as f32 / 512.0 - 1.0);
    values
}

/// Calls `work` with the first row and the rows of `out [..][width]` for every part.
fn split<C: Compute>(compute: &C, out: &mut [f32], width: usize, work: impl Fn(usize, &mut [f32]) + Sync) {
    let rows = out.len() / width;
    let share = rows.div_ceil(compute.parts().min(rows / LEAST_UNITS).max(1));
    let mut parts: Vec<_> = out.chunks_mut(share * width).enumerate().collect();
    compute.each(&mut parts, |(index, out)| work(*index * share, out));
}

impl Dense {
    fn forward<C: Compute>(&mut self, compute: &C, n: usize) {
        let (inputs, kernel, x) = (self.inputs, &self.kernel, Mat::new(&self.x, self.inputs, n));
        split(compute, &mut self.z, n, |first, z| {
            let rows = z.len() / n;
            let kernel = &kernel[first * inputs..(first + rows) * inputs];
            compute.product(z, Write::Replace, Mat::new(kernel, rows, inputs), x);
        });
    }

    fn backward<C: Compute>(&mut self, compute: &C, n: usize) {
        let (kernel, z) = (Mat::new(&self.kernel, self.units, self.inputs), Mat::new(&self.z, self.units, n));
        split(compute, &mut self.x, n, |first, x| {
            compute.product(x, Write::Replace, kernel.columns(first, x.len() / n).transposed(), z);
        });
    }

    fn update<C: Compute>(&mut self, compute: &C, n: usize) {
        let (inputs, z, x) = (self.inputs, &self.z, Mat::new(&self.x, self.inputs, n).transposed());
        split(compute, &mut self.kernel, inputs, |first, kernel| {
            let rows = kernel.len() / inputs;
            let z = Mat::new(&z[first * n..(first + rows) * n], rows, n);
            compute.product(kernel, Write::Add { factor: -1e-12 }, z, x);
        });
    }
}

impl Products {
    /// Those of `layers` on `inputs` values, in batches of `batch`.
    pub fn new(network: Network, batch: usize) -> Self {
        let places = network.placed().filter(|place| matches!(place.layer, Layer::Dense { .. }));
        let dense = places.map(|place| Dense {
            inputs: place.inputs,
            units: place.outputs,
            kernel: values(place.outputs * place.inputs),
            x: values(place.inputs * batch),
            z: values(place.outputs * batch),
        });
        Self { dense: dense.collect(), batch }
    }

    /// The products of `count` steps.
    pub fn time<C: Compute>(&mut self, compute: &C, count: usize) -> Duration {
        let start = Instant::now();
        for _ in 0..count {
            self.dense.iter_mut().for_each(|dense| dense.forward(compute, self.batch));
            self.dense.iter_mut().skip(1).rev().for_each(|dense| dense.backward(compute, self.batch));
            self.dense.iter_mut().for_each(|dense| dense.update(compute, self.batch));
            // Sums of sums would grow without bound; z and x are written by every step, so this is as good as new.
            self.dense.iter_mut().skip(1).for_each(|dense| dense.x.iter_mut().for_each(|x| *x *= 1e-3));
        }
        start.elapsed()
    }

    /// The first forward product of `count` steps: the largest, and the fastest of the three of its size.
    pub fn time_largest<C: Compute>(&mut self, compute: &C, count: usize) -> Duration {
        let start = Instant::now();
        for _ in 0..count {
            self.dense[0].forward(compute, self.batch);
        }
        start.elapsed()
    }
}

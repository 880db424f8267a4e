//! One step of stochastic gradient descent on a batch.

use super::loss::{self, Metrics};
use super::stage::{Stages, stages};
use super::{BufferError, Examples};
use crate::compute::Compute;
use crate::network::Network;

/// Trains a network in buffers of the caller.
///
/// ```
/// use foldnet_core::train::{Rows, Trainer, initialize};
/// use foldnet_core::{Layer, Network, Portable, Shape};
/// # use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
/// const LAYERS: [Layer; 4] = [Layer::dense(8), Layer::batch_norm(), Layer::Relu, Layer::dense(2)];
/// const NETWORK: Network = Network::of(&LAYERS, Shape::count(2));
/// let mut params = [0.0; NETWORK.params()];
/// let mut workspace = [0.0; NETWORK.train_workspace(4)];
/// initialize(NETWORK, &mut params, &mut ChaCha8Rng::seed_from_u64(42));
/// let mut trainer = Trainer::new(NETWORK, &mut params, &mut workspace, 4)?;
/// let (xor, labels) = ([0., 0., 0., 1., 1., 0., 1., 1.], [0, 1, 1, 0]);
/// let mut metrics = trainer.step(&Portable, &Rows::new(&xor, 2), &labels, 0.1)?;
/// for _ in 0..200 {
///     metrics = trainer.step(&Portable, &Rows::new(&xor, 2), &labels, 0.1)?;
/// }
/// assert_eq!(metrics.correct, 4);
/// # Ok::<(), foldnet_core::train::BufferError>(())
/// ```
#[derive(Debug)]
pub struct Trainer<'a> {
    network: Network<'a>,
    params: &'a mut [f32],
    workspace: &'a mut [f32],
    batch: usize,
}

impl<'a> Trainer<'a> {
    /// A trainer for batches of at most `batch` examples.
    ///
    /// # Errors
    /// When `params` is not [`Network::params`] long, or `workspace` is shorter than [`Network::train_workspace`].
    pub fn new(
        network: Network<'a>,
        params: &'a mut [f32],
        workspace: &'a mut [f32],
        batch: usize,
    ) -> Result<Self, BufferError> {
        let (needed, most) = (network.params(), network.train_workspace(batch));
        if params.len() != needed {
            return Err(BufferError::Params { needed });
        }
        if workspace.len() < most {
            return Err(BufferError::Workspace { needed: most });
        }
        Ok(Self { network, params, workspace, batch })
    }

    /// The parameters as they stand.
    pub fn params(&self) -> &[f32] {
        self.params
    }

    /// One step on the examples, `1..=batch` of them, with a label below the number of classes for each.
    ///
    /// Moving statistics move, then every parameter `p` becomes `p - learning_rate dL/dp`, with `L` the mean
    /// cross-entropy of the softmax of the network's output (whether or not Softmax stands in the list).
    ///
    /// # Errors
    /// When there are too few, too many, or unequally many examples and labels, or a label is not a class; nothing is
    /// changed then.
    pub fn step<C: Compute>(
        &mut self,
        compute: &C,
        examples: &impl Examples,
        labels: &[u8],
        learning_rate: f32,
    ) -> Result<Metrics, BufferError> {
        let n = examples.len();
        self.check(n, labels)?;
        let mut stages = stages(self.network, self.params, self.workspace, n);
        forward(compute, &mut stages, examples, n);
        let last = stages.len() - 1;
        let (logits, d_logits) = stages[last].output_and_grad();
        let metrics = compute.vectorize(
            #[inline(always)]
            || loss::cross_entropy(logits, labels, d_logits),
        );
        backward(compute, &mut stages, n, learning_rate);
        update(compute, &mut stages, n, learning_rate);
        Ok(metrics)
    }

    fn check(&self, n: usize, labels: &[u8]) -> Result<(), BufferError> {
        if n == 0 || n > self.batch || labels.len() != n {
            return Err(BufferError::Batch { most: self.batch });
        }
        let classes = self.network.outputs();
        match labels.iter().find(|&&label| usize::from(label) >= classes) {
            Some(&label) => Err(BufferError::Label { label }),
            None => Ok(()),
        }
    }
}

fn forward<C: Compute>(compute: &C, stages: &mut Stages, examples: &impl Examples, n: usize) {
    stages[0].each_part(compute, n, |part| {
        let features = part.first..part.first + part.units;
        compute.vectorize(
            #[inline(always)]
            || examples.fill(features, part.input_mut()),
        );
        part.forward(compute, &[], n);
    });
    for index in 1..stages.len() {
        let (before, after) = stages.split_at_mut(index);
        let x = before[index - 1].output();
        after[0].each_part(compute, n, |part| part.forward(compute, x, n));
    }
}

/// From the gradient of the logits down to that of every Dense's outputs, with SGD on the BatchNormalizations.
fn backward<C: Compute>(compute: &C, stages: &mut Stages, n: usize, rate: f32) {
    if let Some(last) = stages.last_mut() {
        last.each_part(compute, n, |part| part.backward(compute, n, rate));
    }
    for index in (1..stages.len()).rev() {
        let (before, after) = stages.split_at_mut(index);
        let (below, above) = (&mut before[index - 1], &after[0]);
        if !below.needs_gradient() {
            break;
        }
        below.each_part(compute, n, |part| {
            above.input_gradient(compute, part.first, part.grad, n);
            part.backward(compute, n, rate);
        });
    }
}

fn update<C: Compute>(compute: &C, stages: &mut Stages, n: usize, rate: f32) {
    for index in 1..stages.len() {
        let (before, after) = stages.split_at_mut(index);
        after[0].update(compute, &mut before[index - 1], n, rate);
    }
}

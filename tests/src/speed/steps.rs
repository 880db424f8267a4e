//! Whole steps of training on random images: gathering, standardizing, forward, loss, backward and SGD.

use super::{CLASSES, EPOCH, INPUTS, SHAPE};
use foldnet::compute::Aligned;
use foldnet_core::standardize::{PixelScaling, Standardized};
use foldnet_core::train::{Metrics, Targets, Trainer, initialize};
use foldnet_core::{Compute, Layer, Network};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use std::time::{Duration, Instant};

/// Random images and labels, one epoch's worth so that no batch is still cached, and the order in which to use them.
pub struct Data {
    pixels: Vec<u8>,
    labels: Vec<u16>,
    order: Vec<u32>,
    scale: Vec<f32>,
    shift: Vec<f32>,
}

impl Data {
    /// The same on every machine.
    pub fn random() -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut pixels = vec![0; EPOCH * INPUTS];
        rng.fill_bytes(&mut pixels);
        let labels = (0..EPOCH).map(|_| (rng.next_u32() % CLASSES as u32) as u16).collect();
        let order = (0..EPOCH).map(|_| rng.next_u32() % EPOCH as u32).collect();
        let (mut scale, mut shift) = (vec![0.0; INPUTS], vec![0.0; INPUTS]);
        PixelScaling::Standardized { mean: &[0.5; INPUTS], std: &[0.3; INPUTS] }.tables(&mut scale, &mut shift);
        Self { pixels, labels, order, scale, shift }
    }

    /// Batch number `index` of `size` images, wrapping around.
    pub fn batch(&self, index: usize, size: usize) -> (Standardized<'_, u8>, &[u16]) {
        let first = index % (EPOCH / size) * size;
        let picked = &self.order[first..first + size];
        let pixels = Standardized { values: &self.pixels, picked, scale: &self.scale, shift: &self.shift };
        (pixels, &self.labels[first..first + size])
    }
}

/// A network being trained.
pub struct Steps<'a> {
    data: &'a Data,
    layers: Vec<Layer>,
    batch: usize,
    params: Aligned,
    workspace: Aligned,
    next: usize,
}

impl<'a> Steps<'a> {
    /// Fresh weights, the same on every machine.
    pub fn new(data: &'a Data, layers: Vec<Layer>, batch: usize) -> Self {
        let network = Network::of(&layers, SHAPE);
        let mut params = Aligned::zeros(network.params());
        initialize(network, &mut params, &mut ChaCha8Rng::seed_from_u64(42));
        let workspace = Aligned::zeros(network.train_workspace(batch));
        Self { data, layers, batch, params, workspace, next: 0 }
    }

    /// The current parameters.
    pub fn params(&self) -> &[f32] {
        &self.params
    }

    /// One more step.
    ///
    /// # Panics
    /// If the layers do not form a valid network.
    pub fn step<C: Compute>(&mut self, compute: &C) -> Metrics {
        let Self { data, layers, batch, params, workspace, next } = self;
        let (pixels, labels) = data.batch(*next, *batch);
        *next += 1;
        let network = Network::of(layers, SHAPE);
        let mut trainer = Trainer::new(network, params, workspace, *batch).expect("a network");
        trainer.step(compute, &pixels, Targets::Classes(labels), 0.01).expect("a batch")
    }

    /// `count` more steps.
    pub fn time<C: Compute>(&mut self, compute: &C, count: usize) -> Duration {
        let start = Instant::now();
        for _ in 0..count {
            self.step(compute);
        }
        start.elapsed()
    }
}

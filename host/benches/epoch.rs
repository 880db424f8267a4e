//! The training speed of this machine: products with the sizes of the notebook's models, and whole steps of both models.
//!
//! `cargo bench -p foldnet` prints times per step and GFLOP/s or images/s; an epoch is 1,719 steps of 32 images.

use divan::Bencher;
use divan::counter::ItemsCount;
use foldnet::compute::Fast;
use foldnet::network::architecture::NormPlacement;
use foldnet_core::compute::{Compute, Portable};
use foldnet_core::matrix::{Mat, Write};
use foldnet_core::standardize::{PixelScaling, Standardized};
use foldnet_core::train::{Targets, Trainer, initialize};
use foldnet_core::{Layer, Network, Shape};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

const BATCH: usize = 32;
const INPUTS: usize = 784;
/// Enough that picked images are not in the caches.
const IMAGES: usize = 55_000;
const THREADS: [usize; 2] = [1, 2];

fn main() {
    println!("{}", Fast::new(*THREADS.last().unwrap_or(&1)).description());
    divan::main();
}

/// Inputs and units of the three Dense.
const SIZES: [(usize, usize); 3] = [(INPUTS, 300), (300, 100), (100, 10)];

/// Values of both signs below 1.
fn values(count: usize) -> Vec<f32> {
    (0..count).map(|i| (i * 613 % 1021) as f32 / 512.0 - 1.0).collect()
}

/// Times a matrix product on one thread, after checking it against the oracle.
fn product(bencher: Bencher, write: Write, a: Mat, b: Mat) {
    let fast = Fast::new(1);
    let (mut out, mut expected) = (vec![0.0; a.rows() * b.cols()], vec![0.0; a.rows() * b.cols()]);
    fast.product(&mut out, write, a, b);
    Portable.product(&mut expected, write, a, b);
    let close = |(x, y): (&f32, &f32)| (x - y).abs() <= 1e-4 * (1.0 + y.abs());
    assert!(out.iter().zip(&expected).all(close), "the product is wrong");
    let operations = 2 * a.rows() * a.cols() * b.cols();
    bencher.counter(ItemsCount::new(operations)).bench_local(|| fast.product(&mut out, write, a, b));
}

#[divan::bench(args = SIZES)]
fn product_forward(bencher: Bencher, (inputs, units): (usize, usize)) {
    let (kernel, x) = (values(units * inputs), values(inputs * BATCH));
    product(bencher, Write::Replace, Mat::new(&kernel, units, inputs), Mat::new(&x, inputs, BATCH));
}

#[divan::bench(args = SIZES)]
fn product_backward(bencher: Bencher, (inputs, units): (usize, usize)) {
    let (kernel, d_z) = (values(units * inputs), values(units * BATCH));
    let kernel = Mat::new(&kernel, units, inputs).transposed();
    product(bencher, Write::Replace, kernel, Mat::new(&d_z, units, BATCH));
}

#[divan::bench(args = SIZES)]
fn product_update(bencher: Bencher, (inputs, units): (usize, usize)) {
    let (d_z, x) = (values(units * BATCH), values(inputs * BATCH));
    let write = Write::Add { factor: -1e-6 };
    product(bencher, write, Mat::new(&d_z, units, BATCH), Mat::new(&x, inputs, BATCH).transposed());
}

#[divan::bench(args = THREADS)]
fn step_after(bencher: Bencher, threads: usize) {
    step(bencher, &NormPlacement::After.layers(&[300, 100], 10), threads);
}

#[divan::bench(args = THREADS)]
fn step_before(bencher: Bencher, threads: usize) {
    step(bencher, &NormPlacement::Before.layers(&[300, 100], 10), threads);
}

/// Random images and labels, and an order to pick them in.
struct Data {
    pixels: Vec<u8>,
    labels: Vec<u16>,
    order: Vec<u32>,
    scale: Vec<f32>,
    shift: Vec<f32>,
}

impl Data {
    fn random() -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut pixels = vec![0; IMAGES * INPUTS];
        rng.fill_bytes(&mut pixels);
        let labels = (0..IMAGES).map(|_| (rng.next_u32() % 10) as u16).collect();
        let order = (0..IMAGES).map(|_| rng.next_u32() % IMAGES as u32).collect();
        let (mut scale, mut shift) = (vec![0.0; INPUTS], vec![0.0; INPUTS]);
        PixelScaling::Standardized { mean: &[0.5; INPUTS], std: &[0.3; INPUTS] }.tables(&mut scale, &mut shift);
        Self { pixels, labels, order, scale, shift }
    }

    /// Batch number `index`, wrapping around.
    fn batch(&self, index: usize) -> (Standardized<'_, u8>, &[u16]) {
        let first = index % (IMAGES / BATCH) * BATCH;
        let picked = &self.order[first..first + BATCH];
        let pixels = Standardized { values: &self.pixels, picked, scale: &self.scale, shift: &self.shift };
        (pixels, &self.labels[first..first + BATCH])
    }
}

/// Times steps, once the first ten agree with the oracle's.
fn step(bencher: Bencher, layers: &[Layer], threads: usize) {
    let (data, fast) = (Data::random(), Fast::new(threads));
    let (mut params, expected) = (first_steps(layers, &data, &fast), first_steps(layers, &data, &Portable));
    let close = |(x, y): (&f32, &f32)| (x - y).abs() <= 1e-3 * (1.0 + y.abs());
    assert!(params.iter().zip(&expected).all(close), "the step is wrong");
    let network = Network::of(layers, Shape::count(INPUTS));
    let mut workspace = vec![0.0; network.train_workspace(BATCH)];
    let mut trainer = Trainer::new(network, &mut params, &mut workspace, BATCH).expect("a network");
    let mut index = 0;
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| {
        let (pixels, labels) = data.batch(index);
        index += 1;
        trainer.step(&fast, &pixels, Targets::Classes(labels), 0.01).expect("a batch")
    });
}

fn first_steps(layers: &[Layer], data: &Data, compute: &impl Compute) -> Vec<f32> {
    let network = Network::of(layers, Shape::count(INPUTS));
    let mut params = vec![0.0; network.params()];
    initialize(network, &mut params, &mut ChaCha8Rng::seed_from_u64(42));
    let mut workspace = vec![0.0; network.train_workspace(BATCH)];
    let mut trainer = Trainer::new(network, &mut params, &mut workspace, BATCH).expect("a network");
    for index in 0..10 {
        let (pixels, labels) = data.batch(index);
        trainer.step(compute, &pixels, Targets::Classes(labels), 0.01).expect("a batch");
    }
    params
}

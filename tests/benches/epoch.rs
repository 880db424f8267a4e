//! The training speed of this machine: products with the sizes of the notebook's models, and whole steps of both models.
//!
//! `cargo bench -p foldnet-tests --bench epoch` prints times per step and GFLOP/s or images/s; an epoch is 1,719 steps of 32 images.

use divan::Bencher;
use divan::counter::ItemsCount;
use foldnet::compute::Fast;
use foldnet::network::architecture::NormPlacement;
use foldnet_core::compute::{Compute, Portable};
use foldnet_core::matrix::{Mat, Write};
use foldnet_tests::speed::steps::{Data, Steps};
use foldnet_tests::speed::{CLASSES, INPUTS};

const BATCH: usize = 32;
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

/// Times a product on one thread, once it agrees with the oracle's.
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
    step(bencher, NormPlacement::After, threads);
}

#[divan::bench(args = THREADS)]
fn step_before(bencher: Bencher, threads: usize) {
    step(bencher, NormPlacement::Before, threads);
}

/// Times steps, once the first ten agree with the oracle's.
fn step(bencher: Bencher, norm: NormPlacement, threads: usize) {
    let (data, fast) = (Data::random(), Fast::new(threads));
    let layers = || norm.layers(&[300, 100], CLASSES as u32);
    let mut steps = first_steps(Steps::new(&data, layers(), BATCH), &fast);
    let expected = first_steps(Steps::new(&data, layers(), BATCH), &Portable);
    let close = |(x, y): (&f32, &f32)| (x - y).abs() <= 1e-3 * (1.0 + y.abs());
    assert!(steps.params().iter().zip(expected.params()).all(close), "the step is wrong");
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| steps.step(&fast));
}

fn first_steps<'a>(mut steps: Steps<'a>, compute: &impl Compute) -> Steps<'a> {
    steps.time(compute, 10);
    steps
}

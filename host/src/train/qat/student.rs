//! The student: the network of integers initialized from the float network.

use super::levels::{levels, rounded};
use crate::deploy::inputs::{choose, fold_into};
use crate::deploy::quantize::{ImageWeights, MAX_INPUTS, activation_step, row_scale};
use crate::deploy::shrink::{Shrinker, Shrunk, ShrunkLayers, Start, Wanted};
use crate::files::open::ImageSize;
use crate::model::fold::{FoldedLayer, fold};
use crate::model::head::Head;
use crate::model::integer_layers::raise_steps;
use crate::network::checkpoint::{About, Checkpoint, PixelStatistics, Quantized};
use crate::network::groups::Groups;
use crate::network::windows;
use anyhow::{Context, bail};
use foldnet_core::layer::Role;
use foldnet_core::matrix::{Mat, Write};
use foldnet_core::network::LayerList;
use foldnet_core::{Compute, Layer};
use foldnet_data::View;
use nalgebra::DMatrix;

/// Epsilon of BatchNormalization; the variances of sums with integer kernels are far larger.
const EPSILON: f32 = 1e-3;

/// A network of integers, and its latents.
#[derive(Debug, Clone)]
pub struct Student {
    /// Kernels hold integers, those of the last Dense times a scale per row; inputs are a device's bytes divided by 255.
    pub network: Checkpoint,
    /// `[P]`, in the order of the parameters: `-1..=1` for the values of kernels, 0 for everything else.
    pub(super) latents: Vec<f32>,
    /// What was merged and removed first.
    pub smaller: Option<Shrunk>,
}

impl Student {
    /// Bits per weight of each Dense.
    pub(super) fn bits(&self) -> &[u8] {
        self.network.about.quantized.as_ref().map_or(&[], |quantized| &quantized.bits)
    }

    /// Scale of each row of the last Dense.
    pub(super) fn scales(&self) -> &[f32] {
        self.network.about.quantized.as_ref().map_or(&[], |quantized| &quantized.scales)
    }
}

/// The student of a trained network, made smaller if `wanted` says so, with `bits` for all layers or for each,
/// initialized on examples of the training set in the form of the network's inputs.
///
/// # Errors
/// If the network cannot be folded, or `bits` are not 8, 4 or 2, or not one for each layer; also if nothing can be made
/// smaller within the allowed loss.
pub fn student<C: Compute>(
    teacher: &Checkpoint,
    bits: &[u8],
    wanted: Option<&Wanted>,
    some: View,
    compute: &C,
) -> anyhow::Result<Student> {
    let mut folded = fold(teacher).context("this network cannot be trained in integers")?;
    let bits = bits_per_layer(bits, folded.len())?;
    let windows = choose(some).inputs.without_inversion();
    fold_into(&windows, &mut folded[0]);
    let (ShrunkLayers { layers: folded, groups }, smaller) = match wanted {
        Some(wanted) => shrunk(teacher, &folded, &windows, &bits, wanted)?,
        None => (ShrunkLayers { layers: folded, groups: Groups::default() }, None),
    };
    let mut builder =
        Builder { layers: Vec::new(), params: Vec::new(), latents: Vec::new(), scales: Vec::new(), compute };
    let count = folded[0].inputs;
    let codes = windows.codes(some.inputs, teacher.inputs());
    let x = transposed(&groups.average(&codes), count, |&code| f32::from(code) / 255.0);
    let float =
        transposed(&groups.average_exact(&windows.in_steps(some.inputs, teacher.inputs())), count, |&x| x as f32);
    let mut inputs = Inputs { x, float, n: some.len(), first: true };
    for (index, (layer, &bits)) in folded.iter().zip(&bits).enumerate() {
        inputs = builder.push(layer, bits, &inputs, index + 1 == folded.len());
    }
    builder.layers.extend(teacher.layers.last().filter(|last| last.role() == Role::Head));
    let Builder { layers, params, latents, scales, .. } = builder;
    let quantized = Some(Quantized { bits, scales, windows: windows.windows(), groups });
    let about = About { quantized, scales: Vec::new(), ..teacher.about.clone() };
    let layers = LayerList::new(layers, count)?;
    let mut network = Checkpoint { layers, params, about, ..teacher.clone() };
    if count < teacher.inputs() {
        let shape = ImageSize::of(teacher).shape;
        network.about.shape = shape.map(|shape| [shape.height, shape.width, shape.channels]);
        // These are statistics of the values, which are no longer its inputs.
        (network.image, network.pixels) = (None, PixelStatistics::Raw);
    }
    raise_steps(&mut network)?;
    Ok(Student { network, latents, smaller })
}

/// The smaller network of `folded`, which takes the bytes of `windows`.
fn shrunk(
    teacher: &Checkpoint,
    folded: &[FoldedLayer],
    windows: &windows::Inputs,
    bits: &[u8],
    wanted: &Wanted,
) -> anyhow::Result<(ShrunkLayers, Option<Shrunk>)> {
    if folded.iter().any(|layer| layer.inputs > MAX_INPUTS) {
        bail!("--merge, --prune: they take layers of at most {MAX_INPUTS} inputs; leave them out");
    }
    let head = Head::trained(teacher, windows, 1.0)?;
    let start = Start { checkpoint: teacher, layers: folded, inputs: windows, head: &head, bits };
    let (found, report) = Shrinker::new(wanted, start).in_floats()?;
    Ok((found, Some(report)))
}

pub(super) fn bits_per_layer(bits: &[u8], layers: usize) -> anyhow::Result<Vec<u8>> {
    let bits = if let [all] = bits { vec![*all; layers] } else { bits.to_vec() };
    if bits.len() != layers {
        bail!("--bits: give one number, or one for each of the {layers} layers that are left after the fold");
    }
    match bits.iter().find(|bits| ![8, 4, 2].contains(bits)) {
        Some(other) => bail!("--bits {other}: training in integers takes 8, 4 or 2 bits"),
        None => Ok(bits),
    }
}

/// `[N][I]` to `[I][N]`.
fn transposed<T>(values: &[T], inputs: usize, as_float: impl Fn(&T) -> f32) -> Vec<f32> {
    (0..inputs).flat_map(|input| values[input..].iter().step_by(inputs)).map(as_float).collect()
}

/// A layer's inputs, `[I][N]` each.
struct Inputs {
    /// In the student.
    x: Vec<f32>,
    /// In the folded float network.
    float: Vec<f32>,
    n: usize,
    /// Whether these are the network's inputs: in steps of a byte in the float network, and a byte divided by 255 in
    /// the student.
    first: bool,
}

/// The student's parts so far.
struct Builder<'a, C> {
    layers: Vec<Layer>,
    params: Vec<f32>,
    latents: Vec<f32>,
    scales: Vec<f32>,
    compute: &'a C,
}

impl<C: Compute> Builder<'_, C> {
    /// Adds a layer; returns the next one's inputs.
    fn push(&mut self, layer: &FoldedLayer, bits: u8, inputs: &Inputs, last: bool) -> Inputs {
        let n = inputs.n;
        let kernel: Vec<f32> = layer.kernel.iter().map(|&w| w as f32).collect();
        let mut z = self.product(&kernel, &inputs.float, layer.units, n);
        for (z, &bias) in z.chunks_exact_mut(n).zip(&layer.bias) {
            z.iter_mut().for_each(|z| *z += bias as f32);
        }
        let images = ImageWeights::of(&DMatrix::from_row_iterator(layer.units, n, z.iter().map(|&z| f64::from(z))));
        let (codes, latents, found) = round_rows(layer, bits, inputs, &images);
        let y = self.product(&codes, &inputs.x, layer.units, n);
        let lines: Vec<Line> =
            y.chunks_exact(n).zip(z.chunks_exact(n)).map(|(y, z)| Line::fit(y, z, &images)).collect();
        self.latents.extend(latents);
        if last {
            self.push_last(layer, &codes, &lines, &found);
            return Inputs { x: Vec::new(), float: Vec::new(), n, first: false };
        }
        let mut x: Vec<f32> =
            y.chunks_exact(n).zip(&lines).flat_map(|(y, line)| y.iter().map(|y| line.at(*y))).collect();
        let step = step(&x, layer.units, n, &images);
        x.iter_mut().for_each(|x| *x = step * (*x / step).clamp(0.0, 255.0).round());
        self.push_hidden(layer, codes, &lines, step);
        Inputs { x, float: z.iter().map(|z| z.max(0.0)).collect(), n, first: false }
    }

    /// Adds Dense, BatchNormalization, ReLU.
    fn push_hidden(&mut self, layer: &FoldedLayer, codes: Vec<f32>, lines: &[Line], step: f32) {
        self.layers.push(Layer::dense_without_bias(layer.units as u32));
        self.layers.push(Layer::BatchNorm { momentum: foldnet_core::layer::MOMENTUM, epsilon: EPSILON });
        self.layers.push(Layer::QuantizedRelu { step });
        self.params.extend(codes);
        for line in lines {
            let gamma = line.slope * (line.variance + f64::from(EPSILON)).sqrt();
            let beta = line.shift + line.slope * line.mean;
            self.params.extend([gamma as f32, beta as f32, line.mean as f32, line.variance as f32]);
        }
        self.latents.extend(vec![0.0; 4 * layer.units]);
    }

    /// Adds Dense with a scale per row and a bias; and ReLU, if the network ends with one.
    fn push_last(&mut self, layer: &FoldedLayer, codes: &[f32], lines: &[Line], found: &[f64]) {
        self.layers.push(Layer::dense(layer.units as u32));
        self.layers.extend(layer.relu.then_some(Layer::Relu));
        for ((codes, line), &found) in codes.chunks_exact(layer.inputs).zip(lines).zip(found) {
            let scale = if line.slope > 0.0 { line.slope } else { found.max(f64::from(f32::MIN_POSITIVE)) };
            self.scales.push(scale as f32);
            self.params.extend(codes.iter().map(|q| scale as f32 * q));
        }
        let biases = lines.iter().zip(&self.scales).map(|(line, &scale)| line.shift_with(f64::from(scale)) as f32);
        self.params.extend(biases);
        self.latents.extend(vec![0.0; layer.units]);
    }

    fn product(&self, kernel: &[f32], x: &[f32], units: usize, n: usize) -> Vec<f32> {
        let (inputs, mut out) = (x.len() / n, vec![0.0; units * n]);
        self.compute.product(&mut out, Write::Replace, Mat::new(kernel, units, inputs), Mat::new(x, inputs, n));
        out
    }
}

/// Integers `[O][I]`, their latents, and the scale of each row from the exporter's own search.
fn round_rows(layer: &FoldedLayer, bits: u8, inputs: &Inputs, images: &ImageWeights) -> (Vec<f32>, Vec<f32>, Vec<f64>) {
    let unit = if inputs.first { 255.0 } else { 1.0 };
    let square = |x: &[f32]| images.mean(x.iter().map(|&x| f64::from(x).powi(2)));
    let importance: Vec<f64> = inputs.x.chunks_exact(inputs.n).map(square).collect();
    let levels = levels(bits);
    let (mut codes, mut latents, mut scales) = (Vec::new(), Vec::new(), Vec::new());
    for row in layer.kernel.chunks_exact(layer.inputs) {
        let row: Vec<f64> = row.iter().map(|w| w * unit).collect();
        let scale = row_scale(&row, &importance, f64::from(levels));
        let latent =
            |w: &f64| if scale > 0.0 { (w / (scale * f64::from(levels))).clamp(-1.0, 1.0) as f32 } else { 0.0 };
        let row: Vec<f32> = row.iter().map(latent).collect();
        codes.extend(row.iter().map(|p| rounded(*p, levels)));
        latents.extend(row);
        scales.push(scale);
    }
    (codes, latents, scales)
}

/// The step of the `u8` activations after a ReLU of `x [O][N]`.
fn step(x: &[f32], units: usize, n: usize, images: &ImageWeights) -> f32 {
    let by_example = (0..n).flat_map(|example| x[example..].iter().step_by(n)).map(|&x| f64::from(x.max(0.0)));
    let outputs: Vec<f64> = by_example.collect();
    let step = activation_step(&outputs, units, images) as f32;
    if step > 0.0 { step } else { 1.0 / 255.0 }
}

/// The line `z = slope y + shift` that fits best, by weighted least squares.
#[derive(Debug, Clone, Copy)]
struct Line {
    mean: f64,
    variance: f64,
    mean_of_z: f64,
    slope: f64,
    shift: f64,
}

impl Line {
    fn fit(y: &[f32], z: &[f32], images: &ImageWeights) -> Self {
        let wide = |values: &[f32]| values.iter().map(|&value| f64::from(value)).collect::<Vec<_>>();
        let (y, z) = (wide(y), wide(z));
        let of = |values: &[f64]| images.mean(values.iter().copied());
        let (mean, mean_of_z) = (of(&y), of(&z));
        let variance = images.mean(y.iter().map(|y| (y - mean).powi(2)));
        let covariance = images.mean(y.iter().zip(&z).map(|(y, z)| (y - mean) * (z - mean_of_z)));
        let slope = if variance > 0.0 { covariance / variance } else { 0.0 };
        Self { mean, variance, mean_of_z, slope, shift: mean_of_z - slope * mean }
    }

    fn at(&self, y: f32) -> f32 {
        (self.slope * f64::from(y) + self.shift) as f32
    }

    /// The shift that keeps the mean with another slope.
    fn shift_with(&self, slope: f64) -> f64 {
        self.mean_of_z - slope * self.mean
    }
}

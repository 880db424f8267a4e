//! Random networks to fold, and their outputs, in f64 and without any of core's algebra.
//!
//! Every value comes with two measures of its possible rounding error, so that tests compare results relative to the
//! terms that were summed, not to a sum in which they may have cancelled.

use crate::random::Dice;
use foldnet_core::fold::Fold;
use foldnet_core::layer::{self, Layer};
use foldnet_core::standardize::PixelScaling;
use foldnet_core::{Network, Shape};

/// Conversion of pixels to inputs.
#[derive(Debug, Clone)]
pub enum Scaling {
    /// 0 to 255.
    Raw,
    /// 0 to 1.
    Unit,
    /// With mean and standard deviation of each pixel.
    Standardized(Vec<f32>, Vec<f32>),
}

/// A network with its parameters, and images for it.
#[derive(Debug, Clone)]
pub struct Case {
    /// Any list that folds.
    pub layers: Vec<Layer>,
    /// `I`
    pub inputs: usize,
    /// [`Network::params`] values.
    pub params: Vec<f32>,
    /// The scaling before the first layer.
    pub scaling: Scaling,
    /// `[images][I]`
    pub pixels: Vec<u8>,
}

/// Images of a case.
pub const IMAGES: usize = 6;

impl Case {
    /// Case number `seed`.
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let inputs = width(&mut dice);
        let layers = foldable_list(&mut dice);
        Self::of(layers, inputs, &mut dice)
    }

    /// Random parameters, scaling and images for a list.
    pub fn of(layers: Vec<Layer>, inputs: usize, dice: &mut Dice) -> Self {
        let params = parameters(Network::of(&layers, Shape::count(inputs)), dice);
        let (scaling, pixels) = scaling_and_images(inputs, dice);
        Self { layers, inputs, params, scaling, pixels }
    }

    /// The network.
    pub fn network(&self) -> Network<'_> {
        Network::of(&self.layers, Shape::count(self.inputs))
    }

    /// The fold.
    pub fn fold(&self) -> Fold<'_> {
        Fold::new(self.network(), &self.params, self.pixel_scaling()).expect("a foldable list")
    }

    /// The scaling as core takes it.
    pub fn pixel_scaling(&self) -> PixelScaling<'_> {
        match &self.scaling {
            Scaling::Raw => PixelScaling::Raw,
            Scaling::Unit => PixelScaling::Unit,
            Scaling::Standardized(mean, std) => PixelScaling::Standardized { mean, std },
        }
    }

    /// One image.
    pub fn image(&self, index: usize) -> &[u8] {
        &self.pixels[index * self.inputs..(index + 1) * self.inputs]
    }

    /// The logits of an image, layer by layer, by the formulas that define the layers.
    pub fn logits(&self, image: usize) -> Vec<Term> {
        let pixels = self.image(image).iter().enumerate();
        let mut x: Vec<Term> = pixels.map(|(i, pixel)| self.input(i, f64::from(*pixel))).collect();
        for place in self.network().placed() {
            let params: Vec<f64> = self.params[place.range()].iter().map(|p| f64::from(*p)).collect();
            match place.layer {
                Layer::Dense { bias, .. } => {
                    let (kernel, biases) = params.split_at(place.inputs * place.outputs);
                    let bias = |o: usize| if bias { biases[o] } else { 0.0 };
                    x = kernel.chunks(place.inputs).enumerate().map(|(o, row)| Term::dense(row, &x, bias(o))).collect();
                }
                Layer::BatchNorm { epsilon, .. } => {
                    let epsilon = f64::from(epsilon);
                    x.iter_mut().zip(params.chunks(4)).for_each(|(x, p)| *x = x.normalized(p, epsilon));
                }
                Layer::Relu => x.iter_mut().for_each(|x| x.value = x.value.max(0.0)),
                Layer::Softmax => {}
                other => unreachable!("{other:?} is not among the cases"),
            }
        }
        x
    }

    /// An input of the first layer: the pixel, scaled.
    fn input(&self, index: usize, pixel: f64) -> Term {
        match &self.scaling {
            Scaling::Raw => Term::exact(pixel),
            Scaling::Unit => Term { variance: 2.0 * (pixel / 255.0).powi(2), ..Term::exact(pixel / 255.0) },
            Scaling::Standardized(mean, std) => {
                let (mean, std) = (f64::from(mean[index]), f64::from(std[index]));
                let (scaled, shift) = (pixel / (255.0 * std), mean / std);
                let value = (pixel / 255.0 - mean) / std;
                // The two numbers of the affine function are rounded, then the product and the difference.
                let variance = 2.0 * scaled * scaled + shift * shift + value * value;
                Term { value, magnitude: scaled + shift, variance, roundings: 4.0 }
            }
        }
    }
}

/// A value, with measures of its rounding error.
#[derive(Debug, Clone, Copy)]
pub struct Term {
    /// In f64.
    pub value: f64,
    /// The same with every product taken as its magnitude and every subtraction as an addition.
    pub magnitude: f64,
    /// Variance of the rounding error, in squared units of rounding, when roundings are independent.
    pub variance: f64,
    /// Maximum number of roundings that any of the summed terms has gone through.
    pub roundings: f64,
}

impl Term {
    fn exact(value: f64) -> Self {
        Self { value, magnitude: value.abs(), variance: 0.0, roundings: 0.0 }
    }

    /// `sum_i row[i] x[i] + bias`, every weight, product and partial sum rounded.
    fn dense(row: &[f64], x: &[Self], bias: f64) -> Self {
        let mut sum = Self::exact(0.0);
        for (w, x) in row.iter().zip(x) {
            let product = w * x.value;
            sum.value += product;
            sum.magnitude += w.abs() * x.magnitude;
            sum.variance += w * w * x.variance + 2.0 * product * product + sum.value * sum.value;
            sum.roundings = sum.roundings.max(x.roundings);
        }
        let value = sum.value + bias;
        Self {
            value,
            magnitude: sum.magnitude + bias.abs(),
            variance: sum.variance + value * value,
            roundings: sum.roundings + row.len() as f64 + 3.0,
        }
    }

    /// `gamma (x - mean) / sqrt(variance + epsilon) + beta`; the scale takes three roundings.
    fn normalized(self, params: &[f64], epsilon: f64) -> Self {
        let [gamma, beta, mean, variance] = [params[0], params[1], params[2], params[3]];
        let inv_std = 1.0 / (variance + epsilon).sqrt();
        let centered = self.value - mean;
        let scaled = gamma * centered * inv_std;
        let value = scaled + beta;
        let scale = gamma * inv_std;
        Self {
            value,
            magnitude: (self.magnitude + mean.abs()) * scale.abs() + beta.abs(),
            variance: scale * scale * self.variance + 5.0 * scaled * scaled + value * value,
            roundings: self.roundings + 6.0,
        }
    }
}

/// One Dense of a folded network, in f64.
#[derive(Debug, Clone)]
pub struct FoldedDense {
    /// `[O][I]`
    pub kernel: Vec<f64>,
    /// `[O]`
    pub bias: Vec<f64>,
    /// `I`
    pub inputs: usize,
    /// Whether a ReLU follows.
    pub relu: bool,
}

/// All rows of a fold.
pub fn folded(fold: &Fold) -> Vec<FoldedDense> {
    let (mut row, mut scratch) = (vec![f64::NAN; fold.widest()], vec![f64::NAN; fold.widest()]);
    let mut layers = Vec::new();
    for (index, block) in fold.blocks().iter().enumerate() {
        let (mut kernel, mut bias) = (Vec::new(), Vec::new());
        for unit in 0..block.units {
            bias.push(fold.row(index, unit, &mut row, &mut scratch));
            kernel.extend_from_slice(&row[..block.inputs]);
        }
        layers.push(FoldedDense { kernel, bias, inputs: block.inputs, relu: block.relu });
    }
    layers
}

/// The logits of a folded network on raw pixels.
pub fn folded_logits(network: &[FoldedDense], image: &[u8]) -> Vec<Term> {
    let mut x: Vec<Term> = image.iter().map(|pixel| Term::exact(f64::from(*pixel))).collect();
    for dense in network {
        let rows = dense.kernel.chunks(dense.inputs).zip(&dense.bias);
        x = rows.map(|(row, bias)| Term::dense(row, &x, *bias)).collect();
        if dense.relu {
            x.iter_mut().for_each(|x| x.value = x.value.max(0.0));
        }
    }
    x
}

/// 1 to 200, small ones more often, and occasionally the largest.
fn width(dice: &mut Dice) -> usize {
    if dice.chance(0.05) { 200 } else { dice.log_uniform(1.0, 200.99) as usize }
}

/// Up to two BatchNormalizations, each with its own epsilon.
fn push_norms(layers: &mut Vec<Layer>, dice: &mut Dice) {
    for _ in 0..dice.below(5).saturating_sub(2) {
        let epsilon = if dice.chance(0.5) { layer::EPSILON } else { dice.log_uniform(1e-5, 0.1) as f32 };
        layers.push(Layer::BatchNorm { momentum: layer::MOMENTUM, epsilon });
    }
}

/// 1 to 6 Dense, with BatchNormalization and ReLU wherever the fold allows them.
pub fn foldable_list(dice: &mut Dice) -> Vec<Layer> {
    let mut layers = Vec::new();
    let dense = 1 + dice.below(6);
    for index in 0..dense {
        push_norms(&mut layers, dice);
        layers.push(Layer::Dense { units: width(dice) as u32, bias: dice.chance(0.6) });
        push_norms(&mut layers, dice);
        let relu = if index + 1 < dense { 0.75 } else { 0.15 };
        for _ in 0..if dice.chance(relu) { 1 + usize::from(dice.chance(0.1)) } else { 0 } {
            layers.push(Layer::Relu);
        }
    }
    if dice.chance(0.7) {
        layers.push(Layer::Softmax);
    }
    layers
}

fn parameters(network: Network, dice: &mut Dice) -> Vec<f32> {
    let mut params = Vec::with_capacity(network.params());
    for place in network.placed() {
        match place.layer {
            Layer::Dense { bias, .. } => {
                let std = (2.0 / place.inputs as f64).sqrt();
                params.extend((0..place.inputs * place.outputs).map(|_| dice.bell(std) as f32));
                params.extend((0..place.outputs * usize::from(bias)).map(|_| dice.bell(0.5) as f32));
            }
            Layer::BatchNorm { .. } => (0..place.outputs).for_each(|_| params.extend(norm(dice))),
            _ => {}
        }
    }
    params
}

/// Gamma of either sign and sometimes 0, beta, moving mean, moving variance down to nothing.
fn norm(dice: &mut Dice) -> [f32; 4] {
    let sign = if dice.chance(0.4) { -1.0 } else { 1.0 };
    let gamma = if dice.chance(0.03) { 0.0 } else { sign * dice.log_uniform(0.05, 2.0) };
    let variance = if dice.chance(0.03) { 0.0 } else { dice.log_uniform(1e-4, 100.0) };
    [gamma, dice.bell(0.5), dice.bell(1.0), variance].map(|value| value as f32)
}

fn scaling_and_images(inputs: usize, dice: &mut Dice) -> (Scaling, Vec<u8>) {
    let (mut mean, mut std) = (vec![0.5f32; inputs], vec![0.25f32; inputs]);
    let kind = dice.below(4);
    if kind >= 2 {
        for (mean, std) in mean.iter_mut().zip(&mut std) {
            // A third are like the border of an image: almost always 0, with a standard deviation next to nothing.
            let border = dice.chance(0.33);
            *std = if border { dice.log_uniform(0.0004, 0.01) } else { dice.uniform(0.1, 0.45) } as f32;
            *mean = if border { f64::from(*std) * 0.02 } else { dice.uniform(0.05, 0.7) } as f32;
        }
    }
    let pixels = (0..IMAGES * inputs).map(|i| match std[i % inputs] < 0.05 && !dice.chance(0.02) {
        true => 0,
        false => dice.below(256) as u8,
    });
    let pixels = pixels.collect();
    match kind {
        0 => (Scaling::Raw, pixels),
        1 => (Scaling::Unit, pixels),
        _ => (Scaling::Standardized(mean, std), pixels),
    }
}

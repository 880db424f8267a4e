//! A network with less to compute, within a limit on what that may cost: `export --merge` and `--prune`.
//!
//! * `agglomerate`: which values of an example share an input (`groups`), the cheapest first; `refit`: the first layer on
//!   their averages;
//! * `prune`: which hidden units can go while the others make up for them;
//! * `judge`: what either costs, on calibration and validation examples.
//!
//! How far both go is found by bisection on the folded network in floats. A network knows its training examples better than
//! others and loses more on them; validation examples are few. The loss is therefore the mean of what both parts lose. Then the caller quantizes what was found, judges it
//! again beside the model that would have been exported without, and asks for less where that was too much.

mod agglomerate;
mod judge;
mod moments;
mod prune;
mod refit;

use super::fold::FoldedLayer;
use super::head::Head;
use super::quantize::row_scale;
use crate::network::groups::Groups;
use agglomerate::Merging;
use foldnet_data::{TargetsRef, View};
use judge::{Answers, Loss, outputs};
use moments::Statistics;
use nalgebra::DMatrix;
use refit::refit;
use serde::Serialize;

/// Most training examples, and as many for validation, that a smaller network is fitted to and judged by. On networks of
/// Fashion-MNIST 400 inputs that are merged by 4,000 training images cost .32 points, by 8,000 .22, by 20,000 .16.
pub const MOST_JUDGED: usize = 20_000;

/// Most of these that tell which units can go.
const OF_UNITS: usize = 8_000;

/// The share of the limit that merging may take if units are removed, too.
const OF_MERGING: f64 = 0.8;

/// Steps of the share of a layer's variance that removing units may cost, from the first to the last in equal ratios.
const SHARES: usize = 40;
const FIRST_SHARE: f64 = 1e-5;
const RATIO: f64 = 1.26;

/// Instructions of a Cortex-M4F for a unit of the first layer and a pair of its inputs that is not zero: 107,000 for 300 units
/// and 212 pairs of the notebook's `after` at 8 bits, and 4 and 2 bits take a tenth more.
const PER_PAIR: f64 = 1.7;

/// The same for a value that is averaged with others or taken by the list of averages.
const PER_VALUE: f64 = 8.0;

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Merge values that say the same.
    pub merge: bool,
    /// Remove hidden units.
    pub prune: bool,
    /// What may be lost: points of accuracy, or percent of the root of the mean squared error.
    pub max_loss: f64,
    /// Examples to judge by: of training, and of validation.
    pub judged: [View<'a>; 2],
}

/// A folded network with less to compute.
#[derive(Debug, Clone, PartialEq)]
pub struct Smaller {
    /// Its layers; the first takes averages.
    pub layers: Vec<FoldedLayer>,
    /// Which values share an input.
    pub groups: Groups,
}

/// What a loss is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Points of accuracy.
    Points,
    /// Percent of the root of the mean squared error.
    Percent,
}

/// What was merged and removed, and what it cost on the judged examples, as exported.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shrunk {
    /// Values of an example, and inputs of the first layer.
    pub inputs: [usize; 2],
    /// Inputs that are averages of four values, of two, and single ones.
    pub groups: [usize; 3],
    /// Units of every hidden layer, before and after.
    pub units: Vec<[usize; 2]>,
    /// Inputs of the first layer that are not zero, in the mean over the judged examples, before and after.
    pub active: [f64; 2],
    /// Examples of training and validation that it was judged by.
    pub judged: usize,
    /// What was lost there.
    pub loss: f64,
    /// What it is counted in.
    pub unit: Unit,
    /// Standard error of that; 0 of values.
    pub standard_error: f64,
    /// What was allowed.
    pub max_loss: f64,
    /// Accuracy there, or root of the mean squared error, of the model as it would be and as it is.
    pub measures: [f64; 2],
    /// Share of the judged examples whose class is another.
    pub changed: f64,
}

/// Looks for smaller networks.
pub(crate) struct Shrinker<'a> {
    wanted: &'a Wanted<'a>,
    /// The folded network, on activations, with the first layer clipped.
    layers: Vec<FoldedLayer>,
    /// Of the first layer's inputs on training examples, and what can be merged of them.
    of: Statistics,
    merging: Merging,
    head: &'a Head,
    /// Rows of a block of each layer.
    blocks: Vec<usize>,
    /// The judged examples `[N][I]`, their answers, and the network's outputs on them.
    judged: Vec<u8>,
    answers: [Answers; 2],
    before: Vec<f32>,
}

/// What a [`Shrinker`] starts from.
pub(crate) struct Start<'a> {
    pub(crate) layers: &'a [FoldedLayer],
    pub(crate) head: &'a Head,
    /// Judged examples as activations `[N][I]`: those of training, then those of validation.
    pub(crate) judged: Vec<u8>,
    /// Rows of a block of each layer.
    pub(crate) blocks: Vec<usize>,
}

impl<'a> Shrinker<'a> {
    pub(crate) fn new(wanted: &'a Wanted, start: Start<'a>) -> Self {
        let Start { layers, head, judged, blocks } = start;
        let mut layers = layers.to_vec();
        let inputs = layers[0].inputs;
        let of = Statistics::of_codes(&judged[..wanted.judged[0].len().min(MOST_JUDGED) * inputs], &layers[0]);
        clip(&mut layers[0], &of);
        let merging = Merging::plan(&layers[0], &of.covariance);
        let answers = wanted.judged.map(answers);
        let before = outputs(&layers, head, &judged);
        Self { wanted, layers, of, merging, head, blocks, judged, answers, before }
    }

    /// The smallest network that is found within this limit, in floats; none if that is the network as it is.
    pub(crate) fn find(&self, limit: f64) -> Option<Smaller> {
        let mut found = Smaller { layers: self.layers.clone(), groups: Groups::default() };
        let of_merging = if self.wanted.prune { OF_MERGING } else { 1.0 };
        if self.wanted.merge {
            let merging = &self.merging;
            let merged = |steps| self.merged(merging.groups(steps));
            let fine = |one: &Smaller| self.loss(one).is_within(limit * of_merging);
            found = largest(merging.len(), merging.len() / 100, merged, fine).unwrap_or(found);
        }
        if self.wanted.prune {
            let pruned = |level: usize| self.pruned(&found, FIRST_SHARE * RATIO.powi(level as i32 - 1));
            let fine = |one: &Smaller| self.loss(one).is_within(limit);
            found = largest(SHARES, 0, pruned, fine).unwrap_or(found);
        }
        let sizes = |layers: &[FoldedLayer]| layers.iter().map(|layer| (layer.inputs, layer.units)).collect::<Vec<_>>();
        (sizes(&found.layers) != sizes(&self.layers)).then_some(found)
    }

    /// What was found, and what it lost: outputs of the exported models on the judged examples.
    pub(crate) fn report(&self, found: &Smaller, before: &[f32], after: &[f32]) -> Shrunk {
        let Loss { mean, error, changed, measures } = self.of_both(before, after);
        let (fours, twos) = found.groups.sizes();
        let (values, inputs) = (self.layers[0].inputs, found.layers[0].inputs);
        let averages = [usize::from(fours), usize::from(twos)];
        let active = [&self.judged[..], &found.groups.average(&self.judged)].map(|codes| {
            codes.iter().filter(|&&code| code != 0).count() as f64 * values as f64 / self.judged.len() as f64
        });
        let hidden = self.layers.len() - 1;
        let units = self.layers.iter().zip(&found.layers).take(hidden).map(|(was, is)| [was.units, is.units]).collect();
        Shrunk {
            inputs: [values, inputs],
            groups: [averages[0], averages[1], inputs - averages[0] - averages[1]],
            units,
            active,
            judged: self.judged.len() / values,
            loss: mean,
            unit: self.answers[0].unit(),
            standard_error: error,
            max_loss: self.wanted.max_loss,
            measures,
            changed,
        }
    }

    /// The judged training examples as activations, up to a maximum.
    fn training(&self, most: usize) -> &[u8] {
        &self.judged[..self.wanted.judged[0].len().min(most) * self.layers[0].inputs]
    }

    fn loss(&self, one: &Smaller) -> Loss {
        self.of_both(&self.before, &outputs(&one.layers, self.head, &one.groups.average(&self.judged)))
    }

    /// What outputs `after` lose against `before`: the mean of both parts.
    fn of_both(&self, before: &[f32], after: &[f32]) -> Loss {
        let [train, valid] = &self.wanted.judged;
        let share = |outputs: &[f32]| outputs.len() / (train.len() + valid.len()).max(1) * train.len();
        let (before, after) = (before.split_at(share(before)), after.split_at(share(after)));
        let [of_train, of_valid] = &self.answers;
        of_train.loss(before.0, after.0).and(of_valid.loss(before.1, after.1))
    }

    fn merged(&self, groups: Groups) -> Smaller {
        let mut layers = self.layers.clone();
        layers[0] = refit(&layers[0], &groups, &self.of);
        Smaller { layers, groups }
    }

    /// `from` without the units whose removal costs a layer at most this share of its variance.
    fn pruned(&self, from: &Smaller, share: f64) -> Smaller {
        let mut pruned = from.clone();
        let mut x = columns(&from.groups.average(self.training(OF_UNITS)), from.layers[0].inputs);
        for index in 0..pruned.layers.len() - 1 {
            let y = before_relu(&pruned.layers[index], &x).map(|z| z.max(0.0));
            let of = Statistics::of(&y, &before_relu(&pruned.layers[index + 1], &y));
            if let [layer, next, ..] = &mut pruned.layers[index..] {
                prune::prune(layer, next, &of, share, self.blocks[index]);
            }
            x = before_relu(&pruned.layers[index], &x).map(|z| z.max(0.0));
        }
        pruned
    }
}

/// Levels of the largest weight, by which the first layer is clipped.
const LEVELS: f64 = 127.0;

/// Clips weights as quantization to 8 bits does. A pixel that is hardly ever lit may have a weight thousands of times as large
/// as others, which in floats decides the few examples where it is lit: merging it would seem to cost what the whole network
/// in integers has lost already, and gained by.
fn clip(layer: &mut FoldedLayer, of: &Statistics) {
    let importance: Vec<f64> =
        of.mean.iter().enumerate().map(|(i, mean)| of.covariance[(i, i)] + mean * mean).collect();
    for (row, bias) in layer.kernel.chunks_exact_mut(layer.inputs).zip(&mut layer.bias) {
        let reach = LEVELS * row_scale(row, &importance, LEVELS);
        for (weight, mean) in row.iter_mut().zip(of.mean.iter()) {
            let clipped = weight.clamp(-reach, reach);
            *bias += (*weight - clipped) * mean;
            *weight = clipped;
        }
    }
}

impl Shrunk {
    /// What merging saves in the first layer on a Cortex-M4F, and what averaging takes there, in instructions: see
    /// `PER_PAIR` and `PER_VALUE`. `None` where nothing is merged, or there is no hidden layer.
    pub fn saved_and_spent(&self) -> Option<[f64; 2]> {
        let (&[_, units], merged) = (self.units.first()?, self.inputs[1] < self.inputs[0]);
        let pairs = (self.active[0] - self.active[1]) / 2.0;
        merged.then_some([pairs * units as f64 * PER_PAIR, self.inputs[0] as f64 * PER_VALUE])
    }

    /// Whether no more is lost than allowed.
    pub fn is_within(&self) -> bool {
        self.loss <= self.max_loss
    }
}

/// The answers to the examples of a view.
fn answers(view: View) -> Answers {
    match view.targets {
        TargetsRef::Values { values, .. } => Answers::Values(values.to_vec()),
        targets => Answers::Classes(targets.classes().unwrap_or_default().to_vec()),
    }
}

/// `[I][N]` from `[N][I]`.
fn columns(codes: &[u8], inputs: usize) -> DMatrix<f64> {
    DMatrix::from_iterator(inputs, codes.len() / inputs, codes.iter().map(|&code| f64::from(code)))
}

/// The outputs `[O][N]` of a layer before its ReLU.
fn before_relu(layer: &FoldedLayer, x: &DMatrix<f64>) -> DMatrix<f64> {
    let mut z = DMatrix::from_row_slice(layer.units, layer.inputs, &layer.kernel) * x;
    z.column_iter_mut().for_each(|mut column| column.iter_mut().zip(&layer.bias).for_each(|(z, bias)| *z += bias));
    z
}

/// What `make` gives for the largest number up to `most` that is `fine`, to within `grain`: by bisection, as if more never
/// cost less. None if 1 is not.
fn largest<T>(most: usize, grain: usize, make: impl Fn(usize) -> T, fine: impl Fn(&T) -> bool) -> Option<T> {
    let (mut low, mut high, mut best) = (0, most, None);
    while high > low && (best.is_none() || high - low > grain) {
        let middle = (low + high).div_ceil(2);
        let made = make(middle);
        if fine(&made) {
            (low, best) = (middle, Some(made));
        } else {
            high = middle - 1;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::largest;

    fn check(most: usize, grain: usize, up_to: usize, expected: Option<usize>) {
        assert_eq!(largest(most, grain, |n| n, |&n| n <= up_to), expected, "{most} {grain} {up_to}");
    }

    #[test]
    fn the_largest_is_found() {
        check(100, 0, 37, Some(37));
        check(100, 0, 100, Some(100));
        check(100, 0, 1, Some(1));
        check(100, 0, 0, None);
        check(0, 0, 5, None);
        check(100, 50, 1, Some(1));
    }

    #[test]
    fn what_is_found_within_a_grain_is_fine() {
        for up_to in 1..200 {
            let found = largest(200, 4, |n| n, |&n| n <= up_to).unwrap();
            assert!(found <= up_to && found + 4 >= up_to, "{found} {up_to}");
        }
    }
}

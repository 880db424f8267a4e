//! A smaller and faster network, within a limit on the loss: `--merge` and `--prune` of `export` and `train --bits`.
//!
//! * `agglomerate`: which values of an example share an input (`groups`), the cheapest first; `refit`: the first layer
//!   on their averages;
//! * `prune`: which hidden units can be removed while the others compensate for them;
//! * `judge`: the loss from both, on calibration and validation examples.
//!
//! The extent of both is found by bisection on the folded network in floats. A network fits its training examples
//! better and loses more on them; validation examples are few. The loss is therefore the mean of the losses on both
//! sets. Training in integers starts from the result. Export quantizes it, compares it with the model that would have
//! been exported otherwise, and requests a smaller reduction if the loss is too large.

mod agglomerate;
mod judge;
mod moments;
mod prune;
mod refit;

pub use judge::Unit;

use super::quantize::{float_outputs, row_scale};
use crate::model::fold::FoldedLayer;
use crate::model::head::Head;
use crate::network::checkpoint::Checkpoint;
use crate::network::groups::Groups;
use crate::network::windows::Inputs;
use agglomerate::Merging;
use anyhow::bail;
use foldnet_core::quantized::BitWidth;
use foldnet_data::{TargetsRef, Task, View};
use judge::{Answers, Loss, outputs};
use moments::{Statistics, columns};
use refit::refit;
use serde::{Deserialize, Serialize};

/// Maximum number of training examples, and of validation examples, that a smaller network is fitted to and measured
/// on. For networks on Fashion-MNIST, merging down to 400 inputs costs .32 points if based on 4,000 training images,
/// .22 with 8,000, .16 with 20,000.
const MOST_JUDGED: usize = 20_000;

/// Maximum number of these used to choose the units to remove.
const OF_UNITS: usize = 8_000;

/// Fraction of the limit that merging may use if units are also removed.
const OF_MERGING: f64 = 0.8;

/// Number of values tried for the fraction of a layer's variance that removing units may cost, in equal ratios.
const SHARES: usize = 40;
const FIRST_SHARE: f64 = 1e-5;
const RATIO: f64 = 1.26;

/// Instructions of a Cortex-M4F per unit of the first layer and nonzero pair of its inputs: 107,000 for 300 units and
/// 212 pairs of the notebook's `after` at 8 bits. 4 and 2 bits take 7 and 4 % more.
const PER_PAIR: f64 = 1.7;

/// Instructions per value that is averaged with others, or looked up through the list of averages.
const PER_VALUE: f64 = 8.0;

/// The requested reduction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Merge values with nearly the same information.
    pub merge: bool,
    /// Remove hidden units.
    pub prune: bool,
    /// Allowed loss: points of accuracy, or percent of the root mean squared error.
    pub max_loss: f64,
}

impl Limits {
    /// # Errors
    /// If a network like this has no smaller form.
    pub fn check(&self, checkpoint: &Checkpoint) -> anyhow::Result<()> {
        if checkpoint.about.task == Task::Reconstruct {
            bail!(
                "--merge, --prune: a network that reconstructs its inputs needs all of them, and has no accuracy to judge by; leave them out"
            );
        }
        if checkpoint.about.pool.is_some() && self.merge {
            bail!("--merge: the inputs of this network are averages already (--pool); leave it out");
        }
        if checkpoint.about.task == Task::Classify && self.max_loss > 100.0 {
            bail!("--max-loss {}: accuracy has 100 points to lose; give at most 100, such as 0.2", self.max_loss);
        }
        Ok(())
    }
}

/// The requested reduction, with the examples that its loss is measured on.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    limits: Limits,
    /// Training and validation examples.
    judged: [View<'a>; 2],
}

impl<'a> Wanted<'a> {
    /// Measured on the first of these training and validation examples.
    pub fn new(limits: Limits, sets: [View<'a>; 2]) -> Self {
        Self { limits, judged: sets.map(|set| set.slice(0..set.len().min(MOST_JUDGED))) }
    }

    /// The examples to measure on: training and validation.
    pub(crate) fn judged(&self) -> [View<'a>; 2] {
        self.judged
    }

    /// What is requested.
    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    /// The allowed loss.
    pub(crate) fn max_loss(&self) -> f64 {
        self.limits.max_loss
    }

    /// The error for a network of which nothing can be reduced within the limit.
    pub(crate) fn too_costly(&self) -> anyhow::Error {
        let (limit, examples) = (self.max_loss(), self.judged.iter().map(View::len).sum::<usize>());
        anyhow::anyhow!(
            "--merge, --prune: nothing can be merged or removed within --max-loss {limit}, measured on {examples} examples of \
             training and validation; give a larger --max-loss, or leave them out"
        )
    }
}

/// A smaller folded network.
#[derive(Debug, Clone, PartialEq)]
pub struct ShrunkLayers {
    /// Its layers; the first takes averages.
    pub layers: Vec<FoldedLayer>,
    /// Which values share an input.
    pub groups: Groups,
}

/// What was merged and removed, and the loss: that of the exported model, or before training in integers that of the
/// network in floats.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shrunk {
    /// Number of values in an example, and of inputs of the first layer.
    pub inputs: [usize; 2],
    /// Number of inputs that are averages of four values, of two, and single values.
    pub groups: [usize; 3],
    /// Number of units in every hidden layer, before and after.
    pub units: Vec<[usize; 2]>,
    /// Average number of nonzero inputs of the first layer over the measured examples, before and after.
    pub active: [f64; 2],
    /// Number of training and validation examples used for measuring.
    pub judged: usize,
    /// The loss on them.
    pub loss: f64,
    /// Its unit.
    pub unit: Unit,
    /// Its standard error; 0 for values.
    pub standard_error: f64,
    /// The allowed loss.
    pub max_loss: f64,
    /// Accuracy, or root mean squared error, without and with the reduction.
    pub measures: [f64; 2],
    /// Fraction of the measured examples whose class differs.
    pub changed: f64,
}

/// Searches for smaller networks.
pub(crate) struct Shrinker<'a> {
    wanted: &'a Wanted<'a>,
    /// The folded network, on activations, with the first layer clipped.
    layers: Vec<FoldedLayer>,
    /// Statistics of the first layer's inputs on training examples, and the possible merges.
    of: Statistics,
    merging: Merging,
    head: &'a Head,
    /// Number of rows in a block of each layer.
    blocks: Vec<usize>,
    /// The examples to measure on `[N][I]`, their answers, and the network's outputs for them.
    judged: Vec<u8>,
    answers: [Answers; 2],
    before: Vec<f32>,
}

/// The input of a [`Shrinker`].
pub(crate) struct Start<'a> {
    /// The network.
    pub(crate) checkpoint: &'a Checkpoint,
    /// Its fold, on the activations that `inputs` makes of values.
    pub(crate) layers: &'a [FoldedLayer],
    pub(crate) inputs: &'a Inputs,
    pub(crate) head: &'a Head,
    /// Bits per weight of each layer.
    pub(crate) bits: &'a [u8],
}

impl<'a> Shrinker<'a> {
    pub(crate) fn new(wanted: &'a Wanted, start: Start<'a>) -> Self {
        let Start { checkpoint, layers, inputs: of_values, head, bits } = start;
        let mut layers = layers.to_vec();
        let inputs = layers[0].inputs;
        let codes = |view: &View| of_values.codes(checkpoint.seen(*view).view().inputs, inputs);
        let judged: Vec<u8> = wanted.judged.iter().flat_map(codes).collect();
        let blocks = bits.iter().map(|&bits| BitWidth::from_bits(bits).map_or(1, BitWidth::rows)).collect();
        let of = Statistics::of_codes(&judged[..wanted.judged[0].len() * inputs], &layers[0]);
        clip(&mut layers[0], &of);
        let merging = Merging::plan(&layers[0], &of.covariance);
        let answers = wanted.judged.map(answers);
        let before = outputs(&layers, head, &judged);
        Self { wanted, layers, of, merging, head, blocks, judged, answers, before }
    }

    /// The smallest network found within this limit, in floats; `None` if nothing can be reduced.
    pub(crate) fn find(&self, limit: f64) -> Option<ShrunkLayers> {
        let mut found = ShrunkLayers { layers: self.layers.clone(), groups: Groups::default() };
        let of_merging = if self.wanted.limits.prune { OF_MERGING } else { 1.0 };
        if self.wanted.limits.merge {
            let merging = &self.merging;
            let merged = |steps| self.merged(merging.groups(steps));
            let fine = |one: &ShrunkLayers| self.loss(one).is_within(limit * of_merging);
            found = largest(merging.len(), merging.len() / 100, merged, fine).unwrap_or(found);
        }
        if self.wanted.limits.prune {
            let pruned = |level: usize| self.pruned(&found, FIRST_SHARE * RATIO.powi(level as i32 - 1));
            let fine = |one: &ShrunkLayers| self.loss(one).is_within(limit);
            found = largest(SHARES, 0, pruned, fine).unwrap_or(found);
        }
        let sizes = |layers: &[FoldedLayer]| layers.iter().map(|layer| (layer.inputs, layer.units)).collect::<Vec<_>>();
        (sizes(&found.layers) != sizes(&self.layers)).then_some(found)
    }

    /// The smallest network found within the limit, and its loss, both in floats.
    ///
    /// # Errors
    /// If nothing can be reduced.
    pub(crate) fn in_floats(&self) -> anyhow::Result<(ShrunkLayers, Shrunk)> {
        let found = self.find(self.wanted.max_loss()).ok_or_else(|| self.wanted.too_costly())?;
        let report = self.report(&found, &self.before, &self.outputs(&found));
        Ok((found, report))
    }

    /// The report on a reduction: its loss from the outputs without and with it on the measured examples.
    pub(crate) fn report(&self, found: &ShrunkLayers, before: &[f32], after: &[f32]) -> Shrunk {
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
            max_loss: self.wanted.max_loss(),
            measures,
            changed,
        }
    }

    /// The judged training examples as activations, up to a maximum.
    fn training(&self, most: usize) -> &[u8] {
        &self.judged[..self.wanted.judged[0].len().min(most) * self.layers[0].inputs]
    }

    fn loss(&self, one: &ShrunkLayers) -> Loss {
        self.of_both(&self.before, &self.outputs(one))
    }

    /// The outputs of a smaller network on the measured examples.
    fn outputs(&self, one: &ShrunkLayers) -> Vec<f32> {
        outputs(&one.layers, self.head, &one.groups.average(&self.judged))
    }

    /// The loss of outputs `after` relative to `before`: the mean over both sets, unless there is no validation.
    fn of_both(&self, before: &[f32], after: &[f32]) -> Loss {
        let [train, valid] = &self.wanted.judged;
        let share = |outputs: &[f32]| outputs.len() / (train.len() + valid.len()).max(1) * train.len();
        let (before, after) = (before.split_at(share(before)), after.split_at(share(after)));
        let [of_train, of_valid] = &self.answers;
        let loss = of_train.loss(before.0, after.0);
        if valid.is_empty() { loss } else { loss.and(of_valid.loss(before.1, after.1)) }
    }

    fn merged(&self, groups: Groups) -> ShrunkLayers {
        let mut layers = self.layers.clone();
        layers[0] = refit(&layers[0], &groups, &self.of);
        ShrunkLayers { layers, groups }
    }

    /// `from` without the units whose removal costs a layer at most this fraction of its variance.
    fn pruned(&self, from: &ShrunkLayers, share: f64) -> ShrunkLayers {
        let mut pruned = from.clone();
        let mut x = columns(&from.groups.average(self.training(OF_UNITS)), from.layers[0].inputs);
        for index in 0..pruned.layers.len() - 1 {
            let y = float_outputs(&pruned.layers[index], &x).map(|z| z.max(0.0));
            let of = Statistics::of(&y, &float_outputs(&pruned.layers[index + 1], &y));
            if let [layer, next, ..] = &mut pruned.layers[index..] {
                prune::prune(layer, next, &of, share, self.blocks[index]);
            }
            x = float_outputs(&pruned.layers[index], &x).map(|z| z.max(0.0));
        }
        pruned
    }
}

/// Number of levels up to the largest weight after clipping the first layer.
const LEVELS: f64 = 127.0;

/// Clips weights as quantization to 8 bits does. A pixel that is hardly ever lit may have a weight thousands of times
/// as large as others. In floats it decides the few examples where it is lit, so merging it would appear to cost
/// accuracy that the quantized network does not have anyway.
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
    /// Instructions that merging saves in the first layer on a Cortex-M4F, and those that averaging takes, see
    /// `PER_PAIR` and `PER_VALUE`. `None` if nothing is merged, or there is no hidden layer.
    pub fn saved_and_spent(&self) -> Option<[f64; 2]> {
        let (&[_, units], merged) = (self.units.first()?, self.inputs[1] < self.inputs[0]);
        let pairs = (self.active[0] - self.active[1]) / 2.0;
        merged.then_some([pairs * units as f64 * PER_PAIR, self.inputs[0] as f64 * PER_VALUE])
    }

    /// Whether the loss is within the limit.
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

/// The result of `make` for the largest number up to `most` that is `fine`, to within `grain`. Found by bisection,
/// assuming that the cost never falls with the number. `None` if 1 is not fine.
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

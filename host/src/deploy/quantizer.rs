//! Integer models of a folded network: of the whole network, or of a smaller one within the allowed loss.

use super::arrange::arrange;
use super::few::Sample;
use super::inputs::{Chosen, InputLoss, choose, fold_into};
use super::measure::run;
use super::plan::{Built, ExportPlan};
use super::quantize::{self, Kept, Quantization, quantize};
use super::shrink::{Shrinker, ShrunkLayers, Start, Wanted};
use crate::model::encode::{Ends, encode_integer};
use crate::model::fold::FoldedLayer;
use crate::model::head::Head;
use crate::network::checkpoint::Checkpoint;
use crate::network::groups::Groups;
use crate::network::windows::Inputs;
use crate::run::run_checkpoint;
use foldnet_core::Compute;
use foldnet_data::Task;

/// Builds integer models of a network.
pub(super) struct Quantizer<'a> {
    pub(super) checkpoint: &'a Checkpoint,
    pub(super) plan: &'a ExportPlan<'a>,
    /// Bits per weight, layer by layer: 8, 4 or 2.
    pub(super) bits: &'a [u8],
}

/// The calibration examples, and data derived from them.
struct Calibrated {
    inputs: Inputs,
    loss: InputLoss,
    head: Head,
    /// Activations `[N][I]`.
    codes: Vec<u8>,
    /// The exact values in steps of the activations, unless the activations are the values.
    exact: Option<Vec<f64>>,
    /// Scales of layers that were imported in integers.
    kept: Vec<Kept>,
}

/// Number of attempts to find a smaller network, with less reduction each time its model costs too much.
const TRIES: usize = 4;

impl Quantizer<'_> {
    /// The model of a folded network; reduced if `wanted` says so.
    pub(super) fn run<C: Compute>(
        &self,
        mut folded: Vec<FoldedLayer>,
        wanted: Option<&Wanted>,
        compute: &C,
        progress: &mut dyn FnMut(quantize::QuantizeProgress),
    ) -> anyhow::Result<Built> {
        let (checkpoint, calibration) = (self.checkpoint, self.plan.calibration);
        let seen = checkpoint.seen(calibration);
        let (Chosen { mut inputs, loss }, count) = (choose(seen.view()), checkpoint.inputs());
        if !checkpoint.groups().is_empty() {
            inputs = inputs.without_inversion();
        }
        let codes = inputs.codes(seen.view().inputs, count);
        let byte_inputs = calibration.bytes().is_ok();
        let exact = (!byte_inputs).then(|| inputs.in_steps(calibration.inputs, count));
        fold_into(&inputs, &mut folded[0]);
        let mut head = Head::Softmax;
        if let Some(last) = folded.last_mut() {
            let outputs = match checkpoint.about.task {
                Task::Regress => run_checkpoint(checkpoint, calibration, compute).logits,
                _ => Vec::new(),
            };
            head = Head::prepare(checkpoint, last, &outputs);
        }
        let kept = Kept::of(checkpoint, &folded);
        let calibrated = Calibrated { inputs, loss, head, codes, exact, kept };
        let whole = ShrunkLayers { layers: folded, groups: Groups::default() };
        match wanted {
            Some(wanted) => self.shrunk(&calibrated, &whole, wanted, progress),
            None => self.model(&calibrated, &whole, progress),
        }
    }

    /// The smallest model found within the limit, compared with that of the whole network.
    fn shrunk(
        &self,
        calibrated: &Calibrated,
        whole: &ShrunkLayers,
        wanted: &Wanted,
        progress: &mut dyn FnMut(quantize::QuantizeProgress),
    ) -> anyhow::Result<Built> {
        quantize::check_width(&whole.layers)?;
        let Calibrated { inputs, head, .. } = calibrated;
        let start = Start { checkpoint: self.checkpoint, layers: &whole.layers, inputs, head, bits: self.bits };
        let shrinker = Shrinker::new(wanted, start);
        let outputs = |model: &[u8]| -> anyhow::Result<Vec<f32>> {
            let [train, valid] = wanted.judged();
            Ok([run(model, train)?.finite()?.logits, run(model, valid)?.finite()?.logits].concat())
        };
        let (mut limit, mut before) = (wanted.max_loss(), None);
        for _ in 0..TRIES {
            let Some(found) = shrinker.find(limit) else { break };
            if before.is_none() {
                before = Some(outputs(&self.model(calibrated, whole, progress)?.model)?);
            }
            let made = self.model(calibrated, &found, progress)?;
            let report = shrinker.report(&found, before.as_deref().unwrap_or_default(), &outputs(&made.model)?);
            if report.is_within() {
                return Ok(Built { shrunk: Some(report), ..made });
            }
            limit -= (report.loss - report.max_loss).max(report.max_loss / 8.0);
        }
        Err(wanted.too_costly())
    }

    /// The model of the network, or of a smaller one.
    fn model(
        &self,
        calibrated: &Calibrated,
        network: &ShrunkLayers,
        progress: &mut dyn FnMut(quantize::QuantizeProgress),
    ) -> anyhow::Result<Built> {
        let Calibrated { inputs, loss, head, codes, exact, .. } = calibrated;
        let ShrunkLayers { layers, groups } = network;
        // Inputs that were pooled in training are not merged again.
        let pooled = self.checkpoint.groups();
        let of_inputs = if pooled.is_empty() { groups } else { &pooled };
        let codes = groups.average(codes);
        let exact = exact.as_deref().map(|exact| groups.average_exact(exact));
        let mut sample = Sample { codes: codes.to_vec(), exact: exact.map(|exact| exact.to_vec()) };
        if self.checkpoint.about.task == Task::Reconstruct && self.bits.iter().any(|&bits| bits < 8) {
            let widest = layers.iter().map(|layer| layer.inputs).max().unwrap_or(0);
            sample = sample.with_more(layers[0].inputs, widest);
        }
        // A smaller network has other layers than the file.
        let kept = if groups.is_empty() { &calibrated.kept[..] } else { &[] };
        let (calibration, measured) = (&sample.codes[..], self.plan.calibration.len());
        let how = Quantization { bits: self.bits, calibration, measured, exact: sample.exact.as_deref(), kept };
        let mut layers = quantize(layers, &how, progress)?;
        let arranged = arrange(&mut layers, &codes, of_inputs);
        let inputs = inputs.grouped(&arranged.groups);
        let head = match self.checkpoint.about.task {
            Task::Reconstruct => {
                // In steps of the scale as stored in the file, an f32.
                let step = layers.last().map_or(1.0, |last| f64::from(last.scale as f32));
                Head::reconstruction(self.checkpoint, &inputs, step)?
            }
            _ => head.clone(),
        };
        let (examples, dataset) = (self.plan.examples(), self.checkpoint.about.digest());
        let ends = Ends { inputs: &inputs, head: &head, examples, dataset };
        let model = encode_integer(&layers, &arranged.order, ends)?;
        let errors = layers.iter().map(|layer| layer.error).collect();
        let kept = layers.iter().map(|layer| layer.kept).collect();
        Ok(Built { model, bits: self.bits.to_vec(), errors, kept, loss: loss.clone(), shrunk: None })
    }
}

//! The meaning of an exported model's outputs: the head of the model file, according to the task of the network.

use crate::model::fold::FoldedLayer;
use crate::network::checkpoint::Checkpoint;
use crate::network::windows::Inputs;
use anyhow::bail;
use foldnet_core::layer::Layer;
use foldnet_core::model::HeadSpec;
use foldnet_data::Task;

/// The parameters of a head.
#[derive(Debug, Clone, PartialEq)]
pub enum Head {
    /// Classes.
    Softmax,
    /// Two classes, one output.
    Sigmoid,
    /// Scale and offset of every value.
    Values(Vec<[f32; 2]>),
    /// The reconstruction of the inputs by an integer model: `a`, `b` of every output, their shift, the real value of a
    /// step of the sum of squares, and the largest sum that is normal.
    Reconstruction(Vec<[i32; 2]>, u8, f32, u64),
    /// The reconstruction by a float model.
    FloatReconstruction(Vec<[f32; 2]>, f32, f32),
}

impl Head {
    /// The head for the encoder.
    pub fn spec(&self) -> HeadSpec<'_> {
        match self {
            Self::Softmax => HeadSpec::Softmax,
            Self::Sigmoid => HeadSpec::Sigmoid,
            Self::Values(rows) => HeadSpec::Values(rows),
            &Self::Reconstruction(ref targets, shift, score_scale, threshold) => {
                HeadSpec::Reconstruction { targets, shift, score_scale, threshold }
            }
            &Self::FloatReconstruction(ref targets, score_scale, threshold) => {
                HeadSpec::FloatReconstruction { targets, score_scale, threshold }
            }
        }
    }

    /// The head of a float model, whose outputs are the network's.
    pub fn of_floats(checkpoint: &Checkpoint) -> Self {
        let outputs = checkpoint.network().outputs();
        match checkpoint.about.task {
            Task::Classify => Self::of_classes(checkpoint),
            Task::Regress => Self::Values(vec![[1.0, 0.0]; outputs]),
            Task::Reconstruct => {
                let scaling = checkpoint.pixels.scaling();
                let target = |input: usize| {
                    let (scale, shift) = scaling.affine(input);
                    [scale as f32, shift as f32]
                };
                let threshold = checkpoint.about.threshold.unwrap_or(f32::INFINITY);
                Self::FloatReconstruction((0..outputs).map(target).collect(), 1.0 / outputs as f32, threshold)
            }
        }
    }

    /// The head of an integer model whose last layer before quantization is `last`. Values are first scaled to a common
    /// size, so that one step suits all of them; `outputs [N][O]` are the network's on the calibration examples.
    pub fn prepare(checkpoint: &Checkpoint, last: &mut FoldedLayer, outputs: &[f32]) -> Self {
        if checkpoint.about.task != Task::Regress {
            return Self::of_classes(checkpoint);
        }
        let units = last.units;
        let rows = (0..units).map(|unit| {
            let column = || outputs.iter().skip(unit).step_by(units).map(|&y| f64::from(y));
            let n = column().count().max(1) as f64;
            let mean = column().sum::<f64>() / n;
            let std = (column().map(|y| (y - mean).powi(2)).sum::<f64>() / n).sqrt();
            let std = if std > 0.0 { f64::from(std as f32) } else { 1.0 };
            let mean = f64::from(mean as f32);
            last.kernel[unit * last.inputs..][..last.inputs].iter_mut().for_each(|weight| *weight /= std);
            last.bias[unit] = (last.bias[unit] - mean) / std;
            [std as f32, mean as f32]
        });
        // A final ReLU would cut off values below the mean.
        if last.relu { Self::Values(vec![[1.0, 0.0]; units]) } else { Self::Values(rows.collect()) }
    }

    /// The head of a reconstruction, once the real value of a step of its outputs is known.
    ///
    /// # Errors
    /// If the inputs are too large for the outputs' steps.
    pub fn reconstruction(checkpoint: &Checkpoint, inputs: &Inputs, step: f64) -> anyhow::Result<Self> {
        let (scaling, outputs) = (checkpoint.pixels.scaling(), checkpoint.network().outputs());
        let targets: Vec<[f64; 2]> = (0..outputs)
            .map(|input| {
                let ((scale, shift), (of_code, low)) = (scaling.affine(input), inputs.step_and_low(input));
                [scale * of_code / step, (scale * low + shift) / step]
            })
            .collect();
        let largest = |index: usize| targets.iter().map(|row| row[index].abs()).fold(0.0, f64::max);
        let fits = |shift: i32| {
            let one = f64::from(shift).exp2();
            largest(0) * one < f64::from(1 << 22) && largest(1) * one < f64::from(1 << 30)
        };
        let Some(shift) = (0..=30).rev().find(|&shift| fits(shift)) else {
            bail!(
                "the inputs are up to {:e} steps of the outputs, more than a device can compare; train longer",
                largest(1)
            );
        };
        let one = f64::from(shift).exp2();
        let rows = targets.iter().map(|&[a, b]| [(a * one).round() as i32, (b * one).round() as i32]);
        let score_scale = step * step / outputs as f64;
        // No threshold: nothing is abnormal.
        let threshold = checkpoint.about.threshold.map_or(u64::MAX, |score| (f64::from(score) / score_scale) as u64);
        Ok(Self::Reconstruction(rows.collect(), shift as u8, score_scale as f32, threshold))
    }

    /// The head of a network that was trained in integers, whose outputs have this step.
    ///
    /// # Errors
    /// As [`reconstruction`](Self::reconstruction).
    pub fn trained(checkpoint: &Checkpoint, inputs: &Inputs, step: f64) -> anyhow::Result<Self> {
        match checkpoint.about.task {
            Task::Classify => Ok(Self::of_classes(checkpoint)),
            Task::Reconstruct => Self::reconstruction(checkpoint, inputs, step),
            Task::Regress => {
                let unit = |output: usize| {
                    checkpoint.about.outputs.get(output).map_or([1.0, 0.0], |unit| [unit.std, unit.mean])
                };
                Ok(Self::Values((0..checkpoint.network().outputs()).map(unit).collect()))
            }
        }
    }

    fn of_classes(checkpoint: &Checkpoint) -> Self {
        match checkpoint.layers.last() {
            Some(Layer::Sigmoid) => Self::Sigmoid,
            _ => Self::Softmax,
        }
    }
}

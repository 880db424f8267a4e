//! The training targets for the examples of a set, according to the task, in the units of training.
//!
//! Real values are trained after subtracting their mean and dividing by their standard deviation (both in the
//! checkpoint's `about`), so that losses and steps do not depend on their unit. A checkpoint on disk outputs real
//! values: [`with_units`] puts the scale into the last Dense, [`without_units`] removes it for training.

use crate::network::checkpoint::Checkpoint;
use crate::run::run_checkpoint;
use crate::train::method::ValueLoss;
use foldnet_core::train::{Loss, Targets};
use foldnet_core::{Compute, Layer};
use foldnet_data::{TargetsRef, Task, View, WrongKind};

/// Correct answers for a set's examples.
#[derive(Debug)]
pub enum Answers<'a> {
    /// `[N]`
    Classes(&'a [u16]),
    /// Classes, with a teacher's logits.
    Taught {
        /// `[N]`
        classes: &'a [u16],
        /// The teacher's logits, `[N][C]`.
        teacher: Vec<f32>,
    },
    /// `[N][outputs]`, standardized.
    Values {
        /// `[N][outputs]`
        values: Vec<f32>,
        /// `O`
        outputs: usize,
    },
    /// The inputs themselves.
    Inputs,
}

impl<'a> Answers<'a> {
    /// The answers of `view` for the task of `network`.
    ///
    /// # Errors
    /// If the set has answers of another kind.
    pub fn of(network: &Checkpoint, view: View<'a>) -> Result<Self, WrongKind> {
        match (network.about.task, view.targets) {
            (Task::Reconstruct, _) if network.about.quantized.is_some() => {
                Ok(Self::Values { values: network.standardized(view), outputs: network.inputs() })
            }
            (Task::Reconstruct, _) => Ok(Self::Inputs),
            (Task::Classify, TargetsRef::Classes(classes)) => Ok(Self::Classes(classes)),
            (Task::Regress, TargetsRef::Values { values, outputs }) => {
                let units = &network.about.outputs;
                let standardized = |(at, value): (usize, &f32)| match units.get(at % outputs) {
                    Some(unit) => (value - unit.mean) / unit.std,
                    None => *value,
                };
                Ok(Self::Values { values: values.iter().enumerate().map(standardized).collect(), outputs })
            }
            (Task::Classify, _) => Err(WrongKind::NoClasses),
            (Task::Regress, _) => Err(WrongKind::NoValues),
        }
    }

    /// The same with a teacher's outputs, `[N][O]` in units of training. Classes get its logits. Values become `alpha`
    /// times the values plus the rest times the teacher's; their squared error has the combined gradient of both
    /// errors.
    #[must_use]
    pub fn taught(self, teacher: Vec<f32>, alpha: f32) -> Self {
        match self {
            Self::Classes(classes) | Self::Taught { classes, .. } => Self::Taught { classes, teacher },
            Self::Values { mut values, outputs } => {
                values.iter_mut().zip(teacher).for_each(|(value, t)| *value = alpha * *value + (1.0 - alpha) * t);
                Self::Values { values, outputs }
            }
            Self::Inputs => Self::Inputs,
        }
    }

    /// The targets of the examples with these indices, collected in the buffer of their kind.
    pub fn targets<'b>(&self, picked: &[u32], classes: &'b mut Vec<u16>, values: &'b mut Vec<f32>) -> Targets<'b> {
        match self {
            Self::Classes(all) => {
                classes.clear();
                classes.extend(picked.iter().map(|&example| all[example as usize]));
                Targets::Classes(classes)
            }
            Self::Taught { classes: all, teacher } => {
                classes.clear();
                classes.extend(picked.iter().map(|&example| all[example as usize]));
                let outputs = teacher.len() / all.len();
                values.clear();
                picked.iter().for_each(|&example| values.extend(&teacher[example as usize * outputs..][..outputs]));
                Targets::Taught { classes, teacher: values }
            }
            Self::Values { values: all, outputs } => {
                values.clear();
                picked.iter().for_each(|&example| values.extend(&all[example as usize * outputs..][..*outputs]));
                Targets::Values(values)
            }
            Self::Inputs => Targets::Inputs,
        }
    }
}

/// The loss to minimize for a network; smoothing applies to the classes of Softmax, the error measure to values.
pub fn loss(network: &Checkpoint, label_smoothing: f32, values: ValueLoss) -> Loss {
    match (network.about.task, network.layers.last(), values) {
        (Task::Classify, Some(Layer::Sigmoid), _) => Loss::BinaryCrossEntropy,
        (Task::Classify, ..) => Loss::CrossEntropy { label_smoothing },
        (Task::Regress | Task::Reconstruct, _, ValueLoss::Mse) => Loss::MeanSquaredError,
        (Task::Regress | Task::Reconstruct, _, ValueLoss::Huber { delta }) => Loss::Huber { delta },
    }
}

/// Loss of a network in training units on `view`, and the fraction of examples classified correctly, which is NaN
/// without classes.
///
/// # Errors
/// If the set has answers of another kind.
pub fn validate<C: Compute>(
    network: &Checkpoint,
    view: View,
    values: ValueLoss,
    compute: &C,
) -> Result<(f64, f64), WrongKind> {
    let answers = Answers::of(network, view)?;
    let outputs = run_checkpoint(network, view, compute);
    let found = in_training_units(network, outputs.logits.clone());
    let mean = |targets: &[f32]| {
        let errors = found.iter().zip(targets).map(|(y, target)| f64::from(y - target).abs());
        errors.map(|error| of_error(error, values)).sum::<f64>() / targets.len() as f64
    };
    Ok(match answers {
        Answers::Classes(classes) | Answers::Taught { classes, .. } => {
            (outputs.loss(classes), outputs.accuracy(classes))
        }
        Answers::Values { values, .. } => (mean(&values), f64::NAN),
        Answers::Inputs => (mean(&network.standardized(view)), f64::NAN),
    })
}

/// The loss of an error, which is not negative, as in [`Loss`].
fn of_error(error: f64, values: ValueLoss) -> f64 {
    match values {
        ValueLoss::Mse => error * error,
        ValueLoss::Huber { delta } if error <= f64::from(delta) => error * error / 2.0,
        ValueLoss::Huber { delta } => f64::from(delta) * (error - f64::from(delta) / 2.0),
    }
}

/// Converts outputs of [`run_checkpoint`] to units of training; only those of networks of integers for real values need
/// it.
fn in_training_units(network: &Checkpoint, outputs: Vec<f32>) -> Vec<f32> {
    if network.about.quantized.is_some() && network.about.task == Task::Regress {
        return standardized_outputs(network, outputs);
    }
    outputs
}

/// Real values in the units in which `network` is trained.
pub fn standardized_outputs(network: &Checkpoint, mut outputs: Vec<f32>) -> Vec<f32> {
    let units = &network.about.outputs;
    for values in outputs.chunks_mut(units.len().max(1)) {
        values.iter_mut().zip(units).for_each(|(value, unit)| *value = (*value - unit.mean) / unit.std);
    }
    outputs
}

/// The same network with real values as outputs. A network of integers scales them in its model's head and is
/// unchanged.
pub fn with_units(network: &Checkpoint) -> Checkpoint {
    scaled(network, |unit| (unit.std, unit.mean))
}

/// The same network with outputs in training units.
pub fn without_units(network: &Checkpoint) -> Checkpoint {
    scaled(network, |unit| (1.0 / unit.std, -unit.mean / unit.std))
}

/// Scales and shifts each output in the last Dense, which has a bias.
fn scaled(network: &Checkpoint, by: impl Fn(&crate::network::checkpoint::Output) -> (f32, f32)) -> Checkpoint {
    let mut scaled = network.clone();
    if network.about.task != Task::Regress || network.about.quantized.is_some() {
        return scaled;
    }
    let last = network.network().placed().filter(|place| matches!(place.layer, Layer::Dense { .. })).last();
    let Some(place) = last else { return scaled };
    let params = &mut scaled.params[place.range()];
    let (kernel, bias) = params.split_at_mut(place.inputs * place.outputs);
    for ((row, bias), unit) in kernel.chunks_exact_mut(place.inputs).zip(bias).zip(&network.about.outputs) {
        let (scale, shift) = by(unit);
        row.iter_mut().for_each(|weight| *weight *= scale);
        *bias = *bias * scale + shift;
    }
    scaled
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::checkpoint::{About, Output, PixelStatistics};
    use foldnet_core::Portable;
    use foldnet_data::{Shape, ValuesRef};

    fn network(task: Task) -> Checkpoint {
        let outputs = vec![Output { name: "kg".into(), mean: 10.0, std: 4.0 }];
        let about =
            About { task, outputs: if task == Task::Regress { outputs } else { Vec::new() }, ..About::default() };
        let (layers, params) = match task {
            Task::Reconstruct => (vec![Layer::dense(2)], vec![1.0, 0.0, 0.0, 1.0, 0.0, 0.0]),
            _ => (vec![Layer::dense(1)], vec![1.0, -1.0, 0.5]),
        };
        Checkpoint { about, ..Checkpoint::new(layers, 2, params, PixelStatistics::Raw).expect("a network") }
    }

    #[test]
    fn real_values_come_out_of_a_network_with_units() {
        let trained = network(Task::Regress);
        let targets = TargetsRef::Values { values: &[16.0, 8.0], outputs: 1 };
        let view = View { inputs: ValuesRef::U8(&[3, 2, 1, 2]), targets, shape: Shape::features(2) };
        // Outputs in training units: 1.5 and -0.5, exactly those of the targets.
        assert_eq!(validate(&trained, view, ValueLoss::Mse, &Portable).unwrap().0, 0.0);
        let real = with_units(&trained);
        assert_eq!(run_checkpoint(&real, view, &Portable).logits, [16.0, 8.0]);
        assert_eq!(without_units(&real).params, trained.params);
        let (mut classes, mut values) = (Vec::new(), Vec::new());
        let answers = Answers::of(&trained, view).unwrap();
        assert_eq!(answers.targets(&[1, 0, 1], &mut classes, &mut values), Targets::Values(&[-0.5, 1.5, -0.5]));
    }

    #[test]
    fn errors_are_squared_or_cut() {
        let check = |error, values, expected| assert_eq!(of_error(error, values), expected);
        check(3.0, ValueLoss::Mse, 9.0);
        check(1.0, ValueLoss::Huber { delta: 1.0 }, 0.5);
        check(3.0, ValueLoss::Huber { delta: 1.0 }, 2.5);
    }

    #[test]
    fn inputs_are_their_own_answers() {
        let view = View { inputs: ValuesRef::I16(&[3, -2]), targets: TargetsRef::None, shape: Shape::features(2) };
        assert_eq!(validate(&network(Task::Reconstruct), view, ValueLoss::Mse, &Portable).unwrap().0, 0.0);
        assert!(matches!(Answers::of(&network(Task::Classify), view), Err(WrongKind::NoClasses)));
    }
}

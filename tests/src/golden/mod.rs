//! Golden runs: Keras's steps, repeated with `foldnet-core` and compared.
//!
//! [`mod@file`] reads the JSON and converts to core's parameter order; this module repeats the run.

pub mod file;

use crate::tolerance::{GOLDEN_LOSS, GOLDEN_PROBABILITY, GOLDEN_VARIABLE, largest};
use file::{Rule, Run, Step, Variable};
use foldnet_core::train::{Buffers, Metrics, Optimizer, Settings, Targets, Trainer, predict};
use foldnet_core::{Compute, Layer, Rows, softmax};

/// The largest deviations in a run.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Worst {
    /// For a variable, relative to at least the variable's largest magnitude.
    pub variable: f64,
    /// For a loss, relative.
    pub loss: f64,
    /// For a probability, absolute.
    pub probability: f64,
}

impl std::fmt::Display for Worst {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "variable {:.1e}, loss {:.1e}, probability {:.1e}", self.variable, self.loss, self.probability)
    }
}

impl Worst {
    /// The larger of each.
    pub fn max(self, other: Self) -> Self {
        Self {
            variable: self.variable.max(other.variable),
            loss: self.loss.max(other.loss),
            probability: self.probability.max(other.probability),
        }
    }
}

/// Repeats `run` with `compute` and compares loss, accuracy and every variable after every step, then the class
/// probabilities at inference.
///
/// # Errors
/// The first value that is too far off, by file, step, layer, variable and index.
pub fn repeat<C: Compute>(run: &Run, compute: &C) -> Result<Worst, String> {
    match run.optimizer {
        Rule::Sgd(optimizer) => repeat_with(run, compute, optimizer),
        Rule::Momentum(optimizer) => repeat_with(run, compute, optimizer),
        Rule::Adam(optimizer) => repeat_with(run, compute, optimizer),
    }
}

fn repeat_with<C: Compute, O: Optimizer + Copy>(run: &Run, compute: &C, optimizer: O) -> Result<Worst, String> {
    let settings = Settings { clip_norm: run.clip_norm, ..Settings::new(optimizer) };
    let mut state = vec![0.0; settings.state(&run.network())];
    let batch = run.steps.iter().map(|step| step.y.len()).max().unwrap_or(1);
    let mut params = run.initial.clone();
    // Not a number, so that a value read before it is written shows.
    let mut workspace = vec![f32::NAN; run.network().train_workspace(batch)];
    let mut worst = Worst::default();
    for (index, step) in run.steps.iter().enumerate() {
        let place = |error| format!("{}: step {}, {error}", run.file, index + 1);
        let buffers = Buffers { params: &mut params, state: &mut state, workspace: &mut workspace };
        let mut trainer =
            Trainer::with(run.network(), settings, buffers, batch).map_err(|error| place(error.to_string()))?;
        trainer.resume(index as u32);
        let examples = Rows::new(&step.x, run.inputs);
        let metrics = trainer
            .step(compute, &examples, Targets::Classes(&step.y), run.learning_rate)
            .map_err(|error| place(error.to_string()))?;
        worst.loss = worst.loss.max(check_metrics(metrics, step).map_err(place)?);
        for variable in &run.variables {
            let deviation = check_variable(variable, &params, &step.params).map_err(place)?;
            worst.variable = worst.variable.max(deviation);
        }
    }
    worst.probability = infer(run, compute, &params).map_err(|error| format!("{}: {error}", run.file))?;
    Ok(worst)
}

fn check_metrics(metrics: Metrics, step: &Step) -> Result<f64, String> {
    let correct = (step.accuracy * step.y.len() as f64).round();
    if f64::from(metrics.correct) != correct {
        return Err(format!("accuracy: {} of {} right instead of {correct}", metrics.correct, step.y.len()));
    }
    GOLDEN_LOSS.check(f64::from(metrics.loss), step.loss, 0.0).map_err(|error| format!("loss: {error}"))
}

fn check_variable(variable: &Variable, params: &[f32], expected: &[f32]) -> Result<f64, String> {
    let scale = largest(variable.places.iter().map(|&place| f64::from(expected[place])));
    let mut worst = 0.0f64;
    for (index, &place) in variable.places.iter().enumerate() {
        let deviation = GOLDEN_VARIABLE
            .check(f64::from(params[place]), f64::from(expected[place]), scale)
            .map_err(|error| format!("{}: {error}", variable.element(index)))?;
        worst = worst.max(deviation);
    }
    Ok(worst)
}

/// The network's class probabilities of `run.x_eval`, against Keras's; the worst deviation.
fn infer<C: Compute>(run: &Run, compute: &C, params: &[f32]) -> Result<f64, String> {
    let classes = run.network().outputs();
    let n = run.x_eval.len() / run.inputs;
    let mut workspace = vec![f32::NAN; run.network().predict_workspace(n)];
    let mut logits = vec![f32::NAN; classes * n];
    let examples = Rows::new(&run.x_eval, run.inputs);
    predict(compute, run.network(), params, &mut workspace, &examples, &mut logits)
        .map_err(|error| error.to_string())?;
    let mut worst = 0.0f64;
    for (example, expected) in run.probabilities.chunks_exact(classes).enumerate() {
        let mut p: Vec<f32> = (0..classes).map(|class| logits[class * n + example]).collect();
        if run.layers.last() == Some(&Layer::Softmax) {
            softmax(&mut p);
        }
        for (class, (p, expected)) in p.iter().zip(expected).enumerate() {
            let deviation = GOLDEN_PROBABILITY
                .check(f64::from(*p), f64::from(*expected), 1.0)
                .map_err(|error| format!("inference, example {example}, class {class}: {error}"))?;
            worst = worst.max(deviation);
        }
    }
    Ok(worst)
}

//! Folds affine steps into their neighbours, in f64, so that only layers remain.

use super::outputs::{Chain, chain};
use super::trace::{Step, What, trace};
use crate::error::Fault;
use crate::graph::Graph;
use crate::network::{Affine, Layer, Network, Placed};

/// The layers of a graph.
///
/// # Errors
/// If they are not a network that Foldnet can run; the error names the first unsupported node.
pub(crate) fn lower(graph: &Graph) -> Result<Network, Fault> {
    let Chain { mut steps, mut labels, left_out, shape } = chain(trace(graph)?)?;
    if labels.is_empty() {
        labels.clone_from(&graph.labels);
    }
    let mut folded: Vec<String> =
        left_out.into_iter().map(|name| format!("output {name}: follows from the other, not kept")).collect();
    let mut at = 0;
    while at + 1 < steps.len() {
        if join(&mut steps, at, &mut folded) { at = at.saturating_sub(1) } else { at += 1 }
    }
    let name = steps.first().map(|step| step.name.clone()).unwrap_or_default();
    steps.drain(..1.min(steps.len()));
    let affine = match steps.first().map(|step| &step.what) {
        Some(What::Affine { .. }) => affine(&steps.remove(0), &mut folded),
        _ => None,
    };
    check(&steps)?;
    let layers: Vec<Placed> = steps.into_iter().map(layer).collect::<Result<_, _>>()?;
    let outputs = layers
        .iter()
        .rev()
        .find_map(|placed| if let Layer::Dense { units, .. } = placed.layer { Some(units) } else { None });
    let classes =
        if matches!(layers.last().map(|placed| &placed.layer), Some(Layer::Sigmoid)) { Some(2) } else { outputs };
    if Some(labels.len()) != classes {
        labels.clear();
    }
    Ok(Network { input: name, shape, affine, layers, labels, given: None, folded, scales: Vec::new() })
}

fn affine(step: &Step, folded: &mut Vec<String>) -> Option<Affine> {
    let What::Affine { scale, shift } = &step.what else { return None };
    folded.push(format!("{} ({}): into the input's scale", step.name, step.kind));
    Some(Affine { scale: scale.clone(), shift: shift.clone() })
}

/// Joins the step at `at` with the next one if possible; returns whether it did.
fn join(steps: &mut Vec<Step>, at: usize, folded: &mut Vec<String>) -> bool {
    let joined = match (&steps[at].what, &steps[at + 1].what) {
        (What::Relu, What::Relu) => Some((What::Relu, at + 1)),
        (What::Affine { scale: a, shift: b }, What::Affine { scale: c, shift: d }) => {
            let scale = a.iter().zip(c).map(|(a, c)| a * c).collect();
            let shift = b.iter().zip(c).zip(d).map(|((b, c), d)| b * c + d).collect();
            Some((What::Affine { scale, shift }, at))
        }
        (What::Dense { units, kernel, bias }, What::Affine { scale, shift }) => {
            Some((behind_dense(*units, kernel, bias.as_deref(), scale, shift), at + 1))
        }
        (What::Affine { scale, shift }, What::Dense { units, kernel, bias }) if at > 1 => {
            Some((before_dense(*units, kernel, bias.as_deref(), scale, shift), at))
        }
        (What::BatchNorm { .. }, What::Affine { scale, shift }) => {
            Some((behind_norm(&steps[at].what, scale, shift), at + 1))
        }
        (What::Affine { scale, shift }, What::BatchNorm { .. })
            if at > 1 && scale.iter().all(|&scale| scale != 0.0) =>
        {
            Some((before_norm(&steps[at + 1].what, scale, shift), at))
        }
        _ => None,
    };
    let Some((what, gone)) = joined else { return false };
    let kept = if gone == at { at + 1 } else { at };
    let line = format!("{} ({}): into {} ({})", steps[gone].name, steps[gone].kind, steps[kept].name, steps[kept].kind);
    folded.push(line);
    steps[kept].what = what;
    steps.remove(gone);
    true
}

/// `scale (kernel x + bias) + shift`.
fn behind_dense(units: usize, kernel: &[f32], bias: Option<&[f32]>, scale: &[f64], shift: &[f64]) -> What {
    let inputs = kernel.len() / units.max(1);
    let rows = kernel.chunks_exact(inputs.max(1)).zip(scale);
    let kernel =
        rows.flat_map(|(row, scale)| row.iter().map(move |&value| (f64::from(value) * scale) as f32)).collect();
    let bias = |unit: usize| bias.and_then(|bias| bias.get(unit)).map_or(0.0, |&value| f64::from(value));
    let bias =
        scale.iter().zip(shift).enumerate().map(|(unit, (scale, shift))| (bias(unit) * scale + shift) as f32).collect();
    What::Dense { units, kernel, bias: Some(bias) }
}

/// `kernel (scale x + shift) + bias`.
fn before_dense(units: usize, kernel: &[f32], bias: Option<&[f32]>, scale: &[f64], shift: &[f64]) -> What {
    let inputs = scale.len().max(1);
    let dot = |row: &[f32]| row.iter().zip(shift).map(|(&weight, shift)| f64::from(weight) * shift).sum::<f64>();
    let bias = |unit: usize| bias.and_then(|bias| bias.get(unit)).map_or(0.0, |&value| f64::from(value));
    let bias = kernel.chunks_exact(inputs).enumerate().map(|(unit, row)| (bias(unit) + dot(row)) as f32).collect();
    let rows = kernel.chunks_exact(inputs);
    let kernel =
        rows.flat_map(|row| row.iter().zip(scale).map(|(&weight, scale)| (f64::from(weight) * scale) as f32)).collect();
    What::Dense { units, kernel, bias: Some(bias) }
}

/// `scale norm(x) + shift` with a different gamma and beta.
fn behind_norm(norm: &What, scale: &[f64], shift: &[f64]) -> What {
    let mut norm = norm.clone();
    if let What::BatchNorm { gamma, beta, .. } = &mut norm {
        for ((gamma, beta), (scale, shift)) in gamma.iter_mut().zip(beta).zip(scale.iter().zip(shift)) {
            *gamma = (f64::from(*gamma) * scale) as f32;
            *beta = (f64::from(*beta) * scale + shift) as f32;
        }
    }
    norm
}

/// `norm(scale x + shift)` with a different gamma and mean.
fn before_norm(norm: &What, scale: &[f64], shift: &[f64]) -> What {
    let mut norm = norm.clone();
    if let What::BatchNorm { gamma, mean, .. } = &mut norm {
        for ((gamma, mean), (scale, shift)) in gamma.iter_mut().zip(mean).zip(scale.iter().zip(shift)) {
            *gamma = (f64::from(*gamma) * scale) as f32;
            *mean = ((f64::from(*mean) - shift) / scale) as f32;
        }
    }
    norm
}

/// # Errors
/// If a step is in a position where it cannot be folded, or the numbers are not finite.
fn check(steps: &[Step]) -> Result<(), Fault> {
    let refused = |step: &Step, why: &str| Err(Fault::refused(&step.name, &step.kind, why));
    let mut dense = false;
    for (index, step) in steps.iter().enumerate() {
        let rest = &steps[index + 1..];
        let ahead =
            rest.iter().take_while(|step| step.what != What::Relu).any(|step| matches!(step.what, What::Dense { .. }));
        let last = rest.is_empty();
        match &step.what {
            What::Dense { .. } => dense = true,
            What::Relu if !dense => {
                return refused(step, "has no Dense before it since the input or the last ReLU; put one there");
            }
            What::Relu => dense = false,
            What::BatchNorm { .. } | What::Affine { .. } if !dense && !ahead => {
                return refused(
                    step,
                    "has no adjacent Dense to fold into; put it directly before or after a Dense, without a ReLU in between",
                );
            }
            What::Affine { .. } => {
                return refused(step, "scales values that feed no Dense; put it before or after a Dense");
            }
            What::Softmax { .. } | What::Sigmoid if !last => {
                return refused(step, "must be the last layer; use ReLU between layers");
            }
            What::Softmax { .. } | What::Sigmoid if !dense => {
                return refused(step, "follows a ReLU; put a Dense between them");
            }
            What::Complement | What::Both => {
                return refused(step, "combines 1 - p and p in an unsupported way; export only the probabilities");
            }
            _ => {}
        }
        check_numbers(step)?;
    }
    match steps.last() {
        None => Err(Fault::Unread("a network without layers".into())),
        Some(step) if step.what == What::Relu => refused(
            step,
            "is the last layer; a network must end with a Dense, optionally followed by Softmax or Sigmoid",
        ),
        Some(_) => Ok(()),
    }
}

fn check_numbers(step: &Step) -> Result<(), Fault> {
    let finite = |values: &[f32]| values.iter().all(|value| value.is_finite());
    let whole = match &step.what {
        What::Dense { kernel, bias, .. } => finite(kernel) && bias.as_deref().is_none_or(finite),
        What::BatchNorm { gamma, beta, mean, variance, epsilon, .. } => {
            finite(gamma) && finite(beta) && finite(mean) && finite(variance) && *epsilon >= 0.0
        }
        _ => true,
    };
    if whole {
        Ok(())
    } else {
        Err(Fault::refused(&step.name, &step.kind, "has values that are not finite; train the network again"))
    }
}

fn layer(step: Step) -> Result<Placed, Fault> {
    let Step { name, kind, what, .. } = step;
    let layer = match what {
        What::Dense { units, kernel, bias } => Layer::Dense { units, kernel, bias },
        What::BatchNorm { momentum, epsilon, gamma, beta, mean, variance } => {
            Layer::BatchNorm { momentum, epsilon, gamma, beta, mean, variance }
        }
        What::Relu => Layer::Relu,
        What::Softmax { log } => Layer::Softmax { log },
        What::Sigmoid => Layer::Sigmoid,
        _ => return Err(Fault::refused(&name, &kind, "is not a layer")),
    };
    Ok(Placed { name, kind, layer })
}

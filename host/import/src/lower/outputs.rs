//! From the graph's outputs to the single chain that computes them.

use super::trace::{Step, Trace, What};
use crate::error::Fault;

/// The chain without the steps that only name or select a class.
#[derive(Debug)]
pub(super) struct Chain {
    pub(super) steps: Vec<Step>,
    pub(super) labels: Vec<String>,
    /// Outputs of the file that are dropped because they follow from the others.
    pub(super) left_out: Vec<String>,
    /// Sizes of an example.
    pub(super) shape: Vec<usize>,
}

/// Picks the longest chain; every other output must follow from its result.
///
/// # Errors
/// If outputs differ in more than the head.
pub(super) fn chain(trace: Trace) -> Result<Chain, Fault> {
    let Trace { steps, outputs, shape, .. } = trace;
    let mut labels = Vec::new();
    let mut paths = Vec::new();
    for (name, flow) in outputs {
        let mut path = Vec::new();
        let mut at = Some(flow.step);
        while let Some(index) = at {
            at = steps[index].before;
            match &steps[index].what {
                What::Classes(names) => {
                    if labels.is_empty() {
                        labels.clone_from(names);
                    }
                }
                What::ArgMax | What::Both => {}
                _ => path.push(index),
            }
        }
        path.reverse();
        paths.push((name, path));
    }
    let longest = paths.iter().max_by_key(|(_, path)| path.len()).cloned();
    let Some((main, path)) = longest else { return Err(Fault::Unread("a network without outputs".into())) };
    let mut left_out = Vec::new();
    for (name, other) in &paths {
        let rest = path.strip_prefix(&other[..]);
        let head = rest.is_some_and(|rest| rest.iter().all(|&index| is_head(&steps[index].what)));
        if !head {
            let why = format!(
                "is a second output that cannot be derived from {main}; export the network with only one of them"
            );
            return Err(Fault::refused(name, "output", why));
        }
        if *name != main {
            left_out.push(name.clone());
        }
    }
    let steps = path.into_iter().map(|index| steps[index].clone()).collect();
    Ok(Chain { steps, labels, left_out, shape })
}

fn is_head(what: &What) -> bool {
    matches!(what, What::Softmax { .. } | What::Sigmoid)
}

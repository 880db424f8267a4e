//! The answers of a network that does not classify: values compared with the correct ones, or the distribution of
//! anomaly scores.

use super::values::{Axis, Histogram, MinMedianMax, widened};
use crate::run::Outputs;
use foldnet_data::{Task, View, WrongKind};
use serde::Serialize;

/// Answers by task.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answers {
    /// Answers of a regression, one entry per output.
    Values(Vec<Estimated>),
    /// Anomaly scores.
    Scores(Scores),
}

/// One output on all examples.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Estimated {
    /// Its name.
    pub name: String,
    /// Correct values, `[N]`.
    pub targets: Vec<f32>,
    /// The network's values, `[N]`.
    pub values: Vec<f32>,
}

/// Scores on all examples, on one axis.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scores {
    /// Scores of normal examples.
    pub normal: Histogram,
    /// Scores of abnormal examples, if there are any.
    pub abnormal: Option<Histogram>,
    /// An example with a higher score counts as abnormal.
    pub threshold: Option<f32>,
}

impl Answers {
    /// The answers in `outputs` for `view`; `None` for classifiers. `names` are those of the outputs.
    ///
    /// # Errors
    /// If the set has no values to compare with.
    pub fn of(
        task: Task,
        outputs: &Outputs,
        view: View,
        names: &[String],
        threshold: Option<f32>,
    ) -> Result<Option<Self>, WrongKind> {
        Ok(match task {
            Task::Classify => None,
            Task::Regress => {
                let (targets, count) = (view.values()?, outputs.classes);
                let column = |all: &[f32], output: usize| all[output..].iter().step_by(count).copied().collect();
                let estimated = (0..count).map(|output| Estimated {
                    name: names.get(output).cloned().unwrap_or_else(|| format!("output {output}")),
                    targets: column(targets, output),
                    values: column(&outputs.logits, output),
                });
                Some(Self::Values(estimated.collect()))
            }
            Task::Reconstruct => Some(Self::Scores(scores(outputs, view, threshold))),
        })
    }
}

fn scores(outputs: &Outputs, view: View, threshold: Option<f32>) -> Scores {
    let all = widened(outputs.scores.iter().map(|scored| scored.score));
    let strange = |at: usize| view.targets.classes().is_some_and(|classes| classes[at] != 0);
    let of = |wanted: bool| -> Vec<f64> {
        all.iter().enumerate().filter(|(at, _)| strange(*at) == wanted).map(|(_, score)| *score).collect()
    };
    let (normal, abnormal) = (of(false), of(true));
    let MinMedianMax { min, max, .. } = MinMedianMax::of(&all);
    // Scores are positive, and few are far out: ratios show more of them than differences.
    let axis = if min > 0.0 { Axis::Logarithmic } else { Axis::Linear };
    let (from, to) = if min < max { (min, max) } else { (min, min + 1.0) };
    let shown = |scores: &[f64]| Histogram::between(scores, axis, from, to);
    let abnormal = (!abnormal.is_empty()).then(|| shown(&abnormal));
    Scores { normal: shown(&normal), abnormal, threshold }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Scored;
    use foldnet_data::{Shape, TargetsRef, ValuesRef};

    #[test]
    fn answers_are_parted_by_output_and_by_kind() {
        let inputs = ValuesRef::F32(&[0.0; 2]);
        let view = |targets| View { inputs, targets, shape: Shape::features(1) };
        let outputs = Outputs { logits: vec![1.0, 2.0, 3.0, 4.0], classes: 2, ..Outputs::default() };
        let targets = TargetsRef::Values { values: &[5.0, 6.0, 7.0, 8.0], outputs: 2 };
        let names = ["a".to_owned()];
        let found = Answers::of(Task::Regress, &outputs, view(targets), &names, None);
        let Ok(Some(Answers::Values(found))) = found else { panic!("{found:?}") };
        assert_eq!(
            (found[0].name.as_str(), &found[0].targets[..], &found[0].values[..]),
            ("a", &[5.0, 7.0][..], &[1.0, 3.0][..])
        );
        assert_eq!(
            (found[1].name.as_str(), &found[1].targets[..], &found[1].values[..]),
            ("output 1", &[6.0, 8.0][..], &[2.0, 4.0][..])
        );
        let scored = |score| Scored { score, above: None };
        let outputs = Outputs { scores: vec![scored(1.0), scored(4.0)], classes: 1, ..Outputs::default() };
        let found = Answers::of(Task::Reconstruct, &outputs, view(TargetsRef::Classes(&[0, 1])), &[], Some(2.0));
        let Ok(Some(Answers::Scores(found))) = found else { panic!("{found:?}") };
        let counted = |histogram: &Histogram| (histogram.counts[0], histogram.counts[31]);
        assert_eq!((counted(&found.normal), found.abnormal.as_ref().map(counted)), ((1, 0), Some((0, 1))));
        assert_eq!(Answers::of(Task::Classify, &outputs, view(TargetsRef::None), &[], None), Ok(None));
    }
}

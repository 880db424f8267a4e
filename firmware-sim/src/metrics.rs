//! Metrics of a network's answers for each task.

use serde::{Deserialize, Serialize};

/// Measures of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Metrics {
    /// Metrics of a classifier.
    Classification(Classification),
    /// Metrics of a regression.
    Regression(Regression),
    /// Metrics of an anomaly score.
    Anomaly(Anomaly),
}

/// Metrics of classes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Classification {
    /// `[C][C]`: number of examples of the row's class that were classified as the column's.
    pub confusion: Vec<Vec<usize>>,
    /// Precision of each class; 0 for a class that is never predicted.
    pub precision: Vec<f64>,
    /// Recall of each class; 0 for a class without examples.
    pub recall: Vec<f64>,
    /// F1 of each class: harmonic mean of precision and recall.
    pub f1: Vec<f64>,
    /// Mean of `f1` over the classes that have examples.
    pub macro_f1: f64,
}

/// Metrics of real values, over all outputs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Regression {
    /// Root mean squared error, in the unit of the targets.
    pub rmse: f64,
    /// Mean absolute error.
    pub mae: f64,
    /// Fraction of the targets' variance that is explained, as mean over the outputs; 0 if they do not vary.
    pub r2: f64,
}

/// Metrics of a score that should be high for abnormal examples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Anomaly {
    /// Probability that an abnormal example scores higher than a normal one, with ties counting half (area under the
    /// ROC curve).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auc: Option<f64>,
    /// Scores of normal examples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub normal: Option<Distribution>,
    /// Scores of abnormal examples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub abnormal: Option<Distribution>,
    /// An example with a higher score counts as abnormal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f32>,
    /// Fraction of the normal examples above the threshold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub false_alarms: Option<f64>,
    /// Fraction of the abnormal examples above the threshold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detected: Option<f64>,
}

/// Distribution of values.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Distribution {
    /// Number of values.
    pub examples: usize,
    /// Mean.
    pub mean: f64,
    /// The smallest.
    pub min: f64,
    /// A quarter is below.
    pub lower_quartile: f64,
    /// Half is below.
    pub median: f64,
    /// Three quarters are below.
    pub upper_quartile: f64,
    /// The largest.
    pub max: f64,
}

/// Number of `predictions` that equal their label, `[N]` each.
pub fn correct(predictions: &[u16], labels: &[u16]) -> usize {
    predictions.iter().zip(labels).filter(|(class, label)| class == label).count()
}

/// Metrics of `predictions` and `labels` `[N]`, all below `classes`.
pub fn classification(predictions: &[u16], labels: &[u16], classes: usize) -> Classification {
    let mut confusion = vec![vec![0; classes]; classes];
    for (&label, &found) in labels.iter().zip(predictions) {
        confusion[usize::from(label)][usize::from(found)] += 1;
    }
    let of = |class: usize| {
        let row: usize = confusion[class].iter().sum();
        let column: usize = confusion.iter().map(|row| row[class]).sum();
        let (hit, share) = (confusion[class][class], |part: usize, all: usize| part as f64 / all.max(1) as f64);
        (share(hit, column), share(hit, row), share(2 * hit, row + column), row)
    };
    let all: Vec<_> = (0..classes).map(of).collect();
    let present = all.iter().filter(|(.., examples)| *examples > 0).count().max(1) as f64;
    let macro_f1 = all.iter().filter(|(.., examples)| *examples > 0).map(|(_, _, f1, _)| f1).sum::<f64>() / present;
    Classification {
        precision: all.iter().map(|found| found.0).collect(),
        recall: all.iter().map(|found| found.1).collect(),
        f1: all.iter().map(|found| found.2).collect(),
        macro_f1,
        confusion,
    }
}

/// Root of the mean squared error of `values`, as many as `targets`.
pub fn rmse(values: &[f32], targets: &[f32]) -> f64 {
    let squares = values.iter().zip(targets).map(|(value, target)| (f64::from(*value) - f64::from(*target)).powi(2));
    (squares.sum::<f64>() / targets.len().max(1) as f64).sqrt()
}

/// Metrics of `values` and `targets` `[N][outputs]`.
pub fn regression(values: &[f32], targets: &[f32], outputs: usize) -> Regression {
    let errors = values.iter().zip(targets).map(|(value, target)| f64::from(*value) - f64::from(*target));
    let r2 = |output: usize| {
        let of = |all: &[f32]| all[output..].iter().step_by(outputs).map(|value| f64::from(*value)).collect::<Vec<_>>();
        let (values, targets) = (of(values), of(targets));
        let mean = targets.iter().sum::<f64>() / targets.len() as f64;
        let left: f64 = values.iter().zip(&targets).map(|(value, target)| (value - target).powi(2)).sum();
        let all: f64 = targets.iter().map(|target| (target - mean).powi(2)).sum();
        if all > 0.0 { 1.0 - left / all } else { 0.0 }
    };
    Regression {
        rmse: rmse(values, targets),
        mae: errors.map(f64::abs).sum::<f64>() / targets.len().max(1) as f64,
        r2: (0..outputs).map(r2).sum::<f64>() / outputs as f64,
    }
}

/// Metrics of `scores` `[N]`, given which examples are abnormal; if that is unknown, all count as normal.
pub fn anomaly(scores: &[f32], abnormal: Option<&[u16]>, threshold: Option<f32>) -> Anomaly {
    let is = |at: usize| abnormal.is_some_and(|abnormal| abnormal[at] != 0);
    let of = |wanted: bool| -> Vec<f32> {
        scores.iter().enumerate().filter(|(at, _)| is(*at) == wanted).map(|(_, score)| *score).collect()
    };
    let (normal, abnormal) = (of(false), of(true));
    let above = |scores: &[f32]| {
        let threshold = threshold.filter(|_| !scores.is_empty())?;
        Some(scores.iter().filter(|&&score| score > threshold).count() as f64 / scores.len() as f64)
    };
    Anomaly {
        auc: auc(&normal, &abnormal),
        normal: distribution(&normal),
        abnormal: distribution(&abnormal),
        threshold,
        false_alarms: above(&normal),
        detected: above(&abnormal),
    }
}

/// Mann and Whitney's statistic as a fraction; equal scores have the mean of their ranks. `None` if either side is
/// empty.
pub fn auc(normal: &[f32], abnormal: &[f32]) -> Option<f64> {
    if normal.is_empty() || abnormal.is_empty() {
        return None;
    }
    let mut sorted: Vec<f32> = normal.to_vec();
    sorted.sort_by(f32::total_cmp);
    let beaten = |score: &f32| {
        let below = sorted.partition_point(|other| other < score);
        let up_to = sorted.partition_point(|other| other <= score);
        (below + up_to) as f64 / 2.0
    };
    Some(abnormal.iter().map(beaten).sum::<f64>() / (normal.len() as f64 * abnormal.len() as f64))
}

/// The value that a fraction `share` of `scores` does not exceed. `None` if there are none.
pub fn quantile(scores: &[f32], share: f64) -> Option<f32> {
    let mut sorted = scores.to_vec();
    sorted.sort_by(f32::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    Some(sorted[(share * last as f64).ceil() as usize])
}

fn distribution(scores: &[f32]) -> Option<Distribution> {
    let at = |share: f64| quantile(scores, share).map(f64::from);
    Some(Distribution {
        examples: scores.len(),
        mean: scores.iter().map(|score| f64::from(*score)).sum::<f64>() / scores.len().max(1) as f64,
        min: at(0.0)?,
        lower_quartile: at(0.25)?,
        median: at(0.5)?,
        upper_quartile: at(0.75)?,
        max: at(1.0)?,
    })
}

/// Mean squared difference between each row of `outputs` and `inputs`, both `[N][width]`.
pub fn scores(outputs: &[f32], inputs: &[f32], width: usize) -> Vec<f32> {
    let score = |(outputs, inputs): (&[f32], &[f32])| {
        let sum: f64 = outputs.iter().zip(inputs).map(|(a, b)| f64::from(a - b).powi(2)).sum();
        (sum / width as f64) as f32
    };
    outputs.chunks_exact(width).zip(inputs.chunks_exact(width)).map(score).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_by_hand() {
        let found = classification(&[0, 0, 1, 1, 2], &[0, 1, 1, 1, 0], 4);
        assert_eq!(found.confusion, [[1, 0, 1, 0], [1, 2, 0, 0], [0; 4], [0; 4]]);
        assert_eq!((&found.precision[..2], &found.recall[..2]), (&[0.5, 1.0][..], &[0.5, 2.0 / 3.0][..]));
        assert_eq!(found.f1, [0.5, 0.8, 0.0, 0.0]);
        assert_eq!(found.macro_f1, 0.65);
    }

    #[test]
    fn values_by_hand() {
        let found = regression(&[1.0, 2.0, 6.0], &[1.0, 3.0, 5.0], 1);
        assert!((found.rmse - (2.0f64 / 3.0).sqrt()).abs() < 1e-12);
        assert!((found.mae - 2.0 / 3.0).abs() < 1e-12 && (found.r2 - 0.75).abs() < 1e-12);
        // Two outputs, of which the second is always correct.
        assert_eq!(regression(&[1.0, 7.0, 3.0, 8.0], &[3.0, 7.0, 1.0, 8.0], 2).r2, -1.0);
    }

    #[test]
    fn scores_by_hand() {
        let check = |normal: &[f32], abnormal: &[f32], expected| assert_eq!(auc(normal, abnormal), expected);
        check(&[1.0, 2.0], &[3.0, 4.0], Some(1.0));
        check(&[1.0, 2.0], &[0.0], Some(0.0));
        check(&[1.0, 2.0], &[2.0], Some(0.75));
        check(&[1.0], &[], None);
        assert_eq!(scores(&[1.0, 2.0, 3.0, 4.0], &[1.0, 4.0, 0.0, 4.0], 2), [2.0, 4.5]);
        let found = anomaly(&[1.0, 5.0, 2.0, 3.0], Some(&[0, 1, 0, 1]), Some(2.5));
        assert_eq!((found.auc, found.false_alarms, found.detected), (Some(1.0), Some(0.0), Some(1.0)));
        assert_eq!(quantile(&[3.0, 1.0, 2.0], 0.5), Some(2.0));
    }
}

//! Models and runs on the same images: the accuracy of each, where they disagree, and whether that is more than chance.

use super::statistics::{LEVEL, mcnemar};
use crate::judge::evaluate::Evaluation;
use crate::run::Outputs;
use serde::Serialize;
use std::collections::BTreeMap;

/// One model by itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Contender {
    /// The name given by the user.
    pub name: String,
    /// Size of its file in bytes.
    pub bytes: u64,
    /// Number of parameters; for a device model after the fold.
    pub parameters: usize,
    /// Bits per weight of each layer.
    pub bits: Vec<u8>,
    /// Modelled milliseconds for an example without zeros, by the name of each board that it fits; empty for floats.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub ms_without_zeros: BTreeMap<&'static str, f64>,
    /// Result on the images.
    #[serde(flatten)]
    pub evaluation: Evaluation,
}

/// A later model compared with the first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pair {
    /// Name of the first.
    pub a: String,
    /// Name of the other.
    pub b: String,
    /// Number of images to which the two give different classes.
    pub disagree: usize,
    /// Number of images that only `a` classifies correctly.
    pub only_a: usize,
    /// Number of images that only `b` classifies correctly.
    pub only_b: usize,
    /// Two-sided p-value of McNemar's exact test.
    pub p_value: f64,
    /// Whether `p_value` is below .05.
    pub significant: bool,
}

/// An image on which not all models agree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Disagreement {
    /// Its index, from 0.
    pub image: usize,
    /// Its label.
    pub label: u16,
    /// The class from each model, in their order.
    pub classes: Vec<u16>,
}

/// All models on the same images.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// Number of images.
    pub images: usize,
    /// Names of the classes.
    pub labels: Vec<String>,
    /// In the order they were given.
    pub models: Vec<Contender>,
    /// Every model except the first, compared with the first.
    pub pairs: Vec<Pair>,
    /// Images in order.
    pub disagreements: Vec<Disagreement>,
}

/// A model before comparison: everything except its evaluation, and its outputs for the images.
#[derive(Debug, Clone)]
pub struct Entry {
    /// See [`Contender::name`].
    pub name: String,
    /// See [`Contender::bytes`].
    pub bytes: u64,
    /// See [`Contender::parameters`].
    pub parameters: usize,
    /// See [`Contender::bits`].
    pub bits: Vec<u8>,
    /// See [`Contender::ms_without_zeros`].
    pub ms_without_zeros: BTreeMap<&'static str, f64>,
    /// For all images, in order.
    pub outputs: Outputs,
}

/// Models that do not classify, on the same examples; each with its evaluation.
pub fn side_by_side(entries: Vec<(Entry, Evaluation)>) -> Comparison {
    let images = entries.first().map_or(0, |(_, evaluation)| evaluation.images);
    let contender = |(entry, evaluation): (Entry, Evaluation)| {
        let Entry { name, bytes, parameters, bits, ms_without_zeros, .. } = entry;
        Contender { name, bytes, parameters, bits, ms_without_zeros, evaluation }
    };
    let models = entries.into_iter().map(contender).collect();
    Comparison { images, labels: Vec::new(), models, pairs: Vec::new(), disagreements: Vec::new() }
}

/// Compares at least one model, all with the classes `names`, on images with these `labels`.
pub fn compare(entries: &[Entry], labels: &[u16], names: &[String]) -> Comparison {
    let predictions: Vec<Vec<u16>> = entries.iter().map(|entry| entry.outputs.predictions()).collect();
    let contender = |entry: &Entry| Contender {
        name: entry.name.clone(),
        bytes: entry.bytes,
        parameters: entry.parameters,
        bits: entry.bits.clone(),
        ms_without_zeros: entry.ms_without_zeros.clone(),
        evaluation: entry.outputs.evaluation(labels, names),
    };
    let pairs = entries.iter().zip(&predictions).skip(1).map(|(entry, others)| {
        let (a, b) = (entries[0].name.clone(), entry.name.clone());
        pair(a, b, &predictions[0], others, labels)
    });
    let classes = |image: usize| predictions.iter().map(|classes| classes[image]).collect::<Vec<_>>();
    let all = labels.iter().enumerate().map(|(image, &label)| Disagreement { image, label, classes: classes(image) });
    Comparison {
        images: labels.len(),
        labels: names.to_vec(),
        models: entries.iter().map(contender).collect(),
        pairs: pairs.collect(),
        disagreements: all.filter(|image| image.classes.windows(2).any(|pair| pair[0] != pair[1])).collect(),
    }
}

fn pair(a: String, b: String, by_a: &[u16], by_b: &[u16], labels: &[u16]) -> Pair {
    let count = |which: fn(u16, u16, u16) -> bool| {
        by_a.iter().zip(by_b).zip(labels).filter(|((a, b), label)| which(**a, **b, **label)).count()
    };
    let (only_a, only_b) =
        (count(|a, b, label| a == label && b != label), count(|a, b, label| b == label && a != label));
    let p_value = mcnemar(only_a, only_b);
    Pair { a, b, disagree: count(|a, b, _| a != b), only_a, only_b, p_value, significant: p_value < LEVEL }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A model with three classes whose predictions are `classes`.
    fn entry(name: &str, classes: &[u16]) -> Entry {
        let logits = classes.iter().flat_map(|&says| (0..3).map(move |class| f32::from(u8::from(class == says))));
        let outputs = Outputs { logits: logits.collect(), classes: 3, ..Outputs::default() };
        Entry { name: name.into(), bytes: 7, parameters: 9, bits: vec![32], ms_without_zeros: BTreeMap::new(), outputs }
    }

    #[test]
    fn three_models_by_hand() {
        let labels = [0, 1, 2, 0, 1, 2];
        let entries =
            [entry("a", &[0, 1, 2, 0, 0, 0]), entry("b", &[0, 1, 0, 1, 0, 1]), entry("c", &[0, 1, 2, 0, 1, 2])];
        let found = compare(&entries, &labels, &["x", "y", "z"].map(String::from));
        let accuracies: Vec<f64> = found.models.iter().map(|model| model.evaluation.accuracy).collect();
        assert_eq!(accuracies, [4.0 / 6.0, 2.0 / 6.0, 1.0]);
        let counts: Vec<_> = found.pairs.iter().map(|pair| (pair.disagree, pair.only_a, pair.only_b)).collect();
        assert_eq!(counts, [(3, 2, 0), (2, 0, 2)]);
        assert_eq!(found.pairs.iter().map(|pair| pair.p_value).collect::<Vec<_>>(), [0.5, 0.5]);
        let images: Vec<_> = found.disagreements.iter().map(|image| (image.image, image.classes.clone())).collect();
        assert_eq!(images, [(2, vec![2, 0, 2]), (3, vec![0, 1, 0]), (4, vec![0, 0, 1]), (5, vec![0, 1, 2])]);
    }
}

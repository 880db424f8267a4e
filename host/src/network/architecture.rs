//! The layer lists that Foldnet's tools make: a stack of Dense, each except the last with ReLU, and BatchNormalization
//! before or after the activations, or none. The notebook's two models are [`NormPlacement::layers`] with hidden widths
//! 300 and 100.

use foldnet_core::Layer;
use foldnet_core::layer::Role;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Position of the BatchNormalizations of the hidden layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NormPlacement {
    /// After each activation, and before the first Dense.
    After,
    /// Between each Dense (without bias) and its activation.
    Before,
    /// None: the baseline for comparison.
    #[serde(rename = "none")]
    Without,
}

impl NormPlacement {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::After, Self::Before, Self::Without];

    /// The notebook's model with this placement and any number of hidden layers. `after`: BN, then Dense, ReLU, BN for
    /// each hidden layer, Dense, Softmax. `before`: Dense without bias, BN, ReLU for each, Dense, Softmax. `none`:
    /// Dense, ReLU for each, Dense, Softmax.
    pub fn layers(self, hidden: &[u32], classes: u32) -> Vec<Layer> {
        let bias = self != Self::Before;
        let hidden = hidden.iter().map(|&units| Layer::Dense { units, bias });
        let dense: Vec<Layer> = hidden.chain([Layer::dense(classes)]).collect();
        stack(&dense, self == Self::After, self)
    }

    /// Whether `layers` is a stack with this placement, with or without a BatchNormalization before the first Dense,
    /// and with any momenta, epsilons, biases and Dropout.
    pub fn describes(self, layers: &[Layer]) -> bool {
        let layers: Vec<Layer> = layers.iter().copied().filter(|layer| layer.role() != Role::Nothing).collect();
        let layers = &layers[..];
        let dense: Vec<Layer> = layers.iter().copied().filter(|layer| matches!(layer, Layer::Dense { .. })).collect();
        let input_norm = matches!(layers.first(), Some(Layer::BatchNorm { .. }));
        let expected = stack(&dense, input_norm, self);
        let alike = |(a, b): (&Layer, &Layer)| std::mem::discriminant(a) == std::mem::discriminant(b);
        let has_norm = layers.iter().any(|layer| matches!(layer, Layer::BatchNorm { .. }));
        has_norm != (self == Self::Without) && expected.len() == layers.len() && expected.iter().zip(layers).all(alike)
    }
}

/// `layers` with Dropout before each Dense except the first: one of `rates` for all of them, or one for each.
pub fn with_dropout(layers: &[Layer], rates: &[f32]) -> Vec<Layer> {
    let mut found = 0usize;
    let mut with = Vec::new();
    for &layer in layers {
        if matches!(layer, Layer::Dense { .. }) {
            let rate = found.checked_sub(1).and_then(|hidden| rates.get(hidden).or(rates.last()));
            with.extend(rate.filter(|&&rate| rate > 0.0).map(|&rate| Layer::Dropout { rate }));
            found += 1;
        }
        with.push(layer);
    }
    with
}

/// A stack of `dense`: ReLU after each except the last, Softmax after that; BatchNormalization before the first if
/// `input_norm`, and at each ReLU according to `norm`.
pub(crate) fn stack(dense: &[Layer], input_norm: bool, norm: NormPlacement) -> Vec<Layer> {
    let around: &[Layer] = match norm {
        NormPlacement::After => &[Layer::Relu, Layer::batch_norm()],
        NormPlacement::Before => &[Layer::batch_norm(), Layer::Relu],
        NormPlacement::Without => &[Layer::Relu],
    };
    let mut layers = Vec::new();
    layers.extend(input_norm.then_some(Layer::batch_norm()));
    for (index, &layer) in dense.iter().enumerate() {
        layers.push(layer);
        let last = index + 1 == dense.len();
        layers.extend_from_slice(if last { &[Layer::Softmax] } else { around });
    }
    layers
}

impl fmt::Display for NormPlacement {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(match self {
            Self::After => "after",
            Self::Before => "before",
            Self::Without => "none",
        })
    }
}

impl FromStr for NormPlacement {
    type Err = UnknownNorm;

    fn from_str(text: &str) -> Result<Self, UnknownNorm> {
        match text {
            "after" => Ok(Self::After),
            "before" => Ok(Self::Before),
            "none" => Ok(Self::Without),
            _ => Err(UnknownNorm),
        }
    }
}

/// The text is not `after`, `before` or `none`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("give after, before or none: the position of BatchNormalization relative to the activations")]
pub struct UnknownNorm;

#[cfg(test)]
mod tests {
    use super::*;
    use foldnet_core::{Network, Shape};

    fn counts(layers: &[Layer]) -> (usize, usize) {
        let network = Network::of(layers, Shape::image(28, 28));
        (network.params(), network.trainable())
    }

    #[test]
    fn the_notebook_s_two_models() {
        let (after, before) =
            (NormPlacement::After.layers(&[300, 100], 10), NormPlacement::Before.layers(&[300, 100], 10));
        assert_eq!(counts(&after), (271_346, 268_978));
        assert_eq!(counts(&before), (267_810, 267_010));
        assert_eq!(after[..4], [Layer::batch_norm(), Layer::dense(300), Layer::Relu, Layer::batch_norm()]);
        assert_eq!(before[..3], [Layer::dense_without_bias(300), Layer::batch_norm(), Layer::Relu]);
        assert_eq!(before[6..], [Layer::dense(10), Layer::Softmax]);
    }

    #[test]
    fn the_baseline_is_dense_and_relu() {
        let layers = NormPlacement::Without.layers(&[300, 100], 10);
        assert_eq!(counts(&layers), (266_610, 266_610));
        let hidden = [Layer::dense(300), Layer::Relu, Layer::dense(100), Layer::Relu];
        assert_eq!(layers, [&hidden[..], &[Layer::dense(10), Layer::Softmax]].concat());
    }

    #[test]
    fn dropout_stands_before_each_dense_but_the_first() {
        let layers = NormPlacement::After.layers(&[5, 4], 3);
        let dropped = with_dropout(&layers, &[0.1, 0.0]);
        assert_eq!(dropped[4..6], [Layer::Dropout { rate: 0.1 }, Layer::dense(4)]);
        assert_eq!((dropped.len(), with_dropout(&layers, &[0.2]).len()), (layers.len() + 1, layers.len() + 2));
        assert!(NormPlacement::After.describes(&dropped) && with_dropout(&layers, &[]) == layers);
    }

    #[test]
    fn a_list_is_told_by_its_placement() {
        let check = |layers: &[Layer], expected: [bool; 3]| {
            assert_eq!(NormPlacement::ALL.map(|norm| norm.describes(layers)), expected, "{layers:?}");
        };
        let dense = [Layer::dense(5), Layer::dense(3)];
        check(&NormPlacement::After.layers(&[5], 3), [true, false, false]);
        check(&NormPlacement::Before.layers(&[5], 3), [false, true, false]);
        check(&stack(&dense, false, NormPlacement::After), [true, false, false]);
        check(&stack(&dense, true, NormPlacement::Before), [false, true, false]);
        check(&stack(&dense, true, NormPlacement::Without), [false, false, false]);
        check(&NormPlacement::Without.layers(&[5], 3), [false, false, true]);
        check(&NormPlacement::After.layers(&[], 3), [true, true, false]);
        check(&NormPlacement::Without.layers(&[], 3), [false, false, true]);
        check(&[Layer::dense(3)], [false, false, false]);
    }

    #[test]
    fn text_and_back() {
        for norm in NormPlacement::ALL {
            assert_eq!(norm.to_string().parse(), Ok(norm));
        }
        assert_eq!("After".parse::<NormPlacement>(), Err(UnknownNorm));
    }
}

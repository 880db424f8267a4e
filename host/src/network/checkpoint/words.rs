//! Layer lists as words, as for `--layers`: `dense, batch_norm, relu, dense, softmax`.

use foldnet_core::Layer;
use foldnet_core::layer::Role;
use std::mem::discriminant;
use std::str::FromStr;

/// The words for each layer, the first of them for messages; `None` for what does nothing at inference.
const WORDS: [(&[&str], Option<Layer>); 6] = [
    (&["dense"], Some(Layer::dense(0))),
    (&["batch_norm", "batch_normalization", "bn"], Some(Layer::batch_norm())),
    (&["relu"], Some(Layer::Relu)),
    (&["softmax"], Some(Layer::Softmax)),
    (&["sigmoid"], Some(Layer::Sigmoid)),
    (&["flatten", "dropout"], None),
];

/// A list of layers as words, separated by commas; units and biases come from the tensors.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Words(pub Vec<Layer>);

/// The word is not a layer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a layer that Foldnet supports; give dense, batch_norm, relu, and softmax or sigmoid at the end (a network with another activation must be trained with relu in its place)"
)]
pub struct UnknownWord(String);

impl Words {
    /// Whether a file's own list has these layers.
    pub(super) fn describe(&self, layers: &[Layer]) -> bool {
        let roles = |list: &[Layer]| -> Vec<Role> {
            list.iter().map(|layer| layer.role()).filter(|role| *role != Role::Nothing).collect()
        };
        roles(&self.0) == roles(layers)
    }

    /// Whether the head is one Sigmoid.
    pub(super) fn end_in_sigmoid(&self) -> bool {
        self.0.last() == Some(&Layer::Sigmoid)
    }
}

impl FromStr for Words {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let layer = |word: &str| {
            let lower = word.trim().to_ascii_lowercase();
            let known = WORDS.iter().find(|(words, _)| words.contains(&&lower[..]));
            known.map(|(_, layer)| *layer).ok_or_else(|| UnknownWord(word.trim().chars().take(40).collect()))
        };
        text.split(',').filter_map(|word| layer(word).transpose()).collect::<Result<_, _>>().map(Self)
    }
}

/// The hidden activation as a word: only ReLU can be folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReluOnly;

impl FromStr for ReluOnly {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        if text.eq_ignore_ascii_case("relu") { Ok(Self) } else { Err(UnknownWord(text.chars().take(40).collect())) }
    }
}

/// A list of layers as words.
pub(super) fn of(layers: &[Layer]) -> String {
    let word = |layer: &Layer| {
        let same = |known: &Option<Layer>| known.as_ref().map(discriminant) == Some(discriminant(layer));
        WORDS.iter().find(|(_, known)| same(known)).map(|(words, _)| words[0])
    };
    layers.iter().filter_map(word).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_layers() {
        let list = [Layer::dense(0), Layer::batch_norm(), Layer::Relu, Layer::dense(0), Layer::Softmax];
        assert_eq!("dense, bn, ReLU,dropout, dense,softmax".parse(), Ok(Words(list.to_vec())));
        assert_eq!(of(&list), "dense, batch_norm, relu, dense, softmax");
        let own = [&list[..3], &[Layer::Dropout { rate: 0.5 }], &list[3..]].concat();
        assert!(Words(list.to_vec()).describe(&own) && !Words(list.to_vec()).describe(&own[..4]));
        let error = "dense, tanh, dense".parse::<Words>().unwrap_err().to_string();
        assert!(error.starts_with("\"tanh\" is not a layer that Foldnet supports"), "{error}");
        assert!("gelu".parse::<ReluOnly>().is_err() && "relu".parse::<ReluOnly>().is_ok());
    }
}

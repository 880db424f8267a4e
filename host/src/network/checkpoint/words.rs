//! Layer lists as words, as for `--layers`: `dense, batch_norm, relu, dense, softmax`.

use foldnet_core::Layer;
use std::str::FromStr;

/// A layer in such a list; units and biases come from the tensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// `dense`
    Dense,
    /// `batch_norm`
    BatchNorm,
    /// `relu`
    Relu,
    /// `softmax`; only as the last layer.
    Softmax,
    /// `sigmoid`; only as the last layer, with one unit.
    Sigmoid,
    /// `flatten` and `dropout`, which do nothing at inference.
    Nothing,
}

/// A list of layers as words, separated by commas.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words(pub Vec<Word>);

/// The word is not a layer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a layer that Foldnet supports; give dense, batch_norm, relu, and softmax or sigmoid at the end (a network with another activation must be trained with relu in its place)"
)]
pub struct UnknownWord(String);

impl Words {
    /// Whether a file's own list has these layers.
    pub(super) fn describe(&self, layers: &[Layer]) -> bool {
        let same = |word: &Word, layer: &Layer| {
            matches!(
                (word, layer),
                (Word::Dense, Layer::Dense { .. })
                    | (Word::BatchNorm, Layer::BatchNorm { .. })
                    | (Word::Relu, Layer::Relu)
                    | (Word::Softmax | Word::Sigmoid, Layer::Softmax | Layer::Sigmoid)
            )
        };
        let words: Vec<&Word> = self.0.iter().filter(|word| **word != Word::Nothing).collect();
        words.len() == layers.len() && words.iter().zip(layers).all(|(word, layer)| same(word, layer))
    }

    /// Whether the head is one Sigmoid.
    pub(super) fn end_in_sigmoid(&self) -> bool {
        self.0.last() == Some(&Word::Sigmoid)
    }
}

impl FromStr for Words {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let word = |word: &str| match word.trim().to_ascii_lowercase().as_str() {
            "dense" => Ok(Word::Dense),
            "batch_norm" | "batch_normalization" | "bn" => Ok(Word::BatchNorm),
            "relu" => Ok(Word::Relu),
            "softmax" => Ok(Word::Softmax),
            "sigmoid" => Ok(Word::Sigmoid),
            "flatten" | "dropout" => Ok(Word::Nothing),
            _ => Err(UnknownWord(word.trim().chars().take(40).collect())),
        };
        text.split(',').map(word).collect::<Result<_, _>>().map(Self)
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
    let word = |layer: &Layer| match layer {
        Layer::Dense { .. } => "dense",
        Layer::BatchNorm { .. } => "batch_norm",
        Layer::Softmax => "softmax",
        Layer::Sigmoid => "sigmoid",
        Layer::Dropout { .. } => "dropout",
        Layer::Relu | Layer::QuantizedRelu { .. } => "relu",
    };
    layers.iter().map(word).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_layers() {
        let list = [Word::Dense, Word::BatchNorm, Word::Relu, Word::Dense, Word::Softmax];
        assert_eq!("dense, batch_norm, ReLU,dense,softmax".parse(), Ok(Words(list.to_vec())));
        let error = "dense, tanh, dense".parse::<Words>().unwrap_err().to_string();
        assert!(error.starts_with("\"tanh\" is not a layer that Foldnet supports"), "{error}");
        assert!("gelu".parse::<ReluOnly>().is_err() && "relu".parse::<ReluOnly>().is_ok());
    }
}

//! Reasons why the values that reach a network's layers are unknown.

use foldnet_data::InputType;

/// Reason why a network does not describe what reaches its layers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Undescribed {
    /// A hidden layer without BatchNormalization.
    #[error("no BatchNormalization is next to the ReLU of layer {layer}, so the range of its outputs is unknown")]
    Relu {
        /// Its position in the list of layers.
        layer: usize,
    },
    /// Inputs of unknown range.
    #[error("the network does not say how large its {input} inputs are")]
    Inputs {
        /// Their type.
        input: InputType,
    },
    /// Moving statistics still at their initial values.
    #[error("the BatchNormalization of layer {layer} was never trained: mean 0 and variance 1 everywhere")]
    Untrained {
        /// Its position in the list of layers.
        layer: usize,
    },
    /// Networks trained in integers, which no other tool makes.
    #[error("a network trained with --bits or --pool has no statistics of its inputs")]
    Trained,
}

//! Counts of a network's parameters.

use foldnet_core::Network;
use serde::{Deserialize, Serialize};

/// Numbers of parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameters {
    /// Total.
    pub total: usize,
    /// Parameters that SGD changes.
    pub trainable: usize,
    /// Moving statistics.
    pub non_trainable: usize,
}

impl Parameters {
    /// The counts of `network`.
    pub fn of(network: Network) -> Self {
        let (total, trainable) = (network.params(), network.trainable());
        Self { total, trainable, non_trainable: total - trainable }
    }
}

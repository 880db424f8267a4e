//! Training: initial weights, one step of an [`optimizer`], and inference with the moving statistics, over buffers of the
//! caller.
//!
//! A network is worked on in *stages*: what comes before the first Dense, then each Dense with what follows it. Inside
//! a stage a unit depends on no other unit of the stage, so a stage is split by units into parts that may run on
//! different threads; between stages all wait for each other.

mod batch_norm;
mod dense;
pub(crate) mod dropout;
mod init;
mod input_norm;
pub(crate) mod loss;
mod memory;
pub mod optimizer;
mod params;
mod predict;
mod relu;
mod stage;
mod stages;
mod step;
mod trainer;
mod workspace;

pub use crate::math::{BatchNorm, softmax};
pub use init::initialize;
pub use loss::{Loss, Metrics, Targets};
pub use optimizer::{Adam, Momentum, Optimizer, Sgd};
pub use predict::predict;
pub use trainer::{Buffers, Settings, Trainer};

use core::ops::Range;

/// The examples of a batch, read by features.
pub trait Examples: Sync {
    /// `N`, how many examples there are.
    fn len(&self) -> usize;

    /// Whether there is none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes the values of the inputs `features` into `out [features][N]`.
    fn fill(&self, features: Range<usize>, out: &mut [f32]);
}

/// Examples as rows of a slice, `[N][I]`.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    values: &'a [f32],
    inputs: usize,
}

impl<'a> Rows<'a> {
    /// `values [N][inputs]`; what is left over after the last whole row is not used.
    pub fn new(values: &'a [f32], inputs: usize) -> Self {
        Self { values, inputs }
    }
}

impl Examples for Rows<'_> {
    fn len(&self) -> usize {
        self.values.len().checked_div(self.inputs).unwrap_or(0)
    }

    fn fill(&self, features: Range<usize>, out: &mut [f32]) {
        for (feature, row) in features.zip(out.chunks_exact_mut(self.len().max(1))) {
            for (value, example) in row.iter_mut().zip(self.values.chunks_exact(self.inputs)) {
                *value = example[feature];
            }
        }
    }
}

/// Why a network cannot be trained in, or predicted from, the buffers given. Lengths are in `f32`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum BufferError {
    /// The parameter buffer must have exactly this length.
    Params {
        /// [`Network::params`](crate::Network::params)
        needed: usize,
    },
    /// The workspace must have at least this length.
    Workspace {
        /// [`Network::train_workspace`](crate::Network::train_workspace) or
        /// [`Network::predict_workspace`](crate::Network::predict_workspace)
        needed: usize,
    },
    /// A batch must have an example, at most as many as the workspace was made for, and a label for each.
    Batch {
        /// The most that fit.
        most: usize,
    },
    /// The output must have exactly this length.
    Output {
        /// Classes times examples.
        needed: usize,
    },
    /// A label must be below the number of classes.
    Label {
        /// The label.
        label: u16,
    },
    /// The loss does not take such targets.
    Targets,
    /// The optimizer's state must have exactly this length.
    State {
        /// [`Settings::state`]
        needed: usize,
    },
    /// Class weights must be as many as there are classes, or none.
    ClassWeights {
        /// Classes.
        needed: usize,
    },
}

impl core::fmt::Display for BufferError {
    fn fmt(&self, f: &mut core::fmt::Formatter) -> core::fmt::Result {
        match self {
            Self::Params { needed } => write!(f, "the parameter buffer must hold exactly {needed} values"),
            Self::Workspace { needed } => write!(f, "the workspace must hold at least {needed} values"),
            Self::Batch { most } => write!(f, "a batch must have 1 to {most} examples and a label for each"),
            Self::Output { needed } => write!(f, "the output must hold exactly {needed} values"),
            Self::Targets => write!(f, "the loss does not take such targets: classes, a teacher's logits, or values"),
            Self::State { needed } => write!(f, "the optimizer's state must hold exactly {needed} values"),
            Self::ClassWeights { needed } => write!(f, "{needed} class weights are needed, or none"),
            Self::Label { label } => write!(f, "label {label} is not below the number of classes"),
        }
    }
}

impl core::error::Error for BufferError {}

//! Training: initial weights, one step of an [`optimizer`], and inference with the moving statistics, over the caller's
//! buffers.
//!
//! A network is processed in *stages*: the layers before the first Dense, then each Dense with the layers after it.
//! Within a stage no unit depends on another unit, so a stage can be split by units into parts that run on different
//! threads. Between stages, all parts synchronize.

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

pub use init::initialize;
pub use loss::{Loss, Metrics, Targets};
pub use optimizer::{Adam, Momentum, Optimizer, Sgd};
pub use predict::predict;
pub use trainer::{Buffers, Settings, Trainer};

/// Reason why a network cannot be trained in, or predicted from, the given buffers. Lengths are in `f32`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum BufferError {
    /// The parameter buffer does not have exactly this length.
    Params {
        /// [`Network::params`](crate::Network::params)
        needed: usize,
    },
    /// The workspace is shorter than this.
    Workspace {
        /// [`Network::train_workspace`](crate::Network::train_workspace) or
        /// [`Network::predict_workspace`](crate::Network::predict_workspace)
        needed: usize,
    },
    /// A batch is empty, has more examples than the workspace allows, or does not have a label for each.
    Batch {
        /// Maximum number of examples.
        most: usize,
    },
    /// The output does not have exactly this length.
    Output {
        /// Classes times examples.
        needed: usize,
    },
    /// A label is not below the number of classes.
    Label {
        /// The label.
        label: u16,
    },
    /// The loss does not accept these targets.
    Targets,
    /// The optimizer's state does not have exactly this length.
    State {
        /// [`Settings::state`]
        needed: usize,
    },
    /// There are class weights, but not one per class.
    ClassWeights {
        /// Number of classes.
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
            Self::Targets => {
                write!(f, "the loss does not accept this kind of target (classes, a teacher's logits, or values)")
            }
            Self::State { needed } => write!(f, "the optimizer's state must hold exactly {needed} values"),
            Self::ClassWeights { needed } => write!(f, "{needed} class weights are needed, or none"),
            Self::Label { label } => write!(f, "label {label} is not below the number of classes"),
        }
    }
}

impl core::error::Error for BufferError {}

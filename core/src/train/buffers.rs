//! The faults of the caller's buffers, and of the examples given with them.

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
        /// [`Settings::state`](super::Settings::state)
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

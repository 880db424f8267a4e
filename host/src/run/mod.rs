//! Runs networks and device models on examples: their outputs; `judge` says how good these are.

mod checkpoint;
mod layers;
mod model;
mod opened;
mod outputs;

pub use checkpoint::{answers, run_checkpoint, with_scores};
pub use layers::layer_outputs;
pub use model::run_model;
pub use outputs::{NotFinite, Outputs, Scored};

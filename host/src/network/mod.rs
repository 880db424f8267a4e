//! Networks: layer lists, checkpoints and their formats, and the form in which a network takes examples.

pub mod architecture;
pub mod checkpoint;
pub mod examples;
pub mod groups;
pub(crate) mod import;
pub mod parameters;
pub mod pool;
mod seen;
pub mod windows;

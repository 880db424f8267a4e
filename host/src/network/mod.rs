//! Networks in files: layer lists, checkpoints, and opening any file that a user names.

pub mod architecture;
pub mod checkpoint;
pub mod groups;
pub(crate) mod import;
pub mod open;
pub mod pool;
mod seen;

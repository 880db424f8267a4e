//! Files that users name: checkpoints, folders of runs, and device models.

mod checkpoint;
pub mod open;

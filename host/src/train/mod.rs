//! Training: the inputs' statistics, the training loop, runs, and their history.

pub mod answers;
pub mod augment;
pub mod fit;
pub mod float_first;
mod fresh;
pub mod history;
mod journal;
pub mod method;
pub mod plan;
pub mod qat;
pub mod report;
pub mod run;
pub mod schedule;
pub mod standardize;
pub mod state;

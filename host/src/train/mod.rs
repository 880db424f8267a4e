//! Training: the inputs' statistics, the loop, a run as users see it, and its history.

pub mod examples;
pub mod fit;
pub mod history;
pub mod run;
pub mod standardize;

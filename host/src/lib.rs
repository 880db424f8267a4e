//! The PC side of Foldnet, as a library for the command line and the tests.
//!
//! The flow is `dataset -> standardize -> train -> fold -> export -> evaluate`, a module a stage; [`commands`] is the
//! command line in front of it and [`ui`] what people see.

pub mod architecture;
mod arrange;
pub mod checkpoint;
pub mod commands;
pub mod compare;
pub mod compute;
pub mod evaluate;
pub mod export;
pub mod flash;
pub mod fold;
pub mod history;
pub mod opened;
pub mod plot;
pub mod quantize;
pub mod report;
pub mod run;
pub mod standardize;
pub mod summary;
pub mod train;
pub mod ui;
pub mod write;

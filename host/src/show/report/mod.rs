//! One page with the results of training, fold and quantization, for readers who were not involved.
//!
//! [`mod@gather`] measures and [`mod@page`] writes HTML, each with one file per section; [`draw`] has the figures that
//! sections share. The page is self-contained: no scripts, no network access, embedded images.

pub mod draw;
pub mod gather;
pub mod page;

pub use gather::measured::ModelFile;
pub use gather::measured::measured;
pub use gather::{Report, ReportPlan, Stage, gather};
pub use page::page;

/// Name of the page in the folder of a run.
pub const FILE: &str = "report.html";

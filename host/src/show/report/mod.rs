//! One page that shows what a training, a fold, a quantization came to: for people who were not there.
//!
//! [`mod@gather`] measures, [`mod@page`] writes HTML, a file a section in both; [`draw`] holds the pictures that sections share.
//! The page needs nothing but itself: no script, no network, pictures inside.

pub mod draw;
pub mod gather;
pub mod page;

pub use gather::measured::ModelFile;
pub use gather::measured::measured;
pub use gather::{Report, ReportPlan, Stage, gather};
pub use page::page;

/// Name of the page in the folder of a run.
pub const FILE: &str = "report.html";

//! What people see: the terminal, the Keras-style summary, plots, and the report in HTML.

pub mod plot;
pub mod report;
pub mod summary;
pub mod terminal;

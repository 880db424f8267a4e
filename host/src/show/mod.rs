//! Output for people: the terminal, the Keras-style summary, figures of several runs, and the report in HTML.

pub(crate) mod figure;
pub mod format;
pub(crate) mod plot;
pub mod report;
pub(crate) mod shrunk;
pub mod summary;
pub mod terminal;
pub mod training;

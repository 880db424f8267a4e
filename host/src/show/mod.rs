//! Output for people: the terminal, the Keras-style summary, figures of several runs, and the report in HTML.

pub mod figure;
pub mod report;
pub(crate) mod shrunk;
pub mod summary;
pub mod terminal;
mod ticks;
pub mod training;

//! The pages in `docs/`, whose code is compiled and run like that of any documentation.

/// Folding: every number of the worked example is checked.
#[doc = include_str!("../../docs/folding.md")]
pub mod folding {}

/// From a model to a class on a chip.
#[doc = include_str!("../../docs/on-a-board.md")]
pub mod on_a_board {}

/// How a sensor's values become bytes.
#[doc = include_str!("../../docs/real-inputs.md")]
pub mod real_inputs {}

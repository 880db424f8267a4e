//! The layers of a device model, and their encoding: the fold of a network, or the integers it was trained in. Choosing
//! integers for a folded network is `deploy`'s.

pub(crate) mod encode;
pub mod fold;
pub mod head;
pub(crate) mod integer_layers;
pub(crate) mod integers;
pub(crate) mod memory;
pub(crate) mod quantized;
pub(crate) mod row;

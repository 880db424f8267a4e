//! Quantized layers, as exporter, model file and inference all know them. It imports no other module.
//!
//! * [`layout`]: widths of weights, and their places in memory.
//! * [`Row`]: the bias, multiplier and shift of a unit.
//! * [`bound`]: how large sums can become, and how large a kernel can represent them.
//! * [`kernel`]: the properties of every kernel, whether it is compiled here or not.

pub mod bound;
pub mod kernel;
pub mod layout;
mod row;
mod traits;

pub use bound::Bound;
pub use kernel::KernelKind;
pub use layout::BitWidth;
pub use row::{MULTIPLIER_ONE, Row};

pub(crate) use row::FRACTION_BITS;
#[cfg(any(test, feature = "cases"))]
pub(crate) use row::{MAX_SHIFT, cases};
pub(crate) use traits::Traits;

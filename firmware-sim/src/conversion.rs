//! The cost of converting raw values to activations on a device: bytes of the model file, and instructions counted on
//! emulated boards.

use foldnet_core::Model;
use foldnet_core::model::InputType;
use serde::Serialize;

/// The cost for one example.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ConversionCost {
    /// Bytes of the model file for the windows of the values.
    pub bytes: usize,
    /// Instructions on a Cortex-M0, which has neither long multiplication nor floating point.
    pub cortex_m0: usize,
    /// Instructions on a Cortex-M4F.
    pub cortex_m4f: usize,
}

impl ConversionCost {
    /// Size of a window in bytes.
    const WINDOW: usize = 8;

    /// The cost for a model; `None` if values are not converted, or it computes with floats.
    pub fn of(model: &Model) -> Option<Self> {
        let [m0, m4f] = Self::per_value(model.input_type());
        let converts = !model.is_float() && model.input_type() != InputType::U8;
        let (values, windows) = (model.inputs(), model.input_maps().count());
        converts.then_some(Self { bytes: windows * Self::WINDOW, cortex_m0: values * m0, cortex_m4f: values * m4f })
    }

    /// Instructions per value on a Cortex-M0 and an M4F, including the loop; a test counts them.
    pub const fn per_value(kind: InputType) -> [usize; 2] {
        match kind {
            InputType::U8 => [0, 0],
            InputType::I8 => [9, 5],
            InputType::I16 | InputType::U16 => [52, 33],
            InputType::F32 => [473, 44],
        }
    }
}

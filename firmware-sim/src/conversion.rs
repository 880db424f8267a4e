//! What it costs a device to make activations of raw values: bytes of the model file, and instructions as counted on emulated boards.

use foldnet_core::Model;
use foldnet_core::infer::InputType;
use serde::Serialize;

/// The cost for one example.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ConversionCost {
    /// Bytes of the model file that hold the windows of the values.
    pub bytes: usize,
    /// Instructions on a Cortex-M0, which has neither long multiplication nor floats.
    pub cortex_m0: usize,
    /// Instructions on a Cortex-M4F.
    pub cortex_m4f: usize,
}

impl ConversionCost {
    /// Bytes of a window.
    const WINDOW: usize = 8;

    /// Of a model whose activations are `u8`; `None` where values are not converted, or floats are computed with.
    pub fn of(model: &Model) -> Option<Self> {
        let [m0, m4f] = Self::per_value(model.input_type());
        let converts = !model.is_float() && model.input_type() != InputType::U8;
        let (values, windows) = (model.inputs(), model.input_maps().count());
        converts.then_some(Self { bytes: windows * Self::WINDOW, cortex_m0: values * m0, cortex_m4f: values * m4f })
    }

    /// Instructions for a value on a Cortex-M0 and an M4F, the loop around it included; a test counts them.
    pub const fn per_value(kind: InputType) -> [usize; 2] {
        match kind {
            InputType::U8 => [0, 0],
            InputType::I8 => [9, 5],
            InputType::I16 | InputType::U16 => [52, 33],
            InputType::F32 => [473, 44],
        }
    }
}

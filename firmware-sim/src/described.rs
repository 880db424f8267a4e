//! A device model in the terms of `foldnet_data`: the type and shape of its examples, and its task.

use foldnet_core::Model;
use foldnet_core::model::HeadKind;
use foldnet_data::{InputType, Shape, Task, text};

/// The type of a model's inputs.
pub fn input_type(model: &Model) -> InputType {
    let same = InputType::ALL.into_iter().find(|&kind| core_type(kind) == model.input_type());
    same.unwrap_or(InputType::F32)
}

/// The same type in core.
pub const fn core_type(kind: InputType) -> foldnet_core::model::InputType {
    match kind {
        InputType::U8 => foldnet_core::model::InputType::U8,
        InputType::I8 => foldnet_core::model::InputType::I8,
        InputType::I16 => foldnet_core::model::InputType::I16,
        InputType::U16 => foldnet_core::model::InputType::U16,
        InputType::F32 => foldnet_core::model::InputType::F32,
    }
}

/// The shape of a model's examples.
pub fn shape(model: &Model) -> Shape {
    let header = model.header();
    Shape { height: header.height.into(), width: header.width.into(), channels: header.channels.into() }
}

/// A model's task.
pub fn task(model: &Model) -> Task {
    match model.head() {
        HeadKind::Softmax | HeadKind::Sigmoid => Task::Classify,
        HeadKind::Values => Task::Regress,
        HeadKind::Reconstruction => Task::Reconstruct,
    }
}

/// The digest of the set that a model was trained on, in hex.
pub fn digest(model: &Model) -> Option<String> {
    model.dataset().map(|digest| text::hex(digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_its_own_in_core() {
        for kind in InputType::ALL {
            assert_eq!(core_type(kind).name(), kind.name());
        }
    }
}

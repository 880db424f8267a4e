//! What a report calls examples and inputs: images have pixels, everything else has inputs.

use crate::format::counted;
use foldnet_data::View;

/// The words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words {
    /// `image` or `example`.
    pub one: &'static str,
    /// `images` or `examples`.
    pub many: &'static str,
    /// `pixel` or `input`.
    pub input: &'static str,
    /// `pixels` or `inputs`.
    pub inputs: &'static str,
}

impl Words {
    /// For the examples of a set.
    pub fn of(view: View) -> Self {
        match view.is_images() {
            true => Self { one: "image", many: "images", input: "pixel", inputs: "pixels" },
            false => Self { one: "example", many: "examples", input: "input", inputs: "inputs" },
        }
    }

    /// Whether these are images.
    pub fn is_images(self) -> bool {
        self.one == "image"
    }

    /// `1 image`, `2 images`.
    pub fn counted(self, count: usize) -> String {
        counted(count, self.one, self.many)
    }
}

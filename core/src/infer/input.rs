//! The types of values that a model takes.

/// The type of a model's inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum InputType {
    /// 0 to 255, for instance pixels.
    U8 = 0,
}

impl InputType {
    /// As Rust writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::U8 => "u8",
        }
    }
}

/// A value that a sensor gives. Implemented for the types of [`InputType`].
pub trait Input: sealed::Input {
    /// Which type it is.
    const TYPE: InputType;
}

impl Input for u8 {
    const TYPE: InputType = InputType::U8;
}

pub(super) mod sealed {
    /// What inference needs of a value.
    pub trait Input: Copy {
        /// The values as the activations that the first layer takes.
        fn bytes(values: &[Self]) -> &[u8];
    }

    impl Input for u8 {
        fn bytes(values: &[Self]) -> &[u8] {
            values
        }
    }
}

//! What the functions of the C interface return: one number a reason, and one line of text.

use core::ffi::CStr;
use foldnet_core::infer::{InferenceError, LengthError};
use foldnet_core::model::ParseError;
use foldnet_core::slot::{BootError, Fault};

/// Declares [`Status`] with its numbers and texts.
macro_rules! statuses {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $message:literal;)*) => {
        /// How a call ended. The header has these as `FOLDNET_...`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(i32)]
        pub enum Status {
            $($(#[$doc])* $name = $code,)*
        }

        impl Status {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// What it means, and the remedy.
            pub const fn message(self) -> &'static CStr {
                match self {
                    $(Self::$name => $message,)*
                }
            }
        }
    };
}

statuses! {
    /// All went well.
    Ok = 0, c"all went well";
    /// A null pointer, one that is not aligned to its type, or a length that no memory has.
    Pointer = 1, c"a pointer is NULL or not aligned to its type, or a length is more than memory has";
    /// No model was parsed into this storage.
    NotParsed = 2, c"no model was parsed into this foldnet_model";
    /// [`ParseError::Unaligned`]
    Unaligned = 10, c"the model does not begin at an address divisible by 4";
    /// [`ParseError::TooShort`]
    TooShort = 11, c"too short for a model";
    /// [`ParseError::NoModel`]
    NoModel = 12, c"not a .fnet model: flash one";
    /// [`ParseError::Version`]
    Version = 13, c"a format version that this library does not read: export the model again";
    /// [`ParseError::Length`]
    Length = 14, c"the model is shorter or longer than it says: flash all of it, and give its exact length";
    /// [`ParseError::Crc`]
    Crc = 15, c"the checksum does not match: the model is damaged, flash it again";
    /// [`ParseError::Header`]
    Header = 16, c"the model's header cannot be read: export it again";
    /// [`ParseError::Shape`]
    Shape = 17, c"a layer does not fit the image, its neighbour or the file: export the model again";
    /// [`ParseError::Bits`]
    Bits = 18, c"a layer has weights of a width that this library does not know";
    /// [`ParseError::Scratch`]
    DeclaredScratch = 19, c"the model declares scratch memory that its layers do not need: export it again";
    /// [`InferenceError::Scratch`]
    Scratch = 20, c"the scratch memory has fewer words than foldnet_scratch_words";
    /// [`LengthError`]
    Image = 21, c"the example does not have foldnet_inputs values";
    /// [`Fault::Unfinished`]
    SlotUnfinished = 22, c"the model's slot was not written to its end: flash it again";
    /// [`Fault::Header`] and [`Fault::Version`]
    SlotHeader = 23, c"the header of the model's slot is damaged, or of a later version: flash it again";
    /// [`Fault::WrongSlot`]
    SlotWrong = 24, c"the model was exported for another slot or address";
    /// [`Fault::TooLarge`]
    SlotTooLarge = 25, c"the model is larger than its slot";
    /// [`Fault::Other`]
    SlotOther = 26, c"the model in the slot is not the one its header was written for: flash both again";
    /// A [`BootError`] with something wrong in both slots.
    SlotsBad = 27, c"neither of the two slots holds a whole model: flash one of them again";
    /// [`ParseError::Row`]
    Row = 28, c"a layer has a multiplier or shift out of range, or sums too large for this build: export the model again";
    /// [`ParseError::Order`]
    Order = 29, c"the order of the inputs names one that does not exist: export the model again";
    /// [`InferenceError::Input`]
    Input = 30, c"the model takes inputs of another type";
    /// [`ParseError::Section`]
    Section = 31, c"the model has a section that this library does not know: use a newer one";
    /// [`ParseError::Input`]
    InputSection = 32, c"the model's inputs do not fit its shape, or are of a type that this build does not take: export it again";
    /// [`ParseError::Head`]
    HeadSection = 33, c"the model's head does not fit its outputs, or is of a kind that this build does not have: export it again";
    /// The model answers otherwise than the function that was called.
    Head = 34, c"the model's head gives another answer than this function: see foldnet_head";
    /// Another number of outputs or classes.
    Outputs = 35, c"the array is not as long as foldnet_outputs or foldnet_classes says";
}

impl Status {
    /// The text for a number; that of a number which is none says so.
    pub(crate) fn message_of(code: i32) -> &'static CStr {
        let known = Self::ALL.iter().find(|status| **status as i32 == code);
        known.map_or(c"no status of Foldnet", |status| status.message())
    }
}

impl From<ParseError> for Status {
    fn from(error: ParseError) -> Self {
        match error {
            ParseError::Unaligned => Self::Unaligned,
            ParseError::TooShort => Self::TooShort,
            ParseError::NoModel => Self::NoModel,
            ParseError::Version { .. } => Self::Version,
            ParseError::Length { .. } => Self::Length,
            ParseError::Crc => Self::Crc,
            ParseError::Header => Self::Header,
            ParseError::Section { .. } => Self::Section,
            ParseError::Input => Self::InputSection,
            ParseError::Head => Self::HeadSection,
            ParseError::Shape { .. } => Self::Shape,
            ParseError::Bits { .. } => Self::Bits,
            ParseError::Row { .. } => Self::Row,
            ParseError::Order => Self::Order,
            ParseError::Scratch => Self::DeclaredScratch,
        }
    }
}

impl From<InferenceError> for Status {
    fn from(error: InferenceError) -> Self {
        match error {
            InferenceError::Scratch { .. } => Self::Scratch,
            InferenceError::Input { .. } => Self::Input,
        }
    }
}

impl From<LengthError> for Status {
    fn from(_: LengthError) -> Self {
        Self::Image
    }
}

impl From<Fault> for Status {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Empty => Self::NoModel,
            Fault::Unfinished => Self::SlotUnfinished,
            Fault::Header | Fault::Version => Self::SlotHeader,
            Fault::WrongSlot => Self::SlotWrong,
            Fault::TooLarge => Self::SlotTooLarge,
            Fault::Other => Self::SlotOther,
            Fault::Model(error) => error.into(),
        }
    }
}

impl From<BootError> for Status {
    fn from(error: BootError) -> Self {
        error.cause().map_or(Self::SlotsBad, Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::Status;

    #[test]
    fn every_number_has_its_own_text() {
        for (place, status) in Status::ALL.iter().enumerate() {
            assert_eq!(Status::message_of(*status as i32), status.message());
            for other in &Status::ALL[..place] {
                assert!(other.message() != status.message() && (*other as i32) < *status as i32, "{status:?}");
            }
        }
        for none in [-1, 3, 1000, i32::MAX] {
            assert_eq!(Status::message_of(none), c"no status of Foldnet");
        }
    }
}

//! Reasons why a model, a slot or an example is refused: a number and a line of text each, shared by the exit codes of
//! firmware and the statuses of the C interface. A device that can only report a number can report which.

use crate::infer::{InferenceError, LengthError};
use crate::model::ParseError;
use crate::slot::{BootError, Fault};
use core::ffi::CStr;
use core::fmt;

/// Declares [`Refusal`] with its numbers and texts.
macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $message:literal;)*) => {
        /// Reason why there is no answer. The numbers never change. 34 and 35 are statuses of the C interface, later
        /// refusals are 36 to 39, and 0 to 9 and those from 40 on are free for users.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Refusal {
            $($(#[$doc])* $name = $code,)*
        }

        $(const _: () = assert!(matches!($code, 10..=33 | 36..=39), "a number for others");)*

        impl Refusal {
            /// All refusals, by number.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The meaning, and the remedy.
            pub const fn message(self) -> &'static CStr {
                match self {
                    $(Self::$name => $message,)*
                }
            }
        }
    };
}

refusals! {
    /// [`ParseError::Unaligned`]
    Unaligned = 10, c"the model does not begin at an address divisible by 4";
    /// [`ParseError::TooShort`]
    TooShort = 11, c"too short for a model";
    /// [`ParseError::NoModel`]
    NoModel = 12, c"there is no .fnet model: flash one";
    /// [`ParseError::Version`]
    Version = 13, c"the model has a format version that this build does not know: export it again";
    /// [`ParseError::Length`]
    Length = 14, c"the model's length differs from its header: flash the whole file and pass its exact length";
    /// [`ParseError::Crc`]
    Crc = 15, c"the model is damaged or only partially flashed (checksum mismatch): flash it again";
    /// [`ParseError::Header`]
    Header = 16, c"the model's header cannot be read: export and flash it again";
    /// [`ParseError::Shape`]
    Shape = 17, c"a layer of the model does not fit the inputs, its neighbour or the file: export and flash it again";
    /// [`ParseError::Bits`]
    Bits = 18, c"a layer of the model has weights of a width that this build does not know";
    /// [`ParseError::Scratch`]
    DeclaredScratch = 19, c"the model declares scratch memory that its layers do not need: export it again";
    /// [`InferenceError::Scratch`]
    Scratch = 20, c"the model needs more scratch memory than there is: see its scratch words";
    /// [`LengthError`]
    Example = 21, c"the example does not have as many values as the model takes";
    /// [`Fault::Unfinished`]
    SlotUnfinished = 22, c"the model's slot was not written completely: flash it again";
    /// [`Fault::Header`] and [`Fault::Version`]
    SlotHeader = 23, c"the header of the model's slot is damaged, or of a later version: flash it again";
    /// [`Fault::WrongSlot`]
    SlotWrong = 24, c"the model was exported for another slot or address: export it for this one";
    /// [`Fault::TooLarge`]
    SlotTooLarge = 25, c"the model is larger than its slot: export it with fewer bits, and for this board";
    /// [`Fault::Other`]
    SlotOther = 26, c"the model in the slot is not the one its header was written for: flash both again";
    /// A [`BootError`] with faults in both slots.
    SlotsBad = 27, c"neither slot holds a complete model: flash one of them again";
    /// [`ParseError::Row`]
    Row = 28, c"a layer has a multiplier or shift out of range, or sums too large for this build: export the model again";
    /// [`ParseError::Order`]
    Order = 29, c"the order of the inputs names one that does not exist: export the model again";
    /// [`InferenceError::Input`]
    Input = 30, c"the model takes inputs of another type";
    /// [`ParseError::Section`]
    Section = 31, c"the model has a section that this build does not support: use a newer build";
    /// [`ParseError::Input`]
    InputSection = 32, c"the model's inputs do not fit its shape, or are of a type that this build does not take: export it again";
    /// [`ParseError::Head`]
    HeadSection = 33, c"the model's head does not fit its outputs, or is of a kind that this build does not have: export it again";
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message().to_str().unwrap_or_default())
    }
}

impl From<ParseError> for Refusal {
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

impl From<InferenceError> for Refusal {
    fn from(error: InferenceError) -> Self {
        match error {
            InferenceError::Scratch { .. } => Self::Scratch,
            InferenceError::Input { .. } => Self::Input,
        }
    }
}

impl From<LengthError> for Refusal {
    fn from(_: LengthError) -> Self {
        Self::Example
    }
}

impl From<Fault> for Refusal {
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

impl From<BootError> for Refusal {
    fn from(error: BootError) -> Self {
        error.cause().map_or(Self::SlotsBad, Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::Refusal;

    #[test]
    fn each_has_a_number_and_a_text_of_its_own() {
        for (place, one) in Refusal::ALL.iter().enumerate() {
            assert_eq!(*one as usize, 10 + place, "by number, from 10 on");
            assert!(Refusal::ALL[..place].iter().all(|other| other.message() != one.message()), "{one:?}");
        }
    }
}

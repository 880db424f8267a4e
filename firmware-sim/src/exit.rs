//! How a run on a device ends: one code a reason, which the device gives to the debugger or emulator, and which the PC
//! turns back into words.

use crate::app::AppError;
use core::fmt;
use foldnet_core::model::ParseError;
use foldnet_core::slot::{BootError, Fault};

/// Why the firmware stopped. The number is the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// All examples are answered.
    Done = 0,
    /// [`ParseError::Unaligned`]
    Unaligned = 10,
    /// [`ParseError::TooShort`]
    TooShort = 11,
    /// [`ParseError::NoModel`]
    NoModel = 12,
    /// [`ParseError::Version`]
    Version = 13,
    /// [`ParseError::Length`]
    Length = 14,
    /// [`ParseError::Crc`]
    Crc = 15,
    /// [`ParseError::Header`]
    Header = 16,
    /// [`ParseError::Shape`]
    Shape = 17,
    /// [`ParseError::Bits`]
    Bits = 18,
    /// [`ParseError::Scratch`]
    DeclaredScratch = 19,
    /// [`AppError::Scratch`]
    Scratch = 20,
    /// [`AppError::Example`]
    Example = 21,
    /// [`Fault::Unfinished`]
    SlotUnfinished = 22,
    /// [`Fault::Header`] and [`Fault::Version`]
    SlotHeader = 23,
    /// [`Fault::WrongSlot`]
    SlotWrong = 24,
    /// [`Fault::TooLarge`]
    SlotTooLarge = 25,
    /// [`Fault::Other`]
    SlotOther = 26,
    /// A [`BootError`] with something wrong in both slots.
    SlotsBad = 27,
    /// [`ParseError::Row`]
    Row = 28,
    /// [`ParseError::Order`]
    Order = 29,
    /// The examples cannot be read, or are not of the model's size.
    Job = 30,
    /// The answers cannot be written.
    Results = 31,
    /// The stack grew into the memory below it.
    Stack = 32,
    /// A panic, which is a defect.
    Panic = 33,
    /// The processor met an instruction or an address that it does not have.
    Fault = 34,
    /// [`ParseError::Section`]
    Section = 35,
    /// [`ParseError::Input`]
    InputSection = 36,
    /// [`ParseError::Head`]
    HeadSection = 37,
    /// [`AppError::Input`]
    Input = 38,
}

impl Exit {
    /// All reasons.
    pub const ALL: [Self; 30] = [
        Self::Done,
        Self::Unaligned,
        Self::TooShort,
        Self::NoModel,
        Self::Version,
        Self::Length,
        Self::Crc,
        Self::Header,
        Self::Shape,
        Self::Bits,
        Self::DeclaredScratch,
        Self::Scratch,
        Self::Example,
        Self::SlotUnfinished,
        Self::SlotHeader,
        Self::SlotWrong,
        Self::SlotTooLarge,
        Self::SlotOther,
        Self::SlotsBad,
        Self::Row,
        Self::Order,
        Self::Job,
        Self::Results,
        Self::Stack,
        Self::Panic,
        Self::Fault,
        Self::Section,
        Self::InputSection,
        Self::HeadSection,
        Self::Input,
    ];

    /// The exit code.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The reason with this exit code.
    pub fn from_code(code: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|exit| i32::from(exit.code()) == code)
    }
}

impl From<ParseError> for Exit {
    fn from(error: ParseError) -> Self {
        match error {
            ParseError::Unaligned => Self::Unaligned,
            ParseError::TooShort => Self::TooShort,
            ParseError::NoModel => Self::NoModel,
            ParseError::Version { .. } => Self::Version,
            ParseError::Length { .. } => Self::Length,
            ParseError::Crc => Self::Crc,
            ParseError::Shape { .. } => Self::Shape,
            ParseError::Bits { .. } => Self::Bits,
            ParseError::Scratch => Self::DeclaredScratch,
            ParseError::Section { .. } => Self::Section,
            ParseError::Input => Self::InputSection,
            ParseError::Head => Self::HeadSection,
            ParseError::Row { .. } => Self::Row,
            ParseError::Order => Self::Order,
            ParseError::Header => Self::Header,
        }
    }
}

impl From<Fault> for Exit {
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

impl From<BootError> for Exit {
    fn from(error: BootError) -> Self {
        error.cause().map_or(Self::SlotsBad, Self::from)
    }
}

impl From<AppError> for Exit {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Scratch { .. } => Self::Scratch,
            AppError::Example { .. } => Self::Example,
            AppError::Input { .. } => Self::Input,
        }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::Done => "all examples are answered",
            Self::Unaligned => "the model in flash does not begin at an address divisible by 4",
            Self::TooShort => "the flash for the model is too short for any",
            Self::NoModel => "there is no model in flash: flash one",
            Self::Version => "the model in flash has a version that this firmware does not know: export it again",
            Self::Length => "the model in flash says it is longer than the flash: flash it again, or a smaller one",
            Self::Crc => "the model in flash is damaged or was flashed by half (checksum): flash it again",
            Self::Header => "the header of the model in flash cannot be read: export and flash it again",
            Self::Shape => "a layer of the model in flash does not fit its neighbour: export and flash it again",
            Self::Bits => "a layer of the model in flash has a width that this firmware does not know",
            Self::DeclaredScratch => "the model in flash declares scratch memory that its layers do not need",
            Self::Scratch => "the model needs more scratch memory than the board has",
            Self::Example => "the model's examples are larger than the board's memory for them",
            Self::SlotUnfinished => "the model's slot was not written to its end: flash it again",
            Self::SlotHeader => "the header of the model's slot is damaged, or of a later version: flash it again",
            Self::SlotWrong => "the model was exported for another slot or address: export it for this one",
            Self::SlotTooLarge => "the model is larger than its slot: export it with fewer bits, and for this board",
            Self::SlotOther => "the model in the slot is not the one its header was written for: flash both again",
            Self::SlotsBad => "neither of the two slots holds a whole model: flash one of them again",
            Self::Row => "a layer of the model in flash has a multiplier or shift out of range, or sums too large for this build: export it again",
            Self::Order => "the order of the inputs names one that does not exist: export the model again",
            Self::Section => "the model has a section that this firmware does not know: build the firmware again",
            Self::InputSection => "the model's inputs do not fit its shape, or are of a type that this build does not take: export it again",
            Self::HeadSection => "the model's head does not fit its outputs, or is of a kind that this build does not have: export it again",
            Self::Input => "the model takes inputs of another type than this firmware has",
            Self::Job => "the examples cannot be read, or are not of the model's size",
            Self::Results => "the answers cannot be written",
            Self::Stack => "the stack grew into the memory below it",
            Self::Panic => "the firmware panicked, which is a defect",
            Self::Fault => "the processor met an instruction or an address that it does not have",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Exit;

    #[test]
    fn every_reason_has_a_code_of_its_own() {
        for exit in Exit::ALL {
            assert_eq!(Exit::from_code(exit.code().into()), Some(exit));
        }
        // 1 and 2 are the emulator's own, and below 0 are signals.
        for code in [-1, 1, 2, 9, 39, 256] {
            assert_eq!(Exit::from_code(code), None, "{code}");
        }
    }
}

//! How a run on a device ends: one code for each reason, which the device gives to the debugger or emulator, and which
//! the PC converts back to text.

use crate::app::AppError;
use core::fmt;
use foldnet_core::Refusal;
use foldnet_core::model::ParseError;
use foldnet_core::slot::{BootError, Fault};

/// Reason why the firmware stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All examples are processed.
    Done,
    /// The model, its slot or the memory is not usable.
    Refused(Refusal),
    /// The examples cannot be read, or do not have the model's size.
    Job,
    /// The answers cannot be written.
    Results,
    /// The stack grew into the memory below it.
    Stack,
    /// A panic, which is a bug.
    Panic,
    /// An undefined instruction or an invalid address.
    Fault,
}

impl Exit {
    /// The codes that are not a [`Refusal`].
    const OWN: [Self; 6] = [Self::Done, Self::Job, Self::Results, Self::Stack, Self::Panic, Self::Fault];

    /// The exit code: the number of a refusal, or one that no refusal will have.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Refused(refusal) => refusal as u8,
            Self::Job => 40,
            Self::Results => 41,
            Self::Stack => 42,
            Self::Panic => 43,
            Self::Fault => 44,
        }
    }

    /// The reason with this exit code.
    pub fn from_code(code: i32) -> Option<Self> {
        let refused = Refusal::ALL.iter().copied().map(Self::Refused);
        Self::OWN.into_iter().chain(refused).find(|exit| i32::from(exit.code()) == code)
    }
}

impl From<Refusal> for Exit {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<ParseError> for Exit {
    fn from(error: ParseError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<Fault> for Exit {
    fn from(fault: Fault) -> Self {
        Self::Refused(fault.into())
    }
}

impl From<BootError> for Exit {
    fn from(error: BootError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<AppError> for Exit {
    fn from(error: AppError) -> Self {
        Self::Refused(match error {
            AppError::Scratch { .. } => Refusal::Scratch,
            AppError::Example { .. } => Refusal::Example,
            AppError::Input { .. } => Refusal::Input,
        })
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::Refused(refusal) => return refusal.fmt(f),
            Self::Done => "all examples are answered",
            Self::Job => "the examples cannot be read, or do not have the model's size",
            Self::Results => "the answers cannot be written",
            Self::Stack => "the stack grew into the memory below it",
            Self::Panic => "the firmware panicked, which is a bug",
            Self::Fault => "the processor hit an undefined instruction or an invalid address",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Exit;
    use foldnet_core::Refusal;

    #[test]
    fn every_reason_has_a_code_of_its_own() {
        let refused = Refusal::ALL.iter().map(|&refusal| Exit::Refused(refusal));
        for exit in refused.chain(Exit::OWN) {
            assert_eq!(Exit::from_code(exit.code().into()), Some(exit));
        }
        // 1 and 2 are the emulator's own, and below 0 are signals.
        for code in [-1, 1, 2, 9, 39, 45, 256] {
            assert_eq!(Exit::from_code(code), None, "{code}");
        }
    }
}

//! What the functions of the C interface return: one number for each reason, and one line of text.

use core::ffi::CStr;
use foldnet_core::Refusal;

/// How a call ended. The header has these as `FOLDNET_...`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// All went well.
    Ok,
    /// A null pointer, one that is not aligned to its type, or a length that no memory has.
    Pointer,
    /// No model was parsed into this storage.
    NotParsed,
    /// The model, its slot, the memory or the example is not as it should be.
    Refused(Refusal),
    /// The model answers otherwise than the function that was called.
    Head,
    /// Another number of outputs or classes.
    Outputs,
}

impl Status {
    /// Those that are no [`Refusal`].
    pub const OWN: [Self; 5] = [Self::Ok, Self::Pointer, Self::NotParsed, Self::Head, Self::Outputs];

    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::OWN.into_iter().chain(Refusal::ALL.iter().copied().map(Self::Refused))
    }

    /// The number that C gets: of a refusal its own, and others beside those.
    pub const fn code(self) -> i32 {
        match self {
            Self::Ok => 0,
            Self::Pointer => 1,
            Self::NotParsed => 2,
            Self::Refused(refusal) => refusal as i32,
            Self::Head => 34,
            Self::Outputs => 35,
        }
    }

    /// What it means, and the remedy.
    pub const fn message(self) -> &'static CStr {
        match self {
            Self::Ok => c"all went well",
            Self::Pointer => c"a pointer is NULL or not aligned to its type, or a length is more than memory has",
            Self::NotParsed => c"no model was parsed into this foldnet_model",
            Self::Refused(refusal) => refusal.message(),
            Self::Head => c"the model's head gives another answer than this function: see foldnet_head",
            Self::Outputs => c"the array is not as long as foldnet_outputs or foldnet_classes says",
        }
    }

    /// The text for a number; that of a number which is none says so.
    pub(crate) fn message_of(code: i32) -> &'static CStr {
        Self::all().find(|status| status.code() == code).map_or(c"no status of Foldnet", Self::message)
    }
}

impl<E> From<E> for Status
where
    Refusal: From<E>,
{
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::Status;

    #[test]
    fn every_number_has_its_own_text() {
        for (place, status) in Status::all().enumerate() {
            assert_eq!(Status::message_of(status.code()), status.message());
            for other in Status::all().take(place) {
                assert!(other.message() != status.message() && other.code() != status.code(), "{status:?}");
            }
        }
        for none in [-1, 3, 36, 1000, i32::MAX] {
            assert_eq!(Status::message_of(none), c"no status of Foldnet");
        }
    }
}

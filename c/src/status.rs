//! Return values of the C interface: one number for each reason, with one line of text.

use core::ffi::CStr;
use foldnet_core::Refusal;

/// The result of a call. In the header these are `FOLDNET_...`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Success.
    Ok,
    /// A pointer is null or not aligned to its type, or a length is impossible.
    Pointer,
    /// No model was parsed into this storage.
    NotParsed,
    /// The model, its slot, the memory or the example is not usable.
    Refused(Refusal),
    /// The model gives another kind of answer than the function returns.
    Head,
    /// The number of outputs or classes is wrong.
    Outputs,
}

impl Status {
    /// The statuses that are not a [`Refusal`].
    pub const OWN: [Self; 5] = [Self::Ok, Self::Pointer, Self::NotParsed, Self::Head, Self::Outputs];

    /// All statuses.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::OWN.into_iter().chain(Refusal::ALL.iter().copied().map(Self::Refused))
    }

    /// The number for C: that of a refusal, or one that no refusal will have.
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

    /// The meaning, and the remedy.
    pub const fn message(self) -> &'static CStr {
        match self {
            Self::Ok => c"success",
            Self::Pointer => c"a pointer is NULL or not aligned to its type, or a length exceeds the address space",
            Self::NotParsed => c"no model was parsed into this foldnet_model",
            Self::Refused(refusal) => refusal.message(),
            Self::Head => c"the model's head gives another answer than this function: see foldnet_head",
            Self::Outputs => c"the array's length differs from foldnet_outputs or foldnet_classes",
        }
    }

    /// The text for a number; there is one for unknown numbers as well.
    pub(crate) fn message_of(code: i32) -> &'static CStr {
        Self::all().find(|status| status.code() == code).map_or(c"unknown status", Self::message)
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
            assert_eq!(Status::message_of(none), c"unknown status");
        }
    }
}

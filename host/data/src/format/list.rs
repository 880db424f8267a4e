//! The list of formats.

use super::reader::Format;
use super::{csv, idx, npy, npz, pictures};

/// All formats, in the order in which messages name them. They are recognized from the last to the first, so the first
/// of the files and the first of the folders is what no other one recognizes.
pub(super) static FORMATS: [&Format; 5] = [&csv::FORMAT, &npy::FORMAT, &npz::FORMAT, &idx::FORMAT, &pictures::FORMAT];

//! The part of HDF5 that Keras's files use, read-only.
//!
//! | supported | refused by name |
//! |---|---|
//! | superblocks 0 to 3, object headers 1 and 2 | files whose signature is not at their start |
//! | groups as symbol tables and as links in the header | groups of many links in a fractal heap |
//! | data contiguous, compact, or in chunks (version-1 B-tree; deflate, shuffle, Fletcher-32 ignored) | other filters, newer chunk indices, external files |
//! | floats of 2, 4 and 8 bytes, integers, texts of fixed and variable length | other types, big-endian numbers, shared types |
//!
//! According to the HDF5 File Format Specification, version 3.0. Every address, length and count from the file is
//! checked, and the traversal of trees and headers has a budget, so that it terminates on loops.

mod chunks;
mod data;
mod file;
mod groups;
mod header;
mod object;

pub(crate) use file::{Hdf5, MAGIC};
pub(crate) use object::Object;

#[cfg(test)]
mod tests;

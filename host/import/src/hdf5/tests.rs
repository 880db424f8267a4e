//! A file made byte by byte, and damaged ones.

use super::*;

#[test]
fn what_is_no_file_is_an_error() {
    assert!(Hdf5::open(b"").is_err());
    assert!(Hdf5::open(MAGIC).is_err());
    let mut bytes = MAGIC.to_vec();
    bytes.extend([0; 200]);
    assert!(Hdf5::open(&bytes).is_err(), "addresses of 0 bytes");
}

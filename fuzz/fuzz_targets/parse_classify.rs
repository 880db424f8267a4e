//! Any bytes, as they are and with length and checksum made to fit: parse, and classify what parses. Core must not
//! panic, and its logits must be those of a literal evaluation.
#![no_main]

use foldnet_tests::hostile;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // An error is as good an outcome as a model; only a panic is a finding.
    let _: Result<(), _> = hostile::exercise(bytes);
    let mut sealed = bytes.to_vec();
    hostile::seal(&mut sealed);
    let _: Result<(), _> = hostile::exercise(&sealed);
});

//! The body is `foldnet_tests::files::npy`, which `cargo test` runs on the corpus without a fuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| foldnet_tests::files::npy(bytes));

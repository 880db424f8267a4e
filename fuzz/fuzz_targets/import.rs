//! The body is `foldnet_tests::files::import`; `cargo test` runs its formats on their small files without a fuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| foldnet_tests::files::import(bytes));

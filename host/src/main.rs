//! The command `foldnet`.

fn main() {}

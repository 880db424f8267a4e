//! Names the linker script, and the model that becomes part of the firmware: `motion.fnet` beside this file, or the one
//! that the variable `MOTION_MODEL` names.

use std::path::{Path, PathBuf};

fn main() {
    println!("cargo::rerun-if-changed=memory.x");
    println!("cargo::rustc-link-arg=--nmagic");
    println!("cargo::rustc-link-arg=-Tlink.x");
    println!("cargo::rerun-if-env-changed=MOTION_MODEL");
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("motion.fnet");
    let model = std::env::var_os("MOTION_MODEL").map_or(here, PathBuf::from);
    println!("cargo::rerun-if-changed={}", model.display());
    if !model.is_file() {
        println!("cargo::error={}: no such file; create it with `foldnet export` (see README.md)", model.display());
    }
    println!("cargo::rustc-env=MODEL={}", model.display());
}

//! Names the linker scripts: cortex-m-rt's, which includes `memory.x`, and defmt's, which keeps its texts out of flash.

fn main() {
    println!("cargo::rerun-if-changed=memory.x");
    println!("cargo::rustc-link-arg=--nmagic");
    println!("cargo::rustc-link-arg=-Tlink.x");
    if std::env::var_os("CARGO_FEATURE_RTT").is_some() {
        println!("cargo::rustc-link-arg=-Tdefmt.x");
    }
}

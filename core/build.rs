//! Selects the kernel of `src/infer/kernel` for the target from `src/quantized/kernel/table.rs`. Sets
//! `cfg(foldnet_kernel = "...")`, `cfg(foldnet_long_multiply)` if the target has a 64-bit multiply, and `FOLDNET_CPU`,
//! the directives that its assembly begins with.
//!
//! Rust's `target_feature = "dsp"` is never set on stable Rust, so the target's name decides, together with features of
//! this crate where the name is ambiguous.

#[path = "src/quantized/kernel/table.rs"]
pub mod table;

use std::env;

fn main() {
    let served = table::CORES.iter().map(|core| core.kernel);
    let kernels: Vec<String> = served.chain([table::PORTABLE]).map(|kernel| format!("\"{kernel}\"")).collect();
    println!("cargo::rustc-check-cfg=cfg(foldnet_kernel, values({}))", kernels.join(", "));
    println!("cargo::rustc-check-cfg=cfg(foldnet_long_multiply)");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/quantized/kernel/table.rs");
    let target = env::var("TARGET").expect("cargo sets TARGET");
    let has_feature = |feature: &str| env::var_os(format!("CARGO_FEATURE_{}", feature.to_uppercase())).is_some();
    let core = table::serving(&target, has_feature);
    println!("cargo::rustc-env=FOLDNET_CPU={}", core.map_or("", |core| core.cpu));
    println!("cargo::rustc-cfg=foldnet_kernel=\"{}\"", core.map_or(table::PORTABLE, |core| core.kernel));
    if core.is_some_and(|core| core.long_multiply) {
        println!("cargo::rustc-cfg=foldnet_long_multiply");
    }
}

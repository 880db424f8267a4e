//! Selects the kernel of `src/infer/kernel` for the target from the table there. Sets `cfg(foldnet_kernel = "...")`,
//! `cfg(foldnet_long_multiply)` if the target has a 64-bit multiply, and `FOLDNET_CPU`, the directives that its
//! assembly begins with.
//!
//! Rust's `target_feature = "dsp"` is never set on stable Rust, so the target's name decides, together with features of
//! this crate where the name is ambiguous.

#[path = "src/infer/kernel/table.rs"]
pub mod table;

use std::env;

fn main() {
    let kernels: Vec<String> = table::FAMILIES.iter().map(|family| format!("\"{}\"", family.kernel)).collect();
    println!("cargo::rustc-check-cfg=cfg(foldnet_kernel, values({}))", kernels.join(", "));
    println!("cargo::rustc-check-cfg=cfg(foldnet_long_multiply)");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/infer/kernel/table.rs");
    let target = env::var("TARGET").expect("cargo says what is built for");
    let has_feature = |feature: &str| env::var_os(format!("CARGO_FEATURE_{}", feature.to_uppercase())).is_some();
    let family = table::family_of(&target, has_feature);
    println!("cargo::rustc-env=FOLDNET_CPU={}", family.map_or("", |family| family.cpu));
    if let Some(family) = family {
        println!("cargo::rustc-cfg=foldnet_kernel=\"{}\"", family.kernel);
        if family.long_multiply {
            println!("cargo::rustc-cfg=foldnet_long_multiply");
        }
    }
}

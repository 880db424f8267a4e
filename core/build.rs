//! Says which kernel of `src/infer/kernel` the target has: `cfg(foldnet_kernel = "...")`, and whether it is ARMv8-M.
//!
//! Rust's `target_feature = "dsp"` is never set on stable Rust, so the target's name decides; an ARMv8-M core may come
//! without the DSP extension, and whoever has it says so by the feature `dsp`.

use std::env;

fn main() {
    println!(
        "cargo::rustc-check-cfg=cfg(foldnet_kernel, values(\"dsp\", \"armv7m\", \"armv6m\", \"rv32im\", \"sse2\"))"
    );
    println!("cargo::rustc-check-cfg=cfg(foldnet_armv8m)");
    println!("cargo::rerun-if-changed=build.rs");
    let target = env::var("TARGET").expect("cargo says what is built for");
    if let Some(kernel) = kernel(&target, env::var_os("CARGO_FEATURE_DSP").is_some()) {
        println!("cargo::rustc-cfg=foldnet_kernel=\"{kernel}\"");
    }
    if target.starts_with("thumbv8m") {
        println!("cargo::rustc-cfg=foldnet_armv8m");
    }
}

/// The kernel for a target, if it has one of its own.
fn kernel(target: &str, dsp: bool) -> Option<&'static str> {
    let (arch, _) = target.split_once('-')?;
    match arch {
        "thumbv7em" => Some("dsp"),
        "thumbv8m.main" if dsp => Some("dsp"),
        "thumbv8m.main" | "thumbv7m" => Some("armv7m"),
        "thumbv6m" | "thumbv8m.base" => Some("armv6m"),
        // The multiplier is an extension, M.
        _ if arch.starts_with("riscv32im") => Some("rv32im"),
        // Every one of them has SSE2.
        "x86_64" => Some("sse2"),
        _ => None,
    }
}

//! The command `foldnet-sim` on a PC, and the firmware of the same name on a board: runs a model image by image.
#![cfg_attr(target_os = "none", no_std, no_main)]
#![deny(unsafe_code)]

#[cfg(not(target_os = "none"))]
mod cli;
#[cfg(target_os = "none")]
mod device;

#[cfg(not(target_os = "none"))]
fn main() -> std::process::ExitCode {
    cli::main()
}

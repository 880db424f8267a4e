//! The command `foldnet-sim`: a model file run image by image. The work is done by the library.
#![deny(unsafe_code)]

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}

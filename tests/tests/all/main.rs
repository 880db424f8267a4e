//! Tests across crates, in one program that is linked once. `tidy` and `speed` are separate: `tidy` because it is
//! quick, `speed` because it needs a release build.

mod board_example;
mod c_example;
mod cores;
mod device;
mod export_any;
mod files;
mod firmware;
mod fold;
mod format;
mod format_integer;
mod golden;
mod gradients;
mod instructions;
mod limits;
mod losses;
mod mlperf;
mod power_cut;
mod quantize;
mod training;

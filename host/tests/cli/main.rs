//! The command `foldnet` as a user meets it: arguments in, text, files and exit codes out.
//!
//! `tool` runs the program in a folder of its own; `sample` makes the small files that tests begin with; `browser` shows
//! pages.

mod bad_input;
mod bad_reports;
mod browser;
mod columns;
mod compare;
mod demo;
mod flash;
mod flow;
mod golden;
mod imported;
mod interrupt;
#[cfg(target_os = "linux")]
mod memory;
mod motion;
mod own_board;
mod own_data;
mod pool;
mod refused;
mod report;
mod sample;
mod sensors;
mod smaller;
mod terminal;
mod tool;
mod training;
mod trust;

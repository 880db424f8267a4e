//! The simulator as its users meet it: the library's API, and the command with good and bad input.

mod boards;
mod command;
mod models;
mod sensors;
mod simulation;
#[path = "typed.rs"]
mod typed_models;

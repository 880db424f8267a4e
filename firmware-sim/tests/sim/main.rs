//! The simulator from a user's point of view: the library's API, and the command with good and bad input.

mod boards;
mod command;
mod models;
mod sensors;
mod simulation;
#[path = "typed.rs"]
mod typed_models;

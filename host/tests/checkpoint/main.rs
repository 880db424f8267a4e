//! Checkpoints as a user meets them: files that Keras saved, files with one fault each, and there and back.

mod ambiguous;
mod faults;
mod file;
mod keras;
mod round_trip;
mod torch;

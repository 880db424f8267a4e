//! The data crate as its users see it: good folders and bad ones, the download, the real
//! Fashion-MNIST, the synthetic set.

mod bad_input;
mod class_folders;
mod directory;
mod download;
mod fashion_mnist;
mod sample;
mod server;
mod synthetic;
mod tables;

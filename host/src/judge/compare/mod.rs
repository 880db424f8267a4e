//! Comparison of networks: [`models`] on the same images; [`statistics`] says which differences are more than chance.

pub mod models;
pub mod statistics;

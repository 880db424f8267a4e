//! Comparison of networks: [`models`] on the same images, [`seeds`] for repeated trainings with the same recipe;
//! [`statistics`] tells which differences are more than chance.

pub mod models;
pub mod statistics;

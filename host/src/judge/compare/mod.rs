//! Networks side by side: [`models`] on the same images, [`seeds`] the same recipe trained again and again;
//! [`statistics`] says what is more than chance.

pub mod models;
pub mod seeds;
pub mod statistics;

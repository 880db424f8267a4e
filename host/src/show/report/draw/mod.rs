//! Figures shared by several sections: SVG and PNG, with descriptions for screen readers. Colours come from the page's
//! style, so that they follow light and dark mode; no meaning depends on colour alone.

pub mod bar;
pub mod heat;
pub mod histogram;
pub mod picture;
mod png;
pub mod scatter;
pub mod signal;

//! Pictures that sections share: SVG and PNG, with their descriptions for who cannot see them. Colours come from the
//! page's style, so that they follow light and dark; none carries a meaning alone.

pub mod bar;
pub mod format;
pub mod heat;
pub mod histogram;
pub mod lines;
pub mod picture;
mod png;
pub mod scatter;
pub mod signal;

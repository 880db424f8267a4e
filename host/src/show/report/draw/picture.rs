//! Images of the dataset with what was made of them.

use super::png::address;
use foldnet_data::View;
use maud::{Markup, html};
use png::ColorType;

/// Image `index` of `images` above its caption; `description` says the same to who cannot see it.
pub fn picture(images: View, index: usize, description: &str, caption: Markup) -> Markup {
    let source = address(images.image(index), images.height, images.width, ColorType::Grayscale);
    html! {
        li {
            figure.picture {
                img src=(source) alt=(description) width=(images.width) height=(images.height);
                figcaption { (caption) }
            }
        }
    }
}

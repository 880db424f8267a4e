//! Images of the dataset with what was made of them.

use super::png::address;
use foldnet_data::View;
use maud::{Markup, html};
use png::ColorType;

/// Image `index` of `images` above its caption; `description` says the same to who cannot see it.
pub fn picture(images: View, index: usize, description: &str, caption: Markup) -> Markup {
    let (shape, inputs) = (images.shape, images.example(index));
    let source = address(inputs.u8().unwrap_or_default(), shape.height, shape.width, ColorType::Grayscale);
    html! {
        li {
            figure.picture {
                img src=(source) alt=(description) width=(shape.width) height=(shape.height);
                figcaption { (caption) }
            }
        }
    }
}

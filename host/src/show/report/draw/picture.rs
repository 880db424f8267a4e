//! Examples of the dataset with a caption: images as they are, everything else as lines.

use super::png::address;
use super::signal::signal;
use foldnet_data::View;
use maud::{Markup, html};
use png::ColorType;

/// Example `index` of `images` above its caption; `description` is for screen readers.
pub fn picture(images: View, index: usize, description: &str, caption: Markup) -> Markup {
    let (shape, inputs) = (images.shape, images.example(index));
    let pixels = inputs.u8().filter(|_| images.is_images());
    html! {
        li {
            figure.picture {
                @match pixels {
                    Some(pixels) => {
                        @let source = address(pixels, shape.height, shape.width, ColorType::Grayscale);
                        img src=(source) alt=(description) width=(shape.width) height=(shape.height);
                    }
                    None => { (signal(inputs, shape, description)) }
                }
                figcaption { (caption) }
            }
        }
    }
}

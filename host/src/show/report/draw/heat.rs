//! Values over an image, as colours from dark violet to yellow: viridis, which is readable with every kind of colour
//! vision.

use super::png::address;
use maud::{Markup, html};
use png::ColorType;

/// Viridis at equal distances.
const STOPS: [[u8; 3]; 9] = [
    [0x44, 0x01, 0x54],
    [0x47, 0x2c, 0x7a],
    [0x3b, 0x51, 0x8b],
    [0x2c, 0x71, 0x8e],
    [0x21, 0x90, 0x8d],
    [0x27, 0xad, 0x81],
    [0x5c, 0xc8, 0x63],
    [0xaa, 0xdc, 0x32],
    [0xfd, 0xe7, 0x25],
];

/// An image of `values [height][width]`, each of which `share` maps to 0 (dark) to 1 (bright).
pub fn heat(values: &[f64], (height, width): (usize, usize), share: impl Fn(f64) -> f64, label: &str) -> Markup {
    let samples: Vec<u8> = values.iter().flat_map(|&value| colour(share(value))).collect();
    html! {
        img.heat src=(address(&samples, height, width, ColorType::Rgb)) alt=(label) width=(width) height=(height);
    }
}

/// The colour scale, with a label at each end and in the middle.
pub fn scale(texts: [String; 3]) -> Markup {
    let stops: Vec<String> = STOPS.iter().map(|[r, g, b]| format!("#{r:02x}{g:02x}{b:02x}")).collect();
    let [low, middle, high] = texts;
    html! {
        div.scale {
            span.ramp aria-hidden="true" style=(format!("background:linear-gradient(to right,{})", stops.join(","))) {}
            span { (low) } span { (middle) } span { (high) }
        }
    }
}

fn colour(share: f64) -> [u8; 3] {
    let place = share.clamp(0.0, 1.0) * (STOPS.len() - 1) as f64;
    let below = (place as usize).min(STOPS.len() - 2);
    let part = place - below as f64;
    let mix = |a: u8, b: u8| (f64::from(a) + part * (f64::from(b) - f64::from(a))).round() as u8;
    std::array::from_fn(|channel| mix(STOPS[below][channel], STOPS[below + 1][channel]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_lie_between_their_stops() {
        assert_eq!([0.0, 0.5, 1.0, 7.0, -1.0].map(colour), [STOPS[0], STOPS[4], STOPS[8], STOPS[8], STOPS[0]]);
        assert_eq!(colour(1.0 / 16.0), [0x46, 0x17, 0x67]);
    }
}

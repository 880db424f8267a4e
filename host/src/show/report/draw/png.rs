//! Small PNGs embedded in the page as `data:` URLs, which need no network.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use png::{ColorType, Compression, Encoder, EncodingError};

/// The URL of an image with 8-bit samples `[height][width][1 or 3]`; empty if there are no samples.
pub(super) fn address(samples: &[u8], height: usize, width: usize, color: ColorType) -> String {
    match encode(samples, height as u32, width as u32, color) {
        Ok(bytes) => format!("data:image/png;base64,{}", STANDARD.encode(bytes)),
        // Only of pictures without pixels, which no dataset has.
        Err(_) => "data:,".to_owned(),
    }
}

fn encode(samples: &[u8], height: u32, width: u32, color: ColorType) -> Result<Vec<u8>, EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, width, height);
    encoder.set_color(color);
    encoder.set_compression(Compression::High);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(samples)?;
    writer.finish()?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out() {
        let samples: Vec<u8> = (0..2 * 3 * 3).map(|n| n * 14).collect();
        let address = address(&samples, 2, 3, ColorType::Rgb);
        let text = address.strip_prefix("data:image/png;base64,").expect("a PNG");
        let bytes = STANDARD.decode(text).expect("base64");
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().expect("a PNG");
        let mut decoded = vec![0; samples.len()];
        let frame = reader.next_frame(&mut decoded).expect("a frame");
        assert_eq!((frame.width, frame.height, frame.color_type), (3, 2, ColorType::Rgb));
        assert_eq!(decoded, samples);
    }
}

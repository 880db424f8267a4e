//! Reads an image from a PNG file as bytes of brightness.
//!
//! Grey is kept (1, 2, 4 and 16 bits are converted to 8). Colours are weighted as in ITU-R BT.601,
//! `(299 R + 587 G + 114 B + 500) / 1000`, rounded down. Transparent pixels are blended with black.

use std::io::BufReader;
use std::path::Path;

use png::{ColorType, Decoder, Transformations};

use crate::error::{DataError, PictureProblem, Problem};
use crate::open;

/// Maximum size of an image, in pixels: far above any network's, far below exhausting memory.
const MOST_PIXELS: u64 = 1 << 24;

/// One image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// `[height][width]`, 0 = black.
    pub pixels: Vec<u8>,
    /// Rows, at least 1.
    pub height: usize,
    /// Columns, at least 1.
    pub width: usize,
}

/// Reads a PNG, grey or in colour.
///
/// # Errors
/// If the file cannot be read, is not a PNG, or has more than 2^24 pixels; the error names it.
pub fn read_png(path: &Path) -> Result<Picture, DataError> {
    let fail = |problem: Problem| DataError::file(path, problem);
    let broken = |cause: png::DecodingError| fail(PictureProblem::NotPng(cause.to_string()).into());
    // A single image is not part of a set, so the remedy for sets would be misleading.
    std::fs::metadata(path).map_err(|cause| fail(Problem::Unreadable(cause.to_string())))?;
    let file = open::regular(path)?;
    let mut decoder = Decoder::new(BufReader::new(file));
    decoder.set_transformations(Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(broken)?;
    let (width, height) = reader.info().size();
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(fail(PictureProblem::TooManyPixels { height, width }.into()));
    }
    let mut pixels = vec![0; reader.output_buffer_size().unwrap_or(0)];
    let frame = reader.next_frame(&mut pixels).map_err(broken)?;
    pixels.truncate(frame.buffer_size());
    let pixels = brightness(&pixels, frame.color_type);
    Ok(Picture { pixels, height: height as usize, width: width as usize })
}

fn brightness(pixels: &[u8], color: ColorType) -> Vec<u8> {
    let over_black = |value: u8, alpha: u8| (u16::from(value) * u16::from(alpha) / 255) as u8;
    let luma = |p: &[u8]| ((u32::from(p[0]) * 299 + u32::from(p[1]) * 587 + u32::from(p[2]) * 114 + 500) / 1000) as u8;
    match color {
        ColorType::Grayscale | ColorType::Indexed => pixels.to_vec(),
        ColorType::GrayscaleAlpha => pixels.chunks_exact(2).map(|p| over_black(p[0], p[1])).collect(),
        ColorType::Rgb => pixels.chunks_exact(3).map(luma).collect(),
        ColorType::Rgba => pixels.chunks_exact(4).map(|p| over_black(luma(p), p[3])).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_become_brightness() {
        let check =
            |pixels: &[u8], color, expected: &[u8]| assert_eq!(brightness(pixels, color), expected, "{color:?}");
        check(&[0, 7, 255], ColorType::Grayscale, &[0, 7, 255]);
        check(&[200, 255, 200, 51, 9, 0], ColorType::GrayscaleAlpha, &[200, 40, 0]);
        check(&[255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9], ColorType::Rgb, &[76, 150, 29, 9]);
        check(&[0, 255, 0, 255, 0, 255, 0, 0], ColorType::Rgba, &[150, 0]);
    }
}

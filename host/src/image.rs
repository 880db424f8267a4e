//! A picture from a PNG file, as bytes of brightness.

use anyhow::{Context, bail};
use png::{ColorType, Decoder, Transformations};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// Largest picture that is read, in pixels: far above any network's, far below what fills memory.
const MOST_PIXELS: u64 = 1 << 24;

/// Brightness `[height][width]`, height and width of a PNG; colours are weighted as ITU-R BT.601 does, transparency is
/// black behind.
///
/// # Errors
/// When the file cannot be read, is no PNG or is very large; the error names it.
pub fn read_png(path: &Path) -> anyhow::Result<(Vec<u8>, usize, usize)> {
    let file = File::open(path).with_context(|| format!("{}: cannot be read; check the path", path.display()))?;
    let mut decoder = Decoder::new(BufReader::new(file));
    decoder.set_transformations(Transformations::normalize_to_color8());
    let broken = || format!("{}: not a readable PNG; convert it again", path.display());
    let mut reader = decoder.read_info().with_context(broken)?;
    let (width, height) = reader.info().size();
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        bail!("{}: {width} x {height} pixels are too many; scale it to the network's image size", path.display());
    }
    let mut pixels = vec![0; reader.output_buffer_size().unwrap_or(0)];
    let frame = reader.next_frame(&mut pixels).with_context(broken)?;
    pixels.truncate(frame.buffer_size());
    Ok((brightness(&pixels, frame.color_type), height as usize, width as usize))
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

//! A 28x28 canvas that fills polygons with anti-aliased edges, in integers.
//!
//! Outlines are given in a garment's own units, 0..=1000 in both directions, x to the right and y down; the canvas
//! places that square on the image at random: shifted, stretched, slanted, mirrored.

use crate::dice::Dice;

/// Rows and columns of an image.
pub(super) const SIDE: usize = 28;

/// Fixed-point units per pixel.
const PIXEL: i32 = 256;
/// Scan lines per pixel.
const LINES: i32 = 4;
/// Coverage of a pixel that lies wholly inside.
const FULL: i32 = PIXEL * LINES;

/// A corner of an outline, in garment units.
pub(super) type Point = (i32, i32);

/// One value per pixel, row by row.
type Plane = [i32; SIDE * SIDE];

/// An image being drawn.
pub(super) struct Canvas {
    /// 256 = the garment's own shade, 0 = background.
    tones: Plane,
    placement: Placement,
}

impl Canvas {
    /// An empty canvas with a random placement.
    pub(super) fn new(dice: &mut Dice) -> Self {
        Self { tones: [0; SIDE * SIDE], placement: Placement::random(dice) }
    }

    /// Fills an outline (even-odd rule) with `tone`: 256 is the garment's own, 0 cuts a hole.
    pub(super) fn paint(&mut self, outline: &[Point], tone: i32) {
        let corners: Vec<Point> = outline.iter().map(|&point| self.placement.apply(point)).collect();
        for (old, covered) in self.tones.iter_mut().zip(coverage(&corners)) {
            *old += (tone - *old) * covered / FULL;
        }
    }

    /// Gives the garment its shade, pattern, light and noise.
    pub(super) fn finish(self, dice: &mut Dice) -> [u8; SIDE * SIDE] {
        let cloth = Cloth::random(dice);
        let mut pixels = [0; SIDE * SIDE];
        for (at, (pixel, tone)) in pixels.iter_mut().zip(self.tones).enumerate() {
            // One random number per pixel, used or not, so that no image shifts the sequence for the next.
            let noise = dice.range(-cloth.noise, cloth.noise);
            if tone > 0 {
                let shade = tone * cloth.shade(at % SIDE, at / SIDE) / 256;
                *pixel = (shade + noise * tone / 256).clamp(0, 255) as u8;
            }
        }
        pixels
    }
}

/// Position of a garment's square on the image.
struct Placement {
    /// 1/256 pixels for 1000 garment units.
    scale: (i32, i32),
    /// Centre of the square, in 1/256 pixels.
    centre: (i32, i32),
    /// Horizontal shift over the whole height, in garment units.
    slant: i32,
}

impl Placement {
    fn random(dice: &mut Dice) -> Self {
        let size = dice.middling(21, 28);
        let mut side = || size * PIXEL + dice.range(-2 * PIXEL, 2 * PIXEL);
        let scale = (side(), side());
        let middle = SIDE as i32 * PIXEL / 2;
        let mut shift = |most: i32| middle + dice.middling(-most * PIXEL, most * PIXEL);
        Self { scale, centre: (shift(3), shift(2)), slant: dice.middling(-90, 90) }
    }

    fn apply(&self, (x, y): Point) -> Point {
        let slanted = x - 500 + (y - 500) * self.slant / 1000;
        (self.centre.0 + slanted * self.scale.0 / 1000, self.centre.1 + (y - 500) * self.scale.1 / 1000)
    }
}

/// Material of a garment.
struct Cloth {
    base: i32,
    /// Change of shade from left to right.
    light: i32,
    noise: i32,
    pattern: Pattern,
    /// Stripe width in pixels.
    period: usize,
    /// How much darker every second stripe is.
    contrast: i32,
}

enum Pattern {
    Plain,
    Across,
    Upright,
    Checks,
}

impl Cloth {
    fn random(dice: &mut Dice) -> Self {
        let base = dice.range(80, 250);
        let pattern = match dice.range(0, 9) {
            0 | 1 => Pattern::Across,
            2 => Pattern::Upright,
            3 => Pattern::Checks,
            _ => Pattern::Plain,
        };
        Self {
            base,
            light: dice.range(-40, 40),
            noise: dice.range(2, 28),
            pattern,
            period: dice.range(1, 4) as usize,
            contrast: dice.range(15, 60) * base / 100,
        }
    }

    fn shade(&self, x: usize, y: usize) -> i32 {
        let (across, upright) = (y / self.period % 2, x / self.period % 2);
        let dark = match self.pattern {
            Pattern::Plain => 0,
            Pattern::Across => across,
            Pattern::Upright => upright,
            Pattern::Checks => across ^ upright,
        };
        let light = self.light * (x as i32 - SIDE as i32 / 2) / SIDE as i32;
        self.base + light - dark as i32 * self.contrast
    }
}

/// How much of each pixel lies inside the polygon: 0 to [`FULL`].
fn coverage(corners: &[Point]) -> Plane {
    let mut plane = [0; SIDE * SIDE];
    let mut crossings = Vec::with_capacity(corners.len());
    for line in 0..SIDE as i32 * LINES {
        let y = line * (PIXEL / LINES) + PIXEL / LINES / 2;
        crossings.clear();
        crossings.extend(edges(corners).filter_map(|(from, to)| crossing(from, to, y)));
        crossings.sort_unstable();
        let row = &mut plane[(line / LINES) as usize * SIDE..][..SIDE];
        for span in crossings.chunks_exact(2) {
            cover(row, span[0], span[1]);
        }
    }
    plane
}

/// The polygon's edges, the closing one included.
fn edges(corners: &[Point]) -> impl Iterator<Item = (Point, Point)> {
    corners.iter().copied().zip(corners.iter().copied().cycle().skip(1))
}

/// Where an edge crosses the scan line at `y`; its lower end belongs to the next edge.
fn crossing((x0, y0): Point, (x1, y1): Point, y: i32) -> Option<i32> {
    let crosses = (y0 <= y) != (y1 <= y);
    crosses.then(|| x0 + (x1 - x0) * (y - y0) / (y1 - y0))
}

/// Adds the span `from..to` of one scan line to the pixels of its row.
fn cover(row: &mut [i32], from: i32, to: i32) {
    let width = SIDE as i32 * PIXEL;
    let (from, to) = (from.clamp(0, width), to.clamp(0, width));
    let first = (from / PIXEL) as usize;
    let behind = (to + PIXEL - 1) as usize / PIXEL as usize;
    for (x, pixel) in row.iter_mut().enumerate().take(behind).skip(first) {
        let left = x as i32 * PIXEL;
        *pixel += to.min(left + PIXEL) - from.max(left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coverage_is_the_area_inside() {
        let square = [(128, 0), (640, 0), (640, 512), (128, 512)];
        let plane = coverage(&square);
        assert_eq!(plane[..4], [FULL / 2, FULL, FULL / 2, 0]);
        assert_eq!(plane.iter().sum::<i32>(), 4 * FULL);
    }

    #[test]
    fn what_lies_outside_the_image_is_cut_off() {
        let huge = [(-9_000, -9_000), (20_000, -9_000), (20_000, 20_000), (-9_000, 20_000)];
        assert!(coverage(&huge).iter().all(|&covered| covered == FULL));
    }
}

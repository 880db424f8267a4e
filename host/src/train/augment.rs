//! Augmentation: training examples are changed at random each time they are used.
//!
//! The changes of an example depend only on the seed, the epoch and the example's number: they are the same for every
//! batch size and number of threads, and after a resume.

use crate::network::groups::Groups;
use foldnet_data::{Shape, Values, ValuesRef};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The changes to examples. Images are shifted, mirrored and partly erased; sensor windows are shifted in time, scaled,
/// and overlaid with noise.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Augment {
    /// Maximum shift of an image in pixels, in each direction; zeros are shifted in.
    pub shift: usize,
    /// Mirrors half of the images, left to right.
    pub flip: bool,
    /// In half of the images, sets a square with this side, at a random position, to 0.
    pub erase: usize,
    /// Standard deviation of noise, as a fraction of each input's own standard deviation.
    pub jitter: f32,
    /// Every channel is multiplied by a number between `1 - scale` and `1 + scale`, about its mean.
    pub scale: f32,
    /// Maximum shift of a window in samples; the sample at the open end is repeated.
    pub time_shift: usize,
}

impl Augment {
    /// Whether examples are left unchanged.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Whether values change other than by moving or becoming 0.
    fn computes(&self) -> bool {
        self.jitter > 0.0 || self.scale > 0.0
    }

    /// Checks that examples of this shape can be changed in this way.
    ///
    /// # Errors
    /// If they cannot, with the remedy.
    pub fn check(&self, shape: Shape, pool: Option<usize>) -> Result<(), String> {
        if pool.is_some() && self.computes() {
            return Err(format!(
                "--augment {self}: jitter and scale compute values that --pool cannot average in bytes; give shift, flip or erase"
            ));
        }
        let image = self.shift > 0 || self.flip || self.erase > 0;
        if image && (shape.height == 1 || shape.width == 1) {
            return Err(format!(
                "--augment {self}: shift, flip and erase are for images, but an example is {shape}; give jitter, scale or time-shift, or images of values other than bytes as an array of [N][height][width][1]"
            ));
        }
        let most = shape.height.min(shape.width);
        if image && (self.shift >= most || self.erase >= most) {
            return Err(format!("--augment {self}: the images are {shape}; give less than {most}"));
        }
        if self.time_shift > 0 && self.time_shift >= shape.height {
            return Err(format!(
                "--augment {self}: time-shift is for windows of more samples than that, but an example is {shape}; give less"
            ));
        }
        Ok(())
    }
}

/// The random generator for example `number` in `epoch`.
fn generator(seed: u64, epoch: usize, number: u32) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0xa06_3e47);
    rng.set_stream((epoch as u64) << 32 | u64::from(number));
    rng
}

/// Changes the examples of one batch after another.
#[derive(Debug)]
pub struct Augmenter {
    augment: Augment,
    seed: u64,
    shape: Shape,
    /// Groups for averaging the changed images, if the network's inputs are pooled.
    groups: Groups,
    /// Mean and standard deviation of every input in raw units, `[I]`; only for noise and scaling.
    statistics: (Vec<f32>, Vec<f32>),
    batch: Values,
}

impl Augmenter {
    /// For examples of `shape` with the standardization `x = raw * scale + shift`, `[I]` each.
    pub fn new(augment: Augment, seed: u64, shape: Shape, scale: &[f32], shift: &[f32]) -> Self {
        let mean = scale.iter().zip(shift).map(|(scale, shift)| -shift / scale).collect();
        let std = scale.iter().map(|scale| 1.0 / scale).collect();
        Self { augment, seed, shape, groups: Groups::default(), statistics: (mean, std), batch: Values::U8(Vec::new()) }
    }

    /// The same for a network whose inputs are averages of these groups of pixels of the changed image.
    #[must_use]
    pub fn pooled(self, groups: Groups) -> Self {
        Self { groups, ..self }
    }

    /// The examples `picked` of `values`, changed for `epoch`, one after the other.
    pub fn batch(&mut self, values: ValuesRef, picked: &[u32], epoch: usize) -> ValuesRef<'_> {
        if self.augment.computes() {
            let rows = match values {
                ValuesRef::U8(values) => self.computed(values, picked, epoch),
                ValuesRef::I8(values) => self.computed(values, picked, epoch),
                ValuesRef::I16(values) => self.computed(values, picked, epoch),
                ValuesRef::U16(values) => self.computed(values, picked, epoch),
                ValuesRef::F32(values) => self.computed(values, picked, epoch),
            };
            self.batch = Values::F32(rows);
        } else {
            self.batch = match values {
                ValuesRef::U8(values) => {
                    Values::U8(self.groups.average(&self.moved(values, picked, epoch)).into_owned())
                }
                ValuesRef::I8(values) => Values::I8(self.moved(values, picked, epoch)),
                ValuesRef::I16(values) => Values::I16(self.moved(values, picked, epoch)),
                ValuesRef::U16(values) => Values::U16(self.moved(values, picked, epoch)),
                ValuesRef::F32(values) => Values::F32(self.moved(values, picked, epoch)),
            };
        }
        self.batch.view()
    }

    fn moved<T: Copy + Default>(&self, values: &[T], picked: &[u32], epoch: usize) -> Vec<T> {
        let inputs = self.shape.inputs();
        let mut rows = vec![T::default(); picked.len() * inputs];
        for (row, &number) in rows.chunks_exact_mut(inputs).zip(picked) {
            let example = &values[number as usize * inputs..][..inputs];
            self.moves(example, row, &mut generator(self.seed, epoch, number));
        }
        rows
    }

    fn computed<T: Copy + Into<f32>>(&self, values: &[T], picked: &[u32], epoch: usize) -> Vec<f32> {
        let inputs = self.shape.inputs();
        let mut rows = vec![0.0; picked.len() * inputs];
        for (row, &number) in rows.chunks_exact_mut(inputs).zip(picked) {
            let example: Vec<f32> =
                values[number as usize * inputs..][..inputs].iter().map(|&value| value.into()).collect();
            let mut rng = generator(self.seed, epoch, number);
            self.moves(&example, row, &mut rng);
            self.disturb(row, &mut rng);
        }
        rows
    }

    /// Moves one example to `row`, which holds zeros.
    fn moves<T: Copy + Default>(&self, example: &[T], row: &mut [T], rng: &mut impl Rng) {
        let Shape { height, width, channels } = self.shape;
        let Augment { shift, flip, erase, time_shift, .. } = self.augment;
        let (down, right) = (within(rng, shift), within(rng, shift));
        let mirrored = flip && rng.random::<bool>();
        let later = within(rng, time_shift);
        for y in 0..height {
            let from = if time_shift > 0 {
                Some((y as isize - later).clamp(0, height as isize - 1) as usize)
            } else {
                y.checked_add_signed(-down).filter(|&y| y < height)
            };
            let Some(from) = from else { continue };
            for x in 0..width {
                let at = if mirrored { width - 1 - x } else { x };
                let Some(at) = at.checked_add_signed(-right).filter(|&x| x < width) else { continue };
                let (to, from) = ((y * width + x) * channels, (from * width + at) * channels);
                row[to..to + channels].copy_from_slice(&example[from..from + channels]);
            }
        }
        if erase > 0 && rng.random::<bool>() {
            let (top, left) = (rng.random_range(0..=height - erase), rng.random_range(0..=width - erase));
            for y in top..top + erase {
                row[(y * width + left) * channels..][..erase * channels].fill(T::default());
            }
        }
    }

    /// Applies scaling of channels and noise to a row in raw units.
    fn disturb(&self, row: &mut [f32], rng: &mut impl Rng) {
        let Augment { jitter, scale, .. } = self.augment;
        let (mean, std) = &self.statistics;
        if scale > 0.0 {
            for channel in 0..self.shape.channels {
                let factor = 1.0 + scale * (2.0 * rng.random::<f32>() - 1.0);
                let values = row.iter_mut().zip(mean).skip(channel).step_by(self.shape.channels);
                values.for_each(|(value, mean)| *value = mean + (*value - mean) * factor);
            }
        }
        if jitter > 0.0 {
            row.iter_mut().zip(std).for_each(|(value, std)| *value += jitter * std * normal(rng));
        }
    }
}

/// A whole number in `-most..=most`.
fn within(rng: &mut impl Rng, most: usize) -> isize {
    if most == 0 { 0 } else { rng.random_range(0..=2 * most as u32) as isize - most as isize }
}

/// A normally distributed number, by Box and Muller's method.
fn normal(rng: &mut impl Rng) -> f32 {
    let (radius, angle) = (1.0 - rng.random::<f64>(), rng.random::<f64>());
    ((-2.0 * radius.ln()).sqrt() * (2.0 * std::f64::consts::PI * angle).cos()) as f32
}

impl fmt::Display for Augment {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Self { shift, flip, erase, jitter, scale, time_shift } = self;
        let words = [
            (*shift > 0).then(|| format!("shift={shift}")),
            flip.then(|| "flip".to_owned()),
            (*erase > 0).then(|| format!("erase={erase}")),
            (*jitter > 0.0).then(|| format!("jitter={jitter}")),
            (*scale > 0.0).then(|| format!("scale={scale}")),
            (*time_shift > 0).then(|| format!("time-shift={time_shift}")),
        ];
        f.write_str(&words.into_iter().flatten().collect::<Vec<_>>().join(","))
    }
}

impl FromStr for Augment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut augment = Self::default();
        for word in text.split(',') {
            let (name, value) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
            let wrong = || {
                format!(
                    "'{word}' is not an augmentation: give shift=N, flip, erase=N (images), jitter=SHARE, scale=SHARE, time-shift=N (windows), separated by commas"
                )
            };
            let count = || value.and_then(|value| value.parse::<u16>().ok()).filter(|&n| n > 0).ok_or_else(wrong);
            let share = || {
                let value = value.and_then(|value| value.parse::<f32>().ok());
                value.filter(|&share| share > 0.0 && share <= 1.0).ok_or_else(wrong)
            };
            match name {
                "shift" => augment.shift = count()?.into(),
                "flip" if value.is_none() => augment.flip = true,
                "erase" => augment.erase = count()?.into(),
                "jitter" => augment.jitter = share()?,
                "scale" => augment.scale = share()?,
                "time-shift" => augment.time_shift = count()?.into(),
                _ => return Err(wrong()),
            }
        }
        Ok(augment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMAGE: Shape = Shape { height: 5, width: 4, channels: 1 };

    fn augmenter(words: &str, shape: Shape, seed: u64) -> Augmenter {
        let inputs = shape.inputs();
        let augment: Augment = words.parse().expect("an augmentation");
        assert_eq!(augment.to_string(), words);
        augment.check(shape, None).expect("it fits");
        Augmenter::new(augment, seed, shape, &vec![0.5; inputs], &vec![-1.0; inputs])
    }

    fn images(shape: Shape) -> Vec<u8> {
        (0..100 * shape.inputs()).map(|i| (i * 7 % 255) as u8 + 1).collect()
    }

    #[test]
    fn an_example_changes_alike_in_every_batch_and_otherwise_in_every_epoch() {
        for words in ["shift=1", "shift=2,flip,erase=2", "jitter=0.1,scale=0.2"] {
            let (values, all) = (images(IMAGE), (0..100).collect::<Vec<u32>>());
            let values = ValuesRef::U8(&values);
            let mut augmenter = augmenter(words, IMAGE, 1);
            let whole: Vec<f32> = collect(augmenter.batch(values, &all, 3));
            let parts: Vec<f32> = all.chunks(7).flat_map(|part| collect(augmenter.batch(values, part, 3))).collect();
            assert_eq!(whole, parts, "{words}");
            assert_ne!(whole, collect(augmenter.batch(values, &all, 4)), "{words}");
            assert_ne!(whole, collect(super::tests::augmenter(words, IMAGE, 2).batch(values, &all, 3)), "{words}");
        }
    }

    fn collect(values: ValuesRef) -> Vec<f32> {
        (0..values.len()).map(|at| values.get(at)).collect()
    }

    #[test]
    fn every_shift_occurs_and_zeros_come_in() {
        let (values, all) = (images(IMAGE), (0..100).collect::<Vec<u32>>());
        let mut augmenter = augmenter("shift=1", IMAGE, 1);
        let moved = collect(augmenter.batch(ValuesRef::U8(&values), &all, 0));
        let mut seen = std::collections::BTreeSet::new();
        for (moved, image) in moved.chunks(20).zip(values.chunks(20)) {
            let expected = |down: isize, right: isize| -> Vec<f32> {
                let pixel = |at: usize| {
                    let (y, x) = ((at / 4) as isize - down, (at % 4) as isize - right);
                    let inside = (0..5).contains(&y) && (0..4).contains(&x);
                    if inside { f32::from(image[(y * 4 + x) as usize]) } else { 0.0 }
                };
                (0..20).map(pixel).collect()
            };
            let shifts = (-1..=1).flat_map(|down| (-1..=1).map(move |right| (down, right)));
            seen.extend(shifts.filter(|&(down, right)| expected(down, right) == moved));
        }
        assert_eq!(seen.len(), 9, "{seen:?}");
    }

    #[test]
    fn about_half_are_mirrored_and_half_have_a_hole() {
        let (values, all) = (images(IMAGE), (0..100).collect::<Vec<u32>>());
        let flipped = collect(augmenter("flip", IMAGE, 1).batch(ValuesRef::U8(&values), &all, 0));
        let mirrored = flipped.chunks(20).zip(values.chunks(20)).filter(|(a, b)| a[0] == f32::from(b[3])).count();
        let erased = collect(augmenter("erase=2", IMAGE, 1).batch(ValuesRef::U8(&values), &all, 0));
        let holes = erased.chunks(20).filter(|image| image.iter().filter(|&&pixel| pixel == 0.0).count() == 4).count();
        assert!((30..70).contains(&mirrored) && (30..70).contains(&holes), "{mirrored} {holes}");
    }

    #[test]
    fn windows_move_in_time_and_noise_has_its_deviation() {
        let shape = Shape { height: 50, width: 1, channels: 2 };
        let window: Vec<i16> = (0..100).map(|i| if i % 2 == 0 { i } else { -3 }).collect();
        let mut later = augmenter("time-shift=3", shape, 1);
        let moved = collect(later.batch(ValuesRef::I16(&window), &[0], 1));
        let by = (moved[20] - 20.0) / 2.0;
        assert!(by.abs() <= 3.0 && moved.iter().skip(1).step_by(2).all(|&value| value == -3.0), "{moved:?}");
        let noisy = collect(augmenter("jitter=0.1", shape, 1).batch(ValuesRef::I16(&window), &[0], 0));
        let squares: f32 = noisy.iter().zip(&window).map(|(a, &b)| (a - f32::from(b)).powi(2)).sum();
        // The standard deviation of the inputs is 2: the noise has .2, and 100 values measure it within a fifth.
        assert!(((squares / 100.0).sqrt() - 0.2).abs() < 0.04, "{squares}");
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let row = Shape { height: 1, width: 1, channels: 9 };
        let check = |words: &str, shape: Shape| words.parse::<Augment>().expect("words").check(shape, None).is_ok();
        assert!(check("shift=1", IMAGE) && !check("shift=4", IMAGE) && !check("erase=1", row) && !check("flip", row));
        let pooled = "shift=1,jitter=0.1".parse::<Augment>().expect("words").check(IMAGE, Some(2));
        assert!(pooled.is_err_and(|error| error.contains("give shift, flip or erase")));
        assert!(check("jitter=0.1", row) && !check("time-shift=1", row) && !check("time-shift=5", IMAGE));
        for wrong in ["", "shift", "shift=0", "flip=1", "jitter=2", "turn=3", "shift=1,,flip", "scale=nan"] {
            assert!(wrong.parse::<Augment>().is_err(), "{wrong}");
        }
    }
}

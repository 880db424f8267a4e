//! `--pool 2`: a network whose inputs are averages of 2x2 neighbouring pixels, `(a + b + c + d + 2) >> 2`, of each channel.
//!
//! Training, evaluation on the PC and the device take the same whole images and average them by the same groups
//! ([`Groups`]), so that the first layer gets the same bytes everywhere.
//!
//! ```text
//! pixels [height][width][channels] ─► groups of four ─► inputs [height / 2][width / 2][channels]
//! ```

use super::groups::Groups;
use foldnet_data::{InputType, Shape, ValuesRef, View};

/// The only supported side of a square of averaged pixels, for which the model file has groups.
pub const SIDE: usize = 2;

/// Whether images of this shape and type can be pooled.
///
/// # Errors
/// A line of text with the remedy, if they cannot.
pub fn check(side: usize, shape: Shape, input: InputType) -> Result<(), String> {
    if side != SIDE {
        return Err(format!("--pool {side}: only squares of {SIDE}x{SIDE} pixels can be averaged; give --pool {SIDE}"));
    }
    if shape.height == 1 || shape.width == 1 || input != InputType::U8 {
        let name = input.name();
        return Err(format!("--pool averages pixels of u8 images, but an example is {shape} of {name}; leave it out"));
    }
    if shape.height % SIDE != 0 || shape.width % SIDE != 0 {
        return Err(format!(
            "--pool {SIDE}: the images are {shape}, but both sides must be even; pad or crop the images, or leave it out"
        ));
    }
    Ok(())
}

/// The shape of the inputs for images of `shape`.
pub fn pooled(shape: Shape) -> Shape {
    Shape { height: shape.height / SIDE, width: shape.width / SIDE, channels: shape.channels }
}

/// The pixels of every input for images of `shape`, input by input.
pub fn groups(shape: Shape) -> Groups {
    let Shape { width, channels, .. } = shape;
    let to = pooled(shape);
    let group = |input: usize| {
        let (channel, place) = (input % channels, input / channels);
        let (top, left) = (place / to.width * SIDE, place % to.width * SIDE);
        let pixel = |(down, right): (usize, usize)| ((top + down) * width + left + right) * channels + channel;
        [(0, 0), (0, 1), (1, 0), (1, 1)].map(pixel).to_vec()
    };
    Groups::new((0..to.inputs()).map(group).collect())
}

/// Examples in the form that a network's inputs take.
#[derive(Debug, Clone)]
pub struct Seen<'a> {
    view: View<'a>,
    /// Bytes `[N][I]` and their shape, if the network takes averages, or the codes of a device.
    bytes: Option<(Vec<u8>, Shape)>,
}

impl<'a> Seen<'a> {
    /// Examples with a device's `codes` `[N][I]`, of this shape.
    pub fn coded(view: View<'a>, codes: Vec<u8>, shape: Shape) -> Self {
        Self { view, bytes: Some((codes, shape)) }
    }

    /// Unchanged examples.
    pub fn plainly(view: View<'a>) -> Self {
        Self { view, bytes: None }
    }

    /// The averages of images. Panics if [`check`] would refuse them.
    pub fn pooled(view: View<'a>) -> Self {
        let bytes = view.bytes().expect("images of bytes, as `check` has seen");
        let averages = groups(view.shape).average(bytes).into_owned();
        Self { view, bytes: Some((averages, pooled(view.shape))) }
    }

    /// The examples.
    pub fn view(&self) -> View<'_> {
        match &self.bytes {
            Some((bytes, shape)) => View { inputs: ValuesRef::U8(bytes), shape: *shape, ..self.view },
            None => self.view,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use foldnet_data::TargetsRef;

    #[test]
    fn squares_of_each_channel_are_averaged_and_halves_round_up() {
        // Two rows of four pixels of two channels: the second channel is 100 more than the first.
        let first = [1, 2, 7, 0, 3, 4, 0, 7];
        let bytes: Vec<u8> = first.iter().flat_map(|&x| [x, x + 100]).collect();
        let shape = Shape { height: 2, width: 4, channels: 2 };
        let view = View { inputs: ValuesRef::U8(&bytes), targets: TargetsRef::None, shape };
        let seen = Seen::pooled(view);
        // 10 / 4 and 14 / 4 are 2.5 and 3.5.
        assert_eq!(seen.view().bytes().unwrap(), [3, 103, 4, 104]);
        assert_eq!(seen.view().shape, Shape { height: 1, width: 2, channels: 2 });
        assert_eq!(groups(shape).members(), [0, 2, 8, 10, 1, 3, 9, 11, 4, 6, 12, 14, 5, 7, 13, 15]);
    }

    #[test]
    fn rows_of_squares_follow_each_other() {
        let bytes: Vec<u8> = (0..32).collect();
        let shape = Shape::image(4, 4);
        let view = View { inputs: ValuesRef::U8(&bytes), targets: TargetsRef::None, shape };
        assert_eq!(Seen::pooled(view).view().bytes().unwrap(), [3, 5, 11, 13, 19, 21, 27, 29]);
    }

    #[test]
    fn what_cannot_be_pooled_says_why() {
        let check = |side, shape, input, words: &str| {
            let error = check(side, shape, input).expect_err(words);
            assert!(error.contains(words) && !error.contains('\n'), "{error}");
        };
        check(3, Shape::image(6, 6), InputType::U8, "--pool 3: only squares of 2x2");
        check(2, Shape::image(5, 4), InputType::U8, "5x4, but both sides must be even");
        check(2, Shape { height: 4, width: 7, channels: 3 }, InputType::U8, "4x7x3");
        check(2, Shape::window(32, 9), InputType::U8, "32 samples of 9 channels of u8; leave it out");
        check(2, Shape::features(8), InputType::U8, "8 values");
        check(2, Shape::image(4, 4), InputType::I16, "4x4 of i16");
        super::check(2, Shape { height: 4, width: 2, channels: 3 }, InputType::U8).expect("images");
    }
}

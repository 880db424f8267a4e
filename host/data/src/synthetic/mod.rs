//! The built-in set: ten garment-like classes, drawn only with integers from a seeded ChaCha8 stream, so that every
//! platform draws the same bytes.
//!
//! It replaces Fashion-MNIST if that is not available: same size, same class names, similar confusions (shirts,
//! pullovers and coats only differ in details), background 0.

mod canvas;
mod garment;
mod patch;
mod tops;

use crate::dice::Dice;
use canvas::{Canvas, SIDE};

use crate::dataset::Dataset;
use crate::examples::Examples;
use crate::fashion_mnist;
use crate::options::Task;
use crate::shape::Shape;
use crate::targets::Targets;
use crate::test_set::TestSet;
use crate::values::Values;

/// The name of the set on the command line and in messages.
pub(crate) const NAME: &str = "synthetic";

const TRAINING_IMAGES: usize = 12_000;
const TEST_IMAGES: usize = 2_000;
const CLASSES: usize = fashion_mnist::CLASSES.len();

/// Training and test images come from separate streams of the generator.
const TRAINING_STREAM: u64 = 0;
const TEST_STREAM: u64 = 1;

/// The whole set.
pub(crate) fn dataset() -> Dataset {
    let training = draw(TRAINING_IMAGES, TRAINING_STREAM);
    Dataset::new(NAME.into(), fashion_mnist::class_names(), training, draw(TEST_IMAGES, TEST_STREAM))
}

/// Only the test images, the same as in [`dataset`].
pub(crate) fn test_set() -> TestSet {
    let examples = draw(TEST_IMAGES, TEST_STREAM);
    let (notes, task) = (Vec::new(), Task::Classify);
    TestSet { name: NAME.into(), labels: fashion_mnist::class_names(), channels: Vec::new(), notes, task, examples }
}

/// Draws `count` images; any ten consecutive ones contain each class once.
fn draw(count: usize, stream: u64) -> Examples {
    let mut dice = Dice::new(stream);
    let mut labels = Vec::with_capacity(count);
    let mut pixels = Vec::with_capacity(count * SIDE * SIDE);
    let mut classes: [u8; CLASSES] = std::array::from_fn(|class| class as u8);
    while labels.len() < count {
        dice.shuffle(&mut classes);
        for &class in classes.iter().take(count - labels.len()) {
            labels.push(class.into());
            pixels.extend_from_slice(&draw_image(class, &mut dice));
        }
    }
    Examples { inputs: Values::U8(pixels), targets: Targets::Classes(labels), shape: Shape::image(SIDE, SIDE) }
}

fn draw_image(class: u8, dice: &mut Dice) -> [u8; SIDE * SIDE] {
    let mut canvas = Canvas::new(dice);
    for patch in garment::patches(class, dice) {
        canvas.paint(&patch.outline, patch.tone);
    }
    canvas.finish(dice)
}

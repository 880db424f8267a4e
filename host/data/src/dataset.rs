//! Images in memory: owned ([`Images`]), borrowed ([`View`]), and split into parts ([`Dataset`]).

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

/// `N` images of one size, with their labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Images {
    /// `[N][height][width]`, 0 = background.
    pub pixels: Vec<u8>,
    /// `[N]`, each below the set's number of classes.
    pub labels: Vec<u8>,
    /// Rows of an image, at least 1.
    pub height: usize,
    /// Columns of an image, at least 1.
    pub width: usize,
}

impl Images {
    /// Number of images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are no images.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Pixels of image `index`, `[height][width]`. Panics when `index >= len()`.
    pub fn image(&self, index: usize) -> &[u8] {
        self.view().image(index)
    }

    /// All images, borrowed.
    pub fn view(&self) -> View<'_> {
        View { pixels: &self.pixels, labels: &self.labels, height: self.height, width: self.width }
    }

    /// The images of `range`, borrowed. Panics when the range ends past `len()`.
    pub fn slice(&self, range: Range<usize>) -> View<'_> {
        self.view().slice(range)
    }
}

/// Borrowed images, laid out as in [`Images`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View<'a> {
    /// `[N][height][width]`, 0 = background.
    pub pixels: &'a [u8],
    /// `[N]`, each below the set's number of classes.
    pub labels: &'a [u8],
    /// Rows of an image, at least 1.
    pub height: usize,
    /// Columns of an image, at least 1.
    pub width: usize,
}

impl<'a> View<'a> {
    /// Number of images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are no images.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Pixels of one image: `height * width`.
    pub fn image_len(&self) -> usize {
        self.height * self.width
    }

    /// Pixels of image `index`, `[height][width]`. Panics when `index >= len()`.
    pub fn image(&self, index: usize) -> &'a [u8] {
        let size = self.image_len();
        &self.pixels[index * size..][..size]
    }

    /// The images of `range`. Panics when the range ends past `len()`.
    pub fn slice(&self, range: Range<usize>) -> View<'a> {
        let size = self.image_len();
        View { pixels: &self.pixels[range.start * size..range.end * size], labels: &self.labels[range], ..*self }
    }
}

/// The three parts every set has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// What training sees.
    Train,
    /// The tail of the training file, held back to validate on.
    Valid,
    /// The test file.
    Test,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Train => "train",
            Self::Valid => "valid",
            Self::Test => "test",
        })
    }
}

impl FromStr for Part {
    type Err = String;

    /// `train`, `valid` or `test`; anything else is an error that lists these.
    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "train" => Ok(Self::Train),
            "valid" => Ok(Self::Valid),
            "test" => Ok(Self::Test),
            _ => Err(format!("no part of a set is called '{word}': give train, valid or test")),
        }
    }
}

/// A whole set: training images with their validation tail, and test images of the same size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    /// `fashion-mnist`, `synthetic`, or the folder as it was given.
    pub name: String,
    /// Class names, 1 to 256; a label is an index into them.
    pub labels: Vec<String>,
    training: Images,
    test: Images,
}

impl Dataset {
    /// `training` has at least two images, `test` at least one, both of one size.
    pub(crate) fn new(name: String, labels: Vec<String>, training: Images, test: Images) -> Self {
        Self { name, labels, training, test }
    }

    /// The images of one part; none is empty.
    pub fn part(&self, part: Part) -> View<'_> {
        let train = self.training.len() - validation_len(self.training.len());
        match part {
            Part::Train => self.training.slice(0..train),
            Part::Valid => self.training.slice(train..self.training.len()),
            Part::Test => self.test.view(),
        }
    }

    /// Rows of every image.
    pub fn height(&self) -> usize {
        self.training.height
    }

    /// Columns of every image.
    pub fn width(&self) -> usize {
        self.training.width
    }
}

/// How many images at the end of the training file validate: a twelfth, rounded down, at least
/// one. For Fashion-MNIST's 60,000 these are the notebook's 5,000.
fn validation_len(training: usize) -> usize {
    (training / 12).max(1)
}

/// The test images of a set alone, which is all a simulator needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestSet {
    /// `fashion-mnist`, `synthetic`, or the folder as it was given.
    pub name: String,
    /// Class names, 1 to 256; a label is an index into them.
    pub labels: Vec<String>,
    /// At least one image.
    pub images: Images,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_validation_tail_is_a_twelfth() {
        let cases = [(60_000, 5_000), (12_000, 1_000), (24, 2), (23, 1), (11, 1), (2, 1)];
        for (training, valid) in cases {
            assert_eq!(validation_len(training), valid, "{training} training images");
        }
    }

    #[test]
    fn a_slice_has_the_images_of_its_range() {
        let images = Images { pixels: (0..24).collect(), labels: vec![3, 4, 5, 6], height: 3, width: 2 };
        let tail = images.slice(1..4).slice(1..3);
        assert_eq!((tail.labels, tail.image(1)), (&[5, 6][..], &[18, 19, 20, 21, 22, 23][..]));
        assert_eq!(tail.image(0), images.image(2));
        assert!(images.slice(2..2).is_empty());
    }

    #[test]
    fn parts_are_spelled_as_on_the_command_line() {
        for part in [Part::Train, Part::Valid, Part::Test] {
            assert_eq!(part.to_string().parse(), Ok(part));
        }
        assert!("Train".parse::<Part>().unwrap_err().contains("train, valid or test"));
    }
}

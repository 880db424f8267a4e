//! The synthetic set: the same bytes everywhere, balanced, learnable, not trivial.

use std::fmt::Write as _;

use foldnet_data::{Part, Source, View, load, load_test};
use sha2::{Digest, Sha256};

/// SHA-256 of all pixels and labels, part after part: a change here is a new set, and every
/// accuracy on record for it is void.
const SHA256: &str = "6e213d9193fd249b4a6464638571cf02e7fe812b58b67f1ee8b66182338cdc12";

#[test]
fn it_is_the_same_set_everywhere() {
    let set = load(&Source::Synthetic, &mut |_| ()).unwrap();
    let mut hasher = Sha256::new();
    for part in [Part::Train, Part::Valid, Part::Test].map(|part| set.part(part)) {
        hasher.update(part.bytes().unwrap());
        let labels: Vec<u8> = part.classes().unwrap().iter().map(|&class| class as u8).collect();
        hasher.update(labels);
    }
    let hash = hasher.finalize().iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    });
    assert_eq!(hash, SHA256);
}

#[test]
fn every_class_is_equally_frequent_in_every_part() {
    let set = load(&Source::Synthetic, &mut |_| ()).unwrap();
    assert_eq!((set.shape().height, set.shape().width, set.labels.len()), (28, 28, 10));
    for (part, each) in [(Part::Train, 1_100), (Part::Valid, 100), (Part::Test, 200)] {
        let mut counts = [0; 10];
        set.part(part).classes().unwrap().iter().for_each(|&label| counts[usize::from(label)] += 1);
        assert_eq!(counts, [each; 10], "{part}");
    }
}

#[test]
fn the_test_set_alone_is_the_same() {
    let set = load(&Source::Synthetic, &mut |_| ()).unwrap();
    let test = load_test(&Source::Synthetic, &mut |_| ()).unwrap();
    assert_eq!(test.examples.view(), set.part(Part::Test));
    assert_ne!(test.examples.view().image(0), set.part(Part::Train).image(0));
}

#[test]
fn every_image_shows_something_on_an_empty_background() {
    let set = load(&Source::Synthetic, &mut |_| ()).unwrap();
    let test = set.part(Part::Test);
    for index in 0..test.len() {
        let lit = test.image(index).iter().filter(|&&pixel| pixel > 0).count();
        assert!((20..=700).contains(&lit), "image {index} has {lit} pixels that are not background");
    }
}

#[test]
fn class_means_tell_most_images_apart_but_not_all() {
    let set = load(&Source::Synthetic, &mut |_| ()).unwrap();
    let means = class_means(set.part(Part::Train));
    let test = set.part(Part::Test);
    let right =
        (0..test.len()).filter(|&n| nearest(&means, test.image(n)) == usize::from(test.classes().unwrap()[n])).count();
    let percent = 100 * right / test.len();
    assert!((50..=95).contains(&percent), "nearest class mean: {percent} %");
}

/// Mean image of each class, rounded.
fn class_means(images: View) -> Vec<Vec<i64>> {
    let mut sums = vec![vec![0; images.shape.inputs()]; 10];
    for index in 0..images.len() {
        let sum = &mut sums[usize::from(images.classes().unwrap()[index])];
        sum.iter_mut().zip(images.image(index)).for_each(|(sum, &pixel)| *sum += i64::from(pixel));
    }
    let each = images.len() as i64 / 10;
    sums.iter().map(|sum| sum.iter().map(|pixel| pixel / each).collect()).collect()
}

/// The class whose mean has the least squared distance.
fn nearest(means: &[Vec<i64>], image: &[u8]) -> usize {
    let distance = |mean: &[i64]| mean.iter().zip(image).map(|(mean, &pixel)| (mean - i64::from(pixel)).pow(2)).sum();
    (0..means.len()).min_by_key(|&class| -> i64 { distance(&means[class]) }).unwrap()
}

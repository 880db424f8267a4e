//! Folders of images, one per class: what is accepted, how it is split, ordered and named, and every invalid case.

use std::collections::BTreeSet;
use std::fs;

use foldnet_data::{DataError, Part, Source, View, load_test};

use crate::sample::Folder;

/// A grey PNG of 3x2 pixels, all of one tone.
fn tone(tone: u8) -> Vec<u8> {
    picture(3, 2, tone)
}

fn picture(height: u32, width: u32, tone: u8) -> Vec<u8> {
    encoded(height, width, png::ColorType::Grayscale, png::BitDepth::Eight, &vec![tone; (height * width) as usize])
}

fn encoded(height: u32, width: u32, color: png::ColorType, depth: png::BitDepth, data: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(color);
    encoder.set_depth(depth);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(data).unwrap();
    writer.finish().unwrap();
    bytes
}

/// Images `0.png`, `1.png`, ... of a class, identified by their tones: `first`, `first + 1`, ...
fn fill(folder: &Folder, class: &str, first: u8, count: u8) {
    fs::create_dir_all(folder.path().join(class)).unwrap();
    (0..count).for_each(|n| folder.put(&format!("{class}/{n}.png"), &tone(first + n)));
}

/// Classes `ant` (tones 0 to 13), `bee` (100 to 120) and `cat` (200 to 206), not split.
fn flat() -> Folder {
    let folder = Folder::empty();
    fill(&folder, "cat", 200, 7);
    fill(&folder, "ant", 0, 14);
    fill(&folder, "bee", 100, 21);
    folder
}

/// The same classes, `bee` never tested.
fn given() -> Folder {
    let folder = Folder::empty();
    fill(&folder, "train/bee", 100, 20);
    fill(&folder, "train/ant", 0, 3);
    fill(&folder, "train/cat", 200, 1);
    fill(&folder, "test/ant", 50, 2);
    fill(&folder, "test/cat", 250, 1);
    folder
}

/// The tone of every picture with its label.
fn tones(view: View) -> BTreeSet<(u8, u16)> {
    (0..view.len()).map(|at| (view.image(at)[0], view.classes().unwrap()[at])).collect()
}

#[test]
fn what_is_given_as_parts_stays_so() {
    let set = given().load().unwrap();
    assert_eq!((set.labels.join(" ").as_str(), set.shape().height, set.shape().width), ("ant bee cat", 3, 2));
    assert_eq!(tones(set.part(Part::Test)), BTreeSet::from([(50, 0), (51, 0), (250, 2)]));
    let [train, valid] = [Part::Train, Part::Valid].map(|part| set.part(part));
    assert_eq!((train.len(), valid.len()), (22, 2));
    let expected = (0..3).map(|n| (n, 0)).chain((100..120).map(|n| (n, 1))).chain([(200, 2)]);
    assert_eq!(&tones(train) | &tones(valid), expected.collect());
}

#[test]
fn a_seventh_of_every_class_is_for_testing() {
    let set = flat().load().unwrap();
    let [train, valid, test] = [Part::Train, Part::Valid, Part::Test].map(|part| set.part(part));
    assert_eq!((train.len(), valid.len(), test.len()), (33, 3, 6));
    let of = |class| test.classes().unwrap().iter().filter(|&&label| label == class).count();
    assert_eq!([0, 1, 2].map(of), [2, 3, 1]);
    let all = &(&tones(train) | &tones(valid)) | &tones(test);
    assert_eq!(all.len(), 42, "no picture in two parts, and none left out");
    assert!(all.iter().all(|&(tone, label)| u16::from(tone / 100) == label));
}

#[test]
fn the_split_is_the_same_every_time_and_mixed() {
    let (set, again) = (flat().load().unwrap(), flat().load().unwrap());
    assert!([Part::Train, Part::Valid, Part::Test].iter().all(|&part| set.part(part) == again.part(part)));
    let changes = |labels: &[u16]| labels.windows(2).filter(|pair| pair[0] != pair[1]).count();
    // In order of classes there would be 2 changes.
    assert!(changes(set.part(Part::Train).classes().unwrap()) > 10, "{:?}", set.part(Part::Train).classes().unwrap());
    // Fixed: changing the generator changes every user's test set.
    assert_eq!(tones(set.part(Part::Test)), BTreeSet::from(SPLIT));
}

/// The test pictures of [`flat`].
const SPLIT: [(u8, u16); 6] = [(9, 0), (12, 0), (101, 1), (106, 1), (108, 1), (206, 2)];

#[test]
fn tests_need_no_training_pictures() {
    let (folder, expected) = (given(), given().load().unwrap());
    let load = |folder: &Folder| load_test(&Source::Path(folder.path().into()), &mut |_| ()).unwrap();
    assert_eq!(load(&folder).examples.view(), expected.part(Part::Test));
    assert_eq!(load(&folder).labels, ["ant", "bee", "cat"]);
    fs::remove_dir_all(folder.path().join("train")).unwrap();
    assert_eq!(load(&folder).labels, ["ant", "cat"]);
    assert_eq!(load(&flat()).examples.view(), flat().load().unwrap().part(Part::Test));
}

#[test]
fn labels_txt_orders_the_classes() {
    let folder = flat();
    folder.put("labels.txt", b"cat\nant\nbee\n");
    let set = folder.load().unwrap();
    assert_eq!(set.labels, ["cat", "ant", "bee"]);
    assert!(tones(set.part(Part::Train)).iter().all(|&(tone, label)| u16::from(tone / 100) == (label + 2) % 3));
}

#[test]
fn what_is_no_picture_is_passed_over() {
    let folder = flat();
    folder.put("readme.md", b"about");
    folder.put("ant/notes.txt", b"about ants");
    folder.put("ant/.DS_Store", b"");
    fs::create_dir(folder.path().join(".git")).unwrap();
    let (set, plain) = (folder.load().unwrap(), flat().load().unwrap());
    assert_eq!((&set.labels, set.part(Part::Train)), (&plain.labels, plain.part(Part::Train)));
}

#[test]
fn classes_may_be_called_train_and_test() {
    let folder = Folder::empty();
    fill(&folder, "train", 0, 7);
    fill(&folder, "test", 100, 7);
    assert_eq!(folder.load().unwrap().labels, ["test", "train"]);
}

#[test]
fn pictures_of_every_kind_become_bytes() {
    let folder = Folder::empty();
    ["train/a", "train/b", "test/a"].iter().for_each(|name| fs::create_dir_all(folder.path().join(name)).unwrap());
    let put = |name: &str, color, depth, data: &[u8]| folder.put(name, &encoded(1, 2, color, depth, data));
    put("train/a/0.PNG", png::ColorType::Rgb, png::BitDepth::Eight, &[255, 0, 0, 0, 0, 255]);
    put("train/b/1.png", png::ColorType::Grayscale, png::BitDepth::One, &[0b0100_0000]);
    put("test/a/0.png", png::ColorType::Grayscale, png::BitDepth::Sixteen, &[200, 9, 0, 255]);
    let set = folder.load().unwrap();
    let mut seen = [Part::Train, Part::Valid, Part::Test].map(|part| set.part(part).image(0).to_vec());
    seen[..2].sort();
    assert_eq!(seen, [vec![0, 255], vec![76, 29], vec![200, 0]]);
}

/// Spoils a folder and expects `file: fault; remedy`.
fn check(folder: Folder, spoil: impl Fn(&Folder), file: &str, fault: &str) {
    spoil(&folder);
    let error = folder.load().expect_err(fault);
    let text = error.to_string();
    let path = if file.is_empty() { folder.path().into() } else { folder.path().join(file) };
    let expected = format!("{}: {fault}", path.display());
    assert!(text.starts_with(&expected) && !text.contains('\n'), "\n     got {text}\nexpected {expected}");
    assert!(text[expected.len()..].contains("; "), "no remedy: {text}");
    assert!(matches!(error, DataError::File { .. }) && !error.is_unavailable());
}

#[test]
fn pictures_that_are_wrong() {
    let put = |name: &'static str, bytes: Vec<u8>| move |folder: &Folder| folder.put(name, &bytes);
    check(flat(), put("bee/0.png", picture(2, 3, 7)), "bee/0.png", "2 x 3 pixels, but ");
    check(given(), put("test/ant/0.png", picture(3, 3, 7)), "test/ant/0.png", "3 x 3 pixels, but ");
    check(flat(), put("bee/0.png", b"no picture".to_vec()), "bee/0.png", "not a readable PNG (");
    check(flat(), put("bee/0.png", tone(7)[..40].to_vec()), "bee/0.png", "not a readable PNG (");
    check(flat(), put("bee/0.png", Vec::new()), "bee/0.png", "not a readable PNG (");
    check(flat(), put("bee/0.png", picture(4097, 4096, 7)), "bee/0.png", "4097 x 4096 pixels are too many");
    check(flat(), put("bee/x.JPG", Vec::new()), "bee/x.JPG", "is not a PNG");
}

#[test]
fn classes_that_are_wrong() {
    let remove = |name: &'static str| move |folder: &Folder| fs::remove_dir_all(folder.path().join(name)).unwrap();
    let make = |name: &'static str| move |folder: &Folder| fs::create_dir_all(folder.path().join(name)).unwrap();
    let labels = |text: &'static [u8]| move |folder: &Folder| folder.put("labels.txt", text);
    check(flat(), make("dog"), "dog", "holds no PNG picture");
    check(flat(), |folder| fill(folder, "dog", 0, 1), "dog", "holds 1 picture, but training and testing");
    check(given(), make("test/dog"), "test/dog", "is not a class of ");
    check(given(), make("train/dog"), "train/dog", "holds no PNG picture");
    check(given(), remove("test"), "test", "no such folder, although the other part has one");
    check(flat(), labels(b"ant\nbee\n"), "cat", "is not a class of ");
    check(flat(), labels(b"ant\nbee\ncat\ndog\n"), "dog", "no such folder, although labels.txt names this class");
    check(flat(), make("a\nb"), "", "the name of its folder \"a\\nb\" is not plain text of one line");
    check(Folder::empty(), |folder| fill(folder, "a/b", 0, 3), "a", "holds no PNG picture");
    let one = |folder: &Folder| {
        fill(folder, "train/a", 0, 1);
        fill(folder, "test/a", 0, 1);
    };
    check(Folder::empty(), one, "", "leaves 1 for training and validation, which need one each");
    check(Folder::empty(), |folder| fill(folder, "ant", 0, 14), "", "all examples are of one class, 'ant'");
    let parts = |folder: &Folder| fill(folder, "Training/ant", 0, 3);
    check(given(), parts, "", "its folders Training and train could both be the same part of the set");
    let two_ways = |folder: &Folder| {
        fill(folder, "\u{e4}", 0, 3);
        fill(folder, "a\u{308}", 0, 3);
    };
    check(flat(), two_ways, "", "its folders a\\u{308} and \\u{e4} are one class, as their names differ only in how");
}

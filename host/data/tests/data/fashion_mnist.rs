//! The real Fashion-MNIST. It must be present on the test machine; a missing data set is a failure.

use std::path::PathBuf;

use foldnet_data::{Options, Part, Search, Source, load, load_test_with, load_with};

use crate::sample::{Folder, TEST_IMAGES, TEST_LABELS};

/// The folder that has it: `$FOLDNET_DATA`, or that of a package.
pub(crate) fn genuine() -> PathBuf {
    let Search { chosen, system, .. } = Search::from_env();
    let packaged = || system.into_iter().find(|folder| folder.is_dir());
    chosen.or_else(packaged).expect("Fashion-MNIST must be on the machine that tests")
}

/// Looks nowhere else, downloads nothing.
fn here() -> Search {
    Search { chosen: Some(genuine()), cache: None, system: Vec::new(), url: String::new() }
}

#[test]
fn it_is_read_verified_and_split() {
    let set = load_with(&Source::FashionMnist, &Options::default(), &here(), &mut |_| ()).unwrap();
    let [train, valid, test] = [Part::Train, Part::Valid, Part::Test].map(|part| set.part(part));
    assert_eq!((train.len(), valid.len(), test.len()), (55_000, 5_000, 10_000));
    assert_eq!((set.shape().height, set.shape().width, set.labels.len()), (28, 28, 10));
    assert_eq!((set.labels[0].as_str(), set.labels[9].as_str()), ("T-shirt/top", "Ankle boot"));
    // The first labels of either file, as the dataset's site shows them.
    assert_eq!(
        (&train.classes().unwrap()[..6], &test.classes().unwrap()[..6]),
        (&[9, 0, 0, 3, 0, 2][..], &[9, 2, 1, 1, 6, 1][..])
    );
    let brightness: u64 =
        train.bytes().unwrap().iter().chain(valid.bytes().unwrap()).map(|&pixel| u64::from(pixel)).sum();
    // The known mean of all 60,000: 0.2860 of full scale.
    assert_eq!(brightness * 10_000 / (60_000 * 784 * 255), 2_860);
}

#[test]
fn the_test_set_alone_is_the_same() {
    let set = load_test_with(&Source::FashionMnist, &Options::default(), &here(), &mut |_| ()).unwrap();
    let whole = load_with(&Source::FashionMnist, &Options::default(), &here(), &mut |_| ()).unwrap();
    assert_eq!((set.examples.view(), set.labels), (whole.part(Part::Test), whole.labels.clone()));
}

#[test]
fn as_a_folder_it_keeps_its_class_names() {
    let set = load(&Source::Path(genuine()), &mut |_| ()).unwrap();
    assert_eq!((set.labels[8].as_str(), set.name), ("Bag", genuine().display().to_string()));
}

#[test]
fn another_set_does_not_pass_for_it() {
    let folder = Folder::sample();
    let search = Search { chosen: Some(folder.path().into()), ..here() };
    let error = load_with(&Source::FashionMnist, &Options::default(), &search, &mut |_| ()).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("is not Fashion-MNIST's (SHA-256") && text.contains("--dataset DIR"), "{text}");
    assert!(!error.is_unavailable());
}

#[test]
fn one_changed_label_does_not_pass_for_it() {
    let folder = Folder::empty();
    let set = load_test_with(&Source::FashionMnist, &Options::default(), &here(), &mut |_| ()).unwrap();
    let classes = set.examples.view().classes().unwrap();
    let mut labels: Vec<u8> = classes.iter().map(|&class| class as u8).collect();
    labels[9_999] ^= 1;
    let header = crate::sample::header(&[0x801, 10_000]);
    folder.put(TEST_LABELS, &crate::sample::gzip(&[header, labels].concat()));
    std::fs::copy(genuine().join(TEST_IMAGES), folder.path().join(TEST_IMAGES)).unwrap();
    let search = Search { chosen: Some(folder.path().into()), ..here() };
    let text =
        load_test_with(&Source::FashionMnist, &Options::default(), &search, &mut |_| ()).unwrap_err().to_string();
    assert!(text.contains(TEST_LABELS) && text.contains("SHA-256"), "{text}");
}

//! Folders with four IDX files: what is accepted, how it is split and named.

use foldnet_data::{LoadProgress, Part, Source, load, load_test};

use crate::sample::{Folder, TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS, gzip, header, images, labels};

#[test]
fn parts_are_cut_and_laid_out_as_promised() {
    let set = Folder::sample().load().unwrap();
    let [train, valid, test] = [Part::Train, Part::Valid, Part::Test].map(|part| set.part(part));
    assert_eq!((train.len(), valid.len(), test.len()), (22, 2, 5));
    assert_eq!((set.shape().height, set.shape().width), (3, 2));
    assert_eq!((train.image(0), train.image(21)), (&[0, 1, 2, 3, 4, 5][..], &[126, 127, 128, 129, 130, 131][..]));
    assert_eq!((valid.image(0), valid.classes().unwrap()), (&[132, 133, 134, 135, 136, 137][..], &[2, 3][..]));
    assert_eq!(test.classes().unwrap(), [0, 1, 2, 3, 0]);
    assert_eq!(set.labels, ["0", "1", "2", "3"]);
}

#[test]
fn unpacked_files_will_do() {
    let (folder, expected) = (Folder::sample(), Folder::sample().load().unwrap());
    folder.remove(TRAIN_IMAGES);
    folder.put("train-images-idx3-ubyte", &images(24, 3, 2));
    folder.remove(TEST_LABELS);
    folder.put("t10k-labels-idx1-ubyte", &labels(5));
    let set = folder.load().unwrap();
    assert!([Part::Train, Part::Valid, Part::Test].iter().all(|&part| set.part(part) == expected.part(part)));
}

#[test]
fn gzip_may_come_in_several_members() {
    let (folder, expected) = (Folder::sample(), Folder::sample().load().unwrap());
    let whole = images(24, 3, 2);
    let members: Vec<u8> = whole.chunks(37).flat_map(gzip).collect();
    folder.put(TRAIN_IMAGES, &members);
    assert_eq!(folder.load().unwrap().part(Part::Train), expected.part(Part::Train));
}

#[test]
fn labels_txt_names_the_classes() {
    let folder = Folder::sample();
    folder.put("labels.txt", "café\r\n tea \nmilk\nwater\nnever seen\n\n".as_bytes());
    assert_eq!(folder.load().unwrap().labels, ["café", "tea", "milk", "water", "never seen"]);
}

#[test]
fn there_may_be_256_classes() {
    let folder = Folder::sample();
    folder.put(TEST_IMAGES, &gzip(&images(1, 3, 2)));
    folder.put(TEST_LABELS, &gzip(&[header(&[0x801, 1]), vec![255]].concat()));
    let names = folder.load().unwrap().labels;
    assert_eq!((names.len(), names[255].as_str()), (256, "255"));
}

#[test]
fn the_test_files_alone_will_do_for_a_test() {
    let (folder, expected) = (Folder::sample(), Folder::sample().load().unwrap());
    folder.remove(TRAIN_IMAGES);
    folder.remove(TRAIN_LABELS);
    let set = load_test(&Source::Path(folder.path().into()), &mut |_| ()).unwrap();
    assert_eq!(set.examples.view(), expected.part(Part::Test));
}

#[test]
fn progress_tells_every_file_to_its_end() {
    let folder = Folder::sample();
    let mut ends = Vec::new();
    load(&Source::Path(folder.path().into()), &mut |step| match step {
        LoadProgress::Reading { file, done, total } if done == total => ends.push((file.to_owned(), total)),
        other => panic!("unexpected {other:?}"),
    })
    .unwrap();
    ends.sort();
    let expected = [(TEST_IMAGES, 30), (TEST_LABELS, 5), (TRAIN_IMAGES, 144), (TRAIN_LABELS, 24)];
    assert_eq!(ends, expected.map(|(file, bytes)| (file.to_owned(), bytes)));
}

#[test]
fn the_dataset_flag_is_a_word_or_a_folder() {
    let cases = [
        ("fashion-mnist", Source::FashionMnist),
        ("synthetic", Source::Synthetic),
        ("./synthetic", Source::Path("./synthetic".into())),
        ("/data/digits", Source::Path("/data/digits".into())),
    ];
    for (value, source) in cases {
        assert_eq!(value.parse(), Ok(source), "{value}");
    }
    assert!("".parse::<Source>().is_err());
}

#[test]
fn names_of_other_sets_will_do() {
    let expected = Folder::sample().load().unwrap();
    let check = |rename: &dyn Fn(&str) -> String| {
        let (plain, folder) = (Folder::sample(), Folder::empty());
        for name in [TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS] {
            let new = folder.path().join(rename(name));
            std::fs::create_dir_all(new.parent().unwrap()).unwrap();
            std::fs::rename(plain.path().join(name), new).unwrap();
        }
        let set = folder.load().unwrap();
        assert_eq!(set.part(Part::Train), expected.part(Part::Train), "{}", rename(TRAIN_IMAGES));
        let test = load_test(&Source::Path(folder.path().into()), &mut |_| ()).unwrap();
        assert_eq!(test.examples.view(), expected.part(Part::Test), "{}", rename(TEST_IMAGES));
    };
    check(&|name| name.replace("-idx", ".idx"));
    check(&|name| name.replace('-', "_"));
    check(&|name| name.replace("t10k", "Test").replace("train", "Train").replace("-idx3-ubyte", ""));
    check(&|name| format!("emnist-letters-{}", name.replace("t10k", "test")));
    check(&|name| format!("MNIST/raw/{name}"));
    check(&|name| format!("raw/{name}"));
}

#[test]
fn labels_without_names_are_numbers() {
    let numbered = |folder: Folder, names: &[&str]| {
        let mut set = folder.load().unwrap();
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        set.number_as(&names).map(|()| set.part(Part::Test).classes().unwrap().to_vec())
    };
    let words = ["café", "tea", "milk", "water"];
    assert_eq!(numbered(Folder::sample(), &words), Ok(vec![0, 1, 2, 3, 0]));
    assert_eq!(numbered(Folder::sample(), &["3", "2", "1", "0"]), Ok(vec![3, 2, 1, 0, 3]));
    assert_eq!(numbered(Folder::sample(), &["1", "2", "3"]), Err(vec!["0".into()]));
    let named = || {
        let folder = Folder::sample();
        folder.put("labels.txt", b"tea\nmilk\nwater\ncaf\xc3\xa9\n");
        folder
    };
    assert_eq!(numbered(named(), &words), Ok(vec![1, 2, 3, 0, 1]));
}

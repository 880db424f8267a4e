//! Every way in which a folder can be invalid: one line that names the file, the fault and the remedy.

use foldnet_data::DataError;

use crate::sample::{Folder, TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS, gzip, header, images, labels};

/// The folder itself, if the fault is not in a file.
const FOLDER: &str = "";

/// Spoils a good folder and expects a message that begins with `file: fault;`, followed by a remedy.
fn check(spoil: impl Fn(&Folder), file: &str, fault: &str) {
    let folder = Folder::sample();
    spoil(&folder);
    let error = folder.load().expect_err(fault);
    let text = error.to_string();
    let path = if file == FOLDER { folder.path().into() } else { folder.path().join(file) };
    let expected = format!("{}: {fault}", path.display());
    assert!(text.starts_with(&expected), "\n     got {text}\nexpected {expected}");
    let remedy = text[expected.len()..].strip_prefix("; ").unwrap_or_default();
    assert!(remedy.len() > 10 && !text.contains('\n'), "no remedy, or more than a line: {text}");
    assert!(matches!(error, DataError::File { .. }) && !error.is_unavailable());
}

/// Replaces one file by these bytes, packed.
fn put(file: &str, bytes: Vec<u8>) -> impl Fn(&Folder) {
    move |folder| folder.put(file, &gzip(&bytes))
}

/// Replaces one file by these bytes as they are.
fn put_raw(file: &str, bytes: Vec<u8>) -> impl Fn(&Folder) {
    move |folder| folder.put(file, &bytes)
}

/// Replaces the packed training images by unpacked ones.
fn put_unpacked(bytes: Vec<u8>) -> impl Fn(&Folder) {
    move |folder| {
        folder.remove(TRAIN_IMAGES);
        folder.put("train-images-idx3-ubyte", &bytes);
    }
}

fn without_end(bytes: Vec<u8>, cut: usize) -> Vec<u8> {
    bytes[..bytes.len() - cut].to_vec()
}

fn with_end(bytes: Vec<u8>, more: &[u8]) -> Vec<u8> {
    [&bytes, more].concat()
}

#[test]
fn missing() {
    check(|folder| folder.remove(TEST_IMAGES), TEST_IMAGES, "no such file, packed or unpacked");
    check(|folder| folder.remove(TRAIN_LABELS), TRAIN_LABELS, "no such file, packed or unpacked");
    check(|folder| std::fs::remove_dir_all(folder.path()).unwrap(), FOLDER, "no such file or folder");
}

#[test]
fn not_readable() {
    let folder_in_its_place = |folder: &Folder| {
        folder.remove(TEST_LABELS);
        std::fs::create_dir(folder.path().join(TEST_LABELS)).unwrap();
    };
    check(folder_in_its_place, TEST_LABELS, "cannot be read (a folder, not a file)");
}

#[test]
fn gzip_faults() {
    let good = gzip(&images(24, 3, 2));
    let mut reserved = good.clone();
    // Header of the first deflate block: final block of the reserved type.
    reserved[10] = 0b111;
    let broken_off = "its gzip stream ends early";
    check(put_raw(TRAIN_IMAGES, vec![]), TRAIN_IMAGES, "is empty");
    check(put_raw(TRAIN_IMAGES, b"<html>".to_vec()), TRAIN_IMAGES, "is named .gz but is not gzip");
    check(put_raw(TRAIN_IMAGES, images(24, 3, 2)), TRAIN_IMAGES, "is named .gz but is not gzip");
    check(put_raw(TRAIN_IMAGES, good[..5].to_vec()), TRAIN_IMAGES, broken_off);
    check(put_raw(TRAIN_IMAGES, good[..80].to_vec()), TRAIN_IMAGES, broken_off);
    check(put_raw(TRAIN_IMAGES, without_end(good.clone(), 1)), TRAIN_IMAGES, broken_off);
    check(put_raw(TRAIN_IMAGES, with_end(good.clone(), b"more")), TRAIN_IMAGES, broken_off);
    let junk = "its gzip stream is damaged (invalid gzip header)";
    check(put_raw(TRAIN_IMAGES, with_end(good, b"more than ten bytes")), TRAIN_IMAGES, junk);
    check(put_raw(TRAIN_IMAGES, reserved), TRAIN_IMAGES, "its gzip stream is damaged (corrupt deflate stream)");
}

#[test]
fn a_wrong_checksum_at_the_end_of_gzip() {
    let mut bytes = gzip(&labels(5));
    let crc = bytes.len() - 8;
    bytes[crc] ^= 1;
    check(
        put_raw(TEST_LABELS, bytes),
        TEST_LABELS,
        "its gzip stream is damaged (corrupt gzip stream does not have a matching checksum)",
    );
}

#[test]
fn headers() {
    let one = "is an IDX file of one dimension, as labels are, but images have more, such as [N][height][width]";
    check(put(TRAIN_IMAGES, labels(24)), TRAIN_IMAGES, one);
    let three = "is an IDX file of 3 dimensions, but labels have one, the number of each image's class";
    check(put(TEST_LABELS, images(5, 3, 2)), TEST_LABELS, three);
    let column = [header(&[0x802, 5, 1]), vec![0; 5]].concat();
    check(put(TEST_LABELS, column), TEST_LABELS, &three.replace('3', "2"));
    let nine = [header(&[0x809]), [0, 0, 0, 1].repeat(9), vec![0]].concat();
    check(
        put(TRAIN_IMAGES, nine),
        TRAIN_IMAGES,
        "is an IDX file of 9 dimensions, but images have 2 to 8, such as [N][height][width]",
    );
    let unknown =
        "says that its elements are of type 10, but IDX has 8 (u8), 9 (i8), 11 (i16), 12 (i32), 13 (f32) and 14 (f64)";
    check(put(TRAIN_IMAGES, header(&[0xa03, 24, 3, 2])), TRAIN_IMAGES, unknown);
    let magic = "starts with 0x89504e47 where an IDX file of images has 0x00000803";
    check(put_unpacked(b"\x89PNG\r\n".to_vec()), "train-images-idx3-ubyte", magic);
    check(put(TRAIN_IMAGES, header(&[0x803, 24, 3])), TRAIN_IMAGES, "ends within its IDX header");
    check(put(TEST_LABELS, vec![0, 0]), TEST_LABELS, "ends within its IDX header");
    check(put(TRAIN_IMAGES, images(0, 3, 2)), TRAIN_IMAGES, "declares no images");
    check(put(TEST_LABELS, labels(0)), TEST_LABELS, "declares no labels");
    check(put(TEST_IMAGES, images(5, 0, 2)), TEST_IMAGES, "declares no pixels in its images");
    check(put(TEST_IMAGES, images(5, 3, 0)), TEST_IMAGES, "declares no pixels in its images");
}

#[test]
fn lengths() {
    let train = images(24, 3, 2);
    let short = "declares 144 bytes of images but holds 143";
    check(put(TRAIN_IMAGES, without_end(train.clone(), 1)), TRAIN_IMAGES, short);
    check(put_unpacked(without_end(train.clone(), 1)), "train-images-idx3-ubyte", short);
    let none = "declares 144 bytes of images but holds 0";
    check(put_unpacked(train[..16].to_vec()), "train-images-idx3-ubyte", none);
    let long = "continues after the 144 bytes of images that it declares";
    check(put(TRAIN_IMAGES, with_end(train.clone(), &[0])), TRAIN_IMAGES, long);
    check(put_unpacked(with_end(train, &[0])), "train-images-idx3-ubyte", long);
    check(
        put(TEST_LABELS, with_end(labels(5), &[0])),
        TEST_LABELS,
        "continues after the 5 bytes of labels that it declares",
    );
}

#[test]
fn absurd_sizes_are_not_allocated() {
    let absurd = header(&[0x803, u32::MAX, u32::MAX, u32::MAX]);
    let fault = "holds 24 labels for 4294967295 images";
    check(put(TRAIN_IMAGES, with_end(absurd.clone(), &[1, 2, 3])), TRAIN_LABELS, fault);
    check(put_unpacked(with_end(absurd, &[1, 2, 3])), TRAIN_LABELS, fault);
    let large = header(&[0x803, 1 << 20, 1 << 10, 1 << 10]);
    check(put(TRAIN_IMAGES, large), TRAIN_LABELS, "holds 24 labels for 1048576 images");
    let large = header(&[0x803, 24, 1 << 20, 1 << 10]);
    check(put(TRAIN_IMAGES, large), TRAIN_IMAGES, "declares 25769803776 bytes of images but holds 0");
}

#[test]
fn files_that_do_not_belong_together() {
    check(put(TRAIN_LABELS, labels(23)), TRAIN_LABELS, "holds 23 labels for 24 images");
    check(put(TEST_LABELS, labels(6)), TEST_LABELS, "holds 6 labels for 5 images");
    check(put(TEST_IMAGES, images(5, 2, 3)), TEST_IMAGES, "its images are 2x3, but the training images are 3x2");
    let one_image = |folder: &Folder| {
        folder.put(TRAIN_IMAGES, &gzip(&images(1, 3, 2)));
        folder.put(TRAIN_LABELS, &gzip(&labels(1)));
    };
    check(one_image, TRAIN_IMAGES, "leaves 1 for training and validation, which need one each");
}

#[test]
fn numbers_the_wrong_way_round() {
    let little = "its header is little-endian, but IDX is big-endian";
    let swapped = |numbers: &[u32], magic: u32, data: usize| {
        let sizes = numbers.iter().flat_map(|number| number.to_le_bytes());
        header(&[magic]).into_iter().chain(sizes).chain(vec![0; data]).collect::<Vec<u8>>()
    };
    check(put_unpacked(swapped(&[24, 3, 2], 0x803, 144)), "train-images-idx3-ubyte", little);
    check(put(TRAIN_IMAGES, swapped(&[24, 3, 2], 0x803, 144)), TRAIN_IMAGES, little);
    check(put(TRAIN_LABELS, swapped(&[24], 0x801, 24)), TRAIN_LABELS, little);
    check(put(TRAIN_IMAGES, [vec![3, 8, 0, 0], vec![0; 156]].concat()), TRAIN_IMAGES, little);
}

#[test]
fn parts_that_differ_are_found_before_they_are_read() {
    let flat = [header(&[0x802, 24, 6]), vec![0; 144]].concat();
    let fault =
        "its images are 3x2 ([5][3][2] in the file), but the training images are 6 values ([24][6] in the file)";
    check(put(TRAIN_IMAGES, flat), TEST_IMAGES, fault);
    let floats = [header(&[0xd03, 24, 3, 2]), vec![0; 4 * 144]].concat();
    check(put(TRAIN_IMAGES, floats), TEST_IMAGES, "its images are 3x2 of u8, but the training images are 3x2 of f32");
    // A stream that could be a hundred times larger takes no memory; these images break off, which is not even noticed.
    let large = |folder: &Folder| {
        let images = [header(&[0x803, 20_000, 28, 28]), vec![0; 15_680_000 - 1]].concat();
        folder.put(TRAIN_IMAGES, &gzip(&images));
        folder.put(TRAIN_LABELS, &gzip(&labels(20_000)));
    };
    check(large, TEST_IMAGES, "its images are 3x2, but the training images are 28x28");
}

#[test]
fn one_class_alone() {
    let zeros = |count: u32| gzip(&[header(&[0x801, count]), vec![3; count as usize]].concat());
    let alone = |folder: &Folder| {
        folder.put(TRAIN_LABELS, &zeros(24));
        folder.put(TEST_LABELS, &zeros(5));
    };
    check(alone, FOLDER, "all examples are of one class, '3'");
    check(|folder| folder.put(TRAIN_LABELS, &zeros(24)), FOLDER, "all training examples are of one class, '3'");
}

#[test]
fn files_that_could_both_be_meant() {
    let twin = |bytes: Vec<u8>| move |folder: &Folder| folder.put("train-images-idx3-ubyte", &bytes);
    let differ = "differs from the unpacked file of the same name beside it";
    let mut other = images(24, 3, 2);
    other[20] ^= 1;
    check(twin(other), TRAIN_IMAGES, differ);
    check(twin(images(23, 3, 2)), TRAIN_IMAGES, differ);
    check(twin(with_end(images(24, 3, 2), &[0])), TRAIN_IMAGES, differ);
    let same = Folder::sample();
    twin(images(24, 3, 2))(&same);
    assert!(same.load().is_ok());
    let two = |folder: &Folder| {
        folder.remove(TRAIN_IMAGES);
        folder.put("a-train-images-idx3-ubyte", &images(24, 3, 2));
        folder.put("b_train_images", &images(24, 3, 2));
    };
    check(two, TRAIN_IMAGES, "no such file, but a-train-images-idx3-ubyte, b_train_images have names like it");
}

#[test]
fn class_names() {
    let names = |text: &'static str| move |folder: &Folder| folder.put("labels.txt", text.as_bytes());
    let fault = "label 3 of image 3 has no name in labels.txt, which has 3";
    check(names("a\nb\nc\n"), TEST_LABELS, fault);
    check(names(" \n\n"), "labels.txt", "holds 0 class names");
    check(|folder| folder.put("labels.txt", "a\n".repeat(65_536).as_bytes()), "labels.txt", "holds 65536 class names");
    check(|folder| folder.put("labels.txt", &[0xff]), "labels.txt", "is not UTF-8 text (byte 0)");
}

//! Constants of Fashion-MNIST: file names, hashes, class names, and its location.

use crate::download::RemoteFile;

/// The name of the set on the command line and in messages.
pub(crate) const NAME: &str = "fashion-mnist";

/// The dataset's own site. Plain HTTP is sufficient, because the hash is checked.
pub(crate) const URL: &str = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/";

/// Path of the files from Debian's package `dataset-fashion-mnist`, below a folder of shared data such as `/usr/share`.
pub(crate) const PACKAGED: &str = "datasets/fashion-mnist";

/// Class names, by label.
pub(crate) const CLASSES: [&str; 10] =
    ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"];

pub(crate) const TRAIN_IMAGES: RemoteFile = RemoteFile {
    name: "train-images-idx3-ubyte.gz",
    sha256: "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    len: 16 + 60_000 * 784,
};
pub(crate) const TRAIN_LABELS: RemoteFile = RemoteFile {
    name: "train-labels-idx1-ubyte.gz",
    sha256: "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    len: 8 + 60_000,
};
pub(crate) const TEST_IMAGES: RemoteFile = RemoteFile {
    name: "t10k-images-idx3-ubyte.gz",
    sha256: "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    len: 16 + 10_000 * 784,
};
pub(crate) const TEST_LABELS: RemoteFile = RemoteFile {
    name: "t10k-labels-idx1-ubyte.gz",
    sha256: "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    len: 8 + 10_000,
};

/// Images and labels of the training file.
pub(crate) const TRAIN: [RemoteFile; 2] = [TRAIN_IMAGES, TRAIN_LABELS];
/// Images and labels of the test file.
pub(crate) const TEST: [RemoteFile; 2] = [TEST_IMAGES, TEST_LABELS];
/// The whole set.
pub(crate) const ALL: [RemoteFile; 4] = [TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS];

/// The class names, for a set.
pub(crate) fn class_names() -> Vec<String> {
    CLASSES.map(String::from).to_vec()
}

//! Small IDX sets in folders of their own, to be read or spoiled.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use flate2::Compression;
use flate2::write::GzEncoder;
use foldnet_data::{DataError, Dataset, Source, load};

pub(crate) const TRAIN_IMAGES: &str = "train-images-idx3-ubyte.gz";
pub(crate) const TRAIN_LABELS: &str = "train-labels-idx1-ubyte.gz";
pub(crate) const TEST_IMAGES: &str = "t10k-images-idx3-ubyte.gz";
pub(crate) const TEST_LABELS: &str = "t10k-labels-idx1-ubyte.gz";

/// A new folder, removed when dropped.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn empty() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("foldnet-data-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// 24 training and 5 test images of 3x2 pixels, labels 0, 1, 2, 3 in turn.
    pub(crate) fn sample() -> Self {
        let folder = Self::empty();
        folder.put(TRAIN_IMAGES, &gzip(&images(24, 3, 2)));
        folder.put(TRAIN_LABELS, &gzip(&labels(24)));
        folder.put(TEST_IMAGES, &gzip(&images(5, 3, 2)));
        folder.put(TEST_LABELS, &gzip(&labels(5)));
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn put(&self, name: &str, bytes: &[u8]) {
        fs::write(self.0.join(name), bytes).unwrap();
    }

    pub(crate) fn get(&self, name: &str) -> Option<Vec<u8>> {
        fs::read(self.0.join(name)).ok()
    }

    pub(crate) fn remove(&self, name: &str) {
        fs::remove_file(self.0.join(name)).unwrap();
    }

    pub(crate) fn load(&self) -> Result<Dataset, DataError> {
        load(&Source::Path(self.0.clone()), &mut |_| ())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// An IDX file of images whose pixels count up from 0.
pub(crate) fn images(count: u32, height: u32, width: u32) -> Vec<u8> {
    let pixels = (0..count * height * width).map(|pixel| pixel as u8);
    header(&[0x803, count, height, width]).into_iter().chain(pixels).collect()
}

/// An IDX file of the labels 0, 1, 2, 3, 0, ...
pub(crate) fn labels(count: u32) -> Vec<u8> {
    header(&[0x801, count]).into_iter().chain((0..count).map(|label| label as u8 % 4)).collect()
}

pub(crate) fn header(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

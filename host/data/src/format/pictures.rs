//! A folder of images, with one folder of PNG files per class, which has the name of the class.
//!
//! ```text
//! DIR/train/<class>/*.png     or     DIR/<class>/*.png
//! DIR/test/<class>/*.png
//! ```
//!
//! Classes are numbered in the byte order of their names, or as listed in `DIR/labels.txt`. Without folders `train` and
//! `test`, a seventh of every class is for testing (Fashion-MNIST's share), rounded, at least one image and never all;
//! `--test-split` changes this. The choice, and the order of the images in each part, only depend on a generator with a
//! fixed seed and on the names: the same names give the same parts on every machine. Names that begin with a dot, and
//! files that are not images, are skipped.

use std::fs;
use std::path::{Path, PathBuf};

use super::reader::{Content, Format, Inputs, Names, Start};
use crate::dataset::{Dataset, validation_share};
use crate::decode;
use crate::dice::Dice;
use crate::error::{DataError, PictureProblem, Problem, SplitProblem};
use crate::examples::Examples;
use crate::fashion_mnist;
use crate::idx_names::{self, alike, find};
use crate::names;
use crate::options::{Options, Task, TestSplit};
use crate::picture::read_png;
use crate::progress::LoadProgress;
use crate::shape::Shape;
use crate::targets::Targets;
use crate::test_set::TestSet;
use crate::values::Values;

pub(super) const FORMAT: Format = Format {
    names: Names::Folder {
        short: "PNG pictures",
        whole: "a folder of PNG pictures for each class",
        help: "PNG files in one folder per class",
    },
    is: |start| matches!(start, Start::Folder(folder) if is(folder)),
    content: Content::Images { set: read_all, test: read_test },
    inputs: Inputs::Refused("a folder"),
};

/// Folders of the two parts, if the split is given.
const TRAIN: &str = "train";
const TEST: &str = "test";

/// Their names, compared case-insensitively.
const TRAIN_NAMES: [&str; 2] = [TRAIN, "training"];
const VALID_NAMES: [&str; 3] = ["val", "valid", "validation"];
const TEST_NAMES: [&str; 2] = [TEST, "testing"];

/// One in this many images of a class is for testing.
const TEST_SHARE: usize = 7;

/// Streams of the generator: for the choice of test images in a class, and for the order in a part. The synthetic set
/// uses the first ones.
const SPLIT_STREAM: u64 = 2;
const ORDER_STREAM: u64 = 3;

/// Extensions of images in unsupported formats.
const OTHER_FORMATS: [&str; 9] = ["jpg", "jpeg", "bmp", "gif", "tif", "tiff", "webp", "pgm", "ppm"];

/// Whether `folder` has this format: it has folders, and no file of an IDX set.
fn is(folder: &Path) -> bool {
    let folder = &idx_names::folder(folder);
    let idx =
        fashion_mnist::ALL.iter().any(|file| !alike(folder, file.name).is_empty() || find(folder, file.name).is_some());
    !idx && has_folders(folder)
}

/// Reads all pictures.
fn read_all(folder: &Path, options: &Options, progress: &mut dyn FnMut(LoadProgress)) -> Result<Dataset, DataError> {
    let listed = Listed::of(folder, options)?;
    if listed.train.len() < 2 {
        return Err(DataError::file(folder, SplitProblem::TooFewToSplit(listed.train.len())));
    }
    let mut reader = Reader::default();
    let valid = match (listed.valid.len(), options.valid_split) {
        (0, Some(share)) => Some(validation_share(listed.train.len(), share)),
        (0, None) => None,
        (_, Some(_)) => return Err(DataError::file(folder, PictureProblem::ValidGiven)),
        (valid, None) => Some(valid),
    };
    let training: Vec<Labelled> = listed.train.into_iter().chain(listed.valid).collect();
    let training = reader.read(&training, TRAIN, progress)?;
    let test = reader.read(&listed.test, TEST, progress)?;
    let name = folder.to_string_lossy().into_owned();
    let mut set = match valid {
        None => Dataset::new(name, listed.names, training, test),
        Some(valid) => Dataset::split(name, listed.names, training, valid, test),
    };
    set.notes = listed.notes;
    set.note_classes();
    set.check_classes(options.task).map_err(|problem| DataError::file(folder, problem))?;
    Ok(set)
}

/// Reads only the test images; if the split is given, those for training may be missing.
fn read_test(folder: &Path, options: &Options, progress: &mut dyn FnMut(LoadProgress)) -> Result<TestSet, DataError> {
    let listed = Listed::of(folder, options)?;
    let examples = Reader::default().read(&listed.test, TEST, progress)?;
    let (name, notes, task) = (folder.to_string_lossy().into_owned(), listed.notes, Task::Classify);
    Ok(TestSet { name, labels: listed.names, channels: Vec::new(), notes, task, examples })
}

/// An image's file and its label.
type Labelled = (PathBuf, u16);

/// The files of a set, listed before any image is opened.
#[derive(Default)]
struct Listed {
    names: Vec<String>,
    notes: Vec<String>,
    train: Vec<Labelled>,
    /// Those of a separate folder.
    valid: Vec<Labelled>,
    test: Vec<Labelled>,
}

/// Folders of the parts, by any of their usual names.
struct Folders {
    train: Option<PathBuf>,
    valid: Option<PathBuf>,
    test: Option<PathBuf>,
}

impl Folders {
    fn of(folder: &Path) -> Result<Self, DataError> {
        let found = folders(folder)?;
        let named = |names: &[&str]| -> Result<Option<PathBuf>, DataError> {
            let is = |name: &str| names.iter().any(|known| name.eq_ignore_ascii_case(known));
            let mut parts = found.iter().filter(|(name, path)| is(name) && has_folders(path));
            match (parts.next(), parts.next()) {
                (Some((first, _)), Some((second, _))) => {
                    Err(DataError::file(folder, PictureProblem::SamePart(first.clone(), second.clone())))
                }
                (part, _) => Ok(part.map(|(_, path)| path.clone())),
            }
        };
        Ok(Self { train: named(&TRAIN_NAMES)?, valid: named(&VALID_NAMES)?, test: named(&TEST_NAMES)? })
    }
}

impl Listed {
    fn of(folder: &Path, options: &Options) -> Result<Self, DataError> {
        let parts = Folders::of(folder)?;
        let given = parts.train.is_some() || parts.test.is_some();
        if given && options.test_split.is_some() {
            return Err(DataError::file(folder, SplitProblem::SplitGiven));
        }
        let mut listed = if given { Self::given(folder, parts)? } else { Self::split(folder, options.test_split)? };
        for part in [&mut listed.train, &mut listed.test] {
            Dice::new(ORDER_STREAM).shuffle(part);
        }
        Ok(listed)
    }

    /// Lists given parts. Without `train`, that part is empty, which is only valid for testing.
    fn given(folder: &Path, mut parts: Folders) -> Result<Self, DataError> {
        let mut listed = Self::default();
        if parts.test.is_none() {
            let Some(valid) = parts.valid.take() else {
                return Err(DataError::file(&folder.join(TEST), PictureProblem::NoPart));
            };
            listed.notes.push(format!("{} is used for testing, since there is no folder named test", shown(&valid)));
            parts.test = Some(valid);
        }
        let known = parts.train.as_ref().or(parts.test.as_ref()).map_or(folder, PathBuf::as_path);
        listed.names = class_names(folder, known)?;
        let Folders { train, valid, test } = &parts;
        let test_folder = test.as_deref().unwrap_or(folder);
        for (part, into) in [(train, Into::Train), (valid, Into::Valid), (test, Into::Test)] {
            let Some(part) = part else { continue };
            for (class, path) in folders(part)? {
                let Some(label) = listed.names.iter().position(|name| *name == class) else {
                    return Err(DataError::file(&path, PictureProblem::NoClass { known: known.to_owned() }));
                };
                listed.add(into, &path, label as u16)?;
            }
        }
        if listed.test.is_empty() {
            return Err(DataError::file(test_folder, PictureProblem::NoPictures));
        }
        Ok(listed)
    }

    /// Adds the images of a class.
    fn add(&mut self, into: Into, class: &Path, label: u16) -> Result<(), DataError> {
        let pictures = pictures(class, &mut self.notes)?.into_iter().map(|path| (path, label));
        match into {
            Into::Train => self.train.extend(pictures),
            Into::Valid => self.valid.extend(pictures),
            Into::Test => self.test.extend(pictures),
        }
        Ok(())
    }

    /// Lists and splits folders of classes without given parts.
    fn split(folder: &Path, split: Option<TestSplit>) -> Result<Self, DataError> {
        let mut listed = Self { names: class_names(folder, folder)?, ..Self::default() };
        for (class, path) in folders(folder)? {
            let Some(label) = listed.names.iter().position(|name| *name == class) else { continue };
            let pictures = pictures(&path, &mut listed.notes)?;
            if pictures.len() < 2 {
                return Err(DataError::file(&path, PictureProblem::TooFewPictures));
            }
            let (train, test) = parted(pictures, split);
            listed.test.extend(test.into_iter().map(|path| (path, label as u16)));
            listed.train.extend(train.into_iter().map(|path| (path, label as u16)));
        }
        if listed.test.is_empty() {
            return Err(DataError::file(folder, SplitProblem::NoTest));
        }
        // Sorted by label, because the shuffle starts from this order.
        listed.test.sort_by_key(|&(_, label)| label);
        listed.train.sort_by_key(|&(_, label)| label);
        Ok(listed)
    }
}

/// The part that images are added to.
#[derive(Debug, Clone, Copy)]
enum Into {
    Train,
    Valid,
    Test,
}

/// The last part of a path.
fn shown(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// A class's images, at least 2, sorted by name and split into training and testing.
fn parted(mut pictures: Vec<PathBuf>, split: Option<TestSplit>) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let test = match split {
        Some(TestSplit::Every(every)) => {
            let chosen = |(place, path)| (place % every == every - 1, path);
            let (test, train): (Vec<_>, Vec<_>) =
                pictures.into_iter().enumerate().map(chosen).partition(|(chosen, _)| *chosen);
            let bare = |all: Vec<(bool, PathBuf)>| all.into_iter().map(|(_, path)| path).collect();
            return (bare(train), bare(test));
        }
        Some(TestSplit::Share(share)) => {
            ((pictures.len() as f64 * share).round() as usize).clamp(1, pictures.len() - 1)
        }
        None => test_len(pictures.len()),
    };
    Dice::new(SPLIT_STREAM).shuffle(&mut pictures);
    let train = pictures.split_off(test);
    (train, pictures)
}

/// Number of a class's images, at least 2, for testing.
fn test_len(pictures: usize) -> usize {
    ((pictures + TEST_SHARE / 2) / TEST_SHARE).max(1)
}

/// The classes whose folders are in `part`, in the order of `labels.txt` in `folder` if it exists.
fn class_names(folder: &Path, part: &Path) -> Result<Vec<String>, DataError> {
    let found = folders(part)?;
    let Some(listed) = names::read(folder)? else {
        return match found.len() {
            1..=names::MOST => Ok(found.into_iter().map(|(name, _)| name).collect()),
            count => Err(DataError::file(part, PictureProblem::FolderCount(count))),
        };
    };
    if let Some((_, path)) = found.iter().find(|(name, _)| !listed.contains(name)) {
        return Err(DataError::file(path, PictureProblem::NoClass { known: names::path(folder) }));
    }
    match listed.iter().find(|name| found.iter().all(|(folder, _)| folder != *name)) {
        Some(name) => Err(DataError::file(&part.join(name), PictureProblem::NoClassFolder)),
        None => Ok(listed),
    }
}

/// The PNG files of a class, by name; at least one.
fn pictures(class: &Path, notes: &mut Vec<String>) -> Result<Vec<PathBuf>, DataError> {
    let ending = |path: &Path| path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    let mut pictures = Vec::new();
    for path in entries(class)?.into_iter().filter(|path| path.is_file()) {
        match ending(&path).as_deref() {
            Some("png") => pictures.push(path),
            Some(other) if OTHER_FORMATS.contains(&other) => {
                return Err(DataError::file(&path, PictureProblem::OtherFormat));
            }
            _ => {}
        }
    }
    let is_picture = |path: &PathBuf| ending(path).as_deref() == Some("png");
    let deeper =
        |path: &PathBuf| entries(path).map_or(0, |entries| entries.iter().filter(|path| is_picture(path)).count());
    let below: usize = entries(class)?.iter().filter(|path| path.is_dir()).map(deeper).sum();
    if below > 0 {
        notes.push(format!("{below} pictures in folders within the class folder {} are not read", shown(class)));
    }
    if pictures.is_empty() { Err(DataError::file(class, PictureProblem::NoPictures)) } else { Ok(pictures) }
}

fn has_folders(folder: &Path) -> bool {
    entries(folder).is_ok_and(|entries| entries.iter().any(|path| path.is_dir()))
}

/// Folders by name; names must be single lines of text and distinct.
fn folders(folder: &Path) -> Result<Vec<(String, PathBuf)>, DataError> {
    let named = |path: PathBuf| match path.file_name().and_then(|name| name.to_str()) {
        Some(name) if decode::is_plain(name) => Ok((decode::composed(name), path)),
        _ => Err(DataError::file(folder, PictureProblem::ClassName(path.file_name().unwrap_or_default().to_owned()))),
    };
    let found = entries(folder)?.into_iter().filter(|path| path.is_dir()).map(named);
    let mut found: Vec<(String, PathBuf)> = found.collect::<Result<_, _>>()?;
    found.sort();
    if let Some(pair) = found.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        let [first, second] = [&pair[0].1, &pair[1].1].map(|path| shown(path).escape_default().to_string());
        return Err(DataError::file(folder, PictureProblem::SameClass(first, second)));
    }
    Ok(found)
}

/// The entries of a folder, sorted by name, without names that begin with a dot.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let unreadable = |cause: std::io::Error| DataError::file(folder, Problem::Unreadable(cause.to_string()));
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

/// Reads images, all of the same size as the first.
#[derive(Default)]
struct Reader {
    first: Option<(PathBuf, usize, usize)>,
}

impl Reader {
    fn read(
        &mut self,
        files: &[Labelled],
        part: &str,
        progress: &mut dyn FnMut(LoadProgress),
    ) -> Result<Examples, DataError> {
        let (mut pixels, mut labels) = (Vec::new(), Vec::with_capacity(files.len()));
        for (path, label) in files {
            let picture = read_png(path)?;
            let (first, height, width) =
                self.first.get_or_insert_with(|| (path.clone(), picture.height, picture.width));
            if (picture.height, picture.width) != (*height, *width) {
                let (first, first_height, first_width) = (first.clone(), *height, *width);
                let (height, width) = (picture.height, picture.width);
                let problem = PictureProblem::PictureSize { height, width, first, first_height, first_width };
                return Err(DataError::file(path, problem));
            }
            let total = files.len().saturating_mul(picture.pixels.len());
            if pixels.capacity() == 0 {
                let reserved = pixels.try_reserve_exact(total);
                reserved.map_err(|_| DataError::file(path, Problem::NoMemory(total)))?;
            }
            pixels.extend_from_slice(&picture.pixels);
            labels.push(*label);
            progress(LoadProgress::Reading { file: part, done: pixels.len() as u64, total: total as u64 });
        }
        let (height, width) = self.first.as_ref().map_or((0, 0), |&(_, height, width)| (height, width));
        Ok(Examples {
            inputs: Values::U8(pixels),
            targets: Targets::Classes(labels),
            shape: Shape::image(height, width),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::test_len;

    #[test]
    fn a_seventh_is_for_testing() {
        for (pictures, test) in [(2, 1), (7, 1), (10, 1), (11, 2), (70, 10), (7000, 1000)] {
            assert_eq!(test_len(pictures), test, "{pictures} pictures");
        }
    }
}

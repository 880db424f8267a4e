//! A folder's four IDX files made into a set: read in parallel, checked against each other.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Sender};
use std::thread;

use super::idx_file::{self, IdxFile, Kind};
use crate::array::{Array, Data};
use crate::dataset::{Dataset, Examples, validation_share};
use crate::download::RemoteFile;
use crate::error::{DataError, Problem};
use crate::fashion_mnist::{self, ALL, TEST, TRAIN};
use crate::idx_names::find;
use crate::names;
use crate::options::{Options, Task};
use crate::progress::LoadProgress;
use crate::targets::{Targets, TargetsRef};
use crate::test_set::TestSet;
use crate::values::Values;

/// What the folder promises to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contract {
    /// Every hash must be Fashion-MNIST's.
    FashionMnist,
    /// Any consistent set.
    Any,
}

/// Reads all four files.
pub(crate) fn read_all(
    folder: &Path,
    contract: Contract,
    options: &Options,
    progress: &mut dyn FnMut(LoadProgress),
) -> Result<Dataset, DataError> {
    if options.test_split.is_some() {
        return Err(DataError::file(folder, Problem::SplitGiven));
    }
    let mut files = read_files(folder, &ALL, contract, progress)?;
    let names = class_names(folder, &files, contract)?;
    let test = images(files.split_off(2), names.as_deref())?;
    let test_path = path_of(folder, &TEST[0]);
    let train_path = path_of(folder, &TRAIN[0]);
    let training = images(files, names.as_deref())?;
    if test.shape != training.shape {
        let problem = Problem::SizeMismatch {
            test_height: test.shape.height,
            test_width: test.shape.width,
            height: training.shape.height,
            width: training.shape.width,
        };
        return Err(DataError::file(&test_path, problem));
    }
    let count = training.len();
    if count < 2 {
        return Err(DataError::file(&train_path, Problem::TooFewToSplit(count)));
    }
    let names = names.unwrap_or_else(|| numbered(&[training.targets.view(), test.targets.view()]));
    let name = set_name(folder, contract);
    let mut set = match options.valid_split {
        None => Dataset::new(name, names, training, test),
        Some(share) => Dataset::split(name, names, training, validation_share(count, share), test),
    };
    set.shuffle_sorted();
    set.note_classes();
    Ok(set)
}

/// Reads the two test files, and where classes have no names the training labels, if they are there: a class may have no
/// test image.
pub(crate) fn read_test(
    folder: &Path,
    contract: Contract,
    progress: &mut dyn FnMut(LoadProgress),
) -> Result<TestSet, DataError> {
    let files = read_files(folder, &TEST, contract, progress)?;
    let names = class_names(folder, &files, contract)?;
    let examples = images(files, names.as_deref())?;
    let labels = match names {
        Some(names) => names,
        None => numbered(&[examples.targets.view(), training_labels(folder)?.view()]),
    };
    Ok(TestSet {
        name: set_name(folder, contract),
        labels,
        channels: Vec::new(),
        notes: Vec::new(),
        task: Task::Classify,
        examples,
    })
}

/// One file read, and what it was expected to be.
struct ReadFile {
    path: PathBuf,
    idx: IdxFile,
    expected: RemoteFile,
}

/// Reads `wanted` (images, labels, images, labels), a thread each, in that order. Where the system refuses a thread, the
/// caller's does its work.
fn read_files(
    folder: &Path,
    wanted: &[RemoteFile],
    contract: Contract,
    progress: &mut dyn FnMut(LoadProgress),
) -> Result<Vec<ReadFile>, DataError> {
    if !folder.is_dir() {
        return Err(DataError::file(folder, Problem::NoFolder));
    }
    // Before any memory is taken for images that have no labels.
    for pair in wanted.chunks_exact(2) {
        let [images, labels] = [0, 1].map(|file| path_of(folder, &pair[file]));
        let (images, found) = (idx_file::count(&images, Kind::Images)?, idx_file::count(&labels, Kind::Labels)?);
        if images != found {
            return Err(DataError::file(&labels, Problem::CountMismatch { labels: found, images }));
        }
    }
    let (sender, steps) = mpsc::channel();
    thread::scope(|scope| {
        let start = |expected| {
            let steps = sender.clone();
            thread::Builder::new().spawn_scoped(scope, move || read_file(folder, expected, contract, &steps))
        };
        let threads: Vec<_> = wanted.iter().map(|expected| (expected, start(expected).ok())).collect();
        let left = threads.iter().filter(|(_, thread)| thread.is_none());
        let mut here: VecDeque<_> = left.map(|(expected, _)| read_file(folder, expected, contract, &sender)).collect();
        drop(sender);
        for (file, done, total) in steps {
            progress(LoadProgress::Reading { file, done, total });
        }
        let join = |thread: thread::ScopedJoinHandle<_>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        threads.into_iter().filter_map(|(_, thread)| thread.map(join).or_else(|| here.pop_front())).collect()
    })
}

/// A progress step on its way between threads: file name, bytes done, bytes in all.
type Step = (&'static str, u64, u64);

fn read_file(
    folder: &Path,
    expected: &RemoteFile,
    contract: Contract,
    steps: &Sender<Step>,
) -> Result<ReadFile, DataError> {
    let name = expected.name;
    let kind = if name.contains("labels") { Kind::Labels } else { Kind::Images };
    let path = path_of(folder, expected);
    // The receiver lives until every sender is dropped: sending cannot fail.
    let idx = idx_file::read(&path, kind, |done, total| {
        let _ = steps.send((name, done, total));
    })?;
    if contract == Contract::FashionMnist && idx.sha256 != expected.sha256 {
        let problem = Problem::WrongHash { found: idx.sha256, expected: expected.sha256.into() };
        return Err(DataError::file(&path, problem));
    }
    Ok(ReadFile { path, idx, expected: *expected })
}

/// The file that is there, or the packed one, to be reported as missing.
fn path_of(folder: &Path, file: &RemoteFile) -> PathBuf {
    find(folder, file.name).unwrap_or_else(|| folder.join(file.name))
}

/// Joins an images file and a labels file, the first two of `files`.
fn images(files: Vec<ReadFile>, names: Option<&[String]>) -> Result<Examples, DataError> {
    let [images, labels] = <[ReadFile; 2]>::try_from(files).unwrap_or_else(|_| unreachable!("two files a part"));
    let (count, shape) = (images.idx.array.len(), images.idx.array.example_shape());
    let targets = classes_of(&labels.idx.array).map_err(|problem| DataError::file(&labels.path, problem))?;
    let found = targets.view().classes().unwrap_or_default();
    if found.len() != count {
        let problem = Problem::CountMismatch { labels: found.len(), images: count };
        return Err(DataError::file(&labels.path, problem));
    }
    let classes = names.map_or(names::MOST, <[String]>::len);
    if let Some(index) = found.iter().position(|&label| usize::from(label) >= classes) {
        let problem = Problem::LabelRange { index, label: found[index], classes };
        return Err(DataError::file(&labels.path, problem));
    }
    let (inputs, _) = images.idx.array.into_inputs().map_err(|problem| DataError::file(&images.path, problem))?;
    Ok(Examples { inputs, targets, shape })
}

/// Class names: those of `labels.txt`, those of Fashion-MNIST if the files are its own, or none.
fn class_names(folder: &Path, files: &[ReadFile], contract: Contract) -> Result<Option<Vec<String>>, DataError> {
    if contract == Contract::Any {
        if let Some(names) = names::read(folder)? {
            return Ok(Some(names));
        }
    }
    let genuine = files.iter().all(|file| file.idx.sha256 == file.expected.sha256);
    Ok(genuine.then(fashion_mnist::class_names))
}

/// The labels of the training images; none if there is no such file.
fn training_labels(folder: &Path) -> Result<Targets, DataError> {
    let Some(path) = find(folder, TRAIN[1].name) else { return Ok(Targets::None) };
    let array = idx_file::read(&path, Kind::Labels, |_, _| {})?.array;
    classes_of(&array).map_err(|problem| DataError::file(&path, problem))
}

/// The classes that the numbers of a labels file are.
fn classes_of(labels: &Array) -> Result<Targets, Problem> {
    if let Data::Values(Values::U8(bytes)) = &labels.data {
        return Ok(Targets::Classes(bytes.iter().map(|&label| label.into()).collect()));
    }
    let class = |label: f64| match label.fract() == 0.0 && (0.0..names::MOST as f64).contains(&label) {
        true => Ok(label as u16),
        false => Err(Problem::NotClasses(label.to_string())),
    };
    labels.numbers().unwrap_or_default().into_iter().map(class).collect::<Result<_, _>>().map(Targets::Classes)
}

/// "0", "1", ... up to the highest label.
fn numbered(targets: &[TargetsRef]) -> Vec<String> {
    let highest = targets.iter().filter_map(|targets| targets.classes()).flatten().max().copied().unwrap_or(0);
    (0..=highest).map(|label| label.to_string()).collect()
}

fn set_name(folder: &Path, contract: Contract) -> String {
    match contract {
        Contract::FashionMnist => Cow::Borrowed(fashion_mnist::NAME),
        Contract::Any => folder.to_string_lossy(),
    }
    .into_owned()
}

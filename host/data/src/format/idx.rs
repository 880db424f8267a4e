//! A set from a folder with four IDX files: read in parallel, checked against each other.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Sender};
use std::thread;

use super::idx_file::{self, Head, IdxContent, IdxFile};
use super::reader::{Content, Format, Inputs, Names, Start};
use crate::array::{Array, Data, example_shape};
use crate::dataset::{Dataset, validation_share};
use crate::download::RemoteFile;
use crate::error::{AnswerProblem, DataError, FashionMnistProblem, IdxProblem, Problem, SplitProblem};
use crate::examples::Examples;
use crate::fashion_mnist::{self, ALL, TEST, TRAIN};
use crate::idx_names::{self, alike, find};
use crate::names;
use crate::options::{Options, Task};
use crate::progress::LoadProgress;
use crate::targets::{Targets, TargetsRef};
use crate::test_set::TestSet;
use crate::unpack::{is_packed, sha256_of};
use crate::values::Values;

pub(super) const FORMAT: Format = Format {
    names: Names::Folder { short: "IDX files", whole: "four IDX files", help: "four IDX files" },
    is: |start| matches!(start, Start::Folder(_)),
    content: Content::Images {
        set: |folder, options, progress| read_all(folder, Contract::Any, options, progress),
        test: |folder, options, progress| match options.test_split {
            Some(_) => Err(DataError::file(folder, SplitProblem::SplitGiven)),
            None => read_test(folder, Contract::Any, progress),
        },
    },
    inputs: Inputs::Refused("a folder"),
};

/// What the folder must contain.
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
        return Err(DataError::file(folder, SplitProblem::SplitGiven));
    }
    let mut files = read_files(folder, &ALL, contract, progress)?;
    let names = class_names(folder, &files, contract)?;
    let test = images(files.split_off(2), names.as_deref())?;
    let training = images(files, names.as_deref())?;
    let count = training.len();
    let names = names.unwrap_or_else(|| numbered(&[training.targets.view(), test.targets.view()]));
    let name = set_name(folder, contract);
    let mut set = match options.valid_split {
        None => Dataset::new(name, names, training, test),
        Some(share) => Dataset::split(name, names, training, validation_share(count, share), test),
    };
    set.shuffle_sorted();
    set.note_classes();
    set.check_classes(options.task).map_err(|problem| DataError::file(folder, problem))?;
    Ok(set)
}

/// Reads the two test files. If classes have no names, also reads the training labels, if available, because a class
/// may have no test image.
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

/// One file that was read, with its expected properties.
struct ReadFile {
    path: PathBuf,
    idx: IdxFile,
    expected: RemoteFile,
}

/// Reads `wanted` (images, labels, images, labels) in that order, with one thread each. If the system refuses a thread,
/// the caller's does its work.
fn read_files(
    folder: &Path,
    wanted: &[RemoteFile],
    contract: Contract,
    progress: &mut dyn FnMut(LoadProgress),
) -> Result<Vec<ReadFile>, DataError> {
    if contract == Contract::Any && !idx_names::any(folder) {
        return Err(DataError::file(folder, Problem::NoData));
    }
    check_heads(folder, wanted)?;
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

/// Compares the headers of the files before any memory is allocated for their contents.
fn check_heads(folder: &Path, wanted: &[RemoteFile]) -> Result<(), DataError> {
    let mut first: Option<Head> = None;
    for pair in wanted.chunks_exact(2) {
        let (images_path, labels_path) = (path_of(folder, &pair[0])?, path_of(folder, &pair[1])?);
        let head = idx_file::head(&images_path, IdxContent::Images)?;
        let (images, labels) = (head.shape[0], idx_file::head(&labels_path, IdxContent::Labels)?.shape[0]);
        if images != labels {
            return Err(DataError::file(&labels_path, IdxProblem::Count { labels, images }));
        }
        let Some(train) = &first else {
            if wanted.len() > 2 && images < 2 {
                return Err(DataError::file(&images_path, SplitProblem::TooFewToSplit(images)));
            }
            first = Some(head);
            continue;
        };
        // Truncated files are reported when they are read.
        if let Some(problem) = difference(train, &head).filter(|_| train.possible && head.possible) {
            return Err(DataError::file(&images_path, problem));
        }
    }
    Ok(())
}

/// The difference between test and training images: in size, in dimensions, or in type.
fn difference(train: &Head, test: &Head) -> Option<IdxProblem> {
    let shape = |head: &Head| example_shape(&head.shape);
    let named = |head: &Head| format!("{:?}", head.element).to_lowercase();
    if shape(train) == shape(test) && train.element == test.element {
        return None;
    }
    let dimensions = |head: &Head| head.shape.iter().map(|size| format!("[{size}]")).collect::<String>();
    let text = |head: &Head| match (shape(train) == shape(test), train.shape.len() == test.shape.len()) {
        (true, _) => format!("{} of {}", shape(head), named(head)),
        (false, true) => shape(head).to_string(),
        (false, false) => format!("{} ({} in the file)", shape(head), dimensions(head)),
    };
    Some(IdxProblem::Differ { test: text(test), train: text(train) })
}

/// A progress step sent between threads: file name, bytes done, total bytes.
type Step = (&'static str, u64, u64);

fn read_file(
    folder: &Path,
    expected: &RemoteFile,
    contract: Contract,
    steps: &Sender<Step>,
) -> Result<ReadFile, DataError> {
    let name = expected.name;
    let kind = if name.contains("labels") { IdxContent::Labels } else { IdxContent::Images };
    let path = path_of(folder, expected)?;
    // The receiver lives until every sender is dropped: sending cannot fail.
    let idx = idx_file::read(&path, kind, |done, total| {
        let _ = steps.send((name, done, total));
    })?;
    if contract == Contract::FashionMnist && idx.sha256 != expected.sha256 {
        let problem = FashionMnistProblem::WrongHash { found: idx.sha256, expected: expected.sha256.into() };
        return Err(DataError::file(&path, problem));
    }
    if contract == Contract::Any {
        check_twin(&path, &idx)?;
    }
    Ok(ReadFile { path, idx, expected: *expected })
}

/// Refuses a packed file if there is also an unpacked one with its name, because it is unclear which is meant.
fn check_twin(path: &Path, idx: &IdxFile) -> Result<(), DataError> {
    let twin = path.with_extension("");
    if !is_packed(&path.to_string_lossy()) || !twin.is_file() || sha256_of(&twin, false, idx.len)? == idx.sha256 {
        return Ok(());
    }
    Err(DataError::file(path, IdxProblem::Twins))
}

/// The existing file, or the packed one, to be reported as missing.
fn path_of(folder: &Path, file: &RemoteFile) -> Result<PathBuf, DataError> {
    let path = folder.join(file.name);
    match (find(folder, file.name), &alike(folder, file.name)[..]) {
        (Some(found), _) => Ok(found),
        (None, []) => Ok(path),
        (None, several) => {
            let names = several.iter().take(4).filter_map(|path| path.file_name());
            let names: Vec<_> = names.map(|name| name.to_string_lossy()).collect();
            Err(DataError::file(&path, IdxProblem::Several(names.join(", "))))
        }
    }
}

/// Joins an images file and a labels file, the first two of `files`.
fn images(files: Vec<ReadFile>, names: Option<&[String]>) -> Result<Examples, DataError> {
    let [images, labels] = <[ReadFile; 2]>::try_from(files).unwrap_or_else(|_| unreachable!("two files a part"));
    let (count, shape) = (images.idx.array.len(), example_shape(&images.idx.array.shape));
    let targets = classes_of(&labels.idx.array).map_err(|problem| DataError::file(&labels.path, problem))?;
    let found = targets.view().classes().unwrap_or_default();
    if found.len() != count {
        let problem = IdxProblem::Count { labels: found.len(), images: count };
        return Err(DataError::file(&labels.path, problem));
    }
    let classes = names.map_or(names::MOST, <[String]>::len);
    if let Some(index) = found.iter().position(|&label| usize::from(label) >= classes) {
        let problem = IdxProblem::Label { index, label: found[index], classes };
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
    let array = idx_file::read(&path, IdxContent::Labels, |_, _| {})?.array;
    classes_of(&array).map_err(|problem| DataError::file(&path, problem))
}

/// The classes for the numbers of a labels file.
fn classes_of(labels: &Array) -> Result<Targets, Problem> {
    if let Data::Values(Values::U8(bytes)) = &labels.data {
        return Ok(Targets::Classes(bytes.iter().map(|&label| label.into()).collect()));
    }
    let class = |label: f64| match label.fract() == 0.0 && (0.0..names::MOST as f64).contains(&label) {
        true => Ok(label as u16),
        false => Err(AnswerProblem::NotClasses(label.to_string()).into()),
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

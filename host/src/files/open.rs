//! Opens files that users name: a checkpoint, the folder of a run, or a device model.

use crate::network::checkpoint::{Checkpoint, Hints};
use anyhow::{Context, anyhow, bail};
use foldnet_core::Model;
use foldnet_core::layer::Role;
use foldnet_core::model::MAGIC;
use foldnet_data::file_kind::FileKind;
use foldnet_data::{InputType, Shape, Task, View, bounded, text};
use foldnet_sim::{AlignedBytes, described};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Name of the checkpoint in the folder of a run.
pub const CHECKPOINT: &str = "model.safetensors";

/// The kind of file at a path.
pub enum Opened {
    /// A trained network.
    Checkpoint(Box<Checkpoint>),
    /// A device model. Its bytes are never freed: a command opens a few files, and ends.
    Model {
        /// The bytes of the file.
        file: &'static [u8],
        /// The model in them.
        model: Model<'static>,
    },
}

impl Opened {
    /// The size of its images.
    pub fn size(&self) -> ImageSize {
        match self {
            Self::Checkpoint(checkpoint) => ImageSize::of(checkpoint),
            Self::Model { model, .. } => ImageSize::of_model(model),
        }
    }

    /// The task of the network.
    pub fn task(&self) -> Task {
        match self {
            Self::Checkpoint(checkpoint) => checkpoint.about.task,
            Self::Model { model, .. } => described::task(model),
        }
    }

    /// Whether it outputs probabilities: a network from another tool may classify by values alone.
    pub fn answers_probabilities(&self) -> bool {
        match self {
            Self::Checkpoint(checkpoint) => checkpoint.layers.last().is_some_and(|last| last.role() == Role::Head),
            Self::Model { .. } => self.task() == Task::Classify,
        }
    }

    /// The anomaly score above which an example is abnormal, if there is one.
    pub fn threshold(&self) -> Option<f32> {
        match self {
            Self::Checkpoint(checkpoint) => checkpoint.about.threshold,
            Self::Model { model, .. } => model.threshold(),
        }
    }

    /// The names of its classes or values, or empty.
    pub fn labels(&self) -> Vec<String> {
        match self {
            Self::Checkpoint(checkpoint) => names(checkpoint),
            Self::Model { model, .. } => model.labels().map(str::to_owned).collect(),
        }
    }
}

/// The names of a network's classes or values.
fn names(checkpoint: &Checkpoint) -> Vec<String> {
    match checkpoint.about.task {
        Task::Regress => checkpoint.about.outputs.iter().map(|output| output.name.clone()).collect(),
        Task::Classify | Task::Reconstruct => checkpoint.labels.clone(),
    }
}

/// Opens a checkpoint, the folder of a run, or a `.fnet`, distinguished by name, then by content.
///
/// # Errors
/// If it cannot be read or is none of these; the error names it.
pub fn open(path: &Path, hints: &Hints) -> anyhow::Result<Opened> {
    let path = resolve(path);
    if is_model(&path)? {
        check_kind(&path)?;
        let bytes = AlignedBytes::read(&path).with_context(|| path.display().to_string())?;
        let file: &'static AlignedBytes = Box::leak(Box::new(bytes));
        let unusable = |cause| anyhow!("{}: not a usable model ({cause}); export it again", path.display());
        return Ok(Opened::Model { file, model: Model::parse(file).map_err(unusable)? });
    }
    Ok(Opened::Checkpoint(Box::new(Checkpoint::read(&path, hints)?)))
}

/// Opens a checkpoint or the folder of a run.
///
/// # Errors
/// As [`open`], and if it is a device model, which cannot be trained or exported again.
pub fn open_checkpoint(path: &Path, hints: &Hints) -> anyhow::Result<Checkpoint> {
    match open(path, hints)? {
        Opened::Checkpoint(checkpoint) => Ok(*checkpoint),
        Opened::Model { .. } => {
            bail!("{}: is a device model; give the checkpoint it was exported from", path.display())
        }
    }
}

/// Size and type of the images that a network takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageSize {
    /// Pixels of an image.
    pub pixels: usize,
    /// Shape of an example, if known; its product is `pixels`.
    pub shape: Option<Shape>,
    /// Type of the raw inputs.
    pub input: InputType,
}

impl ImageSize {
    /// Image size of a trained network.
    pub fn of(checkpoint: &Checkpoint) -> Self {
        let image = checkpoint.image.map(|(height, width)| Shape::image(height, width));
        let shape = checkpoint.about.data_shape().or(image);
        Self { pixels: checkpoint.values(), shape, input: checkpoint.about.input.0 }
    }

    /// Image size of a device model.
    pub fn of_model(model: &Model) -> Self {
        Self { pixels: model.inputs(), shape: Some(described::shape(model)), input: described::input_type(model) }
    }

    /// Size of a set's examples.
    pub fn of_view(view: View) -> Self {
        Self { pixels: view.shape.inputs(), shape: Some(view.shape), input: view.inputs.input_type() }
    }

    /// Whether the examples of `view` have this size and type.
    pub fn takes(self, view: View) -> bool {
        let same = self.shape.is_none_or(|shape| shape.is_laid_out_as(view.shape));
        view.shape.inputs() == self.pixels && same && view.inputs.input_type() == self.input
    }
}

impl std::fmt::Display for ImageSize {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self.shape {
            Some(shape) => shape.fmt(f)?,
            None => write!(f, "{} values", self.pixels)?,
        }
        match self.input {
            InputType::U8 => Ok(()),
            input => write!(f, " ({input})"),
        }
    }
}

/// Checks that a network can take the images of a set.
///
/// # Errors
/// If they have another size; the error names both.
pub fn check_images(path: &Path, size: ImageSize, view: View) -> anyhow::Result<()> {
    if !size.takes(view) {
        bail!(
            "{}: takes examples of {size}, the dataset's have {}; give the --dataset it was trained on",
            path.display(),
            ImageSize::of_view(view)
        );
    }
    Ok(())
}

/// The names of a model's classes: its own, otherwise those of the dataset. Each is made plain text of one line,
/// because a device model stores them one per line.
pub fn class_names(own: Vec<String>, classes: usize, dataset: &[String]) -> Vec<String> {
    let known = if own.is_empty() { dataset.to_vec() } else { own };
    let name = |class: usize| known.get(class).map_or_else(|| class.to_string(), |name| text::line(name));
    (0..classes).map(name).collect()
}

/// The checkpoint in the folder of a run, or the file itself.
pub fn resolve(path: &Path) -> PathBuf {
    if path.is_dir() { path.join(CHECKPOINT) } else { path.to_owned() }
}

/// Refuses a file that is named `.fnet` but is certainly of another kind.
fn check_kind(path: &Path) -> anyhow::Result<()> {
    let remedy = |kind: FileKind| match kind {
        FileKind::Checkpoint => "name it .safetensors",
        kind => kind.remedy().unwrap_or("give the .fnet that export wrote"),
    };
    match FileKind::at(path).filter(|kind| *kind != FileKind::Model && kind.is_certain()) {
        Some(kind) => bail!("{}: looks like {}, not a device model; {}", path.display(), kind.name(), remedy(kind)),
        None => Ok(()),
    }
}

fn is_model(path: &Path) -> anyhow::Result<bool> {
    let mut start = [0; MAGIC.len()];
    let file = bounded::open(path).map(|(file, _)| file);
    let mut file = file.map_err(|cause| anyhow!("{}: cannot be read ({cause}); check the path", path.display()))?;
    let complete = file.read_exact(&mut start).is_ok();
    Ok((complete && start == MAGIC) || path.extension().is_some_and(|extension| extension == "fnet"))
}

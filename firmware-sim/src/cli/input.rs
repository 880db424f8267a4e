//! What the command works on: the model, and test images that belong to it.

use super::error::CliError;
use super::progress;
use foldnet_core::Model;
use foldnet_core::infer::kernel::KernelKind;
use foldnet_data::bounded::{self, limit};
use foldnet_data::{Shape, Source, Targets, TestSet, Values, WrongKind, load_test};
use foldnet_sim::AlignedBytes;
use foldnet_sim::aligned::PARSER_ALIGNMENT;
use foldnet_sim::board::{Board, Footprint};
use std::path::Path;

/// The file's bytes, aligned as the parser asks for and no better: a board may put a model at any such address.
pub(crate) fn read(path: &Path) -> Result<AlignedBytes, CliError> {
    match bounded::read(path, limit::MODEL) {
        Ok(bytes) => Ok(AlignedBytes::at_offset(&bytes, PARSER_ALIGNMENT)),
        Err(cause) => Err(CliError::Unreadable { path: path.to_owned(), cause }),
    }
}

pub(crate) fn parse<'a>(path: &Path, bytes: &'a [u8]) -> Result<Model<'a>, CliError> {
    Model::parse(bytes).map_err(|cause| CliError::no_model(path, cause))
}

/// What the model takes of `board`, or of any board.
pub(crate) fn footprint(path: &Path, model: &Model, board: Option<&Board>) -> Result<Footprint, CliError> {
    let Some(board) = board else { return Ok(Footprint::of(model, KernelKind::CURRENT)) };
    board.fit(model).map_err(|cause| CliError::DoesNotFit { path: path.to_owned(), cause })
}

/// Test images of the model's size.
pub(crate) struct TestImages {
    /// Name of the set.
    pub(crate) dataset: String,
    /// `[images][model.inputs()]`
    pub(crate) pixels: Vec<u8>,
    /// `[images]`
    pub(crate) labels: Vec<u16>,
}

/// All test images of `source`.
pub(crate) fn load(source: &Source) -> Result<TestSet, CliError> {
    let loading = progress::Loading::new();
    let set = load_test(source, &mut |step| loading.show(step))?;
    loading.finish();
    Ok(set)
}

/// Images of the model's size, and as many classes.
pub(crate) fn belong_together(path: &Path, model: &Model, set: &mut TestSet) -> Result<(), CliError> {
    let names: Vec<String> = model.labels().map(str::to_owned).collect();
    set.number_as(&names).map_err(|unknown| CliError::UnknownClasses {
        path: path.to_owned(),
        dataset: set.name.clone(),
        unknown: unknown.join(", "),
    })?;
    let (dataset, of_images) = (set.name.clone(), set.examples.shape);
    let of_model = Shape::image(model.header().height.into(), model.header().width.into());
    if of_model != of_images {
        return Err(CliError::ImageSize { path: path.to_owned(), model: of_model, dataset, images: of_images });
    }
    if model.outputs() != set.labels.len() {
        let (model, labels) = (model.outputs(), set.labels.len());
        return Err(CliError::Classes { path: path.to_owned(), model, dataset, labels });
    }
    Ok(())
}

/// The first `limit` images of `set`, or all.
pub(crate) fn first(set: TestSet, limit: Option<u32>) -> Result<TestImages, CliError> {
    let (dataset, mut images) = (set.name, set.examples);
    let (available, asked) = (images.len(), limit.map_or(images.len(), |limit| limit as usize));
    if asked > available {
        return Err(CliError::TooFewImages { asked, dataset, available });
    }
    images.truncate(asked);
    let (inputs, targets) = (images.inputs, images.targets);
    let Values::U8(pixels) = inputs else { return Err(WrongKind::NoBytes(inputs.view().input_type().name()).into()) };
    let Targets::Classes(labels) = targets else { return Err(WrongKind::NoClasses.into()) };
    Ok(TestImages { dataset, pixels, labels })
}

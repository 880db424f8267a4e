//! `foldnet predict`: one image drawn in the terminal, and the probabilities of its classes as bars.

use super::data::{DatasetArg, HintArgs, check_classes, known};
use crate::compute::Fast;
use crate::network::open::{Opened, check_images, class_names};
use crate::show::terminal::{Ui, bars, picture};
use anyhow::bail;
use clap::Args;
use foldnet_core::train::softmax;
use foldnet_data::{Picture, View, read_png};
use serde_json::json;
use std::path::PathBuf;

/// Classify one image and draw it
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  foldnet predict runs/after --index 7")]
#[group(required = true, multiple = false, args = ["index", "image"])]
pub(super) struct Predict {
    /// Checkpoint, folder of a run, or .fnet
    #[arg(value_name = "FILE")]
    path: PathBuf,
    /// Number of a test image, from 0
    #[arg(long, value_name = "N")]
    index: Option<usize>,
    /// A PNG of the network's image size, bright on dark
    #[arg(long, value_name = "PNG")]
    image: Option<PathBuf>,
    #[command(flatten)]
    dataset: DatasetArg,
    #[command(flatten)]
    hints: HintArgs,
}

/// The image to classify.
struct Input {
    picture: Picture,
    /// Its class, and the names of all classes, where the dataset tells.
    label: Option<u16>,
    names: Vec<String>,
}

impl Predict {
    /// Classifies and draws.
    pub(super) fn run(&self, ui: Ui) -> anyhow::Result<()> {
        let opened = self.hints.open(&self.path, ui)?;
        let own = opened.labels(&self.path)?;
        let image = self.input(&own, ui)?;
        let Picture { pixels, height, width } = &image.picture;
        let view = View::images(pixels, &[0], *height, *width);
        self.check_size(&opened, view)?;
        let (outputs, own) = opened.run(&self.path, view, &Fast::new(1))?;
        check_classes(&self.path, outputs.classes, &image.names)?;
        let names = class_names(own, outputs.classes, &image.names);
        let class = usize::from(outputs.predictions()[0]);
        let mut probabilities = outputs.logits;
        softmax(&mut probabilities);
        ui.block(picture(pixels, *width));
        ui.block(bars(&names, &probabilities));
        if let Some(label) = image.label {
            ui.say(format!("predicted: {} - is: {}", names[class], names[usize::from(label)]));
        }
        ui.result(&json!({
            "class": class,
            "label": names[class],
            "probabilities": probabilities,
            "true_class": image.label,
        }))
    }

    fn input(&self, own: &[String], ui: Ui) -> anyhow::Result<Input> {
        if let Some(path) = &self.image {
            return Ok(Input { picture: read_png(path)?, label: None, names: Vec::new() });
        }
        let mut test = self.dataset.load_test(&[&self.path], ui)?;
        known(&self.path, test.number_as(own))?;
        let (index, images) = (self.index.unwrap_or(0), test.examples.view());
        if index >= images.len() {
            bail!("--index {index}: the test images are 0 to {}", images.len() - 1);
        }
        let (pixels, label) = (images.slice(index..index + 1).bytes()?.to_vec(), Some(images.classes()?[index]));
        let picture = Picture { pixels, height: images.shape.height, width: images.shape.width };
        Ok(Input { picture, label, names: test.labels })
    }

    fn check_size(&self, opened: &Opened, view: View) -> anyhow::Result<()> {
        let size = opened.size(&self.path)?;
        match &self.image {
            Some(image) if !size.takes(view) => {
                let (shape, image, path) = (view.shape, image.display(), self.path.display());
                bail!("{image}: {shape} pixels, but {path} takes {size}; scale it first")
            }
            Some(_) => Ok(()),
            None => check_images(&self.path, size, view),
        }
    }
}

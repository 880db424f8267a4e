//! The task, inputs and outputs of a network, besides its layers.

use crate::network::groups::Groups;
use crate::network::pool;
use foldnet_data::{Dataset, InputType, Shape, Task};
use serde::{Deserialize, Serialize};

/// Task, inputs and outputs of a network. The default is classification of `u8` images.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct About {
    /// The task it was trained for.
    pub task: Task,
    /// Type of the raw inputs.
    #[serde(with = "input_type")]
    pub input: Input,
    /// `[height, width, channels]` of an example, whose product is the number of inputs, or of the values whose
    /// averages they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shape: Option<[usize; 3]>,
    /// Side of the squares of pixels whose averages are the inputs, which is 2; `None` if every value is an input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool: Option<usize>,
    /// Names of the channels, or empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<String>,
    /// The values it estimates, as many as it has outputs, or empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<Output>,
    /// The anomaly score above which an example is abnormal, if the network reconstructs its inputs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f32>,
    /// SHA-256, in hex, of the set on disk that it was trained on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
    /// The scales of each Dense in the file it was imported from, if that held integers; otherwise empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scales: Vec<Scales>,
    /// How the network was trained in integers, if it was: its weights are levels, which export uses unchanged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantized: Option<Quantized>,
}

/// The scales of a Dense in integers. At 8 bits, export keeps them where they are exact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scales {
    /// Real value of one step of a weight in each row `[O]`.
    pub rows: Vec<f32>,
    /// Real value of one step of an output, if outputs are integers: of a hidden layer, bytes that begin at 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<f32>,
}

/// How to read the kernels of a network that was trained in integers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quantized {
    /// Bits per weight of each Dense: 8, 4 or 2. Kernels of hidden layers hold the levels themselves.
    pub bits: Vec<u8>,
    /// Scales of the last Dense's rows, `[O]`; its kernel holds levels times the scale.
    pub scales: Vec<f32>,
    /// Conversion of raw values to the bytes of the first layer; `None` for `u8` and `i8`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub windows: Option<Windows>,
    /// Which values share an input, as determined by merging before training; none if every value is an input.
    #[serde(default, skip_serializing_if = "Groups::is_empty")]
    pub groups: Groups,
}

/// The windows of values that the 8 bits of an activation cover, as in the model file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Windows {
    /// The number of a [`Sharing`](foldnet_core::model::Sharing).
    pub sharing: u8,
    /// Two words each: [`InputMap::words`](foldnet_core::model::InputMap::words).
    pub maps: Vec<[u32; 2]>,
}

/// [`InputType`], `u8` by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Input(pub InputType);

impl Default for Input {
    fn default() -> Self {
        Self(InputType::U8)
    }
}

/// A value that a network estimates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Output {
    /// Its name, with its unit if it has one.
    pub name: String,
    /// Mean over the training examples. The network outputs real values; training subtracts this from the targets,
    pub mean: f32,
    /// and divides by this, which is positive.
    pub std: f32,
}

/// Serializes the type by its name.
mod input_type {
    use super::Input;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(value: &Input, to: S) -> Result<S::Ok, S::Error> {
        value.0.name().serialize(to)
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Input, D::Error> {
        String::deserialize(from)?.parse().map(Input).map_err(D::Error::custom)
    }
}

impl About {
    /// The description of a network for a set; targets have mean 0 and standard deviation 1 until they are measured.
    pub fn of(dataset: &Dataset) -> Self {
        let train = dataset.part(foldnet_data::Part::Train);
        let Shape { height, width, channels } = dataset.shape();
        let output = |name: &String| Output { name: name.clone(), mean: 0.0, std: 1.0 };
        Self {
            task: dataset.task,
            input: Input(train.inputs.input_type()),
            shape: Some([height, width, channels]),
            pool: None,
            channels: dataset.channels.clone(),
            outputs: dataset.outputs.iter().map(output).collect(),
            threshold: None,
            dataset: None,
            scales: Vec::new(),
            quantized: None,
        }
    }

    /// The groups of values that were merged before training in integers, if any.
    pub(crate) fn merged(&self) -> Option<&Groups> {
        self.quantized.as_ref().map(|quantized| &quantized.groups).filter(|groups| !groups.is_empty())
    }

    /// The bytes of [`dataset`](Self::dataset).
    pub fn digest(&self) -> Option<[u8; 32]> {
        let text = self.dataset.as_deref().filter(|text| text.len() == 64 && text.is_ascii())?;
        let mut digest = [0; 32];
        for (at, byte) in digest.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
        }
        Some(digest)
    }

    /// The shape of an example, in the terms of `foldnet_data`.
    pub fn data_shape(&self) -> Option<Shape> {
        self.shape.map(|[height, width, channels]| Shape { height, width, channels })
    }

    /// Number of values in an example for this number of inputs.
    ///
    /// # Errors
    /// As text, if examples of this shape and type cannot be pooled, or groups are not those of as many inputs.
    fn values(&self, inputs: usize) -> Result<usize, String> {
        if let Some(groups) = self.merged() {
            if self.pool.is_some() || self.task == Task::Reconstruct {
                return Err("merges inputs that it pools or reconstructs".into());
            }
            if groups.len() != inputs {
                return Err(format!("has {} groups of values for {inputs} inputs", groups.len()));
            }
            return Ok(groups.members().len());
        }
        let Some(side) = self.pool else { return Ok(inputs) };
        let shape = self.data_shape().ok_or("pools images, but does not state their shape")?;
        pool::check(side, shape, self.input.0)?;
        if self.task == Task::Reconstruct {
            return Err("pools inputs that it reconstructs".into());
        }
        inputs.checked_mul(side * side).ok_or_else(|| format!("pools images to {inputs} inputs"))
    }

    /// # Errors
    /// A message, if this contradicts a network with that many inputs and outputs.
    pub(super) fn check(&self, inputs: usize, outputs: usize) -> Result<(), String> {
        let inputs = self.values(inputs)?;
        let product =
            self.shape.map(|shape| shape.iter().try_fold(1_usize, |product, &size| product.checked_mul(size)));
        if product.is_some_and(|product| product != Some(inputs)) {
            return Err(format!("has a shape that is not of {inputs} inputs"));
        }
        let channels = self.shape.map_or(0, |[_, _, channels]| channels);
        if !self.channels.is_empty() && self.channels.len() != channels {
            return Err(format!("names {} channels of {channels}", self.channels.len()));
        }
        let usable = |output: &Output| output.mean.is_finite() && output.std.is_finite() && output.std > 0.0;
        // The one target column of classes has a name, too, and as many outputs as there are classes.
        let estimates = self.task == Task::Regress && !self.outputs.is_empty();
        if estimates && (self.outputs.len() != outputs || !self.outputs.iter().all(usable)) {
            return Err(format!("does not describe {outputs} outputs"));
        }
        if self.dataset.is_some() && self.digest().is_none() {
            return Err("has a digest of the set that is not one of 64 hexadecimal digits".into());
        }
        match self.task {
            Task::Reconstruct if inputs != outputs => {
                Err(format!("reconstructs {inputs} inputs with {outputs} outputs"))
            }
            _ if self.threshold.is_some_and(|threshold| !threshold.is_finite()) => {
                Err("has no finite threshold".into())
            }
            _ => Ok(()),
        }
    }
}

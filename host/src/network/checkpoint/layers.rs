//! The layers of a file that have variables, by kind and in order, with the names of the tool that wrote it.

use super::error::Fault;
use super::tensor::Tensor;
use foldnet_core::Layer;
use std::collections::BTreeMap;

/// Kinds of layers that have variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum LayerKind {
    Dense,
    BatchNorm,
}

/// Variables of a BatchNormalization, in the order of core's parameters.
pub(super) const BATCH_NORM: [&str; 4] = ["gamma", "beta", "moving_mean", "moving_variance"];

impl LayerKind {
    pub(super) const ALL: [Self; 2] = [Self::Dense, Self::BatchNorm];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Dense => "dense",
            Self::BatchNorm => "batch_normalization",
        }
    }

    /// Keras's names of the variables with PyTorch's.
    pub(super) fn variables(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Dense => &[("kernel", "weight"), ("bias", "bias")],
            Self::BatchNorm => &[
                ("gamma", "weight"),
                ("beta", "bias"),
                ("moving_mean", "running_mean"),
                ("moving_variance", "running_var"),
            ],
        }
    }

    /// Keras's name for the layer of this kind and number.
    pub(super) fn layer(self, number: u64) -> String {
        match number {
            0 => self.name().into(),
            _ => format!("{}_{number}", self.name()),
        }
    }
}

/// The variables of one layer.
#[derive(Debug, Clone)]
pub(super) struct Group<'f> {
    /// Scopes and layer, such as `sequential/dense_3`.
    pub(super) path: String,
    pub(super) kind: LayerKind,
    pub(super) number: u64,
    /// Tensors by Keras's names of the variables.
    pub(super) variables: BTreeMap<String, Tensor<'f>>,
    pub(super) origin: Origin,
}

impl<'f> Group<'f> {
    /// A layer at `path`, with the names used by `origin`.
    pub(super) fn of(
        origin: Origin,
        path: String,
        kind: LayerKind,
        number: u64,
        variables: BTreeMap<String, Tensor<'f>>,
    ) -> Self {
        Self { path, kind, number, variables, origin }
    }

    /// The file's name for a variable, given Keras's name.
    fn name(&self, variable: &str) -> String {
        let torch =
            self.kind.variables().iter().find(|(keras, _)| *keras == variable).map_or(variable, |(_, torch)| torch);
        match self.origin {
            Origin::Keras => format!("{}/{variable}", self.path),
            Origin::Torch => format!("{}.{torch}", self.path),
        }
    }

    pub(super) fn get(&self, variable: &str) -> Option<&Tensor<'f>> {
        self.variables.get(variable)
    }

    pub(super) fn require(&self, variable: &str) -> Result<&Tensor<'f>, Fault> {
        self.get(variable).ok_or_else(|| Fault::Missing { name: self.name(variable) })
    }

    /// The path that the next layer of this kind would have.
    pub(super) fn next_path(&self) -> String {
        let scopes = self.path.strip_suffix(&self.kind.layer(self.number)).unwrap_or_default();
        format!("{scopes}{}", self.kind.layer(self.number.saturating_add(1)))
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.variables.values().map(|tensor| tensor.name.as_str())
    }
}

/// The tool whose names a file uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Origin {
    /// Keras's, and our own.
    #[default]
    Keras,
    /// PyTorch's.
    Torch,
}

impl Origin {
    /// A BatchNormalization with the tool's defaults. PyTorch's momentum is the fraction of the new value.
    pub(super) fn batch_norm(self) -> Layer {
        match self {
            Self::Keras => Layer::batch_norm(),
            Self::Torch => Layer::BatchNorm { momentum: 1.0 - 0.1, epsilon: 1e-5 },
        }
    }
}

/// The contents of a file: each kind of layer in order.
#[derive(Debug, Default)]
pub(super) struct Layers<'f> {
    pub(super) origin: Origin,
    pub(super) dense: Vec<Group<'f>>,
    pub(super) batch_norm: Vec<Group<'f>>,
    pub(super) pixel_mean: Option<Tensor<'f>>,
    pub(super) pixel_std: Option<Tensor<'f>>,
}

/// Maximum number of names listed in a message.
const LISTED: usize = 4;

/// The fault for tensors that belong to no layer.
pub(super) fn unknown_names(names: Vec<String>) -> Fault {
    let more = names.len().saturating_sub(LISTED);
    let mut text = names[..names.len() - more].join(", ");
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    Fault::Unknown { names: text }
}

//! The conversion of an example's raw values to the 8 bits of a device's activations: windows of values, and inverted
//! bytes. The best ones for a network are found by `deploy::inputs`.

use super::checkpoint::{About, Checkpoint, Windows};
use super::groups::Groups;
use anyhow::{Context, ensure};
use foldnet_core::infer::Input as _;
use foldnet_core::model::{InputMap, InputSpec, InputType, Sharing};
use foldnet_data::{ValuesRef, View};
use foldnet_sim::described::core_type;

/// The conversion of an example's values to activations.
#[derive(Debug, Clone, PartialEq)]
pub struct Inputs {
    kind: InputType,
    sharing: Sharing,
    maps: Vec<InputMap>,
    /// Which bytes are inverted (`255 - x`); empty if none is.
    inverted: Vec<bool>,
    channels: usize,
    /// Which activations share an input of the first layer.
    groups: Groups,
}

impl Inputs {
    /// No conversion, for a float model.
    pub fn plain(view: View) -> Self {
        let kind = core_type(view.inputs.input_type());
        Self {
            kind,
            sharing: Sharing::None,
            maps: Vec::new(),
            inverted: Vec::new(),
            channels: view.shape.channels,
            groups: Groups::default(),
        }
    }

    /// The same with these windows, shared as stated.
    pub(crate) fn mapped(self, sharing: Sharing, maps: Vec<InputMap>) -> Self {
        Self { sharing, maps, ..self }
    }

    /// The same with these bytes inverted; none if the list is empty.
    pub(crate) fn with_inversion(self, inverted: Vec<bool>) -> Self {
        Self { inverted, ..self }
    }

    /// The same without inversion, for a network that was trained on averages of bytes: averages round halves up.
    pub fn without_inversion(self) -> Self {
        self.with_inversion(Vec::new())
    }

    /// The windows of a network that was trained in integers.
    ///
    /// # Errors
    /// As text, if its windows are not valid in a model file.
    pub fn trained(checkpoint: &Checkpoint) -> anyhow::Result<Self> {
        let About { input, quantized, .. } = &checkpoint.about;
        let kind = core_type(input.0);
        let channels = checkpoint.about.data_shape().map_or(1, |shape| shape.channels);
        let (mut sharing, mut maps) = (Sharing::None, Vec::new());
        if let Some(windows) = quantized.as_ref().and_then(|quantized| quantized.windows.as_ref()) {
            sharing = Sharing::from_number(windows.sharing).context("windows with an unknown kind of sharing")?;
            maps = windows.maps.iter().map(|&words| InputMap::from_words(words, kind)).collect();
        }
        ensure!(
            maps.len() == sharing.maps(checkpoint.values(), channels) && kind.is_mapped() != maps.is_empty(),
            "{} windows of its inputs",
            maps.len()
        );
        let groups = checkpoint.groups();
        Ok(Self { kind, sharing, maps, channels, groups, inverted: Vec::new() })
    }

    /// The windows to keep in a checkpoint.
    pub fn windows(&self) -> Option<Windows> {
        let maps = self.maps.iter().map(|map| map.words()).collect();
        self.kind.is_mapped().then_some(Windows { sharing: self.sharing as u8, maps })
    }

    /// The section of the model file.
    pub fn spec(&self) -> InputSpec<'_> {
        let (fours, twos) = self.groups.sizes();
        InputSpec {
            kind: self.kind,
            sharing: self.sharing,
            maps: &self.maps,
            inverted: &self.inverted,
            fours,
            twos,
            members: self.groups.members(),
        }
    }

    /// The same with averages of groups as the first layer's inputs.
    pub fn grouped(&self, groups: &Groups) -> Self {
        Self { groups: groups.clone(), ..self.clone() }
    }

    /// `(step, low)` of value number `value`: activation `a` stands for `low + a step`.
    pub fn step_and_low(&self, value: usize) -> (f64, f64) {
        match self.kind {
            InputType::I8 => (1.0, -128.0),
            InputType::U8 if self.inverts(value) => (-1.0, 255.0),
            _ => self.map(value).map_or((1.0, 0.0), InputMap::step_and_low),
        }
    }

    /// Whether a value is inverted.
    pub(crate) fn inverts(&self, value: usize) -> bool {
        self.inverted.get(value).copied().unwrap_or(false)
    }

    fn map(&self, value: usize) -> Option<InputMap> {
        let at = match self.sharing {
            Sharing::None => return None,
            Sharing::All => 0,
            Sharing::Channel => value % self.channels,
            Sharing::Input => value,
        };
        self.maps.get(at).copied()
    }

    /// The activations of examples, `[N][I]`, bit-identical to a device's.
    pub fn codes(&self, values: ValuesRef, inputs: usize) -> Vec<u8> {
        let map = |at: usize| self.map(at % inputs).unwrap_or(InputMap::NONE);
        macro_rules! codes {
            ($values:expr) => {
                $values.iter().enumerate().map(|(at, value)| value.activation(map(at))).collect()
            };
        }
        match values {
            ValuesRef::U8(values) => {
                values.iter().enumerate().map(|(at, &x)| if self.inverts(at % inputs) { 255 - x } else { x }).collect()
            }
            ValuesRef::I8(values) => codes!(values),
            ValuesRef::I16(values) => codes!(values),
            ValuesRef::U16(values) => codes!(values),
            ValuesRef::F32(values) => codes!(values),
        }
    }

    /// The values in steps of activations, neither rounded nor clamped, `[N][I]`.
    pub fn in_steps(&self, values: ValuesRef, inputs: usize) -> Vec<f64> {
        let real = |at: usize| {
            let (step, low) = self.step_and_low(at % inputs);
            (f64::from(values.get(at)) - low) / step
        };
        (0..values.len()).map(real).collect()
    }
}

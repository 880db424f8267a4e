//! The head section: the meaning of the last layer's outputs.
//!
//! | bytes | contents |
//! |---|---|
//! | 0 | kind: 0 softmax, 1 sigmoid, 2 values, 3 reconstruction |
//! | 1 | shift, 0 to 30, for an integer model's reconstruction; otherwise 0 |
//! | 2..4 | 0 |
//! | 4..8 | score scale, `f32`, for a reconstruction; otherwise 0 |
//! | 8..16 | threshold, `u64`, for a reconstruction; otherwise 0 |
//! | 16.. | values: `[outputs]`, 8 bytes each: scale `f32`, offset `f32` |
//! | | reconstruction: `[outputs]`, 8 bytes each: `a`, `b`, both `i32`, in a float model `f32` |
//!
//! * Softmax: the class is that of the largest output, the first if several are equal.
//! * Sigmoid: one output; the class is 1 if it is above 0, otherwise 0.
//! * Values: `value_o = z_o scale_o + offset_o`, where `z_o` is the real value of output `o`.
//! * Reconstruction: the first layer's inputs are compared with the outputs. With `c_o` the activation that is input
//!   `o`, `e_o = z_o - ((c_o a_o + b_o) >> shift)`, in steps of the outputs, and `sum = sum_o e_o^2` as `u64`, which
//!   saturates. The score, the mean squared error in the units of training, is `sum * score scale`. The example is
//!   abnormal if `sum > threshold`. In a float model `e_o = z_o - (x_o a_o + b_o)` in f32, output by output. The bits
//!   of the `f32` sum take the place of `sum`, and likewise for the threshold: non-negative floats are ordered like
//!   their bits.

/// The meaning of a model's outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum HeadKind {
    /// One of several classes.
    Softmax = 0,
    /// One of two classes, from one output.
    Sigmoid = 1,
    /// Real values.
    Values = 2,
    /// An anomaly score: the distance between the outputs and the inputs.
    Reconstruction = 3,
}

impl HeadKind {
    /// The kind with this number in the file.
    const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Softmax),
            1 => Some(Self::Sigmoid),
            2 => Some(Self::Values),
            3 => Some(Self::Reconstruction),
            _ => None,
        }
    }

    /// The name of the kind.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Softmax => "softmax",
            Self::Sigmoid => "sigmoid",
            Self::Values => "values",
            Self::Reconstruction => "reconstruction",
        }
    }
}

/// Bytes before the table.
const PREFIX: usize = 16;

/// The head section as stored in the file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HeadSection<'a>(pub(crate) &'a [u8]);

impl<'a> HeadSection<'a> {
    /// The kind.
    pub(crate) fn kind(self) -> Option<HeadKind> {
        HeadKind::from_number(*self.0.first()?)
    }

    /// Right-shift of the targets of a reconstruction.
    pub(crate) fn shift(self) -> u32 {
        self.0.get(1).map_or(0, |&shift| u32::from(shift) & 31)
    }

    /// Real value of one step of a reconstruction's sum.
    pub(crate) fn score_scale(self) -> f32 {
        self.0.get(4..8).and_then(|bytes| bytes.try_into().ok()).map_or(0.0, f32::from_le_bytes)
    }

    /// The largest sum that is normal.
    pub(crate) fn threshold(self) -> u64 {
        self.0.get(8..PREFIX).and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_le_bytes)
    }

    /// Two words per output, or empty.
    pub(crate) fn table(self) -> &'a [[u32; 2]] {
        self.0.get(PREFIX..).and_then(|table| bytemuck::try_cast_slice(table).ok()).unwrap_or(&[])
    }

    /// Whether the section is valid for a model with `outputs` outputs, whose first layer has `inputs` inputs.
    pub(crate) fn check(self, outputs: u16, inputs: u16) -> Option<()> {
        let kind = self.kind()?;
        if !cfg!(feature = "heads") {
            return (kind == HeadKind::Softmax && self.0.len() == PREFIX).then_some(());
        }
        let rows = match kind {
            HeadKind::Softmax | HeadKind::Sigmoid => 0,
            HeadKind::Values | HeadKind::Reconstruction => usize::from(outputs),
        };
        let fits = match kind {
            HeadKind::Sigmoid => outputs == 1,
            HeadKind::Reconstruction => outputs == inputs,
            HeadKind::Softmax | HeadKind::Values => true,
        };
        (fits && self.0.len() == PREFIX + 8 * rows && self.0.get(1).is_some_and(|&shift| shift <= 30)).then_some(())
    }
}

/// The anomaly score of an example. It is computed in integers; only [`value`](Self::value) uses floats.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Score {
    sum: u64,
    scale: f32,
}

impl Score {
    /// In a float model, `sum` holds the bits of the score, and `scale` is 0.
    pub(crate) const fn new(sum: u64, scale: f32) -> Self {
        Self { sum, scale }
    }

    /// Sum of squared errors in steps of the model's outputs; larger means less normal. For a float model, the bits of
    /// the sum as `f32`.
    pub const fn sum(self) -> u64 {
        self.sum
    }

    /// The mean squared error in the units of training.
    pub fn value(self) -> f32 {
        if self.scale == 0.0 { f32::from_bits(self.sum as u32) } else { self.sum as f32 * self.scale }
    }
}

/// The meaning of a model's outputs, to be written.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum HeadSpec<'a> {
    /// Classes.
    #[default]
    Softmax,
    /// Two classes, one output.
    Sigmoid,
    /// Scale and offset of every output: finite.
    Values(&'a [[f32; 2]]),
    /// Reconstruction of the first layer's inputs, in an integer model.
    Reconstruction {
        /// `a` and `b` of every output: at most 2^22 and 2^30 in magnitude.
        targets: &'a [[i32; 2]],
        /// 0 to 30.
        shift: u8,
        /// Real value of one step of the sum of squares.
        score_scale: f32,
        /// The largest sum of squares that is normal.
        threshold: u64,
    },
    /// Reconstruction in a float model.
    FloatReconstruction {
        /// `a` and `b` of every output: finite.
        targets: &'a [[f32; 2]],
        /// 1 divided by the number of outputs.
        score_scale: f32,
        /// The largest sum of squares that is normal; not negative.
        threshold: f32,
    },
}

impl HeadSpec<'_> {
    /// Whether all numbers are in range; `float` says whether the model is a float model.
    pub(super) fn check(&self, float: bool) -> Option<()> {
        let finite = |rows: &[[f32; 2]]| rows.iter().flatten().all(|value| value.is_finite());
        let right = match *self {
            Self::Softmax | Self::Sigmoid => true,
            Self::Values(rows) => finite(rows),
            Self::Reconstruction { targets, shift, score_scale, .. } => {
                let fits = |&[a, b]: &[i32; 2]| a.unsigned_abs() <= 1 << 22 && b.unsigned_abs() <= 1 << 30;
                !float && shift <= 30 && score_scale.is_finite() && targets.iter().all(fits)
            }
            Self::FloatReconstruction { targets, score_scale, threshold } => {
                float && finite(targets) && score_scale.is_finite() && threshold >= 0.0
            }
        };
        right.then_some(())
    }

    /// The bytes before the table.
    pub(super) fn prefix(&self) -> [u8; PREFIX] {
        let (kind, shift, scale, threshold) = match *self {
            Self::Softmax => (HeadKind::Softmax, 0, 0.0, 0),
            Self::Sigmoid => (HeadKind::Sigmoid, 0, 0.0, 0),
            Self::Values(_) => (HeadKind::Values, 0, 0.0, 0),
            Self::Reconstruction { shift, score_scale, threshold, .. } => {
                (HeadKind::Reconstruction, shift, score_scale, threshold)
            }
            Self::FloatReconstruction { score_scale, threshold, .. } => {
                (HeadKind::Reconstruction, 0, score_scale, u64::from(threshold.to_bits()))
            }
        };
        let mut bytes = [0; PREFIX];
        (bytes[0], bytes[1]) = (kind as u8, shift);
        bytes[4..8].copy_from_slice(&scale.to_le_bytes());
        bytes[8..].copy_from_slice(&threshold.to_le_bytes());
        bytes
    }

    /// Number of rows in the table.
    pub(super) fn rows(&self) -> usize {
        match self {
            Self::Softmax | Self::Sigmoid => 0,
            Self::Values(rows) => rows.len(),
            Self::Reconstruction { targets, .. } => targets.len(),
            Self::FloatReconstruction { targets, .. } => targets.len(),
        }
    }

    /// A row of the table as words.
    pub(super) fn row(&self, row: usize) -> [u32; 2] {
        match self {
            Self::Softmax | Self::Sigmoid => None,
            Self::Values(rows) => rows.get(row).map(|row| row.map(f32::to_bits)),
            Self::Reconstruction { targets, .. } => targets.get(row).map(|row| row.map(|value| value as u32)),
            Self::FloatReconstruction { targets, .. } => targets.get(row).map(|row| row.map(f32::to_bits)),
        }
        .unwrap_or_default()
    }
}

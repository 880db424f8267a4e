//! The input section: the type of a model's values, and their conversion to the first layer's inputs.
//!
//! | bytes | contents |
//! |---|---|
//! | 0 | type: 0 `u8`, 1 `i8`, 2 `i16`, 3 `u16`, 4 `f32`, 5 `u8` of which some are inverted |
//! | 1 | sharing: 0 no maps, 1 one for all values, 2 one for each channel, 3 one for each value |
//! | 2..4 | number of maps, `u16` |
//! | 4..6 | number of inputs that are averages of four values, `u16` |
//! | 6..8 | number of inputs that are averages of two values, `u16` |
//! | 8.. | maps, 8 bytes each: `low` `i32`, `m` `u16`, `s` `u8`, 0; for `f32`: `low` `f32`, `m` `f32`; for type 5: 64 bits |
//! | | members, `u16`: the values of all averages of four, then of two, then single values; or none |
//!
//! Without members, every value is an input. `u8`, `i8` and float models have no maps. With type 5, sharing is 0 and
//! bit `v % 64` of map `v / 64` says whether value `v` is inverted (`255 - x`); bits beyond the values are 0. A program
//! that does not know type 5 refuses the model because of its type.

/// The type of a model's inputs. `foldnet-data` has its own, of data sets: neither crate depends on the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum InputType {
    /// 0 to 255, for example pixels.
    U8 = 0,
    /// -128 to 127, for example features that are already quantized.
    I8 = 1,
    /// -32,768 to 32,767, for example samples of an accelerometer or a microphone.
    I16 = 2,
    /// 0 to 65,535, for example counts of an analog-to-digital converter.
    U16 = 3,
    /// Any real number.
    F32 = 4,
}

impl InputType {
    /// All types.
    pub const ALL: [Self; 5] = [Self::U8, Self::I8, Self::I16, Self::U16, Self::F32];

    /// The type's name in Rust.
    pub const fn name(self) -> &'static str {
        match self {
            Self::U8 => "u8",
            Self::I8 => "i8",
            Self::I16 => "i16",
            Self::U16 => "u16",
            Self::F32 => "f32",
        }
    }

    /// Size of a value in bytes.
    pub const fn bytes(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::F32 => 4,
        }
    }

    /// The type with this number in the file.
    pub(crate) const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::U8),
            1 => Some(Self::I8),
            2 => Some(Self::I16),
            3 => Some(Self::U16),
            4 => Some(Self::F32),
            _ => None,
        }
    }

    /// Whether this kind of map applies to values of this type.
    pub(crate) const fn is_mapped_by(self, map: &InputMap) -> bool {
        matches!((self, map), (Self::F32, InputMap::Float { .. }) | (Self::I16 | Self::U16, InputMap::Integer { .. }))
    }

    /// Whether values are converted to activations by a window with `low`, `m` and `s`.
    pub const fn is_mapped(self) -> bool {
        !matches!(self, Self::U8 | Self::I8)
    }
}

/// How many values share a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Sharing {
    /// There are no maps.
    #[default]
    None = 0,
    /// All values share one map.
    All = 1,
    /// The values of a channel share one map.
    Channel = 2,
    /// Each value has its own map.
    Input = 3,
}

impl Sharing {
    /// The sharing with this number in the file.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::None),
            1 => Some(Self::All),
            2 => Some(Self::Channel),
            3 => Some(Self::Input),
            _ => None,
        }
    }

    /// Number of maps.
    pub const fn maps(self, values: usize, channels: usize) -> usize {
        match self {
            Self::None => 0,
            Self::All => 1,
            Self::Channel => channels,
            Self::Input => values,
        }
    }
}

/// The window of values that the 8 bits of an activation cover.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum InputMap {
    /// For `i16` and `u16`: `((x - low) multiplier + half) >> shift`.
    Integer {
        /// The value of activation 0, within the range of the type.
        low: i32,
        /// Below 2^14.
        multiplier: u16,
        /// 0 to 30.
        shift: u8,
    },
    /// For `f32`: `(x - low) scale`.
    Float {
        /// Finite.
        low: f32,
        /// Finite and above 0.
        scale: f32,
    },
}

impl InputMap {
    /// The map of `u8` and `i8`, which do not use it.
    pub const NONE: Self = Self::Integer { low: 0, multiplier: 1, shift: 0 };

    /// The two words in the file.
    pub const fn words(self) -> [u32; 2] {
        match self {
            Self::Integer { low, multiplier, shift } => [low as u32, multiplier as u32 | (shift as u32) << 16],
            Self::Float { low, scale } => [low.to_bits(), scale.to_bits()],
        }
    }

    /// The real value of one step of an activation, and the value of activation 0.
    pub fn step_and_low(self) -> (f64, f64) {
        match self {
            Self::Integer { low, multiplier, shift } => {
                ((1u64 << (shift & 31)) as f64 / f64::from(multiplier), f64::from(low))
            }
            Self::Float { low, scale } => (1.0 / f64::from(scale), f64::from(low)),
        }
    }

    /// Decodes the two words of the file for values of this type.
    pub const fn from_words([low, rest]: [u32; 2], kind: InputType) -> Self {
        match kind {
            InputType::F32 => Self::Float { low: f32::from_bits(low), scale: f32::from_bits(rest) },
            _ => Self::Integer { low: low as i32, multiplier: rest as u16, shift: (rest >> 16) as u8 },
        }
    }
}

/// Whether a map, given as two words, is valid for its type.
fn is_valid(words: [u32; 2], kind: InputType) -> bool {
    let range = match kind {
        InputType::I16 => i32::from(i16::MIN)..=i32::from(i16::MAX),
        _ => 0..=i32::from(u16::MAX),
    };
    match InputMap::from_words(words, kind) {
        InputMap::Integer { low, multiplier, shift } => {
            range.contains(&low) && multiplier < 1 << 14 && shift <= 30 && words[1] >> 24 == 0
        }
        InputMap::Float { low, scale } => low.is_finite() && scale.is_finite() && scale > 0.0,
    }
}

/// How raw values become the first layer's inputs: the model's input section, in place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Conversion<'a> {
    /// Values are `u8`, and `maps` has one bit for each value that says whether it is inverted.
    pub(crate) inverted: bool,
    pub(crate) sharing: Sharing,
    pub(crate) channels: u16,
    /// Averages of four values, which come first.
    pub(crate) fours: u16,
    /// Averages of two values, which come next.
    pub(crate) twos: u16,
    /// Two little-endian words each.
    pub(crate) maps: &'a [[u32; 2]],
    /// The values that each input is the average of, little-endian; empty if every value is an input.
    pub(crate) members: &'a [u16],
}

impl Conversion<'_> {
    /// Every value is an input, unchanged.
    pub(crate) const NONE: Self =
        Self { inverted: false, sharing: Sharing::None, channels: 1, fours: 0, twos: 0, maps: &[], members: &[] };

    /// Whether even `u8` values have to be converted.
    pub(crate) const fn converts_bytes(&self) -> bool {
        self.inverted || !self.members.is_empty()
    }

    /// The mask for activation number `value`: `x ^ 0xff` is `255 - x`.
    #[inline(always)]
    pub(crate) fn mask(&self, value: usize) -> u8 {
        if !self.inverted {
            return 0;
        }
        let word = self.maps.as_flattened().get(value / 32).map_or(0, |&word| u32::from_le(word));
        ((word >> (value % 32) & 1) as u8).wrapping_neg()
    }
}

/// Number of the type `u8` with some inverted values.
const INVERTED: u8 = 5;

/// Number of values covered by one map of this type.
const MAP_BITS: usize = 64;

/// Bytes before the maps.
const PREFIX: usize = 8;

/// The input section as stored in the file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InputSection<'a>(pub(crate) &'a [u8]);

impl<'a> InputSection<'a> {
    /// The type of a value.
    pub(crate) fn kind(self) -> Option<InputType> {
        match *self.0.first()? {
            INVERTED => Some(InputType::U8),
            number => InputType::from_number(number),
        }
    }

    /// Whether the maps say which values are inverted.
    fn is_inverted(self) -> bool {
        self.0.first() == Some(&INVERTED)
    }

    /// The parts of the section, whose sizes are not checked yet; `channels` is that of an example.
    pub(crate) fn conversion(self, channels: u16) -> Option<Conversion<'a>> {
        let (&[_, sharing, m0, m1, f0, f1, t0, t1], rest) = self.0.split_first_chunk::<PREFIX>()?;
        let (maps, members) = rest.split_at_checked(usize::from(u16::from_le_bytes([m0, m1])) * 8)?;
        Some(Conversion {
            inverted: self.is_inverted(),
            sharing: Sharing::from_number(sharing)?,
            channels,
            fours: u16::from_le_bytes([f0, f1]),
            twos: u16::from_le_bytes([t0, t1]),
            maps: bytemuck::try_cast_slice(maps).ok()?,
            members: bytemuck::try_cast_slice(members).ok()?,
        })
    }

    /// Whether the section is valid for examples of `values` values in `channels` channels, and a model whose first
    /// layer has `inputs` inputs, float or not.
    pub(crate) fn check(self, values: u16, channels: u16, inputs: u16, float: bool) -> Option<()> {
        if !cfg!(feature = "inputs") {
            // Unconverted `u8` values: the section's type is 0 and nothing follows its prefix.
            let plain = self.0.len() == PREFIX && self.0.iter().all(|&byte| byte == 0);
            return (plain && inputs == values).then_some(());
        }
        let (kind, conversion) = (self.kind()?, self.conversion(channels)?);
        let Conversion { sharing, fours, twos, maps, members, .. } = conversion;
        let mapped = kind.is_mapped() && !float;
        let (fits, right) = if conversion.inverted {
            (sharing == Sharing::None && !float, maps_invert(maps, values))
        } else {
            let count = sharing.maps(values.into(), channels.into());
            let valid = maps.iter().all(|&[low, rest]| is_valid([u32::from_le(low), u32::from_le(rest)], kind));
            (maps.len() == count && mapped == (sharing != Sharing::None), valid)
        };
        let (averages, inputs) = (usize::from(fours) + usize::from(twos), usize::from(inputs));
        let grouped = if members.is_empty() {
            averages == 0 && inputs == usize::from(values)
        } else {
            let names = members.iter().all(|&value| u16::from_le(value) < values);
            averages <= inputs && members.len() == inputs + 3 * usize::from(fours) + usize::from(twos) && names
        };
        (fits && right && grouped).then_some(())
    }

    /// The maps.
    pub(crate) fn maps(self) -> impl Iterator<Item = InputMap> + use<'a> {
        let kind = self.kind().unwrap_or(InputType::U8);
        let conversion = self.conversion(1).filter(|conversion| !conversion.inverted);
        let maps = conversion.map_or(&[][..], |conversion| conversion.maps);
        maps.iter().map(move |&[low, rest]| InputMap::from_words([u32::from_le(low), u32::from_le(rest)], kind))
    }
}

/// Whether there is a bit for each of `values` values, and none is set beyond.
fn maps_invert(maps: &[[u32; 2]], values: u16) -> bool {
    let values = usize::from(values);
    let beyond = |bit: usize| maps.get(bit / MAP_BITS).is_some_and(|map| inverts(map, bit % MAP_BITS));
    maps.len() == values.div_ceil(MAP_BITS) && !(values..maps.len() * MAP_BITS).any(beyond)
}

/// Bit `bit` of a map of [`MAP_BITS`].
fn inverts(&[low, high]: &[u32; 2], bit: usize) -> bool {
    u32::from_le(if bit < 32 { low } else { high }) >> (bit % 32) & 1 != 0
}

/// The type of a model's values, and their conversion to the first layer's inputs. The default is unchanged `u8`.
#[derive(Debug, Clone, Copy)]
pub struct InputSpec<'a> {
    /// The type of a value.
    pub kind: InputType,
    /// How many values share a map; [`Sharing::None`] for `u8`, `i8` and float models.
    pub sharing: Sharing,
    /// The maps; their number is [`Sharing::maps`].
    pub maps: &'a [InputMap],
    /// For `u8`: which values are inverted (`255 - x`) before anything else; empty if none is.
    pub inverted: &'a [bool],
    /// Number of averages of four values: the first inputs of the first layer.
    pub fours: u16,
    /// Number of averages of two values: its next inputs.
    pub twos: u16,
    /// The values of every average of four, then of two, then single values; empty if every value is an input.
    pub members: &'a [u16],
}

impl Default for InputSpec<'_> {
    fn default() -> Self {
        Self { kind: InputType::U8, sharing: Sharing::None, maps: &[], inverted: &[], fours: 0, twos: 0, members: &[] }
    }
}

impl InputSpec<'_> {
    /// Whether the first layer's inputs differ from the bytes of the values.
    pub(super) fn is_converted(&self) -> bool {
        self.kind != InputType::U8 || !self.members.is_empty() || !self.inverted.is_empty()
    }

    /// Whether a value is inverted.
    fn inverts(&self, value: usize) -> bool {
        self.inverted.get(value).copied().unwrap_or(false)
    }

    /// Whether inversion is only used with `u8`, and `inverted` is empty or has an entry for every value.
    pub(super) fn inverts_all_or_none(&self, values: u16) -> bool {
        let right = self.kind == InputType::U8 && self.inverted.len() == usize::from(values) && self.maps.is_empty();
        self.inverted.is_empty() || right
    }

    /// The section's bytes, one after the other.
    pub(super) fn bytes(&self) -> impl Iterator<Item = u8> {
        let count = self.maps.len() + self.inverted.len().div_ceil(MAP_BITS);
        let ([m0, m1], [f0, f1], [t0, t1]) =
            ((count as u16).to_le_bytes(), self.fours.to_le_bytes(), self.twos.to_le_bytes());
        let kind = if self.inverted.is_empty() { self.kind as u8 } else { INVERTED };
        let prefix: [u8; PREFIX] = [kind, self.sharing as u8, m0, m1, f0, f1, t0, t1];
        let maps = self.maps.iter().flat_map(|map| map.words()).flat_map(u32::to_le_bytes);
        let byte = |byte: usize| (0..8).fold(0, |bits, bit| bits | u8::from(self.inverts(8 * byte + bit)) << bit);
        let inverted = (0..self.inverted.len().div_ceil(MAP_BITS) * MAP_BITS / 8).map(byte);
        prefix.into_iter().chain(maps).chain(inverted).chain(self.members.iter().copied().flat_map(u16::to_le_bytes))
    }
}

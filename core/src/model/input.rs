//! The input section: what type of values a model takes, and how they become the first layer's inputs.
//!
//! | bytes | what |
//! |---|---|
//! | 0 | type: 0 `u8`, 1 `i8`, 2 `i16`, 3 `u16`, 4 `f32`, 5 `u8` of which some are turned around |
//! | 1 | sharing: 0 no maps, 1 one for all values, 2 one for each channel, 3 one for each value |
//! | 2..4 | number of maps, `u16` |
//! | 4..6 | inputs that are averages of four values, `u16` |
//! | 6..8 | inputs that are averages of two values, `u16` |
//! | 8.. | maps, 8 bytes each: `low` `i32`, `m` `u16`, `s` `u8`, 0; of `f32`: `low` `f32`, `m` `f32`; of type 5: 64 bits |
//! | | members `u16`: the values of all averages of four, of two, and those that are inputs alone; or none |
//!
//! Without members every value is an input. `u8` and `i8` have no maps, nor has a float model. Of type 5, with sharing 0,
//! bit `v % 64` of map `v / 64` says whether value `v` is turned around, `255 - x`; bits beyond the values are 0. A program
//! that does not know type 5 refuses the model, as one of a type that it does not take.

use crate::infer::InputType;
use crate::infer::input::Conversion;

/// How many values share a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Sharing {
    /// There are none.
    #[default]
    None = 0,
    /// All values.
    All = 1,
    /// Those of a channel.
    Channel = 2,
    /// Each has its own.
    Input = 3,
}

impl Sharing {
    /// By its number in the file.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::None),
            1 => Some(Self::All),
            2 => Some(Self::Channel),
            3 => Some(Self::Input),
            _ => None,
        }
    }

    /// How many maps there are.
    pub const fn maps(self, values: usize, channels: usize) -> usize {
        match self {
            Self::None => 0,
            Self::All => 1,
            Self::Channel => channels,
            Self::Input => values,
        }
    }
}

/// The window of values that 8 bits tell apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum InputMap {
    /// For `i16` and `u16`: `((x - low) multiplier + half) >> shift`.
    Integer {
        /// A value of the type.
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
    /// What `u8` and `i8` have; it does not matter to them.
    pub const NONE: Self = Self::Integer { low: 0, multiplier: 1, shift: 0 };

    /// As two words of the file.
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

    /// From the two words of the file, for values of a type.
    pub const fn from_words([low, rest]: [u32; 2], kind: InputType) -> Self {
        match kind {
            InputType::F32 => Self::Float { low: f32::from_bits(low), scale: f32::from_bits(rest) },
            _ => Self::Integer { low: low as i32, multiplier: rest as u16, shift: (rest >> 16) as u8 },
        }
    }
}

/// Whether a map, as two words, is one of its type.
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

/// The type of `u8` values of which some are turned around.
const TURNED: u8 = 5;

/// Values for which a map of this type has bits.
const TURNED_BITS: usize = 64;

/// Bytes in front of the maps.
const PREFIX: usize = 8;

/// The input section as it lies in the file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InputSection<'a>(pub(crate) &'a [u8]);

impl<'a> InputSection<'a> {
    /// The type of a value.
    pub(crate) fn kind(self) -> Option<InputType> {
        match *self.0.first()? {
            TURNED => Some(InputType::U8),
            number => InputType::from_number(number),
        }
    }

    /// Whether the maps say which values are turned around.
    fn is_turned(self) -> bool {
        self.0.first() == Some(&TURNED)
    }

    /// The section's parts, which need not fit together; `channels` are those of an example.
    pub(crate) fn conversion(self, channels: u16) -> Option<Conversion<'a>> {
        let (&[_, sharing, m0, m1, f0, f1, t0, t1], rest) = self.0.split_first_chunk::<PREFIX>()?;
        let (maps, members) = rest.split_at_checked(usize::from(u16::from_le_bytes([m0, m1])) * 8)?;
        Some(Conversion {
            turned: self.is_turned(),
            sharing: Sharing::from_number(sharing)?,
            channels,
            fours: u16::from_le_bytes([f0, f1]),
            twos: u16::from_le_bytes([t0, t1]),
            maps: bytemuck::try_cast_slice(maps).ok()?,
            members: bytemuck::try_cast_slice(members).ok()?,
        })
    }

    /// Whether the section is right for examples of `values` values in `channels` channels, and a model whose first layer
    /// has `inputs` inputs, float or not.
    pub(crate) fn check(self, values: u16, channels: u16, inputs: u16, float: bool) -> Option<()> {
        if !cfg!(feature = "inputs") {
            // `u8` values as they are: the section is 0, and nothing behind its prefix.
            let plain = self.0.len() == PREFIX && self.0.iter().all(|&byte| byte == 0);
            return (plain && inputs == values).then_some(());
        }
        let (kind, conversion) = (self.kind()?, self.conversion(channels)?);
        let Conversion { sharing, fours, twos, maps, members, .. } = conversion;
        let mapped = kind.is_mapped() && !float;
        let (fits, right) = if conversion.turned {
            (sharing == Sharing::None && !float, maps_turn(maps, values))
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
        let conversion = self.conversion(1).filter(|conversion| !conversion.turned);
        let maps = conversion.map_or(&[][..], |conversion| conversion.maps);
        maps.iter().map(move |&[low, rest]| InputMap::from_words([u32::from_le(low), u32::from_le(rest)], kind))
    }
}

/// Whether there is a bit for each of `values` values, and none beyond.
fn maps_turn(maps: &[[u32; 2]], values: u16) -> bool {
    let values = usize::from(values);
    let beyond = |bit: usize| maps.get(bit / TURNED_BITS).is_some_and(|map| turns(map, bit % TURNED_BITS));
    maps.len() == values.div_ceil(TURNED_BITS) && !(values..maps.len() * TURNED_BITS).any(beyond)
}

/// Bit `bit` of a map of [`TURNED_BITS`].
fn turns(&[low, high]: &[u32; 2], bit: usize) -> bool {
    u32::from_le(if bit < 32 { low } else { high }) >> (bit % 32) & 1 != 0
}

/// What values a model takes, and how they become the first layer's inputs. The default is `u8`, as they are.
#[derive(Debug, Clone, Copy)]
pub struct InputSpec<'a> {
    /// The type of a value.
    pub kind: InputType,
    /// How many values share a map; [`Sharing::None`] for `u8`, `i8` and float models.
    pub sharing: Sharing,
    /// As many as [`Sharing::maps`].
    pub maps: &'a [InputMap],
    /// Of `u8`: which values are turned around, `255 - x`, before anything else; empty if none is.
    pub turned: &'a [bool],
    /// Averages of four values, the first layer's first inputs.
    pub fours: u16,
    /// Averages of two values, its next inputs.
    pub twos: u16,
    /// The values of every average of four, of two, and those that are inputs alone; empty where every value is an input.
    pub members: &'a [u16],
}

impl Default for InputSpec<'_> {
    fn default() -> Self {
        Self { kind: InputType::U8, sharing: Sharing::None, maps: &[], turned: &[], fours: 0, twos: 0, members: &[] }
    }
}

impl InputSpec<'_> {
    /// Whether the first layer's inputs are other bytes than the values.
    pub(super) fn is_converted(&self) -> bool {
        self.kind != InputType::U8 || !self.members.is_empty() || !self.turned.is_empty()
    }

    /// Whether a value is turned around.
    fn turns(&self, value: usize) -> bool {
        self.turned.get(value).copied().unwrap_or(false)
    }

    /// Whether only `u8` values are turned around, and each is either or not.
    pub(super) fn turns_all_or_none(&self, values: u16) -> bool {
        let right = self.kind == InputType::U8 && self.turned.len() == usize::from(values) && self.maps.is_empty();
        self.turned.is_empty() || right
    }

    /// The section's bytes, one after the other.
    pub(super) fn bytes(&self) -> impl Iterator<Item = u8> {
        let count = self.maps.len() + self.turned.len().div_ceil(TURNED_BITS);
        let ([m0, m1], [f0, f1], [t0, t1]) =
            ((count as u16).to_le_bytes(), self.fours.to_le_bytes(), self.twos.to_le_bytes());
        let kind = if self.turned.is_empty() { self.kind as u8 } else { TURNED };
        let prefix: [u8; PREFIX] = [kind, self.sharing as u8, m0, m1, f0, f1, t0, t1];
        let maps = self.maps.iter().flat_map(|map| map.words()).flat_map(u32::to_le_bytes);
        let byte = |byte: usize| (0..8).fold(0, |bits, bit| bits | u8::from(self.turns(8 * byte + bit)) << bit);
        let turned = (0..self.turned.len().div_ceil(TURNED_BITS) * TURNED_BITS / 8).map(byte);
        prefix.into_iter().chain(maps).chain(turned).chain(self.members.iter().copied().flat_map(u16::to_le_bytes))
    }
}

//! The flash reserved for models, and the positions of slots in it.

/// Bytes of a slot's header.
pub const HEADER_LEN: usize = 64;

/// Position of a slot, or of a model in it, within a [`Room`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Region {
    /// Offset from the room's first byte, in bytes.
    pub offset: u32,
    /// Length in bytes.
    pub len: u32,
}

impl Region {
    /// Size of the largest model file for a slot here, in bytes.
    pub const fn model_len(&self) -> u32 {
        self.len.saturating_sub(HEADER_LEN as u32)
    }

    /// Offset of the end, in bytes from the room's first byte.
    pub const fn end(&self) -> u32 {
        self.offset.saturating_add(self.len)
    }

    /// Whether the two have a byte in common.
    pub const fn overlaps(&self, other: &Self) -> bool {
        self.offset < other.end() && other.offset < self.end()
    }
}

/// The flash reserved for models. Firmware has it as a constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Room {
    address: u32,
    len: u32,
    /// Size of slot 0 in bytes, if there are two.
    first: u32,
    /// Size of slot 1 in bytes, which follows directly.
    second: u32,
}

impl Room {
    /// A room of `len` bytes from `address`, a multiple of 16, with two slots of equal size, each with as many erase
    /// blocks of `block` bytes as possible. If `block` is larger than half the room, there is one slot.
    pub const fn halves(address: u32, len: u32, block: u32) -> Self {
        let half = match (len / 2).checked_div(block) {
            Some(blocks) => blocks * block,
            None => 0,
        };
        Self { address, len, first: half, second: half }
    }

    /// A room from `address`, a multiple of 16, whose slots have `first` and `second` bytes, for erase blocks of
    /// different sizes. Both must begin and end at block boundaries.
    pub const fn split(address: u32, first: u32, second: u32) -> Self {
        Self { address, len: first.saturating_add(second), first, second }
    }

    /// Address of the first byte.
    pub const fn address(&self) -> u32 {
        self.address
    }

    /// Slot 0 or 1 if there are two; `None` for any other number, and for slot 1 if there is only one.
    pub const fn slot(&self, number: u8) -> Option<Region> {
        match (number, self.second) {
            (0, _) => Some(Region { offset: 0, len: self.first }),
            (1, 1..) => Some(Region { offset: self.first, len: self.second }),
            _ => None,
        }
    }

    /// The only slot of a room with one slot.
    pub const fn whole(&self) -> Region {
        Region { offset: 0, len: self.len }
    }

    /// The place of slot `number` for a model file of `model_len` bytes: one of two slots, or, for slot 0, the whole
    /// room if only that is large enough. `None` if the model does not fit.
    pub const fn place(&self, number: u8, model_len: u32) -> Option<Region> {
        match self.slot(number) {
            Some(slot) if model_len <= slot.model_len() => Some(slot),
            Some(_) if number == 0 && model_len <= self.whole().model_len() => Some(self.whole()),
            _ => None,
        }
    }

    /// How many models of `model_len` bytes can be stored at the same time: 2, so that they can be updated safely, 1 or
    /// 0.
    pub const fn slots_for(&self, model_len: u32) -> u8 {
        let second = self.place(1, model_len).is_some();
        match self.place(0, model_len) {
            Some(place) if place.len == self.first && second => 2,
            Some(_) => 1,
            None => 0,
        }
    }

    /// Address of the first byte of slot `number`.
    pub const fn slot_address(&self, number: u8) -> Option<u32> {
        match self.slot(number) {
            Some(slot) => Some(self.address.wrapping_add(slot.offset)),
            None => None,
        }
    }
}

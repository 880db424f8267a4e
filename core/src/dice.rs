//! Numbers for test cases that look random and are the same on every machine, also on one without 64-bit products.

/// A linear congruential generator, from its seed.
#[derive(Debug, Clone)]
pub struct Dice(pub u32);

impl Dice {
    /// Any 32 bits. The lower ones repeat soon: shift them out.
    pub fn bits(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.0
    }

    /// A number below `limit`, by the upper bits.
    pub fn below(&mut self, limit: u32) -> u32 {
        ((u64::from(self.bits()) * u64::from(limit)) >> 32) as u32
    }

    /// A number of at least -1 and below 1.
    pub fn signed(&mut self) -> f32 {
        (self.bits() >> 8) as f32 / 8_388_608.0 - 1.0
    }
}

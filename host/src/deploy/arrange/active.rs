//! The images on which each value is not zero, and the distance between two values.

/// The images on which each value is not zero, one bit each.
pub(super) struct Active {
    pub(super) words: usize,
    pub(super) bits: Vec<u64>,
}

impl Active {
    /// Which of the activations `x [N][inputs]` are not zero.
    pub(super) fn of(x: &[u8], inputs: usize) -> Self {
        let words = (x.len() / inputs).div_ceil(64);
        let mut bits = vec![0; inputs * words];
        for (image, x) in x.chunks_exact(inputs).enumerate() {
            for (input, _) in x.iter().enumerate().filter(|&(_, &x)| x != 0) {
                bits[input * words + image / 64] |= 1 << (image % 64);
            }
        }
        Self { words, bits }
    }

    /// The same for pairs: on which images either value is not zero.
    pub(super) fn of_pairs(&self, pairs: &[[usize; 2]]) -> Self {
        let either = |&[a, b]: &[usize; 2]| self.of_one(a).iter().zip(self.of_one(b)).map(|(a, b)| a | b);
        Self { words: self.words, bits: pairs.iter().flat_map(either).collect() }
    }

    pub(super) fn len(&self) -> usize {
        self.bits.len() / self.words.max(1)
    }

    pub(super) fn of_one(&self, index: usize) -> &[u64] {
        &self.bits[index * self.words..][..self.words]
    }

    /// Number of images on which exactly one of the two is active.
    pub(super) fn distance(&self, a: usize, b: usize) -> u32 {
        self.of_one(a).iter().zip(self.of_one(b)).map(|(a, b)| (a ^ b).count_ones()).sum()
    }

    /// All distances, `[len][len]`.
    pub(super) fn distances(&self) -> Vec<u32> {
        let len = self.len();
        let mut distances = vec![0; len * len];
        for a in 0..len {
            for b in 0..a {
                let distance = self.distance(a, b);
                distances[a * len + b] = distance;
                distances[b * len + a] = distance;
            }
        }
        distances
    }
}

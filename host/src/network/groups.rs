//! Which values of an example share an input of the first layer: groups of 4, of 2 and of 1, each the average of its
//! members' activations, `(sum + n / 2) >> log2(n)`, as [`foldnet_core::infer::input`] computes it.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Groups in the order of the model file: those of four, those of two, those of one. The default has none, which means
/// that every value is an input. In a checkpoint they are a list of the groups' members.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "Vec<Vec<u16>>", into = "Vec<Vec<u16>>")]
pub struct Groups {
    fours: u16,
    twos: u16,
    /// The members of one group after the other; empty if every value is an input.
    members: Vec<u16>,
}

impl Groups {
    /// Makes groups from disjoint lists of 1, 2 or 4 of at most 65,536 values each, which together contain all values.
    pub(crate) fn new(mut groups: Vec<Vec<usize>>) -> Self {
        groups.iter_mut().for_each(|group| group.sort_unstable());
        groups.sort_by_key(|group| (std::cmp::Reverse(group.len()), group[0]));
        let of = |size: usize| groups.iter().filter(|group| group.len() == size).count() as u16;
        let (fours, twos) = (of(4), of(2));
        Self { fours, twos, members: groups.into_iter().flatten().map(|value| value as u16).collect() }
    }

    /// The same groups in another order, in which those of each size stay together; `order` has the index of each group
    /// in this one.
    pub(crate) fn ordered(&self, order: &[usize]) -> Self {
        let groups: Vec<&[u16]> = self.iter().collect();
        Self { members: order.iter().flat_map(|&group| groups[group]).copied().collect(), ..*self }
    }

    /// Whether every value is an input.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Number of groups, which are the inputs; 0 if every value is an input.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Number of groups of four and of two.
    pub fn sizes(&self) -> (u16, u16) {
        (self.fours, self.twos)
    }

    /// The values of every group, one group after the other.
    pub fn members(&self) -> &[u16] {
        &self.members
    }

    /// The groups in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u16]> {
        let (fours, rest) = self.members.split_at(4 * usize::from(self.fours));
        let (twos, ones) = rest.split_at(2 * usize::from(self.twos));
        fours.chunks(4).chain(twos.chunks(2)).chain(ones.chunks(1))
    }

    /// The averages `[N][groups]` of activations `[N][values]`, bit-identical to a device's.
    pub fn average<'a>(&self, codes: &'a [u8]) -> Cow<'a, [u8]> {
        if self.is_empty() {
            return Cow::Borrowed(codes);
        }
        let average = |example: &[u8], group: &[u16]| {
            let sum: u32 = group.iter().map(|&value| u32::from(example[usize::from(value)])).sum();
            let n = group.len() as u32;
            ((sum + n / 2) / n) as u8
        };
        let of = |example| self.iter().map(move |group| average(example, group));
        codes.chunks_exact(self.members.len()).flat_map(of).collect()
    }

    /// The same for values that are not rounded.
    pub fn average_exact<'a>(&self, values: &'a [f64]) -> Cow<'a, [f64]> {
        if self.is_empty() {
            return Cow::Borrowed(values);
        }
        let average = |example: &[f64], group: &[u16]| {
            group.iter().map(|&value| example[usize::from(value)]).sum::<f64>() / group.len() as f64
        };
        let of = |example| self.iter().map(move |group| average(example, group));
        values.chunks_exact(self.members.len()).flat_map(of).collect()
    }
}

impl From<Groups> for Vec<Vec<u16>> {
    fn from(groups: Groups) -> Self {
        groups.iter().map(<[u16]>::to_vec).collect()
    }
}

impl TryFrom<Vec<Vec<u16>>> for Groups {
    type Error = &'static str;

    fn try_from(groups: Vec<Vec<u16>>) -> Result<Self, Self::Error> {
        let sizes: Vec<usize> = groups.iter().map(Vec::len).collect();
        if !sizes.iter().all(|size| [4, 2, 1].contains(size)) || !sizes.is_sorted_by(|a, b| a >= b) {
            return Err("groups of inputs are not first those of 4, then of 2, then of 1");
        }
        let of = |size: usize| sizes.iter().filter(|&&one| one == size).count() as u16;
        let (fours, twos, members) = (of(4), of(2), groups.concat());
        let mut sorted = members.clone();
        sorted.sort_unstable();
        // Ascending without a gap: so each value is in one group, and there are at most 65,536 of them.
        if !sorted.iter().enumerate().all(|(at, &value)| at == usize::from(value)) {
            return Err("groups of inputs do not have every value once");
        }
        Ok(Self { fours, twos, members })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_in_a_file_are_checked() {
        let read = |text: &str| serde_json::from_str::<Groups>(text).map_err(|error| error.to_string());
        let groups = Groups::new(vec![vec![3], vec![6, 0], vec![1, 2, 7, 4], vec![5]]);
        let text = serde_json::to_string(&groups).unwrap();
        assert_eq!(text, "[[1,2,4,7],[0,6],[3],[5]]");
        assert_eq!((read(&text), groups.len()), (Ok(groups), 4));
        assert_eq!((read("[]"), Groups::default().len()), (Ok(Groups::default()), 0));
        for (text, words) in [
            ("[[0],[1,2]]", "first those of 4"),
            ("[[0,1,2]]", "first those of 4"),
            ("[[0],[]]", "first those of 4"),
            ("[[0,1],[1]]", "every value once"),
            ("[[0,1],[3]]", "every value once"),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.contains(words), "{text}: {error}");
        }
    }

    #[test]
    fn large_groups_come_first() {
        let groups = Groups::new(vec![vec![3], vec![6, 0], vec![1, 2, 7, 4], vec![5]]);
        assert_eq!((groups.sizes(), groups.members()), ((1, 1), &[1, 2, 4, 7, 0, 6, 3, 5][..]));
        assert_eq!(groups.iter().map(<[u16]>::len).collect::<Vec<_>>(), [4, 2, 1, 1]);
    }

    #[test]
    fn averages_round_halves_up() {
        let groups = Groups::new(vec![vec![0, 1], vec![2]]);
        assert_eq!(*groups.average(&[3, 4, 9, 255, 255, 0]), [4, 9, 255, 0]);
        assert_eq!(*groups.average_exact(&[3.0, 4.0, 9.0]), [3.5, 9.0]);
        let four = Groups::new(vec![vec![0, 1, 2, 3]]);
        assert_eq!(*four.average(&[1, 0, 0, 0, 1, 1, 0, 0]), [0, 1]);
        assert_eq!(*Groups::default().average(&[1, 2]), [1, 2]);
    }
}

//! The order of pixels and hidden units in a model file. It can be chosen freely, and a device's speed depends on it.
//!
//! Integer kernels skip pairs of inputs that are both zero ([`foldnet_core::quantized::layout`]), and are fastest if
//! nonzero pairs follow each other. On calibration images:
//!
//! * `pairs`: inputs that are zero together become a pair;
//! * `tour`: pairs that are zero together become neighbours.
//!
//! A table in the file gives the order of pixels, unless they are averages of [`Groups`]: the file then lists the
//! groups in that order, those of each size together, and needs no table. Hidden units are computed in that order,
//! which costs nothing. Classes keep their order. On the notebook's model, 54 % of the pairs of pixels remain, compared
//! with 56 % when pairing neighbours.
//!
//! Tried and rejected (out of 117,170 in the M4's blocks at 8 bits): moving stretches of the tour saves 42; simulated
//! annealing of the order with the true cost of pairs and runs saves 140 in one second and 290 in twelve. The present
//! search takes 0.08 s.

mod active;
mod pairs;
mod tour;

use crate::deploy::quantize::{QuantizedLayer, codes};
use crate::network::groups::Groups;
use active::Active;
use std::ops::Range;

/// Maximum number of inputs that are arranged; the time grows with their square.
const MAX_INPUTS: usize = 4096;

/// Maximum number of calibration images used; more do not give a better order.
const MAX_IMAGES: usize = 4000;

/// The order of a model file's inputs.
#[derive(Debug, Default)]
pub(crate) struct Arranged {
    /// The order of pixels; empty if they are averages.
    pub(crate) order: Vec<u16>,
    /// The averages in order.
    pub(crate) groups: Groups,
}

/// Arranges the hidden units and the columns of every layer. The first layer's inputs are averages of `groups`, if
/// there are any.
pub(crate) fn arrange(layers: &mut [QuantizedLayer], images: &[u8], groups: &Groups) -> Arranged {
    let inputs = layers.first().map_or(0, |layer| layer.inputs);
    let images = &images[..images.len().min(MAX_IMAGES * inputs)];
    let pixels = Permutation::of_inputs(images, inputs, groups);
    let (mut x, mut permutation) = (images.to_vec(), pixels.clone());
    for index in 0..layers.len() {
        if let Some(before) = index.checked_sub(1) {
            permutation.permute_units(&mut layers[before]);
        }
        let layer = &mut layers[index];
        let y = codes(layer, &x);
        permutation.permute_inputs(layer);
        permutation = Permutation::of(&y, layer.units);
        x = y;
    }
    match groups.is_empty() {
        true => Arranged { order: pixels.0.iter().map(|&pixel| pixel as u16).collect(), ..Arranged::default() },
        false => Arranged { groups: groups.ordered(&pixels.0), ..Arranged::default() },
    }
}

/// A new order: place `i` takes what is at `self.0[i]`.
#[derive(Debug, Clone)]
struct Permutation(Vec<usize>);

impl Permutation {
    /// The order of the first layer's inputs `x [N][inputs]`; groups only change places with groups of their size.
    fn of_inputs(x: &[u8], inputs: usize, groups: &Groups) -> Self {
        let (fours, twos) = groups.sizes();
        let (fours, twos) = (usize::from(fours), usize::from(twos));
        let stretches = [0..fours, fours..fours + twos, fours + twos..inputs];
        let of = |stretch: Range<usize>| {
            let some: Vec<u8> = x.chunks_exact(inputs).flat_map(|x| &x[stretch.clone()]).copied().collect();
            Self::of(&some, stretch.len()).0.into_iter().map(move |input| stretch.start + input)
        };
        Self(stretches.into_iter().filter(|stretch| !stretch.is_empty()).flat_map(of).collect())
    }

    /// The order for activations `x [N][inputs]`.
    fn of(x: &[u8], inputs: usize) -> Self {
        if inputs > MAX_INPUTS || x.is_empty() {
            return Self((0..inputs).collect());
        }
        let active = Active::of(x, inputs);
        let (pairs, single) = pairs::pairs(&active);
        let tour = tour::tour(&active.of_pairs(&pairs));
        Self(tour.into_iter().flat_map(|pair| pairs[pair]).chain(single).collect())
    }

    fn permute_units(&self, layer: &mut QuantizedLayer) {
        let row = |&unit: &usize| &layer.weights[unit * layer.inputs..][..layer.inputs];
        layer.weights = self.0.iter().flat_map(row).copied().collect();
        layer.rows = self.0.iter().map(|&unit| layer.rows[unit]).collect();
    }

    fn permute_inputs(&self, layer: &mut QuantizedLayer) {
        let row = |row: &[i8]| self.0.iter().map(|&input| row[input]).collect::<Vec<_>>();
        layer.weights = layer.weights.chunks_exact(layer.inputs).flat_map(row).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_zero_together_stands_together() {
        // Inputs 0, 3, 4 and 1, 2, 5 are active together, 6 always.
        let x: Vec<u8> = (0..100u8).flat_map(|n| [n % 2, 1 - n % 2, 1 - n % 2, n % 2, n % 2, 1 - n % 2, 9]).collect();
        let Permutation(order) = Permutation::of(&x, 7);
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, [0, 1, 2, 3, 4, 5, 6]);
        let group = |input: usize| [0, 3, 4].contains(&input);
        let pairs: Vec<bool> = order.chunks_exact(2).map(|pair| group(pair[0]) == group(pair[1])).collect();
        assert_eq!(pairs.iter().filter(|&&same| same).count(), 2, "{order:?}");
    }

    /// Groups only change places within their size: inputs 0 to 3 are averages of four, 4 and 5 of two, 6 to 8 single
    /// values.
    #[test]
    fn groups_change_places_with_those_of_their_size() {
        let groups = [vec![0, 1, 2, 3], vec![4, 5, 6, 7], vec![8, 9, 10, 11], vec![12, 13, 14, 15], vec![16, 17]];
        let groups = Groups::new(groups.into_iter().chain([vec![18, 19], vec![20], vec![21], vec![22]]).collect());
        // Inputs 0, 2, 6 and 8 are active together, 1, 3 and 7 otherwise, 4 and 5 always.
        let x: Vec<u8> =
            (0..100u8).flat_map(|n| [n % 2, 1 - n % 2, n % 2, 1 - n % 2, 9, 9, n % 2, 1 - n % 2, n % 2]).collect();
        let Permutation(order) = Permutation::of_inputs(&x, 9, &groups);
        let stretch = |input: &usize| [*input >= 4, *input >= 6];
        assert!(order.is_sorted_by_key(stretch) && order.len() == 9, "{order:?}");
        let together =
            |pair: &[usize]| pair.iter().all(|i| [0, 2].contains(i)) || pair.iter().all(|i| [1, 3].contains(i));
        assert!(order[..4].chunks(2).all(together), "{order:?}");
        let ordered = groups.ordered(&order);
        assert_eq!(ordered.sizes(), groups.sizes());
        for (group, &from) in ordered.iter().zip(&order) {
            assert_eq!(Some(group), groups.iter().nth(from));
        }
    }

    #[test]
    fn no_images_leave_the_order() {
        assert_eq!(Permutation::of(&[], 3).0, [0, 1, 2]);
    }
}

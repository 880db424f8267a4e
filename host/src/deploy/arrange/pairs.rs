//! Pairs inputs that are zero together: greedily the closest two first, then pairs exchange partners as long as that
//! helps.

use super::active::Active;

/// Maximum number of passes over all pairs.
const ROUNDS: usize = 30;

/// The pairs, and the remaining input if their number is odd.
pub(super) fn pairs(active: &Active) -> (Vec<[usize; 2]>, Option<usize>) {
    let (len, distances) = (active.len(), active.distances());
    let distance = |a: usize, b: usize| distances[a * len + b];
    let (mut pairs, single) = greedy(len, distance);
    for _ in 0..ROUNDS {
        let mut exchanged = false;
        for first in 0..pairs.len() {
            exchanged |= exchange(&mut pairs, first, distance);
        }
        if !exchanged {
            break;
        }
    }
    (pairs, single)
}

/// Pairs the closest two, then the closest two of the rest, and so on.
fn greedy(len: usize, distance: impl Fn(usize, usize) -> u32) -> (Vec<[usize; 2]>, Option<usize>) {
    let all = (0..len).flat_map(|a| (a + 1..len).map(move |b| [a, b]));
    let mut candidates: Vec<[usize; 2]> = all.collect();
    candidates.sort_by_key(|&[a, b]| distance(a, b));
    let mut free = vec![true; len];
    let mut pairs = Vec::with_capacity(len / 2);
    for [a, b] in candidates {
        if free[a] && free[b] {
            (free[a], free[b]) = (false, false);
            pairs.push([a, b]);
        }
    }
    (pairs, free.iter().position(|&free| free))
}

/// Exchanges partners with the pair that gains most; returns whether there was a gain.
fn exchange(pairs: &mut [[usize; 2]], first: usize, distance: impl Fn(usize, usize) -> u32) -> bool {
    let [a, b] = pairs[first];
    let gain = |&[c, d]: &[usize; 2]| {
        let now = distance(a, b) + distance(c, d);
        let (straight, crossed) = (distance(a, c) + distance(b, d), distance(a, d) + distance(b, c));
        (now.saturating_sub(straight.min(crossed)), straight <= crossed)
    };
    let others = pairs.iter().enumerate().filter(|&(index, _)| index != first);
    let Some((second, (gained, straight))) = others
        .map(|(index, pair)| (index, gain(pair)))
        .max_by_key(|&(index, (gain, _))| (gain, std::cmp::Reverse(index)))
    else {
        return false;
    };
    if gained == 0 {
        return false;
    }
    let [c, d] = pairs[second];
    (pairs[first], pairs[second]) = if straight { ([a, c], [b, d]) } else { ([a, d], [b, c]) };
    true
}

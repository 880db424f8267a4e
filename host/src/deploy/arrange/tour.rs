//! An order in which neighbours are zero together: a short tour that starts at the least active pair and goes to the
//! nearest one each time, then is improved by reversing stretches of it.

use super::active::Active;

/// Maximum number of passes over all stretches.
const ROUNDS: usize = 40;

/// The order.
pub(super) fn tour(active: &Active) -> Vec<usize> {
    let (len, distances) = (active.len(), active.distances());
    let distance = |a: usize, b: usize| distances[a * len + b];
    let Some(start) = (0..len).min_by_key(|&one| active.of_one(one).iter().map(|word| word.count_ones()).sum::<u32>())
    else {
        return Vec::new();
    };
    let mut tour = nearest_first(start, len, distance);
    for _ in 0..ROUNDS {
        let mut reversed = false;
        for from in 1..len {
            reversed |= reverse_best(&mut tour, from, distance);
        }
        if !reversed {
            break;
        }
    }
    tour
}

fn nearest_first(start: usize, len: usize, distance: impl Fn(usize, usize) -> u32) -> Vec<usize> {
    let mut left: Vec<usize> = (0..len).filter(|&one| one != start).collect();
    let mut tour = vec![start];
    let mut last = start;
    while let Some(nearest) = (0..left.len()).min_by_key(|&index| distance(last, left[index])) {
        last = left.remove(nearest);
        tour.push(last);
    }
    tour
}

/// Reverses the stretch from `from` that gains most; returns whether there was a gain.
fn reverse_best(tour: &mut [usize], from: usize, distance: impl Fn(usize, usize) -> u32) -> bool {
    let (before, first) = (tour[from - 1], tour[from]);
    let gain = |to: usize| {
        let behind = |one: usize| tour.get(to + 1).map_or(0, |&next| distance(one, next));
        let now = distance(before, first) + behind(tour[to]);
        now.saturating_sub(distance(before, tour[to]) + behind(first))
    };
    let best = (from + 1..tour.len()).max_by_key(|&to| (gain(to), std::cmp::Reverse(to)));
    let Some(to) = best.filter(|&to| gain(to) > 0) else { return false };
    tour[from..=to].reverse();
    true
}

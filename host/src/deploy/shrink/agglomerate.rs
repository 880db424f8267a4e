//! The order in which values are merged: first those whose merging changes the first layer's outputs least.
//!
//! Two groups with sums `a` and `b` and weights `u` and `v` contribute `u a + v b`. With the best common weights `w`,
//! the remaining error has the variance
//!
//! `|u - v|^2 (V_aa V_bb - V_ab^2) / (V_aa + V_bb + 2 V_ab)`, at `w = u t + v (1 - t)`,
//! `t = (V_aa + V_ab) / (V_aa + V_bb + 2 V_ab)`,
//!
//! where `V` is the covariance of the sums. The cheapest pair of groups of equal size is merged, then the cheapest pair
//! of the resulting groups, and so on, up to groups of four.

use crate::model::fold::FoldedLayer;
use nalgebra::DMatrix;

use crate::network::groups::Groups;

/// Maximum number of values in a group.
const MOST: usize = 4;

/// Pairs of groups in the order of merging, each named by one of its values; the second joins the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Merging {
    values: usize,
    steps: Vec<[usize; 2]>,
}

impl Merging {
    /// All possible merges in front of `layer`, whose inputs have this covariance `[I][I]`.
    pub(super) fn plan(layer: &FoldedLayer, covariance: &DMatrix<f64>) -> Self {
        let mut state = State::new(layer, covariance);
        let mut steps = Vec::new();
        while let Some(step) = state.cheapest() {
            state.merge(step);
            steps.push(step);
        }
        Self { values: layer.inputs, steps }
    }

    /// Number of possible merging steps.
    pub(super) fn len(&self) -> usize {
        self.steps.len()
    }

    /// The groups after `steps` steps.
    pub(super) fn groups(&self, steps: usize) -> Groups {
        if steps == 0 {
            return Groups::default();
        }
        let mut groups: Vec<Vec<usize>> = (0..self.values).map(|value| vec![value]).collect();
        for &[to, from] in &self.steps[..steps] {
            let joined = std::mem::take(&mut groups[from]);
            groups[to].extend(joined);
        }
        groups.retain(|group| !group.is_empty());
        Groups::new(groups)
    }
}

/// Groups during merging, each at the index of one of its values.
struct State {
    /// Number of values in the group; 0 once it has joined another.
    sizes: Vec<usize>,
    /// Common weights of a group, one column each.
    weights: DMatrix<f64>,
    /// Covariance of the groups' sums.
    covariance: DMatrix<f64>,
    /// The cheapest partner of each group, and the cost of merging with it.
    best: Vec<(f64, usize)>,
}

impl State {
    fn new(layer: &FoldedLayer, covariance: &DMatrix<f64>) -> Self {
        let weights = DMatrix::from_row_slice(layer.units, layer.inputs, &layer.kernel);
        let covariance = covariance.clone();
        let mut state = Self { sizes: vec![1; layer.inputs], weights, covariance, best: Vec::new() };
        state.best = (0..layer.inputs).map(|group| state.partner(group)).collect();
        state
    }

    /// The cheapest partner of a group, the first if several are equal.
    fn partner(&self, group: usize) -> (f64, usize) {
        let (size, none) = (self.sizes[group], (f64::INFINITY, group));
        if size == 0 || 2 * size > MOST {
            return none;
        }
        let others = (0..self.sizes.len()).filter(|&other| other != group && self.sizes[other] == size);
        others
            .map(|other| (self.cost(group, other), other))
            .fold(none, |best, one| if one.0 < best.0 { one } else { best })
    }

    fn cost(&self, a: usize, b: usize) -> f64 {
        let v = |i, j| self.covariance[(i, j)];
        let (left, sum) = (v(a, a) * v(b, b) - v(a, b).powi(2), v(a, a) + v(b, b) + 2.0 * v(a, b));
        let ratio = if sum > LEAST { (left / sum).max(0.0) } else { v(a, a).min(v(b, b)).max(0.0) };
        if ratio == 0.0 { 0.0 } else { ratio * distance(&self.weights, a, b) }
    }

    /// The pair with the least cost.
    fn cheapest(&mut self) -> Option<[usize; 2]> {
        loop {
            let cheaper = |a: &usize, b: &usize| self.best[*a].0.total_cmp(&self.best[*b].0);
            let group = (0..self.best.len()).min_by(cheaper)?;
            let (cost, other) = self.best[group];
            if cost.is_infinite() {
                return None;
            }
            if self.sizes[other] == self.sizes[group] {
                return Some([group, other]);
            }
            self.best[group] = self.partner(group);
        }
    }

    fn merge(&mut self, [to, from]: [usize; 2]) {
        let v = |i, j| self.covariance[(i, j)];
        let sum = v(to, to) + v(from, from) + 2.0 * v(to, from);
        let share = if sum > LEAST { (v(to, to) + v(to, from)) / sum } else { 0.5 };
        let common = self.weights.column(to) * share + self.weights.column(from) * (1.0 - share);
        self.weights.set_column(to, &common);
        let row = self.covariance.row(to) + self.covariance.row(from);
        self.covariance.set_row(to, &row);
        let column = self.covariance.column(to) + self.covariance.column(from);
        self.covariance.set_column(to, &column);
        self.sizes[to] += self.sizes[from];
        self.sizes[from] = 0;
        let stale = |&(_, partner): &(f64, usize)| partner == to || partner == from;
        for group in (0..self.best.len()).filter(|&g| g == to || g == from || stale(&self.best[g])).collect::<Vec<_>>()
        {
            self.best[group] = self.partner(group);
        }
    }
}

/// A variance below this counts as none.
const LEAST: f64 = 1e-9;

/// Squared distance of two columns.
fn distance(weights: &DMatrix<f64>, a: usize, b: usize) -> f64 {
    weights.column(a).iter().zip(weights.column(b).iter()).map(|(a, b)| (a - b).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(kernel: &[f64], inputs: usize) -> FoldedLayer {
        let units = kernel.len() / inputs;
        FoldedLayer { inputs, units, relu: true, kernel: kernel.to_vec(), bias: vec![0.0; units] }
    }

    /// The groups after `steps` steps, each sorted, in the order of their first values.
    fn check(kernel: &[f64], covariance: &[f64], steps: usize, expected: &[&[u16]]) {
        let inputs = covariance.len().isqrt();
        let merging = Merging::plan(&layer(kernel, inputs), &DMatrix::from_row_slice(inputs, inputs, covariance));
        assert_eq!(merging.groups(steps).iter().collect::<Vec<_>>(), expected, "{merging:?}");
    }

    #[test]
    fn what_says_the_same_is_merged_first() {
        // Values 0 and 2 are the same; 1 and 3 have the same weights.
        let covariance = [4.0, 0.0, 4.0, 1.0, 0.0, 4.0, 0.0, 1.0, 4.0, 0.0, 4.0, 1.0, 1.0, 1.0, 1.0, 4.0];
        check(&[1.0, 3.0, -5.0, 3.1], &covariance, 1, &[&[0, 2], &[1], &[3]]);
        check(&[1.0, 3.0, -5.0, 3.1], &covariance, 2, &[&[0, 2], &[1, 3]]);
        check(&[1.0, 3.0, -5.0, 3.1], &covariance, 3, &[&[0, 1, 2, 3]]);
    }

    #[test]
    fn no_group_is_larger_than_four_or_a_three() {
        let covariance: Vec<f64> = (0..36).map(|at| if at / 6 == at % 6 { 1.0 } else { 0.5 }).collect();
        let merging = Merging::plan(&layer(&[1.0; 6], 6), &DMatrix::from_row_slice(6, 6, &covariance));
        let mut sizes: Vec<usize> = merging.groups(merging.len()).iter().map(<[u16]>::len).collect();
        sizes.sort_unstable();
        assert_eq!((merging.len(), sizes), (4, vec![2, 4]));
    }

    /// Compares the formula with the least-squares problem that it solves.
    #[test]
    fn the_cost_is_what_the_best_common_weight_leaves() {
        let (u, v) = (2.0, -1.0);
        let (aa, bb, ab) = (3.0, 2.0, 0.7);
        let left = |w: f64| (u - w) * (u - w) * aa + (v - w) * (v - w) * bb + 2.0 * (u - w) * (v - w) * ab;
        let best = (-3000..3000).map(|w| left(f64::from(w) / 1000.0)).fold(f64::INFINITY, f64::min);
        let state = State::new(&layer(&[u, v], 2), &DMatrix::from_row_slice(2, 2, &[aa, ab, ab, bb]));
        assert!((state.cost(0, 1) - best).abs() < 1e-5, "{} {best}", state.cost(0, 1));
    }
}

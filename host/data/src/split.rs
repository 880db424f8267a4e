//! Chooses the examples for training, validation and testing.
//!
//! - Rows of a table are drawn per class with a fixed seed: every part has every class, and the same file gives the
//!   same parts on every machine.
//! - The last recordings of each class are for testing, as a whole: no recording is in both training and test.
//! - Overlapping windows are not drawn randomly: the last ones are for testing, and those that share rows with them are
//!   left out.
//! - `every:N` takes the last of each N rows or recordings, in the order of the file.
//! - All examples that are not normal are for testing: training uses only normal examples.

use std::ops::Range;

use crate::dice::Dice;
use crate::error::{Problem, SplitProblem};
use crate::options::{Options, TestSplit};

/// Default fractions for tables.
const TEST_SHARE: f64 = 0.2;
const VALID_SHARE: f64 = 0.1;

/// Streams of the generator, after those of other sets.
const TEST_STREAM: u64 = 4;
const VALID_STREAM: u64 = 5;
const ORDER_STREAM: u64 = 6;

/// Properties of `N` examples before they are split.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts<'a> {
    /// Rows of each example, `[N]`.
    pub(crate) rows: &'a [Range<usize>],
    /// `[N]`; all 0 if there are no classes.
    pub(crate) classes: &'a [u16],
    /// Recording of each, `[N]`.
    pub(crate) groups: Option<&'a [u32]>,
    /// `[N]`
    pub(crate) normal: Option<&'a [bool]>,
}

/// Indices of the examples in each part, in the order of their layout.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Parts {
    pub(crate) train: Vec<usize>,
    pub(crate) valid: Vec<usize>,
    pub(crate) test: Vec<usize>,
    /// Number of examples in no part, because they share rows with one for testing or validation.
    pub(crate) left_out: usize,
}

/// Splits all examples; with `given_test` none of them is for testing.
///
/// # Errors
/// If a part would be empty.
pub(crate) fn split(facts: &Facts, options: &Options, given_test: bool) -> Result<Parts, Problem> {
    let all: Vec<usize> = (0..facts.rows.len()).collect();
    let is_normal = |&example: &usize| facts.normal.is_none_or(|normal| normal[example]);
    let (normal, strange): (Vec<_>, Vec<_>) = all.into_iter().partition(is_normal);
    let mut parts = Parts::default();
    let (mut train, test) = match given_test {
        true => (normal, Vec::new()),
        false => test(facts, normal, options)?,
    };
    if facts.groups.is_none() {
        parts.left_out += facts.drop_overlapping(&mut train, &test);
    }
    parts.test = test;
    parts.test.extend(strange);
    parts.test.sort_unstable();
    if train.len() < 2 {
        return Err(SplitProblem::TooFewToSplit(train.len()).into());
    }
    let share = options.valid_split.unwrap_or(VALID_SHARE);
    let (mut kept, mut valid) = facts.draw(&train, share, VALID_STREAM);
    if valid.is_empty() && share > 0.0 {
        valid.extend(kept.pop());
    }
    parts.left_out += facts.drop_overlapping(&mut kept, &valid);
    if kept.is_empty() {
        return Err(SplitProblem::TooFewToSplit(train.len()).into());
    }
    Dice::new(ORDER_STREAM).shuffle(&mut kept);
    (parts.train, parts.valid) = (kept, valid);
    Ok(parts)
}

/// Divides normal examples into those for training and those for testing.
fn test(facts: &Facts, normal: Vec<usize>, options: &Options) -> Result<(Vec<usize>, Vec<usize>), Problem> {
    let split = options.test_split.unwrap_or(TestSplit::Share(TEST_SHARE));
    let (train, test): (Vec<_>, Vec<_>) = match (split, facts.groups) {
        (TestSplit::Every(every), Some(groups)) => {
            let order = in_order(normal.iter().map(|&example| groups[example]));
            let place = |group| order.iter().position(|&known| known == group).unwrap_or(0);
            normal.into_iter().partition(|&example| place(groups[example]) % every != every - 1)
        }
        (TestSplit::Every(every), None) => {
            let chosen = |(place, example): (usize, usize)| (place % every == every - 1, example);
            let (test, train): (Vec<_>, Vec<_>) =
                normal.into_iter().enumerate().map(chosen).partition(|chosen| chosen.0);
            let bare = |chosen: Vec<(bool, usize)>| chosen.into_iter().map(|(_, example)| example).collect();
            (bare(train), bare(test))
        }
        (TestSplit::Share(share), Some(groups)) => {
            let chosen = last_groups(facts, groups, &normal, share);
            normal.into_iter().partition(|&example| !chosen.contains(&groups[example]))
        }
        (TestSplit::Share(share), None) => facts.draw(&normal, share, TEST_STREAM),
    };
    match (test.is_empty(), facts.groups.is_some()) {
        (true, true) => Err(SplitProblem::NoTestGroup.into()),
        (true, false) => Err(SplitProblem::NoTest.into()),
        _ => Ok((train, test)),
    }
}

/// The last recordings of each class: a fraction `share` of them, but never all.
fn last_groups(facts: &Facts, groups: &[u32], examples: &[usize], share: f64) -> Vec<u32> {
    let mut by_class = std::collections::BTreeMap::<u16, Vec<u32>>::new();
    for group in in_order(examples.iter().map(|&example| groups[example])) {
        let members = examples.iter().filter(|&&example| groups[example] == group);
        let class = majority(members.map(|&example| facts.classes[example]));
        by_class.entry(class).or_default().push(group);
    }
    let last = |groups: &Vec<u32>| groups[groups.len() - part_of(groups.len(), share)..].to_vec();
    by_class.values().flat_map(last).collect()
}

/// The distinct values in the order of their first occurrence.
fn in_order(values: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut seen = std::collections::HashSet::new();
    values.filter(|&value| seen.insert(value)).collect()
}

/// The most frequent value, the smallest if several are equal; 0 if there are none.
pub(crate) fn majority(values: impl Iterator<Item = u16>) -> u16 {
    let mut counts = std::collections::BTreeMap::<u16, usize>::new();
    values.for_each(|value| *counts.entry(value).or_default() += 1);
    let most = counts.values().copied().max().unwrap_or(0);
    counts.into_iter().find(|&(_, count)| count == most).map_or(0, |(value, _)| value)
}

/// A fraction of `count`, rounded, at least one and never all; 0 for a count of one, and for a fraction of 0.
fn part_of(count: usize, share: f64) -> usize {
    match count {
        0 | 1 => 0,
        _ if share == 0.0 => 0,
        _ => ((count as f64 * share).round() as usize).clamp(1, count - 1),
    }
}

impl Facts<'_> {
    /// Takes a fraction `share` of each class and recording: `(kept, taken)`, both in order.
    fn draw(&self, examples: &[usize], share: f64, stream: u64) -> (Vec<usize>, Vec<usize>) {
        let mut strata = std::collections::BTreeMap::<(u32, u16), Vec<usize>>::new();
        for &example in examples {
            let group = self.groups.map_or(0, |groups| groups[example]);
            strata.entry((group, self.classes[example])).or_default().push(example);
        }
        let in_time = self.overlap() || self.groups.is_some();
        let mut dice = Dice::new(stream);
        let (mut kept, mut taken) = (Vec::new(), Vec::new());
        for mut stratum in strata.into_values() {
            if !in_time {
                dice.shuffle(&mut stratum);
            }
            let split = stratum.len() - part_of(stratum.len(), share);
            taken.extend_from_slice(&stratum[split..]);
            kept.extend_from_slice(&stratum[..split]);
        }
        kept.sort_unstable();
        taken.sort_unstable();
        (kept, taken)
    }

    /// Whether any two examples share a row.
    fn overlap(&self) -> bool {
        self.rows.windows(2).any(|pair| pair[1].start < pair[0].end)
    }

    /// Removes the examples that share a row with one of `others`, and returns their number.
    fn drop_overlapping(&self, examples: &mut Vec<usize>, others: &[usize]) -> usize {
        if !self.overlap() {
            return 0;
        }
        let end = self.rows.iter().map(|rows| rows.end).max().unwrap_or(0);
        let mut used = vec![false; end];
        others.iter().for_each(|&example| used[self.rows[example].clone()].fill(true));
        let before = examples.len();
        examples.retain(|&example| !used[self.rows[example].clone()].contains(&true));
        before - examples.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(count: usize) -> Vec<Range<usize>> {
        (0..count).map(|row| row..row + 1).collect()
    }

    #[test]
    fn every_class_is_in_every_part() {
        let classes: Vec<u16> = (0..100).map(|example| example / 50).collect();
        let facts = Facts { rows: &rows(100), classes: &classes, groups: None, normal: None };
        let parts = split(&facts, &Options::default(), false).unwrap();
        assert_eq!((parts.train.len(), parts.valid.len(), parts.test.len()), (72, 8, 20));
        for part in [&parts.train, &parts.valid, &parts.test] {
            assert_eq!(part.iter().filter(|&&example| example < 50).count() * 2, part.len());
        }
        assert_ne!(parts.train, {
            let mut sorted = parts.train.clone();
            sorted.sort_unstable();
            sorted
        });
        assert_eq!(parts, split(&facts, &Options::default(), false).unwrap(), "the same every time");
    }

    #[test]
    fn every_fifth_is_the_last_of_five() {
        let options = Options { test_split: Some(TestSplit::Every(5)), ..Options::default() };
        let facts = Facts { rows: &rows(11), classes: &[0; 11], groups: None, normal: None };
        assert_eq!(split(&facts, &options, false).unwrap().test, [4, 9]);
    }

    #[test]
    fn no_recording_is_in_training_and_test() {
        let groups: Vec<u32> = (0..60).map(|example| example / 10).collect();
        let classes: Vec<u16> = (0..60).map(|example| example / 30).collect();
        let facts = Facts { rows: &rows(60), classes: &classes, groups: Some(&groups), normal: None };
        let parts = split(&facts, &Options::default(), false).unwrap();
        let expected: Vec<usize> = (20..30).chain(50..60).collect();
        assert_eq!(parts.test, expected, "the last recording of each class");
        let alone = Facts { groups: Some(&[7; 60]), ..facts };
        assert_eq!(split(&alone, &Options::default(), false), Err(SplitProblem::NoTestGroup.into()));
    }

    #[test]
    fn what_is_strange_is_for_testing() {
        let groups: Vec<u32> = (0..40).map(|example| example / 10).collect();
        let normal: Vec<bool> = (0..40).map(|example| example < 20).collect();
        let facts = Facts { rows: &rows(40), classes: &[0; 40], groups: Some(&groups), normal: Some(&normal) };
        let parts = split(&facts, &Options::default(), false).unwrap();
        assert_eq!(parts.test, (10..40).collect::<Vec<_>>());
        assert_eq!(parts.valid, [9]);
    }

    #[test]
    fn windows_of_two_parts_share_no_row() {
        let rows: Vec<Range<usize>> = (0..50).map(|window| window * 2..window * 2 + 8).collect();
        let facts = Facts { rows: &rows, classes: &[0; 50], groups: None, normal: None };
        let parts = split(&facts, &Options::default(), false).unwrap();
        assert_eq!((parts.test[0], parts.test.len(), parts.left_out), (40, 10, 6));
        let last = parts.train.iter().map(|&window| rows[window].end).max().unwrap();
        assert!(last <= rows[parts.valid[0]].start && rows[parts.valid[3]].end <= rows[40].start);
    }
}

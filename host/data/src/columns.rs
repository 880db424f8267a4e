//! Columns of a set in the order of a model's, by their names.

use crate::values::Values;

/// What came of the names of a set's columns and a model's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Columns {
    /// They are the same, or one side has none.
    Same,
    /// They are the same in another order, and were put into the model's.
    Moved,
    /// None of the set's is one of the model's: the columns stay in their order.
    Others,
}

impl Columns {
    /// What the user should know of it.
    pub const fn note(&self) -> Option<&'static str> {
        match self {
            Self::Same => None,
            Self::Moved => Some("the dataset's columns are put into the order of the network's, by their names"),
            Self::Others => {
                Some("the dataset's columns have other names than the network's, and are taken in their order")
            }
        }
    }
}

/// What is said of columns that a model takes and a set has not.
pub fn missing_columns(missing: &[String]) -> String {
    let (names, more) = (missing[..missing.len().min(4)].join(", "), if missing.len() > 4 { ", ..." } else { "" });
    format!("takes columns that the dataset has not: {names}{more}; give them these names, or leave out the header")
}

/// The place among `found` of each of `wanted`, if the order is another.
///
/// # Errors
/// Those of `wanted` that are missing, where some are there.
pub(crate) fn order(found: &[String], wanted: &[String]) -> Result<(Columns, Vec<usize>), Vec<String>> {
    let numbers = |names: &[String]| names.iter().all(|name| name.parse::<u32>().is_ok());
    if found == wanted || numbers(found) || numbers(wanted) {
        return Ok((Columns::Same, Vec::new()));
    }
    let place = |name: &String| {
        let exact = found.iter().position(|known| known == name);
        exact.or_else(|| found.iter().position(|known| known.to_lowercase() == name.to_lowercase()))
    };
    let places: Vec<usize> = wanted.iter().filter_map(place).collect();
    let mut distinct = places.clone();
    distinct.sort_unstable();
    distinct.dedup();
    match distinct.len() {
        0 => Ok((Columns::Others, Vec::new())),
        all if all == wanted.len() && all == found.len() => match places.is_sorted() {
            true => Ok((Columns::Same, Vec::new())),
            false => Ok((Columns::Moved, places)),
        },
        _ => Err(wanted.iter().filter(|name| place(name).is_none()).cloned().collect()),
    }
}

/// Puts the channels at every place into an order.
pub(crate) fn reorder(inputs: &mut Values, order: &[usize]) {
    let channels = order.len();
    let moved: Vec<usize> = (0..inputs.len()).map(|at| at / channels * channels + order[at % channels]).collect();
    *inputs = inputs.view().rows(&moved, 1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_columns_decide_not_their_order() {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let check =
            |found: &[&str], wanted: &[&str], expected| assert_eq!(order(&names(found), &names(wanted)), expected);
        check(&["a", "b"], &["a", "b"], Ok((Columns::Same, vec![])));
        check(&["A", "B"], &["a", "b"], Ok((Columns::Same, vec![])));
        check(&["c", "a", "b"], &["a", "b", "c"], Ok((Columns::Moved, vec![1, 2, 0])));
        check(&["B", "a"], &["a", "b"], Ok((Columns::Moved, vec![1, 0])));
        check(&["x", "y"], &["a", "b"], Ok((Columns::Others, vec![])));
        check(&["1", "2"], &["a", "b"], Ok((Columns::Same, vec![])));
        check(&[], &["a", "b"], Ok((Columns::Same, vec![])));
        check(&["a", "x"], &["a", "b"], Err(names(&["b"])));
        // The model's name twice is no mapping either.
        check(&["a", "a"], &["a", "b"], Err(names(&["b"])));
    }

    #[test]
    fn channels_of_windows_move_together() {
        let mut inputs = Values::I16(vec![1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
        reorder(&mut inputs, &[2, 0, 1]);
        assert_eq!(inputs, Values::I16(vec![3, 1, 2, 6, 4, 5, 9, 7, 8, 12, 10, 11]));
    }
}

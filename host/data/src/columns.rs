//! Orders the columns of a set like those of a model, by their names.

use crate::examples::Examples;
use crate::values::Values;

/// Result of comparing the column names of a set and a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Columns {
    /// They are the same, or one side has none.
    Same,
    /// They are the same in another order, and were reordered.
    Moved,
    /// No column of the set is one of the model's; the columns keep their order.
    Others,
}

impl Columns {
    /// A note for the user.
    pub const fn note(&self) -> Option<&'static str> {
        match self {
            Self::Same => None,
            Self::Moved => Some("the dataset's columns were reordered by name to match the network's"),
            Self::Others => {
                Some("the dataset's columns are named differently from the network's, and are used in their order")
            }
        }
    }
}

/// The message about columns of a model that a set lacks.
pub fn missing_columns(missing: &[String]) -> String {
    let (names, more) = (missing[..missing.len().min(4)].join(", "), if missing.len() > 4 { ", ..." } else { "" });
    format!("takes columns that the dataset lacks: {names}{more}; give them these names, or remove the header")
}

/// The column among `names` for each of a model's `channels`: one with exactly the same name, otherwise one that only
/// differs in case. Duplicate names on both sides are matched in order. The error is the number of columns with that
/// name, if it differs from the model's.
pub(crate) fn places(names: &[String], channels: &[String]) -> Vec<Result<usize, usize>> {
    let lower: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
    let columns_of = |names: &[String], wanted: &str| -> Vec<usize> {
        names.iter().enumerate().filter(|(_, name)| *name == wanted).map(|(column, _)| column).collect()
    };
    let place = |(at, channel): (usize, &String)| {
        let (same, exact) = (columns_of(channels, channel), columns_of(names, channel));
        let found = if exact.is_empty() { columns_of(&lower, &channel.to_lowercase()) } else { exact };
        match found.len() == same.len() {
            true => Ok(found[same.iter().position(|&other| other == at).unwrap_or(0)]),
            false => Err(found.len()),
        }
    };
    channels.iter().enumerate().map(place).collect()
}

/// Whether no column occurs twice.
pub(crate) fn all_differ(columns: &[usize]) -> bool {
    let mut sorted = columns.to_vec();
    sorted.sort_unstable();
    sorted.windows(2).all(|pair| pair[0] != pair[1])
}

/// Puts the columns of a set's parts, named `channels`, into a model's order.
///
/// # Errors
/// As [`order`].
pub(crate) fn order_as(
    channels: &mut Vec<String>,
    parts: &mut [&mut Examples],
    model: &[String],
) -> Result<Columns, Vec<String>> {
    let (found, order) = order(channels, model)?;
    if found == Columns::Moved {
        parts.iter_mut().for_each(|part| reorder(&mut part.inputs, &order));
        *channels = model.to_vec();
    }
    Ok(found)
}

/// Compares columns named `found` with a model's channels `wanted`; if they have to be reordered, returns the column of
/// each channel.
///
/// # Errors
/// The channels without a column, if others have one.
fn order(found: &[String], wanted: &[String]) -> Result<(Columns, Vec<usize>), Vec<String>> {
    let numbers = |names: &[String]| names.iter().all(|name| name.parse::<u32>().is_ok());
    if found == wanted || numbers(found) || numbers(wanted) {
        return Ok((Columns::Same, Vec::new()));
    }
    let places = places(found, wanted);
    if places.iter().all(|place| *place == Err(0)) {
        return Ok((Columns::Others, Vec::new()));
    }
    let columns: Vec<usize> = places.iter().filter_map(|place| place.ok()).collect();
    let whole = columns.len() == wanted.len() && columns.len() == found.len() && all_differ(&columns);
    match (whole, columns.is_sorted()) {
        (true, true) => Ok((Columns::Same, Vec::new())),
        (true, false) => Ok((Columns::Moved, columns)),
        (false, _) => {
            let taken = |at: usize| places[..at].contains(&places[at]);
            let missing = wanted.iter().enumerate().filter(|&(at, _)| places[at].is_err() || taken(at));
            Err(missing.map(|(_, name)| name.clone()).collect())
        }
    }
}

/// Reorders the channels at every position.
fn reorder(inputs: &mut Values, order: &[usize]) {
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
        // A repeated name, or two names for one column, does not define a mapping.
        check(&["a", "a"], &["a", "b"], Err(names(&["a", "b"])));
        check(&["a", "b"], &["A", "a"], Err(names(&["a"])));
    }

    #[test]
    fn channels_of_windows_move_together() {
        let mut inputs = Values::I16(vec![1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
        reorder(&mut inputs, &[2, 0, 1]);
        assert_eq!(inputs, Values::I16(vec![3, 1, 2, 6, 4, 5, 9, 7, 8, 12, 10, 11]));
    }
}

//! Numbers the classes of a set like those of a model, by their names.

use crate::examples::Examples;
use crate::targets::{Targets, TargetsRef};

/// Names of a set's classes.
#[derive(Debug, Clone, Copy)]
struct Named<'a> {
    names: &'a [String],
    /// Whether there is an example of each class, `[names]`.
    used: &'a [bool],
}

/// The index of each of a set's names in a model's. `None` if they are numbered alike, or one side has no names, so
/// that only numbers can be compared: names that are "0", "1", ... in this order count as no names if those of the
/// other side are words. Otherwise names are compared.
///
/// # Errors
/// The names of classes with examples that the model does not have.
fn places(set: Named, model: &[String]) -> Result<Option<Vec<u16>>, Vec<String>> {
    let counted = |names: &[String]| names.iter().enumerate().all(|(place, name)| *name == place.to_string());
    let numbers = |names: &[String]| names.iter().all(|name| name.parse::<i64>().is_ok());
    let alike = set.names == model || counted(set.names) && counted(model);
    let nameless = counted(model) && !numbers(set.names) || counted(set.names) && !numbers(model);
    if set.names.is_empty() || alike || nameless {
        return Ok(None);
    }
    let place = |name: &String| model.iter().position(|known| known == name);
    let used = |at: usize| set.used.get(at).copied().unwrap_or(false);
    let unknown = |(at, name): (usize, &String)| (place(name).is_none() && used(at)).then(|| name.clone());
    let unknown: Vec<String> = set.names.iter().enumerate().filter_map(unknown).collect();
    match unknown.is_empty() {
        // No example belongs to a class that the model lacks.
        true => Ok(Some(set.names.iter().map(|name| place(name).unwrap_or(0) as u16).collect())),
        false => Err(unknown),
    }
}

/// Which of `classes` classes occur in the examples of these parts.
pub(crate) fn used(parts: &[TargetsRef], classes: usize) -> Vec<bool> {
    let mut used = vec![false; classes];
    parts.iter().filter_map(|part| part.classes()).flatten().for_each(|&class| used[usize::from(class)] = true);
    used
}

/// Numbers the classes of a set's parts, named `labels`, like a model with these names; see [`places`].
///
/// # Errors
/// As [`places`].
pub(crate) fn number_as(
    labels: &mut Vec<String>,
    parts: &mut [&mut Examples],
    model: &[String],
) -> Result<(), Vec<String>> {
    let targets: Vec<TargetsRef> = parts.iter().map(|part| part.targets.view()).collect();
    let used = used(&targets, labels.len());
    let Some(moved) = places(Named { names: labels, used: &used }, model)? else { return Ok(()) };
    parts.iter_mut().for_each(|part| renumber(&mut part.targets, &moved));
    *labels = model.to_vec();
    Ok(())
}

/// Gives every class its new number.
fn renumber(targets: &mut Targets, places: &[u16]) {
    if let Targets::Classes(classes) = targets {
        classes.iter_mut().for_each(|class| *class = places[usize::from(*class)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn names_of_classes_decide_not_their_order() {
        let check = |set: &[&str], model: &[&str], expected| {
            let set = names(set);
            let named = Named { names: &set, used: &vec![true; set.len()] };
            assert_eq!(places(named, &names(model)), expected, "{set:?} {model:?}");
        };
        check(&["cat", "ant"], &["ant", "bee", "cat"], Ok(Some(vec![2, 0])));
        check(&["ant", "bee"], &["ant", "bee"], Ok(None));
        check(&["ant", "bee"], &["0", "1"], Ok(None));
        check(&["ant", "bee"], &[], Ok(None));
        check(&["ant", "dog"], &["ant", "bee"], Err(names(&["dog"])));
    }

    #[test]
    fn numbers_are_names_too() {
        let check = |set: &[&str], model: &[&str], expected| {
            let set = names(set);
            let named = Named { names: &set, used: &vec![true; set.len()] };
            assert_eq!(places(named, &names(model)), expected, "{set:?} {model:?}");
        };
        check(&["0", "1"], &["1", "2"], Err(names(&["0"])));
        check(&["1", "2"], &["0", "1"], Err(names(&["2"])));
        check(&["1", "2"], &["0", "1", "2"], Ok(Some(vec![1, 2])));
        check(&["0", "1"], &["1", "0"], Ok(Some(vec![1, 0])));
        check(&["0", "1"], &["benign", "malignant"], Ok(None));
        check(&["1", "2"], &["benign", "malignant"], Err(names(&["1", "2"])));
        check(&["0", "1"], &["0", "1", "2"], Ok(None));
    }

    #[test]
    fn labels_without_names_are_compared_by_number() {
        let check = |used: &[bool], model: &[&str], expected| {
            let set: Vec<String> = (0..used.len()).map(|number| number.to_string()).collect();
            assert_eq!(places(Named { names: &set, used }, &names(model)), expected, "{model:?}");
        };
        check(&[true, true], &["ant", "bee"], Ok(None));
        check(&[true, true], &["0", "1", "2"], Ok(None));
        check(&[false, true, true], &["1", "2"], Ok(Some(vec![0, 0, 1])));
        check(&[true, true, true], &["1", "2"], Err(names(&["0"])));
    }
}

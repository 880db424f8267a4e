//! Classes of a set numbered as a model does, by their names.

use crate::targets::Targets;

/// The place of each of a set's names among a model's; `None` if they are the same, or cannot be compared.
pub(crate) fn places(set: &[String], model: &[String]) -> Result<Option<Vec<u16>>, Vec<String>> {
    let numbered = |names: &[String]| names.iter().enumerate().all(|(place, name)| *name == place.to_string());
    if set == model || numbered(set) || numbered(model) {
        return Ok(None);
    }
    let place = |name: &String| model.iter().position(|known| known == name);
    let unknown: Vec<String> = set.iter().filter(|name| place(name).is_none()).cloned().collect();
    match unknown.is_empty() {
        true => Ok(Some(set.iter().filter_map(place).map(|place| place as u16).collect())),
        false => Err(unknown),
    }
}

/// Gives every class its new number.
pub(crate) fn renumber(targets: &mut Targets, places: &[u16]) {
    if let Targets::Classes(classes) = targets {
        classes.iter_mut().for_each(|class| *class = places[usize::from(*class)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_classes_decide_not_their_order() {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let check = |set: &[&str], model: &[&str], expected| assert_eq!(places(&names(set), &names(model)), expected);
        check(&["cat", "ant"], &["ant", "bee", "cat"], Ok(Some(vec![2, 0])));
        check(&["ant", "bee"], &["ant", "bee"], Ok(None));
        check(&["0", "1"], &["ant", "bee"], Ok(None));
        check(&["ant", "bee"], &["0", "1"], Ok(None));
        check(&["ant", "bee"], &[], Ok(None));
        check(&["ant", "dog"], &["ant", "bee"], Err(names(&["dog"])));
    }
}

//! Examples in the order of their file, before they are cut into windows and split into parts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::array::{Array, Data};
use crate::error::{AnswerProblem, NameProblem, Problem, ValueProblem};
use crate::options::Task;
use crate::shape::Shape;
use crate::values::Values;
use crate::{decode, names};

/// `N` rows of a table or array.
#[derive(Debug)]
pub(crate) struct Rows {
    /// The file they come from.
    pub(crate) path: PathBuf,
    /// `[N][height][width][channels]`
    pub(crate) inputs: Values,
    /// Shape of one row.
    pub(crate) shape: Shape,
    /// Names of the channels, or empty.
    pub(crate) channels: Vec<String>,
    pub(crate) answers: Answers,
    /// Names of the target values, or empty.
    pub(crate) outputs: Vec<String>,
    /// Recording of each row, `[N]`, numbered in the order of their first rows.
    pub(crate) groups: Option<Vec<u32>>,
    /// Whether each row is normal, `[N]`.
    pub(crate) normal: Option<Vec<bool>>,
    /// Notes for the user.
    pub(crate) notes: Vec<String>,
}

/// Labels, row by row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answers {
    Classes {
        /// `[N]`
        classes: Vec<u16>,
        names: Vec<String>,
    },
    Values {
        /// `[N][outputs]`
        values: Vec<f32>,
        outputs: usize,
    },
    None,
}

impl Rows {
    pub(crate) fn new(path: &Path, inputs: Values, shape: Shape, answers: Answers) -> Self {
        Self {
            path: path.to_owned(),
            inputs,
            shape,
            channels: Vec::new(),
            answers,
            outputs: Vec::new(),
            groups: None,
            normal: None,
            notes: Vec::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.inputs.len() / self.shape.inputs()
    }

    /// Adds a note on how many inputs lose significant information as 32-bit floats.
    pub(crate) fn note_lost(&mut self, lost: usize) {
        if lost > 0 {
            self.notes.push(format!(
                "{lost} inputs change when converted to 32-bit floats: whole numbers above 16777216 are rounded, and values below 1e-45 become 0"
            ));
        }
    }
}

impl Answers {
    /// The labels in an array for `examples` inputs.
    ///
    /// # Errors
    /// If their number differs, or they do not match the task.
    pub(crate) fn of_array(array: Array, examples: usize, task: Task) -> Result<Self, Problem> {
        if array.len() != examples {
            return Err(AnswerProblem::AnswerCount { labels: array.len(), examples }.into());
        }
        let outputs = array.example_shape().inputs();
        match (task, &array.data) {
            (Task::Classify, Data::Text(texts)) if outputs == 1 => Self::classes(texts.iter().map(String::as_str)),
            (Task::Classify, _) if outputs == 1 => Self::numbered(&array.numbers().unwrap_or_default()),
            (Task::Classify, _) => Err(AnswerProblem::ManyAnswers(outputs).into()),
            (_, Data::Text(texts)) => {
                Err(AnswerProblem::TextTargets(texts.first().cloned().unwrap_or_default()).into())
            }
            _ => {
                let numbers = array.numbers().unwrap_or_default();
                if let Some(at) = numbers.iter().position(|number| !number.is_finite()) {
                    let (example, value) = (at / outputs, numbers[at].to_string());
                    return Err(ValueProblem::NotFinite { example, input: at % outputs, value }.into());
                }
                Ok(Self::Values { values: numbers.into_iter().map(|number| number as f32).collect(), outputs })
            }
        }
    }

    /// Classes by their names: whole numbers in numerical order, otherwise text in byte order.
    ///
    /// # Errors
    /// If they are numbers that are not whole, there are too many, or a name is empty.
    pub(crate) fn classes<'a>(texts: impl Iterator<Item = &'a str> + Clone) -> Result<Self, Problem> {
        let numbers: Option<Vec<f64>> = texts.clone().map(|text| text.trim().parse().ok()).collect();
        if let Some(numbers) = numbers {
            return Self::numbered(&numbers);
        }
        let mut known = BTreeMap::new();
        let composed: Vec<String> = texts.map(|name| decode::composed(name.trim())).collect();
        for name in &composed {
            known.insert(name.as_str(), 0);
        }
        let names: Vec<String> = known.keys().map(|&name| name.to_owned()).collect();
        if names.len() > names::MOST {
            return Err(NameProblem::ClassCount(names.len()).into());
        }
        names::check(&names).map_err(|_| AnswerProblem::ClassText(unusable(&names)))?;
        (0..).zip(known.values_mut()).for_each(|(number, class)| *class = number);
        let classes = composed.iter().map(|name| known[name.as_str()]).collect();
        Ok(Self::Classes { classes, names })
    }

    /// Classes by their numbers, which need not begin at 0 or be consecutive.
    fn numbered(numbers: &[f64]) -> Result<Self, Problem> {
        if let Some(&odd) = numbers.iter().find(|number| number.fract() != 0.0 || number.abs() > 1e15) {
            return Err(AnswerProblem::NotClasses(odd.to_string()).into());
        }
        let mut known: Vec<i64> = numbers.iter().map(|&number| number as i64).collect();
        known.sort_unstable();
        known.dedup();
        if known.len() > names::MOST {
            return Err(NameProblem::ClassCount(known.len()).into());
        }
        let class = |&number: &f64| known.binary_search(&(number as i64)).unwrap_or(0) as u16;
        let classes = numbers.iter().map(class).collect();
        Ok(Self::Classes { classes, names: known.iter().map(i64::to_string).collect() })
    }

    /// Gives the classes of both the same numbers.
    pub(crate) fn align(train: &mut Self, test: &mut Self) {
        let (Self::Classes { classes: a, names: of_a }, Self::Classes { classes: b, names: of_b }) = (train, test)
        else {
            return;
        };
        let mut all: Vec<String> = of_a.iter().chain(of_b.iter()).cloned().collect();
        if all.iter().all(|name| name.parse::<i64>().is_ok()) {
            all.sort_by_key(|name| name.parse::<i64>().unwrap_or(0));
        } else {
            all.sort();
        }
        all.dedup();
        for (classes, names) in [(a, of_a), (b, of_b)] {
            let place = |name: &String| all.iter().position(|known| known == name).unwrap_or(0) as u16;
            let moved: Vec<u16> = names.iter().map(place).collect();
            classes.iter_mut().for_each(|class| *class = moved[usize::from(*class)]);
            names.clone_from(&all);
        }
    }
}

/// The first name that is not a valid class name, with its characters made visible.
fn unusable(names: &[String]) -> String {
    let bad = |name: &&String| name.is_empty() || name.len() > names::MOST_NAME || !decode::is_plain(name);
    names.iter().find(bad).map_or_else(String::new, |name| name.escape_default().take(80).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(texts: &[&str], expected: Result<(&[u16], &[&str]), &str>) {
        match (Answers::classes(texts.iter().copied()), expected) {
            (Ok(Answers::Classes { classes, names }), Ok((numbers, words))) => {
                assert_eq!(
                    (classes.as_slice(), names.iter().map(String::as_str).collect::<Vec<_>>()),
                    (numbers, words.to_vec())
                );
            }
            (Err(problem), Err(fault)) => assert!(problem.to_string().starts_with(fault), "{problem}"),
            (found, _) => panic!("{texts:?}: {found:?}"),
        }
    }

    #[test]
    fn classes_are_named_by_what_the_file_holds() {
        check(&["dog", "cat", "dog"], Ok((&[1, 0, 1], &["cat", "dog"])));
        check(&["10", "9", "9.0"], Ok((&[1, 0, 0], &["9", "10"])));
        check(&["-1", "1"], Ok((&[0, 1], &["-1", "1"])));
        check(&["a\u{308}", "\u{e4}"], Ok((&[0, 0], &["\u{e4}"])));
        check(&["1.5", "2"], Err("holds 1.5"));
        check(&["a", ""], Err("has the class name \"\""));
        check(&["a", "b\u{1b}[2J"], Err("has the class name \"b\\u{1b}[2J\""));
    }

    #[test]
    fn parts_of_a_set_number_their_classes_alike() {
        let of = |texts: &[&str]| Answers::classes(texts.iter().copied()).unwrap();
        let (mut train, mut test) = (of(&["b", "d"]), of(&["c", "b"]));
        Answers::align(&mut train, &mut test);
        assert_eq!(test, Answers::Classes { classes: vec![1, 0], names: ["b", "c", "d"].map(String::from).to_vec() });
        assert_eq!(train, Answers::Classes { classes: vec![0, 2], names: ["b", "c", "d"].map(String::from).to_vec() });
    }
}

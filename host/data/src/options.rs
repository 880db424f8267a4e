//! How to read a set: the meaning of its columns, how recordings are cut, and which examples are for testing.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::values::InputType;

/// The task for which a network is trained on the set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// Classification.
    #[default]
    Classify,
    /// Estimating real values.
    Regress,
    /// Reproducing its own inputs, so that anomalies can be detected.
    Reconstruct,
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Classify => "classify",
            Self::Regress => "regress",
            Self::Reconstruct => "reconstruct",
        })
    }
}

impl FromStr for Task {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let all = [Self::Classify, Self::Regress, Self::Reconstruct];
        let found = all.into_iter().find(|task| task.to_string() == word);
        found.ok_or_else(|| format!("unknown task '{word}': give classify, regress or reconstruct"))
    }
}

/// Which examples are for testing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestSplit {
    /// This fraction of each class, above 0 and below 1.
    Share(f64),
    /// Every n-th example or recording in the order of the file; n is at least 2.
    Every(usize),
}

impl fmt::Display for TestSplit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Share(share) => write!(f, "{share}"),
            Self::Every(every) => write!(f, "every:{every}"),
        }
    }
}

impl FromStr for TestSplit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let every = text.strip_prefix("every:").map(|n| n.parse().ok().filter(|&n: &usize| n >= 2));
        let split = match every {
            Some(every) => every.map(Self::Every),
            None => share(text).ok().map(Self::Share),
        };
        split.ok_or_else(|| format!("'{text}': give a share between 0 and 1, such as 0.2, or every:N, such as every:5"))
    }
}

/// A fraction above 0 and below 1 from the command line.
///
/// # Errors
/// If it is not; the text says what to give.
pub fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|&share: &f64| share > 0.0 && share < 1.0);
    share.ok_or_else(|| format!("'{text}': give a share between 0 and 1, such as 0.2"))
}

/// A fraction of at least 0 and below 1 from the command line.
///
/// # Errors
/// If it is not; the text says what to give.
pub fn share_or_none(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|&share: &f64| (0.0..1.0).contains(&share));
    share.ok_or_else(|| format!("'{text}': give a share of at least 0 and below 1, such as 0.1"))
}

/// The column that marks normal examples, and its value in a normal one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Normal {
    /// Name of the column, or its number from 1.
    pub column: String,
    /// Its text in normal rows.
    pub value: String,
}

impl fmt::Display for Normal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.column, self.value)
    }
}

impl FromStr for Normal {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((column, value)) if !column.is_empty() && !value.is_empty() => {
                Ok(Self { column: column.to_owned(), value: value.to_owned() })
            }
            _ => Err(format!("'{text}': give COLUMN=VALUE, such as is_anomaly=0")),
        }
    }
}

/// How to read a set. The default reads images, and tables of features with the class in the last column.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// The task.
    pub task: Task,
    /// Columns with the correct answers, by name or number from 1; empty for the last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub target: Vec<String>,
    /// Column that identifies the recording.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Number of rows in a window, if rows are samples of a recording.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<usize>,
    /// Number of rows between the starts of two windows; by default the length of a window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<usize>,
    /// Which examples are normal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub normal: Option<Normal>,
    /// Which examples are for testing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_split: Option<TestSplit>,
    /// Fraction of the training examples for validation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_split: Option<f64>,
    /// Type of the inputs, if the file leaves a choice.
    #[serde(skip_serializing_if = "Option::is_none", with = "input_type")]
    pub input: Option<InputType>,
}

/// Serializes an input type by its name.
mod input_type {
    use super::InputType;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(value: &Option<InputType>, to: S) -> Result<S::Ok, S::Error> {
        value.map(InputType::name).serialize(to)
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Option<InputType>, D::Error> {
        Option::<String>::deserialize(from)?.map(|name| name.parse()).transpose().map_err(D::Error::custom)
    }
}

impl Options {
    /// These options, completed with `recorded`, whose task is kept.
    #[must_use]
    pub fn or(&self, recorded: &Self) -> Self {
        let (own, recorded) = (self.clone(), recorded.clone());
        // A different window length does not inherit the recorded step.
        let recorded_step = recorded.step.filter(|_| own.window.is_none());
        Self {
            task: recorded.task,
            target: if own.target.is_empty() { recorded.target } else { own.target },
            group: own.group.or(recorded.group),
            window: own.window.or(recorded.window),
            step: own.step.or(recorded_step),
            normal: own.normal.or(recorded.normal),
            test_split: own.test_split.or(recorded.test_split),
            valid_split: own.valid_split.or(recorded.valid_split),
            input: own.input.or(recorded.input),
        }
    }

    /// These options without those for columns.
    pub(crate) fn without_columns(&self) -> Self {
        Self { target: Vec::new(), group: None, normal: None, input: None, ..self.clone() }
    }

    /// These options without those for columns and rows.
    pub(crate) fn without_rows(&self) -> Self {
        Self { window: None, step: None, ..self.without_columns() }
    }

    /// The first option set that only applies to columns, if any.
    pub(crate) fn first_of_columns(&self) -> Option<&'static str> {
        let flags = [
            ("--target", !self.target.is_empty()),
            ("--group", self.group.is_some()),
            ("--normal", self.normal.is_some()),
            ("--column-type", self.input.is_some()),
        ];
        flags.into_iter().find_map(|(flag, set)| set.then_some(flag))
    }

    /// The first option set that only applies to rows, if any.
    pub(crate) fn first_of_rows(&self) -> Option<&'static str> {
        let flags = [("--window", self.window.is_some()), ("--step", self.step.is_some())];
        flags.into_iter().find_map(|(flag, set)| set.then_some(flag))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_are_a_share_or_every_so_many() {
        let check = |text: &str, expected| assert_eq!(text.parse::<TestSplit>().ok(), expected, "{text}");
        check("0.2", Some(TestSplit::Share(0.2)));
        check("every:5", Some(TestSplit::Every(5)));
        ["0", "1", "every:1", "every:x", "every", "-0.5", "NaN"].into_iter().for_each(|text| check(text, None));
    }

    #[test]
    fn normal_is_a_column_and_a_value() {
        let normal: Normal = "is_anomaly=0".parse().unwrap();
        assert_eq!((normal.column.as_str(), normal.value.as_str()), ("is_anomaly", "0"));
        ["is_anomaly", "=0", "a="].into_iter().for_each(|text| assert!(text.parse::<Normal>().is_err(), "{text}"));
    }
}

//! The correct answers for examples: owned ([`Targets`]) and borrowed ([`TargetsRef`]).

use std::ops::Range;

/// The correct answers for `N` examples.
#[derive(Debug, Clone, PartialEq)]
pub enum Targets {
    /// Class of each example, `[N]`, an index into the set's class names.
    Classes(Vec<u16>),
    /// Real values.
    Values {
        /// `[N][outputs]`, finite.
        values: Vec<f32>,
        /// Number of values per example, at least 1.
        outputs: usize,
    },
    /// The answers are unknown.
    None,
}

/// Borrowed answers, laid out as in [`Targets`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TargetsRef<'a> {
    /// `[N]`
    Classes(&'a [u16]),
    /// Real values.
    Values {
        /// `[N][outputs]`
        values: &'a [f32],
        /// Number of values per example, at least 1.
        outputs: usize,
    },
    /// The answers are unknown.
    None,
}

impl Targets {
    /// All answers, borrowed.
    pub fn view(&self) -> TargetsRef<'_> {
        match self {
            Self::Classes(classes) => TargetsRef::Classes(classes),
            Self::Values { values, outputs } => TargetsRef::Values { values, outputs: *outputs },
            Self::None => TargetsRef::None,
        }
    }

    /// Keeps the answers for the first `examples`.
    pub fn truncate(&mut self, examples: usize) {
        match self {
            Self::Classes(classes) => classes.truncate(examples),
            Self::Values { values, outputs } => values.truncate(examples * *outputs),
            Self::None => {}
        }
    }
}

impl<'a> TargetsRef<'a> {
    /// The answers for a range of examples. Panics if it ends past the last.
    pub fn slice(self, range: Range<usize>) -> Self {
        match self {
            Self::Classes(classes) => Self::Classes(&classes[range]),
            Self::Values { values, outputs } => {
                Self::Values { values: &values[range.start * outputs..range.end * outputs], outputs }
            }
            Self::None => Self::None,
        }
    }

    /// The answers for the examples with these indices, in their order.
    pub fn rows(self, numbers: &[usize]) -> Targets {
        match self {
            Self::Classes(classes) => Targets::Classes(numbers.iter().map(|&number| classes[number]).collect()),
            Self::Values { values, outputs } => {
                let row = |&number: &usize| values[number * outputs..][..outputs].iter().copied();
                Targets::Values { values: numbers.iter().flat_map(row).collect(), outputs }
            }
            Self::None => Targets::None,
        }
    }

    /// The classes, if these are classes.
    pub fn classes(self) -> Option<&'a [u16]> {
        match self {
            Self::Classes(classes) => Some(classes),
            _ => None,
        }
    }

    /// The values `[N][outputs]`, if these are values.
    pub fn values(self) -> Option<&'a [f32]> {
        match self {
            Self::Values { values, .. } => Some(values),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_cut_and_picked_by_example() {
        let targets = Targets::Values { values: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], outputs: 2 };
        assert_eq!(targets.view().slice(1..2).values(), Some(&[3.0, 4.0][..]));
        assert_eq!(targets.view().rows(&[2, 0]).view().values(), Some(&[5.0, 6.0, 1.0, 2.0][..]));
        assert_eq!(Targets::Classes(vec![4, 5, 6]).view().rows(&[1, 1]), Targets::Classes(vec![5, 5]));
        assert_eq!(Targets::None.view().slice(0..9).classes(), None);
    }
}

//! The confusion matrix, and figures for each class derived from it.

use serde::Serialize;

/// The classification of labelled images.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Classes {
    /// `[C][C]`: number of images of the row's class that were classified as the column's.
    pub confusion: Vec<Vec<usize>>,
    /// The pairs of classes that are confused, the most frequent first.
    pub confused: Vec<Confused>,
}

/// Images of one class that were classified as another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Confused {
    /// Their label.
    pub class: usize,
    /// The predicted class.
    pub taken_for: usize,
    /// Their number.
    pub images: usize,
}

impl Classes {
    /// Computed from the label and the predicted class of every image, each below `classes`.
    pub fn of(labels: &[u16], predictions: &[u16], classes: usize) -> Self {
        let mut confusion = vec![vec![0; classes]; classes];
        for (&label, &predicted) in labels.iter().zip(predictions) {
            confusion[usize::from(label)][usize::from(predicted)] += 1;
        }
        let pairs = (0..classes).flat_map(|class| (0..classes).map(move |taken_for| (class, taken_for)));
        let pairs = pairs.map(|(class, taken_for)| Confused { class, taken_for, images: confusion[class][taken_for] });
        let mut confused: Vec<_> = pairs.filter(|pair| pair.class != pair.taken_for && pair.images > 0).collect();
        confused.sort_by_key(|pair| std::cmp::Reverse(pair.images));
        Self { confusion, confused }
    }

    /// Number of images of a class.
    pub fn images(&self, class: usize) -> usize {
        self.confusion[class].iter().sum()
    }

    /// Fraction of the images classified as a class that belong to it; `None` if there are no such images.
    pub fn precision(&self, class: usize) -> Option<f64> {
        let taken: usize = self.confusion.iter().map(|row| row[class]).sum();
        (taken > 0).then(|| self.confusion[class][class] as f64 / taken as f64)
    }

    /// The most frequent wrong prediction for images of a class, if any.
    pub fn most_confused(&self, class: usize) -> Option<Confused> {
        self.confused.iter().find(|pair| pair.class == class).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_set_by_hand() {
        let classes = Classes::of(&[0, 0, 0, 1, 1, 2], &[0, 1, 1, 1, 0, 1], 4);
        assert_eq!(classes.confusion, [[1, 2, 0, 0], [1, 1, 0, 0], [0, 1, 0, 0], [0; 4]]);
        assert_eq!([0, 1, 2, 3].map(|class| classes.images(class)), [3, 2, 1, 0]);
        assert_eq!([0, 1, 2].map(|class| classes.precision(class)), [Some(0.5), Some(0.25), None]);
        let most = Confused { class: 0, taken_for: 1, images: 2 };
        assert_eq!((classes.confused[0], classes.confused.len()), (most, 3));
        assert_eq!([0, 3].map(|class| classes.most_confused(class)), [Some(most), None]);
    }
}

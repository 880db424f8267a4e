//! The learned values of every BatchNormalization.

use super::values::{Histogram, MinMedianMax, widened};
use crate::network::checkpoint::Checkpoint;
use crate::show::summary::Row;
use foldnet_core::{BatchNorm, Layer};
use serde::Serialize;

/// One BatchNormalization.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Norm {
    /// Keras's name.
    pub name: String,
    /// Keras's name of the preceding layer.
    pub behind: String,
    /// Units.
    pub units: usize,
    /// Learned scale, initially 1.
    pub gamma: Values,
    /// Learned shift, initially 0.
    pub beta: Values,
    /// Moving mean of the inputs, initially 0.
    pub moving_mean: Values,
    /// Moving variance of the inputs, initially 1.
    pub moving_variance: Values,
}

/// One value per unit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Values {
    /// Range of the values.
    pub spread: MinMedianMax,
    /// Distribution of the values.
    pub histogram: Histogram,
}

impl Values {
    fn of(values: &[f64]) -> Self {
        Self { spread: MinMedianMax::of(values), histogram: Histogram::of(values) }
    }
}

/// The BatchNormalizations of a network, in order; `rows` is its table, which begins with the input.
pub fn norms(checkpoint: &Checkpoint, rows: &[Row]) -> Vec<Norm> {
    let places = checkpoint.network().placed();
    let norms = places.filter(|place| matches!(place.layer, Layer::BatchNorm { .. }));
    norms
        .map(|place| {
            let units = checkpoint.params[place.range()].chunks_exact(BatchNorm::VALUES);
            let column = |at: usize| Values::of(&widened(units.clone().map(|unit| unit[at])));
            let [gamma, beta, moving_mean, moving_variance] = [0, 1, 2, 3].map(column);
            let (name, behind) = (rows[place.index + 1].name.clone(), rows[place.index].name.clone());
            Norm { name, behind, units: place.outputs, gamma, beta, moving_mean, moving_variance }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::checkpoint::PixelStatistics;
    use crate::show::summary::of_checkpoint;

    #[test]
    fn values_are_taken_from_their_places() {
        let layers = vec![Layer::batch_norm(), Layer::dense(1), Layer::batch_norm()];
        // Two units [gamma, beta, mean, variance], a Dense 2 -> 1 with bias, one unit.
        let params = vec![2.0, 0.5, 3.0, 4.0, 6.0, -0.5, 5.0, 8.0, 9.0, 9.0, 9.0, 1.5, 0.25, -2.0, 16.0];
        let pixels = PixelStatistics::Unit;
        let checkpoint = Checkpoint::new(layers, 2, params, pixels).expect("a network");
        let rows = of_checkpoint(checkpoint.network()).layers;
        let found = norms(&checkpoint, &rows);
        let names: Vec<_> = found.iter().map(|n| (n.name.as_str(), n.behind.as_str(), n.units)).collect();
        assert_eq!(names, [("batch_normalization", "flatten", 2), ("batch_normalization_1", "dense", 1)]);
        let ranges = |values: &Values| (values.spread.min, values.spread.max);
        assert_eq!((ranges(&found[0].gamma), ranges(&found[0].beta)), ((2.0, 6.0), (-0.5, 0.5)));
        assert_eq!((ranges(&found[0].moving_mean), ranges(&found[0].moving_variance)), ((3.0, 5.0), (4.0, 8.0)));
        assert_eq!((ranges(&found[1].moving_mean), found[1].moving_variance.spread.median), ((-2.0, -2.0), 16.0));
    }
}

//! The table of a network's layers, in the style of Keras's `model.summary()`.

use crate::format::thousands;
use crate::network::parameters::Parameters;
use crate::show::terminal::table;
use foldnet_core::Network;
use foldnet_core::model::Header;
use serde::Serialize;
use std::fmt::{Display, Formatter};

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Keras's name, such as `batch_normalization_1`.
    pub name: String,
    /// Keras's type, such as `BatchNormalization`.
    pub kind: &'static str,
    /// Width of the output.
    pub units: usize,
    /// Total number of parameters.
    pub parameters: usize,
}

/// The whole table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// The input, then the layers.
    pub layers: Vec<Row>,
    /// Sums.
    pub parameters: Parameters,
}

/// The table of a network in training.
pub fn of_checkpoint(network: Network) -> Summary {
    let mut rows = vec![flatten(network.inputs())];
    for place in network.placed() {
        let (base, kind) = place.layer.keras_names();
        let name = numbered(base, rows.iter().filter(|row| row.kind == kind).count());
        rows.push(Row { name, kind, units: place.outputs, parameters: place.layer.params(place.inputs) });
    }
    Summary { layers: rows, parameters: Parameters::of(network) }
}

/// The table of a device model: Dense layers, with ReLU inside.
pub fn of_model(header: &Header) -> Summary {
    let inputs = header.layers.first().map_or(0, |layer| layer.inputs.into());
    let mut rows = vec![flatten(inputs)];
    for (index, layer) in header.layers.iter().enumerate() {
        let kind = if layer.relu { "Dense+ReLU" } else { "Dense" };
        let (inputs, units) = (usize::from(layer.inputs), usize::from(layer.units));
        rows.push(Row { name: numbered("dense", index), kind, units, parameters: units * (inputs + 1) });
    }
    let total = rows.iter().map(|row| row.parameters).sum();
    Summary { layers: rows, parameters: Parameters { total, trainable: 0, non_trainable: total } }
}

fn flatten(units: usize) -> Row {
    Row { name: "flatten".into(), kind: "Flatten", units, parameters: 0 }
}

/// Keras counts `dense`, `dense_1`, `dense_2`.
fn numbered(base: &str, number: usize) -> String {
    if number == 0 { base.to_owned() } else { format!("{base}_{number}") }
}

impl Display for Summary {
    fn fmt(&self, f: &mut Formatter) -> std::fmt::Result {
        let row = |row: &Row| {
            vec![format!("{} ({})", row.name, row.kind), format!("(None, {})", row.units), thousands(row.parameters)]
        };
        writeln!(f, "{}", table(&["Layer (type)", "Output Shape", "Param #"], self.layers.iter().map(row)))?;
        let Parameters { total, trainable, non_trainable } = self.parameters;
        writeln!(f, " Total params: {}", thousands(total))?;
        writeln!(f, " Trainable params: {}", thousands(trainable))?;
        write!(f, " Non-trainable params: {}", thousands(non_trainable))
    }
}

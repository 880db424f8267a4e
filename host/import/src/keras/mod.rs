//! Keras models: `.keras` (a zip with the configuration and the weights), and `.h5` of Keras 2 and 3.
//!
//! The configuration has the layers and their order; the weights are found by the layers' names. Variables of a layer
//! are in the order in which Keras creates them: `kernel`, `bias`; `gamma`, `beta`, `moving_mean`, `moving_variance`;
//! `mean`, `variance`, without those disabled in the configuration.

mod config;
mod functional;
mod layers;
mod weights;

use crate::error::Fault;
use crate::hdf5::Hdf5;
use crate::imported::{Bare, BareTensor, Imported};
use crate::lower::lower;
use crate::network::Network;
use crate::zip::Zip;
use config::FORMAT;
use weights::Weights;

/// Maximum length of a configuration; a layer takes about a kilobyte.
const MAX_CONFIG: usize = 2 << 20;

/// Reads a `.keras` file.
pub(crate) fn from_zip(bytes: &[u8]) -> Result<Network, Fault> {
    let zip = Zip::parse(bytes)?;
    let has = |name: &str| zip.entries.iter().any(|entry| entry.name == name);
    if !has("config.json") {
        return Err(Fault::Unread(
            "a zip file without Keras's config.json; save the model with model.save(\"model.keras\")".into(),
        ));
    }
    let config = String::from_utf8_lossy(&zip.read("config.json")?).into_owned();
    let weights = zip.read("model.weights.h5")?;
    network(&config, &Weights::of_zip(Hdf5::open(&weights)?)?)
}

/// Reads a `.h5` file, of a whole model or of weights only.
pub(crate) fn from_hdf5(bytes: &[u8]) -> Result<Imported, Fault> {
    let root = Hdf5::open(bytes)?.root()?;
    let Some(config) = root.text("model_config")? else {
        return bare(&root).map(Imported::Tensors);
    };
    let weights = root.get("model_weights")?.ok_or_else(|| Fault::broken(FORMAT, "it has no model_weights"))?;
    network(&config, &Weights::of_h5(weights)?).map(Imported::Network)
}

/// Reads a file of weights only, Keras 3's (`.weights.h5`) or Keras 2's, for the model described by `config`, the
/// output of `model.to_json()`.
pub(crate) fn from_weights(bytes: &[u8], config: &str) -> Result<Network, Fault> {
    let root = Hdf5::open(bytes)?.root()?;
    if root.text("model_config")?.is_some() {
        return Err(Fault::Unread("a whole model, which contains its configuration; omit --config".into()));
    }
    let numbered = weights::FOLDERS.iter().any(|folder| matches!(root.get(folder), Ok(Some(_))));
    let weights = if numbered { Weights::of_zip(Hdf5::open(bytes)?)? } else { Weights::of_h5(root)? };
    network(config, &weights)
}

fn network(config: &str, weights: &Weights) -> Result<Network, Fault> {
    if config.len() > MAX_CONFIG {
        return Err(Fault::broken(FORMAT, format!("a configuration of {} bytes", config.len())));
    }
    let config =
        serde_json::from_str(config).map_err(|error| Fault::broken(FORMAT, format!("its configuration: {error}")))?;
    lower(&functional::graph(&config, weights)?)
}

/// The tensors of a file of weights, whose layers and order the user specifies.
fn bare(root: &crate::hdf5::Object) -> Result<Bare, Fault> {
    let mut tensors = Vec::new();
    let mut numbers = 0_usize;
    for (name, object) in root.data_sets()? {
        if name.starts_with("optimizer") {
            continue;
        }
        if name.split('/').any(|part| part == "vars") {
            return Err(Fault::Unread(
                "weights only, with numbered variables; give the configuration (--config model.json, the output of \
                 model.to_json()) or save the whole model with model.save(\"model.keras\")"
                    .into(),
            ));
        }
        let tensor = object.tensor()?;
        numbers = numbers.saturating_add(tensor.len());
        weights::check_size(numbers)?;
        tensors.push(BareTensor { name, shape: tensor.shape.clone(), values: tensor.floats() });
    }
    if tensors.is_empty() {
        return Err(Fault::Unread(
            "an HDF5 file without a Keras model; save the model with model.save(\"model.keras\")".into(),
        ));
    }
    Ok(Bare { tensors })
}

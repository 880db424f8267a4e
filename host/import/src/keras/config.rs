//! Values in Keras's JSON, as layers need them.

use crate::error::Fault;
use serde_json::Value;

pub(super) const FORMAT: &str = "Keras";

/// A layer, or a nested model, in a configuration.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'a> {
    /// `Dense`, ...
    pub(super) class: &'a str,
    pub(super) config: &'a Value,
    /// The whole entry, with `inbound_nodes`.
    pub(super) whole: &'a Value,
}

impl<'a> Entry<'a> {
    pub(super) fn of(whole: &'a Value) -> Result<Self, Fault> {
        let class = whole.get("class_name").and_then(Value::as_str);
        let (Some(class), Some(config)) = (class, whole.get("config")) else {
            return Err(Fault::broken(FORMAT, "a layer without class_name and config"));
        };
        Ok(Self { class, config, whole })
    }

    pub(super) fn name(&self) -> &'a str {
        let own = self.config.get("name").or_else(|| self.whole.get("name"));
        own.and_then(Value::as_str).unwrap_or(self.class)
    }

    /// The layers of a model.
    pub(super) fn layers(&self) -> Result<Vec<Self>, Fault> {
        let layers = self.config.get("layers").unwrap_or(self.config).as_array();
        let layers = layers.ok_or_else(|| Fault::broken(FORMAT, format!("{} has no layers", self.name())))?;
        layers.iter().map(Self::of).collect()
    }

    /// Whether it is a model rather than a layer.
    pub(super) fn is_model(&self) -> bool {
        matches!(self.class, "Sequential" | "Functional" | "Model")
    }

    pub(super) fn flag(&self, key: &str, default: bool) -> bool {
        self.config.get(key).and_then(Value::as_bool).unwrap_or(default)
    }

    pub(super) fn number(&self, key: &str, default: f64) -> f64 {
        self.config.get(key).and_then(Value::as_f64).unwrap_or(default)
    }

    /// Whether the key exists with a value other than null, false and 0.
    pub(super) fn is_set(&self, key: &str) -> bool {
        self.config.get(key).is_some_and(|value| !value.is_null() && *value != false && value.as_f64() != Some(0.0))
    }

    /// Sizes of an example without the batch, if the layer has them; `None` if one is unknown.
    pub(super) fn shape(&self) -> Option<Vec<usize>> {
        let direct = ["batch_shape", "batch_input_shape"].into_iter().find_map(|key| self.config.get(key));
        let built = || self.whole.get("build_config").and_then(|build| build.get("input_shape"));
        let sizes = direct.or_else(|| self.config.get("build_input_shape")).or_else(built)?.as_array()?;
        sizes.get(1..)?.iter().map(|size| usize::try_from(size.as_u64()?).ok()).collect()
    }

    pub(super) fn refused(&self, why: impl Into<String>) -> Fault {
        Fault::refused(self.name(), self.class, why)
    }
}

/// All numbers of a number or of nested lists, with the sizes of the lists.
pub(super) fn numbers(value: &Value) -> Option<(Vec<usize>, Vec<f32>)> {
    if let Some(number) = value.as_f64() {
        return Some((Vec::new(), vec![number as f32]));
    }
    if value.get("class_name").is_some() {
        // `{"class_name": "__numpy__", "config": {"value": ...}}`
        return numbers(value.get("config")?.get("value")?);
    }
    let list = value.as_array()?;
    let parts: Vec<_> = list.iter().map(numbers).collect::<Option<_>>()?;
    let inner = parts.first().map(|(shape, _)| shape.clone()).unwrap_or_default();
    let shape = [vec![list.len()], inner].concat();
    Some((shape, parts.into_iter().flat_map(|(_, values)| values).collect()))
}

/// A list of integers, or a single one.
pub(super) fn integers(value: &Value) -> Option<Vec<i64>> {
    match value.as_array() {
        Some(list) => list.iter().map(Value::as_i64).collect(),
        None => value.as_i64().map(|one| vec![one]),
    }
}

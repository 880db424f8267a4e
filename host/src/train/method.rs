//! The training method besides epochs, batch size and rate: the optimizer and its settings, the learning rate schedule,
//! regularization, and the choice of the best epoch.

use super::augment::Augment;
use super::schedule::Schedule;
use foldnet_core::train::{Adam, Momentum, Sgd};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The optimizers of the command line. Definitions and defaults are Keras's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rule {
    /// Stochastic gradient descent, optionally with momentum.
    #[default]
    Sgd,
    /// Kingma and Ba 2015.
    Adam,
    /// Adam with decoupled weight decay (Loshchilov and Hutter 2019).
    AdamW,
}

impl Rule {
    /// Keras's default learning rate.
    pub fn learning_rate(self) -> f32 {
        match self {
            Self::Sgd => 0.01,
            Self::Adam | Self::AdamW => 0.001,
        }
    }

    /// Keras's default weight decay.
    pub fn weight_decay(self) -> f32 {
        match self {
            Self::Sgd | Self::Adam => 0.0,
            Self::AdamW => Adam::ADAM_W.weight_decay,
        }
    }
}

/// What the validation metric of each epoch decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Monitor {
    /// The metric.
    pub metric: Metric,
    /// Number of epochs without improvement after which training ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patience: Option<usize>,
}

/// A metric on the validation examples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Smaller is better.
    #[default]
    ValLoss,
    /// Larger is better.
    ValAccuracy,
}

impl Metric {
    /// Whether `value` is better than `best`.
    pub fn is_better(self, value: f64, best: f64) -> bool {
        match self {
            Self::ValLoss => value < best,
            Self::ValAccuracy => value > best,
        }
    }
}

/// Weights of classes in the loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClassWeights {
    /// Every example has weight 1.
    #[default]
    Equal,
    /// Every class has the same total weight: an example has weight `N / (C N_c)`, for `N_c` of `N` examples in its
    /// class.
    Balanced,
}

impl ClassWeights {
    /// The weights for training on these labels of `classes` classes, `[C]`, or empty if all are 1.
    pub fn of(self, labels: &[u16], classes: usize) -> Vec<f32> {
        if self == Self::Equal {
            return Vec::new();
        }
        let mut counts = vec![0u32; classes];
        labels.iter().for_each(|&label| counts[usize::from(label)] += 1);
        let weight = |&count: &u32| match count {
            0 => 1.0,
            count => (labels.len() as f64 / (classes as f64 * f64::from(count))) as f32,
        };
        counts.iter().map(weight).collect()
    }
}

/// Error measure for values.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ValueLoss {
    /// Mean squared error.
    #[default]
    Mse,
    /// Huber loss: squared up to `delta`, in the units of training, and linear beyond.
    Huber {
        /// Positive.
        delta: f32,
    },
}

impl fmt::Display for ValueLoss {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Mse => f.pad("mse"),
            Self::Huber { delta } => write!(f, "huber:{delta}"),
        }
    }
}

impl FromStr for ValueLoss {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let delta = |text: &str| text.parse().ok().filter(|&delta: &f32| delta > 0.0 && delta.is_finite());
        let found = match text.split_once(':') {
            None if text == "mse" => Some(Self::Mse),
            None if text == "huber" => Some(Self::Huber { delta: 1.0 }),
            Some(("huber", rest)) => delta(rest).map(|delta| Self::Huber { delta }),
            _ => None,
        };
        found.ok_or_else(|| {
            format!("'{text}' is not a loss for values: give mse, huber or huber:DELTA, such as huber:0.5")
        })
    }
}

/// How classes are represented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Head {
    /// One output per class.
    #[default]
    Softmax,
    /// One output for two classes: the probability of the second.
    Sigmoid,
}

/// What has its own mean and standard deviation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standardize {
    /// Every input.
    #[default]
    Input,
    /// Every channel, shared by its samples.
    Channel,
    /// Nothing: inputs are not standardized.
    None,
}

/// The method of a training. The default is the notebook's: plain SGD on cross-entropy.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Method {
    /// The optimizer.
    pub optimizer: Rule,
    /// Decay of SGD's velocity, 0 to 1.
    pub momentum: f32,
    /// Whether to use Nesterov momentum.
    pub nesterov: bool,
    /// Weight decay of kernels: an L2 penalty with SGD, decoupled with AdamW.
    pub weight_decay: f32,
    /// Maximum Euclidean norm of the gradient.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clip_norm: Option<f32>,
    /// Schedule of the learning rate.
    pub schedule: Schedule,
    /// Fraction of each target that is spread over all classes, 0 to 1.
    pub label_smoothing: f32,
    /// Weights of classes.
    pub class_weights: ClassWeights,
    /// Fraction of the hidden layers' activations to drop in training: one for all, or one for each.
    pub dropout: Vec<f32>,
    /// Minimum standard deviation of an input, as a fraction of the mean over all inputs.
    pub std_floor: f32,
    /// Fraction that the moving statistics of BatchNormalization keep at every step; `None` for Keras's .99.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub norm_momentum: Option<f32>,
    /// Side of the squares of pixels whose averages are the inputs, if they are averaged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool: Option<usize>,
    /// What has its own mean and standard deviation.
    pub standardize: Standardize,
    /// Error measure for values.
    pub loss: ValueLoss,
    /// How classes are represented.
    pub head: Head,
    /// Random changes of the training examples.
    pub augment: Augment,
    /// How the best epoch is chosen, and when training ends early.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monitor: Option<Monitor>,
}

impl Method {
    /// Whether this is the notebook's method.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

/// One of core's optimizers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum AnyOptimizer {
    /// Without momentum.
    Sgd(Sgd),
    /// Plain or Nesterov's.
    Momentum(Momentum),
    /// With or without weight decay.
    Adam(Adam),
}

impl Method {
    /// The optimizer for core.
    pub(super) fn optimizer(&self) -> AnyOptimizer {
        let Self { momentum, nesterov, weight_decay, .. } = *self;
        match self.optimizer {
            Rule::Sgd if momentum == 0.0 => AnyOptimizer::Sgd(Sgd { weight_decay }),
            Rule::Sgd => AnyOptimizer::Momentum(Momentum { momentum, nesterov, weight_decay }),
            Rule::Adam | Rule::AdamW => AnyOptimizer::Adam(Adam { weight_decay, ..Adam::ADAM }),
        }
    }
}

/// Conversion from and to words of the command line, both from one table.
macro_rules! words {
    ($type:ty, $what:literal, $($word:literal => $value:path),+) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.pad(match self { $($value => $word),+ })
            }
        }

        impl FromStr for $type {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok($value),)+
                    _ => Err(format!(concat!("unknown ", $what, " '{}': give {}"), text, [$($word),+].join(" or "))),
                }
            }
        }
    };
}

words!(Rule, "optimizer", "sgd" => Rule::Sgd, "adam" => Rule::Adam, "adamw" => Rule::AdamW);
words!(Head, "head", "softmax" => Head::Softmax, "sigmoid" => Head::Sigmoid);
words!(Standardize, "standardization", "input" => Standardize::Input, "channel" => Standardize::Channel, "none" => Standardize::None);
words!(Metric, "metric", "val_loss" => Metric::ValLoss, "val_accuracy" => Metric::ValAccuracy);
words!(ClassWeights, "weighting", "equal" => ClassWeights::Equal, "balanced" => ClassWeights::Balanced);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn balanced_classes_count_the_same_in_all() {
        let check = |labels: &[u16], classes, expected: &[f32]| {
            assert_eq!(ClassWeights::Balanced.of(labels, classes), expected);
            assert!(ClassWeights::Equal.of(labels, classes).is_empty());
        };
        check(&[0, 1, 0, 0], 2, &[2.0 / 3.0, 2.0]);
        check(&[0, 1, 2], 3, &[1.0, 1.0, 1.0]);
        check(&[2, 2], 3, &[1.0, 1.0, 1.0 / 3.0]);
    }

    #[test]
    fn losses_of_values_and_back() {
        let check = |text: &str, expected| assert_eq!(text.parse::<ValueLoss>().ok(), expected, "{text}");
        check("mse", Some(ValueLoss::Mse));
        check("huber", Some(ValueLoss::Huber { delta: 1.0 }));
        check("huber:0.5", Some(ValueLoss::Huber { delta: 0.5 }));
        ["huber:0", "huber:inf", "huber:x", "mae", ""].into_iter().for_each(|text| check(text, None));
        check(&ValueLoss::Huber { delta: 2.0 }.to_string(), Some(ValueLoss::Huber { delta: 2.0 }));
    }

    #[test]
    fn the_optimizer_is_that_of_the_words() {
        let check = |method: Method, expected| assert_eq!(method.optimizer(), expected, "{method:?}");
        check(Method::default(), AnyOptimizer::Sgd(Sgd { weight_decay: 0.0 }));
        let sgd = Method { momentum: 0.9, nesterov: true, weight_decay: 1e-3, ..Method::default() };
        check(sgd, AnyOptimizer::Momentum(Momentum { momentum: 0.9, nesterov: true, weight_decay: 1e-3 }));
        let adamw = Method { optimizer: Rule::AdamW, weight_decay: 0.004, ..Method::default() };
        check(adamw, AnyOptimizer::Adam(Adam::ADAM_W));
    }

    #[test]
    fn records_of_before_are_of_the_plain_method() {
        assert_eq!(serde_json::from_str::<Method>("{}").expect("JSON"), Method::default());
        let method = Method {
            optimizer: Rule::Adam,
            monitor: Some(Monitor { metric: Metric::ValAccuracy, patience: Some(3) }),
            augment: "shift=1,flip".parse().expect("words"),
            ..Method::default()
        };
        let text = serde_json::to_string(&method).expect("JSON");
        assert_eq!(serde_json::from_str::<Method>(&text).expect("JSON"), method);
    }
}

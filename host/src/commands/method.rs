//! The flags of `foldnet train` for optimizer, schedule and regularization, and the presets that combine them.

use crate::network::architecture::NormPlacement;
use crate::train::augment::Augment;
use crate::train::method::{ClassWeights, Head, Method, Metric, Monitor, Rule, Standardize, ValueLoss};
use crate::train::schedule::{Decay, Schedule};
use anyhow::{bail, ensure};
use clap::{Args, Parser};

/// The flags of [`MethodArgs`] that also apply to a network that exists.
pub(super) const METHOD: &str = "optimizer momentum nesterov weight-decay clip-norm schedule warmup label-smoothing class-weights loss augment monitor patience";

/// The training method, as far as it is given.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct MethodArgs {
    /// The optimizer, with Keras's definitions and defaults [default: sgd]
    #[arg(long, value_name = "sgd|adam|adamw")]
    optimizer: Option<Rule>,
    /// Momentum of SGD [default: 0]
    #[arg(long, value_name = "SHARE")]
    momentum: Option<f32>,
    /// Use Nesterov momentum
    #[arg(long)]
    nesterov: bool,
    /// Weight decay of kernels: an L2 penalty with sgd, decoupled with adamw [default: 0; adamw: 0.004]
    #[arg(long, value_name = "SHARE")]
    weight_decay: Option<f32>,
    /// Scale gradients down to this Euclidean norm
    #[arg(long, value_name = "NORM")]
    clip_norm: Option<f32>,
    /// Learning rate schedule: constant, cosine (down to 0 at the end), step:EPOCHS,FACTOR or plateau:EPOCHS,FACTOR
    /// [default: constant]
    #[arg(long, value_name = "SCHEDULE")]
    schedule: Option<Decay>,
    /// Number of epochs over which the learning rate rises to its value [default: 0]
    #[arg(long, value_name = "EPOCHS")]
    warmup: Option<f64>,
    /// Fraction of each target that is spread over all classes [default: 0]
    #[arg(long, value_name = "SHARE")]
    label_smoothing: Option<f32>,
    /// Give every example the same weight, or every class [default: equal]
    #[arg(long, value_name = "equal|balanced")]
    class_weights: Option<ClassWeights>,
    /// Fraction of the hidden layers' activations to drop in training: one for all layers, or one for each
    #[arg(long, value_name = "SHARE,...", value_delimiter = ',')]
    dropout: Vec<f32>,
    /// Minimum standard deviation of an input, as a fraction of the mean over all inputs [default: 0]
    #[arg(long, value_name = "SHARE")]
    std_floor: Option<f32>,
    /// Fraction that the moving statistics of BatchNormalization keep at every step [default: 0.99, as in Keras;
    /// PyTorch's momentum of 0.1 is 0.9 here]
    #[arg(long, value_name = "SHARE")]
    norm_momentum: Option<f32>,
    /// Average squares of 2x2 pixels, both in training and on the device: a quarter of the inputs
    #[arg(long, value_name = "2")]
    pool: Option<usize>,
    /// Standardize every input separately, every channel of a sensor (all its samples alike), or nothing [default:
    /// input]
    #[arg(long, value_name = "input|channel|none")]
    standardize: Option<Standardize>,
    /// With --task regress or reconstruct: mean squared error or Huber loss, in standard deviations of the target
    /// [default: mse]
    #[arg(long, value_name = "mse|huber[:DELTA]")]
    loss: Option<ValueLoss>,
    /// With two classes: one output for each, or one sigmoid for both [default: softmax]
    #[arg(long, value_name = "softmax|sigmoid")]
    head: Option<Head>,
    /// Change training examples randomly: shift=N,flip,erase=N (images), jitter=SHARE,scale=SHARE,time-shift=N
    /// (windows)
    #[arg(long, value_name = "CHANGE,...")]
    augment: Option<Augment>,
    /// Keep the epoch that is best by this metric as best.safetensors
    #[arg(long, value_name = "val_loss|val_accuracy")]
    monitor: Option<Metric>,
    /// Stop after this many epochs without improvement by --monitor [default metric: val_loss]
    #[arg(long, value_name = "EPOCHS")]
    patience: Option<usize>,
}

/// All flags that a preset may set.
#[derive(Debug, Clone, Default, Parser)]
pub(super) struct Flags {
    #[arg(long)]
    pub(super) norm: Option<NormPlacement>,
    #[arg(long, value_delimiter = ',')]
    pub(super) hidden: Vec<u32>,
    #[arg(long)]
    pub(super) epochs: Option<usize>,
    #[arg(long)]
    pub(super) batch_size: Option<usize>,
    #[arg(long)]
    pub(super) learning_rate: Option<f32>,
    #[command(flatten)]
    pub(super) method: MethodArgs,
}

/// A named set of flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Preset {
    /// The most accurate network of this size on Fashion-MNIST that we know of.
    Best,
    /// The most accurate one of 10 KB that we know of, for `--bits 4 --distill`.
    Small,
}

/// The flags of `--preset best`.
const BEST: &str = "--norm before --epochs 40 --batch-size 128 --optimizer sgd --momentum 0.9 --nesterov --learning-rate 0.1 --schedule cosine --weight-decay 5e-4 --std-floor 0.2 --augment shift=1";

/// The flags of `--preset small`.
const SMALL: &str = "--norm before --hidden 64,32 --pool 2 --epochs 100 --batch-size 128 --optimizer sgd --momentum 0.9 --nesterov --learning-rate 0.1 --schedule cosine --weight-decay 5e-4 --std-floor 0.2 --augment shift=1";

impl Preset {
    /// The flags as they are written on the command line.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Best => BEST,
            Self::Small => SMALL,
        }
    }

    /// The flags.
    pub(super) fn flags(self) -> Flags {
        Flags::parse_from(std::iter::once("train").chain(self.text().split(' ')))
    }
}

impl std::str::FromStr for Preset {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "best" => Ok(Self::Best),
            "small" => Ok(Self::Small),
            _ => Err("give best or small".to_owned()),
        }
    }
}

impl MethodArgs {
    /// These flags, with those that are missing taken from `others`.
    pub(super) fn or(&self, others: Self) -> Self {
        let given = self.clone();
        Self {
            optimizer: given.optimizer.or(others.optimizer),
            momentum: given.momentum.or(others.momentum),
            nesterov: given.nesterov || others.nesterov,
            weight_decay: given.weight_decay.or(others.weight_decay),
            clip_norm: given.clip_norm.or(others.clip_norm),
            schedule: given.schedule.or(others.schedule),
            warmup: given.warmup.or(others.warmup),
            label_smoothing: given.label_smoothing.or(others.label_smoothing),
            class_weights: given.class_weights.or(others.class_weights),
            dropout: if given.dropout.is_empty() { others.dropout } else { given.dropout },
            std_floor: given.std_floor.or(others.std_floor),
            norm_momentum: given.norm_momentum.or(others.norm_momentum),
            pool: given.pool.or(others.pool),
            standardize: given.standardize.or(others.standardize),
            loss: given.loss.or(others.loss),
            head: given.head.or(others.head),
            augment: given.augment.or(others.augment),
            monitor: given.monitor.or(others.monitor),
            patience: given.patience.or(others.patience),
        }
    }

    /// The optimizer.
    pub(super) fn rule(&self) -> Rule {
        self.optimizer.unwrap_or_default()
    }

    /// The training method.
    ///
    /// # Errors
    /// If a value is out of range, or two flags contradict each other.
    pub(super) fn method(&self) -> anyhow::Result<Method> {
        let rule = self.rule();
        let method = Method {
            optimizer: rule,
            momentum: self.momentum.unwrap_or(0.0),
            nesterov: self.nesterov,
            weight_decay: self.weight_decay.unwrap_or(rule.weight_decay()),
            clip_norm: self.clip_norm,
            schedule: Schedule { decay: self.schedule.unwrap_or_default(), warmup: self.warmup.unwrap_or(0.0) },
            label_smoothing: self.label_smoothing.unwrap_or(0.0),
            class_weights: self.class_weights.unwrap_or_default(),
            dropout: self.dropout.clone(),
            std_floor: self.std_floor.unwrap_or(0.0),
            norm_momentum: self.norm_momentum,
            pool: self.pool,
            standardize: self.standardize.unwrap_or_default(),
            loss: self.loss.unwrap_or_default(),
            head: self.head.unwrap_or_default(),
            augment: self.augment.unwrap_or_default(),
            monitor: self.monitor(),
        };
        check(&method)?;
        Ok(method)
    }

    fn monitor(&self) -> Option<Monitor> {
        let asked = self.monitor.is_some() || self.patience.is_some();
        asked.then(|| Monitor { metric: self.monitor.unwrap_or_default(), patience: self.patience })
    }
}

/// Refuses values that are never valid.
fn check(method: &Method) -> anyhow::Result<()> {
    let Method { momentum, weight_decay, label_smoothing, std_floor, .. } = *method;
    let share = |flag: &str, value: f32| {
        ensure!((0.0..1.0).contains(&value), "{flag} {value}: give a share of at least 0 and below 1");
        Ok(())
    };
    share("--momentum", momentum)?;
    share("--weight-decay", weight_decay)?;
    share("--label-smoothing", label_smoothing)?;
    method.norm_momentum.map_or(Ok(()), |kept| share("--norm-momentum", kept))?;
    method.dropout.iter().try_for_each(|&rate| share("--dropout", rate))?;
    if method.optimizer != Rule::Sgd && (momentum > 0.0 || method.nesterov) {
        bail!("--momentum and --nesterov work only with --optimizer sgd; leave them out");
    }
    if method.nesterov && momentum == 0.0 {
        bail!("--nesterov needs momentum; give --momentum, such as 0.9");
    }
    if method.head == Head::Sigmoid && label_smoothing > 0.0 {
        bail!("--label-smoothing is for --head softmax; leave one of them out");
    }
    if method.optimizer == Rule::Adam && weight_decay > 0.0 {
        bail!("--weight-decay: adam has none; give --optimizer adamw");
    }
    if let Some(norm) = method.clip_norm {
        ensure!(norm > 0.0 && norm.is_finite(), "--clip-norm {norm}: give a positive number, such as 1");
    }
    ensure!((0.0..=10.0).contains(&std_floor), "--std-floor {std_floor}: give a share of 0 to 10, such as 0.2");
    let warmup = method.schedule.warmup;
    ensure!(warmup >= 0.0 && warmup.is_finite(), "--warmup {warmup}: give a number of epochs of at least 0");
    if method.monitor.is_some_and(|monitor| monitor.patience == Some(0)) {
        bail!("--patience 0: give a number of epochs of at least 1");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &str) -> Result<Method, String> {
        let words = std::iter::once("train").chain(words.split_whitespace());
        let flags = Flags::try_parse_from(words).map_err(|error| error.to_string())?;
        flags.method.method().map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn the_best_preset_is_what_it_says_and_yields_to_flags() {
        let flags = Preset::Best.flags();
        assert_eq!((flags.norm, flags.epochs, flags.batch_size), (Some(NormPlacement::Before), Some(40), Some(128)));
        let method = flags.method.method().expect("valid");
        assert_eq!((method.momentum, method.weight_decay, method.augment.shift), (0.9, 5e-4, 1));
        assert!(method.nesterov && method.schedule.decay == Decay::Cosine);
        let given = Flags::parse_from(["train", "--momentum", "0.5", "--std-floor", "0"]).method;
        let method = given.or(flags.method).method().expect("valid");
        assert_eq!((method.momentum, method.std_floor, method.augment.shift), (0.5, 0.0, 1));
    }

    #[test]
    fn the_small_preset_is_what_it_says() {
        let flags = Preset::Small.flags();
        assert_eq!((flags.hidden, flags.epochs, flags.method.pool), (vec![64, 32], Some(100), Some(2)));
        assert!("tiny".parse::<Preset>().is_err_and(|error| error.contains("best or small")));
    }

    #[test]
    fn defaults_are_those_of_keras() {
        assert!(parsed("").expect("valid").is_plain());
        assert_eq!(parsed("--optimizer adamw").expect("valid").weight_decay, 0.004);
        assert_eq!(parsed("--optimizer adam").expect("valid").weight_decay, 0.0);
        let monitor = parsed("--patience 3").expect("valid").monitor;
        assert_eq!(monitor, Some(Monitor { metric: Metric::ValLoss, patience: Some(3) }));
    }

    #[test]
    fn what_cannot_be_is_refused_by_its_flag() {
        for (words, flag) in [
            ("--momentum 1", "--momentum 1"),
            ("--nesterov", "--nesterov"),
            ("--optimizer adam --momentum 0.9", "leave them out"),
            ("--optimizer adam --weight-decay 0.1", "adamw"),
            ("--weight-decay nan", "--weight-decay NaN"),
            ("--clip-norm 0", "--clip-norm 0"),
            ("--label-smoothing 1.5", "--label-smoothing 1.5"),
            ("--dropout 0.1,1", "--dropout 1"),
            ("--std-floor inf", "--std-floor inf"),
            ("--warmup nan", "--warmup NaN"),
            ("--patience 0", "--patience 0"),
            ("--schedule linear", "cosine"),
            ("--augment turn=1", "shift=N"),
            ("--optimizer lion", "adamw"),
            ("--loss mae", "huber:DELTA"),
            ("--head tanh", "sigmoid"),
            ("--head sigmoid --label-smoothing 0.1", "--head softmax"),
            ("--standardize all", "channel"),
            ("--monitor loss", "val_accuracy"),
        ] {
            let error = parsed(words).expect_err(words);
            assert!(error.contains(flag), "{words}: {error}");
        }
    }
}

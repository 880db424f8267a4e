//! Learning rate schedules: a warm-up, then constant, falling in steps, along a cosine, or on a plateau.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// How the learning rate falls after the warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decay {
    /// It does not fall.
    #[default]
    Constant,
    /// Times `factor` after every `epochs` epochs.
    Step {
        /// At least 1.
        epochs: usize,
        /// 0 to 1.
        factor: f64,
    },
    /// Down to 0 at the end along half a cosine, step by step (Loshchilov and Hutter 2017).
    Cosine,
    /// Times `factor` whenever the validation loss has not improved for `epochs` epochs. Keras's `ReduceLROnPlateau`.
    Plateau {
        /// At least 1.
        epochs: usize,
        /// 0 to 1.
        factor: f64,
    },
}

/// Keras's default for a plateau, also used here for steps.
const EPOCHS: usize = 10;
/// Likewise.
const FACTOR: f64 = 0.1;
/// Minimum improvement of the loss, as in Keras's `ReduceLROnPlateau`.
const LEAST_IMPROVEMENT: f64 = 1e-4;

/// A learning rate schedule.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Schedule {
    /// The decay after the warm-up.
    pub decay: Decay,
    /// Number of epochs over which the rate rises from 0 to its full value, in equal steps.
    #[serde(default)]
    pub warmup: f64,
}

/// Position of a step in a training.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct At {
    /// Index of the step, from 0.
    pub step: usize,
    /// Number of steps per epoch.
    pub steps_per_epoch: usize,
    /// Number of epochs of the whole training.
    pub epochs: usize,
}

impl Schedule {
    /// The learning rate of a step, given the full `rate`.
    pub fn rate(&self, rate: f32, at: At, plateau: &Plateau) -> f32 {
        let (step, per_epoch) = (at.step as f64, at.steps_per_epoch as f64);
        let warmup = (self.warmup * per_epoch).round();
        if step < warmup {
            return (f64::from(rate) * (step + 1.0) / warmup) as f32;
        }
        let share = match self.decay {
            Decay::Constant => 1.0,
            Decay::Step { epochs, factor } => {
                let periods = at.step / at.steps_per_epoch.max(1) / epochs.max(1);
                factor.powi(i32::try_from(periods).unwrap_or(i32::MAX))
            }
            Decay::Cosine => {
                let part = (step - warmup) / (per_epoch * at.epochs as f64 - warmup);
                0.5 * (1.0 + (std::f64::consts::PI * part).cos())
            }
            Decay::Plateau { .. } => plateau.share,
        };
        (f64::from(rate) * share) as f32
    }
}

/// The state of a schedule between epochs: how far a plateau has lowered the rate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Plateau {
    /// Fraction of the full rate.
    pub share: f64,
    /// The best validation loss so far.
    best: Option<f64>,
    /// Number of epochs since then.
    waited: usize,
}

impl Default for Plateau {
    fn default() -> Self {
        Self { share: 1.0, best: None, waited: 0 }
    }
}

impl Plateau {
    /// Records the validation loss after an epoch.
    pub fn epoch(&mut self, decay: Decay, val_loss: f64) {
        let Decay::Plateau { epochs, factor } = decay else { return };
        if self.best.is_none_or(|best| val_loss < best - LEAST_IMPROVEMENT) {
            (self.best, self.waited) = (Some(val_loss), 0);
            return;
        }
        self.waited += 1;
        if self.waited >= epochs {
            (self.share, self.waited) = (self.share * factor, 0);
        }
    }
}

impl fmt::Display for Decay {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Constant => f.write_str("constant"),
            Self::Cosine => f.write_str("cosine"),
            Self::Step { epochs, factor } => write!(f, "step:{epochs},{factor}"),
            Self::Plateau { epochs, factor } => write!(f, "plateau:{epochs},{factor}"),
        }
    }
}

impl FromStr for Decay {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, numbers) = text.split_once(':').map_or((text, None), |(kind, numbers)| (kind, Some(numbers)));
        let wrong = || {
            format!(
                "'{text}' is not a schedule: give constant, cosine, step:EPOCHS,FACTOR or plateau:EPOCHS,FACTOR, such as step:10,0.1"
            )
        };
        let (epochs, factor) = match numbers {
            None => (EPOCHS, FACTOR),
            Some(numbers) => {
                let (epochs, factor) = numbers.split_once(',').map_or((numbers, None), |(a, b)| (a, Some(b)));
                let factor = factor.map_or(Ok(FACTOR), str::parse).map_err(|_| wrong())?;
                (epochs.parse().map_err(|_| wrong())?, factor)
            }
        };
        if epochs == 0 || !(0.0..=1.0).contains(&factor) {
            return Err(wrong());
        }
        match kind {
            "constant" if numbers.is_none() => Ok(Self::Constant),
            "cosine" if numbers.is_none() => Ok(Self::Cosine),
            "step" => Ok(Self::Step { epochs, factor }),
            "plateau" => Ok(Self::Plateau { epochs, factor }),
            _ => Err(wrong()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rates of ten steps per epoch over ten epochs.
    fn check(schedule: &str, warmup: f64, expected: &[(usize, f32)]) {
        let schedule = Schedule { decay: schedule.parse().expect("a schedule"), warmup };
        for &(step, rate) in expected {
            let at = At { step, steps_per_epoch: 10, epochs: 10 };
            assert_eq!(schedule.rate(0.5, at, &Plateau::default()), rate, "{schedule:?} at {step}");
        }
    }

    #[test]
    fn rates_are_those_of_the_formulas() {
        check("constant", 0.0, &[(0, 0.5), (99, 0.5)]);
        check("constant", 1.0, &[(0, 0.05), (4, 0.25), (9, 0.5), (10, 0.5)]);
        check("step:3,0.5", 0.0, &[(0, 0.5), (29, 0.5), (30, 0.25), (60, 0.125), (99, 0.0625)]);
        check("cosine", 0.0, &[(0, 0.5), (50, 0.25), (25, 0.426_776_7), (75, 0.073_223_31)]);
        check("cosine", 2.0, &[(0, 0.025), (19, 0.5), (20, 0.5), (60, 0.25)]);
        check("plateau", 0.5, &[(0, 0.1), (4, 0.5), (99, 0.5)]);
    }

    #[test]
    fn a_plateau_lowers_the_rate_after_its_patience_and_again() {
        let decay = Decay::Plateau { epochs: 2, factor: 0.5 };
        let mut plateau = Plateau::default();
        let losses = [1.0, 0.9, 0.89995, 0.95, 0.8, 0.85, 0.81, 0.82, 0.83];
        let shares = losses.map(|loss| {
            plateau.epoch(decay, loss);
            plateau.share
        });
        assert_eq!(shares, [1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.25, 0.25, 0.125]);
        let mut still = Plateau::default();
        losses.iter().for_each(|&loss| still.epoch(Decay::Cosine, loss));
        assert_eq!(still, Plateau::default());
    }

    #[test]
    fn words_and_back() {
        for text in ["constant", "cosine", "step:10,0.1", "plateau:5,0.5"] {
            assert_eq!(text.parse::<Decay>().expect("a schedule").to_string(), text);
        }
        assert_eq!("plateau".parse(), Ok(Decay::Plateau { epochs: 10, factor: 0.1 }));
        assert_eq!("step:3".parse(), Ok(Decay::Step { epochs: 3, factor: 0.1 }));
        for wrong in ["", "linear", "step:0", "step:3,2", "cosine:3", "step:a", "plateau:3,x"] {
            assert!(wrong.parse::<Decay>().is_err(), "{wrong}");
        }
    }
}

//! Networks with Batch Normalization for microcontrollers: no `std`, no heap.
//!
//! # Architecture
//!
//! The data flows `standardize -> train -> fold -> (quantize) -> export -> parse -> infer`, one module a stage:
//!
//! * [`network`]: a [`Network`] is a slice of [`Layer`] on a [`Shape`], plus parameters in one buffer the caller owns.
//!   All sizes are `const fn` of it, so firmware declares its buffers as statics.
//! * [`train`]: `forward` and `backward` of every layer side by side, initial weights, losses, one step of an
//!   [optimizer](train::optimizer), inference with the moving statistics. Matrix products and the split over threads enter through [`compute::Compute`];
//!   [`compute::Portable`] is the oracle and what a device uses.
//! * [`standardize`]: from `u8` pixels to the network's inputs.
//! * [`fold`]: everything affine (pixel scaling, standardization, every BatchNormalization, Dense after Dense)
//!   becomes one Dense between two ReLUs.
//! * [`model`]: the file that goes to a device: format, encode, parse.
//! * [`infer`]: inference in place, with weights of 8, 4 or 2 bits or floats.
//! * [`slot`]: where that file lies in a device's flash, which of two boots, and how one is replaced.
//! * [`Refusal`]: why a model, a slot or an example is refused, as a number that fits an exit code.
//!
//! # Shapes
//!
//! `N` examples in a batch, `I` inputs and `O` units of a layer, `C` classes. A kernel is stored `[O][I]`, one row a
//! unit (Keras stores `[I][O]`). Activations of a batch are stored `[units][N]`, one row a unit, so that the share
//! of a thread is one slice and a BatchNormalization reads contiguous memory.
//!
//! # Training
//!
//! Every size is known before anything runs, so all buffers can be statics of a firmware.
//!
//! ```
//! use foldnet_core::standardize::Standardized;
//! use foldnet_core::train::{Targets, Trainer, initialize};
//! use foldnet_core::{Layer, Network, Portable, Shape};
//! # use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
//!
//! const LAYERS: [Layer; 4] = [Layer::dense(8), Layer::batch_norm(), Layer::Relu, Layer::dense(2)];
//! const NETWORK: Network = Network::of(&LAYERS, Shape::image(2, 2));
//! let mut params = [0.0; NETWORK.params()];
//! let mut workspace = [0.0; NETWORK.train_workspace(4)];
//! initialize(NETWORK, &mut params, &mut ChaCha8Rng::seed_from_u64(42));
//!
//! // Images of 2 x 2 pixels: bright above is class 0, bright below is class 1.
//! let pixels = [200u8, 220, 10, 30, 180, 250, 0, 20, 20, 0, 210, 190, 30, 10, 240, 200];
//! let batch = Standardized { values: &pixels, picked: &[0, 1, 2, 3], scale: &[1.0 / 255.0; 4], shift: &[0.0; 4] };
//! let mut trainer = Trainer::new(NETWORK, &mut params, &mut workspace, 4)?;
//! let classes = Targets::Classes(&[0, 0, 1, 1]);
//! let first = trainer.step(&Portable, &batch, classes, 0.1)?;
//! for _ in 0..50 {
//!     trainer.step(&Portable, &batch, classes, 0.1)?;
//! }
//! let last = trainer.step(&Portable, &batch, classes, 0.1)?;
//! assert!(last.correct == 4 && last.loss < first.loss / 4.0);
//! # Ok::<(), foldnet_core::train::BufferError>(())
//! ```
//!
//! # Inference
//!
//! A device takes the bytes from flash; `foldnet export` makes them. Here [`model::encode`] does, of a Dense that adds
//! what is bright above and subtracts what is bright below.
//!
//! ```
//! use foldnet_core::infer::{Answer, Inference};
//! use foldnet_core::model::{Aligned, LayerHeader, LayerWeights, Model, ModelSpec, encode};
//!
//! let header = LayerHeader { inputs: 4, units: 2, bits: 32, relu: false, scale: 1.0 };
//! let kernel = [1.0, 1.0, -1.0, -1.0, -1.0, -1.0, 1.0, 1.0];
//! let layers = [(header, LayerWeights::Float { kernel: &kernel, bias: &[0.0, 0.0] })];
//! let layers = layers.into_iter().collect();
//! let mut flash = Aligned([0; 256]);
//! let spec = ModelSpec { height: 2, width: 2, labels: "above\nbelow\n", layers, ..ModelSpec::default() };
//! let len = encode(&spec, &mut flash.0)?;
//!
//! let model = Model::parse(&flash.0[..len])?; // checks everything, once
//! let mut scratch = [0; 8]; // `model.scratch_words()` of them
//! let mut inference = Inference::<u8>::new(model, &mut scratch)?;
//! let answer = inference.run(&[200, 220, 10, 30])?; // fails only where the length is wrong
//! assert_eq!(answer, Answer::Class(0));
//! assert_eq!(inference.model().labels().next(), Some("above"));
//! assert_eq!(inference.outputs().values().collect::<Vec<_>>(), [380.0, -380.0]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! `float`, `bits8`, `bits4` and `bits2`, all on by default, are the weights that models may have: firmware for one model
//! takes the one that it needs, and is some 3 KB smaller on a Cortex-M4. `slot-writer` replaces models in flash, `dsp` says
//! that an ARMv8-M core has the DSP extension, `defmt` logs errors, `micromath` makes probabilities with less code, and
//! `cases` are the crate's own tests for a board.
//!
//! # Goals and anti-goals
//!
//! Input is checked once, at the door; behind it nothing can fail. Results are the same bits on a PC and on a
//! device. Convolutions and 16-bit floats are out of scope.
#![no_std]
#![deny(unsafe_code)]
#![warn(missing_docs)]

#[cfg(any(test, feature = "cases"))]
pub mod cases;
pub mod compute;
pub mod fold;
pub mod infer;
pub mod layer;
mod math;
pub mod matrix;
pub mod model;
pub mod network;
pub mod refusal;
pub mod slot;
pub mod standardize;
pub mod train;

pub use compute::{Compute, Portable};
pub use infer::Inference;
pub use layer::Layer;
pub use model::Model;
pub use network::{Network, Shape};
pub use refusal::Refusal;

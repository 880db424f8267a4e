//! Networks with Batch Normalization for microcontrollers: no `std`, no heap.
//!
//! # Architecture
//!
//! Data flows `dataset -> standardize -> train -> fold -> [shrink] -> quantize -> arrange -> export -> (flash) -> parse
//! -> infer`. Standardizing, training, folding and inference have a module each; [`model`] encodes for export, and
//! parses. The rest runs on the PC alone, in the crate `foldnet`.
//!
//! Its rooms, each of which uses only those before it:
//!
//! 1. `arch`, [`layer`], [`matrix`], `examples`, [`quantized`], `dice`: the ground floor: instructions of x86-64, kinds of
//!    layers, views of matrices and of batches, integer weights with their layout and the table of kernels, random numbers
//!    for cases.
//! 2. [`network`]: a [`Network`] is a slice of [`Layer`] on a [`Shape`], with parameters in one buffer that the caller
//!    owns. All sizes are `const fn`s of it, so firmware can declare its buffers as statics.
//! 3. [`compute`], `math`: matrix products and the split over threads ([`compute::Compute`]; [`compute::Portable`] is the
//!    oracle, and the implementation for devices); square root, softmax, the parameters of a BatchNormalization.
//! 4. [`standardize`]: from `u8` pixels to the network's inputs.
//! 5. [`train`]: `forward` and `backward` of every layer side by side, initial weights, losses, one step of an
//!    [optimizer](train::optimizer), inference with the moving statistics.
//! 6. [`fold`]: everything affine between two ReLUs (pixel scaling, standardization, every BatchNormalization,
//!    consecutive Dense) becomes one Dense.
//! 7. [`model`]: the model file for a device: format, encoder, parser.
//! 8. [`infer`], [`slot`]: inference in place, with weights of 8, 4 or 2 bits or floats; the position of a model file in
//!    a device's flash, which of two boots, and how one is replaced.
//! 9. [`refusal`]: the reason why a model, a slot or an example is refused, as a number that fits an exit code.
//! 10. `cases`: the crate's own tests for a board, with the feature of that name.
//!
//! # Shapes
//!
//! `N` examples in a batch, `I` inputs and `O` units of a layer, `C` classes. A kernel is stored `[O][I]`, one row per
//! unit (Keras stores `[I][O]`). Activations of a batch are stored `[units][N]`, one row per unit, so that each thread
//! works on one slice and a BatchNormalization reads contiguous memory.
//!
//! # Training
//!
//! Every size is known at compile time, so firmware can use statics for all buffers.
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
//! A device reads the model's bytes from flash; `foldnet export` writes them. In this example [`model::encode`] writes
//! a Dense that compares the brightness of the upper and lower rows.
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
//! let answer = inference.run(&[200, 220, 10, 30])?; // fails only on a wrong length
//! assert_eq!(answer, Answer::Class(0));
//! assert_eq!(inference.model().labels().next(), Some("above"));
//! assert_eq!(inference.outputs().values().collect::<Vec<_>>(), [380.0, -380.0]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! * `float`, `bits8`, `bits4` and `bits2`, all on by default: the widths of weights that models may have. Firmware for
//!   one model only needs its own width, and is some 3 KB smaller on a Cortex-M4 without the others.
//! * `inputs` (default) supports inputs other than unchanged `u8`, `heads` (default) answers other than a class, and
//!   `wide` (default) layers with thousands of inputs.
//! * `low-ram` processes layers with many inputs in strips: less RAM for a few more instructions on M0 and M3.
//! * `slot-writer` replaces models in flash.
//! * `dsp` says that an ARMv8-M core has the DSP extension, `mve` that it has MVE (Cortex-M55).
//! * `defmt` logs errors.
//! * `micromath` computes probabilities with less code.
//! * `cases` contains the crate's own tests for a board.
//!
//! # Goals and anti-goals
//!
//! Input is checked once, on entry; after that nothing can fail. Results are bit-identical on a PC and on a device.
//! Convolutions and 16-bit floats are out of scope.
#![no_std]
#![deny(unsafe_code)]
#![warn(missing_docs)]

mod arch;
#[cfg(any(test, feature = "cases"))]
pub mod cases;
pub mod compute;
#[cfg(any(test, feature = "cases"))]
mod dice;
mod examples;
pub mod fold;
pub mod infer;
pub mod layer;
mod math;
pub mod matrix;
pub mod model;
pub mod network;
pub mod quantized;
pub mod refusal;
pub mod slot;
pub mod standardize;
pub mod train;

pub use compute::{Compute, Portable};
pub use examples::{Examples, Rows};
pub use infer::Inference;
pub use layer::Layer;
pub use math::{BatchNorm, argmax, softmax};
pub use model::Model;
pub use network::{Network, Shape};
pub use refusal::Refusal;

//! The fast arithmetic of the PC: [`Fast`], a [`Compute`] for vectors and threads.
//!
//! The product is our own: on one core of an AMD EPYC (Zen 4), for 784 -> 300 units and 32 examples, it reaches
//! 112, 107 and 90 GFLOP/s (forward, backward, update), compared with 105, 94 and 88 of faer 0.24, which takes 136 s to
//! compile, 85, 80 and 68 of gemm 0.19 (16 s) and 52, 89 and 82 of matrixmultiply 0.3 (4 s).

mod aligned;
mod kernel;

pub use aligned::Aligned;
pub use kernel::Isa;

use foldnet_core::Compute;
use foldnet_core::compute::MAX_PARTS;
use foldnet_core::matrix::{Mat, Tile, Write};
use kernel::{Available, Closure, InTiles, Product, Team};
use std::cell::RefCell;

thread_local! {
    /// Buffer for the packed panels of a product.
    static PANELS: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// Vector code chosen at run time, and threads that live as long as this value.
///
/// A layer has as many parts as there are threads. No sum crosses units, so results are bit-identical for every number
/// of threads. They are also identical for all instruction sets with fused multiply-adds.
pub struct Fast {
    isa: Available,
    team: Team,
}

impl Fast {
    /// The widest vectors of this processor on `threads` threads, at least 1 and at most [`MAX_PARTS`].
    pub fn new(threads: usize) -> Self {
        Self { isa: Available::widest(), team: Team::new(threads.clamp(1, MAX_PARTS)) }
    }

    /// The same with a given instruction set; `None` if the CPU lacks it.
    pub fn with_isa(threads: usize, isa: Isa) -> Option<Self> {
        Some(Self { isa: Available::new(isa)?, team: Team::new(threads.clamp(1, MAX_PARTS)) })
    }

    /// Number of threads, including the caller's.
    pub fn threads(&self) -> usize {
        self.team.members()
    }

    /// The instruction set.
    pub fn isa(&self) -> Isa {
        self.isa.isa()
    }

    /// Instruction set and threads, for records: `avx2+fma, 2 threads`.
    pub fn description(&self) -> String {
        let threads = self.threads();
        format!("{}, {threads} thread{}", self.isa().name(), if threads == 1 { "" } else { "s" })
    }
}

impl Compute for Fast {
    fn product(&self, out: &mut [f32], write: Write, a: Mat, b: Mat) {
        let mut panels = PANELS.take();
        let product = Product { out, write, a, b, panels: &mut panels };
        self.isa.run(product);
        PANELS.set(panels);
    }

    fn product_in_tiles(&self, out: &mut [f32], a: Mat, b: Mat, work: impl FnMut(Tile)) {
        let mut panels = PANELS.take();
        self.isa.run(InTiles { out, a, b, panels: &mut panels, work });
        PANELS.set(panels);
    }

    fn parts(&self) -> usize {
        self.threads()
    }

    fn each<T: Send>(&self, tasks: &mut [T], work: impl Fn(&mut T) + Sync) {
        self.team.each(tasks, work);
    }

    #[inline(always)]
    fn vectorize<R>(&self, work: impl FnOnce() -> R) -> R {
        self.isa.run(Closure(work))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use foldnet_core::standardize::{PixelScaling, Standardized};
    use foldnet_core::train::{Targets, Trainer, initialize, predict};
    use foldnet_core::{Layer, Network, Portable, Shape, matrix};
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{Rng, SeedableRng};

    const INPUTS: usize = 525;
    const IMAGES: usize = 100;

    /// Widths that divide neither into parts nor into vectors, with every kind of layer.
    const LAYERS: [Layer; 9] = [
        Layer::batch_norm(),
        Layer::dense(137),
        Layer::Relu,
        Layer::batch_norm(),
        Layer::dense_without_bias(3),
        Layer::batch_norm(),
        Layer::Relu,
        Layer::dense(5),
        Layer::Softmax,
    ];

    /// Parameters after some steps on random images in batches of 32 and a short one, and the logits of all images.
    fn trained(compute: &impl Compute) -> (Vec<f32>, Vec<f32>) {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let mut pixels = vec![0; IMAGES * INPUTS];
        rng.fill_bytes(&mut pixels);
        let labels: Vec<u16> = (0..IMAGES).map(|_| (rng.next_u32() % 5) as u16).collect();
        let order: Vec<u32> = (0..IMAGES as u32).rev().collect();
        let (mut scale, mut shift) = (vec![0.0; INPUTS], vec![0.0; INPUTS]);
        PixelScaling::Standardized { mean: &[0.5; INPUTS], std: &[0.3; INPUTS] }.tables(&mut scale, &mut shift);
        let batch = |picked| Standardized { values: &pixels, picked, scale: &scale, shift: &shift };

        let network = Network::of(&LAYERS, Shape::count(INPUTS));
        let mut params = vec![0.0; network.params()];
        initialize(network, &mut params, &mut rng);
        let mut workspace = vec![0.0; network.train_workspace(32)];
        let mut trainer = Trainer::new(network, &mut params, &mut workspace, 32).expect("a network");
        for _ in 0..3 {
            for (picked, labels) in order.chunks(32).zip(labels.chunks(32)) {
                trainer.step(compute, &batch(picked), Targets::Classes(labels), 0.05).expect("a batch");
            }
        }
        let mut workspace = vec![0.0; network.predict_workspace(IMAGES)];
        let mut logits = vec![0.0; 5 * IMAGES];
        predict(compute, network, &params, &mut workspace, &batch(&order), &mut logits).expect("a batch");
        (params, logits)
    }

    #[test]
    fn the_number_of_threads_changes_no_bit() {
        for isa in Isa::ALL.into_iter().filter(|isa| isa.is_available()) {
            let one = trained(&Fast::with_isa(1, isa).expect("available"));
            assert!(one.1.iter().all(|z| z.is_finite()));
            for threads in [2, 3, MAX_PARTS] {
                assert_eq!(one, trained(&Fast::with_isa(threads, isa).expect("available")), "{isa:?} {threads}");
            }
        }
    }

    #[test]
    fn training_agrees_with_the_oracle() {
        let (expected, _) = trained(&Portable);
        for isa in Isa::ALL.into_iter().filter(|isa| isa.is_available()) {
            let (params, _) = trained(&Fast::with_isa(2, isa).expect("available"));
            for (i, (x, y)) in params.iter().zip(&expected).enumerate() {
                assert!((x - y).abs() <= 1e-4 * (1.0 + y.abs()), "{isa:?} parameter {i}: {x} for {y}");
            }
        }
    }

    /// The oracle's products, with the rest compiled for an instruction set.
    struct Rest(Available);

    impl Compute for Rest {
        fn product(&self, out: &mut [f32], write: Write, a: Mat, b: Mat) {
            matrix::product(out, write, a, b);
        }

        fn vectorize<R>(&self, work: impl FnOnce() -> R) -> R {
            self.0.run(Closure(work))
        }
    }

    #[test]
    fn vectorized_code_gives_the_oracle_s_bits() {
        let expected = trained(&Portable);
        for isa in Isa::ALL.into_iter().filter_map(Available::new) {
            assert_eq!(trained(&Rest(isa)), expected, "{isa:?}");
        }
    }

    #[test]
    fn what_is_not_there_is_not_made() {
        for isa in Isa::ALL {
            assert_eq!(Fast::with_isa(1, isa).is_some(), isa.is_available(), "{isa:?}");
        }
        assert!(Isa::Baseline.is_available());
        assert_eq!(Fast::new(0).threads(), 1);
        assert_eq!(Fast::new(99).threads(), MAX_PARTS);
        let one = Fast::with_isa(1, Isa::Baseline).expect("everywhere").description();
        assert_eq!(one, format!("{}, 1 thread", Isa::Baseline.name()));
        assert!(Fast::new(2).description().ends_with(", 2 threads"));
    }
}

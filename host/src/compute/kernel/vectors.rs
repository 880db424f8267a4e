//! What code that is compiled for several instruction sets may ask of each.

use core::array::from_fn;

/// Rows and columns that are turned at once.
pub(super) const TURNED: usize = 8;

/// Work that is compiled once for every instruction set.
pub(in crate::compute) trait Work {
    /// What comes of it.
    type Output;

    /// `#[inline(always)]`, and so is all that it calls.
    fn run<V: Vectors>(self) -> Self::Output;
}

/// A closure, itself `#[inline(always)]`, as [`Work`].
pub(in crate::compute) struct Closure<F>(pub(in crate::compute) F);

impl<R, F: FnOnce() -> R> Work for Closure<F> {
    type Output = R;

    #[inline(always)]
    fn run<V: Vectors>(self) -> R {
        self.0()
    }
}

/// The registers of an instruction set, and what a product does with them.
///
/// # Safety
/// Every method is called only on a processor that has the instruction set.
pub(in crate::compute) trait Vectors: Sized {
    /// One register.
    type Vector: Copy;
    /// Values in a register.
    const LANES: usize;
    /// Whether there are 32 registers, and not 16.
    const MANY: bool;

    /// Carries out `work` in a function of its own, so that it has all registers to itself.
    unsafe fn apart<W: Work>(work: W) -> W::Output;

    /// `value` in every lane.
    unsafe fn splat(value: f32) -> Self::Vector;

    /// The first [`LANES`](Self::LANES) values at `from`, which are readable.
    unsafe fn load(from: *const f32) -> Self::Vector;

    /// Writes to the first [`LANES`](Self::LANES) values at `to`, which are writable.
    unsafe fn store(to: *mut f32, vector: Self::Vector);

    /// Says that what lies at `at` will be needed soon; any address will do.
    #[inline(always)]
    unsafe fn fetch(_at: *const f32) {}

    /// `a b + c`, rounded once where the instruction set can.
    unsafe fn multiply_add(a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;

    /// Rows and columns of eight by eight values exchanged; rows are `from_stride` and `to_stride` from each other.
    ///
    /// # Safety
    /// All of them are readable and writable.
    #[inline(always)]
    unsafe fn transpose(from: *const f32, from_stride: usize, to: *mut f32, to_stride: usize) {
        for row in 0..TURNED {
            for column in 0..TURNED {
                // SAFETY: the caller's promise.
                unsafe { *to.add(column * to_stride + row) = *from.add(row * from_stride + column) };
            }
        }
    }
}

/// See [`Isa::Baseline`](super::Isa::Baseline): what the compiler makes of four values at a time.
pub(super) struct Baseline;

impl Vectors for Baseline {
    type Vector = [f32; 4];
    const LANES: usize = 4;
    const MANY: bool = cfg!(target_arch = "aarch64");

    #[inline(never)]
    unsafe fn apart<W: Work>(work: W) -> W::Output {
        work.run::<Self>()
    }

    #[inline(always)]
    unsafe fn splat(value: f32) -> [f32; 4] {
        [value; 4]
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> [f32; 4] {
        // SAFETY: the caller's promise; an array of `f32` is as aligned as one.
        unsafe { *from.cast() }
    }

    #[inline(always)]
    unsafe fn store(to: *mut f32, vector: [f32; 4]) {
        // SAFETY: the caller's promise; an array of `f32` is as aligned as one.
        unsafe { *to.cast() = vector }
    }

    #[inline(always)]
    unsafe fn multiply_add(a: [f32; 4], b: [f32; 4], c: [f32; 4]) -> [f32; 4] {
        const FUSED: bool = cfg!(target_arch = "aarch64");
        from_fn(|i| if FUSED { a[i].mul_add(b[i], c[i]) } else { a[i] * b[i] + c[i] })
    }
}

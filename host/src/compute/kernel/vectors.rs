//! The operations that code compiled for several instruction sets can use.

use core::array::from_fn;

/// Number of rows and columns transposed at once.
pub(super) const TRANSPOSED: usize = 8;

/// Work that is compiled for every instruction set.
pub(in crate::compute) trait Work {
    /// Its result.
    type Output;

    /// Must be `#[inline(always)]`, and so must everything that it calls.
    fn run<V: Vectors>(self) -> Self::Output;
}

/// A closure as [`Work`], which must be `#[inline(always)]`.
pub(in crate::compute) struct Closure<F>(pub(in crate::compute) F);

impl<R, F: FnOnce() -> R> Work for Closure<F> {
    type Output = R;

    #[inline(always)]
    fn run<V: Vectors>(self) -> R {
        self.0()
    }
}

/// The registers of an instruction set, and the operations that a product needs.
///
/// # Safety
/// Every method may only be called on a processor that has the instruction set.
pub(in crate::compute) trait Vectors: Sized {
    /// One register.
    type Vector: Copy;
    /// Number of values in a register.
    const LANES: usize;
    /// Whether there are 32 registers rather than 16.
    const MANY: bool;

    /// Executes `work` in a separate function, so that it has all registers to itself.
    unsafe fn apart<W: Work>(work: W) -> W::Output;

    /// `value` in every lane.
    unsafe fn splat(value: f32) -> Self::Vector;

    /// The first [`LANES`](Self::LANES) values at `from`, which must be readable.
    unsafe fn load(from: *const f32) -> Self::Vector;

    /// Writes to the first [`LANES`](Self::LANES) values at `to`, which must be writable.
    unsafe fn store(to: *mut f32, vector: Self::Vector);

    /// Prefetches the memory at `at`, which may be any address.
    #[inline(always)]
    unsafe fn prefetch(_at: *const f32) {}

    /// `a b + c`, rounded once if the instruction set supports that.
    unsafe fn multiply_add(a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;

    /// Transposes eight by eight values; rows are `from_stride` and `to_stride` apart.
    ///
    /// # Safety
    /// All of them must be readable and writable.
    #[inline(always)]
    unsafe fn transpose(from: *const f32, from_stride: usize, to: *mut f32, to_stride: usize) {
        for row in 0..TRANSPOSED {
            for column in 0..TRANSPOSED {
                // SAFETY: guaranteed by the caller, see `# Safety`.
                unsafe { *to.add(column * to_stride + row) = *from.add(row * from_stride + column) };
            }
        }
    }
}

/// See [`Isa::Baseline`](super::Isa::Baseline): the compiler's code for four values at a time.
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

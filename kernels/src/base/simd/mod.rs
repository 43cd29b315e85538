//! Vectors of 16 floats on whatever the processor has.
//!
//! A kernel is written once over [`Lanes`] and compiled for AVX-512, AVX2 with FMA, and portable code (which the
//! compiler turns into NEON or SSE2). [`dispatch`] picks at run time. All give the same bits: each operation is rounded
//! as IEEE 754 says, `mul_add` once, and sums over lanes have one order.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
pub mod bytes;
pub mod flush;
mod portable;

/// Floats in one vector.
pub const LANES: usize = 16;

/// One vector in memory.
pub type Block = [f32; LANES];

/// One vector in memory as bfloat16: the upper halves of floats, rounded to nearest even.
pub type HalfBlock = [u16; LANES];

/// Arithmetic on vectors of [`LANES`] floats. A value of the type is the proof that the processor can do it.
///
/// Masks are 16 bits, bit `i` for lane `i`.
pub trait Lanes: Copy + Send + Sync {
    /// A vector.
    type Vector: Copy;
    /// The same number in every lane.
    fn splat(self, value: f32) -> Self::Vector;
    /// Reads a block.
    fn load(self, block: &Block) -> Self::Vector;
    /// Writes a block.
    fn store(self, vector: Self::Vector, block: &mut Block);
    /// Reads bytes as numbers.
    fn load_bytes(self, bytes: &[u8; LANES]) -> Self::Vector;
    /// Reads a block of bfloat16.
    fn load_half(self, block: &HalfBlock) -> Self::Vector;
    /// Writes a block of bfloat16, rounded to nearest even; what is not a number may not stay so.
    fn store_half(self, vector: Self::Vector, block: &mut HalfBlock);
    /// `a + b`.
    fn add(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `a · b`.
    fn mul(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `a · b + c`, rounded once.
    fn mul_add(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;
    /// `a / b`, rounded once.
    fn div(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `√a`, rounded once.
    fn sqrt(self, a: Self::Vector) -> Self::Vector;
    /// Which lanes are above zero (NaN is not).
    fn positive(self, a: Self::Vector) -> u16;
    /// `a` where the mask is set, else `b`.
    fn select(self, mask: u16, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// The sum of each of 16 vectors, as the lanes of one, in one order: lanes 8 apart, then neighbours, then neighbours
    /// of these, then the two that are left.
    fn sum_each(self, parts: &[Block; LANES]) -> Self::Vector;
    /// The first step of [`Lanes::sum_each`] for two vectors: lanes 8 apart of `a` in the lower half, of `b` in the upper.
    fn fold_two(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// The other steps, for 16 blocks of [`Lanes::fold_two`]: the sums of what came first, and of what came second.
    fn sum_folded(self, parts: &[Block; LANES]) -> [Self::Vector; 2];
    /// Turns 16 rows into 16 columns, in place.
    fn transpose(self, rows: &mut [Block; LANES]);
    /// 16 hashes of `counter, counter + 1, …` under two keys, as two masks: `low` compares the lower 16 bits of each
    /// hash with `threshold`, `high` the upper; a bit is set where the half is at or above it.
    fn keep_masks(self, counter: u32, keys: [u32; 2], threshold: u16) -> [u16; 2];
    /// Asks for the cache line of `place` ahead of its use.
    fn prefetch<T>(self, place: &T);
}

/// A computation that can run on any [`Lanes`].
pub trait Kernel {
    /// What it returns.
    type Output;
    /// Runs it. Implementations are `#[inline(always)]`, so that the code takes on the features of its caller.
    fn run<L: Lanes>(self, lanes: L) -> Self::Output;
}

/// Instruction sets a kernel can be run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Level {
    /// Plain code, vectorised by the compiler (SSE2, NEON).
    Portable = 0,
    /// AVX2 and FMA.
    Avx2 = 1,
    /// AVX-512 F.
    Avx512 = 2,
}

/// The best level this processor has; `TRULY_SPARSE_SIMD` (`portable`, `avx2`) lowers it, for tests and comparisons.
pub fn level() -> Level {
    static LEVEL: std::sync::OnceLock<Level> = std::sync::OnceLock::new();
    *LEVEL.get_or_init(|| {
        let wanted = match std::env::var("TRULY_SPARSE_SIMD").as_deref() {
            Ok("portable") => Level::Portable,
            Ok("avx2") => Level::Avx2,
            _ => Level::Avx512,
        };
        #[cfg(target_arch = "x86_64")]
        {
            if wanted == Level::Avx512 && is_x86_feature_detected!("avx512f") {
                return Level::Avx512;
            }
            if wanted != Level::Portable && is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                return Level::Avx2;
            }
        }
        let _ = wanted;
        Level::Portable
    })
}

/// Runs `kernel` on the best level of this processor.
#[inline]
pub fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    match level() {
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => avx512::run(kernel),
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => avx2::run(kernel),
        _ => kernel.run(portable::Portable),
    }
}

/// One hash of dropout, the definition that every level follows (constants found by C. Wellons' hash prospector).
#[inline(always)]
pub fn hash(counter: u32, keys: [u32; 2]) -> u32 {
    let mut x = counter ^ keys[0];
    x ^= x >> 16;
    x = x.wrapping_mul(0x7FEB_352D);
    x ^= keys[1];
    x ^= x >> 15;
    x = x.wrapping_mul(0x846C_A68B);
    x ^ (x >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers whose sums are rounded.
    fn blocks() -> [Block; LANES] {
        std::array::from_fn(|row| std::array::from_fn(|lane| (row * 31 + lane * 7) as f32 * 0.3 - 20.0))
    }

    /// The order in which lanes are summed.
    fn sum(block: &Block) -> f32 {
        let lane = |lane: usize| block[lane] + block[lane + 8];
        let four = |first: usize| (lane(first) + lane(first + 1)) + (lane(first + 2) + lane(first + 3));
        four(0) + four(4)
    }

    /// Floats and their bfloat16: exact, ties to even in both directions, above and below a tie, extremes.
    const ROUNDED: [(f32, u16); LANES] = [
        (0.0, 0),
        (-0.0, 0x8000),
        (1.0, 0x3F80),
        (-2.5, 0xC020),
        (f32::from_bits(0x3F80_8000), 0x3F80),
        (f32::from_bits(0x3F81_8000), 0x3F82),
        (f32::from_bits(0x3F80_8001), 0x3F81),
        (f32::from_bits(0x3F81_7FFF), 0x3F81),
        (f32::from_bits(0xBF80_8001), 0xBF81),
        (1e-30, 0x0DA2),
        (-1e30, 0xF14A),
        (f32::INFINITY, 0x7F80),
        (f32::NEG_INFINITY, 0xFF80),
        (f32::MAX, 0x7F80),
        (0.1, 0x3DCD),
        (3.0, 0x4040),
    ];

    struct Probe;
    type Seen = ([Block; LANES], Block, [Block; 2], u16, Block, [u16; 2], HalfBlock, Block, Block);

    const BYTES: [u8; LANES] = [0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 127, 128, 144, 233, 255];

    impl Kernel for Probe {
        type Output = Seen;
        #[inline(always)]
        fn run<L: Lanes>(self, lanes: L) -> Seen {
            let mut rows = blocks();
            let mut sums = [0.0; LANES];
            lanes.store(lanes.sum_each(&rows), &mut sums);
            let mut folded = [[0.0; LANES]; LANES];
            for (row, two) in folded.iter_mut().enumerate() {
                lanes.store(lanes.fold_two(lanes.load(&rows[row]), lanes.load(&rows[LANES - 1 - row])), two);
            }
            let mut both = [[0.0; LANES]; 2];
            for (sums, block) in lanes.sum_folded(&folded).into_iter().zip(&mut both) {
                lanes.store(sums, block);
            }
            let a = lanes.load(&rows[3]);
            let positive = lanes.positive(a);
            let mut chosen = [0.0; LANES];
            let fused = lanes.mul_add(a, lanes.splat(0.3), lanes.add(a, lanes.mul(a, a)));
            let roots = lanes.sqrt(lanes.div(lanes.mul(a, a), lanes.splat(3.0)));
            lanes.store(lanes.select(0xA5C3, lanes.add(fused, roots), lanes.splat(-1.0)), &mut chosen);
            lanes.prefetch(&rows[0]);
            lanes.transpose(&mut rows);
            let (mut half, mut whole) = ([0; LANES], [0.0; LANES]);
            lanes.store_half(lanes.load(&ROUNDED.map(|(float, _)| float)), &mut half);
            lanes.store(lanes.load_half(&half), &mut whole);
            let mut bytes = [0.0; LANES];
            lanes.store(lanes.load_bytes(&BYTES), &mut bytes);
            (rows, sums, both, positive, chosen, lanes.keep_masks(12_345, [7, 9], 20_000), half, whole, bytes)
        }
    }

    #[test]
    fn every_level_computes_the_same() {
        let rows = blocks();
        let expected: Seen = (
            std::array::from_fn(|row| std::array::from_fn(|lane| rows[lane][row])),
            std::array::from_fn(|row| sum(&rows[row])),
            [std::array::from_fn(|row| sum(&rows[row])), std::array::from_fn(|row| sum(&rows[LANES - 1 - row]))],
            (0..16).fold(0, |mask, lane| mask | (u16::from(rows[3][lane] > 0.0) << lane)),
            std::array::from_fn(|lane| {
                let a = rows[3][lane];
                if 0xA5C3 >> lane & 1 == 1 { a.mul_add(0.3, a + a * a) + (a * a / 3.0).sqrt() } else { -1.0 }
            }),
            (0..16).fold([0; 2], |masks, lane| {
                let hash = hash(12_345 + lane, [7, 9]);
                let (low, high) = (hash as u16 >= 20_000, (hash >> 16) as u16 >= 20_000);
                [masks[0] | (u16::from(low) << lane), masks[1] | (u16::from(high) << lane)]
            }),
            ROUNDED.map(|(_, half)| half),
            ROUNDED.map(|(_, half)| f32::from_bits(u32::from(half) << 16)),
            BYTES.map(f32::from),
        );
        assert_eq!(Probe.run(portable::Portable), expected);
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                assert_eq!(avx2::run(Probe), expected);
            }
            if is_x86_feature_detected!("avx512f") {
                assert_eq!(avx512::run(Probe), expected);
            }
        }
    }

    #[test]
    fn hash_halves_are_uniform() {
        let n = 1 << 18;
        let below = (0..n).filter(|&counter| hash(counter, [1, 2]) as u16 >= 19_661).count() as f64;
        // 0.7 of them, within five standard deviations.
        assert!((below / f64::from(n) - 0.7).abs() < 5.0 * (0.21 / f64::from(n)).sqrt());
    }
}

//! [`Lanes`] on AVX2 and FMA: two registers a vector.

use std::arch::x86_64::*;

use super::{Block, HalfBlock, Kernel, LANES, Lanes};

/// Proof that the processor has AVX2 and FMA: made in [`run`] only.
#[derive(Clone, Copy)]
pub struct Avx2(());

/// Runs `kernel` compiled with AVX2 and FMA.
pub fn run<K: Kernel>(kernel: K) -> K::Output {
    #[target_feature(enable = "avx2,fma")]
    fn inner<K: Kernel>(kernel: K) -> K::Output {
        kernel.run(Avx2(()))
    }
    assert!(is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"));
    // SAFETY: just checked.
    unsafe { inner(kernel) }
}

/// Lanes 0 to 7 and 8 to 15.
type Pair = [__m256; 2];

// SAFETY of every block below: the value `self` exists only inside `run`, after the processor was asked; loads and
// stores are unaligned ones on references to whole blocks.
impl Lanes for Avx2 {
    type Vector = Pair;

    #[inline(always)]
    fn splat(self, value: f32) -> Pair {
        // SAFETY: see above.
        unsafe { [_mm256_set1_ps(value); 2] }
    }

    #[inline(always)]
    fn load(self, block: &Block) -> Pair {
        // SAFETY: see above.
        unsafe { halves(block) }
    }

    #[inline(always)]
    fn store(self, vector: Pair, block: &mut Block) {
        // SAFETY: see above; both halves lie in the block.
        unsafe {
            _mm256_storeu_ps(block.as_mut_ptr(), vector[0]);
            _mm256_storeu_ps(block.as_mut_ptr().add(8), vector[1]);
        }
    }

    #[inline(always)]
    fn load_bytes(self, bytes: &[u8; LANES]) -> Pair {
        // SAFETY: see above.
        unsafe { load_bytes(bytes) }
    }

    #[inline(always)]
    fn load_half(self, block: &HalfBlock) -> Pair {
        // SAFETY: see above.
        unsafe { load_half(block) }
    }

    #[inline(always)]
    fn store_half(self, vector: Pair, block: &mut HalfBlock) {
        // SAFETY: see above.
        unsafe { store_half(vector, block) }
    }

    #[inline(always)]
    fn add(self, a: Pair, b: Pair) -> Pair {
        // SAFETY: see above.
        unsafe { [_mm256_add_ps(a[0], b[0]), _mm256_add_ps(a[1], b[1])] }
    }

    #[inline(always)]
    fn mul(self, a: Pair, b: Pair) -> Pair {
        // SAFETY: see above.
        unsafe { [_mm256_mul_ps(a[0], b[0]), _mm256_mul_ps(a[1], b[1])] }
    }

    #[inline(always)]
    fn mul_add(self, a: Pair, b: Pair, c: Pair) -> Pair {
        // SAFETY: see above.
        unsafe { [_mm256_fmadd_ps(a[0], b[0], c[0]), _mm256_fmadd_ps(a[1], b[1], c[1])] }
    }

    #[inline(always)]
    fn div(self, a: Pair, b: Pair) -> Pair {
        // SAFETY: see above.
        unsafe { [_mm256_div_ps(a[0], b[0]), _mm256_div_ps(a[1], b[1])] }
    }

    #[inline(always)]
    fn sqrt(self, a: Pair) -> Pair {
        // SAFETY: see above.
        unsafe { [_mm256_sqrt_ps(a[0]), _mm256_sqrt_ps(a[1])] }
    }

    #[inline(always)]
    fn positive(self, a: Pair) -> u16 {
        // SAFETY: see above.
        unsafe { positive(a) }
    }

    #[inline(always)]
    fn select(self, mask: u16, a: Pair, b: Pair) -> Pair {
        // SAFETY: see above.
        unsafe { select(mask, a, b) }
    }

    #[inline(always)]
    fn sum_each(self, parts: &[Block; LANES]) -> Pair {
        // SAFETY: see above.
        unsafe { sum_each(parts) }
    }

    #[inline(always)]
    fn fold_two(self, a: Pair, b: Pair) -> Pair {
        // SAFETY: see above.
        unsafe { [a, b].map(|[low, high]| _mm256_add_ps(low, high)) }
    }

    #[inline(always)]
    fn sum_folded(self, parts: &[Block; LANES]) -> [Pair; 2] {
        // SAFETY: see above.
        unsafe { sum_folded(parts) }
    }

    #[inline(always)]
    fn transpose(self, rows: &mut [Block; LANES]) {
        // SAFETY: see above.
        unsafe { transpose(rows) }
    }

    #[inline(always)]
    fn keep_masks(self, counter: u32, keys: [u32; 2], threshold: u16) -> [u16; 2] {
        // SAFETY: see above.
        unsafe { keep_masks(counter, keys, threshold) }
    }

    #[inline(always)]
    fn prefetch<T>(self, place: &T) {
        // SAFETY: a prefetch of a live place has no effect but on caches.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(place).cast()) }
    }
}

// Closures take on the target features of the function around them, but not those of a trait method, so these stand alone.

#[target_feature(enable = "avx2,fma")]
#[inline]
fn halves(block: &Block) -> Pair {
    // SAFETY: unaligned loads of the two halves of a block.
    unsafe { [_mm256_loadu_ps(block.as_ptr()), _mm256_loadu_ps(block.as_ptr().add(8))] }
}

#[target_feature(enable = "avx2,fma")]
#[inline]
fn load_bytes(bytes: &[u8; LANES]) -> Pair {
    // SAFETY: an unaligned load of all bytes.
    let all = unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) };
    [all, _mm_unpackhi_epi64(all, all)].map(|half| _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(half)))
}

#[target_feature(enable = "avx2,fma")]
#[inline]
fn load_half(block: &HalfBlock) -> Pair {
    // SAFETY: unaligned loads of the two halves of a block.
    let halves = unsafe { [_mm_loadu_si128(block.as_ptr().cast()), _mm_loadu_si128(block.as_ptr().add(8).cast())] };
    halves.map(|half| _mm256_castsi256_ps(_mm256_slli_epi32::<16>(_mm256_cvtepu16_epi32(half))))
}

#[target_feature(enable = "avx2,fma")]
#[inline]
fn store_half(vector: Pair, block: &mut HalfBlock) {
    let [low, high] = vector.map(|half| {
        let bits = _mm256_castps_si256(half);
        let odd = _mm256_and_si256(_mm256_srli_epi32::<16>(bits), _mm256_set1_epi32(1));
        let rounded = _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7FFF)));
        _mm256_srli_epi32::<16>(rounded)
    });
    // Packing works in 128-bit halves; the permutation puts them in order.
    let packed = _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_packus_epi32(low, high));
    // SAFETY: an unaligned store of a whole block.
    unsafe { _mm256_storeu_si256(block.as_mut_ptr().cast(), packed) }
}

#[target_feature(enable = "avx2,fma")]
#[inline]
fn positive(a: Pair) -> u16 {
    let above = |half| _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_GT_OQ>(half, _mm256_setzero_ps())) as u16;
    above(a[0]) | (above(a[1]) << 8)
}

#[target_feature(enable = "avx2,fma")]
#[inline]
fn select(mask: u16, a: Pair, b: Pair) -> Pair {
    let bits = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    let half = |mask: u16, a, b| {
        let set = _mm256_and_si256(_mm256_set1_epi32(i32::from(mask)), bits);
        _mm256_blendv_ps(b, a, _mm256_castsi256_ps(_mm256_cmpeq_epi32(set, bits)))
    };
    [half(mask & 0xFF, a[0], b[0]), half(mask >> 8, a[1], b[1])]
}

#[target_feature(enable = "avx2,fma")]
#[inline]
fn sum_each(parts: &[Block; LANES]) -> Pair {
    let eight = |first: usize| {
        let mut folded = [_mm256_setzero_ps(); 8];
        for (sum, part) in folded.iter_mut().zip(&parts[first..]) {
            let [low, high] = halves(part);
            *sum = _mm256_add_ps(low, high);
        }
        sum_eight(folded)
    };
    [eight(0), eight(8)]
}

#[target_feature(enable = "avx2,fma")]
#[inline]
fn sum_folded(parts: &[Block; LANES]) -> [Pair; 2] {
    let eight = |first: usize, half: usize| {
        let mut folded = [_mm256_setzero_ps(); 8];
        for (eight, part) in folded.iter_mut().zip(&parts[first..]) {
            *eight = halves(part)[half];
        }
        sum_eight(folded)
    };
    [[eight(0, 0), eight(8, 0)], [eight(0, 1), eight(8, 1)]]
}

/// The sums of eight vectors of eight lanes: neighbours, neighbours of these, and the two that are left.
#[target_feature(enable = "avx2,fma")]
#[inline]
fn sum_eight(r: [__m256; 8]) -> __m256 {
    let ab = _mm256_hadd_ps(_mm256_hadd_ps(r[0], r[1]), _mm256_hadd_ps(r[2], r[3]));
    let cd = _mm256_hadd_ps(_mm256_hadd_ps(r[4], r[5]), _mm256_hadd_ps(r[6], r[7]));
    _mm256_add_ps(_mm256_permute2f128_ps::<0x20>(ab, cd), _mm256_permute2f128_ps::<0x31>(ab, cd))
}

/// Four squares of eight, of which the two beside the diagonal change places.
#[target_feature(enable = "avx2,fma")]
#[inline]
fn transpose(rows: &mut [Block; LANES]) {
    let upper_left = eight_columns(rows, 0, 0);
    store_eight(upper_left, rows, 0, 0);
    let upper_right = eight_columns(rows, 0, 8);
    let lower_left = eight_columns(rows, 8, 0);
    store_eight(upper_right, rows, 8, 0);
    store_eight(lower_left, rows, 0, 8);
    let lower_right = eight_columns(rows, 8, 8);
    store_eight(lower_right, rows, 8, 8);
}

/// The columns of the square of eight that begins at a row and a lane.
#[target_feature(enable = "avx2,fma")]
#[inline]
fn eight_columns(rows: &[Block; LANES], row: usize, lane: usize) -> [__m256; 8] {
    // Whole halves of blocks, as they were written: a load across two stores would wait for both to reach the cache.
    let mut r = [_mm256_setzero_ps(); 8];
    for (half, row) in r.iter_mut().zip(&rows[row..]) {
        // SAFETY: `lane` is 0 or 8, so eight floats from there lie in the block.
        *half = unsafe { _mm256_loadu_ps(row[lane..].as_ptr()) };
    }
    // 4×4 inside each 128-bit half, of the rows 0 to 3 and of 4 to 7; then the halves themselves.
    let mut s = r;
    for at in [0, 4] {
        let (ab_low, ab_high) = (_mm256_unpacklo_ps(r[at], r[at + 1]), _mm256_unpackhi_ps(r[at], r[at + 1]));
        let (cd_low, cd_high) = (_mm256_unpacklo_ps(r[at + 2], r[at + 3]), _mm256_unpackhi_ps(r[at + 2], r[at + 3]));
        s[at] = _mm256_shuffle_ps::<0b01_00_01_00>(ab_low, cd_low);
        s[at + 1] = _mm256_shuffle_ps::<0b11_10_11_10>(ab_low, cd_low);
        s[at + 2] = _mm256_shuffle_ps::<0b01_00_01_00>(ab_high, cd_high);
        s[at + 3] = _mm256_shuffle_ps::<0b11_10_11_10>(ab_high, cd_high);
    }
    for column in 0..4 {
        r[column] = _mm256_permute2f128_ps::<0x20>(s[column], s[column + 4]);
        r[column + 4] = _mm256_permute2f128_ps::<0x31>(s[column], s[column + 4]);
    }
    r
}

/// Writes eight halves of rows, from a row and a lane on.
#[target_feature(enable = "avx2,fma")]
#[inline]
fn store_eight(columns: [__m256; 8], rows: &mut [Block; LANES], row: usize, lane: usize) {
    for (column, row) in columns.into_iter().zip(&mut rows[row..]) {
        // SAFETY: `lane` is 0 or 8, so eight floats from there lie in the block.
        unsafe { _mm256_storeu_ps(row[lane..].as_mut_ptr(), column) }
    }
}

#[target_feature(enable = "avx2,fma")]
#[inline]
fn keep_masks(counter: u32, keys: [u32; 2], threshold: u16) -> [u16; 2] {
    let bound = _mm256_set1_epi16(threshold as i16);
    let eight = |first: u32| {
        let lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
        let x = _mm256_add_epi32(_mm256_set1_epi32(counter.wrapping_add(first) as i32), lane);
        let x = _mm256_xor_si256(x, _mm256_set1_epi32(keys[0] as i32));
        let x = _mm256_xor_si256(x, _mm256_srli_epi32::<16>(x));
        let x = _mm256_mullo_epi32(x, _mm256_set1_epi32(0x7FEB_352D));
        let x = _mm256_xor_si256(x, _mm256_set1_epi32(keys[1] as i32));
        let x = _mm256_xor_si256(x, _mm256_srli_epi32::<15>(x));
        let x = _mm256_mullo_epi32(x, _mm256_set1_epi32(0x846C_A68Bu32 as i32));
        let x = _mm256_xor_si256(x, _mm256_srli_epi32::<16>(x));
        // Both halves of each hash at once: a number is at or above the bound where the greater of the two is the number.
        let kept = _mm256_cmpeq_epi16(_mm256_max_epu16(x, bound), x);
        let signs = |bits| _mm256_movemask_ps(_mm256_castsi256_ps(bits)) as u16;
        [signs(_mm256_slli_epi32::<16>(kept)), signs(kept)]
    };
    let (first, second) = (eight(0), eight(8));
    [first[0] | second[0] << 8, first[1] | second[1] << 8]
}

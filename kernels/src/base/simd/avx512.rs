//! [`Lanes`] on AVX-512 F: one register a vector.

use std::arch::x86_64::*;

use super::{Block, HalfBlock, Kernel, LANES, Lanes};

/// Proof that the processor has AVX-512 F: made in [`run`] only.
#[derive(Clone, Copy)]
pub struct Avx512(());

/// Runs `kernel` compiled with AVX-512.
pub fn run<K: Kernel>(kernel: K) -> K::Output {
    #[target_feature(enable = "avx512f,avx2,fma")]
    fn inner<K: Kernel>(kernel: K) -> K::Output {
        kernel.run(Avx512(()))
    }
    assert!(is_x86_feature_detected!("avx512f"));
    // SAFETY: just checked; AVX-512 F brings AVX2 and FMA with it.
    unsafe { inner(kernel) }
}

/// The sum of two selections from two vectors: one round of the summation tree.
macro_rules! fold {
    ($shuffle:ident, $first:literal, $second:literal, $a:expr, $b:expr) => {
        _mm512_add_ps($shuffle::<$first>($a, $b), $shuffle::<$second>($a, $b))
    };
}

// SAFETY of every block below: the value `self` exists only inside `run`, after the processor was asked; loads and
// stores are unaligned ones on references to whole blocks.
impl Lanes for Avx512 {
    type Vector = __m512;

    #[inline(always)]
    fn splat(self, value: f32) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_set1_ps(value) }
    }

    #[inline(always)]
    fn load(self, block: &Block) -> __m512 {
        // SAFETY: see above.
        unsafe { load(block) }
    }

    #[inline(always)]
    fn store(self, vector: __m512, block: &mut Block) {
        // SAFETY: see above.
        unsafe { store(vector, block) }
    }

    #[inline(always)]
    fn load_bytes(self, bytes: &[u8; LANES]) -> __m512 {
        // SAFETY: see above.
        unsafe { load_bytes(bytes) }
    }

    #[inline(always)]
    fn load_half(self, block: &HalfBlock) -> __m512 {
        // SAFETY: see above.
        unsafe { load_half(block) }
    }

    #[inline(always)]
    fn store_half(self, vector: __m512, block: &mut HalfBlock) {
        // SAFETY: see above.
        unsafe { store_half(vector, block) }
    }

    #[inline(always)]
    fn add(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_add_ps(a, b) }
    }

    #[inline(always)]
    fn mul(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_mul_ps(a, b) }
    }

    #[inline(always)]
    fn mul_add(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_fmadd_ps(a, b, c) }
    }

    #[inline(always)]
    fn div(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_div_ps(a, b) }
    }

    #[inline(always)]
    fn sqrt(self, a: __m512) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_sqrt_ps(a) }
    }

    #[inline(always)]
    fn positive(self, a: __m512) -> u16 {
        // SAFETY: see above.
        unsafe { _mm512_cmp_ps_mask::<_CMP_GT_OQ>(a, _mm512_setzero_ps()) }
    }

    #[inline(always)]
    fn select(self, mask: u16, a: __m512, b: __m512) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_mask_blend_ps(mask, b, a) }
    }

    #[inline(always)]
    fn sum_each(self, parts: &[Block; LANES]) -> __m512 {
        // SAFETY: see above.
        unsafe { sum_each(parts) }
    }

    #[inline(always)]
    fn fold_two(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: see above.
        unsafe { fold!(_mm512_shuffle_f32x4, 0x44, 0xEE, a, b) }
    }

    #[inline(always)]
    fn sum_folded(self, parts: &[Block; LANES]) -> [__m512; 2] {
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

#[target_feature(enable = "avx512f")]
#[inline]
fn load(block: &Block) -> __m512 {
    // SAFETY: an unaligned load of a whole block.
    unsafe { _mm512_loadu_ps(block.as_ptr()) }
}

#[target_feature(enable = "avx512f")]
#[inline]
fn store(vector: __m512, block: &mut Block) {
    // SAFETY: an unaligned store of a whole block.
    unsafe { _mm512_storeu_ps(block.as_mut_ptr(), vector) }
}

#[target_feature(enable = "avx512f")]
#[inline]
fn load_bytes(bytes: &[u8; LANES]) -> __m512 {
    // SAFETY: an unaligned load of all bytes.
    let all = unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) };
    _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(all))
}

#[target_feature(enable = "avx512f")]
#[inline]
fn load_half(block: &HalfBlock) -> __m512 {
    // SAFETY: an unaligned load of a whole block.
    let half = unsafe { _mm256_loadu_si256(block.as_ptr().cast()) };
    _mm512_castsi512_ps(_mm512_slli_epi32::<16>(_mm512_cvtepu16_epi32(half)))
}

#[target_feature(enable = "avx512f")]
#[inline]
fn store_half(vector: __m512, block: &mut HalfBlock) {
    let bits = _mm512_castps_si512(vector);
    let odd = _mm512_and_si512(_mm512_srli_epi32::<16>(bits), _mm512_set1_epi32(1));
    let rounded = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7FFF)));
    let half = _mm512_cvtepi32_epi16(_mm512_srli_epi32::<16>(rounded));
    // SAFETY: an unaligned store of a whole block.
    unsafe { _mm256_storeu_si256(block.as_mut_ptr().cast(), half) }
}

#[target_feature(enable = "avx512f")]
#[inline]
fn sum_each(parts: &[Block; LANES]) -> __m512 {
    // Lanes 8 apart of parts 4 apart, then neighbours twice; the quarters of the result belong to eight parts.
    let two = |part: usize| fold!(_mm512_shuffle_f32x4, 0x44, 0xEE, load(&parts[part]), load(&parts[part + 4]));
    let four = |part: usize| fold!(_mm512_shuffle_ps, 0x88, 0xDD, two(part), two(part + 1));
    let eight = |part: usize| fold!(_mm512_shuffle_ps, 0x88, 0xDD, four(part), four(part + 2));
    fold!(_mm512_shuffle_f32x4, 0x88, 0xDD, eight(0), eight(8))
}

#[target_feature(enable = "avx512f")]
#[inline]
fn sum_folded(parts: &[Block; LANES]) -> [__m512; 2] {
    // Neighbours twice, then the two that are left: the quarters belong to four first and four second sums, twice.
    let two = |part: usize| fold!(_mm512_shuffle_ps, 0x88, 0xDD, load(&parts[part]), load(&parts[part + 1]));
    let four = |part: usize| fold!(_mm512_shuffle_ps, 0x88, 0xDD, two(part), two(part + 2));
    let eight = |part: usize| fold!(_mm512_shuffle_f32x4, 0x88, 0xDD, four(part), four(part + 4));
    let (low, high) = (eight(0), eight(8));
    [_mm512_shuffle_f32x4::<0x88>(low, high), _mm512_shuffle_f32x4::<0xDD>(low, high)]
}

#[target_feature(enable = "avx512f")]
#[inline]
fn transpose(rows: &mut [Block; LANES]) {
    let mut r = [_mm512_setzero_ps(); LANES];
    for row in 0..LANES {
        r[row] = load(&rows[row]);
    }
    // 2×2, then 4×4 inside each 128-bit quarter, then the quarters themselves.
    for pair in 0..8 {
        let (a, b) = (r[2 * pair], r[2 * pair + 1]);
        r[2 * pair] = _mm512_unpacklo_ps(a, b);
        r[2 * pair + 1] = _mm512_unpackhi_ps(a, b);
    }
    let mut s = r;
    for four in 0..4 {
        let at = 4 * four;
        let (a, b) = (_mm512_castps_pd(r[at]), _mm512_castps_pd(r[at + 1]));
        let (c, d) = (_mm512_castps_pd(r[at + 2]), _mm512_castps_pd(r[at + 3]));
        s[at] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, c));
        s[at + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, c));
        s[at + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(b, d));
        s[at + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(b, d));
    }
    for lane in 0..4 {
        let low = _mm512_shuffle_f32x4::<0x88>(s[lane], s[lane + 4]);
        let low_odd = _mm512_shuffle_f32x4::<0xDD>(s[lane], s[lane + 4]);
        let high = _mm512_shuffle_f32x4::<0x88>(s[lane + 8], s[lane + 12]);
        let high_odd = _mm512_shuffle_f32x4::<0xDD>(s[lane + 8], s[lane + 12]);
        store(_mm512_shuffle_f32x4::<0x88>(low, high), &mut rows[lane]);
        store(_mm512_shuffle_f32x4::<0x88>(low_odd, high_odd), &mut rows[lane + 4]);
        store(_mm512_shuffle_f32x4::<0xDD>(low, high), &mut rows[lane + 8]);
        store(_mm512_shuffle_f32x4::<0xDD>(low_odd, high_odd), &mut rows[lane + 12]);
    }
}

#[target_feature(enable = "avx512f")]
#[inline]
fn keep_masks(counter: u32, keys: [u32; 2], threshold: u16) -> [u16; 2] {
    let lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    let x = _mm512_add_epi32(_mm512_set1_epi32(counter as i32), lane);
    let x = _mm512_xor_epi32(x, _mm512_set1_epi32(keys[0] as i32));
    let x = _mm512_xor_epi32(x, _mm512_srli_epi32::<16>(x));
    let x = _mm512_mullo_epi32(x, _mm512_set1_epi32(0x7FEB_352D));
    let x = _mm512_xor_epi32(x, _mm512_set1_epi32(keys[1] as i32));
    let x = _mm512_xor_epi32(x, _mm512_srli_epi32::<15>(x));
    let x = _mm512_mullo_epi32(x, _mm512_set1_epi32(0x846C_A68Bu32 as i32));
    let x = _mm512_xor_epi32(x, _mm512_srli_epi32::<16>(x));
    let bound = _mm512_set1_epi32(i32::from(threshold));
    let low = _mm512_and_si512(x, _mm512_set1_epi32(0xFFFF));
    [_mm512_cmpge_epu32_mask(low, bound), _mm512_cmpge_epu32_mask(_mm512_srli_epi32::<16>(x), bound)]
}

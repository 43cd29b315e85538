//! [`Lanes`] in plain Rust.

use super::{Block, HalfBlock, LANES, Lanes, hash};

/// No particular instruction set.
#[derive(Clone, Copy)]
pub struct Portable;

/// `a · b + c`, each rounded once.
#[cfg(any(target_arch = "aarch64", target_feature = "fma"))]
#[inline(always)]
fn fused(a: &Block, b: &Block, c: &Block) -> Block {
    each(|lane| a[lane].mul_add(b[lane], c[lane]))
}

/// As above without the instruction.
#[cfg(not(any(target_arch = "aarch64", target_feature = "fma")))]
#[inline(always)]
fn fused(a: &Block, b: &Block, c: &Block) -> Block {
    fused_in_double(a, b, c)
}

/// `a · b + c`, each rounded once, by way of f64: the product is exact there, the sum rounded.
///
/// Rounding that again goes wrong only where the first left a tie of the second, and 28 zeros end its mantissa: then, once
/// in 2²⁸ inexact sums, the block is computed in another way.
#[cfg(any(test, not(any(target_arch = "aarch64", target_feature = "fma"))))]
#[inline(always)]
fn fused_in_double(a: &Block, b: &Block, c: &Block) -> Block {
    let mut rounded = [0.0; LANES];
    let mut ties = 0;
    for lane in 0..LANES {
        let (product, c) = (f64::from(a[lane]) * f64::from(b[lane]), f64::from(c[lane]));
        let sum = product + c;
        let inexact = (sum - product != c) | (sum - c != product);
        ties |= u32::from(inexact) & u32::from(sum.to_bits() as u32 & 0x0FFF_FFFF == 0);
        rounded[lane] = sum as f32;
    }
    if ties == 0 { rounded } else { fused_to_odd(a, b, c) }
}

/// As above for any sum: it is rounded to odd, to the neighbour whose last bit is 1 where it is not exact, so that
/// rounding it again, to 29 bits fewer, cannot go wrong (Boldo & Melquiond 2008).
#[cfg(any(test, not(any(target_arch = "aarch64", target_feature = "fma"))))]
#[cold]
#[inline(never)]
fn fused_to_odd(a: &Block, b: &Block, c: &Block) -> Block {
    each(|lane| {
        let (product, c) = (f64::from(a[lane]) * f64::from(b[lane]), f64::from(c[lane]));
        let sum = product + c;
        // What the sum is too small by, exactly (Knuth's two-sum); NaN where anything is infinite, which changes nothing.
        let back = sum - product;
        let error = (product - (sum - back)) + (c - back);
        let bits = sum.to_bits();
        let odd = match error.abs() > 0.0 {
            true if bits & 1 == 0 && (error > 0.0) == (sum > 0.0) => bits + 1,
            true if bits & 1 == 0 => bits - 1,
            _ => bits,
        };
        f64::from_bits(odd) as f32
    })
}

#[inline(always)]
fn each(f: impl Fn(usize) -> f32) -> Block {
    std::array::from_fn(f)
}

/// Lanes 8 apart.
#[inline(always)]
fn fold(block: &Block) -> [f32; 8] {
    std::array::from_fn(|lane| block[lane] + block[lane + 8])
}

/// Neighbours, neighbours of these, and the two that are left.
#[inline(always)]
fn sum_eight(folded: &[f32; 8]) -> f32 {
    let pairs: [f32; 4] = std::array::from_fn(|pair| folded[2 * pair] + folded[2 * pair + 1]);
    (pairs[0] + pairs[1]) + (pairs[2] + pairs[3])
}

impl Lanes for Portable {
    type Vector = Block;

    #[inline(always)]
    fn splat(self, value: f32) -> Block {
        [value; LANES]
    }

    #[inline(always)]
    fn load(self, block: &Block) -> Block {
        *block
    }

    #[inline(always)]
    fn store(self, vector: Block, block: &mut Block) {
        *block = vector;
    }

    #[inline(always)]
    fn load_bytes(self, bytes: &[u8; LANES]) -> Block {
        bytes.map(f32::from)
    }

    #[inline(always)]
    fn load_half(self, block: &HalfBlock) -> Block {
        each(|lane| f32::from_bits(u32::from(block[lane]) << 16))
    }

    #[inline(always)]
    fn store_half(self, vector: Block, block: &mut HalfBlock) {
        for lane in 0..LANES {
            let bits = vector[lane].to_bits();
            block[lane] = (bits.wrapping_add(0x7FFF + (bits >> 16 & 1)) >> 16) as u16;
        }
    }

    #[inline(always)]
    fn add(self, a: Block, b: Block) -> Block {
        each(|lane| a[lane] + b[lane])
    }

    #[inline(always)]
    fn mul(self, a: Block, b: Block) -> Block {
        each(|lane| a[lane] * b[lane])
    }

    #[inline(always)]
    fn mul_add(self, a: Block, b: Block, c: Block) -> Block {
        fused(&a, &b, &c)
    }

    #[inline(always)]
    fn div(self, a: Block, b: Block) -> Block {
        each(|lane| a[lane] / b[lane])
    }

    #[inline(always)]
    fn sqrt(self, a: Block) -> Block {
        each(|lane| a[lane].sqrt())
    }

    #[inline(always)]
    fn positive(self, a: Block) -> u16 {
        (0..LANES).fold(0, |mask, lane| mask | (u16::from(a[lane] > 0.0) << lane))
    }

    #[inline(always)]
    fn select(self, mask: u16, a: Block, b: Block) -> Block {
        each(|lane| if mask >> lane & 1 == 1 { a[lane] } else { b[lane] })
    }

    #[inline(always)]
    fn sum_each(self, parts: &[Block; LANES]) -> Block {
        each(|row| sum_eight(&fold(&parts[row])))
    }

    #[inline(always)]
    fn fold_two(self, a: Block, b: Block) -> Block {
        let (a, b) = (fold(&a), fold(&b));
        each(|lane| if lane < 8 { a[lane] } else { b[lane - 8] })
    }

    #[inline(always)]
    fn sum_folded(self, parts: &[Block; LANES]) -> [Block; 2] {
        [0, 8].map(|first| each(|row| sum_eight(&std::array::from_fn(|lane| parts[row][first + lane]))))
    }

    #[inline(always)]
    fn transpose(self, rows: &mut [Block; LANES]) {
        for row in 0..LANES {
            for column in 0..row {
                let upper = rows[column][row];
                rows[column][row] = rows[row][column];
                rows[row][column] = upper;
            }
        }
    }

    #[inline(always)]
    fn keep_masks(self, counter: u32, keys: [u32; 2], threshold: u16) -> [u16; 2] {
        let mut masks = [0; 2];
        for lane in 0..LANES as u32 {
            let hash = hash(counter.wrapping_add(lane), keys);
            masks[0] |= u16::from(hash as u16 >= threshold) << lane;
            masks[1] |= u16::from((hash >> 16) as u16 >= threshold) << lane;
        }
        masks
    }

    #[inline(always)]
    fn prefetch<T>(self, _: &T) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Stream;

    fn check(a: f32, b: f32, c: f32) {
        let expected = a.mul_add(b, c);
        let [a, b, c] = [a, b, c].map(|number| [number; LANES]);
        for found in [fused_in_double(&a, &b, &c)[0], fused_to_odd(&a, &b, &c)[0]] {
            let same = found.to_bits() == expected.to_bits() || found.is_nan() && expected.is_nan();
            assert!(same, "{:e} · {:e} + {:e}: {found:e}, expected {expected:e}", a[0], b[0], c[0]);
        }
    }

    #[test]
    fn fused_products_are_rounded_once_at_ties_and_extremes() {
        let tiny = f32::from_bits(1);
        let mut numbers = vec![0.0, 1.0, 1.5, 3.0, 0.1, 1e-20, 1e20, f32::MAX, f32::MIN_POSITIVE, tiny, 3.0 * tiny];
        numbers.extend([f32::INFINITY, f32::NAN, f32::EPSILON, f32::EPSILON / 2.0, 1.0 + f32::EPSILON, 16_777_215.0]);
        numbers.extend([f32::MIN_POSITIVE - tiny, 0.5f32.powi(75), 2f32.powi(64), 2f32.powi(-24), 2f32.powi(-25)]);
        numbers.extend(numbers.clone().iter().map(|number| -number));
        for &a in &numbers {
            for &b in &numbers {
                numbers.iter().for_each(|&c| check(a, b, c));
            }
        }
        // One and half of its last bit, and a hair more or less: rounded twice, all three are ties.
        for hair in [0.0, 1e-18, -1e-18] {
            check(1.0 + f32::EPSILON, 1.0, f32::EPSILON / 2.0 + hair);
            check(f32::EPSILON / 2.0, 1.0 + f32::EPSILON, 1.0 + hair);
            check(2f32.powi(-12), 2f32.powi(-12) * (1.0 + hair), 1.0);
        }
        // A tie between subnormal numbers, but for a bit that f64 has no place for.
        let half = 2f32.powi(-75);
        check(half * (1.0 + f32::EPSILON), half, 512.0 * tiny);
        check(half * (1.0 - f32::EPSILON / 2.0), half, 512.0 * tiny);
    }

    #[test]
    fn fused_products_are_rounded_once_anywhere() {
        let mut stream = Stream::new(11);
        for _ in 0..200_000 {
            let [a, b, c] = std::array::from_fn(|_| f32::from_bits(stream.bits() as u32));
            check(a, b, c);
            // A sum that cancels, and one whose parts lie about a mantissa apart.
            check(a, b, -(a * b));
            check(a, b, a * b * 2f32.powi((stream.bits() % 64) as i32 - 32));
            // Few bits, so that ties are frequent.
            let few = |x: f32| f32::from_bits(x.to_bits() & 0xFFFF_0000);
            check(few(a), few(b), few(a) * few(b) * 2f32.powi((stream.bits() % 64) as i32 - 32));
        }
    }
}

//! [`Lanes`] in plain Rust.

use super::{Block, HalfBlock, LANES, Lanes, hash};

/// No particular instruction set.
#[derive(Clone, Copy)]
pub struct Portable;

#[inline(always)]
fn each(f: impl Fn(usize) -> f32) -> Block {
    std::array::from_fn(f)
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
        each(|lane| a[lane] * b[lane] + c[lane])
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
        each(|row| parts[row].iter().sum())
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

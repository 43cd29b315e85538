//! How numbers travel: as the words they are, or as bfloat16, two in a word.
//!
//! bfloat16 has the exponent of a 32-bit float, so that no gradient is too small for it, and 8 bits of its fraction.

use crate::status::{Outcome, Status};

/// The form of a payload; both sides of a message know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Words, whatever they mean.
    Words,
    /// 32-bit floats, rounded to bfloat16: the nearest, of two the even one. The last of an odd number has 0 beside it.
    Halves,
}

impl Form {
    /// The form with so many bits a number: 32 or 16.
    pub fn of_bits(bits: u32) -> Outcome<Self> {
        match bits {
            32 => Ok(Self::Words),
            16 => Ok(Self::Halves),
            _ => Err(Status::Range),
        }
    }

    /// Numbers in a word of the payload.
    pub fn numbers_a_word(self) -> usize {
        match self {
            Self::Words => 1,
            Self::Halves => 2,
        }
    }

    /// Words of the payload that carries so many numbers.
    pub fn payload(self, numbers: usize) -> usize {
        numbers.div_ceil(self.numbers_a_word())
    }
}

/// The bits of a float, rounded to bfloat16.
#[inline(always)]
pub fn rounded(bits: u32) -> u32 {
    let nearest = bits.wrapping_add(0x7FFF + (bits >> 16 & 1)) >> 16;
    let quiet = bits >> 16 | 0x40;
    if bits & 0x7FFF_FFFF > 0x7F80_0000 { quiet } else { nearest }
}

/// Two floats in a word, the first one low.
#[inline(always)]
pub fn packed(first: u32, second: u32) -> u32 {
    rounded(first) | rounded(second) << 16
}

/// The bits of the two floats in a word.
#[inline(always)]
pub fn unpacked(word: u32) -> [u32; 2] {
    [word << 16, word & 0xFFFF_0000]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_goes_to_the_nearest_and_of_two_to_the_even_one() {
        let cases = [
            (0x3F80_0000, 0x3F80),
            (0x3F80_7FFF, 0x3F80),
            (0x3F80_8000, 0x3F80),
            (0x3F81_8000, 0x3F82),
            (0x3F80_8001, 0x3F81),
            (0x0000_0000, 0x0000),
            (0x8000_0000, 0x8000),
            (0x7F7F_FFFF, 0x7F80),
            (0x7F80_0000, 0x7F80),
            (0xFF80_0000, 0xFF80),
            (0x7F80_0001, 0x7FC0),
            (0xFFFF_FFFF, 0xFFFF),
            (0x0000_8001, 0x0001),
        ];
        for (bits, half) in cases {
            assert_eq!(rounded(bits), half, "{bits:08x}");
        }
    }

    #[test]
    fn what_is_a_bfloat16_already_comes_back() {
        for half in 0..=0xFFFF_u32 {
            let bits = half << 16;
            let [first, second] = unpacked(packed(bits, bits ^ 0x8000_0000));
            let nan = bits & 0x7FFF_FFFF > 0x7F80_0000;
            let whole = if nan { bits | 0x40_0000 } else { bits };
            assert_eq!([first, second], [whole, whole ^ 0x8000_0000], "{half:04x}");
        }
    }
}

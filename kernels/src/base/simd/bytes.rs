//! Where certain bytes stand in a text, 64 bytes at a time.

/// Bytes looked at together.
const BLOCK: usize = 64;

/// Appends the places of three bytes in `text`, counted from `first`, in ascending order.
///
/// # Panics
/// When a place does not fit `u32`.
pub fn find_bytes(text: &[u8], needles: [u8; 3], first: usize, places: &mut Vec<u32>) {
    let last = u32::try_from(first + text.len()).expect("a text of at most 4 GiB");
    let first = last - text.len() as u32;
    #[cfg(target_arch = "x86_64")]
    if super::level() != super::Level::Portable {
        // SAFETY: every level above the portable one has AVX2.
        return unsafe { avx2::find(text, needles, first, places) };
    }
    find(text, first, places, |block| mask(block, needles));
}

/// Goes through the blocks of a text, of which `mask` has a bit set for each needle.
#[inline(always)]
fn find(text: &[u8], first: u32, places: &mut Vec<u32>, mask: impl Fn(&[u8; BLOCK]) -> u64) {
    let (blocks, rest) = text.as_chunks::<BLOCK>();
    let mut start = first;
    for block in blocks {
        push(mask(block), start, places);
        start += BLOCK as u32;
    }
    if !rest.is_empty() {
        let mut block = [0; BLOCK];
        block[..rest.len()].copy_from_slice(rest);
        push(mask(&block) & ((1 << rest.len()) - 1), start, places);
    }
}

#[inline(always)]
fn push(mut mask: u64, start: u32, places: &mut Vec<u32>) {
    places.reserve(BLOCK);
    while mask != 0 {
        places.push(start + mask.trailing_zeros());
        mask &= mask - 1;
    }
}

/// The mask of a block in plain Rust.
#[inline(always)]
fn mask(block: &[u8; BLOCK], needles: [u8; 3]) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    let mut mask = 0;
    for (index, bytes) in block.as_chunks::<8>().0.iter().enumerate() {
        let word = u64::from_le_bytes(*bytes);
        let found = needles.iter().fold(0, |found, &needle| {
            let other = word ^ (u64::from(needle) * 0x0101_0101_0101_0101);
            found | !(((other & LOW) + LOW) | other | LOW)
        });
        mask |= ((found >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * index);
    }
    mask
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::{
        _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8,
    };

    use super::BLOCK;

    #[target_feature(enable = "avx2")]
    pub fn find(text: &[u8], needles: [u8; 3], first: u32, places: &mut Vec<u32>) {
        super::find(text, first, places, |block| mask(block, needles));
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn mask(block: &[u8; BLOCK], needles: [u8; 3]) -> u64 {
        let [one, two, three] = needles.map(|needle| _mm256_set1_epi8(needle.cast_signed()));
        let half = |start: usize| {
            let bytes = &block[start..start + BLOCK / 2];
            // SAFETY: an unaligned load of half a block.
            let bytes = unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) };
            let found = _mm256_or_si256(_mm256_cmpeq_epi8(bytes, one), _mm256_cmpeq_epi8(bytes, two));
            let found = _mm256_or_si256(found, _mm256_cmpeq_epi8(bytes, three));
            u64::from(_mm256_movemask_epi8(found).cast_unsigned())
        };
        half(0) | half(BLOCK / 2) << (BLOCK / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn find_bytes_finds_each_byte_at_every_place() {
        let text: Vec<u8> = (0..1000u32).map(|index| ((index * index * 37) >> 3) as u8).collect();
        let needles = [text[3], b',', 0x80];
        for length in [0, 1, 7, 8, 63, 64, 65, 200, 1000] {
            let expected: Vec<u32> =
                (0..length).filter(|&at| needles.contains(&text[at as usize])).map(|at| at + 5).collect();
            let (mut found, mut plain) = (Vec::new(), Vec::new());
            find_bytes(&text[..length as usize], needles, 5, &mut found);
            find(&text[..length as usize], 5, &mut plain, |block| mask(block, needles));
            assert_eq!((&found, &plain), (&expected, &expected), "{length} bytes");
        }
    }
}

//! Gradients of parameters are sums over the samples of a batch, 64 samples a part.
//!
//! A part is summed in 16 lanes, and the parts are added in their order, whether a tile holds one of them or two: so the
//! bits do not depend on which of the two widths a processor is given.

use crate::base::simd::{Block, LANES, Lanes, Level, level};
use crate::network::update::{StateSlices, Update};

/// Vectors of samples in a part.
pub(crate) const PART: usize = 4;

/// Samples of the widest tile that suits this processor: the sweep back holds two vectors for each vector of samples,
/// which 32 registers of 16 floats have room for with two parts, and others with one at most.
pub fn widest_tile() -> usize {
    LANES * if level() == Level::Avx512 { 2 * PART } else { PART }
}

/// Vectors of samples by which work is cut into chunks where sums over the samples are gathered chunk by chunk: those of
/// the widest tile for every tile of a part or more.
pub(crate) fn gathering_vectors(vectors: usize) -> usize {
    if vectors < PART { vectors } else { 2 * PART }
}

/// What two parts of a tile of `R` vectors have summed, as one block; the second is nothing in narrow tiles.
#[inline(always)]
pub(crate) fn fold<L: Lanes, const R: usize>(lanes: L, [first, second]: [L::Vector; 2]) -> L::Vector {
    if R > PART { lanes.fold_two(first, second) } else { first }
}

/// How many parts a tile of so many vectors has.
pub(crate) const fn parts_of(vectors: usize) -> usize {
    vectors.div_ceil(PART)
}

/// The sums of 16 blocks of [`fold`], part by part.
#[inline(always)]
fn sum_parts<L: Lanes, const R: usize>(lanes: L, blocks: &[Block; LANES]) -> [L::Vector; 2] {
    if R > PART { lanes.sum_folded(blocks) } else { [lanes.sum_each(blocks), lanes.splat(0.0)] }
}

/// Writes the sums of up to 16 blocks of [`fold`] in the first tile of a batch, and adds them in the others.
#[inline(always)]
pub(crate) fn write_sums<L: Lanes, const R: usize>(lanes: L, blocks: &[Block; LANES], first: bool, sums: &mut [f32]) {
    let mut parts = [[0.0; LANES]; 2];
    for (part, sum) in parts.iter_mut().zip(sum_parts::<L, R>(lanes, blocks)) {
        lanes.store(sum, part);
    }
    for (place, sum) in sums.iter_mut().enumerate() {
        *sum = if first { parts[0][place] } else { *sum + parts[0][place] };
        if R > PART {
            *sum += parts[1][place];
        }
    }
}

/// Gradients that wait to be summed, sixteen at a time, each of one parameter, in tiles of `R` vectors of samples.
pub(crate) struct Group<const R: usize> {
    blocks: [Block; LANES],
    /// Parameters before this group.
    done: usize,
    waiting: usize,
}

impl<const R: usize> Group<R> {
    pub(crate) fn new() -> Self {
        Self { blocks: [[0.0; LANES]; LANES], done: 0, waiting: 0 }
    }

    /// Places for the next blocks of [`fold`]: as many as are wanted, at most to the end of the group, at least one.
    #[inline(always)]
    pub(crate) fn room(&mut self, wanted: usize) -> &mut [Block] {
        let end = LANES.min(self.waiting + wanted);
        &mut self.blocks[self.waiting..end]
    }

    /// Counts blocks written to [`Group::room`]; a full group updates its parameters.
    #[inline(always)]
    pub(crate) fn add<L: Lanes>(
        &mut self,
        lanes: L,
        count: usize,
        update: Update,
        values: &mut [f32],
        state: &mut StateSlices,
    ) {
        self.waiting += count;
        if self.waiting == LANES {
            self.flush(lanes, update, values, state);
        }
    }

    #[inline(always)]
    pub(crate) fn flush<L: Lanes>(&mut self, lanes: L, update: Update, values: &mut [f32], state: &mut StateSlices) {
        let sums = sum_parts::<L, R>(lanes, &self.blocks);
        update.apply(lanes, &sums[..parts_of(R)], self.done, self.waiting, values, state);
        self.done += self.waiting;
        self.waiting = 0;
    }
}

//! What activations and deltas are stored in: f32, or bfloat16 for half of the memory.
//!
//! Sums are always f32, in registers; a cell is what lies in memory between two layers.

use bytemuck::Pod;

use crate::base::simd::{LANES, Lanes};

/// What a network's activations and deltas are stored in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Storage {
    /// 32 bits.
    #[default]
    F32,
    /// bfloat16: half of the memory, 8 bits of precision. Tiles are then 16, 32, 64 or 128 wide.
    Bf16,
}

/// A number in memory.
pub trait Cell: Pod + Send + Sync {
    /// Reads a block.
    fn load<L: Lanes>(lanes: L, block: &[Self; LANES]) -> L::Vector;
    /// Writes a block, rounded to nearest even.
    fn store<L: Lanes>(lanes: L, vector: L::Vector, block: &mut [Self; LANES]);
}

impl Cell for f32 {
    #[inline(always)]
    fn load<L: Lanes>(lanes: L, block: &[Self; LANES]) -> L::Vector {
        lanes.load(block)
    }

    #[inline(always)]
    fn store<L: Lanes>(lanes: L, vector: L::Vector, block: &mut [Self; LANES]) {
        lanes.store(vector, block);
    }
}

/// bfloat16: the range of f32, 8 bits of precision.
impl Cell for u16 {
    #[inline(always)]
    fn load<L: Lanes>(lanes: L, block: &[Self; LANES]) -> L::Vector {
        lanes.load_half(block)
    }

    #[inline(always)]
    fn store<L: Lanes>(lanes: L, vector: L::Vector, block: &mut [Self; LANES]) {
        lanes.store_half(vector, block);
    }
}

/// The samples of one neuron in a tile of `R` vectors.
pub type Row<C, const R: usize> = [[C; LANES]; R];

/// Bytes of a layer's activations beyond which its rows are asked for ahead of use: twice a second-level cache of
/// 1 MiB, where connections begin to wait for what is behind it. `docs/scale.md` has what it is worth.
pub const FAR_BYTES: usize = 2 << 20;
/// How many connections ahead.
pub const AHEAD: usize = 16;

/// Asks for all cache lines of a row ahead of its use.
#[inline(always)]
pub fn prefetch_row<L: Lanes, C: Cell, const R: usize>(lanes: L, row: &Row<C, R>) {
    // A block is a cache line of f32, or half a line.
    let step = (64 / size_of::<[C; LANES]>()).max(1);
    for block in row.iter().step_by(step) {
        lanes.prefetch(block);
    }
}

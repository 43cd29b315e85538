//! What a batch brings to each input of a layer, and back to each neuron, as one number each: what places are drawn by.
//!
//! Source: Heddes et al. 2024 (guided stochastic exploration).

use crate::base::random::{Purpose, Stream, key};
use crate::base::shared::SharedSlice;
use crate::base::simd::{Block, Kernel, LANES, Lanes};
use crate::base::status::{Status, scratch};
use crate::network::batch::Batch;
use crate::network::gradient_sum::{PART, fold, write_sums};
use crate::network::storage::{Cell, Row};

/// Which sums over the samples of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SumKind {
    /// Σ|h| and Σ|δ|.
    Absolute,
    /// Σ s·h and Σ s·δ with s = ±1 at random, the same for a sample everywhere: on average the product of an input's and
    /// a neuron's sum is the gradient at their place.
    Signed {
        /// Seed of the run.
        seed: u64,
        /// Names the signs.
        draw: u64,
    },
}

/// Where the sums of one layer go.
#[derive(Clone, Copy)]
pub struct LayerSums<'a> {
    /// Of what comes into the layer, `[inputs]`; overwritten.
    pub inputs: SharedSlice<'a, f32>,
    /// Of the gradients of its sums, `[neurons]`; overwritten.
    pub neurons: SharedSlice<'a, f32>,
}

/// The sums of all layers.
pub(crate) struct Sums<'a> {
    pub(crate) layers: &'a [LayerSums<'a>],
    /// Factor of each sample, 0 behind the last, `[tiles][R]`.
    pub(crate) factors: &'a [Block],
    pub(crate) absolute: bool,
}

/// The factors of all samples of the tiles of a batch.
pub(crate) fn factors(kind: SumKind, batch: &Batch) -> Result<Vec<Block>, Status> {
    let mut factors = scratch::<Block>(batch.samples.div_ceil(batch.width) * batch.width / LANES)?;
    let samples = factors.as_flattened_mut()[..batch.samples].iter_mut();
    match kind {
        SumKind::Absolute => samples.for_each(|factor| *factor = 1.0),
        SumKind::Signed { seed, draw } => {
            let mut stream = Stream::new(key(seed, Purpose::Signs, &[draw]));
            samples.for_each(|factor| *factor = if stream.bits() >> 63 == 0 { 1.0 } else { -1.0 });
        }
    }
    Ok(factors)
}

/// The sums of some rows of a layer in one tile of `R` vectors of samples.
pub(crate) struct RowSums<'a, const R: usize, C> {
    /// One row a sum.
    pub(crate) rows: &'a [Row<C, R>],
    /// Of the samples of the tile, `[R]`.
    pub(crate) factors: &'a [Block],
    pub(crate) absolute: bool,
    /// Whether this is the first tile of the batch, which writes; the others add.
    pub(crate) first: bool,
    pub(crate) sums: &'a mut [f32],
}

impl<const R: usize, C: Cell> Kernel for RowSums<'_, R, C> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let minus = lanes.splat(-1.0);
        let mut parts = [[0.0; LANES]; LANES];
        for (rows, sums) in self.rows.chunks(LANES).zip(self.sums.chunks_mut(LANES)) {
            for (part, row) in parts.iter_mut().zip(rows) {
                let mut halves = [lanes.splat(0.0); 2];
                for r in 0..R {
                    let mut x = C::load(lanes, &row[r]);
                    if self.absolute {
                        x = lanes.select(lanes.positive(x), x, lanes.mul(x, minus));
                    }
                    halves[r / PART] = lanes.mul_add(x, lanes.load(&self.factors[r]), halves[r / PART]);
                }
                lanes.store(fold::<L, R>(lanes, halves), part);
            }
            write_sums::<L, R>(lanes, &parts, self.first, sums);
        }
    }
}

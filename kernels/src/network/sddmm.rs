//! Products of activations and deltas at chosen places of a layer: a sampled dense-dense matrix product.
//!
//! The gradient of the weight from input i to neuron j is ⟨X[i], delta[j]⟩ over the samples of the batch, whether there
//! is such a connection or not. Each product is formed as the backward sweep forms it, so the bits are the same.

use crate::base::shared::SharedSlice;
use crate::base::simd::{Kernel, LANES, Lanes};
use crate::network::gradient_sum::{PART, fold, write_sums};
use crate::network::storage::{Cell, FAR_BYTES, Row, prefetch_row};

/// Places of one layer, and where the gradients there go.
#[derive(Clone, Copy)]
pub struct Places<'a> {
    /// Input of each place.
    pub rows: &'a [u32],
    /// Neuron of each place.
    pub columns: &'a [u32],
    /// Gradient of the loss with respect to a weight there, `[rows.len()]`; overwritten.
    pub gradients: SharedSlice<'a, f32>,
}

/// Some places of one layer in one tile of `R` vectors of samples.
pub(crate) struct Sddmm<'a, const R: usize, I, D> {
    /// Input of each place.
    pub(crate) rows: &'a [u32],
    /// Neuron of each place.
    pub(crate) columns: &'a [u32],
    /// What came into the layer, `[inputs][R]`.
    pub(crate) input: &'a [Row<I, R>],
    /// Gradient of the loss with respect to the layer's sums, `[neurons][R]`.
    pub(crate) delta: &'a [Row<D, R>],
    /// Whether this is the first tile of the batch, which writes; the others add.
    pub(crate) first: bool,
    /// Gradient at each place.
    pub(crate) gradients: &'a mut [f32],
}

impl<const R: usize, I: Cell, D: Cell> Kernel for Sddmm<'_, R, I, D> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let far = size_of_val(self.delta) > FAR_BYTES;
        let mut parts = [[0.0; LANES]; LANES];
        for (group, gradients) in self.gradients.chunks_mut(LANES).enumerate() {
            let start = group * LANES;
            let end = start + gradients.len();
            if far {
                for place in end..(end + LANES).min(self.rows.len()) {
                    prefetch_row(lanes, &self.input[self.rows[place] as usize]);
                    prefetch_row(lanes, &self.delta[self.columns[place] as usize]);
                }
            }
            let places = self.rows[start..end].iter().zip(&self.columns[start..end]);
            for (part, (&row, &column)) in parts.iter_mut().zip(places) {
                let (x, delta) = (&self.input[row as usize], &self.delta[column as usize]);
                let mut products = [lanes.splat(0.0); 2];
                for r in 0..R {
                    let products = &mut products[r / PART];
                    *products = lanes.mul_add(I::load(lanes, &x[r]), D::load(lanes, &delta[r]), *products);
                }
                lanes.store(fold::<L, R>(lanes, products), part);
            }
            write_sums::<L, R>(lanes, &parts, self.first, gradients);
        }
    }
}

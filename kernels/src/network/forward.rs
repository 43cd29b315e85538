//! Forward pass of one layer: sum, bias, activation and dropout in one sweep over the neurons.

use std::ops::Range;

use crate::base::simd::{Block, Kernel, Lanes};
use crate::network::activation::{Activation, Dropout};
use crate::network::storage::{AHEAD, Cell, FAR_BYTES, Row, prefetch_row};

/// Rows of one layer to compute, for `R` vectors of samples; `I` and `O` are what comes in and goes out.
pub struct Forward<'a, const R: usize, I, O> {
    /// Neurons to compute.
    pub rows: Range<usize>,
    /// Incoming rows, `[neurons + 1]`.
    pub incoming_ptr: &'a [u32],
    /// Input of each connection.
    pub source: &'a [u32],
    /// Where the weight of each connection stands.
    pub position: &'a [u32],
    /// Weights.
    pub values: &'a [f32],
    /// Biases, `[neurons]`.
    pub bias: &'a [f32],
    /// The function of the layer.
    pub activation: Activation,
    /// Its trainable parameters, `[neurons][s]`.
    pub activation_parameters: &'a [f32],
    /// Dropout, in training.
    pub dropout: Option<Dropout>,
    /// Index of the tile's first vector of samples in the batch.
    pub first_vector: usize,
    /// Activations of the inputs, `[inputs][R]`.
    pub input: &'a [Row<I, R>],
    /// Activations of the rows, `[rows][R]`; overwritten.
    pub output: &'a mut [Row<O, R>],
    /// Which sums were positive, `[rows][R]`; empty where nobody asks.
    pub signs: &'a mut [[u16; R]],
    /// Which units dropout kept, `[rows][R]`; empty without dropout.
    pub kept: &'a mut [[u16; R]],
    /// The sums themselves, `[rows][R]`; empty where nobody asks.
    pub preactivations: &'a mut [[Block; R]],
}

impl<const R: usize, I: Cell, O: Cell> Kernel for Forward<'_, R, I, O> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let far = size_of_val(self.input) > FAR_BYTES;
        for (row, neuron) in self.rows.clone().enumerate() {
            let connections = self.incoming_ptr[neuron] as usize..self.incoming_ptr[neuron + 1] as usize;
            let mut sum = [lanes.splat(self.bias[neuron]); R];
            if far {
                let ahead = connections.start + AHEAD..(connections.end + AHEAD).min(self.source.len());
                for place in ahead {
                    prefetch_row(lanes, &self.input[self.source[place] as usize]);
                    lanes.prefetch(&self.values[self.position[place] as usize]);
                }
            }
            for (&source, &position) in self.source[connections.clone()].iter().zip(&self.position[connections]) {
                let weight = lanes.splat(self.values[position as usize]);
                let input = &self.input[source as usize];
                for r in 0..R {
                    sum[r] = lanes.mul_add(weight, I::load(lanes, &input[r]), sum[r]);
                }
            }
            let own = parameters(self.activation_parameters, self.activation.parameters(), neuron);
            if let Some(sums) = self.preactivations.get_mut(row) {
                for r in 0..R {
                    lanes.store(sum[r], &mut sums[r]);
                }
            }
            let mut signs = [0; R];
            for r in 0..R {
                (sum[r], signs[r]) = self.activation.apply(lanes, sum[r], own);
            }
            if let Some(slot) = self.signs.get_mut(row) {
                *slot = signs;
            }
            if let Some(dropout) = self.dropout {
                let kept: [u16; R] = dropout.masks(lanes, neuron, self.first_vector);
                for r in 0..R {
                    sum[r] = lanes.select(kept[r], lanes.mul(sum[r], lanes.splat(dropout.scale)), lanes.splat(0.0));
                }
                self.kept[row] = kept;
            }
            for r in 0..R {
                O::store(lanes, sum[r], &mut self.output[row][r]);
            }
        }
    }
}

/// The trainable parameters of one neuron out of `[neurons][count]`; zeros beyond `count`.
#[inline(always)]
pub(crate) fn parameters(all: &[f32], count: usize, neuron: usize) -> [f32; 4] {
    let mut own = [0.0; 4];
    own[..count].copy_from_slice(&all[neuron * count..(neuron + 1) * count]);
    own
}

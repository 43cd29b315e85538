//! Backward pass of one layer, fused with the update: one sweep over the outgoing rows.
//!
//! For input i, X[i] stays in registers. Each connection's delta row is loaded once and used twice: for the gradient
//! of the input, dX[i] += w·delta[j], and for the gradient of the weight, g = ⟨X[i], delta[j]⟩. Sixteen such products
//! are summed together and update sixteen weights at once; groups of sixteen run across rows.

use std::ops::Range;

use crate::base::simd::{Block, Kernel, LANES, Lanes};
use crate::network::activation::{Activation, Dropout};
use crate::network::forward::parameters;
use crate::network::gradient_sum::{Group, PART, fold, parts_of};
use crate::network::storage::{AHEAD, Cell, FAR_BYTES, Row, prefetch_row};
use crate::network::update::{StateSlices, Update};

/// The rows of one layer to sweep, for `R` vectors of samples; `I` is what came in, `D` what its deltas are stored in.
pub struct Backward<'a, const R: usize, I, D> {
    /// Inputs to sweep.
    pub rows: Range<usize>,
    /// Outgoing rows, `[inputs + 1]`.
    pub indptr: &'a [u32],
    /// Target neuron of each connection.
    pub indices: &'a [u32],
    /// Weights of these rows; the last tile moves them.
    pub values: &'a mut [f32],
    /// What the optimiser keeps of these weights, and their written gradients.
    pub state: StateSlices<'a>,
    /// What becomes of the gradients of the weights.
    pub update: Update,
    /// Features of the rows, `[rows][R]`, in the first layer; empty in others.
    pub input: &'a [Row<I, R>],
    /// Gradient of the loss with respect to this layer's sums, `[neurons][R]`.
    pub delta: &'a [Row<D, R>],
    /// Where the gradient goes on to; absent in the first layer, whose input nobody trains.
    pub below: Option<Below<'a, R, I>>,
}

/// The layer below: its neurons are the rows of the sweep.
pub struct Below<'a, const R: usize, I> {
    /// Its function.
    pub activation: Activation,
    /// Its dropout in this step.
    pub dropout: Option<Dropout>,
    /// Which sums were positive, `[rows][R]`, or empty.
    pub signs: &'a [[u16; R]],
    /// Which units were kept, `[rows][R]`, or empty.
    pub kept: &'a [[u16; R]],
    /// The sums, `[rows][R]`, or empty.
    pub preactivations: &'a [[Block; R]],
    /// Trainable parameters of the rows, `[rows][s]`.
    pub activation_parameters: &'a mut [f32],
    /// Their planes and their written gradients.
    pub parameter_state: StateSlices<'a>,
    /// Where a layer that learns its slope gathers Σ delta · output over the sums that were not positive.
    pub slope_gradient: Option<&'a mut [Block; 2]>,
    /// Its activations (after dropout), which nobody needs after their own row was swept: the gradient with respect to
    /// its sums takes their place. `[rows][R]`
    pub delta: &'a mut [Row<I, R>],
    /// What becomes of the gradients of its biases and its function's parameters.
    pub update: Update,
    /// Biases of the rows.
    pub bias: &'a mut [f32],
    /// Their planes and their written gradients.
    pub bias_state: StateSlices<'a>,
}

impl<const R: usize, I: Cell, D: Cell> Kernel for Backward<'_, R, I, D> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        if self.below.is_some() { self.sweep::<L, true>(lanes) } else { self.sweep::<L, false>(lanes) }
    }
}

impl<const R: usize, I: Cell, D: Cell> Backward<'_, R, I, D> {
    #[inline(always)]
    fn sweep<L: Lanes, const BELOW: bool>(mut self, lanes: L) {
        let start = self.indptr[self.rows.start] as usize;
        let far = size_of_val(self.delta) > FAR_BYTES;
        let mut weights = Group::<R>::new();
        let mut biases = Group::<R>::new();
        for (row, input) in self.rows.clone().enumerate() {
            let mut x = [lanes.splat(0.0); R];
            let own = self.below.as_ref().map_or(self.input, |below| &*below.delta);
            for r in 0..R {
                x[r] = I::load(lanes, &own[row][r]);
            }
            let mut dx = [lanes.splat(0.0); R];
            let (mut next, end) = (self.indptr[input] as usize, self.indptr[input + 1] as usize);
            if far {
                for &target in
                    &self.indices[(next + AHEAD).min(self.indices.len())..(end + AHEAD).min(self.indices.len())]
                {
                    prefetch_row(lanes, &self.delta[target as usize]);
                }
            }
            while next < end {
                let parts = weights.room(end - next);
                let count = parts.len();
                let targets = &self.indices[next..next + count];
                let values = &self.values[next - start..next - start + count];
                for ((part, &target), &value) in parts.iter_mut().zip(targets).zip(values) {
                    let delta = &self.delta[target as usize];
                    let weight = lanes.splat(value);
                    let mut products = [lanes.splat(0.0); 2];
                    for r in 0..R {
                        let d = D::load(lanes, &delta[r]);
                        if BELOW {
                            dx[r] = lanes.mul_add(weight, d, dx[r]);
                        }
                        products[r / PART] = lanes.mul_add(x[r], d, products[r / PART]);
                    }
                    lanes.store(fold::<L, R>(lanes, products), part);
                }
                weights.add(lanes, count, self.update, self.values, &mut self.state);
                next += count;
            }
            if let Some(below) = &mut self.below {
                let totals = below.finish(lanes, row, x, dx);
                lanes.store(fold::<L, R>(lanes, totals), &mut biases.room(1)[0]);
                biases.add(lanes, 1, below.update, below.bias, &mut below.bias_state);
            }
        }
        weights.flush(lanes, self.update, self.values, &mut self.state);
        if let Some(below) = &mut self.below {
            biases.flush(lanes, below.update, below.bias, &mut below.bias_state);
        }
    }
}

impl<const R: usize, I: Cell> Below<'_, R, I> {
    /// Turns the gradient of a neuron's output into that of its sum, keeps it, and returns it summed to one vector a part.
    #[inline(always)]
    fn finish<L: Lanes>(
        &mut self,
        lanes: L,
        row: usize,
        output: [L::Vector; R],
        gradient: [L::Vector; R],
    ) -> [L::Vector; 2] {
        let count = self.activation.parameters();
        let own = parameters(self.activation_parameters, count, row);
        let undo = self.dropout.map_or(1.0, |dropout| 1.0 / dropout.scale);
        let mut parameter_gradients = [[0.0; 4]; 2];
        let mut totals = [lanes.splat(0.0); 2];
        for r in 0..R {
            let mut d = gradient[r];
            if let Some(dropout) = self.dropout {
                d = lanes.select(self.kept[row][r], lanes.mul(d, lanes.splat(dropout.scale)), lanes.splat(0.0));
            }
            let signs = self.signs.get(row).map_or(0, |signs| signs[r]);
            let sum = self.preactivations.get(row).map_or(&[0.0; LANES], |sums| &sums[r]);
            let of_part = &mut parameter_gradients[r / PART];
            d = self.activation.differentiate(lanes, d, signs, output[r], undo, sum, own, of_part);
            I::store(lanes, d, &mut self.delta[row][r]);
            totals[r / PART] = lanes.add(totals[r / PART], d);
        }
        if let Some(gathered) = &mut self.slope_gradient {
            for r in 0..R {
                let below_zero = lanes.select(self.signs[row][r], lanes.splat(0.0), output[r]);
                let products = &mut gathered[r / PART];
                let sum = lanes.mul_add(below_zero, I::load(lanes, &self.delta[row][r]), lanes.load(products));
                lanes.store(sum, products);
            }
        }
        if count > 0 {
            let gradients = parameter_gradients.map(|gradient| {
                let mut block = [0.0; LANES];
                block[..4].copy_from_slice(&gradient);
                lanes.load(&block)
            });
            let (values, state) = (&mut *self.activation_parameters, &mut self.parameter_state);
            let (update, start) = (self.update.without_decay(), row * count);
            update.apply(lanes, &gradients[..parts_of(R)], start, count, values, state);
        }
        totals
    }
}

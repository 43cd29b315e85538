//! Momentum SGD: the update of 16 parameters at a time, inside the backward sweep or from written gradients.

use crate::base::pool::{chunk_count, run_chunks};
use crate::base::shared::SharedSlice;
use crate::base::simd::{Block, Kernel, LANES, Lanes, dispatch};
use crate::base::status::{Outcome, Status, ensure};
use crate::network::layer::{Gradients, Layer};

/// Parameters a chunk updates.
const GRAIN: usize = 1 << 15;

/// Settings of momentum SGD for one step.
///
/// Paper: §2.1 Eq. 1. v ← μ·v − η·g, then w ← w + v − λ·w (weight decay outside the learning rate, as the authors do
/// it), or, with `coupled`, the textbook form g ← g + λ·w, w ← w + v. With `nesterov`, w moves by μ·v − η·g instead of v.
#[derive(Clone, Copy, Debug)]
pub struct Momentum {
    /// η.
    pub rate: f32,
    /// Incoming connections a neuron may have before its weights move less far, see [`Momentum::for_weights`].
    pub fan_in_limit: f32,
    /// μ.
    pub momentum: f32,
    /// λ, a step.
    pub decay: f32,
    /// Whether decay is part of the gradient.
    pub coupled: bool,
    /// Whether the step looks ahead.
    pub nesterov: bool,
}

impl Momentum {
    /// The step of a layer's weights: η·min(1, limit/k) where its neurons have k incoming connections on average.
    ///
    /// A step moves a sum over k inputs k times as far as one of them, so a readout over 10⁵ units overshoots at a
    /// rate that suits their own weights. Source: Yang & Hu 2021 ("Tensor Programs IV"): η ∝ 1/k at the output.
    pub fn for_weights(self, layer: &Layer) -> Self {
        let fan_in = layer.nnz.max(1) as f32 / layer.neurons as f32;
        Self { rate: self.rate * (self.fan_in_limit / fan_in).min(1.0), ..self }
    }
}

/// What becomes of a gradient.
#[derive(Clone, Copy, Debug)]
pub enum Update {
    /// It moves the velocity; the last tile of the batch also moves the weights.
    Fused {
        /// The step.
        step: Momentum,
        /// Whether this is the first tile of the batch: momentum is applied once.
        first: bool,
        /// Whether this is the last tile: weights move once.
        last: bool,
    },
    /// It is written (first tile) or added to what the tiles before wrote.
    Written {
        /// Whether this is the first tile of the batch.
        first: bool,
    },
}

impl Update {
    /// The same without weight decay: the parameters of an activation are not pulled to zero.
    pub fn without_decay(self) -> Self {
        match self {
            Self::Fused { step, first, last } => Self::Fused { step: Momentum { decay: 0.0, ..step }, first, last },
            written => written,
        }
    }

    /// Updates 16 parameters: `state` is the velocity, or the written gradient.
    #[inline(always)]
    pub fn apply<L: Lanes>(&self, lanes: L, gradient: L::Vector, values: &mut Block, state: &mut Block) {
        match *self {
            Self::Written { first } => {
                let sum = if first { gradient } else { lanes.add(lanes.load(state), gradient) };
                lanes.store(sum, state);
            }
            Self::Fused { step, first, last } => {
                let rate = lanes.splat(-step.rate);
                let weight = lanes.load(values);
                let mut gradient = gradient;
                if step.coupled && first {
                    gradient = lanes.mul_add(lanes.splat(step.decay), weight, gradient);
                }
                let carried =
                    if first { lanes.mul(lanes.splat(step.momentum), lanes.load(state)) } else { lanes.load(state) };
                let velocity = lanes.mul_add(rate, gradient, carried);
                lanes.store(velocity, state);
                if last {
                    let shrink = if step.coupled { 1.0 } else { 1.0 - step.decay };
                    let move_by = if step.nesterov {
                        lanes.mul_add(rate, gradient, lanes.mul(lanes.splat(step.momentum), velocity))
                    } else {
                        velocity
                    };
                    lanes.store(lanes.mul_add(lanes.splat(shrink), weight, move_by), values);
                }
            }
        }
    }

    /// Updates up to 16 parameters at `start`; lanes of `gradient` beyond `values.len()` are ignored.
    #[inline(always)]
    pub fn apply_part<L: Lanes>(&self, lanes: L, gradient: L::Vector, values: &mut [f32], state: &mut [f32]) {
        if let (Ok(values), Ok(state)) = (<&mut Block>::try_from(&mut *values), <&mut Block>::try_from(&mut *state)) {
            self.apply(lanes, gradient, values, state);
            return;
        }
        let (mut value_block, mut state_block) = ([0.0; LANES], [0.0; LANES]);
        value_block[..values.len()].copy_from_slice(values);
        state_block[..state.len()].copy_from_slice(state);
        self.apply(lanes, gradient, &mut value_block, &mut state_block);
        values.copy_from_slice(&value_block[..values.len()]);
        state.copy_from_slice(&state_block[..state.len()]);
    }
}

struct ApplyWritten<'a> {
    update: Update,
    gradient: &'a [f32],
    values: &'a mut [f32],
    velocity: &'a mut [f32],
}

impl Kernel for ApplyWritten<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let parts = self.values.chunks_mut(LANES).zip(self.velocity.chunks_mut(LANES));
        for (gradient, (values, velocity)) in self.gradient.chunks(LANES).zip(parts) {
            let mut block = [0.0; LANES];
            block[..gradient.len()].copy_from_slice(gradient);
            self.update.apply_part(lanes, lanes.load(&block), values, velocity);
        }
    }
}

/// Applies written gradients to all parameters of a network: one momentum step.
///
/// Cost: one pass over parameters, velocities and gradients.
///
/// # Errors
/// [`Status::Length`] when layers and gradients differ in number.
pub fn apply_gradients(layers: &[Layer], gradients: &[Gradients], step: Momentum, threads: usize) -> Outcome {
    ensure(layers.len() == gradients.len(), Status::Length)?;
    let whole = |step| Update::Fused { step, first: true, last: true };
    let update = whole(step);
    for (layer, gradient) in layers.iter().zip(gradients) {
        let parts = [
            (whole(step.for_weights(layer)), &layer.values, &layer.velocity, &gradient.values),
            (update, &layer.bias, &layer.bias_velocity, &gradient.bias),
            (update.without_decay(), &layer.shape, &layer.shape_velocity, &gradient.shape),
        ];
        for (update, values, velocity, gradient) in parts {
            let len = values.len();
            let chunks = chunk_count(len, GRAIN);
            // A multiple of the vector, so that only the last chunk has a part of one.
            let size = len.div_ceil(chunks).next_multiple_of(LANES);
            run_chunks(threads, chunks, &|chunk| {
                let range = (chunk * size).min(len)..((chunk + 1) * size).min(len);
                // SAFETY: chunks are disjoint ranges; nobody writes the gradient.
                let (values, velocity, gradient) =
                    unsafe { (values.range(range.clone()), velocity.range(range.clone()), &gradient.read()[range]) };
                dispatch(ApplyWritten { update, gradient, values, velocity });
            })?;
        }
    }
    Ok(())
}

/// The squared norm of written gradients: the gradient flow (Paper: §2.2, Figure 5).
///
/// Summed in f64, in the order of the parameters.
pub fn squared_norm(gradients: &[Gradients]) -> f64 {
    let square = |slice: &SharedSlice<f32>| {
        // SAFETY: nobody writes gradients after the step that made them.
        unsafe { slice.read() }.iter().map(|&g| f64::from(g) * f64::from(g)).sum::<f64>()
    };
    gradients.iter().map(|g| square(&g.values) + square(&g.bias) + square(&g.shape)).sum()
}

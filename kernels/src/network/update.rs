//! What becomes of a gradient: an optimiser takes it inside the backward sweep, or it is written, and applied later.

use std::ops::Range;

use crate::base::pool::{chunk_count, run_chunks};
use crate::base::shared::SharedSlice;
use crate::base::simd::{Block, Kernel, LANES, Lanes, dispatch};
use crate::base::status::{Outcome, Status, ensure};
use crate::network::layer::{Gradients, Layer, StatePlanes};
use crate::network::method::{Method, with_optimizer};
use crate::network::optimizer::{Optimizer, Part};
use crate::structure::planes::MOST_PLANES;

/// Parameters a chunk updates.
const GRAIN: usize = 1 << 15;

/// How weights are pulled to zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecayForm {
    /// w ← (1 − λ)·w + step, outside the learning rate, as the paper's authors do.
    Outside,
    /// g ← g + λ·w: part of the gradient, as textbooks have it.
    Coupled,
    /// w ← (1 − η·λ)·w + step (Loshchilov & Hutter 2019).
    Decoupled,
}

/// One step of an optimiser: what all have alike, and the method.
#[derive(Clone, Copy, Debug)]
pub struct OptimizerStep {
    /// How parameters move.
    pub method: Method,
    /// η.
    pub rate: f32,
    /// Incoming connections a neuron may have before its weights move less far, see [`OptimizerStep::for_weights`].
    pub fan_in_limit: f32,
    /// λ, a step.
    pub decay: f32,
    /// What λ acts on.
    pub decay_form: DecayForm,
}

impl OptimizerStep {
    /// The step of a layer's weights: η·min(1, limit/k) where its neurons have k incoming connections on average.
    ///
    /// A step moves a sum over k inputs k times as far as one of them, so a readout over 10⁵ units overshoots at a
    /// rate that suits their own weights. Source: Yang & Hu 2021 ("Tensor Programs IV"): η ∝ 1/k at the output.
    pub fn for_weights(self, layer: &Layer) -> Self {
        self.for_connections(layer.nnz, layer.neurons)
    }

    /// As [`OptimizerStep::for_weights`], of a layer with `connections` connections, of which others may hold some.
    fn for_connections(self, connections: usize, neurons: usize) -> Self {
        let fan_in = connections.max(1) as f32 / neurons as f32;
        Self { rate: self.rate * (self.fan_in_limit / fan_in).min(1.0), ..self }
    }

    /// The step of what the activation of a layer learns, without decay: η/√n for a slope, whose gradient is a sum over
    /// the n neurons that share it.
    pub fn for_activation(self, layer: &Layer) -> Self {
        let shared = if layer.learns_slope { (layer.neurons as f32).sqrt() } else { 1.0 };
        Self { rate: self.rate / shared, decay: 0.0, ..self }
    }

    /// The share of a weight that decay leaves beside the gradient.
    fn shrink(self) -> f32 {
        match self.decay_form {
            DecayForm::Outside => 1.0 - self.decay,
            DecayForm::Coupled => 1.0,
            DecayForm::Decoupled => 1.0 - self.rate * self.decay,
        }
    }
}

/// What becomes of a gradient.
#[derive(Clone, Copy, Debug)]
pub enum Update {
    /// The optimiser takes it; the last tile of the batch moves the weights.
    Fused {
        /// The step.
        step: OptimizerStep,
        /// Whether no gradient of the batch has come before.
        first: bool,
        /// Whether this is the last: weights move once.
        last: bool,
        /// Whether the gradient of the first half of the tile was written and waits to be added.
        waited: bool,
    },
    /// It is written, or added to what is written.
    Written {
        /// Whether it is the first: of the batch, or of a tile that passes in halves.
        first: bool,
    },
}

/// What an optimiser keeps of some parameters.
#[derive(Default)]
pub struct StateSlices<'s> {
    /// Its planes.
    pub planes: [&'s mut [f32]; MOST_PLANES],
    /// The written gradients, where there are any.
    pub gradient: &'s mut [f32],
}

impl Update {
    /// The same without weight decay: the parameters of an activation are not pulled to zero.
    pub fn without_decay(self) -> Self {
        match self {
            Self::Fused { step, first, last, waited } => {
                Self::Fused { step: OptimizerStep { decay: 0.0, ..step }, first, last, waited }
            }
            written => written,
        }
    }

    /// Updates up to 16 parameters, the `len` ones at `start`, by a gradient that comes in parts; lanes beyond are ignored.
    #[inline(always)]
    pub fn apply<L: Lanes>(
        &self,
        lanes: L,
        parts: &[L::Vector],
        start: usize,
        len: usize,
        values: &mut [f32],
        state: &mut StateSlices,
    ) {
        match *self {
            Self::Written { first } => {
                let place = &mut state.gradient[start..start + len];
                let sum = if first { parts[0] } else { lanes.add(load(lanes, place), parts[0]) };
                store(lanes, sum_from(lanes, sum, &parts[1..]), place);
            }
            Self::Fused { step, first, last, waited } => {
                let mut whole = sum_from(lanes, parts[0], &parts[1..]);
                if waited {
                    whole = lanes.add(load(lanes, &state.gradient[start..start + len]), whole);
                }
                with_optimizer!(step.method, optimizer => {
                    fused(lanes, optimizer, step, (first, last), whole, start..start + len, values, &mut state.planes);
                });
            }
        }
    }
}

/// A vector and others, added in their order.
#[inline(always)]
fn sum_from<L: Lanes>(lanes: L, mut sum: L::Vector, others: &[L::Vector]) -> L::Vector {
    for other in others {
        sum = lanes.add(sum, *other);
    }
    sum
}

/// A tile's gradient into up to 16 parameters.
#[inline(always)]
fn fused<L: Lanes, O: Optimizer>(
    lanes: L,
    optimizer: O,
    step: OptimizerStep,
    (first, last): (bool, bool),
    mut gradient: L::Vector,
    places: Range<usize>,
    values: &mut [f32],
    state: &mut [&mut [f32]; MOST_PLANES],
) {
    let values = &mut values[places.clone()];
    let weight = load(lanes, values);
    if step.decay_form == DecayForm::Coupled && first {
        gradient = lanes.mul_add(lanes.splat(step.decay), weight, gradient);
    }
    let mut planes = [lanes.splat(0.0); MOST_PLANES];
    for p in 0..O::PLANES {
        planes[p] = load(lanes, &state[p][places.clone()]);
    }
    let move_by = optimizer.step(lanes, Part { rate: step.rate, first }, gradient, &mut planes);
    for p in 0..O::PLANES {
        store(lanes, planes[p], &mut state[p][places.clone()]);
    }
    if last {
        store(lanes, lanes.mul_add(lanes.splat(step.shrink()), weight, move_by), values);
    }
}

/// Up to 16 floats; lanes beyond are 0.
#[inline(always)]
fn load<L: Lanes>(lanes: L, floats: &[f32]) -> L::Vector {
    if let Ok(block) = <&Block>::try_from(floats) {
        return lanes.load(block);
    }
    let mut block = [0.0; LANES];
    block[..floats.len()].copy_from_slice(floats);
    lanes.load(&block)
}

/// The first lanes of a vector, as many as there are floats.
#[inline(always)]
fn store<L: Lanes>(lanes: L, vector: L::Vector, floats: &mut [f32]) {
    if let Ok(block) = <&mut Block>::try_from(&mut *floats) {
        lanes.store(vector, block);
        return;
    }
    let mut block = [0.0; LANES];
    lanes.store(vector, &mut block);
    let len = floats.len();
    floats.copy_from_slice(&block[..len]);
}

struct ApplyWritten<'a> {
    update: Update,
    gradient: &'a [f32],
    values: &'a mut [f32],
    state: StateSlices<'a>,
}

impl Kernel for ApplyWritten<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(mut self, lanes: L) {
        for (group, gradient) in self.gradient.chunks(LANES).enumerate() {
            let vector = load(lanes, gradient);
            self.update.apply(lanes, &[vector], group * LANES, gradient.len(), self.values, &mut self.state);
        }
    }
}

/// Applies written gradients to all parameters of a network: one step of the optimiser.
///
/// Cost: one pass over parameters, planes and gradients.
///
/// `connections` counts those of each whole layer where the layers given hold rows of it alone; empty where they are whole.
///
/// # Errors
/// [`Status::Length`] when layers and gradients differ in number, or layers and counts that are given.
pub fn apply_gradients(
    layers: &[Layer],
    gradients: &[Gradients],
    connections: &[u32],
    step: OptimizerStep,
    threads: usize,
) -> Outcome {
    ensure(layers.len() == gradients.len(), Status::Length)?;
    ensure(connections.is_empty() || connections.len() == layers.len(), Status::Length)?;
    let whole = |step| Update::Fused { step, first: true, last: true, waited: false };
    let update = whole(step);
    for (index, (layer, gradient)) in layers.iter().zip(gradients).enumerate() {
        let all = connections.get(index).map_or(layer.nnz, |&count| count as usize);
        let state = &layer.state;
        let parts: [(Update, &SharedSlice<f32>, &StatePlanes, &SharedSlice<f32>); 3] = [
            (whole(step.for_connections(all, layer.neurons)), &layer.values, &state.values, &gradient.values),
            (update, &layer.bias, &state.bias, &gradient.bias),
            (
                whole(step.for_activation(layer)),
                &layer.activation_parameters,
                &state.activation_parameters,
                &gradient.activation_parameters,
            ),
        ];
        for (update, values, state, gradient) in parts {
            let len = values.len();
            let chunks = chunk_count(len, GRAIN);
            // A multiple of the vector, so that only the last chunk has a part of one.
            let size = len.div_ceil(chunks).next_multiple_of(LANES);
            run_chunks(threads, chunks, &|chunk| {
                let range = (chunk * size).min(len)..((chunk + 1) * size).min(len);
                // SAFETY: chunks are disjoint ranges; nobody writes the gradient.
                let (values, state, gradient) =
                    unsafe { (values.range(range.clone()), state_of(state, &range), &gradient.read()[range.clone()]) };
                dispatch(ApplyWritten { update, gradient, values, state });
            })?;
        }
    }
    Ok(())
}

/// A range of each plane, and no written gradients; nothing of planes that are empty.
///
/// # Safety
/// As [`SharedSlice::range`].
pub(crate) unsafe fn state_of<'s>(planes: &'s StatePlanes, range: &Range<usize>) -> StateSlices<'s> {
    let planes = planes.each_ref().map(|plane| {
        let range = if plane.is_empty() { 0..0 } else { range.clone() };
        // SAFETY: promised by the caller.
        unsafe { plane.range(range) }
    });
    StateSlices { planes, ..StateSlices::default() }
}

/// The squared norm of written gradients: the gradient flow (Paper: §2.2, Figure 5).
///
/// Summed in f64, in the order of the parameters.
pub fn squared_norm(gradients: &[Gradients]) -> f64 {
    let square = |slice: &SharedSlice<f32>| {
        // SAFETY: nobody writes gradients after the step that made them.
        unsafe { slice.read() }.iter().map(|&g| f64::from(g) * f64::from(g)).sum::<f64>()
    };
    gradients.iter().map(|g| square(&g.values) + square(&g.bias) + square(&g.activation_parameters)).sum()
}

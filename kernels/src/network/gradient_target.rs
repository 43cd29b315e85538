//! The way back of a step: what becomes of its gradients.

use std::ops::Range;

use crate::base::shared::SharedSlice;
use crate::base::simd::{Block, Kernel, Lanes};
use crate::network::gradient_sum::{Group, PART, fold};
use crate::network::layer::{Gradients, Layer, StatePlanes};
use crate::network::update::{OptimizerStep, StateSlices, Update, state_of};

/// The fused update, or gradients that are written.
pub(crate) enum GradientTarget<'a> {
    /// The optimiser's step.
    Fused(OptimizerStep),
    /// Where gradients go, one a layer.
    Written(&'a [Gradients<'a>]),
    /// The optimiser's step, where each two tiles are the halves of one: the gradient of the first is written, and waits
    /// for that of the second.
    Halved(OptimizerStep, &'a [Gradients<'a>]),
}

impl<'a> GradientTarget<'a> {
    /// What tile `tile` of `tiles` does with the gradients of biases and of parameters of activations.
    pub(crate) fn update(&self, tile: usize, tiles: usize) -> Update {
        let first = tile == 0;
        match *self {
            Self::Fused(step) => Update::Fused { step, first, last: tile + 1 == tiles, waited: false },
            Self::Written(_) => Update::Written { first },
            Self::Halved(..) if tile.is_multiple_of(2) && tile + 1 < tiles => Update::Written { first: true },
            Self::Halved(step, _) => {
                Update::Fused { step, first: tile < 2, last: tile + 1 == tiles, waited: !tile.is_multiple_of(2) }
            }
        }
    }

    /// The same with other settings of the optimiser's step.
    fn with(&self, change: impl Fn(OptimizerStep) -> OptimizerStep) -> Self {
        match *self {
            Self::Fused(step) => Self::Fused(change(step)),
            Self::Written(gradients) => Self::Written(gradients),
            Self::Halved(step, gradients) => Self::Halved(change(step), gradients),
        }
    }

    /// What it does with the gradients of a layer's weights.
    pub(crate) fn weight_update(&self, layer: &Layer, tile: usize, tiles: usize) -> Update {
        self.with(|step| step.for_weights(layer)).update(tile, tiles)
    }

    /// What it does with the gradient of a slope that a layer learns.
    pub(crate) fn slope_update(&self, layer: &Layer, tile: usize, tiles: usize) -> Update {
        self.with(|step| step.for_activation(layer)).update(tile, tiles)
    }

    /// A range of the planes of some parameters, and of their written gradients.
    ///
    /// # Safety
    /// As [`SharedSlice::range`].
    pub(crate) unsafe fn state<'s>(
        &'s self,
        index: usize,
        part: impl Fn(&'s Gradients<'a>) -> &'s SharedSlice<'a, f32>,
        planes: &'s StatePlanes<'a>,
        range: &Range<usize>,
    ) -> StateSlices<'s> {
        // SAFETY: promised by the caller.
        unsafe {
            let written = |gradients: &'s [Gradients<'a>]| part(&gradients[index]).range(range.clone());
            match self {
                Self::Fused(_) => state_of(planes, range),
                Self::Written(gradients) => StateSlices { gradient: written(gradients), ..StateSlices::default() },
                Self::Halved(_, gradients) => StateSlices { gradient: written(gradients), ..state_of(planes, range) },
            }
        }
    }
}

/// Updates the biases of the output layer from its delta.
pub(crate) struct OutputBias<'a, const R: usize> {
    /// The delta, `[neurons][R]`.
    pub(crate) delta: &'a [[Block; R]],
    /// What becomes of the gradient.
    pub(crate) update: Update,
    /// The biases.
    pub(crate) bias: &'a mut [f32],
    /// Their planes and their written gradients.
    pub(crate) state: StateSlices<'a>,
}

impl<const R: usize> Kernel for OutputBias<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(mut self, lanes: L) {
        let mut group = Group::<R>::new();
        for delta in self.delta {
            let mut sums = [lanes.splat(0.0); 2];
            for (r, block) in delta.iter().enumerate() {
                sums[r / PART] = lanes.add(sums[r / PART], lanes.load(block));
            }
            lanes.store(fold::<L, R>(lanes, sums), &mut group.room(1)[0]);
            group.add(lanes, 1, self.update, self.bias, &mut self.state);
        }
        group.flush(lanes, self.update, self.bias, &mut self.state);
    }
}

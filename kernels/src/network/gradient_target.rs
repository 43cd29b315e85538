//! The way back of a step: what becomes of its gradients.

use crate::base::shared::SharedSlice;
use crate::base::simd::{Block, Kernel, Lanes};
use crate::network::backward::Group;
use crate::network::layer::{Gradients, Layer};
use crate::network::optimizer::{Momentum, Update};

/// The fused update, or gradients that are written.
pub(crate) struct GradientTarget<'a> {
    /// Where gradients go, one a layer; absent for the fused update.
    pub(crate) gradients: Option<&'a [Gradients<'a>]>,
    /// The optimizer's settings.
    pub(crate) momentum: Momentum,
}

impl<'a> GradientTarget<'a> {
    /// Gradients that are written, one a layer; nothing moves.
    pub(crate) fn written(gradients: &'a [Gradients<'a>]) -> Self {
        let momentum =
            Momentum { rate: 0.0, fan_in_limit: 1.0, momentum: 0.0, decay: 0.0, coupled: false, nesterov: false };
        Self { gradients: Some(gradients), momentum }
    }

    /// What tile `tile` of `tiles` does with the gradients of biases and of parameters of activations.
    pub(crate) fn update(&self, tile: usize, tiles: usize) -> Update {
        self.with(self.momentum, tile, tiles)
    }

    /// What it does with the gradients of a layer's weights.
    pub(crate) fn weight_update(&self, layer: &Layer, tile: usize, tiles: usize) -> Update {
        self.with(self.momentum.for_weights(layer), tile, tiles)
    }

    fn with(&self, step: Momentum, tile: usize, tiles: usize) -> Update {
        let first = tile == 0;
        match self.gradients {
            Some(_) => Update::Written { first },
            None => Update::Fused { step, first, last: tile + 1 == tiles },
        }
    }

    /// The velocity of some parameters, or the place where their gradients are written.
    pub(crate) fn state<'s>(
        &'s self,
        index: usize,
        part: impl Fn(&'s Gradients<'a>) -> &'s SharedSlice<'a, f32>,
        velocity: &'s SharedSlice<'a, f32>,
    ) -> &'s SharedSlice<'a, f32> {
        self.gradients.map_or(velocity, |gradients| part(&gradients[index]))
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
    /// Their velocity, or their written gradients.
    pub(crate) state: &'a mut [f32],
}

impl<const R: usize> Kernel for OutputBias<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let mut group = Group::new();
        for delta in self.delta {
            let sum = delta.iter().fold(lanes.splat(0.0), |sum, block| lanes.add(sum, lanes.load(block)));
            lanes.store(sum, &mut group.room(1)[0]);
            group.add(lanes, 1, self.update, self.bias, self.state);
        }
        group.flush(lanes, self.update, self.bias, self.state);
    }
}

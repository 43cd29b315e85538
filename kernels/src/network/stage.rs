//! The phases of one tile, in order: forward through all layers, the loss, and back.
//!
//! With recomputation, the way back first computes a layer again that shares its memory with another, from the kept
//! activations of the layer below it.

use crate::base::pool::chunk_count;
use crate::network::gradient_sum::gathering_vectors;
use crate::network::layer::Layer;
use crate::network::workspace::ActivationMemory;

/// Vector operations a chunk should do: about 15 µs.
const GRAIN: usize = 20_000;
/// What a row costs beside its connections, in connections.
const ROW_COST: usize = 2;

/// One phase of a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// A layer forward.
    Forward(usize),
    /// The loss, its gradient and the biases of the output layer.
    Loss,
    /// The gradients at chosen places of a layer.
    Probe {
        /// The layer.
        index: usize,
        /// How many places it has.
        places: usize,
    },
    /// The sweep of a layer on the way back.
    Backward(usize),
    /// The step of a layer's learned slope, from what the sweep of the layer above gathered.
    Slope(usize),
}

impl Stage {
    /// Into how many chunks the phase is cut, for `vectors` vectors of samples.
    pub(crate) fn chunks(self, layers: &[Layer], vectors: usize) -> usize {
        let chunks =
            |layer: &Layer, rows: usize, vectors: usize| chunk_count((layer.nnz + ROW_COST * rows) * vectors, GRAIN);
        match self {
            Self::Forward(index) => chunks(&layers[index], layers[index].neurons, vectors),
            Self::Loss | Self::Slope(_) => 1,
            Self::Probe { places, .. } => chunk_count(places * vectors, GRAIN),
            Self::Backward(index) => {
                let gathers = index > 0 && layers[index - 1].learns_slope;
                let vectors = if gathers { gathering_vectors(vectors) } else { vectors };
                chunks(&layers[index], layers[index].inputs, vectors)
            }
        }
    }
}

/// The phases of a tile in a network of `depth` layers, forward only.
pub(crate) fn forward_stages(depth: usize) -> Vec<Stage> {
    (0..depth).map(Stage::Forward).chain([Stage::Loss]).collect()
}

/// Which layers learn their slopes.
pub(crate) fn learned(layers: &[Layer]) -> Vec<bool> {
    layers.iter().map(|layer| layer.learns_slope).collect()
}

/// The phases of a tile in a network of as many layers, forward and back, with the layers that must be computed again;
/// `learned` are those with a slope to learn.
pub(crate) fn training_stages(learned: &[bool], memory: ActivationMemory) -> Vec<Stage> {
    let depth = learned.len();
    let mut stages = forward_stages(depth);
    for index in (0..depth).rev() {
        if index > 0 && memory.recomputes(index - 1, depth - 1) {
            stages.push(Stage::Forward(index - 1));
        }
        stages.push(Stage::Backward(index));
        if index > 0 && learned[index - 1] {
            stages.push(Stage::Slope(index - 1));
        }
    }
    stages
}

/// The phases of a tile that is probed at `places[index]` places of each layer: right before a layer is swept, since
/// that turns the activations that came into it into deltas. Nobody asks for the sweep of the first layer.
pub(crate) fn probing_stages(learned: &[bool], places: &[usize], memory: ActivationMemory) -> Vec<Stage> {
    let mut stages = Vec::new();
    for stage in training_stages(learned, memory) {
        if let Stage::Backward(index) = stage {
            stages.push(Stage::Probe { index, places: places[index] });
        }
        if stage != Stage::Backward(0) {
            stages.push(stage);
        }
    }
    stages
}

#[cfg(test)]
mod tests {
    use super::Stage::{Backward, Forward, Loss, Probe, Slope};
    use super::*;

    #[test]
    fn what_is_kept_is_not_computed_again() {
        let stages = training_stages(&[false; 3], ActivationMemory::default());
        assert_eq!(stages, [Forward(0), Forward(1), Forward(2), Loss, Backward(2), Backward(1), Backward(0)]);
        assert_eq!(stages[..4], forward_stages(3));
    }

    #[test]
    fn a_layer_without_its_own_memory_is_computed_again_right_before_it_is_needed() {
        let recompute = ActivationMemory { recompute: true, ..ActivationMemory::default() };
        // Hidden layers 0 and 2 share memory; the last that wrote it is still there.
        assert_eq!(
            training_stages(&[false; 4], recompute)[5..],
            [Backward(3), Backward(2), Forward(0), Backward(1), Backward(0)]
        );
        assert_eq!(
            training_stages(&[false; 5], recompute)[6..],
            [Backward(4), Forward(2), Backward(3), Backward(2), Forward(0), Backward(1), Backward(0)]
        );
        assert_eq!(training_stages(&[false], recompute), [Forward(0), Loss, Backward(0)]);
    }

    #[test]
    fn a_slope_is_learned_when_the_layer_above_was_swept() {
        let stages = training_stages(&[true, false, true, false], ActivationMemory::default());
        assert_eq!(stages[5..], [Backward(3), Slope(2), Backward(2), Backward(1), Slope(0), Backward(0)]);
    }

    #[test]
    fn a_layer_is_probed_when_its_inputs_are_there_and_not_yet_deltas() {
        let recompute = ActivationMemory { recompute: true, ..ActivationMemory::default() };
        let probe = |index| Probe { index, places: index + 7 };
        let back = [probe(3), Backward(3), probe(2), Backward(2), Forward(0), probe(1), Backward(1), probe(0)];
        assert_eq!(probing_stages(&[false; 4], &[7, 8, 9, 10], recompute)[5..], back);
    }
}

//! A gradient of the outputs that is given from outside, where that of a loss stands otherwise.

use crate::base::simd::{Block, LANES};

/// Writes the given gradient of a tile's outputs in their place, `[outputs][vectors]`.
///
/// `gradient` has shape `[samples][outputs]`, of the whole batch; `first` is the batch index of the tile's first sample.
/// Samples from `samples` on are padding and get 0.
pub(crate) fn take_gradient(outputs: &mut [Block], vectors: usize, gradient: &[f32], first: usize, samples: usize) {
    let count = outputs.len() / vectors;
    for (output, row) in outputs.chunks_exact_mut(vectors).enumerate() {
        for (vector, block) in row.iter_mut().enumerate() {
            for (lane, slot) in block.iter_mut().enumerate() {
                let sample = first + vector * LANES + lane;
                *slot = if sample < samples { gradient[sample * count + output] } else { 0.0 };
            }
        }
    }
}

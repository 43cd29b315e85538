//! A batch that is ready to be run: features as tiles, and what the network should give.

use crate::base::simd::LANES;
use crate::base::status::{Outcome, Status, ensure};
use crate::network::activation::Activation;
use crate::network::layer::Layer;
use crate::network::loss::Truth;
use crate::network::storage::Storage;

/// The widest tile, in samples.
pub const MAX_WIDTH: usize = 128;

/// Sizes of a batch.
#[derive(Clone, Copy)]
pub struct Batch<'a> {
    /// Features of the batch as tiles, `[tiles][features][width]`.
    pub input: &'a [f32],
    /// What it should give.
    pub truth: Truth<'a>,
    /// Weight of each sample's loss; empty where each has 1.
    pub weights: &'a [f32],
    /// Number of samples.
    pub samples: usize,
    /// Samples a tile.
    pub width: usize,
}

/// A batch, the network it goes through, and how many threads share its tiles.
#[derive(Clone, Copy)]
pub struct BatchRun<'a> {
    /// The network.
    pub layers: &'a [Layer<'a>],
    /// The batch.
    pub batch: Batch<'a>,
    /// They do not change the result.
    pub threads: usize,
}

impl BatchRun<'_> {
    /// Checks sizes and labels of the batch against the network's layers.
    pub(crate) fn check(&self, storage: Storage) -> Outcome {
        self.check_shape(storage)?;
        self.check_truth()
    }

    /// Checks samples, tiles and features against the network's layers, of which there is one at least.
    pub(crate) fn check_shape(&self, storage: Storage) -> Outcome {
        let Self { layers, batch: Batch { input, samples, width, .. }, .. } = *self;
        ensure(storage == Storage::F32 || (width / LANES).is_power_of_two(), Status::Range)?;
        ensure(width > 0 && width <= MAX_WIDTH && width.is_multiple_of(LANES) && samples > 0, Status::Range)?;
        let (Some(first), Some(last)) = (layers.first(), layers.last()) else { return Err(Status::Length) };
        ensure(input.len() == samples.div_ceil(width) * first.inputs * width, Status::Length)?;
        ensure(last.activation == Activation::Identity, Status::Range)
    }

    /// Checks what the batch should give, and the weights of its samples, once its shape is known to be right.
    pub(crate) fn check_truth(&self) -> Outcome {
        let Self { layers, batch: Batch { truth, weights, samples, .. }, .. } = *self;
        let last = layers.last().ok_or(Status::Length)?;
        ensure(weights.is_empty() || weights.len() == samples, Status::Length)?;
        truth.check(samples, last.neurons)
    }
}

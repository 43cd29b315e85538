//! One training step, or one evaluation, of a whole network: tiles of the batch pass through all layers and back.
//!
//! A batch of B samples is cut into tiles of `width` samples (a multiple of 16, at most 128), so that the activations
//! of a tile stay in the cache. Per tile: forward layer by layer, the loss, backward layer by layer with the update
//! fused in. `stage` has the order of these phases, `pass` runs them, `target` says what becomes of gradients.

use bytemuck::cast_slice;

use crate::base::status::{Status, ensure};
use crate::network::activation::Dropout;
use crate::network::activations::rows_of_tile;
use crate::network::batch::{Batch, BatchRun};
use crate::network::gradient_target::GradientTarget;
use crate::network::layer::Gradients;
use crate::network::loss::Total;
use crate::network::pass::{Pass, Tiles};
use crate::network::stage::{forward_stages, learned, training_stages};
use crate::network::storage::Storage;
use crate::network::update::OptimizerStep;
use crate::network::workspace::{ActivationMemory, evaluation_traces, training_traces};

/// What a training step does beside the forward pass.
#[derive(Clone, Copy)]
pub struct Training {
    /// The optimiser's step.
    pub optimizer: OptimizerStep,
    /// Fraction of the hidden units dropped.
    pub dropout: f32,
    /// Share of each answer that is spread over all classes.
    pub label_smoothing: f32,
    /// Seed of dropout.
    pub seed: u64,
    /// Number of this step, for dropout.
    pub step: u64,
    /// How activations are kept.
    pub memory: ActivationMemory,
    /// Whether each two tiles are the halves of one, whose gradients the optimiser takes together.
    pub halves: bool,
}

/// Does one training step on a batch: the fused update, or gradients where `gradients` is given. Where tiles are halves it
/// is the fused update, and `gradients` are where those of first halves wait.
///
/// `work` has at least [`workspace_words`](crate::network::workspace::workspace_words) words. Returns the loss and hits before the step, with dropout in force.
///
/// # Errors
/// [`Status::Length`] and [`Status::Range`] when sizes do not fit, also for several tiles, or more than two halves, where
/// the optimiser needs the whole gradient (write it, then apply it), or for tiles of bfloat16 whose width is not 16 times a
/// power of two; [`Status::Panic`].
pub fn train(
    run: BatchRun,
    gradients: Option<&[Gradients]>,
    training: Training,
    work: &mut [u32],
) -> Result<Total, Status> {
    run.check(training.memory.storage)?;
    let truth = run.batch.truth.smoothed(training.label_smoothing)?;
    let run = BatchRun { batch: Batch { truth, ..run.batch }, ..run };
    let tiles = run.batch.samples.div_ceil(run.batch.width);
    ensure(!training.halves || gradients.is_some(), Status::Length)?;
    let fused = gradients.is_none() || training.halves;
    let whole = if training.halves { 2 } else { 1 };
    ensure(!fused || tiles <= whole || training.optimizer.method.takes_parts(), Status::Range)?;
    match training.memory.storage {
        Storage::F32 => train_in::<f32>(run, gradients, training, work),
        Storage::Bf16 => train_in::<u16>(run, gradients, training, work),
    }
}

fn train_in<C: Tiles>(
    run: BatchRun,
    gradients: Option<&[Gradients]>,
    training: Training,
    work: &mut [u32],
) -> Result<Total, Status> {
    let Training { optimizer, dropout, seed, step, memory, halves, .. } = training;
    let BatchRun { layers, batch, .. } = run;
    let dropouts = Dropout::of_layers(layers.len(), batch.samples, dropout, seed, step)?;
    let (traces, outputs) = training_traces::<C>(layers, batch.width, dropout > 0.0, memory, work)?;
    let pass = Pass {
        run,
        traces: &traces,
        outputs,
        dropouts: &dropouts,
        stages: &training_stages(&learned(layers), memory),
        target: Some(match gradients {
            None => GradientTarget::Fused(optimizer),
            Some(gradients) if halves => GradientTarget::Halved(optimizer, gradients),
            Some(gradients) => GradientTarget::Written(gradients),
        }),
        probe: None,
        probabilities: false,
        before: Total::default(),
        output_gradient: None,
        input_gradient: None,
    };
    C::run(&pass)
}

/// Runs a batch forward without dropout and keeps nothing but two layers' activations.
///
/// `work` has at least [`workspace_words`](crate::network::workspace::workspace_words) words. With a non-empty `outputs`
/// (`[samples][outputs]`, overwritten) also writes what [`loss`](crate::network::loss::loss) leaves with `probabilities`.
///
/// # Errors
/// As [`train`].
pub fn evaluate(run: BatchRun, storage: Storage, work: &mut [u32], outputs: &mut [f32]) -> Result<Total, Status> {
    run.check(storage)?;
    let count = run.layers[run.layers.len() - 1].neurons;
    ensure(outputs.is_empty() || outputs.len() == run.batch.samples * count, Status::Length)?;
    match storage {
        Storage::F32 => evaluate_in::<f32>(run, work, outputs),
        Storage::Bf16 => evaluate_in::<u16>(run, work, outputs),
    }
}

fn evaluate_in<C: Tiles>(run: BatchRun, work: &mut [u32], outputs: &mut [f32]) -> Result<Total, Status> {
    let BatchRun { layers, batch, .. } = run;
    let count = layers[layers.len() - 1].neurons;
    let (traces, last) = evaluation_traces::<C>(layers, batch.width, work)?;
    let dropouts = vec![None; layers.len()];
    let stages = forward_stages(layers.len());
    let mut total = Total::default();
    let tile_words = layers[0].inputs * batch.width;
    for (tile, input) in batch.input.chunks(tile_words).enumerate() {
        let samples = tile * batch.width..batch.samples.min((tile + 1) * batch.width);
        let truth = batch.truth.part(samples.clone(), count);
        let weights = if batch.weights.is_empty() { &[] } else { &batch.weights[samples.clone()] };
        let part = Batch { input, truth, weights, samples: samples.len(), width: batch.width };
        let probabilities = !outputs.is_empty();
        let pass = Pass {
            run: BatchRun { batch: part, ..run },
            traces: &traces,
            outputs: last,
            dropouts: &dropouts,
            stages: &stages,
            target: None,
            probe: None,
            probabilities,
            before: total,
            output_gradient: None,
            input_gradient: None,
        };
        total = C::run(&pass)?;
        if probabilities {
            // SAFETY: the pass has ended; nobody writes.
            let columns: &[f32] = cast_slice(unsafe { last.read() });
            rows_of_tile(columns, batch.width, &mut outputs[samples.start * count..samples.end * count], count);
        }
    }
    Ok(total)
}

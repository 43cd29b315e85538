//! What the neurons of one layer give for each sample of a batch: forward as far as that layer, without dropout.

use bytemuck::cast_slice;

use crate::base::status::{Outcome, Status, ensure};
use crate::network::batch::{Batch, BatchRun};
use crate::network::loss::{Total, Truth};
use crate::network::pass::{Pass, Tiles};
use crate::network::stage::Stage;
use crate::network::storage::Storage;
use crate::network::workspace::evaluation_traces;

/// Turns the columns of a tile, `[neurons][width]`, into rows, `[samples][neurons]`.
pub(crate) fn rows_of_tile(columns: &[f32], width: usize, rows: &mut [f32], neurons: usize) {
    for (sample, row) in rows.chunks_mut(neurons).enumerate() {
        for (neuron, slot) in row.iter_mut().enumerate() {
            *slot = columns[neuron * width + sample];
        }
    }
}

/// Writes the activations of layer `layer`, `[samples][neurons]`; those of the last are the outputs, before any softmax.
///
/// What the batch should give is not looked at. `work` has at least
/// [`workspace_words`](crate::network::workspace::workspace_words) words of an evaluation. The bits do not depend on threads.
///
/// # Errors
/// [`Status::Length`] and [`Status::Range`] when sizes do not fit or there is no such layer; [`Status::Panic`].
pub fn activations(run: BatchRun, layer: usize, work: &mut [u32], activations: &mut [f32]) -> Outcome {
    run.check_shape(Storage::F32)?;
    let BatchRun { layers, batch, .. } = run;
    ensure(layer < layers.len(), Status::Range)?;
    let neurons = layers[layer].neurons;
    ensure(activations.len() == batch.samples * neurons, Status::Length)?;
    let (traces, outputs) = evaluation_traces::<f32>(layers, batch.width, work)?;
    let dropouts = vec![None; layers.len()];
    let stages: Vec<Stage> = (0..=layer).map(Stage::Forward).collect();
    let tiles = batch.input.chunks(layers[0].inputs * batch.width);
    for (input, rows) in tiles.zip(activations.chunks_mut(batch.width * neurons)) {
        let part = Batch { input, truth: Truth::Values(&[]), weights: &[], samples: rows.len() / neurons, ..batch };
        f32::run(&Pass {
            run: BatchRun { batch: part, ..run },
            traces: &traces,
            outputs,
            dropouts: &dropouts,
            stages: &stages,
            target: None,
            probe: None,
            probabilities: false,
            before: Total::default(),
            output_gradient: None,
            input_gradient: None,
        })?;
        // SAFETY: the pass has ended; nobody writes.
        let columns: &[f32] =
            cast_slice(unsafe { if layer + 1 == layers.len() { outputs.read() } else { traces[layer].output.read() } });
        rows_of_tile(columns, batch.width, rows, neurons);
    }
    Ok(())
}

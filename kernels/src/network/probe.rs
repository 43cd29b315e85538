//! Gradients at places of a network where there are no connections, or are, for one batch, and the sums that places are
//! drawn by: what rules that grow by gradient ask for.
//!
//! The batch goes forward and back as in a training step, but nothing is learnt. Right before the way back sweeps a
//! layer, the activations that came into it and its deltas are both in memory: then the products of the layer's places
//! are formed, so that nothing must be copied. The gradients of existing connections, which the sweep forms anyway, go to
//! scratch memory that all layers share.
//!
//! Source: Evci et al. 2020 (RigL) for the gradient of an absent connection; Heddes et al. 2024 (guided stochastic
//! exploration) for that of a sample of them.

use crate::base::shared::SharedSlice;
use crate::base::simd::LANES;
use crate::base::status::{Outcome, Status, ensure};
use crate::network::activation::Dropout;
use crate::network::batch::BatchRun;
use crate::network::gradient_target::GradientTarget;
use crate::network::layer::{Gradients, Sections, layout_rows};
use crate::network::loss::Total;
use crate::network::pass::{Asked, Pass, Tiles};
use crate::network::sddmm::Places;
use crate::network::stage::{learned, probing_stages};
use crate::network::storage::Storage;
use crate::network::sums::{LayerSums, SumKind, Sums, factors};
use crate::network::workspace::{ActivationMemory, WorkUse, training_traces, workspace_words};

/// How a batch is probed.
#[derive(Clone, Copy)]
pub struct Probing {
    /// Fraction of the hidden units dropped.
    pub dropout: f32,
    /// Seed of dropout.
    pub seed: u64,
    /// Number of the step whose dropout is meant.
    pub step: u64,
    /// How activations are kept.
    pub memory: ActivationMemory,
}

/// The most any layer needs for gradients that nobody reads: of weights, biases and parameters of activations.
fn scratch_lengths(layers: impl Iterator<Item = [usize; 3]>) -> [usize; 3] {
    layers.enumerate().fold([0; 3], |most, (index, [connections, neurons, parameters])| {
        // The first layer is not swept.
        let connections = if index == 0 { 0 } else { connections };
        let lengths = [connections, neurons, parameters];
        std::array::from_fn(|part| most[part].max(lengths[part]))
    })
}

fn scratch_words(lengths: [usize; 3]) -> usize {
    lengths.into_iter().map(|length| length.next_multiple_of(LANES)).sum()
}

/// Words of work memory that [`probe`] needs for tiles of `width` samples: those of a training step, and scratch
/// for the gradients of the largest layer.
///
/// # Errors
/// As [`workspace_words`].
pub fn probe_words(
    layout: &[u32],
    slopes: &[f32],
    width: usize,
    dropout: bool,
    memory: ActivationMemory,
) -> Result<usize, Status> {
    let layers = layout_rows(layout, slopes)?.into_iter();
    let lengths = scratch_lengths(layers.map(|row| [row.capacity, row.neurons, row.activation_parameters()]));
    let traces = workspace_words(layout, slopes, width, WorkUse { training: true, dropout, memory })?;
    Ok(traces + scratch_words(lengths))
}

/// Writes the gradient of the mean loss of a batch with respect to a weight at each of the places of each layer:
/// Σ h·δ over the samples, exactly as a training step would write it for a connection there.
///
/// `places` has one element a layer; of places in row order each row is read once. `work` has at least [`probe_words`]
/// words. The network is not changed. O(passes of a training step + places · samples); a gradient is one thread's sum in
/// a fixed order, so bits do not depend on threads.
///
/// # Errors
/// As [`train`](crate::network::step::train); also [`Status::Range`] for a place outside its layer.
pub fn probe(run: BatchRun, places: &[Places], probing: Probing, work: &mut [u32]) -> Outcome {
    run.check(probing.memory.storage)?;
    ensure(places.len() == run.layers.len(), Status::Length)?;
    for (layer, places) in run.layers.iter().zip(places) {
        let count = places.rows.len();
        ensure(places.columns.len() == count && places.gradients.len() == count, Status::Length)?;
        ensure(places.rows.iter().all(|&row| (row as usize) < layer.inputs), Status::Range)?;
        ensure(places.columns.iter().all(|&column| (column as usize) < layer.neurons), Status::Range)?;
    }
    let counts: Vec<usize> = places.iter().map(|places| places.rows.len()).collect();
    ask(run, Asked::Gradients(places), &counts, probing, work)
}

/// Writes what a batch brings to each input of each layer and back to each neuron, summed over the samples as `kind` says;
/// δ is of the mean loss.
///
/// `layers` has one element a layer; work, cost and bits as for [`probe`].
///
/// # Errors
/// As [`train`](crate::network::step::train).
pub fn probe_sums(run: BatchRun, layers: &[LayerSums], kind: SumKind, probing: Probing, work: &mut [u32]) -> Outcome {
    run.check(probing.memory.storage)?;
    ensure(layers.len() == run.layers.len(), Status::Length)?;
    for (layer, sums) in run.layers.iter().zip(layers) {
        ensure(sums.inputs.len() == layer.inputs && sums.neurons.len() == layer.neurons, Status::Length)?;
    }
    let counts: Vec<usize> = run.layers.iter().map(|layer| layer.inputs + layer.neurons).collect();
    let factors = factors(kind, &run.batch)?;
    let sums = Sums { layers, factors: &factors, absolute: kind == SumKind::Absolute };
    ask(run, Asked::Sums(sums), &counts, probing, work)
}

/// Runs a batch forward and back; `counts` are how many places or rows each layer is asked for.
fn ask(run: BatchRun, asked: Asked, counts: &[usize], probing: Probing, work: &mut [u32]) -> Outcome {
    match probing.memory.storage {
        Storage::F32 => ask_in::<f32>(run, asked, counts, probing, work),
        Storage::Bf16 => ask_in::<u16>(run, asked, counts, probing, work),
    }
}

fn ask_in<C: Tiles>(run: BatchRun, asked: Asked, counts: &[usize], probing: Probing, work: &mut [u32]) -> Outcome {
    let BatchRun { layers, batch, .. } = run;
    let Probing { dropout, seed, step, memory } = probing;
    let dropouts = Dropout::of_layers(layers.len(), batch.samples, dropout, seed, step)?;
    let lengths =
        scratch_lengths(layers.iter().map(|layer| [layer.nnz, layer.neurons, layer.activation_parameters.len()]));
    let (scratch, work) = work.split_at_mut_checked(scratch_words(lengths)).ok_or(Status::Length)?;
    let mut scratch = Sections::new(scratch);
    let [values, bias, activation_parameters] =
        [scratch.floats(lengths[0])?, scratch.floats(lengths[1])?, scratch.floats(lengths[2])?].map(SharedSlice::new);
    // One phase at a time writes gradients, and none reads them: all layers may have the same memory.
    let gradients: Vec<Gradients> = layers.iter().map(|_| Gradients { values, bias, activation_parameters }).collect();
    let (traces, outputs) = training_traces::<C>(layers, batch.width, dropout > 0.0, memory, work)?;
    let pass = Pass {
        run,
        traces: &traces,
        outputs,
        dropouts: &dropouts,
        stages: &probing_stages(&learned(layers), counts, memory),
        target: Some(GradientTarget::Written(&gradients)),
        probe: Some(asked),
        probabilities: false,
        before: Total::default(),
        output_gradient: None,
        input_gradient: None,
    };
    C::run(&pass).map(|_| ())
}

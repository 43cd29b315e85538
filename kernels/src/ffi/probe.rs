//! The border of [`crate::network::probe`].

use super::step::storage;
use super::{view, view_mut};
use crate::base::shared::SharedSlice;
use crate::base::status::{Status, ensure, guarded};
use crate::network::batch::{Batch, BatchRun};
use crate::network::layer::{self, LAYOUT_COLUMNS};
use crate::network::loss::Truth;
use crate::network::probe::{self, Probing};
use crate::network::sddmm::Places;
use crate::network::sums::{LayerSums, SumKind};
use crate::network::workspace::ActivationMemory;

/// Writes the words of work memory a probe needs into `words[0]`, see [`probe::probe_words`].
///
/// # Safety
/// Every pointer is a live array of the length beside it; `layers` rows of layout and slopes; one element of `words`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_probe_words(
    layout: *const u32,
    slopes: *const f32,
    layers: usize,
    width: usize,
    dropout: u32,
    bf16: u32,
    recompute: u32,
    words: *mut f64,
) -> i32 {
    guarded(|| {
        // SAFETY: promised by the caller.
        let (layout, slopes, words) =
            unsafe { (view(layout, layers * LAYOUT_COLUMNS), view(slopes, layers), view_mut(words, 1)) };
        let memory = ActivationMemory { storage: storage(bf16), recompute: recompute != 0 };
        words[0] = probe::probe_words(layout, slopes, width, dropout != 0, memory)? as f64;
        Ok(())
    })
}

/// Writes the gradient of the mean loss at chosen places, see [`probe::probe`].
///
/// The places of layer l are those from `ends[l − 1]` (0 for the first) up to `ends[l]`; `loss` says
/// how outputs are compared with `labels` or `targets` ([`Truth::of`]); empty `weights` are all 1.
///
/// # Safety
/// Every pointer is a live array of the length beside it; `layers` rows of layout and slopes. Gradients and work overlap
/// nothing; the arena is only read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_probe(
    layout: *const u32,
    slopes: *const f32,
    layers: usize,
    arena: *mut u32,
    arena_len: usize,
    loss: u32,
    input: *const f32,
    input_len: usize,
    labels: *const u32,
    labels_len: usize,
    targets: *const f32,
    targets_len: usize,
    weights: *const f32,
    weights_len: usize,
    samples: usize,
    width: usize,
    dropout: f32,
    bf16: u32,
    recompute: u32,
    seed: u64,
    step: u64,
    threads: usize,
    ends: *const u32,
    ends_len: usize,
    rows: *const u32,
    rows_len: usize,
    columns: *const u32,
    columns_len: usize,
    work: *mut u32,
    work_len: usize,
    gradients: *mut f32,
    gradients_len: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: promised by the caller.
        unsafe {
            let (layout, slopes) = (view(layout, layers * LAYOUT_COLUMNS), view(slopes, layers));
            let network = layer::layers(layout, slopes, view_mut(arena, arena_len), &mut [], 0)?;
            let truth = Truth::of(loss, view(labels, labels_len), view(targets, targets_len))?;
            let (input, weights) = (view(input, input_len), view(weights, weights_len));
            let batch = Batch { input, truth, weights, samples, width };
            let (ends, gradients) = (view(ends, ends_len), view_mut(gradients, gradients_len));
            let places = split(ends, view(rows, rows_len), view(columns, columns_len), gradients)?;
            let memory = ActivationMemory { storage: storage(bf16), recompute: recompute != 0 };
            let probing = Probing { dropout, seed, step, memory };
            let run = BatchRun { layers: &network, batch, threads };
            probe::probe(run, &places, probing, view_mut(work, work_len))
        }
    })
}

/// Writes sums over the samples for each input and each neuron of each layer, see [`probe::probe_sums`]; `signed` is 0 for
/// absolute sums, else `draw` names the signs.
///
/// # Safety
/// As for [`ts_probe`]; inputs of all layers behind each other, and neurons.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_probe_sums(
    layout: *const u32,
    slopes: *const f32,
    layers: usize,
    arena: *mut u32,
    arena_len: usize,
    loss: u32,
    input: *const f32,
    input_len: usize,
    labels: *const u32,
    labels_len: usize,
    targets: *const f32,
    targets_len: usize,
    weights: *const f32,
    weights_len: usize,
    samples: usize,
    width: usize,
    bf16: u32,
    recompute: u32,
    threads: usize,
    signed: u32,
    seed: u64,
    draw: u64,
    work: *mut u32,
    work_len: usize,
    inputs: *mut f32,
    inputs_len: usize,
    neurons: *mut f32,
    neurons_len: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: promised by the caller.
        unsafe {
            let (layout, slopes) = (view(layout, layers * LAYOUT_COLUMNS), view(slopes, layers));
            let network = layer::layers(layout, slopes, view_mut(arena, arena_len), &mut [], 0)?;
            let truth = Truth::of(loss, view(labels, labels_len), view(targets, targets_len))?;
            let (input, weights) = (view(input, input_len), view(weights, weights_len));
            let batch = Batch { input, truth, weights, samples, width };
            let [inputs, neurons] = [view_mut(inputs, inputs_len), view_mut(neurons, neurons_len)];
            let inputs = each(inputs, network.iter().map(|layer| layer.inputs))?;
            let neurons = each(neurons, network.iter().map(|layer| layer.neurons))?;
            let sums: Vec<_> =
                inputs.into_iter().zip(neurons).map(|(inputs, neurons)| LayerSums { inputs, neurons }).collect();
            let kind = if signed == 0 { SumKind::Absolute } else { SumKind::Signed { seed, draw } };
            let memory = ActivationMemory { storage: storage(bf16), recompute: recompute != 0 };
            let probing = Probing { dropout: 0.0, seed: 0, step: 0, memory };
            let run = BatchRun { layers: &network, batch, threads };
            probe::probe_sums(run, &sums, kind, probing, view_mut(work, work_len))
        }
    })
}

/// Cuts an array into parts of the given lengths.
fn each(mut all: &mut [f32], lengths: impl Iterator<Item = usize>) -> Result<Vec<SharedSlice<'_, f32>>, Status> {
    let parts = lengths.map(|length| {
        let (part, rest) = std::mem::take(&mut all).split_at_mut_checked(length).ok_or(Status::Length)?;
        all = rest;
        Ok(SharedSlice::new(part))
    });
    parts.collect()
}

/// Cuts lists of all layers' places into those of each layer.
fn split<'a>(
    ends: &[u32],
    rows: &'a [u32],
    columns: &'a [u32],
    mut gradients: &'a mut [f32],
) -> Result<Vec<Places<'a>>, Status> {
    let count = rows.len();
    ensure(columns.len() == count && gradients.len() == count, Status::Length)?;
    ensure(ends.last().map_or(0, |&end| end as usize) == count, Status::Length)?;
    let mut start = 0;
    let places = ends.iter().map(|&end| {
        let own = start..end as usize;
        ensure(own.start <= own.end && own.end <= count, Status::Range)?;
        let (part, rest) = std::mem::take(&mut gradients).split_at_mut(own.len());
        (start, gradients) = (own.end, rest);
        Ok(Places { rows: &rows[own.clone()], columns: &columns[own], gradients: SharedSlice::new(part) })
    });
    places.collect()
}

//! The border of [`crate::network::step`].

use super::{view, view_mut};
use crate::base::status::guarded;
use crate::network::batch::{Batch, BatchRun};
use crate::network::layer::{self, LAYOUT_COLUMNS};
use crate::network::loss::Truth;
use crate::network::settings::Settings;
use crate::network::step;
use crate::network::storage::Storage;
use crate::network::workspace::{ActivationMemory, WorkUse, workspace_words};

/// Bytes from the cache line before `place` to it: 0 where vectors there cross no line.
#[unsafe(no_mangle)]
pub extern "C" fn ts_misalignment(place: *const u8) -> usize {
    place.addr() % 64
}

pub(super) fn storage(bf16: u32) -> Storage {
    if bf16 == 0 { Storage::F32 } else { Storage::Bf16 }
}

/// Writes the words of work memory a step needs into `words[0]`, see [`workspace_words`].
///
/// # Safety
/// Every pointer is a live array of the length beside it; `layers` rows of layout and slopes; one element of `words`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_workspace_words(
    layout: *const u32,
    slopes: *const f32,
    layers: usize,
    width: usize,
    training: u32,
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
        let work_use = WorkUse { training: training != 0, dropout: dropout != 0, memory };
        words[0] = workspace_words(layout, slopes, width, work_use)? as f64;
        Ok(())
    })
}

/// One training step, see [`step::train`]: writes loss and hits into `totals`.
///
/// `loss` says how outputs are compared with `labels` or `targets` ([`Truth::of`]); empty `weights` are all 1; an empty
/// `gradients` means the fused update, as do tiles that are halves; `settings` is a block of [`Settings`].
///
/// # Safety
/// Every pointer is a live array of the length beside it; `layers` rows of layout and slopes; two elements of `totals`.
/// Arena, state, gradients and work overlap nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_train_batch(
    layout: *const u32,
    slopes: *const f32,
    layers: usize,
    arena: *mut u32,
    arena_len: usize,
    state: *mut u32,
    state_len: usize,
    gradients: *mut u32,
    gradients_len: usize,
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
    settings: *const f64,
    settings_len: usize,
    work: *mut u32,
    work_len: usize,
    totals: *mut f64,
) -> i32 {
    guarded(|| {
        // SAFETY: promised by the caller.
        unsafe {
            let Settings { training, planes, threads } = Settings::read(view(settings, settings_len))?;
            let (layout, slopes) = (view(layout, layers * LAYOUT_COLUMNS), view(slopes, layers));
            let totals = view_mut(totals, 2);
            let (arena, state) = (view_mut(arena, arena_len), view_mut(state, state_len));
            let gradients = layer::gradients(layout, slopes, view_mut(gradients, gradients_len))?;
            // Written gradients leave the state alone, so a worker may have none.
            let planes = if gradients.is_some() && !training.halves && state.is_empty() { 0 } else { planes };
            let network = layer::layers(layout, slopes, arena, state, planes)?;
            let truth = Truth::of(loss, view(labels, labels_len), view(targets, targets_len))?;
            let (input, weights) = (view(input, input_len), view(weights, weights_len));
            let batch = Batch { input, truth, weights, samples, width };
            let run = BatchRun { layers: &network, batch, threads };
            let total = step::train(run, gradients.as_deref(), training, view_mut(work, work_len))?;
            totals.copy_from_slice(&[total.loss, total.correct]);
        }
        Ok(())
    })
}

/// One evaluation, see [`step::evaluate`]: writes loss and hits into `totals`, and `outputs` where not empty.
///
/// # Safety
/// As for [`ts_train_batch`]; the arena is only read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_evaluate_batch(
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
    threads: usize,
    work: *mut u32,
    work_len: usize,
    outputs: *mut f32,
    outputs_len: usize,
    totals: *mut f64,
) -> i32 {
    guarded(|| {
        // SAFETY: promised by the caller.
        unsafe {
            let (layout, slopes) = (view(layout, layers * LAYOUT_COLUMNS), view(slopes, layers));
            let network = layer::layers(layout, slopes, view_mut(arena, arena_len), &mut [], 0)?;
            let truth = Truth::of(loss, view(labels, labels_len), view(targets, targets_len))?;
            let (input, weights) = (view(input, input_len), view(weights, weights_len));
            let batch = Batch { input, truth, weights, samples, width };
            let (work, outputs) = (view_mut(work, work_len), view_mut(outputs, outputs_len));
            let run = BatchRun { layers: &network, batch, threads };
            let total = step::evaluate(run, storage(bf16), work, outputs)?;
            view_mut(totals, 2).copy_from_slice(&[total.loss, total.correct]);
        }
        Ok(())
    })
}

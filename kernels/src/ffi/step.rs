//! The border of [`crate::network::step`].

use super::{view, view_mut};
use crate::base::status::guarded;
use crate::network::batch::Batch;
use crate::network::layer::{self, LAYOUT_COLUMNS};
use crate::network::loss::Truth;
use crate::network::optimizer::Momentum;
use crate::network::step::{self, Training};
use crate::network::workspace::{Keeping, WorkUse, workspace_words};

/// Bytes from the cache line before `place` to it: 0 where vectors there cross no line.
#[unsafe(no_mangle)]
pub extern "C" fn ts_misalignment(place: *const u8) -> usize {
    place.addr() % 64
}

/// Bit 0: bfloat16; bit 1: recompute.
pub(super) fn keeping(bits: u32) -> Keeping {
    Keeping { half: bits & 1 != 0, recompute: bits & 2 != 0 }
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
    keep: u32,
    words: *mut f64,
) -> i32 {
    guarded(|| {
        // SAFETY: promised by the caller.
        let (layout, slopes, words) =
            unsafe { (view(layout, layers * LAYOUT_COLUMNS), view(slopes, layers), view_mut(words, 1)) };
        let use_for = WorkUse { training: training != 0, dropout: dropout != 0, keeping: keeping(keep) };
        words[0] = workspace_words(layout, slopes, width, use_for)? as f64;
        Ok(())
    })
}

/// One training step, see [`step::train`]: writes loss and hits into `totals`.
///
/// `labels` (with `labels_len` > 0) or else `targets` are the truth; an empty `gradients` means the fused update;
/// `form` holds bit 0 for coupled weight decay and bit 1 for Nesterov.
///
/// # Safety
/// Every pointer is a live array of the length beside it; `layers` rows of layout and slopes; two elements of `totals`.
/// Arena, gradients and work overlap nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_train_batch(
    layout: *const u32,
    slopes: *const f32,
    layers: usize,
    arena: *mut u32,
    arena_len: usize,
    gradients: *mut u32,
    gradients_len: usize,
    input: *const f32,
    input_len: usize,
    labels: *const u32,
    labels_len: usize,
    targets: *const f32,
    targets_len: usize,
    samples: usize,
    width: usize,
    rate: f32,
    fan_in_limit: f32,
    momentum: f32,
    decay: f32,
    form: u32,
    dropout: f32,
    keep: u32,
    seed: u64,
    step: u64,
    threads: usize,
    work: *mut u32,
    work_len: usize,
    totals: *mut f64,
) -> i32 {
    guarded(|| {
        // SAFETY: promised by the caller.
        unsafe {
            let (layout, slopes) = (view(layout, layers * LAYOUT_COLUMNS), view(slopes, layers));
            let network = layer::layers(layout, slopes, view_mut(arena, arena_len))?;
            let gradients = layer::gradients(layout, slopes, view_mut(gradients, gradients_len))?;
            let truth = truth(view(labels, labels_len), view(targets, targets_len));
            let batch = Batch { input: view(input, input_len), truth, samples, width };
            let momentum =
                Momentum { rate, fan_in_limit, momentum, decay, coupled: form & 1 != 0, nesterov: form & 2 != 0 };
            let training = Training { momentum, dropout, seed, step, keeping: keeping(keep) };
            let total =
                step::train(&network, gradients.as_deref(), batch, training, threads, view_mut(work, work_len))?;
            view_mut(totals, 2).copy_from_slice(&[total.loss, total.correct]);
        }
        Ok(())
    })
}

pub(super) fn truth<'a>(labels: &'a [u32], targets: &'a [f32]) -> Truth<'a> {
    if labels.is_empty() { Truth::Values(targets) } else { Truth::Classes(labels) }
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
    input: *const f32,
    input_len: usize,
    labels: *const u32,
    labels_len: usize,
    targets: *const f32,
    targets_len: usize,
    samples: usize,
    width: usize,
    keep: u32,
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
            let network = layer::layers(layout, slopes, view_mut(arena, arena_len))?;
            let truth = truth(view(labels, labels_len), view(targets, targets_len));
            let batch = Batch { input: view(input, input_len), truth, samples, width };
            let (work, outputs) = (view_mut(work, work_len), view_mut(outputs, outputs_len));
            let total = step::evaluate(&network, batch, keeping(keep).half, threads, work, outputs)?;
            view_mut(totals, 2).copy_from_slice(&[total.loss, total.correct]);
        }
        Ok(())
    })
}

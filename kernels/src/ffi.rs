//! The C border: every export, and the only place that makes slices from pointers.
//!
//! Counts are in elements. Each export returns 0 or a [`Status`](crate::status::Status) code, runs inside a
//! panic guard with subnormals flushed, and keeps no pointer after it returns.

use crate::batch::gather;
use crate::layer::{self, LAYOUT_COLUMNS};
use crate::loss::Truth;
use crate::optimizer::{self, Momentum};
use crate::random::{Purpose, Stream, key, shuffle};
use crate::status::{Status, guarded};
use crate::step::{self, Batch, Training};

/// Version of this border; the loader refuses a library with another one.
pub const ABI_VERSION: u32 = 1;

/// Borrows `len` elements for one call. An empty typed array arrives as null, so length 0 never touches the pointer.
///
/// # Safety
/// `pointer` is valid for reads of `len` elements, aligned, and not written for the length of the call.
unsafe fn view<'a, T>(pointer: *const T, len: usize) -> &'a [T] {
    // SAFETY: promised by the caller of the export; TypeScript passes a typed array and its length.
    if len == 0 { &[] } else { unsafe { std::slice::from_raw_parts(pointer, len) } }
}

/// As [`view`], to write.
///
/// # Safety
/// As for [`view`], for writes; no other argument overlaps it.
unsafe fn view_mut<'a, T>(pointer: *mut T, len: usize) -> &'a mut [T] {
    // SAFETY: as in `view`.
    if len == 0 { &mut [] } else { unsafe { std::slice::from_raw_parts_mut(pointer, len) } }
}

/// The version of this border.
#[unsafe(no_mangle)]
pub extern "C" fn ts_abi_version() -> u32 {
    ABI_VERSION
}

/// Writes the order of the samples of one epoch.
///
/// # Safety
/// `order` is a live array of `order_len` elements.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_shuffle(order: *mut u32, order_len: usize, seed: u64, epoch: u64) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes a typed array and its length.
        let order = unsafe { view_mut(order, order_len) };
        shuffle(order, &mut Stream::new(key(seed, Purpose::Shuffle, &[epoch])));
        Ok(())
    })
}

// --- batch ---

/// Builds a batch, see [`crate::batch::gather`]. `data` is u8 where `is_bytes`, else f32; `data_len` counts elements.
///
/// # Safety
/// Every pointer is a live array of the length beside it; `output` overlaps no other.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_gather_batch(
    data: *const u8,
    data_len: usize,
    is_bytes: u32,
    order: *const u32,
    order_len: usize,
    mean: *const f32,
    scale: *const f32,
    features: usize,
    width: usize,
    threads: usize,
    output: *mut f32,
    output_len: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: promised by the caller; a float array is aligned for floats.
        unsafe {
            let (order, output) = (view(order, order_len), view_mut(output, output_len));
            let (mean, scale) = (view(mean, features), view(scale, features));
            if is_bytes != 0 {
                gather(view(data, data_len), order, mean, scale, width, threads, output)
            } else {
                gather(view(data.cast::<f32>(), data_len), order, mean, scale, width, threads, output)
            }
        }
    })
}

// --- step ---

/// Writes the words of work memory a step needs into `words[0]`, see [`step::workspace_words`].
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
    words: *mut f64,
) -> i32 {
    guarded(|| {
        // SAFETY: promised by the caller.
        let (layout, slopes, words) =
            unsafe { (view(layout, layers * LAYOUT_COLUMNS), view(slopes, layers), view_mut(words, 1)) };
        words[0] = step::workspace_words(layout, slopes, width, training != 0, dropout != 0)? as f64;
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
    momentum: f32,
    decay: f32,
    form: u32,
    dropout: f32,
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
            let momentum = Momentum { rate, momentum, decay, coupled: form & 1 != 0, nesterov: form & 2 != 0 };
            let training = Training { momentum, dropout, seed, step };
            let total =
                step::train(&network, gradients.as_deref(), batch, training, threads, view_mut(work, work_len))?;
            view_mut(totals, 2).copy_from_slice(&[total.loss, total.correct]);
        }
        Ok(())
    })
}

fn truth<'a>(labels: &'a [u32], targets: &'a [f32]) -> Truth<'a> {
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
            let total = step::evaluate(&network, batch, threads, work, outputs)?;
            view_mut(totals, 2).copy_from_slice(&[total.loss, total.correct]);
        }
        Ok(())
    })
}

// --- optimizer ---

/// Applies written gradients, see [`optimizer::apply_gradients`]; `form` as for [`ts_train_batch`].
///
/// # Safety
/// As for [`ts_train_batch`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_apply_gradients(
    layout: *const u32,
    slopes: *const f32,
    layers: usize,
    arena: *mut u32,
    arena_len: usize,
    gradients: *mut u32,
    gradients_len: usize,
    rate: f32,
    momentum: f32,
    decay: f32,
    form: u32,
    threads: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: promised by the caller.
        unsafe {
            let (layout, slopes) = (view(layout, layers * LAYOUT_COLUMNS), view(slopes, layers));
            let network = layer::layers(layout, slopes, view_mut(arena, arena_len))?;
            let gradients = layer::gradients(layout, slopes, view_mut(gradients, gradients_len))?;
            let step = Momentum { rate, momentum, decay, coupled: form & 1 != 0, nesterov: form & 2 != 0 };
            optimizer::apply_gradients(&network, &gradients.ok_or(Status::Length)?, step, threads)
        }
    })
}

/// Writes the squared norm of gradients into `norm[0]`, see [`optimizer::squared_norm`].
///
/// # Safety
/// As for [`ts_train_batch`]; one element of `norm`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_squared_norm(
    layout: *const u32,
    slopes: *const f32,
    layers: usize,
    gradients: *mut u32,
    gradients_len: usize,
    norm: *mut f64,
) -> i32 {
    guarded(|| {
        // SAFETY: promised by the caller.
        unsafe {
            let (layout, slopes) = (view(layout, layers * LAYOUT_COLUMNS), view(slopes, layers));
            let gradients = layer::gradients(layout, slopes, view_mut(gradients, gradients_len))?;
            view_mut(norm, 1)[0] = optimizer::squared_norm(&gradients.ok_or(Status::Length)?);
        }
        Ok(())
    })
}

//! The border of [`crate::network::differentiation`].

use super::{view, view_mut};
use crate::base::status::{Status, guarded};
use crate::network::batch::{Batch, BatchRun};
use crate::network::differentiation::differentiate;
use crate::network::layer::{self, LAYOUT_COLUMNS};
use crate::network::loss::Truth;

/// Writes the gradients of a batch, see [`differentiate`]: of all parameters into `gradients`, and of the features into
/// `inputs` where that is not empty; loss and hits into `totals`.
///
/// Where `output_gradient` is empty, `loss` says how outputs are compared with `labels` or `targets` ([`Truth::of`]), and
/// empty `weights` are all 1; otherwise they are not looked at.
///
/// # Safety
/// Every pointer is a live array of the length beside it; `layers` rows of layout and slopes; two elements of `totals`.
/// Gradients, inputs and work overlap nothing; the arena is only read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_differentiate(
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
    output_gradient: *const f32,
    output_gradient_len: usize,
    threads: usize,
    gradients: *mut u32,
    gradients_len: usize,
    inputs: *mut f32,
    inputs_len: usize,
    work: *mut u32,
    work_len: usize,
    totals: *mut f64,
) -> i32 {
    guarded(|| {
        // SAFETY: promised by the caller.
        unsafe {
            let (layout, slopes) = (view(layout, layers * LAYOUT_COLUMNS), view(slopes, layers));
            let network = layer::layers(layout, slopes, view_mut(arena, arena_len), &mut [], 0)?;
            let gradients = layer::gradients(layout, slopes, view_mut(gradients, gradients_len))?;
            let gradients = gradients.ok_or(Status::Length)?;
            let truth = Truth::of(loss, view(labels, labels_len), view(targets, targets_len))?;
            let (input, weights) = (view(input, input_len), view(weights, weights_len));
            let batch = Batch { input, truth, weights, samples, width };
            let run = BatchRun { layers: &network, batch, threads };
            let given = view(output_gradient, output_gradient_len);
            let given = (!given.is_empty()).then_some(given);
            let (inputs, work) = (view_mut(inputs, inputs_len), view_mut(work, work_len));
            let total = differentiate(run, given, &gradients, inputs, work)?;
            view_mut(totals, 2).copy_from_slice(&[total.loss, total.correct]);
        }
        Ok(())
    })
}

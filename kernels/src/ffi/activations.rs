//! The border of [`crate::network::activations`].

use super::{view, view_mut};
use crate::base::status::guarded;
use crate::network::activations::activations;
use crate::network::batch::{Batch, BatchRun};
use crate::network::layer::{self, LAYOUT_COLUMNS};
use crate::network::loss::Truth;

/// Writes what the neurons of one layer give for each sample, see [`activations`].
///
/// # Safety
/// Every pointer is a live array of the length beside it; `layers` rows of layout and slopes. Outputs and work overlap
/// nothing; the arena is only read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_activations(
    layout: *const u32,
    slopes: *const f32,
    layers: usize,
    arena: *mut u32,
    arena_len: usize,
    input: *const f32,
    input_len: usize,
    samples: usize,
    width: usize,
    layer: usize,
    threads: usize,
    work: *mut u32,
    work_len: usize,
    outputs: *mut f32,
    outputs_len: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: promised by the caller.
        unsafe {
            let (layout, slopes) = (view(layout, layers * LAYOUT_COLUMNS), view(slopes, layers));
            let network = layer::layers(layout, slopes, view_mut(arena, arena_len), &mut [], 0)?;
            let input = view(input, input_len);
            let batch = Batch { input, truth: Truth::Values(&[]), weights: &[], samples, width };
            let run = BatchRun { layers: &network, batch, threads };
            activations(run, layer, view_mut(work, work_len), view_mut(outputs, outputs_len))
        }
    })
}

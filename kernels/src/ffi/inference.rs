//! The border of [`crate::network::inference`].

use super::{view, view_mut};
use crate::base::status::guarded;
use crate::data::batch::Samples;
use crate::network::compiled;
use crate::network::inference::{self, Prediction, Wanted};
use crate::network::layer::LAYOUT_COLUMNS;

/// Predictions of raw samples, see [`inference::predict`]. `data` is u8 where `is_bytes`, else f32, in elements.
///
/// # Safety
/// Every pointer is a live array of the length beside it; `layers` rows of layout and slopes; `inputs` means and scales.
/// Work and outputs overlap nothing; the arena is only read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_predict(
    layout: *const u32,
    slopes: *const f32,
    layers: usize,
    arena: *mut u32,
    arena_len: usize,
    data: *const u8,
    data_len: usize,
    is_bytes: u32,
    raw_features: usize,
    selection: *const u32,
    selection_len: usize,
    mean: *const f32,
    scale: *const f32,
    inputs: usize,
    wanted: u32,
    width: usize,
    threads: usize,
    work: *mut u32,
    work_len: usize,
    outputs: *mut f32,
    outputs_len: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: promised by the caller; a float array is aligned for floats.
        unsafe {
            let (layout, slopes) = (view(layout, layers * LAYOUT_COLUMNS), view(slopes, layers));
            let network = compiled::layers(layout, slopes, view_mut(arena, arena_len))?;
            let (mean, scale) = (view(mean, inputs), view(scale, inputs));
            let prediction = Prediction { mean, scale, wanted: Wanted::of(wanted)?, width };
            let selection = view(selection, selection_len);
            let (work, outputs) = (view_mut(work, work_len), view_mut(outputs, outputs_len));
            if is_bytes != 0 {
                let samples = Samples { data: view(data, data_len), features: raw_features, selection };
                inference::predict(&network, samples, prediction, threads, work, outputs)
            } else {
                let samples = Samples { data: view(data.cast::<f32>(), data_len), features: raw_features, selection };
                inference::predict(&network, samples, prediction, threads, work, outputs)
            }
        }
    })
}

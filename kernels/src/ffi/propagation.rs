//! The border of [`crate::network::propagation`].

use super::{view, view_mut};
use crate::base::status::guarded;
use crate::data::batch::Samples;
use crate::network::compiled;
use crate::network::layer::LAYOUT_COLUMNS;
use crate::network::propagation::{self, Propagation};

/// Forward propagation of chosen samples, see [`propagation::propagate`]. `data` is u8 where `is_bytes`, else f32, in
/// elements.
///
/// # Safety
/// Every pointer is a live array of the length beside it; `layers` rows of layout and slopes; `inputs` means and scales.
/// Work, outputs and magnitudes overlap nothing; the arena is only read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_propagate(
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
    order: *const u32,
    order_len: usize,
    mean: *const f32,
    scale: *const f32,
    inputs: usize,
    drop: u32,
    width: usize,
    threads: usize,
    work: *mut u32,
    work_len: usize,
    outputs: *mut f32,
    outputs_len: usize,
    magnitudes: *mut f32,
    magnitudes_len: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: promised by the caller; a float array is aligned for floats.
        unsafe {
            let (layout, slopes) = (view(layout, layers * LAYOUT_COLUMNS), view(slopes, layers));
            let network = compiled::layers(layout, slopes, view_mut(arena, arena_len))?;
            let (mean, scale) = (view(mean, inputs), view(scale, inputs));
            let propagation = Propagation { order: view(order, order_len), mean, scale, width, drop: drop != 0 };
            let selection = view(selection, selection_len);
            let (work, outputs) = (view_mut(work, work_len), view_mut(outputs, outputs_len));
            let magnitudes = view_mut(magnitudes, magnitudes_len);
            if is_bytes != 0 {
                let samples = Samples { data: view(data, data_len), features: raw_features, selection };
                propagation::propagate(&network, samples, propagation, threads, work, outputs, magnitudes)
            } else {
                let samples = Samples { data: view(data.cast::<f32>(), data_len), features: raw_features, selection };
                propagation::propagate(&network, samples, propagation, threads, work, outputs, magnitudes)
            }
        }
    })
}

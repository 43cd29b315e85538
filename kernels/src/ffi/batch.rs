//! The border of [`crate::data::batch`].

use super::{view, view_mut};
use crate::base::status::guarded;
use crate::data::batch::{Samples, gather};

/// Builds a batch, see [`crate::data::batch::gather`]. `data` is u8 where `is_bytes`, else f32; `data_len` counts elements.
/// A sample has `raw_features`, of which `selection` (all where it is empty) become the `features` of the batch.
///
/// # Safety
/// Every pointer is a live array of the length beside it; `output` overlaps no other.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_gather_batch(
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
            let selection = view(selection, selection_len);
            let (mean, scale) = (view(mean, features), view(scale, features));
            if is_bytes != 0 {
                let samples = Samples { data: view(data, data_len), features: raw_features, selection };
                gather(samples, order, mean, scale, width, threads, output)
            } else {
                let samples = Samples { data: view(data.cast::<f32>(), data_len), features: raw_features, selection };
                gather(samples, order, mean, scale, width, threads, output)
            }
        }
    })
}

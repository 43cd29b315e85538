//! The border of [`crate::data::standardize`].

use super::{view, view_mut};
use crate::base::status::guarded;
use crate::data::standardize::{Part, standardize_part};

/// Takes a part of the samples into account; see [`standardize_part`]. `features` are u8 where `is_bytes`, else f32, in
/// elements.
///
/// # Safety
/// The arrays are live and have the lengths given.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_standardize_part(
    features: *const u8,
    features_len: usize,
    is_bytes: bool,
    first: usize,
    samples: usize,
    squares: bool,
    state: *mut f64,
    state_len: usize,
    mean: *mut f32,
    mean_len: usize,
    scale: *mut f32,
    scale_len: usize,
    threads: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths; outputs are arrays of their own.
        let (state, mean, scale) =
            unsafe { (view_mut(state, state_len), view_mut(mean, mean_len), view_mut(scale, scale_len)) };
        if is_bytes {
            // SAFETY: likewise.
            let features = unsafe { view(features, features_len) };
            return standardize_part(Part { features, first, samples }, squares, state, mean, scale, threads);
        }
        // SAFETY: likewise; an array of floats is aligned for floats.
        let features = unsafe { view(features.cast::<f32>(), features_len) };
        standardize_part(Part { features, first, samples }, squares, state, mean, scale, threads)
    })
}

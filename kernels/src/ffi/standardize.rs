//! The border of [`crate::data::standardize`].

use super::{view, view_mut};
use crate::base::status::guarded;
use crate::data::standardize::{Part, standardize, standardize_part};

/// Writes mean and scale of each feature; see [`standardize`]. `data` is u8 where `is_bytes`, else f32, in elements.
///
/// # Safety
/// The arrays are live and have the lengths given.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_standardize(
    data: *const u8,
    data_len: usize,
    is_bytes: u32,
    samples: usize,
    mean: *mut f32,
    mean_len: usize,
    scale: *mut f32,
    scale_len: usize,
    threads: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths; a float array is aligned for floats.
        unsafe {
            let (mean, scale) = (view_mut(mean, mean_len), view_mut(scale, scale_len));
            if is_bytes != 0 {
                standardize(view(data, data_len), samples, mean, scale, threads)
            } else {
                standardize(view(data.cast::<f32>(), data_len), samples, mean, scale, threads)
            }
        }
    })
}

/// Takes a part of the samples into account; see [`standardize_part`].
///
/// # Safety
/// The arrays are live and have the lengths given.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_standardize_part(
    features: *const f32,
    features_len: usize,
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
        let (features, state) = unsafe { (view(features, features_len), view_mut(state, state_len)) };
        // SAFETY: likewise.
        let (mean, scale) = unsafe { (view_mut(mean, mean_len), view_mut(scale, scale_len)) };
        standardize_part(Part { features, first, samples }, squares, state, mean, scale, threads)
    })
}

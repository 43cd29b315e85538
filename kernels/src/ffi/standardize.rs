//! The border of [`crate::data::standardize`].

use super::{view, view_mut};
use crate::base::status::guarded;
use crate::data::standardize::{Part, standardize, standardize_part};

/// Writes mean and scale of each feature of bytes; see [`standardize`].
///
/// # Safety
/// The arrays are live and have the lengths given.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_standardize_u8(
    features: *const u8,
    features_len: usize,
    samples: usize,
    mean: *mut f32,
    mean_len: usize,
    scale: *mut f32,
    scale_len: usize,
    threads: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths; outputs are arrays of their own.
        let (features, mean, scale) =
            unsafe { (view(features, features_len), view_mut(mean, mean_len), view_mut(scale, scale_len)) };
        standardize(features, samples, mean, scale, threads)
    })
}

/// Writes mean and scale of each feature of floats; see [`standardize`].
///
/// # Safety
/// The arrays are live and have the lengths given.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_standardize_f32(
    features: *const f32,
    features_len: usize,
    samples: usize,
    mean: *mut f32,
    mean_len: usize,
    scale: *mut f32,
    scale_len: usize,
    threads: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths; outputs are arrays of their own.
        let (features, mean, scale) =
            unsafe { (view(features, features_len), view_mut(mean, mean_len), view_mut(scale, scale_len)) };
        standardize(features, samples, mean, scale, threads)
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

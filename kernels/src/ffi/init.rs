//! The border of [`crate::structure::init`].

use super::{view, view_mut};
use crate::base::status::guarded;
use crate::structure::init::{self, Initializer};

/// Draws the number of connections of each row; nnz is the last element of `indptr`.
///
/// # Safety
/// `indptr` is a live array of `indptr_len` elements.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_erdos_renyi_count(
    indptr: *mut u32,
    indptr_len: usize,
    neurons: usize,
    probability: f64,
    seed: u64,
    layer: u64,
    threads: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes a typed array and its length.
        let indptr = unsafe { view_mut(indptr, indptr_len) };
        init::erdos_renyi_count(neurons, probability, seed, layer, threads, indptr).map(|_| ())
    })
}

/// Writes the target neurons that `ts_erdos_renyi_count` has counted.
///
/// # Safety
/// Each pointer is a live array of the length that follows it; they do not overlap.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_erdos_renyi_fill(
    indptr: *const u32,
    indptr_len: usize,
    indices: *mut u32,
    indices_len: usize,
    neurons: usize,
    probability: f64,
    seed: u64,
    layer: u64,
    threads: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let (indptr, indices) = unsafe { (view(indptr, indptr_len), view_mut(indices, indices_len)) };
        init::erdos_renyi_fill(indptr, neurons, probability, seed, layer, threads, indices)
    })
}

/// Writes initial weights; `kind` 0 is uniform ±scale, 1 normal with standard deviation `scale`.
///
/// # Safety
/// `values` is a live array of `values_len` elements.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_init_values(
    values: *mut f32,
    values_len: usize,
    kind: u32,
    scale: f64,
    seed: u64,
    layer: u64,
    threads: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes a typed array and its length.
        let values = unsafe { view_mut(values, values_len) };
        init::init_values(values, Initializer::from_code(kind, scale)?, seed, layer, threads)
    })
}

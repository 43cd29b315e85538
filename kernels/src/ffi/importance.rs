//! The border of [`crate::structure::importance`].

use super::csr::connections;
use super::{view, view_mut};
use crate::base::status::{Status, ensure, guarded};
use crate::structure::importance;

/// Writes the importance of each neuron.
///
/// # Safety
/// Each pointer is a live array of the length that follows it; `out` overlaps no other.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_importance(
    incoming_ptr: *const u32,
    incoming_ptr_len: usize,
    position: *const u32,
    position_len: usize,
    values: *const f32,
    values_len: usize,
    out: *mut f32,
    out_len: usize,
    threads: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let (incoming_ptr, position, values) =
            unsafe { (view(incoming_ptr, incoming_ptr_len), view(position, position_len), view(values, values_len)) };
        // SAFETY: as above; it is a different array.
        let out = unsafe { view_mut(out, out_len) };
        importance::importance(incoming_ptr, position, values, out, threads)
    })
}

/// Writes the percentile of `values` to `out[0]`.
///
/// # Safety
/// Each pointer is a live array of the length that follows it; they do not overlap.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_percentile(
    values: *const f32,
    values_len: usize,
    percentile: f64,
    out: *mut f64,
    out_len: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let (values, out) = unsafe { (view(values, values_len), view_mut(out, out_len)) };
        ensure(out.len() == 1, Status::Length)?;
        out[0] = importance::percentile(values, percentile)?;
        Ok(())
    })
}

/// Removes the incoming connections of neurons at or below the threshold; nnz is the last element of `indptr`.
///
/// # Safety
/// As for [`connections`]; `scores` is a live array of `scores_len` elements.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_remove_incoming(
    indptr: *mut u32,
    indptr_len: usize,
    indices: *mut u32,
    values: *mut f32,
    capacity: usize,
    planes: *mut f32,
    planes_len: usize,
    plane_count: usize,
    scores: *const f32,
    scores_len: usize,
    threshold: f64,
    threads: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let mut layer =
            unsafe { connections(indptr, indptr_len, indices, values, capacity, planes, planes_len, plane_count) }?;
        // SAFETY: as above; it is a different array.
        let scores = unsafe { view(scores, scores_len) };
        importance::remove_incoming(&mut layer, scores, threshold, threads).map(|_| ())
    })
}

//! The border of [`crate::structure::drop`].

use super::csr::connections;
use super::view;
use crate::base::status::guarded;
use crate::structure::drop;

/// Removes the `zeta` fraction of the positive and of the negative weights closest to zero; nnz is the last element
/// of `indptr`.
///
/// # Safety
/// As for [`connections`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_drop_smallest(
    indptr: *mut u32,
    indptr_len: usize,
    indices: *mut u32,
    values: *mut f32,
    capacity: usize,
    planes: *mut f32,
    planes_len: usize,
    plane_count: usize,
    zeta: f64,
    threads: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let mut layer =
            unsafe { connections(indptr, indptr_len, indices, values, capacity, planes, planes_len, plane_count) }?;
        drop::drop_smallest(&mut layer, zeta, threads).map(|_| ())
    })
}

/// Removes the weights closest to zero so that `target` connections stay, see [`drop::drop_to`].
///
/// # Safety
/// As for [`connections`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_drop_to(
    indptr: *mut u32,
    indptr_len: usize,
    indices: *mut u32,
    values: *mut f32,
    capacity: usize,
    planes: *mut f32,
    planes_len: usize,
    plane_count: usize,
    target: usize,
    threads: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let mut layer =
            unsafe { connections(indptr, indptr_len, indices, values, capacity, planes, planes_len, plane_count) }?;
        drop::drop_to(&mut layer, target, threads).map(|_| ())
    })
}

/// Removes the `count` connections of lowest score, see [`drop::drop_lowest`]; one score a connection.
///
/// # Safety
/// As for [`connections`]; `scores` is a live array of the length beside it, and overlaps nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_drop_lowest(
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
    count: usize,
    threads: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let (mut layer, scores) = unsafe {
            let layer = connections(indptr, indptr_len, indices, values, capacity, planes, planes_len, plane_count)?;
            (layer, view(scores, scores_len))
        };
        drop::drop_lowest(&mut layer, scores, count, threads).map(|_| ())
    })
}

//! The border of [`crate::structure::merge`].

use super::{view, view_mut};
use crate::base::status::guarded;
use crate::structure::merge::{self, Rows, Stack, Union};
use crate::structure::planes::Planes;

/// Brings gradients of an old topology into the order of the current one, see [`merge::retain_valid`]; the number of
/// dropped gradients goes to `dropped[0]`.
///
/// # Safety
/// Each pointer is a live array of the length beside it; indices and gradients have one length; nothing overlaps.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_retain_valid(
    old_indptr: *const u32,
    indptr: *const u32,
    indptr_len: usize,
    old_indices: *const u32,
    old_gradient: *const f32,
    old_len: usize,
    indices: *const u32,
    gradient: *mut f32,
    len: usize,
    dropped: *mut f64,
) -> i32 {
    guarded(|| {
        // SAFETY: promised by the caller.
        unsafe {
            let count = merge::retain_valid(
                view(old_indptr, indptr_len),
                view(old_indices, old_len),
                view(old_gradient, old_len),
                view(indptr, indptr_len),
                view(indices, len),
                view_mut(gradient, len),
            )?;
            view_mut(dropped, 1)[0] = count as f64;
        }
        Ok(())
    })
}

/// The first term of an average, see [`merge::scale`].
///
/// # Safety
/// `values` is a live array of `len` elements.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_scale(values: *mut f32, len: usize, weight: f32) -> i32 {
    guarded(|| {
        // SAFETY: promised by the caller.
        merge::scale(unsafe { view_mut(values, len) }, weight);
        Ok(())
    })
}

/// A further term of an average, see [`merge::accumulate`].
///
/// # Safety
/// Both pointers are live arrays of `len` elements that do not overlap.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_accumulate(values: *const f32, sum: *mut f32, len: usize, weight: f32) -> i32 {
    // SAFETY: promised by the caller.
    guarded(|| unsafe { merge::accumulate(view(values, len), weight, view_mut(sum, len)) })
}

/// The average of two matrices over the holders of each connection, see [`merge::average_held`].
///
/// # Safety
/// Each pointer is a live array of the length beside it, both `indptr` of `indptr_len`; nothing overlaps.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_average_held(
    indptr: *const u32,
    other_indptr: *const u32,
    indptr_len: usize,
    indices: *const u32,
    values: *mut f32,
    len: usize,
    other_indices: *const u32,
    other_values: *const f32,
    other_len: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: promised by the caller.
        unsafe {
            let other = Rows {
                indptr: view(other_indptr, indptr_len),
                indices: view(other_indices, other_len),
                values: view(other_values, other_len),
            };
            merge::average_held(view(indptr, indptr_len), view(indices, len), view_mut(values, len), &other)
        }
    })
}

/// The mean of two matrices over the union of their connections, see [`merge::unite`]; nnz is the last element of
/// `union_indptr`.
///
/// # Safety
/// Each pointer is a live array of the length beside it, every `indptr` of `indptr_len`; nothing overlaps.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_unite(
    indptr: *const u32,
    other_indptr: *const u32,
    union_indptr: *mut u32,
    indptr_len: usize,
    indices: *const u32,
    values: *const f32,
    len: usize,
    planes: *mut f32,
    planes_len: usize,
    other_indices: *const u32,
    other_values: *const f32,
    other_len: usize,
    union_indices: *mut u32,
    union_values: *mut f32,
    room: usize,
    union_planes: *mut f32,
    union_planes_len: usize,
    plane_count: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: promised by the caller.
        unsafe {
            let mine =
                Rows { indptr: view(indptr, indptr_len), indices: view(indices, len), values: view(values, len) };
            let other = Rows {
                indptr: view(other_indptr, indptr_len),
                indices: view(other_indices, other_len),
                values: view(other_values, other_len),
            };
            let mut union = Union {
                indptr: view_mut(union_indptr, indptr_len),
                indices: view_mut(union_indices, room),
                values: view_mut(union_values, room),
                planes: Planes::new(view_mut(union_planes, union_planes_len), plane_count)?,
            };
            let mut planes = Planes::new(view_mut(planes, planes_len), plane_count)?;
            merge::unite(&mine, &mut planes, &other, &mut union).map(|_| ())
        }
    })
}

/// The average of stacked layers over the union of their connections, see [`merge::union_average`]; nnz is the last
/// element of `union_indptr`, and [`merge::Spread`] goes to `spread`.
///
/// # Safety
/// Each pointer is a live array of the length beside it: `stacked` elements in the stack's arrays but its `indptr`
/// (in each of its `plane_count` planes), `room` in the union's, 2 in `spread`; nothing overlaps.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_union_average(
    models: usize,
    indptr: *const u32,
    indptr_len: usize,
    indices: *const u32,
    values: *const f32,
    stacked: usize,
    planes: *const f32,
    union_indptr: *mut u32,
    union_indptr_len: usize,
    union_indices: *mut u32,
    union_values: *mut f32,
    room: usize,
    union_planes: *mut f32,
    union_planes_len: usize,
    plane_count: usize,
    spread: *mut f64,
) -> i32 {
    guarded(|| {
        // SAFETY: promised by the caller.
        unsafe {
            let stack = Stack {
                indptr: view(indptr, indptr_len),
                indices: view(indices, stacked),
                values: view(values, stacked),
                planes: view(planes, plane_count * stacked),
            };
            let mut union = Union {
                indptr: view_mut(union_indptr, union_indptr_len),
                indices: view_mut(union_indices, room),
                values: view_mut(union_values, room),
                planes: Planes::new(view_mut(union_planes, union_planes_len), plane_count)?,
            };
            let (_, apart) = merge::union_average(models, &stack, &mut union)?;
            view_mut(spread, 2).copy_from_slice(&[apart.shared, apart.squares]);
            Ok(())
        }
    })
}

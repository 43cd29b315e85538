//! The border of [`crate::structure::csr`].

use super::{view, view_mut};
use crate::base::status::{Status, guarded};
use crate::structure::csr::{self, Connections};
use crate::structure::planes::Planes;

/// Reports whether `indptr` and `indices` form a CSR matrix `[inputs, neurons]`.
///
/// # Safety
/// Each pointer is a live array of the length that follows it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_validate(
    indptr: *const u32,
    indptr_len: usize,
    indices: *const u32,
    indices_len: usize,
    inputs: usize,
    neurons: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let (indptr, indices) = unsafe { (view(indptr, indptr_len), view(indices, indices_len)) };
        csr::validate(indptr, indices, inputs, neurons)
    })
}

/// Writes the view of the connections by target neuron.
///
/// # Safety
/// Each pointer is a live array of the length that follows it; no two overlap. `source` and `position` have the
/// length of `indices`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_incoming_view(
    indptr: *const u32,
    indptr_len: usize,
    indices: *const u32,
    indices_len: usize,
    incoming_ptr: *mut u32,
    incoming_ptr_len: usize,
    source: *mut u32,
    source_len: usize,
    position: *mut u32,
    position_len: usize,
    inputs: usize,
    neurons: usize,
    threads: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let (indptr, indices) = unsafe { (view(indptr, indptr_len), view(indices, indices_len)) };
        // SAFETY: as above; they are different arrays.
        let (incoming_ptr, source, position) = unsafe {
            (view_mut(incoming_ptr, incoming_ptr_len), view_mut(source, source_len), view_mut(position, position_len))
        };
        csr::incoming_view(indptr, indices, inputs, neurons, threads, incoming_ptr, source, position)
    })
}

/// Borrows the arrays of one layer, `capacity` elements in `indices` and `values`, `planes_len` in all planes together.
///
/// # Safety
/// Each pointer is a live array, `indptr` of `indptr_len` elements, the others of what is beside; no two overlap.
pub(super) unsafe fn connections<'a>(
    indptr: *mut u32,
    indptr_len: usize,
    indices: *mut u32,
    values: *mut f32,
    capacity: usize,
    planes: *mut f32,
    planes_len: usize,
    plane_count: usize,
) -> Result<Connections<'a>, Status> {
    // SAFETY: promised by the caller.
    unsafe {
        Ok(Connections {
            indptr: view_mut(indptr, indptr_len),
            indices: view_mut(indices, capacity),
            values: view_mut(values, capacity),
            planes: Planes::new(view_mut(planes, planes_len), plane_count)?,
        })
    }
}

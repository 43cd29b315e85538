//! The border of [`crate::structure::chains`].

use super::csr::connections;
use super::view;
use crate::base::status::guarded;
use crate::structure::chains;

/// Keeps the connections between inputs and neurons that are marked, see [`chains::keep_between`]; nnz is the last element
/// of `indptr`.
///
/// # Safety
/// As for [`connections`]; `inputs` and `neurons` are live arrays of the length that follows, which overlap nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_keep_between(
    indptr: *mut u32,
    indptr_len: usize,
    indices: *mut u32,
    values: *mut f32,
    capacity: usize,
    planes: *mut f32,
    planes_len: usize,
    plane_count: usize,
    inputs: *const u8,
    inputs_len: usize,
    neurons: *const u8,
    neurons_len: usize,
    threads: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let (mut layer, inputs, neurons) = unsafe {
            (
                connections(indptr, indptr_len, indices, values, capacity, planes, planes_len, plane_count)?,
                view(inputs, inputs_len),
                view(neurons, neurons_len),
            )
        };
        chains::keep_between(&mut layer, inputs, neurons, threads).map(|_| ())
    })
}

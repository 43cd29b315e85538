//! The border of [`crate::structure::topology`].

use super::csr::connections;
use crate::base::status::guarded;
use crate::structure::init::Initializer;
use crate::structure::topology::{self, Growth};

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
    velocity: *mut f32,
    capacity: usize,
    zeta: f64,
    threads: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let mut layer = unsafe { connections(indptr, indptr_len, indices, values, velocity, capacity) };
        topology::drop_smallest(&mut layer, zeta, threads).map(|_| ())
    })
}

/// Removes the weights closest to zero so that `target` connections stay, see [`topology::drop_to`].
///
/// # Safety
/// As for [`connections`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_drop_to(
    indptr: *mut u32,
    indptr_len: usize,
    indices: *mut u32,
    values: *mut f32,
    velocity: *mut f32,
    capacity: usize,
    target: usize,
    threads: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let mut layer = unsafe { connections(indptr, indptr_len, indices, values, velocity, capacity) };
        topology::drop_to(&mut layer, target, threads).map(|_| ())
    })
}

/// Adds `count` connections at random absent places, or as many as are absent; nnz is the last element of `indptr`.
///
/// # Safety
/// As for [`connections`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_grow_random(
    indptr: *mut u32,
    indptr_len: usize,
    indices: *mut u32,
    values: *mut f32,
    velocity: *mut f32,
    capacity: usize,
    neurons: usize,
    count: usize,
    kind: u32,
    scale: f64,
    seed: u64,
    epoch: u64,
    layer: u64,
    threads: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let mut layer_connections = unsafe { connections(indptr, indptr_len, indices, values, velocity, capacity) };
        let initializer = Initializer::from_code(kind, scale)?;
        let growth = Growth { seed, epoch, layer };
        topology::grow_random(&mut layer_connections, neurons, count, initializer, growth, threads).map(|_| ())
    })
}

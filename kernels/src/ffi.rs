//! The C border: every export, and the only place that makes slices from pointers.
//!
//! Counts are in elements. Each export returns 0 or a [`Status`](crate::status::Status) code, runs inside a
//! panic guard with subnormals flushed, and keeps no pointer after it returns.

use crate::csr::{self, Connections};
use crate::importance;
use crate::init::{self, Initializer};
use crate::random::{Purpose, Stream, key, shuffle};
use crate::status::{Status, ensure, guarded};
use crate::topology::{self, Growth};

/// Version of this border; the loader refuses a library with another one.
pub const ABI_VERSION: u32 = 1;

/// Borrows `len` elements for one call. An empty typed array arrives as null, so length 0 never touches the pointer.
///
/// # Safety
/// `pointer` is valid for reads of `len` elements, aligned, and not written for the length of the call.
unsafe fn view<'a, T>(pointer: *const T, len: usize) -> &'a [T] {
    // SAFETY: promised by the caller of the export; TypeScript passes a typed array and its length.
    if len == 0 { &[] } else { unsafe { std::slice::from_raw_parts(pointer, len) } }
}

/// As [`view`], to write.
///
/// # Safety
/// As for [`view`], for writes; no other argument overlaps it.
unsafe fn view_mut<'a, T>(pointer: *mut T, len: usize) -> &'a mut [T] {
    // SAFETY: as in `view`.
    if len == 0 { &mut [] } else { unsafe { std::slice::from_raw_parts_mut(pointer, len) } }
}

/// The version of this border.
#[unsafe(no_mangle)]
pub extern "C" fn ts_abi_version() -> u32 {
    ABI_VERSION
}

/// Writes the order of the samples of one epoch.
///
/// # Safety
/// `order` is a live array of `order_len` elements.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_shuffle(order: *mut u32, order_len: usize, seed: u64, epoch: u64) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes a typed array and its length.
        let order = unsafe { view_mut(order, order_len) };
        shuffle(order, &mut Stream::new(key(seed, Purpose::Shuffle, &[epoch])));
        Ok(())
    })
}

// --- structure ---

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

// --- initialisation ---

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

// --- topology ---

/// Borrows the arrays of one layer, `capacity` elements in each but `indptr`.
///
/// # Safety
/// Each pointer is a live array, `indptr` of `indptr_len` elements, the others of `capacity`; no two overlap.
unsafe fn connections<'a>(
    indptr: *mut u32,
    indptr_len: usize,
    indices: *mut u32,
    values: *mut f32,
    velocity: *mut f32,
    capacity: usize,
) -> Connections<'a> {
    // SAFETY: promised by the caller.
    unsafe {
        Connections {
            indptr: view_mut(indptr, indptr_len),
            indices: view_mut(indices, capacity),
            values: view_mut(values, capacity),
            velocity: view_mut(velocity, capacity),
        }
    }
}

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

// --- importance ---

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
    velocity: *mut f32,
    capacity: usize,
    scores: *const f32,
    scores_len: usize,
    threshold: f64,
    threads: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let mut layer = unsafe { connections(indptr, indptr_len, indices, values, velocity, capacity) };
        // SAFETY: as above; it is a different array.
        let scores = unsafe { view(scores, scores_len) };
        importance::remove_incoming(&mut layer, scores, threshold, threads).map(|_| ())
    })
}

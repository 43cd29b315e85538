//! The border of [`crate::structure::grow`].

use super::csr::connections;
use super::{view, view_mut};
use crate::base::status::{Status, ensure, guarded};
use crate::structure::grow::{self, Growth, Place, Seedling, Sowing, place};
use crate::structure::init::Initializer;
use crate::structure::pairs;
use crate::structure::planes::FreshState;

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
    capacity: usize,
    planes: *mut f32,
    planes_len: usize,
    plane_count: usize,
    neurons: usize,
    count: usize,
    kind: u32,
    scale: f64,
    mean_planes: u32,
    seed: u64,
    epoch: u64,
    layer: u64,
    threads: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let mut connections =
            unsafe { connections(indptr, indptr_len, indices, values, capacity, planes, planes_len, plane_count) }?;
        let seedling = seedling(kind, scale, mean_planes)?;
        let sowing = Sowing { neurons, seedling, growth: Growth { seed, epoch, layer }, threads };
        grow::grow_random(&mut connections, count, sowing).map(|_| ())
    })
}

/// Adds a connection at each of the places, see [`grow::insert`]; nnz is the last element of `indptr`.
///
/// # Safety
/// As for [`connections`]; `rows` and `columns` are live arrays of `places` elements.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_insert(
    indptr: *mut u32,
    indptr_len: usize,
    indices: *mut u32,
    values: *mut f32,
    capacity: usize,
    planes: *mut f32,
    planes_len: usize,
    plane_count: usize,
    neurons: usize,
    rows: *const u32,
    columns: *const u32,
    places: usize,
    kind: u32,
    scale: f64,
    mean_planes: u32,
    seed: u64,
    epoch: u64,
    layer: u64,
    threads: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let (mut connections, rows, columns) = unsafe {
            (
                connections(indptr, indptr_len, indices, values, capacity, planes, planes_len, plane_count)?,
                view(rows, places),
                view(columns, places),
            )
        };
        let places: Vec<_> = rows.iter().zip(columns).map(|(&row, &column)| place(row, column)).collect();
        let seedling = seedling(kind, scale, mean_planes)?;
        let sowing = Sowing { neurons, seedling, growth: Growth { seed, epoch, layer }, threads };
        grow::insert(&mut connections, &places, sowing).map(|_| ())
    })
}

/// Draws absent places, see [`grow::absent_places`]: as many as `rows` and `columns` have room for, in matrix order; how
/// many there were goes to `drawn[0]`.
///
/// # Safety
/// Each pointer is a live array of the length beside it; nothing overlaps.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_absent_places(
    indptr: *const u32,
    indptr_len: usize,
    indices: *const u32,
    indices_len: usize,
    neurons: usize,
    rows: *mut u32,
    columns: *mut u32,
    places: usize,
    seed: u64,
    epoch: u64,
    layer: u64,
    threads: usize,
    drawn: *mut f64,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let (indptr, indices, rows, columns, drawn) = unsafe {
            (
                view(indptr, indptr_len),
                view(indices, indices_len),
                view_mut(rows, places),
                view_mut(columns, places),
                view_mut(drawn, 1),
            )
        };
        ensure(indptr.is_sorted(), Status::Structure)?;
        let growth = Growth { seed, epoch, layer };
        let found = grow::absent_places(indptr, indices, neurons, places, growth, threads)?;
        write_places(&found, rows, columns, drawn);
        Ok(())
    })
}

/// Draws absent places in proportion to a number of each input times one of each neuron, see [`pairs::absent_pairs`]: at
/// most as many as `rows` and `columns` have room for, in matrix order; how many there were goes to `drawn[0]`.
///
/// # Safety
/// Each pointer is a live array of the length beside it; nothing overlaps.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_absent_pairs(
    indptr: *const u32,
    indptr_len: usize,
    indices: *const u32,
    indices_len: usize,
    inputs: *const f32,
    inputs_len: usize,
    neurons: *const f32,
    neurons_len: usize,
    rows: *mut u32,
    columns: *mut u32,
    draws: usize,
    seed: u64,
    epoch: u64,
    layer: u64,
    threads: usize,
    drawn: *mut f64,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let (indptr, indices, inputs, neurons, rows, columns, drawn) = unsafe {
            (
                view(indptr, indptr_len),
                view(indices, indices_len),
                view(inputs, inputs_len),
                view(neurons, neurons_len),
                view_mut(rows, draws),
                view_mut(columns, draws),
                view_mut(drawn, 1),
            )
        };
        let growth = Growth { seed, epoch, layer };
        let found = pairs::absent_pairs(indptr, indices, inputs, neurons, draws, growth, threads)?;
        write_places(&found, rows, columns, drawn);
        Ok(())
    })
}

fn write_places(found: &[Place], rows: &mut [u32], columns: &mut [u32], drawn: &mut [f64]) {
    for ((row, column), at) in rows.iter_mut().zip(columns).zip(found) {
        (*row, *column) = ((at >> 32) as u32, *at as u32);
    }
    drawn[0] = found.len() as f64;
}

fn seedling(kind: u32, scale: f64, mean_planes: u32) -> Result<Seedling, Status> {
    Ok(Seedling { weights: Initializer::from_code(kind, scale)?, state: FreshState { mean_planes } })
}

//! The border of [`crate::structure::correlation`] and [`crate::structure::ring`]: where the first connections stand.

use super::{view, view_mut};
use crate::base::status::guarded;
use crate::structure::correlation::{self, Kept};
use crate::structure::ring::{self, Ring};

/// Adds products of features, see [`correlation::add_products`].
///
/// # Safety
/// Each pointer is a live array of the length that follows it; they do not overlap.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_add_products(
    tiles: *const f32,
    tiles_len: usize,
    width: usize,
    features: usize,
    first: usize,
    sums: *mut f64,
    sums_len: usize,
    threads: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let (tiles, sums) = unsafe { (view(tiles, tiles_len), view_mut(sums, sums_len)) };
        correlation::add_products(tiles, width, features, first, sums, threads)
    })
}

/// Keeps the places of the largest correlations, see [`correlation::keep_correlated`]; `drawn[0]` is how many there are.
///
/// # Safety
/// Each pointer is a live array of the length beside it, the three lists of `room` elements, `drawn` of one; nothing
/// overlaps.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_keep_correlated(
    sums: *const f64,
    sums_len: usize,
    features: usize,
    first: usize,
    samples: f64,
    neurons: usize,
    scores: *mut f32,
    rows: *mut u32,
    columns: *mut u32,
    room: usize,
    drawn: *mut f64,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let (sums, scores, rows, columns, drawn) = unsafe {
            (
                view(sums, sums_len),
                view_mut(scores, room),
                view_mut(rows, room),
                view_mut(columns, room),
                view_mut(drawn, 1),
            )
        };
        let kept = Kept { scores, rows, columns };
        let before = drawn[0] as usize;
        drawn[0] = correlation::keep_correlated(sums, features, first, samples, neurons, before, kept)? as f64;
        Ok(())
    })
}

/// Writes the places of receptive fields, see [`ring::ring_places`].
///
/// # Safety
/// `rows` and `columns` are live arrays of `places` elements that do not overlap.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_ring_places(
    inputs: usize,
    neurons: usize,
    exponent: f64,
    seed: u64,
    layer: u64,
    rows: *mut u32,
    columns: *mut u32,
    places: usize,
    threads: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let (rows, columns) = unsafe { (view_mut(rows, places), view_mut(columns, places)) };
        ring::ring_places(Ring { inputs, neurons, exponent, seed, layer }, rows, columns, threads)
    })
}

//! The border of [`crate::structure::cannistraci_hebb`].

use super::{view, view_mut};
use crate::base::status::guarded;
use crate::structure::cannistraci_hebb::{self, Side};
use crate::structure::grow::Growth;

/// Draws absent places in proportion to their score, see [`cannistraci_hebb::likely_places`]: as many as `rows` and
/// `columns` have room for, in matrix order; how many there were goes to `drawn[0]`.
///
/// # Safety
/// Each pointer is a live array: `indices` and `source` of `nnz` elements, `rows` and `columns` of `places`, `drawn` of
/// one, the others of the length that follows; what is written overlaps nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_likely_places(
    indptr: *const u32,
    indptr_len: usize,
    indices: *const u32,
    incoming_ptr: *const u32,
    incoming_ptr_len: usize,
    source: *const u32,
    nnz: usize,
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
        let (inputs, neurons, rows, columns, drawn) = unsafe {
            (
                Side { starts: view(indptr, indptr_len), neighbours: view(indices, nnz) },
                Side { starts: view(incoming_ptr, incoming_ptr_len), neighbours: view(source, nnz) },
                view_mut(rows, places),
                view_mut(columns, places),
                view_mut(drawn, 1),
            )
        };
        let growth = Growth { seed, epoch, layer };
        let found = cannistraci_hebb::likely_places(inputs, neurons, places, growth, threads)?;
        for ((row, column), at) in rows.iter_mut().zip(columns).zip(&found) {
            (*row, *column) = ((at >> 32) as u32, *at as u32);
        }
        drawn[0] = found.len() as f64;
        Ok(())
    })
}

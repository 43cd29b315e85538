//! The border of [`crate::structure::strongest`].

use super::{view, view_mut};
use crate::base::status::guarded;
use crate::structure::strongest;

/// Keeps the places of the largest scores, see [`strongest::keep_strongest`]: the first
/// min(`count`, `scores_len`) of the lists.
///
/// # Safety
/// Each pointer is a live array of the length that follows it; no two overlap.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_keep_strongest(
    scores: *const f32,
    scores_len: usize,
    count: usize,
    rows: *mut u32,
    rows_len: usize,
    columns: *mut u32,
    columns_len: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let scores = unsafe { view(scores, scores_len) };
        // SAFETY: as above; they are different arrays.
        let (rows, columns) = unsafe { (view_mut(rows, rows_len), view_mut(columns, columns_len)) };
        strongest::keep_strongest(scores, count, rows, columns).map(|_| ())
    })
}

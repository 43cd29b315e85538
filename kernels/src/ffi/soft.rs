//! The border of [`crate::structure::soft`].

use super::{view, view_mut};
use crate::base::status::guarded;
use crate::structure::grow::Growth;
use crate::structure::soft::{self, Measure};

/// Writes the score by which each connection is kept, see [`soft::soft_scores`].
///
/// # Safety
/// Each pointer is a live array: `indptr` of `indptr_len` elements, the others of `nnz`; `scores` overlaps nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ts_soft_scores(
    indptr: *const u32,
    indptr_len: usize,
    indices: *const u32,
    values: *const f32,
    scores: *mut f32,
    nnz: usize,
    neurons: usize,
    measure: u32,
    temperature: f64,
    seed: u64,
    epoch: u64,
    layer: u64,
    threads: usize,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller passes typed arrays and their lengths.
        let (indptr, indices, values, scores) =
            unsafe { (view(indptr, indptr_len), view(indices, nnz), view(values, nnz), view_mut(scores, nnz)) };
        let (measure, place) = (Measure::from_code(measure)?, Growth { seed, epoch, layer });
        soft::soft_scores(indptr, indices, values, neurons, measure, temperature, place, threads, scores)
    })
}

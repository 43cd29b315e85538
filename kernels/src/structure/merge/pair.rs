//! The average of one worker's matrix with that of another, both ways.

use super::{Union, check};
use crate::base::status::{Outcome, Status, ensure};
use crate::structure::planes::{MOST_PLANES, Planes};

/// A target beyond all others: where a row has ended.
const NOTHING: u32 = u32::MAX;

/// The rows of a matrix and their values.
pub struct Rows<'a> {
    /// Row starts, `[inputs + 1]`.
    pub indptr: &'a [u32],
    /// Targets, ascending in a row.
    pub indices: &'a [u32],
    /// Weights.
    pub values: &'a [f32],
}

/// Averages each weight with that of the same connection of another matrix, where it has one; the others stay.
///
/// Rows are merged without branches on which is ahead, since that cannot be predicted. O(nnz) of both.
///
/// # Errors
/// [`Status::Length`] when arrays do not fit; [`Status::Structure`] when an `indptr` descends.
pub fn average_held(indptr: &[u32], indices: &[u32], values: &mut [f32], other: &Rows) -> Outcome {
    ensure(indptr.len() == other.indptr.len(), Status::Length)?;
    check(indptr, indices, values)?;
    check(other.indptr, other.indices, other.values)?;
    for (ends, other_ends) in indptr.windows(2).zip(other.indptr.windows(2)) {
        let row = ends[0] as usize..ends[1] as usize;
        let other_row = other_ends[0] as usize..other_ends[1] as usize;
        let (targets, values) = (&indices[row.clone()], &mut values[row]);
        let (other_targets, other_values) = (&other.indices[other_row.clone()], &other.values[other_row]);
        let (mut at, mut other_at) = (0, 0);
        while at < targets.len() && other_at < other_targets.len() {
            let (target, other_target) = (targets[at], other_targets[other_at]);
            let value = values[at];
            let mean = 0.5 * (value + other_values[other_at]);
            values[at] = if target == other_target { mean } else { value };
            at += usize::from(target <= other_target);
            other_at += usize::from(other_target <= target);
        }
    }
    Ok(())
}

/// The mean of a matrix and another over the union of their connections, an absent one as 0. Planes are the first
/// one's, 0 where it lacks the connection. Returns the nnz of the union. O(nnz) of both.
///
/// # Errors
/// [`Status::Length`] when arrays do not fit or the union has no room; [`Status::Structure`] when an `indptr` descends.
pub fn unite(mine: &Rows, planes: &mut Planes, other: &Rows, union: &mut Union) -> Result<usize, Status> {
    let (rows, count) = (mine.indptr.len(), planes.count());
    ensure(rows > 0 && rows == other.indptr.len() && rows == union.indptr.len(), Status::Length)?;
    let nnz = check(mine.indptr, mine.indices, mine.values)?;
    check(other.indptr, other.indices, other.values)?;
    ensure(nnz <= planes.capacity() && union.planes.count() == count, Status::Length)?;
    let room = union.indices.len().min(union.values.len()).min(union.planes.capacity());
    let mut united: [&mut [f32]; MOST_PLANES] = std::array::from_fn(|_| &mut [][..]);
    let mut kept: [&[f32]; MOST_PLANES] = [&[]; MOST_PLANES];
    union.planes.each().zip(&mut united).for_each(|(plane, place)| *place = plane);
    planes.each().zip(&mut kept).for_each(|(plane, place)| *place = plane);
    let mut nnz = 0;
    union.indptr[0] = 0;
    for (row, (ends, other_ends)) in mine.indptr.windows(2).zip(other.indptr.windows(2)).enumerate() {
        let (mut at, end) = (ends[0] as usize, ends[1] as usize);
        let (mut other_at, other_end) = (other_ends[0] as usize, other_ends[1] as usize);
        while at < end || other_at < other_end {
            ensure(nnz < room, Status::Length)?;
            let target = if at < end { mine.indices[at] } else { NOTHING };
            let other_target = if other_at < other_end { other.indices[other_at] } else { NOTHING };
            let (mut weight, mut other_weight) = (0.0, 0.0);
            let held = target <= other_target;
            if held {
                weight = f64::from(mine.values[at]);
            }
            if other_target <= target {
                other_weight = f64::from(other.values[other_at]);
                other_at += 1;
            }
            union.indices[nnz] = target.min(other_target);
            union.values[nnz] = ((weight + other_weight) / 2.0) as f32;
            for (plane, kept) in united[..count].iter_mut().zip(kept) {
                plane[nnz] = if held { kept[at] } else { 0.0 };
            }
            at += usize::from(held);
            nnz += 1;
        }
        union.indptr[row + 1] = u32::try_from(nnz).map_err(|_| Status::Range)?;
    }
    Ok(nnz)
}

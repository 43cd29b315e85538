//! The average of one worker's matrix with that of another, both ways.

use std::ops::Range;

use super::{SPREAD_WIDTH, Union, check};
use crate::base::status::{Outcome, Status, ensure, scratch};
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
/// As in [`super::retain_valid`], rows are spread over all targets rather than merged, unless they are very wide. O(nnz)
/// of both, up to 1 MiB of scratch.
///
/// # Errors
/// [`Status::Length`] when arrays do not fit; [`Status::Structure`] when an `indptr` descends; [`Status::Memory`].
pub fn average_held(indptr: &[u32], indices: &[u32], values: &mut [f32], other: &Rows) -> Outcome {
    ensure(indptr.len() == other.indptr.len(), Status::Length)?;
    check(indptr, indices, values)?;
    check(other.indptr, other.indices, other.values)?;
    let row_ends = indptr.windows(2).zip(other.indptr.windows(2));
    let rows =
        row_ends.map(|(ends, others)| (ends[0] as usize..ends[1] as usize, others[0] as usize..others[1] as usize));
    let last = rows.clone().filter_map(|(_, others)| other.indices[others].last()).max();
    let width = last.map_or(0, |&last| last as usize + 1);
    let row_of = |others: Range<usize>| (&other.indices[others.clone()], &other.values[others]);
    if width > SPREAD_WIDTH {
        for (mine, others) in rows {
            merge_row(&indices[mine.clone()], &mut values[mine], row_of(others));
        }
    } else {
        let mut spread = scratch(width + 1)?;
        for (mine, others) in rows {
            spread_row(&indices[mine.clone()], &mut values[mine], row_of(others), &mut spread);
        }
    }
    Ok(())
}

/// One row by merging, without branches on which is ahead, since that cannot be predicted.
fn merge_row(row: &[u32], values: &mut [f32], (others, other_values): (&[u32], &[f32])) {
    let (mut at, mut other_at) = (0, 0);
    while at < row.len() && other_at < others.len() {
        let (target, other) = (row[at], others[other_at]);
        let value = values[at];
        let mean = 0.5 * (value + other_values[other_at]);
        values[at] = if target == other { mean } else { value };
        at += usize::from(target <= other);
        other_at += usize::from(other <= target);
    }
}

/// One row by spreading the other one over all targets; `spread` is empty before and after, its last place always.
fn spread_row(row: &[u32], values: &mut [f32], (others, other_values): (&[u32], &[f32]), spread: &mut [(f32, u32)]) {
    for (&target, &value) in others.iter().zip(other_values) {
        spread[target as usize] = (value, 1);
    }
    for (&target, value) in row.iter().zip(values) {
        let (found, held) = spread[(target as usize).min(spread.len() - 1)];
        *value = if held == 1 { 0.5 * (*value + found) } else { *value };
    }
    for &target in others {
        spread[target as usize] = (0.0, 0);
    }
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

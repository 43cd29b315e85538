//! Parameters and gradients of different topologies brought together: stale gradients, averages of gradients and models.
//!
//! Paper: §2.1, Algorithm 1 (RetainValidUpdates) and Eq. 2. All kernels are O(nnz).

use crate::base::simd::{Kernel, LANES, Lanes, dispatch};
use crate::base::status::{Outcome, Status, ensure, scratch};
use crate::structure::planes::{MOST_PLANES, Planes};

/// The widest layer whose rows are spread to be compared: 8 bytes a target are 1 MiB, a second-level cache.
const SPREAD_WIDTH: usize = 1 << 17;

fn check(indptr: &[u32], indices: &[u32], values: &[f32]) -> Result<usize, Status> {
    let nnz = *indptr.last().ok_or(Status::Length)? as usize;
    ensure(nnz <= indices.len() && nnz <= values.len(), Status::Length)?;
    ensure(indptr.windows(2).all(|ends| ends[0] <= ends[1]), Status::Structure)?;
    Ok(nnz)
}

/// RetainValidUpdates: gradients of an old topology, brought into the order of the current one.
///
/// A connection that is new since then gets gradient 0; gradients of connections that are gone are dropped. Returns how
/// many were. Both structures are valid CSR matrices with as many rows. O(nnz) of both, up to 1 MiB of scratch.
///
/// # Errors
/// [`Status::Length`] when arrays do not fit; [`Status::Structure`] when `indptr` descends; [`Status::Memory`].
pub fn retain_valid(
    old_indptr: &[u32],
    old_indices: &[u32],
    old_gradient: &[f32],
    indptr: &[u32],
    indices: &[u32],
    gradient: &mut [f32],
) -> Result<usize, Status> {
    ensure(old_indptr.len() == indptr.len(), Status::Length)?;
    let old_nnz = check(old_indptr, old_indices, old_gradient)?;
    check(indptr, indices, gradient)?;
    let row_ends = old_indptr.windows(2).zip(indptr.windows(2));
    let rows = row_ends.map(|(old, new)| (old[0] as usize..old[1] as usize, new[0] as usize..new[1] as usize));
    let last = rows.clone().filter_map(|(old, _)| old_indices[old].last()).max();
    let width = last.map_or(0, |&last| last as usize + 1);
    let mut kept = 0;
    if width > SPREAD_WIDTH {
        for (old, new) in rows {
            let old = (&old_indices[old.clone()], &old_gradient[old]);
            kept += merge_row(old, &indices[new.clone()], &mut gradient[new]);
        }
    } else {
        let mut spread = scratch(width + 1)?;
        for (old, new) in rows {
            let old = (&old_indices[old.clone()], &old_gradient[old]);
            kept += spread_row(old, &indices[new.clone()], &mut gradient[new], &mut spread);
        }
    }
    Ok(old_nnz - kept)
}

/// One row by merging; returns how many gradients were kept.
fn merge_row((old_row, old_gradient): (&[u32], &[f32]), row: &[u32], gradient: &mut [f32]) -> usize {
    let (mut at, mut kept) = (0, 0);
    for (&target, value) in row.iter().zip(gradient) {
        while at < old_row.len() && old_row[at] < target {
            at += 1;
        }
        let valid = at < old_row.len() && old_row[at] == target;
        *value = if valid { old_gradient[at] } else { 0.0 };
        kept += usize::from(valid);
    }
    kept
}

/// One row by spreading it over all targets; returns how many gradients were kept.
///
/// Which row is ahead cannot be predicted where the topology has changed, so a merge stumbles at every change. Here
/// nothing is compared: values are read off, then wiped away again. `spread` is empty before and after; its last place
/// always is, for targets beyond.
fn spread_row(
    (old_row, old_gradient): (&[u32], &[f32]),
    row: &[u32],
    gradient: &mut [f32],
    spread: &mut [(f32, u32)],
) -> usize {
    let mut kept = 0;
    for (&target, &value) in old_row.iter().zip(old_gradient) {
        spread[target as usize] = (value, 1);
    }
    for (&target, value) in row.iter().zip(gradient) {
        let (found, valid) = spread[(target as usize).min(spread.len() - 1)];
        *value = found;
        kept += valid;
    }
    for &target in old_row {
        spread[target as usize] = (0.0, 0);
    }
    kept as usize
}

struct Scale<'a> {
    values: &'a mut [f32],
    weight: f32,
}

impl Kernel for Scale<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, _: L) {
        self.values.iter_mut().for_each(|value| *value *= self.weight);
    }
}

/// `values = weight · values`: the first term of an average, which becomes its sum.
pub fn scale(values: &mut [f32], weight: f32) {
    for values in values.chunks_mut(LANES << 8) {
        dispatch(Scale { values, weight });
    }
}

struct Accumulate<'a> {
    values: &'a [f32],
    weight: f32,
    sum: &'a mut [f32],
}

impl Kernel for Accumulate<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, _: L) {
        self.values.iter().zip(self.sum).for_each(|(&value, sum)| *sum += self.weight * value);
    }
}

/// `sum += weight · values`: a further term of an average.
///
/// # Errors
/// [`Status::Length`] when the lengths differ.
pub fn accumulate(values: &[f32], weight: f32, sum: &mut [f32]) -> Outcome {
    ensure(values.len() == sum.len(), Status::Length)?;
    for (values, sum) in values.chunks(LANES << 8).zip(sum.chunks_mut(LANES << 8)) {
        dispatch(Accumulate { values, weight, sum });
    }
    Ok(())
}

/// Some matrices one after another: what each of them has, in the order of the models.
pub struct Stack<'a> {
    /// Row starts, `[models][inputs + 1]`, each beginning with 0.
    pub indptr: &'a [u32],
    /// Targets, each model's nnz behind the one before.
    pub indices: &'a [u32],
    /// Weights.
    pub values: &'a [f32],
    /// What an optimiser keeps, `[planes][elements]`.
    pub planes: &'a [f32],
}

/// A matrix to write, with room for the union.
pub struct Union<'a> {
    /// Row starts, `[inputs + 1]`.
    pub indptr: &'a mut [u32],
    /// Targets.
    pub indices: &'a mut [u32],
    /// Weights.
    pub values: &'a mut [f32],
    /// What an optimiser keeps.
    pub planes: Planes<'a>,
}

/// How far several matrices are apart.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spread {
    /// Connections that two of them have both, summed over all pairs.
    pub shared: f64,
    /// Squared differences of weights, an absent one being 0, summed over all connections and pairs.
    pub squares: f64,
}

/// The average of several layers over the union of their connections; an absent connection counts as 0 (Eq. 2).
///
/// Summed in f64 in the order of the models, so one model comes back bit for bit. Planes are averaged alike. Rows
/// are merged side by side: O(models · nnz of the union). Returns the nnz of the union, and how far the layers are apart.
///
/// # Errors
/// [`Status::Length`] when arrays do not fit or the union has no room.
pub fn union_average(models: usize, stack: &Stack, union: &mut Union) -> Result<(usize, Spread), Status> {
    let rows = union.indptr.len().checked_sub(1).ok_or(Status::Length)?;
    ensure(models > 0 && models.checked_mul(rows + 1) == Some(stack.indptr.len()), Status::Length)?;
    let mut starts = Vec::with_capacity(models);
    let mut end = 0;
    for indptr in stack.indptr.chunks_exact(rows + 1) {
        starts.push(end);
        ensure(indptr.windows(2).all(|ends| ends[0] <= ends[1]), Status::Structure)?;
        end += indptr[rows] as usize;
    }
    let stacked = stack.indices.len();
    let count = union.planes.count();
    ensure(end <= stacked && stack.values.len() == stacked && stack.planes.len() == count * stacked, Status::Length)?;
    let room = union.indices.len().min(union.values.len()).min(union.planes.capacity());
    let mut planes: Vec<&mut [f32]> = union.planes.each().collect();
    let mut cursors = vec![(0, 0); models];
    let mut nnz = 0;
    let mut spread = Spread::default();
    union.indptr[0] = 0;
    for row in 0..rows {
        for (model, cursor) in cursors.iter_mut().enumerate() {
            let at = model * (rows + 1) + row;
            *cursor = (starts[model] + stack.indptr[at] as usize, starts[model] + stack.indptr[at + 1] as usize);
        }
        loop {
            let present = cursors.iter().filter(|(at, end)| at < end);
            let Some(target) = present.map(|&(at, _)| stack.indices[at]).min() else { break };
            ensure(nnz < room, Status::Length)?;
            let (mut value, mut kept) = (0.0f64, [0.0f64; MOST_PLANES]);
            let (mut holders, mut squares) = (0.0f64, 0.0f64);
            for (at, end) in &mut cursors {
                if at < end && stack.indices[*at] == target {
                    let weight = f64::from(stack.values[*at]);
                    value += weight;
                    squares += weight * weight;
                    holders += 1.0;
                    for (plane, sum) in kept[..count].iter_mut().enumerate() {
                        *sum += f64::from(stack.planes[plane * stacked + *at]);
                    }
                    *at += 1;
                }
            }
            spread.shared += holders * (holders - 1.0) / 2.0;
            // Σ over pairs of (a − b)² = n·Σa² − (Σa)²; what rounding leaves of equal weights is no distance.
            spread.squares += (models as f64 * squares - value * value).max(0.0);
            union.indices[nnz] = target;
            union.values[nnz] = (value / models as f64) as f32;
            for (plane, sum) in planes.iter_mut().zip(kept) {
                plane[nnz] = (sum / models as f64) as f32;
            }
            nnz += 1;
        }
        union.indptr[row + 1] = u32::try_from(nnz).map_err(|_| Status::Range)?;
    }
    Ok((nnz, spread))
}

mod pair;
pub use pair::{Rows, average_held, unite};

#[cfg(test)]
mod tests;

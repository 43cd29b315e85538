//! Sparse Evolutionary Training (SET): drop the weights closest to zero, grow as many at random absent places.
//!
//! Paper: §2 and Mocanu et al. 2018. Both kernels change the connections in place and give the same bits for any
//! number of threads; the incoming view is the caller's to rebuild.

use std::ops::Range;

use crate::base::pool::run_chunks;
use crate::base::random::{Purpose, key};
use crate::base::sample::distinct_below;
use crate::base::shared::SharedSlice;
use crate::base::status::{Status, ensure, scratch};
use crate::structure::csr::{Connections, Stretch, retain, stretches};
use crate::structure::init::Initializer;

/// The digits of |w| as an integer, highest first: shift and number of values.
const DIGITS: [(u32, usize); 3] = [(20, 1 << 11), (10, 1 << 10), (0, 1 << 10)];
const HISTOGRAM: usize = DIGITS[0].1;

/// Side of zero (0 positive, 1 negative: the sign bit decides) and distance from zero as an ordered integer.
#[inline]
fn side_and_magnitude(value: f32) -> (usize, u32) {
    let bits = value.to_bits();
    ((bits >> 31) as usize, bits & 0x7FFF_FFFF)
}

/// On one side of zero: drop what lies below `magnitude`, and the first `ties` of those that equal it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Cut {
    magnitude: u32,
    ties: usize,
}

/// Removes the `zeta` fraction of the positive and of the negative weights that are closest to zero.
///
/// Exactly ⌊zeta · n⁺⌋ positive and ⌊zeta · n⁻⌋ negative weights go (the product rounded to f64); +0 counts as
/// positive, −0 as negative, NaN as farthest from zero. Of equal weights the first in the matrix goes. Kept
/// connections keep their velocity. Returns how many were removed. O(nnz), 16 KiB of scratch per 65,536 connections,
/// at most 1 MiB.
///
/// # Errors
/// [`Status::Range`] when zeta is not in `[0, 1)`; [`Status::Length`] as in [`Connections::nnz`];
/// [`Status::Memory`] before anything has changed.
pub fn drop_smallest(connections: &mut Connections, zeta: f64, threads: usize) -> Result<usize, Status> {
    ensure((0.0..1.0).contains(&zeta), Status::Range)?;
    drop_quota(connections, |_, all| (zeta * all as f64).floor() as usize, threads)
}

/// Removes the weights closest to zero, on each side of zero in proportion, so that exactly `target` connections stay;
/// nothing where there are no more than that. Returns how many were removed.
///
/// Paper: §2.1, the fraction ζ' removed after averaging. Cost and ties as for [`drop_smallest`].
///
/// # Errors
/// As for [`drop_smallest`].
pub fn drop_to(connections: &mut Connections, target: usize, threads: usize) -> Result<usize, Status> {
    let nnz = connections.nnz()?;
    let excess = nnz.saturating_sub(target);
    if excess == 0 {
        return Ok(0);
    }
    let negative = connections.values[..nnz].iter().filter(|value| value.is_sign_negative()).count();
    let of_negative = (excess as u128 * negative as u128 / nnz as u128) as usize;
    drop_quota(connections, |side, _| if side == 1 { of_negative } else { excess - of_negative }, threads)
}

/// Removes `quota(side, connections of that side)` of the weights closest to zero on each side.
fn drop_quota(
    connections: &mut Connections,
    quota: impl Fn(usize, usize) -> usize,
    threads: usize,
) -> Result<usize, Status> {
    let nnz = connections.nnz()?;
    let stretches = stretches(connections.indptr);
    let (cuts, ties_before) = select(&connections.values[..nnz], &stretches, quota, threads)?;
    if cuts == [Cut::default(); 2] {
        return Ok(0);
    }
    let kept = retain(connections, &stretches, threads, |stretch| {
        let mut ties = [0, 1].map(|side| cuts[side].ties.saturating_sub(ties_before[stretch][side]));
        move |_, value| {
            let (side, magnitude) = side_and_magnitude(value);
            let tied = magnitude == cuts[side].magnitude && ties[side] > 0;
            ties[side] -= usize::from(tied);
            magnitude >= cuts[side].magnitude && !tied
        }
    })?;
    Ok(nnz - kept)
}

/// Finds both cuts by radix selection, and how many ties precede each stretch.
fn select(
    values: &[f32],
    stretches: &[Stretch],
    quota: impl Fn(usize, usize) -> usize,
    threads: usize,
) -> Result<([Cut; 2], Vec<[usize; 2]>), Status> {
    let mut histograms = scratch::<u32>(stretches.len() * 2 * HISTOGRAM)?;
    let mut cuts = [Cut::default(); 2];
    let mut active = [true; 2];
    let mut known = 0u32; // the bits of the magnitude that are already decided
    for (pass, &(shift, digits)) in DIGITS.iter().enumerate() {
        histograms.fill(0);
        let shared = SharedSlice::new(&mut histograms);
        run_chunks(threads, stretches.len(), &|chunk| {
            // SAFETY: each chunk has its own pair of histograms.
            let counts = unsafe { shared.range(chunk * 2 * HISTOGRAM..(chunk + 1) * 2 * HISTOGRAM) };
            for &value in &values[stretches[chunk].entries.clone()] {
                let (side, magnitude) = side_and_magnitude(value);
                if (magnitude ^ cuts[side].magnitude) & known == 0 {
                    counts[side * HISTOGRAM + (magnitude >> shift) as usize % digits] += 1;
                }
            }
        })?;
        let count_of = |side: usize, digit: usize| -> usize {
            let at = side * HISTOGRAM + digit;
            histograms.iter().skip(at).step_by(2 * HISTOGRAM).map(|&count| count as usize).sum()
        };
        for side in 0..2 {
            if pass == 0 {
                let all: usize = (0..digits).map(|digit| count_of(side, digit)).sum();
                cuts[side].ties = quota(side, all);
                active[side] = cuts[side].ties > 0;
            }
            if !active[side] {
                continue;
            }
            // The digit that holds the `ties`-th smallest of those still in question.
            let cut = &mut cuts[side];
            let mut digit = 0;
            loop {
                // Fewer than were asked for: rows that do not belong together, or weights that change meanwhile.
                ensure(digit < digits, Status::Structure)?;
                let count = count_of(side, digit);
                if cut.ties <= count {
                    break;
                }
                cut.ties -= count;
                digit += 1;
            }
            cut.magnitude |= (digit as u32) << shift;
        }
        known |= ((digits - 1) as u32) << shift;
    }
    // The last histograms count full magnitudes, so they hold the ties of each stretch.
    let last = DIGITS[2].1;
    let mut before = [0; 2];
    let ties_before = histograms
        .chunks(2 * HISTOGRAM)
        .map(|counts| {
            let here = before;
            for side in 0..2 {
                before[side] += counts[side * HISTOGRAM + cuts[side].magnitude as usize % last] as usize;
            }
            here
        })
        .collect();
    Ok((cuts, ties_before))
}

/// Where and when connections grow; names the random streams.
#[derive(Clone, Copy, Debug)]
pub struct Growth {
    /// Seed of the run.
    pub seed: u64,
    /// Epoch after which the topology changes.
    pub epoch: u64,
    /// Layer, as the caller counts them.
    pub layer: u64,
}

/// Adds `count` connections at uniformly random absent places (as many as are absent, if fewer); returns how many.
///
/// All sets of absent places are equally likely. New values come from `initializer`, velocity is 0; rows stay
/// sorted. O(inputs + nnz + count) time, O(count) scratch.
///
/// # Errors
/// [`Status::Length`] when the arrays have no room for the new connections, or as in [`Connections::nnz`];
/// [`Status::Structure`] when there are more connections than places; [`Status::Memory`] before anything has changed.
pub fn grow_random(
    connections: &mut Connections,
    neurons: usize,
    count: usize,
    initializer: Initializer,
    growth: Growth,
    threads: usize,
) -> Result<usize, Status> {
    let nnz = connections.nnz()?;
    let inputs = connections.indptr.len() - 1;
    let places = (inputs as u64).checked_mul(neurons as u64).ok_or(Status::Range)?;
    let absent = places.checked_sub(nnz as u64).ok_or(Status::Structure)?;
    let count = count.min(usize::try_from(absent).unwrap_or(usize::MAX));
    let room = connections.indices.len().min(connections.values.len()).min(connections.velocity.len());
    ensure(count <= room - nnz && u32::try_from(nnz + count).is_ok(), Status::Length)?;
    if count == 0 {
        return Ok(0);
    }
    let Growth { seed, epoch, layer } = growth;
    let ranks = distinct_below(absent, count, key(seed, Purpose::Growth, &[layer, epoch]), threads)?;

    // Each stretch first moves to the front of the place it will fill, last stretch first; then each is merged with
    // its new connections from its end.
    let stretches = stretches(connections.indptr);
    let absent_before = |row: usize, entry: usize| row as u64 * neurons as u64 - entry as u64;
    let ranks_of = |stretch: &Stretch| -> Range<usize> {
        let bound = |row, entry| ranks.partition_point(|&rank| rank < absent_before(row, entry));
        bound(stretch.rows.start, stretch.entries.start)..bound(stretch.rows.end, stretch.entries.end)
    };
    for stretch in stretches.iter().rev() {
        let to = stretch.entries.start + ranks_of(stretch).start;
        connections.slide(stretch.entries.clone(), to);
    }
    let values_key = key(seed, Purpose::Weights, &[layer, epoch]);
    let indptr = SharedSlice::new(connections.indptr);
    let indices = SharedSlice::new(connections.indices);
    let values = SharedSlice::new(connections.values);
    let velocity = SharedSlice::new(connections.velocity);
    run_chunks(threads, stretches.len(), &|chunk| {
        let Stretch { rows, entries } = &stretches[chunk];
        let new = ranks_of(&stretches[chunk]);
        let target = entries.start + new.start..entries.end + new.end;
        // SAFETY: stretches share neither rows nor target entries; the row ends of a stretch are its own.
        let (ends, indices, values, velocity) = unsafe {
            (
                indptr.range(rows.start + 1..rows.end + 1),
                indices.range(target.clone()),
                values.range(target.clone()),
                velocity.range(target.clone()),
            )
        };
        let mut pending = &ranks[new];
        let (mut read, mut write) = (entries.len(), target.len());
        for row in rows.clone().rev() {
            let local = row - rows.start;
            let row_start = if local == 0 { entries.start } else { ends[local - 1] as usize };
            let first = row_start - entries.start;
            ends[local] = (target.start + write) as u32;
            let row_ranks = absent_before(row, row_start);
            while let Some((&rank, rest)) = pending.split_last()
                && rank >= row_ranks
            {
                // The absent place with `gap` absent places of its row before it: existing connections with no more
                // than `gap` absent places before them stand on its left.
                let gap = rank - row_ranks;
                while read > first && u64::from(indices[read - 1]) - (read - 1 - first) as u64 > gap {
                    (read, write) = (read - 1, write - 1);
                    indices[write] = indices[read];
                    values[write] = values[read];
                    velocity[write] = velocity[read];
                }
                let column = gap + (read - first) as u64;
                write -= 1;
                indices[write] = column as u32;
                values[write] = initializer.value(values_key, row as u64 * neurons as u64 + column);
                velocity[write] = 0.0;
                pending = rest;
            }
            let rest = read - first;
            if write != read {
                indices.copy_within(first..read, write - rest);
                values.copy_within(first..read, write - rest);
                velocity.copy_within(first..read, write - rest);
            }
            (read, write) = (first, write - rest);
        }
    })?;
    Ok(count)
}

#[cfg(test)]
mod tests;

//! Removal by magnitude, where the weights closest to zero go, and by scores, where the lowest go.
//!
//! Paper: §2 and Mocanu et al. 2018 (SET). The connections change in place, with the same bits for any number of
//! threads; the incoming view is the caller's to rebuild.

use crate::base::pool::run_chunks;
use crate::base::shared::SharedSlice;
use crate::base::status::{Status, ensure, scratch};
use crate::structure::csr::{Connections, Stretch, retain, stretches};

/// The digits of what is ordered, as an integer, highest first: shift and number of values.
const DIGITS: [(u32, usize); 3] = [(21, 1 << 11), (10, 1 << 11), (0, 1 << 10)];
const HISTOGRAM: usize = DIGITS[0].1;

/// Side of zero (0 positive, 1 negative: the sign bit decides) and distance from zero as an ordered integer.
#[inline]
fn side_and_magnitude(value: f32) -> (usize, u32) {
    let bits = value.to_bits();
    ((bits >> 31) as usize, bits & 0x7FFF_FFFF)
}

/// A score as an integer in the same order: -0 equals +0, what is not a number is highest.
#[inline]
fn ordered(score: f32) -> u32 {
    if score.is_nan() {
        return u32::MAX;
    }
    // Adding +0 takes the sign of a zero.
    let bits = (score + 0.0).to_bits();
    bits ^ if bits >> 31 == 1 { u32::MAX } else { 1 << 31 }
}

/// On one side: drop what lies below `order`, and the first `ties` of those that equal it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Cut {
    order: u32,
    ties: usize,
}

/// Removes the `zeta` fraction of the positive and of the negative weights that are closest to zero.
///
/// Exactly ⌊zeta · n⁺⌋ positive and ⌊zeta · n⁻⌋ negative weights go (the product rounded to f64); +0 counts as
/// positive, −0 as negative, NaN as farthest from zero. Of equal weights the first in the matrix goes. Kept
/// connections keep their planes. Returns how many were removed. O(nnz), 16 KiB of scratch per 65,536 connections,
/// at most 1 MiB.
///
/// # Errors
/// [`Status::Range`] when zeta is not in `[0, 1)`; [`Status::Length`] as in [`Connections::nnz`];
/// [`Status::Memory`] before anything has changed.
pub fn drop_smallest(connections: &mut Connections, zeta: f64, threads: usize) -> Result<usize, Status> {
    ensure((0.0..1.0).contains(&zeta), Status::Range)?;
    drop_quota(
        connections,
        |_, value| side_and_magnitude(value),
        |_, all| (zeta * all as f64).floor() as usize,
        threads,
    )
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
    let quota = |side, _| if side == 1 { of_negative } else { excess - of_negative };
    drop_quota(connections, |_, value| side_and_magnitude(value), quota, threads)
}

/// Removes the `count` connections of lowest score, of which there is one for each, in matrix order; all where there are
/// no more than that. Returns how many were removed.
///
/// -0 equals +0, and what is not a number is highest; of equal scores the first in the matrix goes. Cost as for
/// [`drop_smallest`].
///
/// # Errors
/// [`Status::Length`] when there is not one score a connection, or as in [`Connections::nnz`]; [`Status::Memory`] before
/// anything has changed.
pub fn drop_lowest(
    connections: &mut Connections,
    scores: &[f32],
    count: usize,
    threads: usize,
) -> Result<usize, Status> {
    ensure(scores.len() == connections.nnz()?, Status::Length)?;
    let quota = |side, all: usize| if side == 0 { count.min(all) } else { 0 };
    drop_quota(connections, |at, _| (0, ordered(scores[at])), quota, threads)
}

/// Removes `quota(side, connections of that side)` of lowest order on each side; `order_of(place, weight)` is side and
/// order.
fn drop_quota(
    connections: &mut Connections,
    order_of: impl Fn(usize, f32) -> (usize, u32) + Sync + Copy,
    quota: impl Fn(usize, usize) -> usize,
    threads: usize,
) -> Result<usize, Status> {
    let nnz = connections.nnz()?;
    let stretches = stretches(connections.indptr);
    let (cuts, ties_before) = select(&connections.values[..nnz], &stretches, order_of, quota, threads)?;
    if cuts == [Cut::default(); 2] {
        return Ok(0);
    }
    let kept = retain(connections, &stretches, threads, |stretch| {
        let mut ties = [0, 1].map(|side| cuts[side].ties.saturating_sub(ties_before[stretch][side]));
        let mut places = stretches[stretch].entries.clone();
        move |_, value| {
            let (side, order) = order_of(places.next().unwrap_or(nnz), value);
            let tied = order == cuts[side].order && ties[side] > 0;
            ties[side] -= usize::from(tied);
            order >= cuts[side].order && !tied
        }
    })?;
    Ok(nnz - kept)
}

/// Finds both cuts by radix selection, and how many ties precede each stretch.
fn select(
    values: &[f32],
    stretches: &[Stretch],
    order_of: impl Fn(usize, f32) -> (usize, u32) + Sync,
    quota: impl Fn(usize, usize) -> usize,
    threads: usize,
) -> Result<([Cut; 2], Vec<[usize; 2]>), Status> {
    let mut histograms = scratch::<u32>(stretches.len() * 2 * HISTOGRAM)?;
    let mut cuts = [Cut::default(); 2];
    let mut active = [true; 2];
    let mut known = 0u32; // the bits of the order that are already decided
    for (pass, &(shift, digits)) in DIGITS.iter().enumerate() {
        histograms.fill(0);
        let shared = SharedSlice::new(&mut histograms);
        run_chunks(threads, stretches.len(), &|chunk| {
            // SAFETY: each chunk has its own pair of histograms.
            let counts = unsafe { shared.range(chunk * 2 * HISTOGRAM..(chunk + 1) * 2 * HISTOGRAM) };
            let entries = stretches[chunk].entries.clone();
            for (at, &value) in entries.clone().zip(&values[entries]) {
                let (side, order) = order_of(at, value);
                if (order ^ cuts[side].order) & known == 0 {
                    counts[side * HISTOGRAM + (order >> shift) as usize % digits] += 1;
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
            cut.order |= (digit as u32) << shift;
        }
        known |= ((digits - 1) as u32) << shift;
    }
    // The last histograms count full orders, so they hold the ties of each stretch.
    let last = DIGITS[2].1;
    let mut before = [0; 2];
    let ties_before = histograms
        .chunks(2 * HISTOGRAM)
        .map(|counts| {
            let here = before;
            for side in 0..2 {
                before[side] += counts[side * HISTOGRAM + cuts[side].order as usize % last] as usize;
            }
            here
        })
        .collect();
    Ok((cuts, ties_before))
}

#[cfg(test)]
mod tests;

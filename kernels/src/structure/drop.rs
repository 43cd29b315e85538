//! Removal by magnitude: the weights closest to zero go.
//!
//! Paper: §2 and Mocanu et al. 2018 (SET). The connections change in place, with the same bits for any number of
//! threads; the incoming view is the caller's to rebuild.

use crate::base::pool::run_chunks;
use crate::base::shared::SharedSlice;
use crate::base::status::{Status, ensure, scratch};
use crate::structure::csr::{Connections, Stretch, retain, stretches};

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
/// connections keep their planes. Returns how many were removed. O(nnz), 16 KiB of scratch per 65,536 connections,
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

#[cfg(test)]
mod tests;

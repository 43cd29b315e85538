//! Growth by Cannistraci-Hebb: new connections close paths of length three between neurons that share neighbours.
//!
//! A layer is a graph of two sides, inputs and neurons. Of an absent pair (u, v), CH2-L3n sums over the neighbours j of v
//! that share a neighbour with u, j ≠ u, (c + 1)/(d − c): c is the number of neighbours that u and j share, d is j's
//! number of neighbours, so that d − c is what j has outside, v among it. The same sum from v's side is added. Pairs are
//! drawn without replacement in proportion to the score.
//!
//! Source: Zhang et al. 2025 (CHTs, arXiv 2501.19107).

mod row;
mod rows;
mod shortlist;

use std::sync::atomic::{AtomicBool, Ordering};

use crate::base::pool::run_chunks;
use crate::base::random::{Purpose, key, mix};
use crate::base::simd::LANES;
use crate::base::status::{Outcome, Status, ensure};
use crate::structure::grow::{Growth, Place, place};
use row::RowScorer;
use rows::RowsScorer;
use shortlist::{Shortlist, Waits, keep_shortest};

/// Chunks of a side, so that threads end together; each has scratch of its own.
const CHUNKS: usize = 64;

/// One side of a layer: the neurons on it, and for each the neurons of the other side that it is connected with.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// Where the neighbours of each neuron start, one more than there are neurons.
    pub starts: &'a [u32],
    /// Neurons of the other side, ascending for each.
    pub neighbours: &'a [u32],
}

impl<'a> Side<'a> {
    #[inline(always)]
    fn of(self, neuron: u32) -> &'a [u32] {
        let at = neuron as usize;
        &self.neighbours[self.starts[at] as usize..self.starts[at + 1] as usize]
    }

    fn len(self) -> usize {
        self.starts.len() - 1
    }

    /// Whether it is one side of `nnz` connections with `others` neurons on the other side.
    fn check(self, nnz: usize, others: usize) -> Outcome {
        ensure(self.starts.first() == Some(&0) && self.starts.is_sorted(), Status::Structure)?;
        ensure(self.starts.last() == Some(&(nnz as u32)) && self.neighbours.len() == nnz, Status::Structure)?;
        ensure(self.neighbours.iter().all(|&other| (other as usize) < others), Status::Structure)
    }
}

/// Draws `count` absent places without replacement in proportion to their CH2-L3n score, in matrix order: fewer where
/// fewer have one.
///
/// Each pair waits for an exponential time of its score's rate, and the shortest waits win: what Gumbel noise on the
/// logarithm of the score does, with one logarithm for the few pairs that come near. Both sides of the score wait on their
/// own, and the shorter wait counts, which is a wait of the sum's rate. So either side is one pass over its rows, and no
/// score is kept longer than for a few rows. Random numbers are a function of seed, layer, epoch, side and place alone; the
/// result is the same for any number of threads and any instruction set.
///
/// Cost: O(Σ over pairs (u, j) that share a neighbour of j's degree), about (inputs + neurons) · degree³ additions where
/// degrees are alike, 16 of them at once where a pair has more than one path on average. Memory: 20 bytes a neuron and
/// thread, 136 where 16 are summed at once; 64 bytes a place.
///
/// # Errors
/// [`Status::Length`] for sides without a start; [`Status::Structure`] when they are not those of one layer;
/// [`Status::Memory`].
pub fn likely_places(
    inputs: Side,
    neurons: Side,
    count: usize,
    growth: Growth,
    threads: usize,
) -> Result<Vec<Place>, Status> {
    ensure(!inputs.starts.is_empty() && !neurons.starts.is_empty(), Status::Length)?;
    let nnz = inputs.neighbours.len();
    inputs.check(nnz, neurons.len())?;
    neurons.check(nnz, inputs.len())?;
    if count == 0 {
        return Ok(Vec::new());
    }
    let Growth { seed, epoch, layer } = growth;
    let side_key = |side: u64| key(seed, Purpose::Growth, &[layer, epoch, side]);
    let first = Shortlist::new(count, f64::INFINITY);
    draw_from(inputs, neurons, side_key(0), place, &first, threads)?;
    let (mut waits, bound) = first.close()?;
    let second = Shortlist::new(count, bound);
    draw_from(neurons, inputs, side_key(1), |neuron, input| place(input, neuron), &second, threads)?;
    let (others, _) = second.close()?;
    waits.try_reserve_exact(others.len()).map_err(|_| Status::Memory)?;
    waits.extend(others);
    // A place that both sides drew waits for the shorter time.
    waits.sort_unstable_by_key(|&(wait, at)| (at, wait));
    waits.dedup_by_key(|&mut (_, at)| at);
    keep_shortest(&mut waits, count);
    let mut places: Vec<Place> = waits.into_iter().map(|(_, at)| at).collect();
    places.sort_unstable();
    Ok(places)
}

/// Draws by the part of the score that sums over neurons of the near side; `place_of(near, far)` names the place.
fn draw_from(
    near: Side,
    far: Side,
    side_key: u64,
    place_of: impl Fn(u32, u32) -> Place + Sync,
    shortlist: &Shortlist,
    threads: usize,
) -> Outcome {
    let groups = near.len().div_ceil(LANES);
    let chunks = CHUNKS.min(groups);
    let crowded = is_crowded(near, far);
    let starved = AtomicBool::new(false);
    run_chunks(threads, chunks, &|chunk| {
        let first = groups * chunk / chunks * LANES;
        let end = (groups * (chunk + 1) / chunks * LANES).min(near.len());
        let row_key = |u: u32| mix(side_key ^ mix(u64::from(u)));
        let drawn = Waits::new(shortlist).and_then(|mut waits| {
            if crowded {
                let mut scorer = RowsScorer::new(near.len(), far.len())?;
                for start in (first..end).step_by(LANES) {
                    scorer.score(start as u32..(start + LANES).min(end) as u32, near, far);
                    scorer.take(row_key, |u, v, draw, score| waits.offer(place_of(u, v), draw, score));
                }
            } else {
                let mut scorer = RowScorer::new(near.len(), far.len())?;
                for u in first as u32..end as u32 {
                    scorer.score(u, near, far);
                    scorer.take(row_key(u), |v, draw, score| waits.offer(place_of(u, v), draw, score));
                }
            }
            Ok(())
        });
        if drawn.is_err() {
            starved.store(true, Ordering::Relaxed);
        }
    })?;
    ensure(!starved.into_inner(), Status::Memory)
}

/// Whether a pair has more than one path of length three on average, so that it pays to look at all pairs of some rows.
fn is_crowded(near: Side, far: Side) -> bool {
    let nnz = near.neighbours.len() as f64;
    nnz * nnz * nnz > (near.len() as f64 * far.len() as f64).powi(2)
}

#[cfg(test)]
mod tests;

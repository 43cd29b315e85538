//! Growth by Cannistraci–Hebb: new connections close paths of length three between neurons that share neighbours.
//!
//! A layer is a graph of two sides, inputs and neurons. Of an absent pair (u, v), CH2-L3n sums over the neighbours j of v
//! that share a neighbour with u, j ≠ u, (c + 1)/(d − c): c is the number of neighbours that u and j share, d is j's
//! number of neighbours, so that d − c is what j has outside, v among it. The same sum from v's side is added. Pairs are
//! drawn without replacement in proportion to the score.
//!
//! Source: Zhang et al. 2025 (CHTs, arXiv 2501.19107).

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::base::logarithm::ln;
use crate::base::pool::{rows_of_chunk, run_chunks};
use crate::base::random::{Purpose, key, mix, unit_at};
use crate::base::status::{Outcome, Status, ensure, scratch};
use crate::structure::grow::{Growth, Place, place};

/// Chunks of a side, so that threads end together; each has scratch of its own.
const CHUNKS: usize = 64;
/// Pairs that a chunk gathers before it hands them on.
const BATCH: usize = 1 << 10;
/// What the bound of a draw is widened by before its logarithm is taken: far more than all roundings, far less than matters.
const MARGIN: f64 = 1.0 + 1e-9;

/// One side of a layer: the neurons on it, and for each the neurons of the other side that it is connected with.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// Where the neighbours of each neuron start, one more than there are neurons.
    pub starts: &'a [u32],
    /// Neurons of the other side, ascending for each.
    pub neighbours: &'a [u32],
}

impl<'a> Side<'a> {
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
/// score is ever kept. Random numbers are a function of seed, layer, epoch, side and place alone; the result is the same for
/// any number of threads.
///
/// Cost: O(Σ over pairs (u, j) that share a neighbour of j's degree), about O((inputs + neurons) · degree³) where degrees
/// are alike. Memory: 20 bytes a neuron and thread, 64 bytes a place.
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

/// Time that a place waits, as the bits of a number of at least 0, which ascend with it; and the place.
type Wait = (u64, Place);

/// Keeps the `count` shortest waits, in no order.
fn keep_shortest(waits: &mut Vec<Wait>, count: usize) {
    if waits.len() > count {
        waits.select_nth_unstable(count - 1);
        waits.truncate(count);
    }
}

/// The shortest waits so far, of all chunks.
struct Shortlist {
    count: usize,
    waits: Mutex<Vec<Wait>>,
    /// No wait above it, in bits, can be among the shortest.
    bound: AtomicU64,
    starved: AtomicBool,
}

impl Shortlist {
    fn new(count: usize, bound: f64) -> Self {
        let bound = AtomicU64::new(bound.to_bits());
        Self { count, waits: Mutex::new(Vec::new()), bound, starved: AtomicBool::new(false) }
    }

    fn bound(&self) -> f64 {
        f64::from_bits(self.bound.load(Ordering::Relaxed))
    }

    /// Takes a batch over, and leaves it empty.
    fn take(&self, batch: &mut Vec<Wait>) {
        let Ok(mut waits) = self.waits.lock() else { return };
        if waits.try_reserve(batch.len()).is_err() {
            self.starved.store(true, Ordering::Relaxed);
        } else {
            waits.append(batch);
        }
        batch.clear();
        if waits.len() >= 2 * self.count.max(BATCH) {
            self.shorten(&mut waits);
        }
    }

    fn shorten(&self, waits: &mut Vec<Wait>) {
        keep_shortest(waits, self.count);
        if waits.len() == self.count
            && let Some((longest, _)) = waits.iter().max()
        {
            self.bound.fetch_min(*longest, Ordering::Relaxed);
        }
    }

    /// The shortest waits, and the bound of all others.
    fn close(self) -> Result<(Vec<Wait>, f64), Status> {
        ensure(!self.starved.load(Ordering::Relaxed), Status::Memory)?;
        let mut waits = std::mem::take(&mut *self.waits.lock().map_err(|_| Status::Panic)?);
        self.shorten(&mut waits);
        Ok((waits, self.bound()))
    }
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
    let chunks = CHUNKS.min(near.len()).max(1);
    let starved = AtomicBool::new(false);
    run_chunks(threads, chunks, &|chunk| {
        let rows = rows_of_chunk(near.starts, chunks, chunk);
        let (Ok(mut scorer), Ok(mut batch)) = (Scorer::new(near.len(), far.len()), room_for_a_batch()) else {
            starved.store(true, Ordering::Relaxed);
            return;
        };
        for u in rows.start as u32..rows.end as u32 {
            scorer.score(u, near, far);
            let row_key = mix(side_key ^ mix(u64::from(u)));
            let mut bound = shortlist.bound();
            scorer.take(|v, score| {
                let draw = unit_at(row_key, u64::from(v));
                // −ln(1 − x) is at least x: most pairs are out without a logarithm.
                if draw > bound * score * MARGIN {
                    return;
                }
                let wait = (0.0 - ln(1.0 - draw)) / score;
                if wait <= bound {
                    batch.push((wait.to_bits(), place_of(u, v)));
                    if batch.len() == BATCH {
                        shortlist.take(&mut batch);
                        bound = shortlist.bound();
                    }
                }
            });
        }
        shortlist.take(&mut batch);
    })?;
    ensure(!starved.into_inner(), Status::Memory)
}

fn room_for_a_batch() -> Result<Vec<Wait>, Status> {
    let mut batch = Vec::new();
    batch.try_reserve_exact(BATCH).map_err(|_| Status::Memory)?;
    Ok(batch)
}

/// Scores the absent pairs of one neuron after another; all zero between two.
struct Scorer {
    /// Neighbours that a neuron of the near side shares with the present one.
    shared: Vec<u32>,
    /// Neurons of the near side that share any; one more place than there are.
    relatives: Vec<u32>,
    /// Score of each neuron of the far side.
    scores: Vec<f64>,
    /// Neurons of the far side with a score, the first `reached_len`; one more place than there are.
    reached: Vec<u32>,
    reached_len: usize,
}

impl Scorer {
    fn new(near: usize, far: usize) -> Result<Self, Status> {
        Ok(Self {
            shared: scratch(near)?,
            relatives: scratch(near + 1)?,
            scores: scratch(far)?,
            reached: scratch(far + 1)?,
            reached_len: 0,
        })
    }

    /// Scores all pairs with `u`. Sums are in the order in which the neighbours of u lead to its relatives.
    fn score(&mut self, u: u32, near: Side, far: Side) {
        let (mut relatives, mut reached) = (0, 0);
        for &between in near.of(u) {
            for &j in far.of(between) {
                // Written whether new or not: a branch here would be mispredicted at each first meeting.
                self.relatives[relatives] = j;
                let shared = &mut self.shared[j as usize];
                relatives += usize::from(*shared == 0);
                *shared += 1;
            }
        }
        for &j in &self.relatives[..relatives] {
            let shared = std::mem::take(&mut self.shared[j as usize]) as usize;
            let others = near.of(j);
            // u itself, and whoever has no neighbour that is not u's, leads to no absent pair.
            if shared == others.len() {
                continue;
            }
            let weight = (shared + 1) as f64 / (others.len() - shared) as f64;
            for &v in others {
                self.reached[reached] = v;
                let score = &mut self.scores[v as usize];
                reached += usize::from(*score == 0.0);
                *score += weight;
            }
        }
        for &v in near.of(u) {
            self.scores[v as usize] = 0.0;
        }
        self.reached_len = reached;
    }

    /// Gives each absent pair and its score, which is forgotten.
    fn take(&mut self, mut each: impl FnMut(u32, f64)) {
        for &v in &self.reached[..self.reached_len] {
            let score = std::mem::take(&mut self.scores[v as usize]);
            if score > 0.0 {
                each(v, score);
            }
        }
    }
}

#[cfg(test)]
mod tests;
